"""sshare: what users have used, as slurmctld counts it for fair share; it decays (PriorityDecayHalfLife)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec.structs import replace

from s9s.backends.slurmcli.values import number
from s9s.domain.accounting import User

USAGE: Final = ("sshare", "--all", "--noheader", "--parsable2", "--format=Account,User,RawUsage")


def parse_usage(output: str) -> dict[str, int]:
    """CPU seconds by user, over all accounts. Lines that are not a user's are left out."""
    usage: dict[str, int] = {}
    for line in output.splitlines():
        columns = line.strip().split("|")
        if len(columns) == 3 and columns[1] and (seconds := number(columns[2])) is not None:
            usage[columns[1]] = usage.get(columns[1], 0) + seconds
    return usage


def with_usage(user: User, usage: Mapping[str, int]) -> User:
    """The user, and what they have used."""
    return replace(user, cpu_seconds_used=usage.get(user.username))
