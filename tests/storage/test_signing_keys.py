import os
import threading
from pathlib import Path

import pytest

from s9s.storage.signing_keys import OVERLAP_SECONDS, ROTATION_SECONDS, SigningKeys, UnusableKeys

NOW = 1_800_000_000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "signing-keys.json"


def test_the_first_key_is_made_for_its_owner_only(path: Path) -> None:
    before = os.umask(0)
    try:
        keys = SigningKeys(path)
        assert keys.all() == []
        made = keys.current(NOW)
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert SigningKeys(path).all() == [made] == keys.all()
    assert "d" in made.jwk


def test_a_key_is_replaced_after_a_month_and_forgotten_when_nothing_it_signed_is_valid(path: Path) -> None:
    keys = SigningKeys(path)
    first = keys.current(NOW)
    assert keys.current(NOW + ROTATION_SECONDS - 1) == first
    later = NOW + ROTATION_SECONDS
    second = keys.current(later)
    assert keys.all() == [second, first]
    third = keys.rotate(later + OVERLAP_SECONDS - 1)
    assert keys.all() == [third, second, first]
    fourth = keys.rotate(later + OVERLAP_SECONDS)
    assert keys.all() == [fourth, third, second]
    fifth = keys.rotate(later + OVERLAP_SECONDS, keep_old=False)
    assert keys.all() == [fifth]


def test_another_process_sees_a_new_key(path: Path) -> None:
    keys, others = SigningKeys(path), SigningKeys(path)
    assert keys.current(NOW) == others.current(NOW)
    made = others.rotate(NOW)
    assert keys.current(NOW) == made


def test_many_that_need_the_first_key_at_once_get_the_same(path: Path) -> None:
    found: list[str] = []
    threads = [
        threading.Thread(target=lambda: found.append(SigningKeys(path).current(NOW).kid)) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(found) == 8
    assert len(set(found)) == 1


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o620])
def test_a_file_that_others_can_read_is_not_used(path: Path, mode: int) -> None:
    SigningKeys(path).current(NOW)
    path.chmod(mode)
    with pytest.raises(UnusableKeys, match=f"mode {mode:04o}"):
        SigningKeys(path).all()


def test_neither_is_a_link_nor_a_directory_nor_nonsense(path: Path) -> None:
    SigningKeys(path).current(NOW)
    link = path.with_name("link.json")
    link.symlink_to(path)
    with pytest.raises(UnusableKeys):
        SigningKeys(link).all()
    with pytest.raises(UnusableKeys):
        SigningKeys(path.parent).all()
    path.write_text("{}")
    with pytest.raises(UnusableKeys, match="holds no keys"):
        SigningKeys(path).all()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_neither_is_somebody_elses(path: Path) -> None:
    SigningKeys(path).current(NOW)
    os.chown(path, 65534, 65534)
    with pytest.raises(UnusableKeys, match="belongs to uid 65534"):
        SigningKeys(path).all()
