"""The OpenAPI 3.0 document, made from the routes' own declarations.

Each route says which structs it takes and answers; msgspec describes those as JSON Schema, and
`schema_30` says the same in the older dialect of OpenAPI 3.0. Why not the framework's own document:
docs/decisions/0002-openapi.md.
"""

from __future__ import annotations

import inspect
import re
import typing
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final

import msgspec
import yaml
from litestar import Response
from litestar.handlers import HTTPRouteHandler
from litestar.params import ParameterKwarg

from s9s import __version__
from s9s.api.errors import ErrorEnvelope
from s9s.api.examples import ERROR_EXAMPLE, REQUEST_EXAMPLES, RESPONSE_EXAMPLES
from s9s.api.parameters import Parameters
from s9s.api.routes import ROOT_ROUTES, V1_ROUTES
from s9s.formats import FORMATS
from s9s.services.access import SCOPES

_DESCRIPTION: Final = """\
REST API for Slurm clusters: one frozen, friendly interface over every Slurm version, acting as the real user.

Every path under `/v1` is served under `/api/v1` too. Times are RFC 3339 UTC; durations are Slurm's notation
(`2:15:30`, `7-00:00:00`, `UNLIMITED`); memory is 1024-based (`128GB`). What Slurm has not set is `null`.

**Credentials**: `Authorization: Bearer TOKEN`, or `X-API-Key: KEY`; programs can get short-lived tokens from
`POST /oauth/token`; where the site has set it up, a TLS client certificate needs neither.

**Errors** all have one shape; `code` is stable, `details` names what is wrong and what is allowed, and
`request_id` equals the `X-Request-ID` header. While Slurm is out of reach, reads are answered from the last
snapshot with an `X-S9S-Warning` header, and writes are 503.

**Rate limits** count the requests of a credential in an hour that begins with its first one: 1,000 for the
tier free, 10,000 for pro, as configured for enterprise. Every authenticated answer says in its `X-RateLimit-`
headers what is left; beyond it, and when too many requests are under way at once, the answer is 429 with
`Retry-After`.
"""

_TAGS: Final = {
    "Jobs": "List, submit, look up and change jobs",
    "Batch operations": "One action on many jobs",
    "Nodes": "List nodes and change their state",
    "Users": "Slurm's users and their associations",
    "Partitions": "Partitions and what is free in them",
    "Metrics": "How busy the cluster is, now and over time",
    "Search": "One question to everything",
    "Reports": "Utilization, efficiency, usage and waits over a period, for people",
    "Credentials": "Who the caller is, and the caller's own credentials",
    "Exports": "Rows as files: CSV, Excel, Parquet and more",
    "Audit": "What was done by whom, for administrators",
    "Live": "Changes as they happen, over WebSockets and Server-Sent Events",
    "Status": "How the server and its clusters are",
}

#: The contract's four, and when to come again; an example for each.
_NUMBER_HEADERS: Final = {
    "X-RateLimit-Limit": ("Requests that the credential may make in a window", 1000),
    "X-RateLimit-Remaining": ("How many of them are left", 897),
    "X-RateLimit-Reset": ("When the window ends, in epoch seconds", 1640995200),
    "X-RateLimit-Window": ("Length of a window in seconds", 3600),
    "Retry-After": ("Seconds after which to try again", 5),
}
_RATE_LIMIT: Final = tuple(name for name in _NUMBER_HEADERS if name.startswith("X-RateLimit-"))

_STATUS_TEXT: Final = {
    "400": "The request is malformed, or a value is not allowed (`INVALID_REQUEST`, `VALIDATION_ERROR`)",
    "401": "No credential, or an invalid one (`AUTHENTICATION_FAILED`)",
    "403": "Slurm, or the credential's scope, says no (`PERMISSION_DENIED`)",
    "404": "No such resource (`RESOURCE_NOT_FOUND`)",
    "409": "The resource's state forbids it (`RESOURCE_CONFLICT`)",
    "416": "The file has no such range (`INVALID_REQUEST`)",
    "429": "Too many requests (`RATE_LIMIT_EXCEEDED`); `Retry-After` says when to try again",
    "500": "Slurm refused unexpectedly (`SLURM_ERROR`), or the server failed (`INTERNAL_ERROR`)",
    "503": "Slurm is out of reach (`SLURM_ERROR`); `Retry-After` says when to try again",
}


