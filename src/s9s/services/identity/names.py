"""Names in other people's credentials to Slurm users."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from s9s.domain.errors import AuthenticationFailed, ValidationError
from s9s.services.identity.tokens import check_user

#: Whoever may write names into certificates or tokens must not become one of these by it.
_NEVER: Final = frozenset({"root", "slurm"})


class NameRule:
    """Says which user a name stands for.

    Args:
        pattern: A regular expression that must match the whole name; its first group is the user, or the
            whole name if it has none.
    """

    def __init__(self, pattern: str) -> None:
        self._pattern = re.compile(pattern)

    def user(self, names: Iterable[str]) -> str:
        """The one user whom the names stand for.

        Raises `AuthenticationFailed` when they stand for none, for several, or for one of those whom nobody
        becomes in this way.
        """
        matches = [found for name in names if (found := self._pattern.fullmatch(name))]
        users = {found[1] if self._pattern.groups else found[0] for found in matches}
        if len(users) == 1 and (user := users.pop()) not in _NEVER:
            try:
                return check_user(user)
            except ValidationError:
                pass
        raise AuthenticationFailed("The credential is valid, but names no user of this cluster")
