"""The fenced blocks of the documentation's pages, and what the comments above them say of how they are run.

A comment stands on a line of its own:

    <!-- needs: jq -->              the page needs these tools (tests/site/tools.py)
    <!-- as dave -->                from here on the page's blocks have this user's token; at first alice's
    <!-- given 12345: command -->   from here on `12345` is what the command prints, anew for each block;
                                    `port` is a free one, `submit LINE` a job with that line, `running LINE`
                                    and `finished LINE` one that is it
    <!-- file: job.sh -->           the next block is a file of this name, for blocks below it
    <!-- until: ready -->           the next block runs until it has said that (a regular expression)
    <!-- fails -->                  the next block, of the shell, ends with an error
    <!-- schema: JobRow -->         the next block is valid by this schema of the OpenAPI or AsyncAPI document
    <!-- not run: reason -->        the next block cannot be run here
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"

#: What is no page of the site is held to the same rules.
READMES = [
    ROOT / "README.md",
    *(ROOT / f"sdk/{language}/README.md" for language in ("python", "javascript", "go")),
]

_FENCE = re.compile(r"^(?P<indent> *)(?P<ticks>`{3,})(?P<language>\S*)[^`]*$")
_COMMENT = re.compile(
    r"^ *<!-- (?P<word>needs|as|given|file|until|fails|schema|not run)(?P<rest>[: ].*?)? -->$"
)


@dataclass(frozen=True)
class Block:
    """A fenced block."""

    page: Path
    line: int
    """Of its first line, counted from 1."""
    language: str
    text: str
    user: str = "alice"
    givens: dict[str, str] = field(default_factory=dict)
    """Commands by the words that stand for what they print."""
    file: str | None = None
    until: str | None = None
    fails: bool = False
    schema: str | None = None
    not_run: str | None = None

    @property
    def name(self) -> str:
        """As a traceback would say it."""
        page = self.page.relative_to(ROOT) if ROOT in self.page.parents else self.page
        return f"{page}:{self.line}"


def pages() -> list[Path]:
    """The pages of the site, and the READMEs."""
    left_out = {DOCS / "contract"}
    return sorted(path for path in DOCS.rglob("*.md") if not left_out & set(path.parents)) + READMES


def blocks(page: Path) -> list[Block]:
    """What stands in fences on a page, without directives of the site's generator."""
    return [block for block in _blocks(page) if not block.language.startswith("{")]


def needs(page: Path) -> list[str]:
    """The tools that a page needs beyond a shell and the clients."""
    said = [_COMMENT.match(line) for line in page.read_text(encoding="utf-8").splitlines()]
    return [
        tool for one in said if one and one["word"] == "needs" for tool in one["rest"].lstrip(": ").split()
    ]


def _blocks(page: Path) -> Iterator[Block]:
    lines = enumerate(page.read_text(encoding="utf-8").splitlines(), 1)
    user, givens, following = "alice", dict[str, str](), dict[str, str]()
    for _, line in lines:
        if said := _COMMENT.match(line):
            word, rest = said["word"], (said["rest"] or "").lstrip(": ")
            if word == "needs":
                continue
            if word == "as":
                user = rest
            elif word == "given":
                name, _, command = rest.partition(": ")
                givens = {**givens, name: command}
            else:
                following[word] = rest
        elif opened := _FENCE.match(line):
            number, text = _read(lines, opened, page)
            yield Block(
                page, number, opened["language"], text, user, givens,
                file=following.get("file"),
                until=following.get("until"),
                fails="fails" in following,
                schema=following.get("schema"),
                not_run=following.get("not run"),
            )  # fmt: skip
            following = {}
        elif following and line.strip() and not line.lstrip().startswith(":::"):
            raise SyntaxError(f"{page}: {following} stands above no block but {line!r}")


def _read(lines: Iterator[tuple[int, str]], opened: re.Match[str], page: Path) -> tuple[int, str]:
    first, kept = 0, []
    for number, line in lines:
        first = first or number
        if line.strip() == opened["ticks"]:
            return first, "".join(f"{one}\n" for one in kept)
        kept.append(line.removeprefix(opened["indent"]))
    raise SyntaxError(f"{page}: a fence is not closed")
