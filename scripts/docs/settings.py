"""The settings as tables; what a key means is its docstring."""

import ast
import inspect
from itertools import pairwise
from typing import Any

from s9s.config import SHORT_NAMES, Section, describe_allowed, sections


def settings() -> str:
    """A table for each section."""
    return "\n\n".join(_table(name, section) for name, section in sections().items())


def variables() -> str:
    """The short names."""
    rows = (f"| `{name}` | `{key}` |" for name, key in SHORT_NAMES.items())
    return "\n".join(["| variable | key |", "|-|-|", *rows])


def descriptions(section: type[Section]) -> dict[str, str]:
    """The docstrings that stand below the keys of a section."""
    tree = ast.parse(inspect.getsource(section))
    [body] = [node.body for node in tree.body if isinstance(node, ast.ClassDef)]
    found = {}
    for key, below in pairwise(body):
        match key, below:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                found[name] = " ".join(text.split())
    return found


def _table(name: str, section: type[Section]) -> str:
    texts = descriptions(section)
    rows = []
    for key, field in section.model_fields.items():
        allowed = describe_allowed(field).replace("|", "\\|")
        rows.append(f"| `{key}` | {allowed} | {_default(name, key, field.default)} | {texts[key]} |")
    head = f"### [{name}]\n\n{section.__doc__}\n\n| key | allowed | default | meaning |\n|-|-|-|-|\n"
    return head + "\n".join(rows)


def _default(section: str, key: str, value: Any) -> str:
    if (section, key) == ("server", "state_dir"):
        return "`/var/lib/s9s` for root, else `~/.local/state/s9s`"
    match value:
        case None:
            return "unset"
        case bool():
            return f"`{str(value).lower()}`"
        case str():
            return f'`"{value}"`'
        case tuple():
            return "none" if not value else f"`{list(value)}`"
        case _:
            return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"
