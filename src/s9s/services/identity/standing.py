"""Whether a caller who is not there just now may still do what they could: by their credential's id.

A request shows its secret each time. A ticket and a webhook stand for somebody who does not: kept with them
is who it was, and this says what has become of the credential since.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from msgspec import structs

from s9s.domain.credentials import Kind
from s9s.domain.errors import AuthenticationFailed, ResourceNotFound
from s9s.services.access import Caller
from s9s.services.identity.tokens import Tokens


class Standing:
    """Looks callers up again.

    Args:
        tokens: The credentials that this server keeps.
        published: Callers of secrets that everybody knows.
        clock: Epoch seconds.
    """

    def __init__(
        self, tokens: Tokens, published: Iterable[Caller] = (), clock: Callable[[], float] = time.time
    ) -> None:
        self._tokens = tokens
        self._published = {one.token_id: one for one in published}
        self._clock = clock

    async def of(self, caller: Caller) -> Caller:
        """The caller as they are now: with the role of the moment, and nothing more than they had.

        Raises `AuthenticationFailed` when the credential is revoked, expired or gone, `DatabaseUnavailable`.
        """
        if caller.expires_at is not None and self._clock() >= caller.expires_at:
            raise AuthenticationFailed("The credential has expired", token_id=caller.token_id)
        if (published := self._published.get(caller.token_id)) is not None:
            return published
        if caller.kind is Kind.OIDC:  # kept nowhere
            return self._with_role(caller)
        try:
            token = await self._tokens.get(caller.token_id)
        except ResourceNotFound:
            if caller.kind is Kind.CERTIFICATE:  # one that need not be registered
                return self._with_role(caller)
            raise AuthenticationFailed("Unknown token") from None
        now = self._tokens.caller_of(self._tokens.valid(token, caller.kind))
        if caller.scopes != token.scopes:
            # An access token that is for less than its client.
            scopes = caller.scopes & now.granted
            if not scopes:
                raise AuthenticationFailed("The credential is good for nothing", token_id=caller.token_id)
            now = structs.replace(now, scopes=scopes)
        ends = [one for one in (caller.expires_at, now.expires_at) if one is not None]
        return structs.replace(now, expires_at=min(ends, default=None))

    def _with_role(self, caller: Caller) -> Caller:
        return structs.replace(caller, role=self._tokens.roles.within(caller.user, caller.limit))
