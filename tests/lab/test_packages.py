"""Where the lab's Slurm comes from, and what is said when it cannot be had."""

import os
import shutil
from pathlib import Path

import pytest

from lab import packages
from lab.errors import LabUnavailable


@pytest.fixture
def apt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("S9S_LAB_MIRROR", raising=False)
    monkeypatch.setattr(packages, "_host_suite", lambda: "bookworm")
    (tmp_path / "sources.list.d").mkdir()
    return tmp_path


def test_mirror_is_read_from_deb822_sources(apt: Path) -> None:
    (apt / "sources.list.d/debian.sources").write_text(
        "Types: deb\nURIs: http://updates.test/security\nSuites: bookworm-security\nComponents: main\n\n"
        "Types: deb\n# URIs: http://old.test/\nURIs: http://mirror.test/debian\n"
        "Suites: bookworm bookworm-updates\nComponents: main\n"
    )
    assert packages.mirror(apt) == "http://mirror.test/debian"


def test_mirror_is_read_from_one_line_sources(apt: Path) -> None:
    (apt / "sources.list").write_text(
        "# deb http://no.test/ bookworm main\n"
        "deb http://other.test/ stable main\n"
        "deb [arch=amd64 signed-by=/usr/share/a.gpg] http://mirror.test/debian bookworm contrib main\n"
    )
    assert packages.mirror(apt) == "http://mirror.test/debian"


def test_mirror_of_the_environment_wins(apt: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("S9S_LAB_MIRROR", "http://named.test/debian")
    assert packages.mirror(apt) == "http://named.test/debian"


def test_no_mirror_is_said_clearly(apt: Path) -> None:
    with pytest.raises(LabUnavailable, match="S9S_LAB_MIRROR"):
        packages.mirror(apt)


def test_an_ordinary_user_is_told_what_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(LabUnavailable, match=r"Slurm 24\.11 is left out.*root"):
        packages.require("24.11")


def test_a_system_without_apt_is_told_what_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)
    with pytest.raises(LabUnavailable, match=r"Slurm 22\.05 is left out.*apt-get"):
        packages.require("22.05")


def test_an_unknown_version_is_refused() -> None:
    with pytest.raises(LabUnavailable, match=r"22\.05, 24\.11, 26\.05"):
        packages.require("23.02")


def test_a_tree_runs_clients_through_its_own_loader(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(packages, "_host_suite", lambda: "bookworm")
    command = packages.locate("26.05", tmp_path).client("squeue")
    assert command[0].startswith(f"{tmp_path}/forky/usr/lib/")
    assert command[-1] == f"{tmp_path}/forky/usr/bin/squeue"
    assert packages.locate("22.05", tmp_path).client("squeue") == ["/usr/bin/squeue"]
