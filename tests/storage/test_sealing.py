"""Secrets that can be read again, by whoever has the key and for what they were sealed."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from s9s.storage.sealing import Seal, Unsealable


def test_what_is_sealed_can_be_opened_for_the_same_purpose_alone(tmp_path: Path) -> None:
    path = tmp_path / "state/key"
    sealed = Seal(path).close("whsec_1", "whk_1")
    assert b"whsec_1" not in sealed
    assert path.stat().st_mode & 0o777 == 0o600
    assert Seal(path).open(sealed, "whk_1") == "whsec_1"
    assert Seal(path).close("whsec_1", "whk_1") != sealed
    for other in (sealed[:-1], sealed[:5], bytes(len(sealed))):
        with pytest.raises(Unsealable):
            Seal(path).open(other, "whk_1")
    with pytest.raises(Unsealable):
        Seal(path).open(sealed, "whk_2")
    with pytest.raises(Unsealable):
        Seal(tmp_path / "other").open(sealed, "whk_1")


def test_processes_that_begin_at_once_have_one_key(tmp_path: Path) -> None:
    path = tmp_path / "key"
    with ThreadPoolExecutor(8) as threads:
        sealed = list(threads.map(lambda _: Seal(path).close("x", "y"), range(32)))
    assert {Seal(path).open(one, "y") for one in sealed} == {"x"}
    assert os.listdir(tmp_path) == ["key"]


@pytest.mark.parametrize("harm", ["readable", "short", "link"])
def test_a_key_that_others_could_know_is_not_used(tmp_path: Path, harm: str) -> None:
    path = tmp_path / "key"
    Seal(path).close("x", "y")
    if harm == "readable":
        path.chmod(0o644)
    elif harm == "short":
        path.write_bytes(b"x" * 31)
    else:
        path.rename(tmp_path / "elsewhere")
        path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Unsealable):
        Seal(path).close("x", "y")
