"""The contract as data: its fenced blocks, each with the headings and the words it stands under."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass, field
from pathlib import Path
from string import Template
from typing import Any

from markdown_it import MarkdownIt

CONTRACT = Path(__file__).parents[2] / "docs/contract/s9s-rest-api.md"
NOTES = CONTRACT.with_name("contract-notes.md")


@dataclass(frozen=True)
class Block:
    """A fenced block of the contract."""

    section: str
    """Heading of the second level: `Jobs API`."""
    title: str
    """Heading of the third level, `List Jobs`; empty where there is none."""
    label: str
    """The bold words right before it, `Example Request`; empty where there are none."""
    language: str
    text: str

    @property
    def name(self) -> str:
        """For a person, and for the table of what is left out."""
        return " / ".join(part for part in (self.section, self.title, self.label, self.language) if part)

    def json(self) -> Any:
        """The value of a json block."""
        return json.loads(self.text)


@dataclass(frozen=True)
class Call:
    """A request as the contract prints it."""

    method: str
    url: str
    headers: dict[str, str] = field(default_factory=dict)
    body: str | None = None

    def __str__(self) -> str:
        return f"{self.method} {self.url}"


def blocks() -> list[Block]:
    """All fenced blocks, in the order of the document."""
    found: list[Block] = []
    section = title = label = ""
    tokens = MarkdownIt().parse(CONTRACT.read_text(encoding="utf-8"))
    for token, following in zip(tokens, [*tokens[1:], None], strict=True):
        if token.type == "heading_open" and following is not None:
            label = ""
            if token.tag == "h2":
                section, title = following.content, ""
            elif token.tag == "h3":
                title = following.content
        elif token.type == "inline" and token.content.startswith("**") and token.content.endswith("**"):
            label = token.content.strip("*").rstrip(":")
        elif token.type == "fence":
            found.append(Block(section, title, label, token.info.strip(), token.content))
            label = ""
    return found


def block(title: str, label: str) -> Block:
    """The one block under that heading with that label."""
    (found,) = [one for one in blocks() if (one.title or one.section) == title and one.label == label]
    return found


def calls(block: Block, variables: dict[str, str]) -> list[Call]:
    """The curl commands of a bash block, with `$NAME` replaced as the shell would."""
    text = Template(block.text.replace("\\\n", " ")).safe_substitute(variables)
    words = shlex.split(text, comments=True)
    starts = [index for index, word in enumerate(words) if word == "curl"]
    return [
        _call(words[start + 1 : end]) for start, end in zip(starts, [*starts[1:], len(words)], strict=False)
    ]


def routes(block: Block) -> list[Call]:
    """The request lines of an http block; none where it shows headers."""
    lines = [line.split() for line in block.text.splitlines()]
    return [Call(line[0], line[1]) for line in lines if len(line) == 2 and line[1].startswith("/")]


def _call(words: list[str]) -> Call:
    method, body, url = "", None, ""
    headers: dict[str, str] = {}
    rest = iter(words)
    for word in rest:
        if word == "-X":
            method = next(rest)
        elif word == "-H":
            name, _, value = next(rest).partition(":")
            headers[name] = value.strip()
        elif word == "-d":
            body = next(rest)
        elif word.startswith("-"):
            raise ValueError(f"the contract has a new curl option: {word}")
        else:
            url = word
    return Call(method or ("POST" if body else "GET"), url, headers, body)
