"""The parts of docs/ that are written from the code.

A document says where: between ``<!-- name -->`` and ``<!-- end name -->`` stands what that part makes.
``make docs`` writes them anew, and a test fails while one of them is behind the code.
"""

import re
from collections.abc import Callable
from pathlib import Path

from s9s.api.asyncapi import AsyncDocument
from s9s.api.openapi import Document
from scripts.docs.commands import commands
from scripts.docs.settings import settings, variables

DIRECTORY = Path(__file__).parent.parent.parent / "docs"

#: Every part by the document that holds it.
PARTS: dict[str, dict[str, Callable[[], str]]] = {
    "configuration.md": {"settings": settings, "variables": variables},
    "commands.md": {"commands": commands},
}

#: Documents that are made as a whole.
WHOLE: dict[str, Callable[[], str]] = {
    "openapi.yaml": lambda: Document().yaml,
    "asyncapi.yaml": lambda: AsyncDocument().yaml,
}


def rewrite(text: str, parts: dict[str, Callable[[], str]]) -> str:
    """The document with its parts as they should be. Raises `LookupError` when a part has no place in it."""
    for name, make in parts.items():
        pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- end {name} -->)", re.DOTALL)
        if not pattern.search(text):
            raise LookupError(f"there is no <!-- {name} --> ... <!-- end {name} -->")
        part = f"\n{make().strip()}\n\n"
        text = pattern.sub(lambda found, part=part: f"{found[1]}{part}{found[2]}", text)
    return text
