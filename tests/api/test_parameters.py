"""Query strings and bodies: what is read, and what an error says."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta, Struct

from s9s.api.parameters import MAX_QUERY_BYTES, Parameters, read_body, read_parameters
from s9s.domain.errors import InvalidRequest, S9SError, ValidationError


class Asked(Parameters, frozen=True):
    state: str | None = None
    limit: Annotated[int, Meta(ge=1, le=1000)] = 100
    order: Literal["asc", "desc"] = "desc"
    available: bool | None = None


class Inner(Struct, frozen=True, forbid_unknown_fields=True):
    type: str
    job_id: str | None = None


class Wanted(Struct, frozen=True, forbid_unknown_fields=True):
    script: str
    nodes: Annotated[int, Meta(ge=1)] | None = None
    environment: dict[str, str] = {}
    dependencies: list[Inner] = []


def test_reads_text_numbers_and_truth() -> None:
    asked = read_parameters(Asked, b"state=RUNNING%2CPENDING&limit=5&available=true")
    assert asked == Asked(state="RUNNING,PENDING", limit=5, available=True)


def test_a_repeated_parameter_is_a_comma_list() -> None:
    assert read_parameters(Asked, b"state=RUNNING&state=PENDING").state == "RUNNING,PENDING"


@pytest.mark.parametrize(
    ("query", "parameter", "value"),
    [
        (b"limit=0", "limit", "0"),
        (b"limit=1001", "limit", "1001"),
        (b"limit=ten", "limit", "ten"),
        (b"limit=", "limit", ""),
        (b"order=up", "order", "up"),
        (b"available=perhaps", "available", "perhaps"),
        (b"limt=5", "limt", "5"),
        (b"limit=5&limit=6", "limit", "5,6"),
    ],
)
def test_names_the_parameter_the_value_and_what_is_allowed(query: bytes, parameter: str, value: str) -> None:
    with pytest.raises(ValidationError) as caught:
        read_parameters(Asked, query)
    assert caught.value.details["parameter"] == parameter
    assert caught.value.details["value"] == value
    assert caught.value.details["allowed"]
    assert parameter in caught.value.message


def test_says_which_parameters_there_are() -> None:
    with pytest.raises(ValidationError) as caught:
        read_parameters(Asked, b"x=1")
    assert caught.value.details["allowed"] == ["available", "limit", "order", "state"]


@pytest.mark.parametrize(
    "query", [b"state=%ff", b"state=" + b"x" * MAX_QUERY_BYTES, b"&".join([b"state=a"] * 201)]
)
def test_refuses_what_is_no_query_string(query: bytes) -> None:
    with pytest.raises(InvalidRequest):
        read_parameters(Asked, query)


@pytest.mark.parametrize(
    ("body", "parameter", "value"),
    [
        (b"{}", "script", None),
        (b'{"script": 5}', "script", 5),
        (b'{"script": "x", "nodes": 0}', "nodes", 0),
        (b'{"script": "x", "nodes": "two"}', "nodes", "two"),
        (b'{"script": "x", "node": 1}', "node", 1),
        (b'{"script": "x", "dependencies": [{"type": "afterok"}, {"type": 7}]}', "dependencies.1.type", 7),
        (b'{"script": "x", "environment": {"A": 1}}', "environment", None),
        (b"[]", "body", "list"),
        (b'"text"', "body", "str"),
    ],
)
def test_names_the_field_of_a_body(body: bytes, parameter: str, value: object) -> None:
    with pytest.raises(ValidationError) as caught:
        read_body(Wanted, body)
    details = caught.value.details
    assert str(details["parameter"]).startswith(parameter.split(".", maxsplit=1)[0])
    if value is not None:
        assert details["value"] == value
    assert details["allowed"]


@pytest.mark.parametrize(
    "body",
    [b"{", b'{"script": NaN}', b"\xff", b"[" * 100, b'{"a":' * 50 + b"1" + b"}" * 50, b'{"script": "\xff"}'],
)
def test_refuses_what_is_not_json(body: bytes) -> None:
    with pytest.raises(InvalidRequest):
        read_body(Wanted, body)


def test_brackets_in_text_are_no_nesting() -> None:
    script = "#!/bin/sh\n" + "[[{" * 200
    assert read_body(Wanted, msgspec.json.encode({"script": script})).script == script


def test_an_empty_body_is_an_empty_object() -> None:
    class Optional(Struct, frozen=True):
        reason: str | None = None

    assert read_body(Optional, b"") == Optional()


@given(st.binary(max_size=200))
def test_any_query_string_is_read_or_refused(query: bytes) -> None:
    try:
        assert isinstance(read_parameters(Asked, query), Asked)
    except S9SError as error:
        msgspec.json.encode(dict(error.details))


@given(
    st.binary(max_size=200)
    | st.recursive(st.none() | st.text() | st.integers(), st.lists).map(msgspec.json.encode)
)
def test_any_body_is_read_or_refused(body: bytes) -> None:
    try:
        assert isinstance(read_body(Wanted, body), Wanted)
    except S9SError as error:
        msgspec.json.encode(dict(error.details))
