"""Coming back after a stream has broken off.

Made from _async by `make sdk`; not to be edited.
"""

from __future__ import annotations

from s9s_client._sync.http import Http
from s9s_client.errors import APIError, AuthenticationFailed, S9SError, TransportError
from s9s_client.policy import RETRIED


class Patience:
    """How long to wait before a stream is opened again, and when not to."""

    def __init__(self, http: Http) -> None:
        self._http = http
        self._failures = 0

    def heard(self) -> None:
        """Something came: the next failure is the first."""
        self._failures = 0

    def after(self, failure: S9SError) -> None:
        """Pause, longer with each failure in a row. Raises what a new try would not mend."""
        if isinstance(failure, AuthenticationFailed):
            # An access token has expired; for any other credential it is final.
            if self._failures or not self._http.forget_access_token():
                raise failure
        elif isinstance(failure, APIError):
            if failure.status not in RETRIED:
                raise failure
        elif not isinstance(failure, TransportError):
            raise failure
        self._failures += 1
        pause = self._http.policy.pause_after(self._failures)
        self._http.sleep(max(pause, getattr(failure, "retry_after", None) or 0.0))
