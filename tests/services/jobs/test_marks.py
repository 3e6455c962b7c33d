"""A reader who comes back is known by the last bytes that they have."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from s9s.backends.files import DescriptorFile
from s9s.services.jobs.marks import Mark, digest

CONTENT = b"step 1 of 3\nstep 2 of 3\n"
#: After the first line, known by its last six bytes.
MARK = Mark.after(12, b" of 3\n")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "slurm-7.out"
    path.write_bytes(CONTENT)
    return path


@pytest.fixture
def file(path: Path) -> Iterator[DescriptorFile]:
    file = DescriptorFile(os.open(path, os.O_RDONLY))
    yield file
    file.close()


def test_a_mark_says_where_and_by_what() -> None:
    assert (MARK.offset, MARK.length, MARK.digest) == (12, 6, digest(b" of 3\n"))
    assert len(MARK.digest) == 32
    assert digest(b"a") != digest(b"b")


def test_a_file_that_has_grown_is_the_same(path: Path, file: DescriptorFile) -> None:
    assert MARK.is_in(file)
    with path.open("ab") as more:
        more.write(b"step 3 of 3\n")
    assert MARK.is_in(file)
    assert Mark.after(len(CONTENT), CONTENT).is_in(file)


@pytest.mark.parametrize("now", [b"", b"step 1 of ", b"step 1 of 9\nstep 2 of 9\n", b"x" + CONTENT])
def test_a_file_that_has_begun_anew_is_another(path: Path, file: DescriptorFile, now: bytes) -> None:
    path.write_bytes(now)
    assert not MARK.is_in(file)


def test_only_the_last_bytes_are_looked_at(path: Path, file: DescriptorFile) -> None:
    path.write_bytes(b"STEP 1" + CONTENT[6:])
    assert MARK.is_in(file)
