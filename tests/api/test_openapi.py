"""The OpenAPI document: valid 3.0, complete, and the one that is written down."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import validate

from s9s.api.openapi import Document, schema_30
from s9s.api.routes import V1_ROUTES


@pytest.fixture(scope="module")
def content() -> dict[str, Any]:
    return Document().content


def test_is_a_valid_document(content: dict[str, Any]) -> None:
    assert content["openapi"] == "3.0.3"
    validate(content)


def test_has_every_route(content: dict[str, Any]) -> None:
    named = {operation["operationId"] for item in content["paths"].values() for operation in item.values()}
    assert {route.fn.__name__ for route in V1_ROUTES} <= named


def test_describes_everything(content: dict[str, Any]) -> None:
    for path, item in content["paths"].items():
        for operation in item.values():
            assert operation["summary"], path
            assert operation["description"], path
            for parameter in operation.get("parameters", ()):
                assert parameter["description"], (path, parameter["name"])
            for response in operation["responses"].values():
                assert response["description"], path


def test_is_the_one_that_is_written_down() -> None:
    written = Path(__file__).resolve().parents[2] / "docs/openapi.yaml"
    assert written.read_text() == Document().yaml, "run `make docs`"


@pytest.mark.parametrize(
    ("new", "old"),
    [
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, {"type": "string", "nullable": True}),
        (
            {"anyOf": [{"$ref": "#/x"}, {"type": "null"}]},
            {"allOf": [{"$ref": "#/x"}], "nullable": True},
        ),
        ({"const": 3}, {"enum": [3]}),
        (
            {"type": "integer", "exclusiveMinimum": 0},
            {"type": "integer", "minimum": 0, "exclusiveMinimum": True},
        ),
        ({"type": "string", "examples": ["a", "b"]}, {"type": "string", "example": "a"}),
        ({"properties": {"examples": {"const": 1}}}, {"properties": {"examples": {"enum": [1]}}}),
    ],
)
def test_says_a_schema_in_the_older_dialect(new: dict[str, Any], old: dict[str, Any]) -> None:
    assert schema_30(new) == old
