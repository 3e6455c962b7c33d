"""The Go client's generated files."""

from __future__ import annotations

import re
import shutil
import subprocess
import textwrap
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from scripts.sdk.model import ROOT, Api, Field, Operation, Type
from scripts.sdk.shape import RESOURCES, ZERO_IS_NOTHING, singular

PACKAGE: Final = ROOT / "sdk/go"
_HEAD: Final = "// Code generated from docs/openapi.yaml by `make sdk`. DO NOT EDIT.\n\npackage s9s\n\n"

#: Words that Go writes otherwise.
_WORDS: Final = {
    "api": "API", "asyncapi": "AsyncAPI", "cpu": "CPU", "cpus": "CPUs", "csv": "CSV", "gpu": "GPU",
    "gpus": "GPUs", "http": "HTTP", "id": "ID", "ids": "IDs", "json": "JSON", "openapi": "OpenAPI",
    "os": "OS", "pdf": "PDF", "qos": "QOS",
    "tls": "TLS", "tres": "TRES", "uid": "UID", "url": "URL", "whoami": "WhoAmI", "yaml": "YAML",
}  # fmt: skip


def files(api: Api) -> dict[Path, str]:
    """Every generated file and its text."""
    made = {
        PACKAGE / "models.go": _models(api),
        PACKAGE / "operations.go": _operations(api),
        PACKAGE / "dispatch_test.go": _dispatch(api),
    }
    return {path: _formatted(text) for path, text in made.items()}


def _formatted(text: str) -> str:
    """As gofmt writes it; where there is no Go, only the spacing differs."""
    gofmt = shutil.which("gofmt") or shutil.which("/usr/local/go/bin/gofmt")
    if gofmt is None:
        return text
    return subprocess.run([gofmt], input=text, capture_output=True, text=True, check=True).stdout


def pascal(name: str) -> str:
    """``CPUsPerNode`` of ``cpus_per_node``."""
    return "".join(_WORDS.get(part) or part[:1].upper() + part[1:] for part in name.split("_"))


def _variable(name: str) -> str:
    made = pascal(name)
    head = re.match(r"[A-Z]+(?![a-z])|[A-Z]", made)
    made = made[: head.end()].lower() + made[head.end() :] if head else made
    return f"{made}_" if made in ("type", "range", "func", "map", "package", "import", "default") else made


def type_of(kind: Type) -> str:
    """The type as Go says it."""
    match kind:
        case Type("str" | "enum" | "text"):
            return "string"
        case Type("int"):
            return "int"
        case Type("float"):
            return "float64"
        case Type("bool"):
            return "bool"
        case Type("bytes"):
            return "[]byte"
        case Type("model", name=name):
            return name
        case Type("list", of=of) if of is not None:
            return f"[]{type_of(of)}"
        case Type("map", of=of) if of is not None:
            return f"map[string]{type_of(of)}"
    return "any"


def _answer_field(field: Field) -> str:
    kind = type_of(field.type)
    optional = field.nullable or not field.required
    is_pointer = optional and field.type.kind in ("str", "enum", "int", "float", "bool", "model")
    return f'{pascal(field.name)} {"*" if is_pointer else ""}{kind} `json:"{field.name}"`'


def _input_field(field: Field) -> str:
    kind = "string" if field.type.kind == "scalar" else type_of(field.type)
    if field.type.kind == "list" and field.type.of == Type("scalar"):
        kind = "[]string"
    # Where zero or false says something else than nothing, nothing is nil.
    says_zero = field.type.kind in ("int", "float") and (field.minimum is None or field.minimum < 1)
    says_false = field.type.kind == "bool" and field.default is not False
    is_default_zero = field.name in ZERO_IS_NOTHING or (field.default == 0 and field.default is not None)
    is_pointer = not field.required and (
        (says_zero and not is_default_zero) or says_false or field.type.kind == "model"
    )
    omit = "" if field.required else ",omitempty"
    return f'{pascal(field.name)} {"*" if is_pointer else ""}{kind} `json:"{field.name}{omit}"`'


