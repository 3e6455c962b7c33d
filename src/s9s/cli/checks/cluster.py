"""Checks of the way to the cluster: tools, keys, connections, versions, identities, reads."""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import AsyncExitStack
from itertools import chain
from pathlib import Path
from typing import Final

from s9s.app.clusters import Found, falls_back, find_slurm, open_backend, reaches_only_this_host
from s9s.backends.base import Backend, SupportsUnended, Unsupported, everything
from s9s.backends.processes import Processes
from s9s.backends.slurmrestd import KeyTokens, UnusableKey
from s9s.cli.checks.findings import Finding, fail, ok, open_to_others, warn
from s9s.config import Settings
from s9s.domain.accounting import User
from s9s.domain.clusters import ClusterInfo
from s9s.domain.errors import ResourceNotFound, S9SError, SlurmUnavailable
from s9s.domain.jobs import Job
from s9s.services.history.asking import runaways

#: What is run, and whether anything is lost but accounting without it.
_TOOLS: Final = {
    "scontrol": True, "squeue": True, "sinfo": True, "sbatch": True, "scancel": True,
    "sacct": False, "sacctmgr": False, "sshare": False,
}  # fmt: skip
_OLDEST: Final = (22, 5)
_NEWEST: Final = (26, 5)
#: The watcher spends at most a quarter of its time on a poll.
_SHARE: Final = 4
_HOUR: Final = 3600
#: Longest wait for discovery, and for a listing.
_PATIENCE_SECONDS: Final = 90.0
#: Users as whom something is tried.
_SAMPLES: Final = 5


async def check_cluster(settings: Settings, users: Iterable[str]) -> AsyncIterator[Finding]:
    """All of them. `users` are those whom valid tokens stand for."""
    if settings.cluster.mode == "simulated":
        for finding in _simulated(settings, "as configured"):
            yield finding
        return
    async with AsyncExitStack() as stack:
        processes = Processes(concurrency=settings.limits.max_processes, sudo=settings.cluster.sudo)
        stack.callback(processes.close)
        found = await find_slurm(settings, processes)
        if falls_back(settings, found):
            # It is not opened: that could end the jobs of a server which runs on the same directory.
            for finding in _simulated(settings, "there is no Slurm on this host"):
                yield finding
            return
        for finding in chain(_named(settings), _ways(settings, found)):
            yield finding
        try:
            backend = await open_backend(settings, processes)
            stack.push_async_callback(backend.close)
            info = await _discover(backend)
        except S9SError as error:
            yield fail("cluster", error.message, "mend what is said above, or start slurmctld")
            return
        yield ok("cluster", f"{info.name}, Slurm {info.slurm_version}")
        named = frozenset(users)
        able = named if info.acts_as == "anyone" else named & {info.acts_as}
        for finding in chain(_version(info), _identity(info, named), _files(processes, able), _routes(info)):
            yield finding
        async for finding in _acting(settings, backend, able):
            yield finding
        async for finding in _reads(settings, backend, info, named):
            yield finding


async def _discover(backend: Backend) -> ClusterInfo:
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            return await backend.discover()
    except TimeoutError:
        raise SlurmUnavailable("Slurm did not answer in time") from None


def _simulated(settings: Settings, why: str) -> Iterator[Finding]:
    yield ok("cluster", f"the embedded simulated cluster: {why}")
    if settings.simulated.run_jobs and not reaches_only_this_host(settings):
        yield warn(
            "jobs", "what clients submit does not really run, as the server can be reached from outside",
            "listen on 127.0.0.1, without server.public_url and server.trusted_proxies",
        )  # fmt: skip


def _named(settings: Settings) -> Iterator[Finding]:
    """What the configuration names."""
    cluster = settings.cluster
    if cluster.slurm_conf_path is not None:
        if os.access(cluster.slurm_conf_path, os.R_OK):
            yield ok("slurm.conf", str(cluster.slurm_conf_path))
        else:
            yield fail("slurm.conf", f"{cluster.slurm_conf_path} cannot be read", "set cluster.slurm_conf")
    if cluster.jwt_key is not None:
        try:
            KeyTokens(str(cluster.jwt_key), service_user=cluster.service_user or "root")
        except UnusableKey as error:
            yield fail("jwt key", str(error), "set cluster.jwt_key to the jwt_key of AuthAltParameters")
        else:
            yield ok("jwt key", str(cluster.jwt_key))
    if cluster.bin_dir is not None and cluster.bin_dir.is_dir() and (why := open_to_others(cluster.bin_dir)):
        yield fail("commands", f"{cluster.bin_dir} {why}", f"chown root {cluster.bin_dir}; chmod go-w it")
    if cluster.sudo and os.geteuid() != 0 and shutil.which("sudo") is None:
        yield fail("sudo", "cluster.sudo is set, and there is no sudo", "install it")


def _ways(settings: Settings, found: Found) -> Iterator[Finding]:
    """What was found of Slurm."""
    if found.has_commands:
        missing = [name for name in _TOOLS if not _which(settings.cluster.commands_directory, name)]
        if needed := [name for name in missing if _TOOLS[name]]:
            mend = "install Slurm's client package, or set cluster.bin_dir"
            yield fail("commands", f"{', '.join(needed)} not found", mend)
        elif missing:
            yield warn("commands", f"{', '.join(missing)} not found: nothing from accounting")
        else:
            yield ok("commands", str(settings.cluster.commands_directory))
    elif settings.cluster.mode == "cli":
        yield fail(
            "commands",
            "scontrol is not found, or knows no cluster",
            "set cluster.bin_dir and cluster.slurm_conf",
        )
    if found.slurmrestd_url is not None:
        yield ok("slurmrestd", found.slurmrestd_url)
        if found.jwt_key is None:
            yield warn(
                "jwt key", "none that can be read: through slurmrestd only the server's own user can act",
                "set cluster.jwt_key and let the server's user read it",
            )  # fmt: skip
    elif settings.cluster.mode == "slurmrestd":
        yield fail("slurmrestd", "none listens on this host", "start it, or set cluster.slurmrestd_url")


