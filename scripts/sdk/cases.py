"""A conformance case for every route that has none, made of the document's examples: to be looked at."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Final

import yaml

from scripts.sdk.model import ROOT, Api, Operation
from scripts.sdk.shape import OMITTED

DIRECTORY: Final = ROOT / "tests/conformance"
_PATHS: Final = {"job_id": "12345", "node_name": "node001", "username": "alice"}


def missing(api: Api) -> list[Operation]:
    """Routes without a case."""
    known = {
        (case["call"]["resource"], case["call"]["verb"])
        for path in DIRECTORY.glob("*.json")
        for case in json.loads(path.read_text())
    }
    return [one for one in api.operations if (one.resource, one.verb) not in known]


def add_missing(api: Api) -> list[Path]:
    """Write a case for each of them into the file of its resource."""
    document = yaml.safe_load((ROOT / "docs/openapi.yaml").read_text())
    written = []
    for operation in missing(api):
        path = DIRECTORY / f"{operation.resource}.json"
        cases = json.loads(path.read_text()) if path.exists() else []
        cases.append(_case(operation, document))
        path.write_text(json.dumps(cases, indent=2) + "\n")
        written.append(path)
    return written


def _case(operation: Operation, document: dict[str, Any]) -> dict[str, Any]:
    schemas = document["components"]["schemas"]
    asked = document["paths"][operation.path][operation.method.lower()]
    path = [_PATHS.get(name, f"{name}-1") for name in operation.parameters]
    call: dict[str, Any] = {"resource": operation.resource, "verb": operation.verb}
    request: dict[str, Any] = {"method": operation.method, "path": operation.template.format(*path)}
    if path:
        call["path"] = path
    arguments: dict[str, Any] = {}
    if operation.query:
        for one in asked["parameters"]:
            if one["in"] == "query" and one["name"] not in OMITTED.get(operation.id, ()):
                arguments[one["name"]] = _value(one["schema"], schemas, is_input=True)
        request["query"] = {name: _text(value) for name, value in arguments.items()}
    if operation.body is not None:
        media = asked["requestBody"]["content"]["application/json"]
        body = {**_value(media["schema"], schemas, is_input=True), **media.get("example", {})}
        arguments |= body
        request["body"] = dict(body)
    if operation.has_key:
        arguments["idempotency_key"] = "key-1"
        request["headers"] = {"Idempotency-Key": "key-1"}
    if arguments:
        call["arguments"] = arguments
    status = next(status for status in asked["responses"] if status in ("200", "201"))
    reply: dict[str, Any] = {"status": int(status)}
    case = {"name": f"{operation.resource}.{operation.verb}", "call": call}
    content = asked["responses"][status].get("content", {})
    if operation.returns.kind in ("text", "bytes"):
        reply["text"] = value = "text\n"
    else:
        media = content["application/json"]
        value = media.get("example") or _value(media["schema"], schemas)
        reply["body"] = value
        case["returns"] = operation.returns.name if operation.returns.kind == "model" else "*"
    return {**case, "exchanges": [{"request": request, "reply": reply}], "value": value}


def _value(schema: dict[str, Any], schemas: dict[str, Any], *, is_input: bool = False) -> Any:
    while "allOf" in schema:
        schema = schema["allOf"][0]
    if "$ref" in schema:
        return _value(schemas[schema["$ref"].rsplit("/", 1)[1]], schemas, is_input=is_input)
    if "example" in schema:
        return schema["example"]
    if schema.get("default") not in (None, [], {}, False, 0) and not isinstance(schema["default"], dict):
        return schema["default"]
    if "enum" in schema:
        return schema["enum"][0]
    if "anyOf" in schema:
        return "text"
    match schema.get("type"):
        case "string":
            return "text"
        case "integer":
            return max(schema.get("minimum", 1), 1)
        case "number":
            return 0.5
        case "boolean":
            return True
        case "array":
            return [_value(schema.get("items") or {}, schemas, is_input=is_input)]
        case "object" if "properties" in schema:
            properties = schema["properties"].items()
            return {name: _value(one, schemas, is_input=is_input) for name, one in properties}
        case "object" if isinstance(schema.get("additionalProperties"), dict):
            return {"SOME_KEY": _value(schema["additionalProperties"], schemas, is_input=is_input)}
        case "object":
            return {"some_key": 1}
    return "text"


def _text(value: Any) -> str:
    return re.sub("^(True|False)$", lambda found: found[0].lower(), str(value))