def _models(api: Api) -> str:
    inputs = _inputs(api)
    text = _HEAD + 'import (\n\t"context"\n\t"net/url"\n)\n\n'
    for model in api.models:
        lines = _input_field if model.name in inputs else _answer_field
        text += _struct(model.name, model.doc or f"{model.name} is part of an answer.", model.fields, lines)
    for operation in api.operations:
        name = singular(operation.resource) + pascal(operation.verb)
        called = f"{pascal(operation.resource)}.{pascal(operation.verb)}"
        if operation.query:
            text += _struct(
                f"{name}Options",
                f"What {called} may be asked for; nil asks for nothing.",
                operation.query,
                _input_field,
                ["ctx context.Context"],
            )
            text += _context(f"{name}Options") + _values(f"{name}Options", operation.query)
        if operation.body:
            more = ["ctx context.Context"]
            if operation.has_key:
                more.insert(
                    0,
                    "// Makes a repetition of this very request harmless; by default a new one.\n"
                    'IdempotencyKey string `json:"-"`',
                )
            text += _struct(
                f"{name}Request", f"What {called} is asked for.", operation.body, _input_field, more
            )
            text += _context(f"{name}Request")
    return text


def _inputs(api: Api) -> set[str]:
    """Models that are sent, with those inside them."""
    by_name = {model.name: model for model in api.models}
    found: set[str] = set()

    def visit(kind: Type | None) -> None:
        if kind is None:
            return
        if kind.kind == "model" and kind.name not in found:
            found.add(kind.name)
            for field in by_name[kind.name].fields:
                visit(field.type)
        visit(kind.of)

    for operation in api.operations:
        for field in operation.body or ():
            visit(field.type)
    return found


def _struct(name: str, doc: str, fields: Iterable[Field], line, more: Iterable[str] = ()) -> str:
    lines = [_comment(f"{name}: {doc}"), f"type {name} struct {{"]
    for field in fields:
        if field.doc:
            lines.append(_comment(field.doc))
        lines.append(line(field))
    return "\n".join([*lines, *more, "}\n\n"])


def _context(name: str) -> str:
    return (
        "// WithContext gives a copy that is called with the context.\n"
        f"func (o *{name}) WithContext(ctx context.Context) *{name} {{\n"
        f"made := {name}{{}}\nif o != nil {{\nmade = *o\n}}\nmade.ctx = ctx\nreturn &made\n}}\n\n"
        f"func (o *{name}) context() context.Context {{\nif o == nil {{\nreturn nil\n}}\nreturn o.ctx\n}}\n\n"
    )


def _values(name: str, fields: Iterable[Field]) -> str:
    lines = "".join(f'set(values, "{field.name}", o.{pascal(field.name)})\n' for field in fields)
    return (
        f"func (o *{name}) values() url.Values {{\nvalues := url.Values{{}}\n"
        f"if o != nil {{\n{lines}}}\nreturn values\n}}\n\n"
    )


def _operations(api: Api) -> str:
    body = ""
    for resource, operations in api.resources.items():
        service = f"{pascal(resource)}Service"
        body += f"// {service}: {RESOURCES.get(resource, resource.capitalize())}.\n"
        body += f"type {service} struct{{ client *Client }}\n\n"
        body += "".join(_method(service, one) for one in operations if not one.is_stream)
    body += "type services struct {\n"
    body += "".join(f"{pascal(name)} *{pascal(name)}Service\n" for name in api.resources)
    body += "}\n\nfunc (c *Client) connect() {\n"
    body += "".join(f"c.{pascal(name)} = &{pascal(name)}Service{{c}}\n" for name in api.resources)
    body += "}\n"
    # Embedded, so that they are fields of the client.
    return _HEAD + 'import (\n\t"context"\n\t"iter"\n)\n\n' + body