class Document:
    """The document as JSON and as YAML, made once."""

    def __init__(self, public_url: str | None = None) -> None:
        self.content: Final = build(public_url)
        self.json: Final = msgspec.json.encode(self.content)

    @property
    def yaml(self) -> str:
        """The same as YAML."""
        return yaml.safe_dump(self.content, sort_keys=False, allow_unicode=True, width=120)


def build(public_url: str | None = None) -> dict[str, Any]:
    """The whole document."""
    routes = [*((f"/v1{path}", route) for path, route in _paths(V1_ROUTES)), *_paths(ROOT_ROUTES)]
    models = {model for _, route in routes for model in _models(route)} | {ErrorEnvelope}
    _, components = msgspec.json.schema_components(
        sorted(models, key=lambda model: model.__name__), ref_template="#/components/schemas/{name}"
    )
    schemas = {name: schema_30(schema) for name, schema in sorted(components.items())}
    schemas[ErrorEnvelope.__name__]["example"] = ERROR_EXAMPLE
    base = (public_url or "").rstrip("/")
    paths: dict[str, dict[str, Any]] = {}
    for path, route in routes:
        clean = re.sub(r":\w+}", "}", path)
        for method in sorted(route.http_methods):
            paths.setdefault(clean, {})[method.lower()] = _operation(route, schemas)
    return {
        "openapi": "3.0.3",
        "info": {
            "title": "S9S REST API",
            "version": __version__,
            "description": _DESCRIPTION,
            "license": {"name": "MIT"},
        },
        "servers": [{"url": public_url or "/", "description": "This server"}],
        "tags": [{"name": name, "description": text} for name, text in _TAGS.items()],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A token from `s9s token create` or `POST /v1/tokens`, an access token of "
                    "`POST /oauth/token`, or one of the site's OpenID Connect provider",
                },
                "apiKey": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "X-API-Key",
                    "description": "An API key, or a token",
                },
                "oauth2": {
                    "type": "oauth2",
                    "description": "OAuth 2.0 for programs; clients are made with `s9s client create`",
                    "flows": {
                        "clientCredentials": {"tokenUrl": f"{base}/oauth/token", "scopes": dict(SCOPES)}
                    },
                },
            },
            "headers": {
                "X-Request-ID": {
                    "description": "Equals `request_id` in errors; taken from the request if it is sane",
                    "schema": {"type": "string"},
                },
                **{
                    name: {"description": text, "schema": {"type": "integer", "example": example}}
                    for name, (text, example) in _NUMBER_HEADERS.items()
                },
            },
        },
        "security": [{"bearer": []}, {"apiKey": []}, {"oauth2": []}],
    }


def _paths(routes: list[HTTPRouteHandler]) -> Iterator[tuple[str, HTTPRouteHandler]]:
    for route in routes:
        for path in sorted(route.paths):
            yield path, route


def _models(route: HTTPRouteHandler) -> Iterator[type[msgspec.Struct]]:
    for model in (_payload(route), _answer(route), *route.opt.get("failures", {}).values()):
        if model is not None:
            yield model


def _payload(route: HTTPRouteHandler) -> type[msgspec.Struct] | None:
    """The struct of the body, which some routes also take as a ``form``."""
    payload: type[msgspec.Struct] | None = route.opt.get("payload") or route.opt.get("form")
    return payload


def _hints(route: HTTPRouteHandler) -> dict[str, Any]:
    return typing.get_type_hints(route.fn, include_extras=True)


def _answer(route: HTTPRouteHandler) -> type[msgspec.Struct] | None:
    """The struct that a route answers with; ``None`` for a document that is no struct."""
    answer = _hints(route)["return"]
    if typing.get_origin(answer) is Response:
        answer = typing.get_args(answer)[0]
    return answer if isinstance(answer, type) and issubclass(answer, msgspec.Struct) else None


