"""What the texts of Slurm's commands mean to a client of ours: the one such table.

Commands print the strings of slurmctld's error numbers without the numbers. The strings are alike on 22.05,
24.11 and 26.05, where no version stands beside them.
"""

from __future__ import annotations

import re
from typing import Any, Final

from msgspec import Struct

from s9s.backends.processes import Finished
from s9s.domain.errors import (
    PermissionDenied,
    ResourceConflict,
    ResourceNotFound,
    S9SError,
    SlurmError,
    SlurmUnavailable,
    ValidationError,
)


class Asked(Struct, frozen=True, kw_only=True):
    """What was tried: ``Asked("hold job 12", resource_type="job", resource_id="12")``."""

    action: str
    resource_type: str = ""
    """``job``, ``node``, or ``""`` where no single resource is named."""
    resource_id: str = ""
    values: Any = None
    """The request, whose attributes are the values that may be wrong."""


#: Nothing of the request has left this host.
_NO_CONNECTION: Final = 1800

_OUTAGES: Final = {
    "Unable to contact slurm controller (connect failure)": 1800,
    "Unable to contact slurm controller (send failure)": 1801,
    "Unable to contact slurm controller (receive failure)": 1802,
    "Unable to contact slurm controller (shutdown failure)": 1803,
    "Rate limit exceeded, please retry momentarily": 1804,
    "Rate limit exceeded, please retry later": 1805,
    "Slurm backup controller in standby mode": 2027,
    "Controller is in standby mode, try a different controller": 2131,
    "Communication connection failure": 1001,
    "Message send failure": 1002,
    "Message receive failure": 1003,
    "Communication shutdown failure": 1004,
    "Socket timed out on send/recv operation": 5004,
    "Zero Bytes were transmitted or received": 5005,
    "Unable to connect to database": 7000,
    "Database connection reference is invalid": 7008,
    "Connection refused": None,  # slurmdbd, at once
    "Connection timed out": None,
    "No route to host": None,
}

_DENIED: Final = {
    "Access/permission denied": 2002,
    "Invalid user id": 2010,  # somebody else's job; a node, for all but administrators
    "Invalid user ID": 2165,
    "Changes to job priority are not persistent, change nice instead": 2095,
    "Cannot modify scrontab jobs through scontrol": 2096,
    "Cannot cancel scrontab jobs without --cron flag.": 2098,
}

_NO_SUCH_JOB: Final = {
    "Invalid job id specified": 2017,
    "JobID larger than acceptable range": 2139,
    "Job Array ID larger than acceptable range": 2143,
    "HetJob component larger than acceptable range": 2148,
    "Unexpected message received": 1000,  # suspend and resume of an id that nobody has
}

_NO_SUCH_NODE: Final = {"Invalid node name specified": 2018}

_CONFLICTS: Final = {
    "Job can not be altered now, try again later": 2020,
    "Job/step already completing or completed": 2021,
    "Job is pending execution": 2024,
    "Invalid node state specified": 2028,
    "Invalid node state transition": 2180,  # 26.05
    "Invalid power action": 2187,  # 26.05
    "Job is in held state, pending scheduler release": 2042,
    "Job is no longer pending execution": 2073,
    "Job is current suspended, requested operation disabled": 2077,
    "Job has already started": 2083,
    "Job has already finished": 2084,
    "Job is not running": 2085,
    "Job is not pending nor running": 2086,
    "Job is not suspended": 2087,
    "Job is not finished": 2088,
    "Reboot already in progress": 2120,
    "Requested operation is presently disabled": 2037,
}

