"""What a cluster is, as far as slurmrestd tells."""

from __future__ import annotations

from typing import Final

from s9s.backends.base import Unsupported
from s9s.backends.slurmrestd import build, payloads
from s9s.backends.slurmrestd.accounting import Accounting
from s9s.backends.slurmrestd.client import Client
from s9s.backends.slurmrestd.errors import Asked
from s9s.backends.slurmrestd.steps import Dialect
from s9s.backends.slurmrestd.tokens import TokenSource
from s9s.domain.clusters import ClusterInfo
from s9s.domain.errors import SlurmError, SlurmUnavailable

_LOOKING: Final = Asked(action="discover the cluster")
_OPERATIONS: Final = (
    "list jobs", "list nodes", "list partitions", "list users", "list accounted jobs", "show job",
    "submit", "cancel", "kill", "update job", "requeue", "update nodes",
)  # fmt: skip
_DETAILS: Final = ("tell the default partition", "tell exit codes")
_OF_ACCOUNTING: Final = frozenset({"list users", "list accounted jobs"})


async def discover(client: Client, accounting: Accounting, tokens: TokenSource) -> ClusterInfo:
    """`base.Backend.discover`.

    Raises:
        Unsupported: when slurmrestd offers no version that is spoken here.
        SlurmUnavailable: when slurmrestd or slurmctld does not answer.
    """
    dialect = await client.dialect()
    pings = await client.ask(build.PING, payloads.Pings, _LOOKING)
    if not any(ping.responding for ping in pings.pings):
        raise SlurmUnavailable("slurmctld does not answer slurmrestd, or refuses this server's token")
    notes = [reason for operation in (*_OPERATIONS, *_DETAILS) if (reason := dialect.lacks(operation))]
    configuration = await _configuration(client)
    if configuration is None:
        notes.append(
            f"slurmrestd {dialect.version} does not tell slurm.conf: to be safe, jobs, users and usage are "
            "private (set cluster.private_data if they are not), and MinJobAge is taken to be 300"
        )
        configuration = payloads.Configuration(private_data=["JOBS", "USERS", "USAGE"])
    has_accounting, clusters = await _clusters(accounting, notes)
    name = (
        pings.meta.slurm.cluster or configuration.cluster_name or (clusters[0] if len(clusters) == 1 else "")
    )
    if not name:
        notes.append("slurmrestd does not tell this cluster's name: set it in the configuration")
    return ClusterInfo(
        name=name,
        slurm_version=pings.meta.slurm.release,
        routes=_routes(dialect, has_accounting),
        has_accounting=has_accounting,
        private_data=frozenset(word.lower() for word in configuration.private_data if word.upper() != "NONE"),
        min_job_age_seconds=configuration.min_job_age,
        acts_as=tokens.acts_as,
        notes=tuple(notes),
    )


async def _configuration(client: Client) -> payloads.Configuration | None:
    try:
        return (await client.ask(build.SHOW_CONFIGURATION, payloads.Configurations, _LOOKING)).slurm_conf
    except Unsupported:
        return None


async def _clusters(accounting: Accounting, notes: list[str]) -> tuple[bool, list[str]]:
    """Whether there is accounting, and the clusters in it."""
    try:
        return True, await accounting.clusters()
    except SlurmUnavailable as error:
        notes.append(f"Accounting does not answer now: {error.message}")
        return True, []
    except (SlurmError, Unsupported) as error:
        notes.append(f"There is no accounting: {error}")
        return False, []


def _routes(dialect: Dialect, has_accounting: bool) -> dict[str, str]:
    operations = [
        operation
        for operation in _OPERATIONS
        if not dialect.lacks(operation) and (has_accounting or operation not in _OF_ACCOUNTING)
    ]
    return dict.fromkeys(operations, f"slurmrestd {dialect.version}")
