"""The options of sbatch that a submission has a field for, and how each reads its argument.

A reader gives fields of `JobSubmission` (``None`` takes an earlier value back) or raises `ValueError`
for what sbatch would refuse and for what the field cannot hold.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from s9s.domain.begin_times import parse_begin_time
from s9s.domain.dependencies import parse_dependency
from s9s.domain.durations import parse_duration
from s9s.domain.memory import parse_memory
from s9s.domain.signals import signal_number

Fields = Mapping[str, object]

#: A pseudo field: GPUs of a type on each node, which only GRES can say.
TYPED_GPUS: Final = "typed gpus per node"


def _refuse(value: str) -> Fields:
    """The reader of what no field can hold."""
    raise ValueError(value)


def _text(field: str) -> Callable[[str], Fields]:
    def read(value: str) -> Fields:
        if not value or "\0" in value:
            raise ValueError(value)
        return {field: value}

    return read


def _count(field: str, least: int = 1) -> Callable[[str], Fields]:
    return lambda value: {field: _number(value, least)}


def _number(value: str, least: int) -> int:
    if not re.fullmatch(r"-?[0-9]{1,10}", value) or not least <= int(value) < 2**31:
        raise ValueError(value)
    return int(value)


def _time(field: str) -> Callable[[str], Fields]:
    def read(value: str) -> Fields:
        # sbatch knows no 2h: what it would refuse must not run elsewhere.
        if re.search("[a-z]", value, re.IGNORECASE) and value.upper() not in ("UNLIMITED", "INFINITE"):
            raise ValueError(value)
        return {field: parse_duration(value)}

    return read


def _memory(field: str) -> Callable[[str], Fields]:
    def read(value: str) -> Fields:
        if not re.fullmatch("[0-9]+([KMGT]B?)?", value, re.IGNORECASE):
            raise ValueError(value)
        return {field: parse_memory(value)}

    return read


def _parsed(field: str, parse: Callable[[str], int]) -> Callable[[str], Fields]:
    return lambda value: {field: parse(value)}


def _hosts(field: str) -> Callable[[str], Fields]:
    def read(value: str) -> Fields:
        # With a slash it is a file of names, which only sbatch itself can read.
        return _refuse(value) if "/" in value else _text(field)(value)

    return read


def _file(field: str) -> Callable[[str], Fields]:
    def read(value: str) -> Fields:
        return {field: "/dev/null"} if value.lower() == "none" else _text(field)(value)

    return read


def _dependency(value: str) -> Fields:
    parse_dependency(value)
    return _text("dependency")(value)


def _nodes(value: str) -> Fields:
    low, dash, high = value.partition("-")
    least, most = _number(low, 0), _number(high, 1) if dash else None
    if most is not None and most < least:
        raise ValueError(value)
    return {"nodes": least, "nodes_max": most if most != least else None}


def _gpus_per_node(value: str) -> Fields:
    if value.isdecimal():
        return {"gpus_per_node": _number(value, 0), TYPED_GPUS: None}
    if not re.fullmatch(r"[A-Za-z][\w.-]*:[0-9]{1,9}", value):
        raise ValueError(value)
    return {"gpus_per_node": None, TYPED_GPUS: f"gpu:{value}"}


def _directory(value: str) -> Fields:
    # Relative to where sbatch was called, which is nowhere here.
    return _text("working_directory")(value) if value.startswith("/") else _refuse(value)


def _open_mode(value: str) -> Fields:
    modes = {"a": "append", "t": "truncate"}
    if value[:1].lower() not in modes:
        raise ValueError(value)
    return {"open_mode": modes[value[0].lower()]}


def _signal(value: str) -> Fields:
    match = re.fullmatch(r"(?:[RB]{1,2}:)?(\w+)(?:@[0-9]{1,5})?", value, re.ASCII)
    if match is None:
        raise ValueError(value)
    signal_number(match[1])
    return {"signal": value}


def _export(value: str) -> Fields:
    # A job of ours never inherits this server's environment, so that both come to the same.
    return {} if value.upper() in ("ALL", "NONE") else _refuse(value)


#: Options whose argument follows, after ``=`` or as the next word.
WITH_ARGUMENT: Final[Mapping[str, Callable[[str], Fields]]] = {
    "account": _text("account"),
    "array": _text("array"),
    "begin": _parsed("begin_time", parse_begin_time),
    "chdir": _directory,
    "comment": _text("comment"),
    "constraint": _text("constraint"),
    "cpus-per-task": _count("cpus_per_task"),
    "deadline": _parsed("deadline", parse_begin_time),
    "dependency": _dependency,
    "error": _file("standard_error"),
    "exclude": _hosts("exclude"),
    "export": _export,
    "gpus": _count("gpus", 0),
    "gpus-per-node": _gpus_per_node,
    "gres": _text("gres"),
    "input": _file("standard_input"),
    "job-name": _text("job_name"),
    "licenses": _text("licenses"),
    "mail-type": _text("mail_type"),
    "mail-user": _text("mail_user"),
    "mem": _memory("memory_mib"),
    "mem-per-cpu": _memory("memory_per_cpu_mib"),
    "nodelist": _hosts("nodelist"),
    "nodes": _nodes,
    "ntasks": _count("tasks"),
    "ntasks-per-node": _count("tasks_per_node"),
    "open-mode": _open_mode,
    "output": _file("standard_output"),
    "partition": _text("partition"),
    "priority": _count("priority", 0),
    "qos": _text("qos"),
    "reservation": _text("reservation"),
    "signal": _signal,
    "tasks-per-node": _count("tasks_per_node"),
    "time": _time("time_limit_seconds"),
    "time-min": _time("time_min_seconds"),
}

#: Options that are flags without ``=``.
OPTIONAL_ARGUMENT: Final[Mapping[str, Callable[[str], Fields]]] = {
    "nice": lambda value: {"nice": _number(value, -(2**31) + 3)},
}

FLAGS: Final[Mapping[str, Fields]] = {
    "exclusive": {"exclusive": True},
    "hold": {"hold": True},
    "nice": {"nice": 100},
    "no-requeue": {"requeue": False},
    "requeue": {"requeue": True},
    # These only say how sbatch itself shall behave.
    "parsable": {},
    "quiet": {},
    "verbose": {},
    "wait": {},
}

SHORT: Final[Mapping[str, str]] = {
    "A": "account", "C": "constraint", "D": "chdir", "G": "gpus", "H": "hold", "J": "job-name",
    "L": "licenses", "N": "nodes", "Q": "quiet", "W": "wait", "a": "array", "b": "begin",
    "c": "cpus-per-task", "d": "dependency", "e": "error", "i": "input", "n": "ntasks", "o": "output",
    "p": "partition", "q": "qos", "t": "time", "v": "verbose", "w": "nodelist", "x": "exclude",
}  # fmt: skip
