"""The sections `mail` and `outgoing`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from s9s.app.delivery import open_mailer, open_outgoing
from s9s.config import BadConfiguration, Settings
from s9s.services.delivery.mail import Mailer
from tests.api.authority import Authority

MAIL = {"host": "mail.example.com", "sender": "s9s@example.com"}


def _mailer(**changed: Any) -> Mailer:
    return open_mailer(Settings.model_validate({"mail": MAIL | changed}))


def test_the_password_is_read_from_a_file_that_nobody_else_can_read(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("correct horse\n")
    file.chmod(0o600)
    assert _mailer(username="s9s", password_file=file)._server.password == "correct horse"  # type: ignore[union-attr]
    file.chmod(0o640)
    with pytest.raises(BadConfiguration, match="nobody else can read"):
        _mailer(username="s9s", password_file=file)
    with pytest.raises(BadConfiguration, match="cannot be read"):
        _mailer(username="s9s", password_file=tmp_path / "none")


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"sender": None}, r"mail\.sender must be set"),
        ({"username": "s9s"}, "belong together"),
        ({"username": "s9s", "password_file": "/x", "security": "none"}, "must not be none"),
        ({"ca": "/nowhere/ca.pem"}, r"mail\.ca"),
    ],
)
def test_what_cannot_work_ends_the_start(changed: dict[str, Any], reason: str) -> None:
    with pytest.raises(BadConfiguration, match=reason):
        _mailer(**changed)


def test_authorities_of_the_sites_own_are_taken(tmp_path: Path) -> None:
    file = Authority(tmp_path).file
    assert _mailer(ca=file)._tls is not None
    assert open_outgoing(Settings.model_validate({"outgoing": {"ca": file}}))._tls is not None
    file.write_text("nonsense")
    with pytest.raises(BadConfiguration, match=r"outgoing\.ca"):
        open_outgoing(Settings.model_validate({"outgoing": {"ca": file}}))
