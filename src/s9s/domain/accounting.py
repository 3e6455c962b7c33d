"""Users, their associations, and QOS: what accounting knows of people."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class AdminLevel(StrEnum):
    """Slurm's AdminLevel; the values are the contract's spelling."""

    NONE = "none"
    OPERATOR = "operator"
    ADMINISTRATOR = "administrator"


class Association(Struct, frozen=True, kw_only=True):
    """A user's place in an account, perhaps in one partition only."""

    account: str
    partition: str | None = None
    """``None``: any partition."""
    qos: tuple[str, ...] = ()
    default_qos: str | None = None


class User(Struct, frozen=True, kw_only=True):
    """A Slurm user."""

    username: str
    default_account: str | None = None
    admin_level: AdminLevel = AdminLevel.NONE
    associations: tuple[Association, ...] = ()
    coordinator_of: tuple[str, ...] = ()
    """Accounts that the user coordinates."""
    cpu_seconds_used: int | None = None
    """Raw usage of all associations; ``None`` where accounting does not tell."""
