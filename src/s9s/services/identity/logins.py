"""User names and passwords to short-lived tokens."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from s9s.domain.credentials import Kind, Token
from s9s.domain.errors import AuthenticationFailed, ResourceConflict, ResourceNotFound, ValidationError
from s9s.services.access import Role
from s9s.services.identity.failed_logins import FailedLogins
from s9s.services.identity.passwords import Passwords
from s9s.services.identity.self_service import MAX_VALID
from s9s.services.identity.tokens import Tokens, Wish, check_user

MAX_PASSWORD: Final = 1024

#: Whoever guesses passwords must not be able to become one of these.
_NEVER: Final = frozenset({"root", "slurm"})


class Logins:
    """Lets people in who know their password.

    Args:
        tokens: Issues what they get for it.
        passwords: Checks it; ``None``: nobody can log in.
        failures: Who has failed too often to try again at once.
        lifetime_seconds: Of a token.
        operators: Names of users who get that role, as far as they have it in Slurm.
        administrators: The same. Where neither names anybody, everybody has the role that Slurm says.
        tier: Of the rate limits.
    """

    def __init__(
        self,
        tokens: Tokens,
        passwords: Passwords | None = None,
        failures: FailedLogins | None = None,
        *,
        lifetime_seconds: int = 8 * 3600,
        operators: Iterable[str] = (),
        administrators: Iterable[str] = (),
        tier: str = "free",
    ) -> None:
        self._tokens = tokens
        self._passwords = passwords
        self._failures = failures or FailedLogins()
        self._lifetime = lifetime_seconds
        self._roles = dict.fromkeys(operators, Role.OPERATOR) | dict.fromkeys(administrators, Role.ADMIN)
        self._other = Role.USER if self._roles else None
        self._tier = tier

    async def log_in(self, user: str, password: str, address: str | None) -> tuple[str, Token]:
        """A new token for the user whose password this is: its secret, and what is kept of it.

        Raises:
            AuthenticationFailed: The password is not right, or there is no such user; nobody is told which.
            RateLimitExceeded: After too many failures from that address.
            ResourceNotFound: Logins are not set up.
            ServiceUnavailable: Nobody can tell at present.
        """
        if self._passwords is None:
            raise ResourceNotFound(
                "Logins with a password are not set up here", resource_type="route", resource_id="/v1/login"
            )
        with self._failures.attempt(address, f"{user}\0{password}"):
            if not _may_be_right(user, password) or not await self._passwords.are_right(user, password):
                raise AuthenticationFailed("Wrong user name or password")
        if await self._tokens.count_valid(user) >= MAX_VALID:
            raise ResourceConflict(
                f"{user} has {MAX_VALID} valid credentials already: revoke one first",
                resource_type="token",
                maximum=MAX_VALID,
            )
        return await self._tokens.create(
            Wish(
                user=user,
                role=self._roles.get(user, self._other),
                kind=Kind.LOGIN,
                name="login",
                expires_in=self._lifetime,
                tier=self._tier,
            )
        )

    def close(self) -> None:
        """Check no more passwords."""
        if self._passwords is not None:
            self._passwords.close()


def _may_be_right(user: str, password: str) -> bool:
    """Whether anybody need be asked. A directory server lets everybody in who has an empty password."""
    try:
        check_user(user)
    except ValidationError:
        return False
    return user not in _NEVER and 0 < len(password) <= MAX_PASSWORD and "\0" not in password
