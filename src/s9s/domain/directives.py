"""The ``#SBATCH`` lines of a batch script, as sbatch reads them.

slurmrestd ignores them, so whoever submits through it must read them first.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from s9s.domain.jobs import JobSubmission
from s9s.domain.sbatch_options import FLAGS, OPTIONAL_ARGUMENT, SHORT, TYPED_GPUS, WITH_ARGUMENT
from s9s.domain.tres import gres_gpus


class Directives(Struct, frozen=True, kw_only=True):
    """What the ``#SBATCH`` lines of a script ask for."""

    submission_fields: dict[str, object]
    """By the names of `JobSubmission`'s fields; a later line has replaced an earlier one."""
    unknown: tuple[str, ...]
    """Options that no field stands for, or whose value is wrong, as they were written."""


def parse_directives(script: str) -> Directives:
    """Read the ``#SBATCH`` lines up to the first line that is neither empty nor a comment. Never fails.

    Everything behind a ``hetjob`` line belongs to another component of the job and is unknown.
    """
    reader = _Reader()
    for line in _directive_lines(script):
        reader.read_line(line)
    return Directives(submission_fields=reader.fields(), unknown=tuple(reader.unknown))


def with_directives(submission: JobSubmission) -> tuple[JobSubmission, tuple[str, ...]]:
    """The submission completed from its script, and what of the script is unknown.

    A field that the submission has wins, also over directives that say the same thing in another
    way: its memory per CPU over ``--mem``, its GPUs per node over ``--gpus``.
    """
    directives = parse_directives(submission.script)
    fields = dict(directives.submission_fields)
    given = {name for name in submission.__struct_fields__ if getattr(submission, name) is not None}
    for winners, losers in _OVERRULED:
        if given & winners:
            fields = {name: value for name, value in fields.items() if name not in losers}
    if gres_gpus(submission.gres or ""):
        fields = {name: value for name, value in fields.items() if name not in _GPUS}
    elif given & _GPUS and gres_gpus(str(fields.get("gres", ""))):
        del fields["gres"]
    additions = {name: value for name, value in fields.items() if name not in given}
    return replace(submission, **additions), directives.unknown


def other_identity(script: str) -> str | None:
    """The option by which a script would run as another user or group, as far as one is there: ``--uid``."""
    words = (word for option in parse_directives(script).unknown for word in option.split())
    return next((match[1] for word in words if (match := _IDENTITY.match(word))), None)


#: getopt(3) takes what is enough to tell an option from all others: --ui.
_IDENTITY: Final = re.compile(r"""["']?(--[ug]id?)["']?(?:=|$)""")
_GPUS: Final = frozenset({"gpus", "gpus_per_node"})
_MEMORY: Final = frozenset({"memory_mib", "memory_per_cpu_mib"})
_OVERRULED: Final = (
    (_GPUS, _GPUS),
    (_MEMORY, _MEMORY),
    ({"nodes"}, {"nodes_max"}),
    ({"cpus_per_node"}, {"tasks", "tasks_per_node", "cpus_per_task"}),
)


def _directive_lines(script: str) -> Iterator[str]:
    for match in re.finditer(r"[^\n]+", script):
        line = match[0]
        if line.startswith("#SBATCH"):
            yield line.removeprefix("#SBATCH")
        elif line.strip() and not line.lstrip().startswith("#"):
            return


class _Reader:
    """Collects fields as getopt(3) in sbatch would."""

    def __init__(self) -> None:
        self.unknown: list[str] = []
        self._fields: dict[str, object] = {}
        self._other_component = False

    def fields(self) -> dict[str, object]:
        fields = {name: value for name, value in self._fields.items() if value is not None}
        if (typed := fields.pop(TYPED_GPUS, None)) is not None:
            fields["gres"] = f"{fields['gres']},{typed}" if "gres" in fields else typed
        return fields

    def read_line(self, line: str) -> None:
        if self._other_component:
            self.unknown.append(line.strip())
            return
        try:
            # Quotes and backslashes as in a shell; an unquoted # begins a comment, even inside a word.
            words = shlex.split(line, comments=True)
        except ValueError:
            self.unknown.append(line.strip())
            return
        while words:
            word = words.pop(0)
            if word.startswith("--"):
                self._read_long(word, words)
            elif word.startswith("-"):
                self._read_short(word, words)
            elif word.lower() in ("hetjob", "packjob"):
                self._other_component = True
                self.unknown.append(" ".join([word, *words]))
                return
            else:
                self.unknown.append(word)

    def _read_long(self, word: str, words: list[str]) -> None:
        name, equals, value = word.removeprefix("--").partition("=")
        self._apply(name, value if equals else None, word, words)

    def _read_short(self, word: str, words: list[str]) -> None:
        letters = word[1:]
        # Flags can be strung together, the last may have an argument: -HN2.
        while letters and SHORT.get(letters[0]) in FLAGS:
            self._apply(SHORT[letters[0]], None, word, words)
            letters = letters[1:]
            if not letters:
                return
        name = SHORT.get(letters[:1])
        if name is None:
            self._unknown(word, words)
        else:
            self._apply(name, letters[1:] or None, word, words)

    def _apply(self, name: str, value: str | None, word: str, words: list[str]) -> None:
        """Take one option; `word` is how it was written, `words` what follows."""
        written = word
        try:
            if value is None and name in WITH_ARGUMENT and words:
                value = words.pop(0)
                written = f"{word} {value}"
            if value is None:
                self._fields |= FLAGS[name]
            else:
                self._fields |= (WITH_ARGUMENT.get(name) or OPTIONAL_ARGUMENT[name])(value)
        except KeyError:
            self._unknown(word, words)
        except ValueError:
            self.unknown.append(written)

    def _unknown(self, word: str, words: list[str]) -> None:
        """Keep an option that is not ours, with what is probably its argument."""
        has_argument = words and "=" not in word and not words[0].startswith("-")
        self.unknown.append(f"{word} {words.pop(0)}" if has_argument else word)