def _which(directory: Path | None, name: str) -> str | None:
    return shutil.which(name, path=str(directory) if directory else None)


def _files(processes: Processes, able: frozenset[str]) -> Iterator[Finding]:
    """Scripts and output are opened with the user's own uid, on this host, whatever Slurm believes."""
    if strangers := sorted(user for user in able if not processes.can_act_as(user)):
        yield warn(
            "files", f"cannot open files as {', '.join(strangers)}: no script paths, no job output for them",
            "let the server's host know the users, and run it as root or set cluster.sudo",
        )  # fmt: skip


def _routes(info: ClusterInfo) -> Iterator[Finding]:
    for operation, way in sorted(info.routes.items()):
        yield ok("route", f"{operation}: {way}")
    for note in info.notes:
        yield warn("note", note)


def _version(info: ClusterInfo) -> Iterator[Finding]:
    parts = info.slurm_version.split(".")
    if len(parts) < 2 or not (parts[0].isdigit() and parts[1].isdigit()):
        yield warn("version", f"{info.slurm_version!r} is no version of Slurm's")
        return
    release = int(parts[0]), int(parts[1])
    if not _OLDEST <= release <= _NEWEST:
        yield warn("version", f"Slurm {info.slurm_version} is none of those tested: 22.05 to 26.05")


def _identity(info: ClusterInfo, users: frozenset[str]) -> Iterator[Finding]:
    mend = "run the server as root, or let it read cluster.jwt_key, or set cluster.sudo"
    if info.acts_as == "nobody":
        yield warn("identity", "can act as nobody in Slurm: every change is refused", mend)
        return
    if info.acts_as == "anyone":
        yield ok("identity", "acts in Slurm as whoever calls")
        return
    yield ok("identity", f"the personal server of {info.acts_as}: acts in Slurm as {info.acts_as} only")
    if others := sorted(users - {info.acts_as}):
        yield warn("tokens", f"there are tokens for {', '.join(others)}, as whom it cannot act", mend)


async def _acting(settings: Settings, backend: Backend, able: frozenset[str]) -> AsyncIterator[Finding]:
    """Whether Slurm really takes us for the user: a look-up as some of those who have tokens."""
    for user in sorted(able)[:_SAMPLES]:
        try:
            async with asyncio.timeout(settings.cluster.timeout_seconds):
                await backend.job("1", user)
        except ResourceNotFound:
            pass  # as good an answer as any
        except (S9SError, TimeoutError) as error:
            text = error.message if isinstance(error, S9SError) else "no answer in time"
            yield fail("identity", f"a look-up as {user} fails: {text}")
            continue
        yield ok("identity", f"a look-up as {user} works")


async def _reads(
    settings: Settings, backend: Backend, info: ClusterInfo, users: frozenset[str]
) -> AsyncIterator[Finding]:
    """Everything that the server reads by itself, timed."""
    now = int(time.time())

    async def jobs() -> Sequence[object]:
        return await everything(backend.jobs_feed())

    async def nodes() -> Sequence[object]:
        return (await backend.nodes_feed().poll()).changed

    reads: dict[str, Callable[[], Awaitable[Sequence[object]]]] = {
        "jobs": jobs, "nodes": nodes, "partitions": backend.partitions, "users": backend.users,
    }  # fmt: skip
    if info.has_accounting:
        reads["finished jobs"] = lambda: backend.finished_jobs(now - _HOUR, now)
    else:
        yield warn("accounting", "none: jobs are forgotten with slurmctld, and no users are known")
    for name, read in reads.items():
        started = time.monotonic()
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                found = await read()
        except (S9SError, TimeoutError) as error:
            yield fail(name, error.message if isinstance(error, S9SError) else "no answer in time")
            continue
        took = time.monotonic() - started
        text = f"{len(found)} in {took:.2f} s{' (the last hour)' if name == 'finished jobs' else ''}"
        if name == "jobs" and took * _SHARE > 2 * settings.snapshot.interval_seconds:
            yield warn(name, f"{text}, so they are refreshed every {took * _SHARE:.0f} s or so")
        else:
            yield ok(name, text)
        if name == "jobs" and info.has_accounting:
            living = {str(one.numeric_id): one for one in found if isinstance(one, Job)}
            async for finding in _ends(backend, living.get, now):
                yield finding
        known = {one.username for one in found if isinstance(one, User)}
        if known and (unknown := sorted(users - known)):
            yield warn("tokens", f"there are tokens for {', '.join(unknown)}, whom Slurm does not know")


async def _ends(backend: Backend, known: Callable[[str], Job | None], now: int) -> AsyncIterator[Finding]:
    """Whether there are jobs that never end for accounting."""
    if not isinstance(backend, SupportsUnended):
        return
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            lost = runaways(await backend.unended_jobs(), known, now)
    except (Unsupported, S9SError, TimeoutError):
        return
    if lost:
        some = ", ".join(job.job_id for job in lost[:5])
        yield warn(
            "accounting",
            f"{len(lost)} jobs run there that slurmctld does not know ({some}): no history has them",
            "sacctmgr show runawayjobs; then s9s history import --again from when they began",
        )  # fmt: skip
