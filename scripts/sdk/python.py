"""The Python client's generated files."""

from __future__ import annotations

import keyword
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from scripts.sdk.model import ROOT, Api, Field, Operation, Type
from scripts.sdk.shape import RESOURCES, singular

PACKAGE: Final = ROOT / "sdk/python/src/s9s_client"
_HEAD: Final = (
    '"""{}\n\nMade from docs/openapi.yaml by `make sdk`; not to be edited.\n"""\n\n'
    "from __future__ import annotations\n\n"
)

#: Characters of a docstring's first line.
_SUMMARY: Final = 96

#: What the synchronous client says where the asynchronous one says something else, in this order.
_SYNC: Final = (
    (r"websockets\.asyncio\.client", "websockets.sync.client"),
    (r"asyncio\.sleep", "time.sleep"),
    (r"asyncio\.Lock", "threading.Lock"),
    (r"import asyncio\n", "import threading\n"),
    (r"\basynccontextmanager\b", "contextmanager"),
    (r"\b_async\b", "_sync"),
    (r"\bAwaitable\[(\w+)\]", r"\1"),
    (r"\bAwaitable, ", ""),
    (r"\bAsync(Iterator|Generator|Iterable)\b", r"\1"),
    (r"\bAsync(\w+)", r"\1"),
    (r"\basync (def|for|with)\b", r"\1"),
    (r"\bawait ", ""),
    (r"__aenter__", "__enter__"),
    (r"__aexit__", "__exit__"),
    (r"__aiter__", "__iter__"),
    (r"__anext__", "__next__"),
    (r"\baclose\b", "close"),
    (r"\baread\b", "read"),
    (r"\baiter_bytes\b", "iter_bytes"),
    (r"asynchronous", "synchronous"),
)


def files(api: Api) -> dict[Path, str]:
    """Every generated file and its text."""
    operations = PACKAGE / "_async/operations.py"
    made = {PACKAGE / "models.py": _models(api), operations: _operations(api)}
    for path in sorted({*(PACKAGE / "_async").glob("*.py"), operations}):
        text = made.get(path) or path.read_text()
        made[PACKAGE / "_sync" / path.name] = to_sync(text)
    return {path: _formatted(text) for path, text in made.items()}


def _formatted(text: str) -> str:
    ruff = Path(sys.executable).with_name("ruff")
    for arguments in (["check", "--quiet", "--fix-only", "--select", "I,F401", "-"], ["format", "-"]):
        command = [ruff, *arguments, "--stdin-filename", str(PACKAGE / "generated.py")]
        text = subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout
    return text


def to_sync(text: str) -> str:
    """The asynchronous client's source as the synchronous one's."""
    for pattern, replacement in _SYNC:
        text = re.sub(pattern, replacement, text)
    head, quotes, rest = text.partition('"""\n\nfrom __future__')
    return (
        f"{head}{quotes}{rest}"
        if "make sdk" in head or not quotes
        else (f"{head}\n\nMade from _async by `make sdk`; not to be edited.\n{quotes}{rest}")
    )


def _models(api: Api) -> str:
    return _HEAD.format("What the server answers, and parts of what it is asked.") + (
        "from dataclasses import dataclass\nfrom typing import Any\n\nfrom s9s_client.wire import Model\n\n"
        + "\n".join("\n".join(_model(one)) for one in api.models)
        + "\n\n"
        + "\n".join(
            f"{one.name}.NESTED = {{{nested}}}" for one in api.models if (nested := _nested(one.fields))
        )
        + "\n"
    )


def _model(one) -> Iterator[str]:
    yield f"\n@dataclass(slots=True, kw_only=True)\nclass {one.name}(Model):"
    yield f'    """{one.doc or one.name}"""\n'
    # A newer field may be missing in what an older server says: then it is None.
    for field in one.fields:
        hint = python_type(field.type)
        optional = field.nullable or not field.required
        yield f"    {_name(field)}: {hint}{' | None = None' if optional else ''}"
        if field.doc:
            yield textwrap.indent(_docstring(field.doc), "    ")
    if not one.fields:
        yield "    pass"


def _nested(fields: tuple[Field, ...]) -> str:
    found = []
    for field in fields:
        match field.type:
            case Type("model", name=name):
                found.append(f'"{field.name}": ("one", {name})')
            case Type("list" | "map" as how, of=Type("model", name=name)):
                found.append(f'"{field.name}": ("{how}", {name})')
    return ", ".join(found)


def python_type(kind: Type, *, is_input: bool = False) -> str:
    """The type as an annotation."""
    match kind:
        case Type("str" | "text"):
            return "str"
        case Type("enum", values=values):
            return f"Literal[{', '.join(repr(one) for one in values)}]" if is_input else "str"
        case Type("int" | "float" | "bool" | "bytes" as name):
            return name
        case Type("scalar"):
            return "str | int"
        case Type("model", name=name):
            return f"{name} | Mapping[str, Any]" if is_input else name
        case Type("list", of=of) if of is not None:
            return f"{'Sequence' if is_input else 'list'}[{python_type(of, is_input=is_input)}]"
        case Type("map", of=of) if of is not None:
            return f"{'Mapping' if is_input else 'dict'}[str, {python_type(of, is_input=is_input)}]"
    return "Any"


