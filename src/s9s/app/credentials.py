"""Settings to the ways in."""

from __future__ import annotations

import getpass
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from s9s.config import BadConfiguration, Settings
from s9s.services.access import Caller, Role
from s9s.services.identity.access_tokens import AccessTokens
from s9s.services.identity.certificates import ClientCertificates
from s9s.services.identity.credentials import Credentials
from s9s.services.identity.directory import LdapPasswords
from s9s.services.identity.failed_logins import FailedLogins
from s9s.services.identity.logins import Logins
from s9s.services.identity.names import NameRule
from s9s.services.identity.openid import OpenIdTokens, Provider
from s9s.services.identity.passwords import MissingPackage, PamPasswords, Passwords
from s9s.services.identity.provider_keys import ProviderKeys
from s9s.services.identity.standing import Standing
from s9s.services.identity.tokens import Tokens
from s9s.services.purging import Purging
from s9s.storage.database import Database
from s9s.storage.signing_keys import SigningKeys
from s9s.storage.tokens import TokenRecords

#: In the state directory.
KEY_FILE: Final = "signing-keys.json"
#: The contract's own token, which everybody knows; it works on the simulated cluster only.
TEST_TOKEN: Final = "test_token_123"  # noqa: S105


def open_access_tokens(settings: Settings, tokens: Tokens) -> AccessTokens:
    """What signs and verifies this server's own access tokens.

    Raises `UnusableKeys` when there is a file of keys that others can read.
    """
    keys = SigningKeys(settings.server.state_dir / KEY_FILE)
    keys.all()
    oauth = settings.oauth
    return AccessTokens(tokens, keys, issuer=oauth.issuer, lifetime_seconds=oauth.access_token_seconds)


def published(*, is_simulated: bool) -> dict[str, Caller]:
    """Secrets that everybody knows, and for whom each stands."""
    if not is_simulated:
        return {}
    return {TEST_TOKEN: Caller(getpass.getuser(), Role.ADMIN, frozenset(), "tok_test", "enterprise")}


def open_standing(tokens: Tokens, *, is_simulated: bool) -> Standing:
    """What says of callers that are not there whether they may still do what they could."""
    return Standing(tokens, published(is_simulated=is_simulated).values())


def open_credentials(
    settings: Settings,
    tokens: Tokens,
    access_tokens: AccessTokens,
    failures: FailedLogins,
    *,
    is_simulated: bool = False,
) -> Credentials:
    """Every way in that the settings open, and the contract's token. Raises `BadConfiguration`."""
    provider = open_provider(settings, tokens)
    return Credentials(
        tokens,
        (access_tokens, provider) if provider else (access_tokens,),
        open_certificates(settings, tokens),
        failures,
        published(is_simulated=is_simulated),
    )


def open_provider(settings: Settings, tokens: Tokens) -> OpenIdTokens | None:
    """What verifies the tokens of the OpenID Connect provider; ``None`` where there is none.

    Raises `BadConfiguration` for a provider without an audience: its tokens for others would do.
    """
    oidc = settings.oidc
    if oidc.issuer is None:
        return None
    if not oidc.audience:
        raise BadConfiguration("oidc.audience must be set where there is an oidc.issuer")
    if oidc.issuer == settings.oauth.issuer:
        raise BadConfiguration("oidc.issuer and oauth.issuer must not be the same")
    provider = Provider(
        issuer=oidc.issuer,
        audiences=oidc.audience,
        user_claim=oidc.user_claim,
        rule=NameRule(oidc.user_pattern),
        role_claim=oidc.role_claim,
        operators=frozenset(oidc.operators),
        administrators=frozenset(oidc.administrators),
        tier=oidc.tier,
    )
    return OpenIdTokens(provider, ProviderKeys(oidc.issuer, oidc.jwks_url), tokens.known, tokens.roles)


def open_certificates(settings: Settings, tokens: Tokens) -> ClientCertificates | None:
    """Who knows the users of client certificates; ``None`` where nobody asks clients for them."""
    if settings.server.client_ca is None and not settings.server.trusted_proxies:
        return None
    rule = NameRule(settings.certificates.user_pattern)
    return ClientCertificates(tokens, settings.certificates.user_from, rule)


def open_passwords(settings: Settings) -> Passwords | None:
    """What checks passwords; ``None`` where nobody logs in with one.

    Raises `BadConfiguration` for a directory server that is not named, and for a package that is missing.
    """
    login = settings.login
    try:
        if login.method == "pam":
            return PamPasswords(login.pam_service)
        if login.method == "ldap":
            if login.ldap_url is None:
                raise BadConfiguration("login.ldap_url must be set where login.method is ldap")
            ca = str(login.ldap_ca) if login.ldap_ca else None
            return LdapPasswords(login.ldap_url, login.ldap_user_dn, ca, login.ldap_group)
    except MissingPackage as error:
        raise BadConfiguration(f"login.method = {login.method}: {error}") from error
    return None


def open_logins(settings: Settings, tokens: Tokens, failures: FailedLogins) -> Logins:
    """Logins with a password, as far as they are set up. Raises `BadConfiguration` as `open_passwords`."""
    login = settings.login
    return Logins(
        tokens,
        open_passwords(settings),
        failures,
        lifetime_seconds=login.lifetime_seconds,
        operators=login.operators,
        administrators=login.administrators,
        tier=login.tier,
    )


@asynccontextmanager
async def purging(settings: Settings, database: Database) -> AsyncIterator[None]:
    """Removes credentials that ended long ago, while this lasts."""
    purging = Purging(TokenRecords(database), settings.credentials.retention_days * 86_400)
    purging.start()
    try:
        yield
    finally:
        await purging.stop()
