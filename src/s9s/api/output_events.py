"""Output as Server-Sent Events: messages that say where they end, and whoever was cut off goes on there."""

from __future__ import annotations

import codecs
import re
import time
from typing import Any, Final

import msgspec

from s9s.domain.errors import InvalidRequest
from s9s.domain.instants import format_instant
from s9s.services.jobs.following import Happening, Told
from s9s.services.jobs.marks import Mark
from s9s.services.jobs.output import Stream

#: Without anything to tell, a comment is sent so often, as on `/v1/events`.
HEARTBEAT_SECONDS: Final = 15.0
#: By so much before a place in a file it is known whether that is the same file still.
_SAMPLE_BYTES: Final = 1024
_ID: Final = re.compile(r"([0-9]{1,18})\.([0-9]{1,4})\.([0-9a-f]{32})")


def mark_of(event_id: str) -> Mark | None:
    """The place that the id of an event names; ``None`` for none. Raises `InvalidRequest`."""
    if not event_id:
        return None
    found = _ID.fullmatch(event_id)
    if found is None or not 0 < int(found[2]) <= min(_SAMPLE_BYTES, int(found[1])):
        raise InvalidRequest("Last-Event-ID must be the id of an event of this output")
    return Mark(int(found[1]), int(found[2]), found[3])


class OutputMessages:
    """What is told of a file, as events. A character that comes in two pieces is in one event.

    Args:
        job_id: Whose file it is.
        stream: Which of its files.
    """

    def __init__(self, job_id: str, stream: Stream) -> None:
        self._job_id = job_id
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._recent = b""

    def of(self, told: Told) -> bytes:
        """The events; empty for a piece that is not yet a character."""
        match told.what:
            case Happening.APPEND:
                self._recent = (self._recent + told.content)[-2 * _SAMPLE_BYTES :]
                text = self._decoder.decode(told.content)
                # What the decoder holds back is told, and counted, with the next piece.
                held = len(self._decoder.getstate()[0])
                end = told.offset + len(told.content) - held
                sample = self._recent[: len(self._recent) - held][-_SAMPLE_BYTES:]
                mark = Mark.after(end, sample)
                place = f"{mark.offset}.{mark.length}.{mark.digest}"
                return self._message(told.what, {"content": text}, place) if text else b""
            case Happening.TRUNCATE:
                self._decoder.reset()
                self._recent = b""
                return self._message(told.what, {}, "")
            case Happening.END:
                rest = self._decoder.decode(b"", final=True)
                job = told.job
                data = {
                    "size": told.offset,
                    "state": job.state.value if job else None,
                    "exit_code": job.exit_code if job else None,
                    "reason": told.reason,
                }
                # Nobody is to come back for half a character unless there may be another half.
                last = self._message(Happening.APPEND, {"content": rest}) if rest and job else b""
                return last + self._message(told.what, data)

    def _message(self, what: Happening, data: dict[str, Any], event_id: str | None = None) -> bytes:
        message = {
            "channel": "output",
            "action": what.value,
            "resource_id": self._job_id,
            "timestamp": format_instant(int(time.time())),
            "data": {"stream": self._stream, **data},
        }
        place = b"" if event_id is None else b"id: %b\n" % event_id.encode()
        return place + b"event: %b\ndata: %b\n\n" % (what.value.encode(), msgspec.json.encode(message))