#: Text to number, the field of a submission or update that is wrong, and what is allowed.
_INVALID: Final[dict[str, tuple[int | None, str, str]]] = {
    "Invalid partition name specified": (2000, "partition", "a partition of the cluster"),
    "No partition specified or system default partition": (2001, "partition", "a partition; none is default"),
    "User's group not permitted to use this partition": (2003, "partition", "a partition open to the user"),
    "Requested nodes not in this partition": (2004, "nodelist", "nodes of the partition"),
    "More processors requested than permitted": (2005, "cpus_per_task", "fewer CPUs"),
    "Node count specification invalid": (2006, "nodes", "a number of nodes that the partition has"),
    "Job script not specified": (2009, "script", "a batch script"),
    "Pathname of a file, directory or other parameter too long": (2012, "script", "shorter texts"),
    "Requested node configuration is not available": (2014, "nodes", "what the partition's nodes have"),
    "Requested partition configuration not available now": (2015, "partition", "a partition that is up"),
    "Invalid node name specified": (2018, "nodelist", "nodes of the cluster"),
    "Task distribution specification invalid": (2023, "tasks", "a layout that the nodes allow"),
    "Task count specification invalid": (2025, "tasks", "a number of tasks that the nodes allow"),
    "Invalid feature specification": (2029, "constraint", "features that nodes of the cluster have"),
    "Active features not subset of available features": (2031, "constraint", "features of the nodes"),
    "Requested operation not supported on this system": (2036, "script", "what the cluster supports"),
    "Job dependency problem": (2038, "dependency", "conditions like afterok:123 on jobs that Slurm knows"),
    "Licenses currently unavailable": (2040, "licenses", "licenses that the cluster has"),
    "Memory required by task is not available": (2044, "memory_mib", "memory that a node has"),
    "Invalid account or account/partition combination specified": (2045, "account", "an account of the user"),
    "Invalid license specification": (2048, "licenses", "licenses that the cluster has"),
    "Job violates accounting/QOS policy (job submit limit, user's size and/or time limits)": (
        2050, "qos", "what the limits of association and QOS leave"),
    "Requested time limit is invalid (missing or exceeds some limit)": (
        2051, "time_limit_seconds", "a limit within those of partition, association and QOS"),
    "Access denied to requested reservation": (2052, "reservation", "a reservation for the user"),
    "Requested reservation is invalid": (2053, "reservation", "a reservation of the cluster"),
    "Invalid time specified": (2054, "begin_time", "a time to come"),
    "Requested reservation not usable now": (2056, "reservation", "a reservation that is active"),
    "Invalid wckey specification": (2057, "script", "a wckey of the user"),
    "Invalid qos specification": (2066, "qos", "a QOS that the user may use with the account and partition"),
    "CPU count specification invalid": (2069, "cpus_per_task", "a number of CPUs that nodes have"),
    "Required partition not available (inactive or drain)": (2070, "partition", "a partition that is up"),
    "Circular job dependency": (2071, "dependency", "conditions without a circle"),
    "Invalid generic resource (gres) specification": (2072, "gres", "generic resources of the cluster"),
    "Requested account has breached requested QOS usage threshold": (2074, "qos", "another QOS"),
    "Invalid job array specification": (2081, "array", "indices like 0-9%2, within MaxArraySize"),
    "Partition in DOWN state": (2101, "partition", "a partition that is up"),
    "Duplicate generic resource (gres) specification": (2102, "gres", "each resource once"),
    "Invalid Trackable RESource (TRES) specification": (2115, "gres", "resources of the cluster"),
    "Invalid GRES specification (with and without type identification)": (2119, "gres", "all typed, or none"),
    "Requested GRES option unsupported by configured SelectType plugin": (2122, "gpus", "--gres"),
    "Invalid --nice value": (2123, "nice", "0 or more; less is for operators"),
    "Invalid time-min specification (exceeds job's time or other limits)": (
        2124, "time_min_seconds", "at most the time limit"),
    "Invalid preferred feature specification": (2133, "constraint", "features of the nodes"),
    "Insufficient GRES available in allocation": (2134, "gres", "what the nodes have"),
    "Time limit specification required, but not provided": (8000, "time_limit_seconds", "a time limit"),
    "Batch script is empty!": (None, "script", "a batch script"),
    "Batch script contains DOS line breaks (\\r\\n)": (None, "script", "lines that end in \\n alone"),
    "instead of expected UNIX line breaks (\\n).": (None, "script", "lines that end in \\n alone"),
    "contain a NULL character '\\0'.": (None, "script", "text without NUL"),
    "This does not look like a batch script.  The first": (None, "script", "text that begins with #!"),
    "Memory specification can not be satisfied": (None, "memory_mib", "memory that a node has"),
    "Invalid TimeLimit value": (None, "time_limit_seconds", "a time limit"),
    "Invalid nice value, must be between -2147483645 and 2147483645": (None, "nice", "a number"),
}  # fmt: skip

