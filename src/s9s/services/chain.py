"""Whether an audit log is still what was written: its hashes, its numbers, its end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec import Struct, structs

from s9s.domain.audit import GENESIS, AuditRecord
from s9s.storage.audit import AuditRecords

#: Flaws that are told one by one.
MAX_FLAWS: Final = 100


class Verdict(Struct, frozen=True):
    """What was found."""

    count: int
    """Records that were read."""
    number: int
    """Of the newest record, and its hash: to be kept elsewhere, as an anchor for the next time."""
    hash: bytes
    flaws: list[str]
    """A sentence for each place where the log is not as it was written; empty: all is well."""


async def verify(records: AuditRecords, anchors: Mapping[int, bytes]) -> Verdict:
    """Read the whole log and find where it was edited, where records are missing or stand in another order.

    Whoever can write the database's file could write the whole chain anew; `anchors`, hashes by number
    that were kept elsewhere, tell that too.
    """
    head_number, head_hash = await records.head()
    previous, number, count = GENESIS, 0, 0
    flaws: list[str] = []
    async for record in records.walk():
        count += 1
        if record.number != number + 1:
            flaws.append(_gap(number + 1, record.number - 1))
        elif record.previous != previous:
            flaws.append(
                f"record {record.number} does not follow record {number}: one of the two is another one"
            )
        if record.hash != record.digest() and len(flaws) < MAX_FLAWS:
            flaws.append(_changed(record))
        if record.number == head_number and record.hash != head_hash:
            flaws.append(f"record {record.number} is not the one that was written last")
        if anchors.get(record.number, record.hash) != record.hash:
            flaws.append(f"record {record.number} is not the one whose hash was kept")
        previous, number = record.hash, record.number
        del flaws[MAX_FLAWS:]
    # More may have been written since the head was read, but never less.
    if number < head_number:
        flaws.append(_gap(number + 1, head_number))
    flaws += [f"record {one}, whose hash was kept, is missing" for one in sorted(anchors) if one > number]
    return Verdict(count, number, previous, flaws)


def _gap(first: int, last: int) -> str:
    return f"record {first} is missing" if first == last else f"records {first} to {last} are missing"


def _changed(record: AuditRecord) -> str:
    """An edited record fits no number; one that was moved fits the number that it had."""
    for distance in range(1, 1001):
        for number in (record.number - distance, record.number + distance):
            if number > 0 and structs.replace(record, number=number).digest() == record.hash:
                return f"record {record.number} is really record {number}: they stand in another order"
    return f"record {record.number} was edited: its hash does not fit what it says"
