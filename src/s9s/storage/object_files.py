"""Files that work has made, in S3-compatible storage."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, BinaryIO, Final, cast

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from s9s.storage.files import Writing

#: Bytes of a part of an upload, and of one that is read ahead.
_PART: Final = 8 * 2**20
_READ: Final = 2**20
#: Longest wait for an answer, and for the end of all attempts.
_TIMEOUT: Final = timedelta(seconds=60)
_RETRY: Final = timedelta(seconds=30)


class ObjectFiles:
    """Objects of a bucket. What is being written is an upload in parts: no object until it is committed.

    Args:
        bucket: Its name.
        prefix: What the names of all objects begin with.
        endpoint: Address of the storage; ``None`` is that of AWS.
        region: Of the bucket.
        access_key_id: ``None`` takes the role of the host.
        secret_access_key: Of that key.
    """

    def __init__(
        self,
        bucket: str,
        *,
        prefix: str,
        endpoint: str | None,
        region: str,
        access_key_id: str | None,
        secret_access_key: str | None,
    ) -> None:
        config: dict[str, Any] = {"bucket": bucket, "region": region}
        if endpoint is not None:
            config |= {"endpoint": endpoint, "virtual_hosted_style_request": False}
        if access_key_id is not None:
            config |= {"access_key_id": access_key_id, "secret_access_key": secret_access_key}
        self._store = S3Store(
            **config,
            prefix=prefix.strip("/") or None,
            client_options={"allow_http": (endpoint or "").startswith("http:"), "timeout": _TIMEOUT},
            retry_config={"max_retries": 4, "retry_timeout": _RETRY},
        )

    def create(self, name: str) -> Writing:
        with _translated():
            return _ObjectWriting(obstore.open_writer(self._store, name, buffer_size=_PART))

    def open(self, name: str) -> BinaryIO:
        with _translated():
            return cast("BinaryIO", _Reading(obstore.open_reader(self._store, name, buffer_size=_READ)))

    def delete(self, name: str) -> None:
        try:
            with _translated():
                obstore.delete(self._store, name)
        except FileNotFoundError:
            pass

    def names(self) -> Iterator[tuple[str, float]]:
        with _translated():
            for piece in obstore.list(self._store):
                for one in piece:
                    yield one["path"], one["last_modified"].timestamp()


class _ObjectWriting:
    """An upload. Aborted, its parts stay without an object until the bucket's own rule clears them."""

    def __init__(self, writer: Any) -> None:
        self._writer = writer

    def write(self, data: Any) -> None:
        with _translated():
            self._writer.write(data)

    def commit(self) -> None:
        with _translated():
            self._writer.close()

    def abort(self) -> None:
        self._writer = None


class _Reading:
    """A reader whose pieces are bytes and whose failures are those of files."""

    def __init__(self, reader: Any) -> None:
        self._reader = reader

    def seek(self, offset: int, whence: int = 0) -> int:
        with _translated():
            place: int = self._reader.seek(offset, whence)
            return place

    def read(self, size: int = -1) -> bytes:
        with _translated():
            return bytes(self._reader.read(None if size < 0 else size))

    def close(self) -> None:
        self._reader.close()


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise FileNotFoundError("no such object") from error
    except BaseError as error:
        # Its text can hold addresses and requests: for the log, as the cause.
        raise OSError("the object storage did not do its part") from error