def _operation(route: HTTPRouteHandler, schemas: Mapping[str, Any]) -> dict[str, Any]:
    name = route.fn.__name__
    needs_credentials = not route.opt.get("exclude_from_auth")
    operation: dict[str, Any] = {
        "operationId": name,
        "summary": route.summary,
        "description": _text(route.fn.__doc__),
        "tags": list(route.tags or ()),
        "parameters": [
            *_path_parameters(route),
            *_parameters("query", route.opt.get("parameters", Parameters)),
            *_parameters("header", route.opt.get("headers", Parameters)),
        ],
    }
    if not operation["parameters"]:
        del operation["parameters"]
    payload = _payload(route)
    if payload is not None:
        media: dict[str, Any] = {"schema": _reference(payload)}
        if name in REQUEST_EXAMPLES:
            media["example"] = REQUEST_EXAMPLES[name]
        required = bool(schemas[payload.__name__].get("required"))
        content = {"application/json": media}
        if "form" in route.opt:
            content["application/x-www-form-urlencoded"] = {"schema": media["schema"]}
        operation["requestBody"] = {"required": required, "content": content}
    operation["responses"] = _responses(route, schemas, needs_credentials)
    if not needs_credentials:
        operation["security"] = []
    elif scope := route.opt.get("scope"):
        operation["security"] = [{"bearer": []}, {"apiKey": []}, {"oauth2": [scope]}]
    return operation


def _responses(
    route: HTTPRouteHandler, schemas: Mapping[str, Any], needs_credentials: bool
) -> dict[str, Any]:
    name, answer = route.fn.__name__, _answer(route)
    status = str(route.status_code or 200)
    content: dict[str, Any] = {}
    if "file" in route.opt:
        binary = {"schema": {"type": "string", "format": "binary"}}
        content |= {one.media_type: binary for one in FORMATS.values()}
    elif answer is not None:
        content["application/json"] = {"schema": _reference(answer)}
        if name in RESPONSE_EXAMPLES:
            content["application/json"]["example"] = complete(
                RESPONSE_EXAMPLES[name], _reference(answer), schemas
            )
    elif kind := route.opt.get("media"):
        content[kind] = {"schema": {"type": "string"}}
    else:
        kind = "application/yaml" if name.endswith("yaml") else "application/json"
        kind = route.opt.get("media", kind)
        content[kind] = {"schema": {"type": "string" if kind.startswith("text/") else "object"}}
    if "text" in route.opt:
        content["text/plain"] = {"schema": {"type": "string"}}
    if "events" in route.opt:
        content["text/event-stream"] = {"schema": {"type": "string"}}
    headers = _headers(status, needs_credentials)
    success: dict[str, Any] = {"description": _STATUS_OK[status], "headers": headers, "content": content}
    if status == "201":
        headers["Location"] = {"description": "Path of the new resource", "schema": {"type": "string"}}
    errors = ["400", "500", "503"]
    if needs_credentials:
        errors += ["401", "403"]
    if needs_credentials or "POST" in route.http_methods:
        errors.append("429")
    if "{" in next(iter(route.paths)):
        errors.append("404")
    if needs_credentials and route.http_methods & {"DELETE", "PATCH", "PUT", "POST"}:
        errors += ["404", "409"]
    failures: Mapping[str, type[msgspec.Struct]] = route.opt.get("failures", {})
    others: dict[str, Any] = {}
    if "file" in route.opt:
        headers |= _FILE_HEADERS
        others["206"] = success | {"description": "The range that was asked for"}
        others["304"] = {"description": "The client has it already", "headers": _headers("304", True)}
        errors += ["409", "416"]
    return (
        {status: success}
        | others
        | {
            one: {
                "description": _STATUS_TEXT[one],
                "headers": _headers(one, needs_credentials),
                "content": {"application/json": {"schema": _reference(failures.get(one, ErrorEnvelope))}},
            }
            for one in sorted({*errors, *failures})
        }
    )


_FILE_HEADERS: Final = {
    "Content-Disposition": {"description": "Name of the file", "schema": {"type": "string"}},
    "ETag": {"description": "Of the file's content", "schema": {"type": "string"}},
    "Repr-Digest": {"description": "SHA-256 of the whole file (RFC 9530)", "schema": {"type": "string"}},
}
_STATUS_OK: Final = {"200": "Success", "201": "Created"}


