"""What the audit log holds."""

from __future__ import annotations

from hashlib import sha256
from typing import Final

import msgspec
from msgspec import Struct

#: Where the chain begins.
GENESIS: Final = bytes(32)
#: The result of an intent without an outcome: it is under way, or was cut short.
UNKNOWN: Final = "UNKNOWN"


class AuditRecord(Struct, frozen=True, kw_only=True):
    """One record as it is kept. What is not known of it is ``None``."""

    number: int = 0
    """From 1, without gaps; given when it is appended, like the hashes."""
    at: int
    """Epoch seconds."""
    kind: str
    """``intent`` before a deed, ``outcome`` after it, ``event`` for all else."""
    intent: int | None = None
    """Of an outcome: the number of its intent."""
    action: str | None = None
    user: str | None = None
    credential: str | None = None
    address: str | None = None
    method: str | None = None
    route: str | None = None
    resource: str | None = None
    what: str | None = None
    """JSON, like `before` and `after`."""
    before: str | None = None
    after: str | None = None
    result: str | None = None
    """``SUCCESS``, ``PARTIAL`` or an error code; an intent has none."""
    status: int | None = None
    request_id: str | None = None
    previous: bytes = b""
    """The hash of the record before; 32 zero bytes for the first."""
    hash: bytes = b""

    def digest(self) -> bytes:
        """What `hash` must be: SHA-256 of the fields above, in their order, as a compact JSON array in UTF-8.

        Bytes stand there as hexadecimal text.
        """
        values = [getattr(self, name) for name in self.__struct_fields__ if name != "hash"]
        return sha256(
            msgspec.json.encode([value.hex() if isinstance(value, bytes) else value for value in values])
        ).digest()


class Entry(Struct, frozen=True):
    """A deed as readers see it: its intent or event, with the outcome if there is one."""

    record: AuditRecord
    outcome: AuditRecord | None

    @property
    def result(self) -> str:
        """``SUCCESS``, ``PARTIAL``, an error code, or `UNKNOWN`."""
        return (self.outcome or self.record).result or UNKNOWN

    @property
    def resource(self) -> str | None:
        """What was made, else what it was done to."""
        return (self.outcome.resource if self.outcome else None) or self.record.resource


class AuditFilter(Struct, frozen=True, kw_only=True):
    """Filters combine; ``None`` is no filter."""

    users: frozenset[str] | None = None
    actions: frozenset[str] | None = None
    resource: str | None = None
    """The resource itself and all below it: ``jobs``, ``jobs/12345``."""
    since: int | None = None
    until: int | None = None
    """Epoch seconds, both included."""
    results: frozenset[str] | None = None
    """``UNKNOWN`` finds intents without an outcome."""
    request_id: str | None = None
