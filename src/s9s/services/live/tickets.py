"""One-minute, single-use tickets: for a browser, whose WebSockets cannot send a header.

A ticket stands in a URL, and so perhaps in a proxy's log. It is worth nothing once it has been used or a
minute is over. Only its hash is kept, in memory: after a restart a client asks for another one.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from typing import Final

from s9s.domain.errors import AuthenticationFailed, RateLimitExceeded
from s9s.services.access import Caller
from s9s.services.identity.known import hash_of
from s9s.services.live.open_connections import Verify

LIFETIME_SECONDS: Final = 60
#: Tickets that are out at the same time: of everybody, and of one credential.
_MAX_TICKETS: Final = 50_000
_MAX_OF_ONE: Final = 100
_PREFIX: Final = "s9t_"


class Tickets:
    """Tickets that are out.

    Args:
        clock: Seconds since some moment; never goes back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._out: dict[bytes, tuple[float, str, Verify]] = {}

    def issue(self, caller: Caller, verify: Verify) -> str:
        """A ticket for a caller, good as long as `verify` says so. Raises `RateLimitExceeded`."""
        now = self._clock()
        # In the order of their ends.
        for key, (ends, _, _) in tuple(self._out.items()):
            if ends > now:
                break
            del self._out[key]
        own = caller.token_id or caller.user
        if (
            len(self._out) >= _MAX_TICKETS
            or sum(one == own for _, one, _ in self._out.values()) >= _MAX_OF_ONE
        ):
            raise RateLimitExceeded("Too many tickets are waiting to be used", LIFETIME_SECONDS)
        ticket = f"{_PREFIX}{secrets.token_urlsafe(32)}"
        self._out[hash_of(ticket)] = (now + LIFETIME_SECONDS, own, verify)
        return ticket

    async def redeem(self, ticket: str) -> tuple[Caller, Verify]:
        """The caller whom a ticket was issued for, this once.

        Raises `AuthenticationFailed`: it is unknown, used or too old, or the credential is good no more.
        """
        found = self._out.pop(hash_of(ticket), None) if ticket.startswith(_PREFIX) else None
        if found is None or self._clock() >= found[0]:
            raise AuthenticationFailed("The ticket is unknown, has been used, or is older than a minute")
        return await found[2](), found[2]
