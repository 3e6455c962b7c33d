"""`s9s check` asks those whom the server would ask about its callers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from s9s.cli.checks.findings import Level
from s9s.cli.checks.identity import check_identity
from s9s.config import Settings
from tests.security.provider import Provider
from tests.services.identity import slapd
from tests.services.identity.slapd import SUFFIX, USER_DN, Slapd


async def findings(tmp_path: Path, **sections: Any) -> dict[str, tuple[Level, str]]:
    settings = Settings.model_validate({"server": {"state_dir": tmp_path}, **sections})
    found: AsyncIterator[Any] = check_identity(settings)
    return {finding.subject: (finding.level, finding.text) async for finding in found}


async def test_nothing_is_set_up(tmp_path: Path) -> None:
    found = await findings(tmp_path)
    assert set(found) == {"signing keys"}
    assert found["signing keys"][0] is Level.OK


async def test_signing_keys_that_others_can_read(tmp_path: Path) -> None:
    keys = tmp_path / "signing-keys.json"
    keys.write_text("{}")
    keys.chmod(0o644)
    assert (await findings(tmp_path))["signing keys"][0] is Level.FAIL
    keys.chmod(0o600)
    assert (await findings(tmp_path))["signing keys"][0] is Level.FAIL  # and no keys at all


async def test_the_provider(tmp_path: Path) -> None:
    with Provider() as provider:
        good = {"issuer": provider.issuer, "audience": ["s9s"]}
        level, text = (await findings(tmp_path, oidc=good))["oidc"]
        assert level is Level.OK, text
        assert "keys" in text
        for bad in (
            {"issuer": provider.issuer},
            {**good, "issuer": provider.issuer + "/other"},
            {**good, "jwks_url": provider.issuer + "/nowhere"},
        ):
            assert (await findings(tmp_path, oidc=bad))["oidc"][0] is Level.FAIL, bad
    level, text = (await findings(tmp_path, oidc=good))["oidc"]
    assert (level, provider.issuer in text) == (Level.FAIL, True)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slapd]:
    slapd.install()
    with Slapd(tmp_path_factory.mktemp("slapd")) as server:
        yield server


async def test_the_directory_server(tmp_path: Path, server: Slapd) -> None:
    good = {"method": "ldap", "ldap_url": server.ldaps, "ldap_user_dn": USER_DN, "ldap_ca": server.ca}
    group = {"ldap_group": f"cn=hpc,ou=groups,{SUFFIX}"}
    for settings in (good, {**good, "ldap_url": server.ldap}, {**good, **group}):
        level, text = (await findings(tmp_path, login=settings))["login"]
        assert level is Level.OK, text
    for bad, word in (
        ({**good, "ldap_ca": None}, "Can't contact LDAP server"),
        ({**good, "ldap_url": "ldaps://127.0.0.1:1"}, "Can't contact LDAP server"),
        ({**good, "ldap_url": None}, "ldap_url must be set"),
    ):
        level, text = (await findings(tmp_path, login=bad))["login"]
        assert level is Level.FAIL
        assert word in text


async def test_pam(tmp_path: Path) -> None:
    missing = {"method": "pam", "pam_service": "s9s-no-such-service"}
    assert (await findings(tmp_path, login=missing))["login"][0] is Level.FAIL
    found = await findings(tmp_path, login={"method": "pam", "pam_service": "other"})
    assert found["login"][0] in (Level.OK, Level.WARN)