_OPTION_FIELDS: Final = {
    "time": "time_limit_seconds", "begin": "begin_time", "time-min": "time_min_seconds", "mem": "memory_mib",
    "mem-per-cpu": "memory_per_cpu_mib", "cpus-per-task": "cpus_per_task", "ntasks": "tasks",
    "ntasks-per-node": "tasks_per_node", "mail-type": "mail_type", "open-mode": "open_mode",
    "gpus-per-node": "gpus_per_node", "nodelist": "nodelist", "chdir": "working_directory",
}  # fmt: skip

_KNOWN: Final = {**_OUTAGES, **_DENIED, **_NO_SUCH_JOB, **_NO_SUCH_NODE, **_CONFLICTS}
_TEXTS: Final = sorted({*_KNOWN, *_INVALID}, key=len, reverse=True)
# At the end of a line, perhaps with the job behind it: "Invalid job id specified for job 7".
_LINE: Final = re.compile(
    rf"(?:^|[: ])({'|'.join(map(re.escape, _TEXTS))})(?: for job \S+)?\s*$", re.MULTILINE
)
_OPTION: Final = re.compile(
    r"error: (?:Invalid --([a-z-]+) (?:specification|value)|Unable to parse --([a-z-]+)).*$", re.MULTILINE
)
_UNKNOWN_OPTION: Final = re.compile(r"(?:unrecognized|invalid|ambiguous) option.*$", re.MULTILINE)
_ROOT_ONLY: Final = re.compile(r"--[a-z-]+ only permitted by root user\s*$", re.MULTILINE)
_PREFIX: Final = re.compile(r"^(?:\w+: )?(?:error: |fatal: |\w+ error: ?)?")


def check(finished: Finished, asked: Asked) -> None:
    """Raise what a command says, if it failed."""
    if finished.returncode:
        raise error_of(finished, asked)


def error_of(finished: Finished, asked: Asked) -> S9SError:
    """The domain's error for a command that failed; Slurm's number and text are under its details."""
    said = finished.stderr.strip()
    match = _LINE.search(said)
    if match is None:
        return _unknown(said or f"exit {finished.returncode}", asked)
    text = match[1]
    number = _KNOWN[text] if text in _KNOWN else _INVALID[text][0]
    details: dict[str, Any] = {"slurm_error_number": number, "slurm_error": text}
    refused = f"Slurm refused to {asked.action}: {text}"
    if text in _OUTAGES:
        return SlurmUnavailable(
            f"Slurm is out of reach: {text}", never_sent=number == _NO_CONNECTION, **details
        )
    if text in _DENIED:
        return PermissionDenied(refused, **details)
    if (text in _NO_SUCH_JOB and asked.resource_type == "job") or (
        text in _NO_SUCH_NODE and asked.resource_type == "node"
    ):
        return ResourceNotFound.of(asked.resource_type, asked.resource_id)
    if text in _CONFLICTS and asked.resource_type:
        return ResourceConflict(refused, **details)
    if text in _INVALID:
        return _invalid(refused, _INVALID[text][1], _INVALID[text][2], asked, details)
    return SlurmError.of(asked.action, text, number)


def _unknown(said: str, asked: Asked) -> S9SError:
    """What no slurmctld said: a complaint of the command itself, or words that we have not heard before."""
    text = _PREFIX.sub("", said.splitlines()[-1])[:500]
    details: dict[str, Any] = {"slurm_error_number": None, "slurm_error": text}
    if match := _OPTION.search(said):
        option = match[1] or match[2]
        field = _OPTION_FIELDS.get(option, option.replace("-", "_"))
        return _invalid(
            f"Slurm refused to {asked.action}: {text}", field, f"a value for --{option}", asked, details
        )
    if match := _ROOT_ONLY.search(said):
        return PermissionDenied(f"Slurm refused to {asked.action}: {match[0].strip()}", **details)
    if match := _UNKNOWN_OPTION.search(said):
        allowed = "#SBATCH lines with options of sbatch"
        return _invalid(f"Slurm refused to {asked.action}: {match[0]}", "script", allowed, asked, details)
    return SlurmError.of(asked.action, text)


def _invalid(
    message: str, parameter: str, allowed: str, asked: Asked, details: dict[str, Any]
) -> ValidationError:
    value = getattr(asked.values, parameter, None)
    if parameter == "script":
        value = None  # long, and the client has it
    return ValidationError(message, parameter=parameter, value=value, allowed=allowed, **details)
