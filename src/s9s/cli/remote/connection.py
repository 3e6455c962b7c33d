"""The server that commands speak to, and what they say when it refuses."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from pathlib import Path

    import httpx2

F = TypeVar("F", bound=Callable[..., Any])

#: Exit statuses besides 2, click's own for wrong usage.
REFUSED, UNREACHABLE, NOT_LOGGED_IN = 1, 3, 4
DEFAULT_URL = "http://127.0.0.1:8080"
_PAGE = 1000


class Refused(click.ClickException):
    """What a server does not do.

    Args:
        message: For a person.
        error: As the server said it, if it did.
        retry_after: Seconds after which it may do it.
    """

    exit_code = REFUSED

    def __init__(
        self, message: str, error: Mapping[str, Any] | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(message)
        self.error = dict(error or {"code": None, "message": message})
        self.retry_after = retry_after


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
        "--url",
        envvar="S9S_API_URL",
        default=DEFAULT_URL,
        show_default=True,
        help="The server (S9S_API_URL).",
    )(command)


class Server:
    """A server's API.

    Args:
        url: Where it is; it may end in `/api` or `/v1`.
        token: The caller's; ``None`` sends none.
        timeout: Seconds for an answer.
    """

    def __init__(self, url: str, token: str | None, timeout: float = 60) -> None:
        import httpx2

        self.url = url.rstrip("/").removesuffix("/v1")
        if not self.url.startswith(("http://", "https://")):
            raise click.UsageError(f"{url} is no URL of a server: it begins with http:// or https://")
        self._has_token = bool(token)
        headers = {"authorization": f"Bearer {token}"} if token else {}
        self._client = httpx2.Client(base_url=self.url, headers=headers, timeout=timeout)
        #: Of the last answer, in small letters.
        self.headers: Mapping[str, str] = {}
        if (context := click.get_current_context(silent=True)) is not None:
            context.call_on_close(self.close)

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    def ask(
        self,
        method: str,
        path: str,
        *,
        json: object = None,
        headers: Any = None,
        **parameters: Any,
    ) -> Any:
        """The JSON of an answer. Raises `Refused`."""
        given = {key: value for key, value in parameters.items() if value is not None}
        with self._told():
            response = self._client.request(method, path, params=given, json=json, headers=headers)
            self.headers = response.headers
            self._check(response)
            try:
                return response.json()
            except ValueError as error:
                raise Refused("The answer is not JSON; is this an S9S server?") from error

    def all(self, path: str, name: str, limit: int, **parameters: Any) -> tuple[list[dict[str, Any]], int]:
        """The first `limit` rows of a list, page by page, and how many there are. Raises `Refused`."""
        rows: list[dict[str, Any]] = []
        while True:
            size = min(_PAGE, limit - len(rows))
            page = self.ask("GET", path, limit=size, offset=len(rows), **parameters)
            rows += page[name]
            if len(rows) >= limit or not page["has_more"] or not page[name]:
                return rows, page["total"]

    def stream(
        self,
        path: str,
        parameters: Mapping[str, Any],
        headers: Mapping[str, str],
        silence: float | None = None,
    ) -> Iterator[bytes]:
        """What comes, as it comes. Raises `Refused`, also when it breaks off, or after so long a silence."""
        asked = self._client.stream("GET", path, params=parameters, headers=headers, timeout=silence)
        with self._told(), asked as response:
            if response.status_code != 200:
                response.read()
            self._check(response)
            yield from response.iter_bytes()

    def save(self, path: str, target: Path) -> int:
        """Write a file of the server's, whole or not at all; how many bytes it has. Raises `Refused`."""
        part = target.with_name(f"{target.name}.part")
        size = 0
        try:
            with part.open("wb") as file:
                for piece in self.stream(path, {}, {}):
                    size += file.write(piece)
            part.replace(target)
        except OSError as error:
            raise click.ClickException(f"{target}: {error.strerror}") from error
        finally:
            part.unlink(missing_ok=True)
        return size

    @contextmanager
    def _told(self) -> Iterator[None]:
        import httpx2

        try:
            yield
        except (httpx2.InvalidURL, httpx2.UnsupportedProtocol) as error:
            raise click.UsageError(f"{self.url} is no URL of a server: {error}") from error
        except httpx2.TransportError as error:
            why = str(error) or type(error).__name__
            hint = "Is the server running, and S9S_API_URL (or --url) its address?"
            raise Unreachable(f"{self.url} cannot be reached: {why}\n{hint}") from error

    def _check(self, response: httpx2.Response) -> None:
        if response.status_code < 400:
            return
        try:
            error = response.json()["error"]
            text = f"{error['message']} ({error['code']}, {error['request_id']})"
            allowed = error["details"].get("allowed")
        except (ValueError, KeyError, TypeError):
            raise Refused(
                f"The server answers {response.status_code}; is {self.url} an S9S server?"
            ) from None
        if response.status_code == 401:
            what = "is not good (any more)" if self._has_token else "is missing: set S9S_API_TOKEN"
            text += f"\nThe token {what}. Whoever runs the server makes one with: s9s token create"
            raise NotLoggedIn(text, error)
        if allowed:
            text += f"; allowed: {', '.join(map(str, allowed)) if isinstance(allowed, list) else allowed}"
        retry_after = response.headers.get("retry-after", "")
        if retry_after.isdigit():
            text += f"\nTry again in {retry_after} s."
        raise Refused(text, error, float(retry_after) if retry_after.isdigit() else None)