def _operations(api: Api) -> str:
    names = sorted({m.name for m in api.models if re.search(rf"\b{m.name}\b", _classes(api))})
    return (
        _HEAD.format("Every route of the server as a method.")
        + "import uuid\nfrom collections.abc import AsyncIterator, Mapping, Sequence\n"
        + "from typing import Any, Literal\n\nfrom s9s_client._async.http import AsyncHttp, path\n"
        + f"from s9s_client.models import {', '.join(names)}\n\n\n"
        + 'class AsyncResource:\n    """Base of the resources."""\n\n'
        + "    def __init__(self, http: AsyncHttp) -> None:\n        self._http = http\n\n\n"
        + _classes(api)
        + 'class AsyncResources:\n    """Every resource of the server."""\n\n'
        + "    def __init__(self, http: AsyncHttp) -> None:\n"
        + "".join(f"        self.{name} = Async{singular(name)}Operations(http)\n" for name in api.resources)
    )


def _classes(api: Api) -> str:
    text = ""
    for resource, operations in api.resources.items():
        text += f"class Async{singular(resource)}Operations(AsyncResource):\n"
        text += f'    """{RESOURCES.get(resource, resource.capitalize())}."""\n\n'
        for operation in operations:
            if operation.is_stream:
                continue
            text += textwrap.indent(_method(operation), "    ")
            if operation.rows is not None:
                text += textwrap.indent(_iterate(operation), "    ")
        text += "\n"
    return text


def _arguments(operation: Operation, *, without: tuple[str, ...] = ()) -> str:
    given = ["self", *(f"{_safe(name)}: str" for name in operation.parameters)]
    named = []
    for field in sorted((*operation.query, *(operation.body or ())), key=lambda one: not one.required):
        if field.name in without:
            continue
        hint = python_type(field.type, is_input=True)
        if field in operation.query and field.type.kind == "str":
            hint = "str | Sequence[str]"
        named.append(f"{_name(field)}: {hint}" if field.required else f"{_name(field)}: {hint} | None = None")
    if operation.has_key:
        named.append("idempotency_key: str | None = None")
    return ", ".join([*given, *(["*", *named] if named else [])])


def _call(operation: Operation) -> str:
    where = f'"{operation.path}"'
    if operation.parameters:
        where = f'path("{operation.template}", {", ".join(map(_safe, operation.parameters))})'
    arguments = [f'"{operation.method}"', where]
    if operation.query:
        arguments.append(f"query={{{_dictionary(operation.query)}}}")
    if operation.body is not None:
        arguments.append(f"body={{{_dictionary(operation.body)}}}")
    if operation.has_key:
        arguments.append('headers={"Idempotency-Key": idempotency_key or str(uuid.uuid4())}, repeatable=True')
    match operation.returns:
        case Type("model", name=name):
            return f"self._http.model({name}, {', '.join(arguments)})"
        case Type("text" | "bytes" as kind):
            return f"self._http.{kind}({', '.join(arguments)})"
    return f"self._http.json({', '.join(arguments)})"


def _method(operation: Operation) -> str:
    return (
        f"async def {_safe(operation.verb)}({_arguments(operation)}) -> {python_type(operation.returns)}:\n"
        + textwrap.indent(_docstring(_described(operation)), "    ")
        + f"\n    return await {_call(operation)}\n\n"
    )


def _iterate(operation: Operation) -> str:
    rows = operation.rows
    assert rows is not None
    assert rows.type.of is not None
    names = [_name(field) for field in operation.query if field.name not in ("limit", "offset")]
    paths = map(_safe, operation.parameters)
    passed = ", ".join([*paths, *(f"{name}={name}" for name in (*names, "limit")), "offset=offset or None"])
    row = python_type(rows.type.of)
    return (
        f"async def iterate({_arguments(operation, without=('limit', 'offset'))}, page_size: int = 500"
        f") -> AsyncIterator[{row}]:\n"
        '    """Every row of all pages of `list`, in its order; a page is fetched when it is due."""\n'
        "    limit, offset = page_size, 0\n"
        "    while True:\n"
        f"        page = await self.{operation.verb}({passed})\n"
        f"        for row in page.{rows.name}:\n            yield row\n"
        f"        offset += len(page.{rows.name})\n"
        f"        if not page.has_more or not page.{rows.name}:\n            return\n\n"
    )


def _described(operation: Operation) -> str:
    """The route's words, and those of its fields."""
    fields = [one for one in (*operation.query, *(operation.body or ())) if one.doc]
    text = operation.doc
    if fields:
        lines = [
            textwrap.fill(f"{_name(one)}: {one.doc}", 96, initial_indent="    ", subsequent_indent="        ")
            for one in fields
        ]
        text += "\n\nArgs:\n" + "\n".join(lines)
    return text


def _docstring(text: str) -> str:
    head, *rest = text.replace("\\", "\\\\").split("\n\nArgs:\n")
    first, *others = head.split("\n\n")
    if len(first) > _SUMMARY:  # a summary is one line: its first sentence, and the rest below it
        first, *others = [*re.split(r"(?<=\.) ", first, maxsplit=1), *others]
    paragraphs = [first, *(textwrap.fill(part, 100) for part in others)]
    if rest:
        paragraphs.append(f"Args:\n{rest[0]}")
    body = "\n\n".join(paragraphs)
    return f'"""{body}"""' if "\n" not in body and not body.endswith('"') else f'"""{body}\n"""'


def _dictionary(fields: tuple[Field, ...]) -> str:
    return ", ".join(f'"{field.name}": {_name(field)}' for field in fields)


def _name(field: Field) -> str:
    return _safe(field.name)


def _safe(name: str) -> str:
    return f"{name}_" if keyword.iskeyword(name) else name
