"""Query strings and bodies to typed structs; errors name the field, the bad value and what is allowed.

A route says what it takes with msgspec structs (`Parameters` for the query string, any struct for
the body); the OpenAPI document is made from the same structs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any, Final, TypeVar
from urllib.parse import parse_qsl

import msgspec
from msgspec import Struct

from s9s.domain.errors import InvalidRequest, ValidationError

S = TypeVar("S", bound=Struct)

MAX_QUERY_BYTES: Final = 16_384
MAX_FIELDS: Final = 200
MAX_DEPTH: Final = 32


class Parameters(Struct, frozen=True, forbid_unknown_fields=True):
    """No query parameters; the base of those that have some."""


def read_parameters(model: type[S], query_string: bytes) -> S:
    """The query string as `model`.

    A parameter that is given several times counts as a comma list. Raises `ValidationError` for
    unknown names and bad values, `InvalidRequest` for what is no query string.
    """
    if not query_string:
        return convert({}, model, strict=False)
    given = read_pairs(query_string)
    known = _names(model)
    for name, value in given.items():
        if name not in known:
            shown = _printable(name)
            raise ValidationError.of(shown, value, sorted(known), f"Unknown parameter: {shown}")
    return convert(given, model, strict=False)


def read_headers(model: type[S], headers: Mapping[str, str]) -> S:
    """The request's own headers as `model`; others are none of its business. Raises `ValidationError`."""
    given = {name: headers[name] for name in _names(model) if name in headers}
    return convert(given, model, strict=False)


def read_pairs(query_string: bytes) -> dict[str, str]:
    """The query string's names and values. Raises `InvalidRequest`, `ValidationError`."""
    if len(query_string) > MAX_QUERY_BYTES:
        raise InvalidRequest(f"The query string is longer than {MAX_QUERY_BYTES} bytes")
    given: dict[str, str] = {}
    for name, value in _pairs(query_string):
        if "\0" in value:
            raise ValidationError.of(_printable(name), _printable(value), "text without NUL")
        given[name] = f"{given[name]},{value}" if name in given else value
    return given


@cache
def _names(model: type[Struct]) -> frozenset[str]:
    """What the fields are called on the wire. msgspec looks all their types up anew whenever it is asked."""
    return frozenset(field.encode_name for field in msgspec.structs.fields(model))


def _pairs(query_string: bytes) -> list[tuple[str, str]]:
    try:
        # Most clients encode the commas of lists, and nothing else.
        text = query_string.decode("ascii").replace("%2C", ",")
        if "%" in text or "+" in text:
            return parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS)
        fields = [field for field in text.split("&") if field]
    except ValueError as error:
        raise InvalidRequest("The query string is not valid percent-encoded UTF-8") from error
    if len(fields) > MAX_FIELDS:
        raise InvalidRequest(f"The query string has more than {MAX_FIELDS} fields")
    # Nothing to decode: a tenth of the time of the general way.
    return [(name, value) for name, _, value in (field.partition("=") for field in fields)]


def read_body(model: type[S], raw: bytes) -> S:
    """A JSON body as `model`. Raises `InvalidRequest` when it is not JSON, else `ValidationError`.

    An empty body counts as ``{}``, so that routes whose every field is optional need none.
    """
    if not raw.strip():
        raw = b"{}"
    if _depth(raw) > MAX_DEPTH:
        raise InvalidRequest(f"The body is nested more than {MAX_DEPTH} levels deep")
    try:
        value = msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise InvalidRequest(f"The body is not valid JSON: {error}") from error
    if not isinstance(value, dict):
        raise ValidationError.of(
            "body", type(value).__name__, "a JSON object", "The body must be a JSON object"
        )
    return convert(value, model, strict=True)


def convert(value: dict[str, Any], model: type[S], *, strict: bool = False) -> S:
    """Decoded fields as `model`; not `strict`, text will do for other types. Raises `ValidationError`."""
    try:
        return msgspec.convert(value, model, strict=strict)
    except msgspec.ValidationError as error:
        raise _explain(str(error), value, model) from error


_PATH: Final = re.compile(r"^(?P<what>.*?)(?: - at `(?:key in )?\$(?P<path>.*)`)?$", re.DOTALL)
_STEP: Final = re.compile(r"\.([^.\[\]]+)|\[(\d+|\.\.\.)\]")


def _explain(text: str, value: dict[str, Any], model: type[Struct]) -> ValidationError:
    """Msgspec's one-line text as an error with the field, its value and what is allowed."""
    match = _PATH.match(text)
    assert match is not None
    what, path = match["what"], match["path"] or ""
    steps = [name or index for name, index in _STEP.findall(path)]
    field = re.search(r"(unknown|required) field `([^`]*)`", what)
    if field:
        parameter = ".".join([*steps, field[2]])
        nested = _nested(model, steps)
        names = sorted(_names(nested)) if nested else "no such field"
        if field[1] == "unknown":
            return ValidationError.of(
                parameter, _at(value, [*steps, field[2]]), names,
                f"Unknown field: {parameter}",
            )  # fmt: skip
        return ValidationError.of(parameter, None, "this field is required", f"Missing field: {parameter}")
    parameter = ".".join(steps) or "body"
    bad = _at(value, steps)
    return ValidationError.of(
        parameter, bad, _allowed(what, parameter, model), f"Invalid value for {parameter}: {what}"
    )


def _nested(model: type[Struct], steps: list[str]) -> type[Struct] | None:
    """The struct that stands at a path within another one, where it is a field of it."""
    for step in steps:
        kinds = [one.type for one in msgspec.structs.fields(model) if one.encode_name == step]
        found = kinds[0] if kinds else None
        if not (isinstance(found, type) and issubclass(found, Struct)):
            return None
        model = found
    return model


def _allowed(what: str, parameter: str, model: type[Struct]) -> object:
    for field in msgspec.structs.fields(model):
        if field.encode_name == parameter:
            schema = msgspec.json.schema(field.type)
            if "enum" in schema:
                return schema["enum"]
            bounds = {name: schema[key] for key, name in _BOUNDS.items() if key in schema}
            if bounds:
                return {"type": schema.get("type"), **bounds}
            for variant in schema.get("anyOf", ()):
                if "enum" in variant:
                    return variant["enum"]
    return what


_BOUNDS: Final = {
    "minimum": "minimum",
    "maximum": "maximum",
    "minLength": "min_length",
    "maxLength": "max_length",
}


def _at(value: Any, steps: list[str]) -> Any:
    """The value at a path, as far as it can be followed; ``None`` where it cannot."""
    for step in steps:
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        else:
            return None
    return value


def _depth(raw: bytes) -> int:
    """How deeply the brackets nest, strings left out: cheap, and before anything is decoded."""
    if raw.count(b"{") + raw.count(b"[") <= MAX_DEPTH:
        return 0
    deepest = depth = 0
    for byte in re.sub(rb'"(?:[^"\\]|\\.)*"', b"", raw):
        if byte in b"{[":
            depth += 1
            deepest = max(deepest, depth)
        elif byte in b"}]":
            depth -= 1
    return deepest


def _printable(text: str) -> str:
    return text if text.isprintable() else ascii(text)