def _headers(status: str, needs_credentials: bool) -> dict[str, Any]:
    names = ["X-Request-ID"]
    if needs_credentials and status != "401":
        names += _RATE_LIMIT
    if status in ("429", "503"):
        names.append("Retry-After")
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _path_parameters(route: HTTPRouteHandler) -> Iterator[dict[str, Any]]:
    hints = _hints(route)
    for name in re.findall(r"{(\w+):\w+}", next(iter(route.paths))):
        hint = hints[name]
        description = ""
        if typing.get_origin(hint) is Annotated:
            description = next(
                (one.description or "" for one in hint.__metadata__ if isinstance(one, ParameterKwarg)), ""
            )
        yield {
            "name": name,
            "in": "path",
            "required": True,
            "description": description,
            "schema": {"type": "string", "minLength": 1},
        }


def _parameters(place: str, model: type[msgspec.Struct]) -> Iterator[dict[str, Any]]:
    for field in msgspec.structs.fields(model):
        schema = schema_30(msgspec.json.schema(field.type))
        if "allOf" in schema:
            schema = schema["allOf"][0]
        schema.pop("nullable", None)
        description = schema.pop("description", "")
        if field.default is not None and field.default is not msgspec.NODEFAULT:
            schema["default"] = field.default
        yield {
            "name": field.encode_name,
            "in": place,
            "required": field.required,
            "description": description,
            "schema": schema,
        }


def _reference(model: type[msgspec.Struct]) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{model.__name__}"}


def _text(docstring: str | None) -> str:
    """A docstring as Markdown: without its indentation, a line for each paragraph."""
    return re.sub(r"(?<!\n)\n(?!\n)", " ", inspect.cleandoc(docstring or ""))


def schema_30(schema: Any) -> Any:
    """A JSON Schema of 2020-12 (as msgspec writes it) in the dialect of OpenAPI 3.0.

    ``null`` among alternatives becomes ``nullable``, ``const`` an ``enum`` of one, ``examples`` an
    ``example``, exclusive bounds booleans.
    """
    if isinstance(schema, list):
        return [schema_30(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    result: dict[str, Any] = {}
    for key, value in schema.items():
        if key in ("properties", "patternProperties"):
            result[key] = {name: schema_30(one) for name, one in value.items()}
        elif key == "examples":
            result["example"] = value[0]
        elif key == "const":
            result["enum"] = [value]
        elif key in ("exclusiveMinimum", "exclusiveMaximum"):
            result[key.replace("exclusiveM", "m")], result[key] = value, True
        elif key in ("default", "enum", "example", "required"):
            result[key] = value
        else:
            result[key] = schema_30(value)
    if result.get("required") == []:
        del result["required"]  # 3.0 wants at least one name, or no list
    variants = result.get("anyOf")
    if variants and {"type": "null"} in variants:
        rest = [one for one in variants if one != {"type": "null"}]
        del result["anyOf"]
        if len(rest) > 1:
            result["anyOf"] = rest
        elif "$ref" in rest[0]:
            result["allOf"] = rest
        else:
            result = rest[0] | result
        result["nullable"] = True
        if "enum" in result and None not in result["enum"]:
            result["enum"] = [*result["enum"], None]
    return result


def complete(example: Any, schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> Any:
    """The contract's example with the fields that the contract does not know, so that it meets its schema."""
    while "$ref" in schema or "allOf" in schema:
        reference = schema.get("$ref") or schema["allOf"][0]["$ref"]
        schema = schemas[reference.rsplit("/", 1)[1]]
    if isinstance(example, dict) and "properties" in schema:
        properties = schema["properties"]
        filled = {
            name: complete(example[name], properties[name], schemas)
            if name in example
            else _blank(properties[name])
            for name in properties
            if name in example or name in schema.get("required", ())
        }
        return filled | {name: value for name, value in example.items() if name not in filled}
    if isinstance(example, list) and "items" in schema:
        return [complete(one, schema["items"], schemas) for one in example]
    return example


def _blank(schema: Mapping[str, Any]) -> Any:
    if schema.get("nullable"):
        return None
    blanks: dict[str | None, Any] = {"array": [], "integer": 0, "number": 0, "boolean": False, "object": {}}
    return blanks.get(schema.get("type"), "")
