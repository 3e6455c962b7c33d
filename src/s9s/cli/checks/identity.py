"""Checks of the ways in: signing keys, the OpenID Connect provider, logins with a password."""

from __future__ import annotations

import os
import secrets
from collections.abc import AsyncIterator
from pathlib import Path

from s9s.app.credentials import KEY_FILE, open_passwords
from s9s.cli.checks.findings import Finding, fail, ok, warn
from s9s.config import BadConfiguration, Settings
from s9s.domain.errors import ServiceUnavailable
from s9s.services.identity.provider_keys import ProviderKeys, Unreadable
from s9s.storage.signing_keys import SigningKeys, UnusableKeys

_PAM_SERVICES = (Path("/etc/pam.d"), Path("/usr/lib/pam.d"))


async def check_identity(settings: Settings) -> AsyncIterator[Finding]:
    """All of them."""
    yield _signing_keys(settings.server.state_dir / KEY_FILE)
    async for finding in _provider(settings):
        yield finding
    async for finding in _logins(settings):
        yield finding


def _signing_keys(path: Path) -> Finding:
    subject = "signing keys"
    try:
        keys = SigningKeys(path).all()
    except UnusableKeys as error:
        return fail(subject, str(error), f"chmod 600 {path}, and let it belong to the server's user")
    if not keys:
        return ok(subject, f"{path} will be made for the first OAuth client that asks")
    return ok(subject, f"{len(keys)} in {path}")


async def _provider(settings: Settings) -> AsyncIterator[Finding]:
    oidc, subject = settings.oidc, "oidc"
    if oidc.issuer is None:
        return
    if not oidc.audience:
        yield fail(
            subject, "there is an issuer, and no audience", "set oidc.audience to what its tokens are for"
        )
        return
    if oidc.issuer == settings.oauth.issuer:
        yield fail(subject, "oidc.issuer and oauth.issuer are the same", "set oauth.issuer to another name")
    try:
        found = await ProviderKeys(oidc.issuer, oidc.jwks_url).fetch()
    except Unreadable as error:
        yield fail(
            subject, f"the keys of {oidc.issuer} cannot be read: {error}", "set oidc.issuer or oidc.jwks_url"
        )
        return
    if not found:
        yield fail(
            subject,
            f"{oidc.issuer} publishes no key that can be used",
            "RSA of 2048 bits or more, EC or Ed25519",
        )
        return
    yield ok(subject, f"{oidc.issuer} has {found} keys")


async def _logins(settings: Settings) -> AsyncIterator[Finding]:
    login, subject = settings.login, "login"
    if login.method == "off":
        return
    try:
        passwords = open_passwords(settings)
    except BadConfiguration as error:
        yield fail(subject, str(error))
        return
    assert passwords is not None
    try:
        if login.method == "pam":
            if not any((place / login.pam_service).exists() for place in _PAM_SERVICES):
                yield fail(
                    subject,
                    f"PAM has no service {login.pam_service}",
                    "set login.pam_service, or make the file",
                )
                return
            if os.geteuid() != 0:
                yield warn(
                    subject, "PAM lets only root ask about others, on most hosts", "run the server as root"
                )
        # Nobody has that name and that password: what is asked is whether anybody can tell.
        if await passwords.are_right(f"s9s-check-{secrets.token_hex(4)}", secrets.token_hex(16)):
            yield fail(subject, f"{login.method} lets everybody in", "mend it, or set login.method = off")
            return
    except ServiceUnavailable as error:
        mend = "check login.ldap_url, login.ldap_ca and the server" if login.method == "ldap" else None
        yield fail(subject, f"{login.method} cannot be asked: {error.__cause__ or error.message}", mend)
        return
    finally:
        passwords.close()
    yield ok(subject, f"passwords are checked by {login.ldap_url or f'PAM ({login.pam_service})'}")
