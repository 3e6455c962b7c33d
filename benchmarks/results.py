"""What was measured, kept as JSON and shown as a table."""

from __future__ import annotations

import datetime
import json
import statistics
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from benchmarks import machine

DIRECTORY = Path(__file__).parent / "results"


@dataclass(frozen=True)
class Result:
    """One promise and how it came out."""

    name: str
    what: str
    measured: float
    target: float
    unit: str
    at_least: bool = False
    """Whether more is better."""
    data: dict[str, Any] = field(default_factory=dict)
    """How large everything was."""
    figures: dict[str, Any] = field(default_factory=dict)
    """Everything else that was measured."""

    @property
    def is_met(self) -> bool:
        return self.measured >= self.target if self.at_least else self.measured <= self.target

    @property
    def goal(self) -> str:
        return f"{'≥' if self.at_least else '≤'} {self.target:g} {self.unit}".strip()

    @property
    def value(self) -> str:
        return f"{self.measured:.3g} {self.unit}".strip()


def median(values: Iterable[float]) -> float:
    """Rounded to four digits."""
    return float(f"{statistics.median(values):.4g}")


def percentile(values: Sequence[float], share: float) -> float:
    """Of sorted values, the one below which `share` of them lie."""
    return values[min(len(values) - 1, int(len(values) * share))]


def save(result: Result) -> Path:
    """Keep a result under its day and name; a later one of the same day replaces it."""
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    record = asdict(result) | {
        "met": result.is_met,
        "date": today,
        "command": f"make bench ARGS={result.name}",
        "load_average": machine.load_average(),
        "machine": machine.describe(),
        "versions": machine.versions(),
    }
    DIRECTORY.mkdir(exist_ok=True)
    path = DIRECTORY / f"{today}-{result.name}.json"
    path.write_text(json.dumps(record, indent=2, ensure_ascii=False) + "\n")
    return path


def table(records: Iterable[Result]) -> str:
    """For people."""
    rows = [(one.name, one.what, one.value, one.goal, "yes" if one.is_met else "NO") for one in records]
    head = ("name", "what", "measured", "target", "met")
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in (head, *rows)
    ]
    return "\n".join(line.rstrip() for line in lines)


def write_summary() -> Path:
    """`results/README.md`: the latest of each kept result."""
    latest: dict[str, dict[str, Any]] = {}
    for path in sorted(DIRECTORY.glob("*.json")):
        record = json.loads(path.read_text())
        latest[record["name"]] = record
    lines = [
        "# Results",
        "",
        "The latest of each, written by `make bench`. The files beside hold rounds, machine, versions, data.",
        "",
        "| name | what | measured | target | met | date | load |",
        "|-|-|-|-|-|-|-|",
    ]
    for record in latest.values():
        one = Result(**{key: record[key] for key in Result.__dataclass_fields__})
        met = "yes" if one.is_met else "**no**"
        lines.append(
            f"| {one.name} | {one.what} | {one.value} | {one.goal} | {met} | {record['date']} "
            f"| {record['load_average']} |"
        )
    path = DIRECTORY / "README.md"
    path.write_text("\n".join(lines) + "\n")
    return path


def say(text: str) -> None:
    """Progress, on standard error."""
    print(text, file=sys.stderr, flush=True)
