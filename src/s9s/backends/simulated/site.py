"""The simulated site: its slurm.conf, gres.conf and accounting set-up."""

from __future__ import annotations

from msgspec import Struct

from s9s.backends.simulated.accounts import QOS
from s9s.backends.simulated.nodes import NodeSpec
from s9s.domain.accounting import AdminLevel, Association, User
from s9s.domain.partitions import Partition

HOUR = 3600
DAY = 86400

#: What the contract calls them; every site has these.
ALICE, BOB, CAROL, DAVE = "alice", "bob", "carol", "dave"

_COLLEAGUES = (
    "erin", "frank", "grace", "heidi", "ivan", "judy", "kenji", "lena", "mallory", "niaj", "olivia", "peggy",
    "quentin", "rupert", "sybil", "trent", "ursula", "victor", "wendy", "xavier", "yusuf", "zoe",
)  # fmt: skip
_DEPARTMENTS = ("physics", "chemistry", "biology", "climate", "engineering")


class Site(Struct, frozen=True, kw_only=True):
    """One cluster's configuration."""

    name: str = "simulated"
    slurm_version: str = "24.11.5"
    """Whose habits the simulated cluster has."""
    nodes: tuple[NodeSpec, ...]
    partitions: tuple[Partition, ...]
    qos: tuple[QOS, ...]
    users: tuple[User, ...]
    account_cpus: dict[str, int]
    """GrpTRES=cpu of accounts."""
    min_job_age_seconds: int = 300
    kill_wait_seconds: int = 30
    private_data: frozenset[str] = frozenset()


def make_site(
    *, user: str, nodes: int, users: int = 24, min_job_age_seconds: int = 300, private_data: frozenset[str]
) -> Site:
    """A site of so many nodes (at least 8) and users; `user` is its administrator."""
    specs = _nodes(max(8, nodes))
    cpus = sum(spec.cpus for spec in specs)
    return Site(
        nodes=specs,
        partitions=_partitions(specs),
        qos=(
            QOS(name="normal"),
            QOS(name="high", priority=700, max_jobs_per_user=16, max_wall_seconds=2 * DAY),
            QOS(name="debug", priority=1000, max_jobs_per_user=4, max_submit_per_user=20,
                max_wall_seconds=HOUR // 2),
            QOS(name="long", max_cpus_per_user=max(256, cpus // 10), max_gpus_per_user=16),
        ),
        users=_users(user, users),
        account_cpus={"engineering": max(128, cpus // 3)},
        min_job_age_seconds=min_job_age_seconds,
        private_data=private_data,
    )  # fmt: skip


def _nodes(count: int) -> tuple[NodeSpec, ...]:
    gpu_count = max(2, count // 4)
    plain_count = count - gpu_count
    mixed_count = min(8, max(2, plain_count // 6))
    plain = []
    for number in range(1, plain_count + 1):
        name = f"node{number:03d}"
        if number <= mixed_count:
            plain.append(NodeSpec(
                name=name, cpus=32, memory_mib=128 * 1024, gpus=4, features=("gpu", "cuda", "infiniband"),
                partitions=("gpu", "normal"), weight=5,
            ))  # fmt: skip
            continue
        # The last two stay free of other work: debugging should not have to wait.
        partitions = ("normal", "cpu", "debug") if number > plain_count - 2 else ("normal", "cpu")
        plain.append(NodeSpec(
            name=name, cpus=64, memory_mib=256 * 1024, features=("cpu", "avx512", "infiniband"),
            partitions=partitions, weight=3 if "debug" in partitions else 1,
        ))  # fmt: skip
    gpu = [
        NodeSpec(
            name=f"gpu{number:03d}", cpus=64, memory_mib=512 * 1024, gpus=4,
            features=("gpu", "cuda", "a100", "nvlink", "infiniband"), partitions=("gpu",), weight=1,
        )
        for number in range(1, gpu_count + 1)
    ]  # fmt: skip
    return (*plain, *gpu)


def _partitions(specs: tuple[NodeSpec, ...]) -> tuple[Partition, ...]:
    def partition(
        name: str,
        default_time: int,
        max_time: int,
        tier: int,
        *,
        max_nodes: int | None = None,
        qos: str | None = None,
    ) -> Partition:
        nodes = [spec for spec in specs if name in spec.partitions]
        return Partition(
            name=name,
            state="UP",
            nodes=tuple(spec.name for spec in nodes),
            nodes_total=len(nodes),
            cpus_total=sum(spec.cpus for spec in nodes),
            default_time_seconds=default_time,
            max_time_seconds=max_time,
            priority=tier,
            is_default=name == "normal",
            qos=qos,
            max_nodes=max_nodes,
        )

    return (
        partition("normal", 2 * HOUR, 7 * DAY, 1000),
        partition("cpu", 2 * HOUR, 7 * DAY, 1000),
        partition("gpu", 2 * HOUR, 7 * DAY, 1000, qos="normal", max_nodes=16),
        partition("debug", HOUR // 2, HOUR // 2, 2000, max_nodes=2),
    )


def _users(user: str, count: int) -> tuple[User, ...]:
    everything = ("normal", "high", "debug", "long")
    common = ("normal", "high", "debug")

    def made(name: str, account: str, *more: Association, admin_level: AdminLevel = AdminLevel.NONE) -> User:
        return User(
            username=name,
            default_account=account,
            admin_level=AdminLevel.ADMINISTRATOR if name == user else admin_level,
            associations=(
                *more,
                Association(
                    account=account, qos=everything if name == user else common, default_qos="normal"
                ),
            ),
            coordinator_of=("engineering",) if name == "erin" else (),
            cpu_seconds_used=_used(name),
        )

    on_gpu = Association(account="research", partition="gpu", qos=("normal", "high"), default_qos="normal")
    users = {
        ALICE: made(ALICE, "research", on_gpu),
        BOB: made(BOB, "research"),
        CAROL: made(CAROL, "physics", admin_level=AdminLevel.OPERATOR),
        DAVE: made(DAVE, "physics", admin_level=AdminLevel.ADMINISTRATOR),
    }
    if user not in users:
        users[user] = made(user, "research")
    for number in range(max(0, count - len(users))):
        name = _COLLEAGUES[number] if number < len(_COLLEAGUES) else f"user{number:03d}"
        if name not in users:
            users[name] = made(name, _DEPARTMENTS[number % len(_DEPARTMENTS)])
    if "erin" in users:
        users["erin"] = made("erin", "engineering", Association(account="climate", qos=("normal",)))
    return tuple(users.values())


def _used(name: str) -> int:
    """CPU seconds that somebody has used before the simulation begins."""
    if name == ALICE:
        return 1247 * HOUR
    return sum(name.encode()) ** 2 % 4000 * HOUR
