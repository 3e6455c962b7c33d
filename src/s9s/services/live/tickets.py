"""One-minute, single-use tickets: for a browser, whose WebSockets cannot send a header.

A ticket stands in a URL, and so perhaps in a proxy's log. It is worth nothing once it has been used or a
minute is over. Only its hash is kept, in the database, so that whichever server the browser reaches knows it.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from typing import Final

import msgspec

from s9s.domain.errors import AuthenticationFailed, RateLimitExceeded
from s9s.services.access import Caller
from s9s.services.identity.known import hash_of
from s9s.services.identity.standing import Standing
from s9s.services.live.open_connections import Verify
from s9s.storage.tickets import TicketRecords

LIFETIME_SECONDS: Final = 60
#: Tickets that are out at the same time: of everybody, and of one credential.
_MAX_TICKETS: Final = 50_000
_MAX_OF_ONE: Final = 100
_PREFIX: Final = "s9t_"
_LENGTH: Final = len(_PREFIX) + 43


class Tickets:
    """Tickets that are out. Every method raises `DatabaseUnavailable`.

    Args:
        records: Where they are kept.
        standing: Says whether the credential behind one is still good.
        clock: Epoch seconds.
    """

    def __init__(
        self, records: TicketRecords, standing: Standing, clock: Callable[[], float] = time.time
    ) -> None:
        self._records = records
        self._standing = standing
        self._clock = clock

    async def issue(self, caller: Caller) -> str:
        """A ticket for a caller, good as long as their credential is. Raises `RateLimitExceeded`."""
        ticket, now = f"{_PREFIX}{secrets.token_urlsafe(32)}", int(self._clock())
        kept = await self._records.add(
            hash_of(ticket),
            caller.token_id or caller.user,
            msgspec.json.encode(caller).decode(),
            now=now,
            expires_at=now + LIFETIME_SECONDS,
            of_one=_MAX_OF_ONE,
            of_all=_MAX_TICKETS,
        )
        if not kept:
            raise RateLimitExceeded("Too many tickets are waiting to be used", LIFETIME_SECONDS)
        return ticket

    async def redeem(self, ticket: str) -> tuple[Caller, Verify]:
        """The caller whom a ticket was issued for, this once, and what says whether they still may.

        Raises `AuthenticationFailed`: it is unknown, used or too old, or the credential is good no more.
        """
        kept = None
        if ticket.startswith(_PREFIX) and len(ticket) == _LENGTH:
            kept = await self._records.take(hash_of(ticket), int(self._clock()))
        if kept is None:
            raise AuthenticationFailed("The ticket is unknown, has been used, or is older than a minute")
        caller = msgspec.json.decode(kept, type=Caller)

        async def verify() -> Caller:
            return await self._standing.of(caller)

        return await verify(), verify
