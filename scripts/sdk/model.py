"""The OpenAPI document as what the clients are made of."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from scripts.sdk.shape import ALIASES, OMITTED, STREAMS, model_name, place_of

ROOT: Final = Path(__file__).parents[2]


@dataclass(frozen=True)
class Type:
    """A type: `kind` is str, int, float, bool, any, enum, scalar (text or number), list, map or model."""

    kind: str
    of: Type | None = None
    name: str = ""
    values: tuple[str, ...] = ()


@dataclass(frozen=True)
class Field:
    """A field of a model, of a body or of a query."""

    name: str
    type: Type
    nullable: bool = False
    required: bool = False
    default: Any = None
    minimum: int | None = None
    doc: str = ""


@dataclass(frozen=True)
class Model:
    name: str
    doc: str
    fields: tuple[Field, ...]


@dataclass(frozen=True)
class Operation:
    """A route. `returns` is a model, or the kind text, bytes or any."""

    id: str
    resource: str
    verb: str
    method: str
    path: str
    parameters: tuple[str, ...]
    query: tuple[Field, ...]
    body: tuple[Field, ...] | None
    returns: Type
    rows: Field | None
    """The one list of a page, if the answer is a page."""
    has_key: bool
    """Whether it takes an `Idempotency-Key`."""
    doc: str

    @property
    def is_stream(self) -> bool:
        """Whether its answer has no end, and its method is written by hand."""
        return self.id in STREAMS

    @property
    def template(self) -> str:
        """The path with ``{}`` for each parameter."""
        return re.sub(r"{\w+}", "{}", self.path)


@dataclass
class Api:
    models: list[Model] = field(default_factory=list)
    operations: list[Operation] = field(default_factory=list)

    @property
    def resources(self) -> dict[str, list[Operation]]:
        """Operations by resource, in the order of the document."""
        found: dict[str, list[Operation]] = {}
        for one in self.operations:
            found.setdefault(one.resource, []).append(one)
        return found


def read(document: Path = ROOT / "docs/openapi.yaml") -> Api:
    """The document. Raises `LookupError` where something in it has no name in the clients."""
    content = yaml.load(document.read_text(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    schemas = content["components"]["schemas"]
    api = Api()
    used: set[str] = set()
    for path, methods in content["paths"].items():
        for method, operation in methods.items():
            if operation["operationId"] in ALIASES:
                continue
            api.operations.append(_operation(method.upper(), path, operation, schemas, used))
    places = [(one.resource, one.verb) for one in api.operations]
    if len(set(places)) < len(places):
        raise LookupError(f"two operations are called {[one for one in places if places.count(one) > 1]}")
    done: dict[str, str] = {}
    while pending := sorted(used - done.keys()):
        for schema in pending:
            name = model_name(schema)
            if name in done.values():
                raise LookupError(f"two schemas are called {name}: scripts/sdk/shape.py has the names")
            done[schema] = name
            api.models.append(Model(name, _sentence(schemas[schema]), _fields(schemas[schema], used)))
    api.models.sort(key=lambda model: model.name)
    return api


def _operation(
    method: str, path: str, operation: dict[str, Any], schemas: dict[str, Any], used: set[str]
) -> Operation:
    name = operation["operationId"]
    resource, verb = place_of(name)
    parameters = operation.get("parameters", [])
    query = tuple(
        _field(one["name"], one["schema"], one["required"], used, one.get("description", ""))
        for one in parameters
        if one["in"] == "query" and one["name"] not in OMITTED.get(name, ())
    )
    body = None
    if "requestBody" in operation:
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        body = _fields(schemas[schema["$ref"].rsplit("/", 1)[1]], used)
    returns, rows = _answer(operation, schemas, used)
    return Operation(
        id=name,
        resource=resource,
        verb=verb,
        method=method,
        path=path,
        parameters=tuple(one["name"] for one in parameters if one["in"] == "path"),
        query=query,
        body=body,
        returns=returns,
        rows=rows,
        has_key=any(one["name"] == "Idempotency-Key" for one in parameters),
        doc=operation.get("description") or operation.get("summary", ""),
    )


def _answer(operation: dict[str, Any], schemas: dict[str, Any], used: set[str]) -> tuple[Type, Field | None]:
    content = next(
        answer.get("content", {})
        for status, answer in operation["responses"].items()
        if status in ("200", "201")
    )
    if "application/json" not in content:
        is_text = any(kind.startswith("text/") or kind == "application/yaml" for kind in content)
        return Type("text" if is_text and len(content) == 1 else "bytes"), None
    schema = content["application/json"]["schema"]
    if schema.get("format") == "binary":
        return Type("bytes"), None
    kind = _type(schema, used)
    if kind.kind != "model":
        return Type("any"), None
    fields = _fields(schemas[schema["$ref"].rsplit("/", 1)[1]], set())
    rows = [one for one in fields if one.type.kind == "list"]
    is_page = any(one.name == "has_more" for one in fields) and len(rows) == 1
    return kind, rows[0] if is_page else None


def _fields(schema: dict[str, Any], used: set[str]) -> tuple[Field, ...]:
    required = schema.get("required", ())
    return tuple(
        _field(name, one, name in required, used, one.get("description", ""))
        for name, one in schema.get("properties", {}).items()
    )


def _field(name: str, schema: dict[str, Any], required: bool, used: set[str], doc: str) -> Field:
    return Field(
        name=name,
        type=_type(schema, used),
        nullable=bool(schema.get("nullable")),
        required=required,
        default=schema.get("default"),
        minimum=schema.get("minimum"),
        doc=" ".join(doc.split()),
    )


def _type(schema: dict[str, Any], used: set[str]) -> Type:
    while "allOf" in schema:
        schema = schema["allOf"][0]
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        used.add(name)
        return Type("model", name=model_name(name))
    if "enum" in schema:
        values = tuple(one for one in schema["enum"] if one is not None)
        return Type("enum", values=values) if all(isinstance(one, str) for one in values) else Type("any")
    if "anyOf" in schema:
        kinds = {one.get("type") for one in schema["anyOf"]}
        return Type("scalar") if kinds <= {"string", "integer", "number"} else Type("any")
    match schema.get("type"):
        case "string":
            return Type("str")
        case "integer":
            return Type("int")
        case "number":
            return Type("float")
        case "boolean":
            return Type("bool")
        case "array":
            return Type("list", of=_type(schema.get("items") or {}, used))
        case "object" if isinstance(schema.get("additionalProperties"), dict):
            return Type("map", of=_type(schema["additionalProperties"], used))
        case "object":
            return Type("map", of=Type("any"))
    return Type("any")


def _sentence(schema: dict[str, Any]) -> str:
    return " ".join((schema.get("description") or "").split("\n\n")[0].split())
