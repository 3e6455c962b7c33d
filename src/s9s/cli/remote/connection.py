"""The server that commands speak to, and what they say when it refuses."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    import httpx2

F = TypeVar("F", bound=Callable[..., Any])

#: Exit statuses besides 2, click's own for wrong usage.
REFUSED, UNREACHABLE, NOT_LOGGED_IN = 1, 3, 4
_PAGE = 1000


class Refused(click.ClickException):
    """What a server does not do."""

    exit_code = REFUSED


class NotLoggedIn(Refused):
    """The server does not know who asks."""

    exit_code = NOT_LOGGED_IN


class Unreachable(Refused):
    """There is no server, or it is gone."""

    exit_code = UNREACHABLE


def remote(command: F) -> F:
    """The options that say which server: parameters `url` and `token`, from the environment by default."""
    command = click.option(
        "--token",
        envvar="S9S_API_TOKEN",
        help="Token of yours (S9S_API_TOKEN; better there: others see options).",
    )(command)
    return click.option(
        "--url", envvar="S9S_API_URL", default="http://127.0.0.1:8080", show_default=True,
        help="The server (S9S_API_URL).",
    )(command)  # fmt: skip


class Server:
    """A server's API.

    Args:
        url: Where it is.
        token: The caller's; ``None`` sends none.
    """

    def __init__(self, url: str, token: str | None) -> None:
        import httpx2

        self._url = url.rstrip("/")
        headers = {"authorization": f"Bearer {token}"} if token else {}
        self._client = httpx2.Client(base_url=self._url, headers=headers, timeout=60)
        click.get_current_context().call_on_close(self._client.close)

    def ask(
        self,
        method: str,
        path: str,
        *,
        json: object = None,
        headers: Mapping[str, str] | None = None,
        **parameters: Any,
    ) -> Any:
        """The JSON of an answer. Raises `Refused`."""
        given = {key: value for key, value in parameters.items() if value is not None}
        with self._told():
            response = self._client.request(method, path, params=given, json=json, headers=headers)
            _check(response)
            return response.json()

    def all(self, path: str, name: str, limit: int, **parameters: Any) -> list[dict[str, Any]]:
        """The first `limit` rows of a list, page by page. Raises `Refused`."""
        rows: list[dict[str, Any]] = []
        while len(rows) < limit:
            size = min(_PAGE, limit - len(rows))
            page = self.ask("GET", path, limit=size, offset=len(rows), **parameters)
            rows += page[name]
            if not page["has_more"] or not page[name]:
                break
        return rows

    def stream(self, path: str, parameters: Mapping[str, Any], headers: Mapping[str, str]) -> Iterator[bytes]:
        """What comes, as it comes. Raises `Refused`, also when it breaks off."""
        asked = self._client.stream("GET", path, params=parameters, headers=headers, timeout=None)
        with self._told(), asked as response:
            if response.status_code != 200:
                response.read()
            _check(response)
            yield from response.iter_bytes()

    @contextmanager
    def _told(self) -> Iterator[None]:
        import httpx2

        try:
            yield
        except httpx2.InvalidURL as error:
            raise click.UsageError(f"{self._url} is no URL of a server: {error}") from error
        except httpx2.TransportError as error:
            raise Unreachable(f"{self._url} cannot be reached: {error}") from error


def _check(response: httpx2.Response) -> None:
    if response.status_code < 400:
        return
    try:
        error = response.json()["error"]
        text = f"{error['message']} ({error['code']}, {error['request_id']})"
        allowed = error["details"].get("allowed")
    except (ValueError, KeyError, TypeError):
        text, allowed = f"The server answers {response.status_code}; is this an S9S server?", None
    if allowed:
        text += f"; allowed: {', '.join(map(str, allowed)) if isinstance(allowed, list) else allowed}"
    raise NotLoggedIn(text) if response.status_code == 401 else Refused(text)
