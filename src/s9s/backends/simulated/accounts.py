"""People, their associations, QOS, and what they have used: the accounting database's static half."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from msgspec import Struct
from msgspec.structs import replace

from s9s.domain.accounting import AdminLevel, Association, User

#: PriorityDecayHalfLife: after so long, used CPU seconds count half.
HALF_LIFE_SECONDS = 14 * 86400


class QOS(Struct, frozen=True, kw_only=True):
    """A quality of service; ``None`` is no limit."""

    name: str
    priority: int = 0
    """0..1000, the QOS's part of a job's priority."""
    max_jobs_per_user: int | None = None
    """Running at a time."""
    max_submit_per_user: int | None = None
    """Pending and running."""
    max_cpus_per_user: int | None = None
    max_gpus_per_user: int | None = None
    max_wall_seconds: int | None = None


class Usage:
    """CPU seconds of one user: what has ended, decayed, and what runs on."""

    __slots__ = ("_cpus", "_ended", "_ended_at", "_started")

    def __init__(self, cpu_seconds: float, now: float) -> None:
        self._ended = cpu_seconds
        self._ended_at = now
        self._cpus = 0
        # The sum of cpus x start over what runs: with it, usage needs no look at single jobs.
        self._started = 0.0

    def start(self, cpus: int, now: float) -> None:
        """A job of so many CPUs begins to be charged."""
        self._cpus += cpus
        self._started += cpus * now

    def end(self, cpus: int, start: float, now: float) -> None:
        """A job that was charged from `start` on is charged no longer."""
        self._cpus -= cpus
        self._started -= cpus * start
        self._ended = self._decayed(now) + cpus * (now - start)
        self._ended_at = now

    def cpu_seconds(self, now: float) -> float:
        """Raw usage as of `now`, epoch seconds."""
        return self._decayed(now) + max(0.0, self._cpus * now - self._started)

    def _decayed(self, now: float) -> float:
        return self._ended * math.exp2(-max(0.0, now - self._ended_at) / HALF_LIFE_SECONDS)


class Accounts:
    """Users with their rights and limits.

    Args:
        users: Everybody; `User.cpu_seconds_used` is what they have used before `now`.
        qos: All QOS.
        account_cpus: GrpTRES=cpu of accounts that have one.
        now: Epoch seconds.
    """

    def __init__(
        self, users: Iterable[User], qos: Iterable[QOS], account_cpus: Mapping[str, int], now: float
    ) -> None:
        self._users = {user.username: user for user in users}
        self.qos = {entry.name: entry for entry in qos}
        self.account_cpus = dict(account_cpus)
        self._usage = {name: Usage(user.cpu_seconds_used or 0, now) for name, user in self._users.items()}
        self._total = Usage(sum(user.cpu_seconds_used or 0 for user in self._users.values()), now)

    def __contains__(self, username: str) -> bool:
        return username in self._users

    def user(self, username: str) -> User | None:
        """The user as configured, or ``None``."""
        return self._users.get(username)

    def users(self, now: float) -> list[User]:
        """Everybody, with usage as of `now`."""
        return [
            replace(user, cpu_seconds_used=int(self._usage[name].cpu_seconds(now)))
            for name, user in self._users.items()
        ]

    def is_operator(self, username: str) -> bool:
        """Operators, and administrators who may all that operators may."""
        user = self._users.get(username)
        return user is not None and user.admin_level != AdminLevel.NONE

    def is_administrator(self, username: str) -> bool:
        """Administrators."""
        user = self._users.get(username)
        return user is not None and user.admin_level == AdminLevel.ADMINISTRATOR

    def coordinated_by(self, username: str) -> tuple[str, ...]:
        """The accounts that this user coordinates."""
        user = self._users.get(username)
        return user.coordinator_of if user is not None else ()

    def association(
        self, username: str, account: str | None, partitions: Iterable[str]
    ) -> Association | None:
        """The association under which a job of this user runs, or ``None`` if there is none.

        Args:
            username: Whose job it is.
            account: ``None`` is the user's default account.
            partitions: The job's partitions; an association with a partition is for that one alone,
                and goes before one without.
        """
        user = self._users.get(username)
        if user is None:
            return None
        wanted = (account or user.default_account or "").lower()
        named = set(partitions)
        found = [
            entry
            for entry in user.associations
            if entry.account == wanted and (entry.partition is None or named <= {entry.partition})
        ]
        return max(found, key=lambda entry: entry.partition is not None, default=None)

    def charge(self, username: str, cpus: int, now: float) -> None:
        """A job starts."""
        self._usage[username].start(cpus, now)
        self._total.start(cpus, now)

    def settle(self, username: str, cpus: int, start: float, now: float) -> None:
        """The job that was charged at `start` ends."""
        self._usage[username].end(cpus, start, now)
        self._total.end(cpus, start, now)

    def fair_share(self, username: str, now: float) -> float:
        """1.0 for who has used nothing, 0.5 for who has used an even share, towards 0 for more.

        Slurm's classic formula, 2^-(usage / shares), with the same shares for everybody.
        """
        total = self._total.cpu_seconds(now)
        if total <= 0:
            return 1.0
        used = self._usage[username].cpu_seconds(now) / total
        return math.exp2(-used * len(self._users))
