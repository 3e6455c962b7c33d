"""scontrol show node: every node on a line of its own.

Five thousand nodes take 0.04 s, sinfo needs 0.3 s. The price: values stand bare between ``Key=`` words. What
administrators write (reason, comment, extra) stands behind everything else and is cut off before the rest is
read. Only a newline in a node's comment could begin a line of another node, and whoever can write it can
change that node anyway. (scontrol indents the lines of a reason.)
"""

from __future__ import annotations

import re
from sys import intern
from typing import Final

from s9s.backends.slurmcli.values import instant, number, shared, text, tres, words
from s9s.domain.nodes import Node
from s9s.domain.tres import gres_gpus

#: ``--details`` adds the GPUs in use, which AllocTRES has only where AccountingStorageTRES names them.
ARGV: Final = ("scontrol", "--oneliner", "--details", "--all", "show", "node")

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,254}", re.ASCII)
_BEGIN: Final = re.compile(rb"^(?=NodeName=)", re.MULTILINE)
_KEY: Final = re.compile(r"(?:^| )([A-Z][A-Za-z_]*)=")
# Further lines of a reason follow the bracket, indented.
_REASON: Final = re.compile(r"(.*?) ?\[([^\s@\]]+)@([^\]]+)\](?:\s*$|\s{4,}(.*))", re.DOTALL)
_BEHIND_REASON: Final = re.compile(" (?:Comment|Extra)=")

#: What stands behind a state's word in sinfo's notation, which scontrol of 22.05 uses here and there.
_SUFFIXES: Final = {
    "*": "NOT_RESPONDING", "~": "POWERED_DOWN", "#": "POWERING_UP", "!": "POWER_DOWN", "%": "POWERING_DOWN",
    "$": "MAINTENANCE", "@": "REBOOT_REQUESTED", "^": "REBOOT_ISSUED", "-": "PLANNED",
}  # fmt: skip


def of_nodes(hostlist: str) -> list[str]:
    """The command for some nodes."""
    return [*ARGV, hostlist]


def is_name(name: str) -> bool:
    """Whether this can be the name of one node, and nothing else to scontrol."""
    return _NAME.fullmatch(name) is not None and name.upper() != "ALL"


def split(output: bytes) -> list[bytes]:
    """The nodes' texts."""
    return [piece for piece in pieces(output) if piece.startswith(b"NodeName=")]


def pieces(output: bytes) -> list[bytes]:
    """A part of an output, split where a node begins; the last piece may go on in the next part."""
    return _BEGIN.split(output)


def name(line: bytes) -> str:
    """Whose text it is."""
    return line.split(None, 1)[0].removeprefix(b"NodeName=").decode("utf-8", "replace")


def parse(line: bytes) -> Node:
    """One node. Raises `ValueError` for a value that is not understood."""
    values = _values(line.decode("utf-8", "replace"))
    total, allocated = number(values["CPUTot"]) or 0, number(values["CPUAlloc"]) or 0
    memory, memory_allocated = number(values["RealMemory"]) or 0, number(values["AllocMem"]) or 0
    base_state, flags = _state(values["State"])
    if base_state == "MIXED" and memory_allocated >= memory > 0:
        # A job that asks for no memory may get all of it: full for sinfo, and for the next job.
        base_state = "ALLOCATED"
    reason, reason_user, reason_time = _reason(values["Reason"])
    gpus_allocated = tres(values.get("AllocTRES", "")).gpus or gres_gpus(values.get("GresUsed", ""))
    return Node(
        node_name=values["NodeName"],
        base_state=base_state,
        flags=flags,
        partitions=words(values.get("Partitions", "")),
        cpu_total=total,
        cpu_allocated=allocated,
        cpu_load=_load(values.get("CPULoad", "")),
        memory_total_mib=memory,
        memory_allocated_mib=memory_allocated,
        memory_free_mib=number(values.get("FreeMem", "")),
        gpus_total=gres_gpus(values.get("Gres", "")),
        gpus_allocated=gpus_allocated,
        gres=shared(values.get("Gres", "")),
        features=words(values.get("ActiveFeatures", "")),
        architecture=shared(values.get("Arch", "")),
        os=shared(values.get("OS", "").partition(" #")[0]),
        boot_time=instant(values.get("BootTime", "")),
        last_busy=instant(values.get("LastBusyTime", "")),
        reason=reason,
        reason_user=reason_user,
        reason_time=reason_time,
        resume_after=instant(values.get("ResumeAfterTime", "")),
        slurm_version=shared(values.get("Version", "")),
    )


def _values(line: str) -> dict[str, str]:
    line, _, reason = line.partition(" Reason=")
    line = _BEHIND_REASON.split(line, maxsplit=1)[0]
    keys = list(_KEY.finditer(line))
    ends = [key.start() for key in keys[1:]] + [len(line)]
    values = {key[1]: line[key.end() : end].strip() for key, end in zip(keys, ends, strict=True)}
    return values | {"Reason": _BEHIND_REASON.split(reason, maxsplit=1)[0]}


def _state(value: str) -> tuple[str, tuple[str, ...]]:
    """``IDLE+DRAIN``, ``MIXED+PLANNED``, ``DOWN*+DRAIN`` to the base state and the flags."""
    base, *flags = value.split("+")
    while base[-1:] in _SUFFIXES:
        flags.append(_SUFFIXES[base[-1]])
        base = base[:-1]
    return intern(base), tuple(dict.fromkeys(flags))


def _load(value: str) -> float | None:
    try:
        return float(value)
    except ValueError:
        return None


def _reason(value: str) -> tuple[str | None, str | None, int | None]:
    """Text, user and time of ``disk [dave@1702634400]``."""
    match = _REASON.fullmatch(value)
    if match is None:
        return text(value.strip()), None, None
    reason = " ".join(f"{match[1]} {match[4] or ''}".split())
    return text(reason), match[2], instant(match[3])