def _method(service: str, operation: Operation) -> str:
    name = singular(operation.resource) + pascal(operation.verb)
    arguments = [f"{_variable(one)} string" for one in operation.parameters]
    context, fields = "context.Context(nil)", [f'method: "{operation.method}"']
    where = f'"{operation.path}"'
    if operation.parameters:
        where = f'path("{operation.template}", {", ".join(map(_variable, operation.parameters))})'
    fields.append(f"path: {where}")
    if operation.query:
        context = "opts.context()"
        fields.append("query: opts.values()")
    if operation.body:
        arguments.append(f"request *{name}Request")
        context = "either(request.context(), opts.context())" if operation.query else "request.context()"
        fields.append("body: request")
    elif operation.body is not None:
        fields.append("body: struct{}{}")
    if operation.query:
        arguments.append(f"opts *{name}Options")
    if operation.has_key:
        fields.append("isRepeatable: true, key: keyOf(request.IdempotencyKey)")
    match operation.returns:
        case Type("model", name=model):
            answer, out, result = f"*{model}", f"{model}{{}}", "&out"
        case Type("text"):
            answer, out, result = "string", '""', "out"
        case Type("bytes"):
            answer, out, result = "[]byte", "[]byte(nil)", "out"
        case _:
            answer, out, result = "map[string]any", "map[string]any{}", "out"
    nothing = '""' if answer == "string" else "nil"
    text = _comment(f"{pascal(operation.verb)}: {operation.doc}")
    text += f"\nfunc (s *{service}) {pascal(operation.verb)}({', '.join(arguments)}) ({answer}, error) {{\n"
    if operation.body:
        text += f"if request == nil {{\nrequest = &{name}Request{{}}\n}}\n"
    text += f"out := {out}\n"
    text += f"if err := s.client.call({context}, request_{{{', '.join(fields)}}}, &out); err != nil {{\n"
    text += f"return {nothing}, err\n}}\nreturn {result}, nil\n}}\n\n"
    text = text.replace("request_{", "call{")
    if operation.rows is not None and operation.rows.type.of is not None:
        text += _all(service, name, operation)
    return text


def _all(service: str, name: str, operation: Operation) -> str:
    assert operation.rows is not None
    assert operation.rows.type.of is not None
    row, rows = type_of(operation.rows.type.of), pascal(operation.rows.name)
    paths = "".join(f"{_variable(one)} string, " for one in operation.parameters)
    passed = "".join(f"{_variable(one)}, " for one in operation.parameters)
    return (
        "// All gives every row of all pages of List, in its order; a page is fetched when it is due.\n"
        f"// Its size is the Limit of opts, 500 by default.\n"
        f"func (s *{service}) All({paths}opts *{name}Options) iter.Seq2[{row}, error] {{\n"
        f"return func(yield func({row}, error) bool) {{\n"
        f"page := {name}Options{{}}\nif opts != nil {{\npage = *opts\n}}\n"
        "if page.Limit == 0 {\npage.Limit = 500\n}\n"
        "for {\n"
        f"got, err := s.{pascal(operation.verb)}({passed}&page)\n"
        f"if err != nil {{\nvar none {row}\nyield(none, err)\nreturn\n}}\n"
        f"for _, row := range got.{rows} {{\nif !yield(row, nil) {{\nreturn\n}}\n}}\n"
        f"page.Offset += len(got.{rows})\n"
        f"if !got.HasMore || len(got.{rows}) == 0 {{\nreturn\n}}\n"
        "}\n}\n}\n\n"
    )


def _dispatch(api: Api) -> str:
    """For the conformance test: calls by their names."""
    text = _HEAD + 'import "encoding/json"\n\n'
    text += "type caller func(c *Client, path []string, arguments json.RawMessage) (any, error)\n\n"
    text += "var dispatch = map[string]caller{\n"
    for one in api.operations:
        name = singular(one.resource) + pascal(one.verb)
        arguments = [f"path[{index}]" for index in range(len(one.parameters))]
        prepare = ""
        if one.is_stream:
            continue
        kinds = [f"{name}Request"] * bool(one.body) + [f"{name}Options"] * bool(one.query)
        for kind, given in zip(kinds, ("given", "more"), strict=False):
            prepare += f"var {given} {kind}\nif err := decode(arguments, &{given}); err != nil {{\n"
            prepare += "return nil, err\n}\n"
            arguments.append(f"&{given}")
        if one.has_key:
            prepare += "given.IdempotencyKey = keyIn(arguments)\n"
        called = f"c.{pascal(one.resource)}.{{}}({', '.join(arguments)})"
        head = (
            f'"{one.resource}.{{}}": '
            "func(c *Client, path []string, arguments json.RawMessage) (any, error) {{\n"
        )
        text += head.format(one.verb) + prepare + f"return {called.format(pascal(one.verb))}\n}},\n"
        if one.rows is not None:
            sized = prepare.replace(
                "return nil, err\n}\n", "return nil, err\n}\ngiven.Limit = pageSizeIn(arguments)\n"
            )
            text += head.format("iterate") + sized + f"return collect({called.format('All')})\n}},\n"
    return text + "}\n"


def _comment(text: str) -> str:
    lines = []
    for paragraph in text.split("\n\n"):
        lines += [*textwrap.wrap(paragraph, 100), ""]
    return "\n".join(f"// {line}".rstrip() for line in lines[:-1])
