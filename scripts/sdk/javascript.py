"""The JavaScript client's generated files."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from scripts.sdk.model import ROOT, Api, Field, Operation, Type
from scripts.sdk.shape import RESOURCES, singular

PACKAGE: Final = ROOT / "sdk/javascript/src"
_HEAD: Final = "// {}\n// Made from docs/openapi.yaml by `make sdk`; not to be edited.\n\n"


def files(api: Api) -> dict[Path, str]:
    """Every generated file and its text."""
    return {
        PACKAGE / "models.ts": _models(api),
        PACKAGE / "shapes.ts": _shapes(api),
        PACKAGE / "operations.ts": _operations(api),
    }


def camel(name: str) -> str:
    """``cpusPerNode`` of ``cpus_per_node``."""
    made = re.sub(r"_([a-z0-9])", lambda found: found[1].upper(), name)
    if re.sub(r"[A-Z]", lambda found: f"_{found[0].lower()}", made) != name:
        raise LookupError(f"{name} cannot be told from its JavaScript name {made}")
    return made


def type_of(kind: Type) -> str:
    """The type as TypeScript says it."""
    match kind:
        case Type("str" | "text"):
            return "string"
        case Type("int" | "float"):
            return "number"
        case Type("bool"):
            return "boolean"
        case Type("bytes"):
            return "Uint8Array"
        case Type("enum", values=values):
            return " | ".join(f"'{one}'" for one in values)
        case Type("scalar"):
            return "string | number"
        case Type("model", name=name):
            return name
        case Type("list", of=of) if of is not None:
            inner = type_of(of)
            return f"({inner})[]" if " " in inner else f"{inner}[]"
        case Type("map", of=of) if of is not None:
            return f"Record<string, {type_of(of)}>"
    return "unknown"


def _models(api: Api) -> str:
    text = _HEAD.format("What the server answers, and what it is asked.")
    for model in api.models:
        text += _interface(model.name, model.doc, model.fields, is_input=False)
    for operation in api.operations:
        name = singular(operation.resource) + _pascal(operation.verb)
        if operation.query:
            text += _interface(
                f"{name}Options",
                f"What `{operation.resource}.{camel(operation.verb)}` may be asked for.",
                operation.query,
                is_input=True,
            )
        if operation.body:
            text += _interface(
                f"{name}Request",
                f"What `{operation.resource}.{camel(operation.verb)}` is asked for.",
                operation.body,
                is_input=True,
                has_key=operation.has_key,
            )
    return text


def _interface(name: str, doc: str, fields: Iterable[Field], *, is_input: bool, has_key: bool = False) -> str:
    lines = [_comment(doc), f"export interface {name} {{"]
    for field in fields:
        if field.doc:
            lines.append(textwrap.indent(_comment(field.doc), "  "))
        mark = "?" if not field.required else ""
        null = " | null" if field.nullable and not is_input else ""
        lines.append(f"  {camel(field.name)}{mark}: {type_of(field.type)}{null};")
    if has_key:
        lines.append("  /** Makes a repetition of this very request harmless; by default a new UUID. */")
        lines.append("  idempotencyKey?: string;")
    return "\n".join([*lines, "}\n\n"])


def _shapes(api: Api) -> str:
    text = _HEAD.format(
        "Which fields hold models (`Name`, `[]Name`, `{}Name`), and which are left as they are (`*`)."
    )
    text += "export const SHAPES: Record<string, Record<string, string>> = {\n"
    for model in api.models:
        if shape := _shape(model.fields):
            text += f"  {model.name}: {{ {shape} }},\n"
    for operation in api.operations:
        if operation.body and (shape := _shape(operation.body)):
            text += f"  {_body(operation)}: {{ {shape} }},\n"
    return text + "};\n"


def _shape(fields: Iterable[Field]) -> str:
    found = []
    for field in fields:
        match field.type:
            case Type("model", name=name):
                found.append(f"{field.name}: '{name}'")
            case Type("list", of=Type("model", name=name)):
                found.append(f"{field.name}: '[]{name}'")
            case Type("map", of=Type("model", name=name)):
                found.append(f"{field.name}: '{{}}{name}'")
            case Type("map" | "any") | Type("list", of=Type("map" | "any")):
                found.append(f"{field.name}: '*'")
    return ", ".join(found)


def _operations(api: Api) -> str:
    classes = ""
    for resource, operations in api.resources.items():
        classes += f"/** {RESOURCES.get(resource, resource.capitalize())}. */\n"
        classes += f"export class {singular(resource)}Operations extends Resource {{\n"
        classes += (
            "\n".join(textwrap.indent(_method(one), "  ") for one in operations if not one.is_stream)
            + "}\n\n"
        )
    classes += "/** Every resource of the server. */\nexport class Resources {\n"
    for name in api.resources:
        classes += f"  readonly {camel(name)}: {singular(name)}Operations;\n"
    classes += "\n  constructor(readonly http: Http) {\n"
    for name in api.resources:
        classes += f"    this.{camel(name)} = new {singular(name)}Operations(http);\n"
    classes += "  }\n}\n"
    names = sorted(set(re.findall(r"\bM\.(\w+)", classes)))
    classes = re.sub(r"\bM\.(\w+)", r"\1", classes)
    imported = ",\n  ".join(names)
    return (
        _HEAD.format("Every route of the server as a method.")
        + "import { Http, Resource, path, type CallOptions } from './http.js';\n"
        + f"import type {{\n  {imported},\n}} from './models.js';\n\n"
        + classes
    )


def _method(operation: Operation) -> str:
    name = singular(operation.resource) + _pascal(operation.verb)
    arguments = [f"{camel(one)}: string" for one in operation.parameters]
    request = []
    if operation.query:
        request.append("query: options")
    if operation.body:
        is_needed = any(field.required for field in operation.body)
        arguments.append(f"request: M.{name}Request{'' if is_needed else ' = {}'}")
        request.append(f"body: request, shape: '{_body(operation)}'")
    elif operation.body is not None:
        request.append("body: {}")
    if operation.query:
        default = "" if any(field.required for field in operation.query) else " = {}"
        arguments.append(f"options: M.{name}Options{default}")
    if operation.has_key:
        request.append("isKeyed: true")
    where = f"'{operation.path}'"
    if operation.parameters:
        where = f"path('{operation.template}', {', '.join(map(camel, operation.parameters))})"
    match operation.returns:
        case Type("model", name=model):
            answer, call = f"M.{model}", f"this.http.model('{model}', "
        case Type("text" | "bytes" as kind):
            answer, call = type_of(operation.returns), f"this.http.{kind}("
        case _:
            answer, call = "unknown", "this.http.json("
    head = f"{camel(operation.verb)}({', '.join([*arguments, 'call: CallOptions = {}'])}): Promise<{answer}>"
    text = _comment(operation.doc) + f"\n{head} {{\n"
    text += f"  return {call}'{operation.method}', {where}, {{ {', '.join([*request, '...call'])} }});\n}}\n"
    if operation.rows is not None and operation.rows.type.of is not None:
        row = operation.rows.type.of
        item = f"M.{row.name}" if row.kind == "model" else type_of(row)
        rows = camel(operation.rows.name)
        paths = "".join(f"{camel(one)}: string, " for one in operation.parameters)
        passed = "".join(f"{camel(one)}, " for one in operation.parameters)
        text += (
            "\n/** Every row of all pages of `list`, in its order; a page is fetched when it is due. */\n"
            f"async *iterate(\n  {paths}options: Omit<M.{name}Options, 'limit' | 'offset'> & "
            f"{{ pageSize?: number }}{default},\n"
            f"  call: CallOptions = {{}},\n): AsyncGenerator<{item}> {{\n"
            "  const { pageSize = 500, ...filters } = options;\n"
            "  for (let offset = 0; ; ) {\n"
            f"    const wanted = {{ ...filters, limit: pageSize, offset: offset || undefined }};\n"
            f"    const page = await this.{camel(operation.verb)}({passed}wanted, call);\n"
            f"    yield* page.{rows};\n"
            f"    offset += page.{rows}.length;\n"
            f"    if (!page.hasMore || page.{rows}.length === 0) return;\n"
            "  }\n}\n"
        )
    return text


def _body(operation: Operation) -> str:
    return f"{singular(operation.resource)}{_pascal(operation.verb)}Request"


def _pascal(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


def _comment(text: str) -> str:
    lines = []
    for paragraph in text.replace("*/", "* /").split("\n\n"):
        lines += [*textwrap.wrap(paragraph, 100), ""]
    lines = lines[:-1] or [""]
    if len(lines) == 1:
        return f"/** {lines[0]} */"
    return "\n".join(["/**", *(f" * {line}".rstrip() for line in lines), " */"])
