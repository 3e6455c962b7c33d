"""`/v1/openapi.json` and `.yaml`: valid OpenAPI 3.0, complete, and true."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from openapi_spec_validator import OpenAPIV30SpecValidator

from tests.contract.document import blocks, routes
from tests.contract.examples import ELSEWHERE
from tests.contract.rules import STATUS_OF_CODE
from tests.contract.serving import Caller, Server

METHODS = {"get", "put", "post", "delete", "patch", "head", "options"}
SHOWN = {
    (route.method.lower(), route.url)
    for one in blocks()
    if one.language == "http" and not {one.section, one.title} & set(ELSEWHERE)
    for route in routes(one)
}


@pytest.fixture
def document(alice: Caller) -> dict[str, Any]:
    """The document as JSON."""
    return dict(alice.read("/v1/openapi.json"))


@pytest.fixture
def operations(document: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    """By method and path, with the shared parameters of the path."""
    return {
        (method, path): operation
        | {"parameters": [*item.get("parameters", []), *operation.get("parameters", [])]}
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method in METHODS
    }


def test_is_valid_openapi_3_0(document: dict[str, Any]) -> None:
    assert re.fullmatch(r"3\.0\.\d", document["openapi"])
    OpenAPIV30SpecValidator(document).validate()


def test_the_yaml_is_the_same_document(alice: Caller, document: dict[str, Any]) -> None:
    response = alice.get("/v1/openapi.yaml")
    assert response.status_code == 200
    assert "yaml" in response.headers["Content-Type"]
    assert yaml.safe_load(response.text) == document
    assert list(yaml.safe_load(response.text)["paths"]) == list(document["paths"])


def test_needs_no_credentials(server: Server) -> None:
    with server.caller(None) as nobody:
        assert nobody.get("/v1/openapi.json").status_code == 200


def test_has_every_route_that_is_served(operations: dict[tuple[str, str], Any]) -> None:
    for method, path in SHOWN:
        path = path.replace("{node_name}", "{}").replace("{job_id}", "{}").replace("{username}", "{}")
        known = {(verb, re.sub(r"\{\w+\}", "{}", name)) for verb, name in operations}
        assert (method, path) in known, (method, path)


def test_has_no_route_that_is_not_served(server: Server, operations: dict[tuple[str, str], Any]) -> None:
    with server.caller(None) as nobody:
        for method, path in operations:
            response = nobody.request(method.upper(), re.sub(r"\{\w+\}", "1", path))
            # Where one gets a credential none is needed, and nothing was sent to read.
            expected = (400, 401) if path.startswith(("/oauth/", "/v1/login")) else (200, 401)
            assert response.status_code in expected, (method, path, response.status_code)


def test_every_operation_is_described(operations: dict[tuple[str, str], dict[str, Any]]) -> None:
    ids = [operation["operationId"] for operation in operations.values()]
    assert len(ids) == len(set(ids))
    for (method, path), operation in operations.items():
        assert operation.get("summary"), (method, path)
        assert operation.get("description"), (method, path)
        assert operation.get("tags"), (method, path)
        for parameter in operation["parameters"]:
            assert parameter.get("description"), (method, path, parameter["name"])


def test_every_error_is_documented_where_it_can_happen(
    document: dict[str, Any], operations: dict[tuple[str, str], dict[str, Any]]
) -> None:
    statuses = {str(status) for allowed in STATUS_OF_CODE.values() for status in allowed} | {"200", "201"}
    for (method, path), operation in operations.items():
        # Ranges of a file and what a client has of it already, as HTTP says it.
        further = {"206", "304", "416"} if path.endswith("/download") else set()
        assert set(operation["responses"]) <= statuses | further, (method, path)
        if operation.get("security", document.get("security")):
            assert "401" in operation["responses"], (method, path)
        if "{" in path:
            assert "404" in operation["responses"], (method, path)
        if method != "get" and path.startswith("/v1/") and operation.get("security") != []:
            assert {"400", "403", "503"} <= set(operation["responses"]), (method, path)


def test_has_the_parameters_of_the_contract(operations: dict[tuple[str, str], dict[str, Any]]) -> None:
    expected = {
        ("get", "/v1/jobs"): {"state", "user", "partition", "limit", "offset", "sort", "order"},
        ("delete", "/v1/jobs/{job_id}"): {"signal", "force"},
        ("get", "/v1/jobs/{job_id}/output"): {"lines", "offset", "length", "follow"},
        ("get", "/v1/nodes"): {"state", "partition", "features", "available", "limit", "offset", "sort"},
        ("get", "/v1/users"): {"limit", "offset", "sort", "order"},
        ("get", "/v1/partitions"): {"limit", "offset", "sort", "order"},
    }
    for operation, names in expected.items():
        assert names <= {parameter["name"] for parameter in operations[operation]["parameters"]}, operation
    limit = next(one for one in operations["get", "/v1/jobs"]["parameters"] if one["name"] == "limit")
    assert (limit["schema"]["minimum"], limit["schema"]["maximum"], limit["schema"]["default"]) == (
        1,
        1000,
        100,
    )


def test_names_the_security_schemes(document: dict[str, Any]) -> None:
    schemes = document["components"]["securitySchemes"].values()
    assert any(scheme["type"] == "http" and scheme["scheme"].lower() == "bearer" for scheme in schemes)


def test_shows_the_contracts_examples(document: dict[str, Any]) -> None:
    """Whole, or with more fields than the contract has."""
    shown = list(_objects(document))
    for one in blocks():
        if one.language == "json" and not {one.section, one.title} & set(ELSEWHERE):
            assert any(_holds(value, one.json()) for value in shown), one.name


def test_no_schema_is_left_open(document: dict[str, Any]) -> None:
    """An object says which fields it has, and a field what it is."""
    kinds = {"type", "$ref", "allOf", "oneOf", "anyOf", "enum"}
    for name, schema in document["components"]["schemas"].items():
        if schema.get("type") == "object":
            assert schema.get("properties") or "additionalProperties" in schema, name
        for field, inner in schema.get("properties", {}).items():
            assert inner.keys() & kinds, (name, field)


def _holds(value: Any, shown: Any) -> bool:
    if isinstance(shown, dict):
        return isinstance(value, dict) and all(
            key in value and _holds(value[key], inner) for key, inner in shown.items()
        )
    if isinstance(shown, list):
        return isinstance(value, list) and len(value) == len(shown) and all(map(_holds, value, shown))
    return bool(value == shown)


def _objects(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from _objects(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _objects(inner)
