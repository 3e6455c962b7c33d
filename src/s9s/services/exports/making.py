"""Making the file: what a worker does with an export."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Set
from contextlib import closing
from typing import Any, BinaryIO, Protocol

import msgspec

from s9s.domain.exports import ExportPlan
from s9s.domain.work import WorkItem
from s9s.formats import Batch, Column, Kind, Options, Sink, open_writer
from s9s.services.exports.spool import batches
from s9s.services.work.artifacts import Artifacts, name_of
from s9s.services.work.queue import Progress, WorkFailed


class Table(Protocol):
    """Rows in the database, read in the thread of whoever asks."""

    def batches(self, plan: ExportPlan, known: Set[tuple[Any, ...]]) -> Iterator[tuple[float, Batch]]:
        """The rows, as columns of the plan's fields, but for those whose keys are known.

        Before each batch stands about what part of all is done with it, 0..1.
        """


class ExportMaker:
    """The handler of exports.

    Args:
        artifacts: Where files are.
        tables: What can be read from the database, by the name of the source.
    """

    def __init__(self, artifacts: Artifacts, tables: dict[str, Table]) -> None:
        self._artifacts = artifacts
        self._tables = tables

    async def run(self, item: WorkItem, progress: Progress) -> dict[str, Any]:
        """Make the file of an item. Raises `WorkFailed`, `WorkCancelled`, `OSError`."""
        plan = msgspec.convert(item.payload, ExportPlan)
        async with self._artifacts.create(name_of(item)) as sink:
            try:
                count = await asyncio.to_thread(
                    write_export, plan, sink, self._tables, self._artifacts.reader, progress
                )
            except FileNotFoundError as error:
                raise WorkFailed("The rows that were collected for it are gone; ask for it again") from error
            except ImportError as error:
                raise WorkFailed(f"The server cannot write {plan.format}: {error}") from error
        stored = sink.stored
        return {
            "artifact": stored.name,
            "file_size": stored.size,
            "sha256": stored.sha256,
            "record_count": count,
        }


class Told(Protocol):
    """Whoever is told how far it is."""

    def set(self, fraction: float, records: int = 0) -> None:
        """A part of all, 0..1, and rows."""


Reader = Callable[[str], BinaryIO]


def write_export(
    plan: ExportPlan, sink: Sink, tables: Mapping[str, Table], reader: Reader, progress: Told
) -> int:
    """Write the file that is planned; blocks. How many rows it has.

    Args:
        plan: What is to be written.
        sink: Where to.
        tables: What can be read from the database.
        reader: Opens the file with the rows that were collected.
        progress: Told after each batch; may raise to put an end to it.
    """
    columns = [Column(name, Kind(kind)) for name, kind in plan.columns]
    options = Options(
        title=plan.type,
        include_headers=plan.options.include_headers,
        delimiter=plan.options.delimiter,
        bom=plan.options.bom,
    )
    writer = open_writer(plan.format, sink, columns, options)
    done = 0
    for fraction, batch in _rows(plan, tables, reader):
        writer.write(batch)
        done += len(batch[0])
        progress.set(0.99 * fraction, done)
    writer.close()
    progress.set(0.99, done)
    return done


def _rows(plan: ExportPlan, tables: Mapping[str, Table], reader: Reader) -> Iterator[tuple[float, Batch]]:
    # Where there is a table too, the rows from memory are the smaller part.
    share = 0.9 if plan.source else 0.0
    if plan.source:
        known = set(_known(plan, reader)) if plan.input and plan.key else set()
        for fraction, batch in tables[plan.source].batches(plan, known):
            yield share * fraction, batch
    width, done = len(plan.columns), 0
    for rows in _input(plan, reader):
        done += len(rows[0])
        yield share + (1 - share) * done / plan.rows, rows[:width]


def _input(plan: ExportPlan, reader: Reader) -> Iterator[list[list[Any]]]:
    if plan.input:
        with closing(reader(plan.input)) as file:
            yield from batches(file)


def _known(plan: ExportPlan, reader: Reader) -> Iterator[tuple[Any, ...]]:
    for batch in _input(plan, reader):
        yield from zip(*batch[-plan.key :], strict=True)
