"""`s9s check` tries the ways out: real servers on loopback, right and wrong."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from s9s.cli.checks.delivery import check_delivery
from s9s.cli.checks.findings import Finding, Level
from s9s.config import Settings
from tests.delivery.servers import Mailbox, smtp_server
from tests.services.work.test_artifacts import endpoint, settings

__all__ = ["endpoint", "settings"]


async def findings(state: Path, **sections: Any) -> list[Finding]:
    made = Settings.model_validate({"server": {"state_dir": state}, **sections})
    found: AsyncIterator[Finding] = check_delivery(made)
    return [finding async for finding in found]


async def test_nothing_is_set_up(tmp_path: Path) -> None:
    assert await findings(tmp_path) == []


async def test_the_mail_server(tmp_path: Path) -> None:
    box = Mailbox()
    async with smtp_server(box) as port:
        mail = {"host": "127.0.0.1", "port": port, "sender": "s9s@hpc.example", "timeout_seconds": 5}
        [plain] = await findings(tmp_path, mail={**mail, "security": "none"})
        assert plain.level is Level.WARN, plain
        # It cannot encrypt, which is what is asked for by default.
        [refused] = await findings(tmp_path, mail=mail)
        assert (refused.level, "mail.security" in (refused.mend or "")) == (Level.FAIL, True)
        password = tmp_path / "password"
        password.touch(mode=0o600)
        password.write_text("wrong\n")
        secret = {"username": "s9s", "password_file": password, "security": "none"}
        [login] = await findings(tmp_path, mail={**mail, **secret})
        assert login.level is Level.FAIL
        alerts = {"email": ["admin@elsewhere.example"]}
        first, _ = await findings(tmp_path, mail={**mail, "security": "none"}, alerts=alerts)
        assert (first.level, "admin@elsewhere.example" in first.text) == (Level.FAIL, True)
    [gone] = await findings(tmp_path, mail={**mail, "security": "none"})
    assert (gone.level, "cannot be reached" in gone.text) == (Level.FAIL, True)
    assert box.envelopes == []


async def test_targets_of_webhooks(tmp_path: Path) -> None:
    allowed = ["*", "*.example.org", "10.0.0.0/8", "localhost", "nowhere.invalid"]
    found = await findings(tmp_path, outgoing={"allowed": allowed, "timeout_seconds": 5})
    levels = [one.level for one in found]
    assert levels == [Level.WARN, Level.OK, Level.OK, Level.FAIL, Level.FAIL]
    assert "address is not public" in found[3].text
    assert found[3].mend == "name the network of its address in outgoing.allowed too"
    inside = await findings(tmp_path, outgoing={"allowed": ["localhost", "127.0.0.0/8", "::1/128"]})
    assert [one.level for one in inside] == [Level.OK] * 3
    [unset] = await findings(
        tmp_path, alerts={"webhooks": ["https://hooks.example.com/x"], "webhook_secret_file": tmp_path / "s"}
    )
    assert (unset.level, "hooks.example.com" in unset.text) == (Level.FAIL, True)


async def test_the_storage_of_files(settings: Settings) -> None:
    [good] = [finding async for finding in check_delivery(settings)]
    assert good.level is Level.OK, good
    other = settings.artifacts.model_copy(update={"bucket": "no-such-bucket"})
    [bad] = [one async for one in check_delivery(settings.model_copy(update={"artifacts": other}))]
    assert (bad.level, "artifacts.bucket" in (bad.mend or "")) == (Level.FAIL, True)
