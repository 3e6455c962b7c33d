"""Settings to the ways in."""

from __future__ import annotations

from typing import Final

from s9s.config import Settings
from s9s.services.access_tokens import AccessTokens
from s9s.services.certificates import ClientCertificates
from s9s.services.names import NameRule
from s9s.services.tokens import Tokens
from s9s.storage.signing_keys import SigningKeys

#: In the state directory.
KEY_FILE: Final = "signing-keys.json"


def open_access_tokens(settings: Settings, tokens: Tokens) -> AccessTokens:
    """What signs and verifies this server's own access tokens.

    Raises `UnusableKeys` when there is a file of keys that others can read.
    """
    keys = SigningKeys(settings.server.state_dir / KEY_FILE)
    keys.all()
    oauth = settings.oauth
    return AccessTokens(tokens, keys, issuer=oauth.issuer, lifetime_seconds=oauth.access_token_seconds)


def open_certificates(settings: Settings, tokens: Tokens) -> ClientCertificates | None:
    """Who knows the users of client certificates; ``None`` where nobody asks clients for them."""
    if settings.server.client_ca is None and not settings.server.trusted_proxies:
        return None
    rule = NameRule(settings.certificates.user_pattern)
    return ClientCertificates(tokens, settings.certificates.user_from, rule)
