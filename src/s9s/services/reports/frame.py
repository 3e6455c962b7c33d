"""What every report is given, beside its figures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from msgspec import Struct

from s9s.domain.periods import Period
from s9s.domain.reports import Chart, Figure, Report, ReportType, Section

T = TypeVar("T")


class Frame(Struct, frozen=True, kw_only=True):
    """The circumstances of a report."""

    type: ReportType
    cluster: str
    period: Period
    generated_at: int
    scope: str
    """Of what and whom it tells."""
    include_charts: bool = True
    notes: tuple[str, ...] = ()

    @property
    def before(self) -> Period:
        """The period that is compared with."""
        return self.period.before()

    def charts(self, *made: Callable[[], Chart]) -> tuple[Chart, ...]:
        """The charts, where some are wanted."""
        return tuple(make() for make in made) if self.include_charts else ()

    def report(
        self,
        title: str,
        figures: Sequence[Figure],
        summary: Sequence[str],
        sections: Sequence[Section],
        notes: Sequence[str],
    ) -> Report:
        """The whole of it."""
        return Report(
            type=self.type,
            title=title,
            cluster=self.cluster,
            period=self.period,
            generated_at=self.generated_at,
            scope=self.scope,
            figures=tuple(figures),
            summary=tuple(summary),
            sections=tuple(sections),
            notes=(*notes, *self.notes),
        )


def grouped(rows: Iterable[T], key: Callable[[T], str]) -> dict[str, list[T]]:
    """Rows by a key, in the order in which keys come."""
    found: dict[str, list[T]] = {}
    for row in rows:
        found.setdefault(key(row), []).append(row)
    return found
