"""What a check found."""

from __future__ import annotations

import os
import stat
from enum import StrEnum
from pathlib import Path

from msgspec import Struct


class Level(StrEnum):
    """How bad it is."""

    OK = "OK"
    WARN = "WARN"
    """The server runs, but not as somebody may expect."""
    FAIL = "FAIL"
    """The server does not start, or not do its work."""


class Finding(Struct, frozen=True):
    """One line of the report."""

    level: Level
    subject: str
    text: str
    mend: str | None = None
    """What to do about it."""


def ok(subject: str, text: str) -> Finding:
    """All is well."""
    return Finding(Level.OK, subject, text)


def warn(subject: str, text: str, mend: str | None = None) -> Finding:
    """It works, but."""
    return Finding(Level.WARN, subject, text, mend)


def fail(subject: str, text: str, mend: str | None = None) -> Finding:
    """It does not work."""
    return Finding(Level.FAIL, subject, text, mend)


def nearest_existing(path: Path) -> Path:
    """`path`, or the directory above it in which it, or what leads to it, would be made."""
    # Not Path.exists(), which raises where a directory cannot be entered.
    return next(parent for parent in (path, *path.parents) if os.path.exists(parent))


def open_to_others(path: Path) -> str | None:
    """Why somebody else could change what is at `path`: a clause, or ``None``."""
    status = path.stat()
    if status.st_uid not in (0, os.geteuid()):
        return f"belongs to uid {status.st_uid}"
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH) and not status.st_mode & stat.S_ISVTX:
        return f"has mode {stat.S_IMODE(status.st_mode):04o}"
    return None
