"""The client: one server, one credential.

Made from _async by `make sdk`; not to be edited.
"""

from __future__ import annotations

from dataclasses import replace
from types import TracebackType
from typing import Self

import httpx2

from s9s_client._sync.events import Events
from s9s_client._sync.exports import Exports
from s9s_client._sync.http import Http
from s9s_client._sync.jobs import Jobs
from s9s_client._sync.operations import Resources
from s9s_client._sync.reports import Reports
from s9s_client.policy import Policy
from s9s_client.settings import settings_of


class S9SClient(Resources):
    """A client of an S9S server.

    Args:
        base_url: ``https://api.example.com``; by default `S9S_API_URL` of the environment.
        token: A bearer token; by default `S9S_API_TOKEN`, unless there is another credential.
        api_key: An API key instead.
        client_id: OAuth 2.0 client credentials instead: access tokens are fetched and renewed.
        client_secret: Of the same client.
        scope: What its access tokens may do, ``jobs:read jobs:write``; by default all that the client may.
        cert: A client certificate: paths of the certificate and its key, or of one file with both.
        ca: Path of the certificates of who may vouch for the server; by default those of the host.
        timeout: Seconds for each attempt (30).
        max_retries: Repetitions of a request (3); `s9s_client.policy` says which.
        policy: All of that at once.
        transport: What carries the requests, for tests.
    """

    def __init__(
        self,
        base_url: str | None = None,
        token: str | None = None,
        *,
        api_key: str | None = None,
        client_id: str | None = None,
        client_secret: str | None = None,
        scope: str | None = None,
        cert: tuple[str, str] | str | None = None,
        ca: str | None = None,
        timeout: float | None = None,
        max_retries: int | None = None,
        policy: Policy | None = None,
        transport: httpx2.BaseTransport | None = None,
    ) -> None:
        settings = settings_of(base_url, token, api_key, client_id, client_secret, scope, cert, ca)
        policy = policy or Policy()
        if timeout is not None:
            policy = replace(policy, timeout=timeout)
        if max_retries is not None:
            policy = replace(policy, max_retries=max_retries)
        self.http = http = Http(settings, policy, transport)
        super().__init__(http)
        # More than single requests.
        self.jobs: Jobs = Jobs(http)
        self.events: Events = Events(http)
        self.exports: Exports = Exports(http)
        self.reports: Reports = Reports(http)

    def close(self) -> None:
        """Let go of the connections. Closing twice is harmless."""
        self.http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
