"""Answers of HTTP/1.1: whole however they are cut, and refused when they are none."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise, repeat
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s9s.backends.slurmrestd import answers
from s9s.backends.slurmrestd.answers import Answer, Failed, Response, TooLarge

CHUNKED: Final = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
#: What comes, whether the connection may be used again, and the answer.
WHOLE: Final = {
    "length": (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", True, Response(200, b"hello")),
    "no body": (b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", True, Response(200, b"")),
    "chunks": (
        CHUNKED + b"3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\nTrailer: t\r\n\r\n",
        True,
        Response(200, b"hello"),
    ),
    "100 and 103 before it": (
        (
            b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
            b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
        ),
        True,
        Response(200, b"hello"),
    ),
    "304": (b"HTTP/1.1 304 Not Modified\r\n\r\n", True, Response(304, b"")),
    "304 with the length of what has not changed": (
        b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n",
        True,
        Response(304, b""),
    ),
    "204": (b"HTTP/1.1 204 No Content\r\n\r\n", True, Response(204, b"")),
    "close": (
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}",
        False,
        Response(200, b"{}"),
    ),
    "HTTP/1.0": (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}", False, Response(200, b"{}")),
    # 26.05 sends some errors twice.
    "error": (
        b"HTTP/1.1 422 Unprocessable\r\nContent-Length: 2\r\n\r\n{}",
        False,
        Response(422, b"{}"),
    ),
}
#: Complete when the connection ends, not before.
TO_THE_END: Final = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\nhello"

whole = pytest.mark.parametrize(("raw", "keeps", "response"), WHOLE.values(), ids=WHOLE)


def cut(raw: bytes, at: list[int]) -> list[bytes]:
    """The bytes in pieces, cut before each of these positions."""
    marks = [0, *sorted({mark % len(raw) for mark in at}), len(raw)]
    return [raw[start:end] for start, end in pairwise(marks) if start < end]


def feed(answer: Answer, pieces: Iterable[bytes]) -> None:
    """All of the pieces, and then the end of the connection."""
    for piece in pieces:
        answer.feed(piece)
    answer.end()


@whole
@given(at=st.lists(st.integers(0, 1000)))
def test_an_answer_is_the_same_however_it_is_cut(
    raw: bytes, keeps: bool, response: Response, at: list[int]
) -> None:
    answer = Answer()
    *first, last = cut(raw, at)
    for piece in first:
        answer.feed(piece)
        assert not answer.is_complete
    answer.feed(last)
    assert answer.is_complete
    assert answer.keeps_connection == keeps
    answer.end()
    assert answer.take() == response


@whole
@given(at=st.integers(1, 1000))
def test_an_answer_that_is_cut_short_is_none(raw: bytes, keeps: bool, response: Response, at: int) -> None:
    answer = Answer()
    answer.feed(raw[: at % (len(raw) - 1) + 1][:-1])
    assert not answer.is_complete
    with pytest.raises(Failed, match="closed") as caught:
        answer.end()
    assert not caught.value.never_sent


@given(at=st.lists(st.integers(0, 1000)))
def test_the_end_of_the_connection_may_be_that_of_the_answer(at: list[int]) -> None:
    answer = Answer()
    for piece in cut(TO_THE_END, at):
        answer.feed(piece)
    assert not answer.is_complete
    answer.end()
    assert answer.is_complete
    assert not answer.keeps_connection
    assert answer.take() == Response(200, b"hello")


@whole
@given(more=st.one_of(st.sampled_from([raw for raw, *_ in WHOLE.values()]), st.binary(min_size=1)), apart=...)
def test_what_comes_after_an_answer_is_not_in_it(
    raw: bytes, keeps: bool, response: Response, more: bytes, apart: bool
) -> None:
    answer = Answer()
    for piece in [raw, more] if apart else [raw + more]:
        answer.feed(piece)
    assert answer.is_complete
    if more.strip(b"\r\n"):
        assert not answer.keeps_connection
    assert answer.take() == response


@given(st.lists(st.binary()))
def test_nonsense_is_no_answer(pieces: list[bytes]) -> None:
    with pytest.raises(Failed):
        feed(Answer(), pieces)


@pytest.mark.parametrize(
    "raw",
    [
        b"<html>",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
        CHUNKED + b"zz\r\n",
        CHUNKED + b"1\r\nabc\r\n",
    ],
)
def test_what_is_no_http_is_refused(raw: bytes) -> None:
    with pytest.raises(Failed, match="not HTTP"):
        Answer().feed(raw)


@pytest.mark.parametrize(
    "begin",
    [
        b"HTTP/1.1 200 OK\r\nX: ",
        b"HTTP/1.1 100 Continue\r\nX: ",
        CHUNKED + b"1;x=",
        CHUNKED + b"1\r\na\r\n0\r\nX: ",
    ],
)
def test_headers_and_their_like_are_bounded(begin: bytes) -> None:
    answer = Answer()
    answer.feed(begin)
    for _ in range(answers.MAX_HEAD_BYTES // 1000 - 1):
        answer.feed(b"x" * 1000)
    with pytest.raises(Failed, match="headers"):
        feed(answer, [b"x" * 1000] * 2)


def test_interim_answers_are_bounded_together() -> None:
    with pytest.raises(Failed, match="headers"):
        feed(Answer(), repeat(b"HTTP/1.1 100 Continue\r\n\r\n"))


def test_a_body_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "MAX_ANSWER_BYTES", 1000)
    for begin in (b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n"):
        answer = Answer()
        answer.feed(begin + b"x" * 1000)
        with pytest.raises(TooLarge):
            answer.feed(b"x")


def test_a_large_body_of_small_chunks_is_no_header() -> None:
    answer = Answer()
    answer.feed(CHUNKED)
    for _ in range(answers.MAX_HEAD_BYTES):
        answer.feed(b"1\r\nx\r\n")
    answer.feed(b"0\r\n\r\n")
    assert answer.take() == Response(200, b"x" * answers.MAX_HEAD_BYTES)
