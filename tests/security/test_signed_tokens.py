"""Signed tokens, the provider's and our own: good ones come in, and nothing that looks like one."""

from __future__ import annotations

import base64
import hmac
import json
import time
import warnings
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jwe, jwt
from joserfc.errors import SecurityWarning
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from s9s.app.application import Application
from s9s.domain.credentials import Kind
from s9s.services.identity import provider_keys
from s9s.services.identity.tokens import Wish
from tests.api.conftest import Client
from tests.security.provider import Provider


def encoded(value: Any) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decoded(token: str, part: int) -> dict[str, Any]:
    return dict(json.loads(base64.urlsafe_b64decode(token.split(".")[part] + "==")))


def without(key: RSAKey, *names: str) -> RSAKey:
    """The key for any use."""
    with warnings.catch_warnings(action="ignore", category=SecurityWarning):
        return RSAKey.import_key({k: v for k, v in key.as_dict(private=True).items() if k not in names})


def hmac_with(secret: bytes, header: dict[str, Any], claims: dict[str, Any], digest: str = "sha256") -> str:
    signed = f"{encoded(header)}.{encoded(claims)}"
    return f"{signed}.{encoded(hmac.new(secret, signed.encode(), digest).digest())}"


async def status(client: Client, token: str) -> int:
    caller = await client(token)
    first, second = await caller.get("/v1/whoami"), await caller.get("/v1/jobs?limit=1")
    assert first.status_code == second.status_code
    assert token not in first.text
    return first.status_code


ALGORITHMS = {
    "RS256": "rsa", "RS384": "rsa", "RS512": "rsa", "PS256": "rsa", "PS512": "rsa", "ES256": "P-256",
    "ES384": "P-384", "ES512": "P-521", "Ed25519": "okp",
}  # fmt: skip


@pytest.mark.parametrize("algorithm", ALGORITHMS)
async def test_a_providers_token_is_good_whatever_it_signs_with(
    provider: Provider, client: Client, algorithm: str
) -> None:
    curve = ALGORITHMS[algorithm]
    key: Any = provider.rsa
    if curve == "okp":
        key = provider.new_key(OKPKey.generate_key("Ed25519", {"kid": "new"}))
    elif curve != "rsa":
        key = provider.new_key(ECKey.generate_key(curve, {"kid": "new"}))  # type: ignore[arg-type]
    token = provider.sign(key, {"alg": algorithm, "kid": key.kid})
    me = (await (await client(token)).get("/v1/whoami")).json()
    assert (me["user"], me["role"]) == ("alice", "user")
    assert (me["credential"]["kind"], me["credential"]["tier"]) == ("oidc", "pro")
    assert me["credential"]["token_id"].startswith("oidc_")


@pytest.mark.parametrize(
    ("claims", "role", "scopes"),
    [
        ({}, "user", None),
        ({"realm_access": {"roles": ["users", "slurm-operators"]}}, "operator", None),
        ({"realm_access": {"roles": ["slurm-admins"]}}, "admin", None),
        ({"realm_access": {"roles": "slurm-admins"}}, "admin", None),
        ({"realm_access": ["slurm-admins"]}, "user", None),
        ({"realm_access": {"roles": {"slurm-admins": True}}}, "user", None),
        ({"realm_access.roles": ["slurm-operators"]}, "operator", None),
        ({"scope": "openid profile"}, "user", None),
        ({"scope": "openid jobs:read"}, "user", ["jobs:read"]),
        ({"scope": "admin"}, "user", None),
    ],
)
async def test_role_and_scopes_come_from_the_claims(
    provider: Provider, client: Client, claims: dict[str, Any], role: str, scopes: list[str] | None
) -> None:
    signed = provider.sign(preferred_username="dave", **claims)  # who is an administrator of the cluster
    me = (await (await client(signed)).get("/v1/whoami")).json()
    assert me["role"] == role
    assert ("admin" in me["scopes"]) == (role == "admin")
    if scopes is not None:
        assert me["scopes"] == scopes


@pytest.mark.parametrize("audience", ["s9s", ["other", "hpc"], ["s9s"]])
async def test_one_of_the_audiences_is_enough(provider: Provider, client: Client, audience: object) -> None:
    assert await status(client, provider.sign(aud=audience)) == 200


WRONG_CLAIMS: list[dict[str, Any]] = [
    {"aud": "other"}, {"aud": ["other"]}, {"aud": None}, {"aud": []}, {"aud": {"s9s": 1}}, {"aud": ""},
    {"iss": None}, {"iss": "https://elsewhere.example.com"}, {"iss": ["x"]},
    {"exp": 1}, {"exp": None}, {"exp": "tomorrow"}, {"exp": time.time() - 31}, {"exp": float("nan")},
    {"nbf": time.time() + 86400}, {"iat": time.time() + 86400},
    {"preferred_username": None}, {"preferred_username": "root"}, {"preferred_username": "slurm"},
    {"preferred_username": "0"}, {"preferred_username": "alice\n"}, {"preferred_username": "../alice"},
    {"preferred_username": ["alice"]}, {"preferred_username": {"alice": 1}},
    {"preferred_username": "Alice"},
    {"preferred_username": ""},
]  # fmt: skip


# Named by number: some values are times, and names must be the same in each test process.
@pytest.mark.parametrize(
    "claims", WRONG_CLAIMS, ids=[f"{n}-{'-'.join(c)}" for n, c in enumerate(WRONG_CLAIMS)]
)
async def test_a_claim_that_is_wrong_keeps_everybody_out(
    provider: Provider, client: Client, claims: dict[str, Any]
) -> None:
    assert await status(client, provider.sign(**claims)) == 401
    assert await status(client, provider.sign()) == 200


async def test_a_token_expires_although_it_is_known(
    provider: Provider, application: Application, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = provider.sign()
    assert await status(client, token) == 200
    now = time.time()
    monkeypatch.setattr(application.tokens.known, "_clock", lambda: now + 700)
    assert application.tokens.known.get(token) is None


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "nOnE"])
async def test_an_unsigned_token_is_none(provider: Provider, client: Client, algorithm: str) -> None:
    header, claims = {"alg": algorithm, "kid": "rsa-1"}, provider.claims()
    for signature in ("", "x", provider.sign().rsplit(".", 1)[1]):
        assert await status(client, f"{encoded(header)}.{encoded(claims)}.{signature}") == 401


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
async def test_a_public_key_is_no_secret_to_sign_with(
    provider: Provider, client: Client, algorithm: str
) -> None:
    """The classic confusion: HMAC with the bytes of the public key, in every form that somebody may try."""
    public = provider.rsa.raw_value.public_key()
    forms = [
        public.public_bytes(encoding, form)
        for encoding in (Encoding.PEM, Encoding.DER)
        for form in (PublicFormat.SubjectPublicKeyInfo, PublicFormat.PKCS1)
    ]
    forms += [forms[0].rstrip(b"\n"), json.dumps(provider.keys[0]).encode(), b""]
    digest = algorithm.replace("HS", "sha")
    for secret in forms:
        header = {"alg": algorithm, "kid": "rsa-1"}
        assert await status(client, hmac_with(secret, header, provider.claims(), digest)) == 401


async def test_a_key_that_the_token_brings_along_is_not_used(provider: Provider, client: Client) -> None:
    own = RSAKey.generate_key(2048, {"kid": "own"})
    public = own.as_dict(private=False)
    for header in (
        {"kid": "rsa-1"},
        {"kid": None},
        {"kid": "own"},
        {"kid": "../../../../dev/null"},
        {"kid": "rsa-1' OR '1'='1"},
        {"kid": "rsa-1", "jwk": public},
        {"kid": "own", "jwk": public},
        {"kid": "own", "jku": f"{provider.issuer}/keys"},
        {"kid": "own", "x5u": f"{provider.issuer}/keys"},
    ):
        whole = {"alg": "RS256", **header}
        signed = f"{encoded({k: v for k, v in whole.items() if v is not None})}.{encoded(provider.claims())}"
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import padding

        raw = own.raw_value.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())  # type: ignore[union-attr]
        assert await status(client, f"{signed}.{encoded(raw)}") == 401, header


async def test_what_is_changed_after_it_was_signed_is_refused(provider: Provider, client: Client) -> None:
    head, body, signature = provider.sign().split(".")
    claims = decoded(f"{head}.{body}.", 1)
    forged = encoded({**claims, "preferred_username": "dave"})
    header = encoded({**decoded(f"{head}.{body}.", 0), "alg": "PS256"})
    for token in (
        f"{head}.{forged}.{signature}",
        f"{header}.{body}.{signature}",
        f"{head}.{body}.{signature[:-4]}AAAA",
        f"{head}.{body}.",
        f"{head}.{body}",
        f"{head}..{signature}",
        f"{head}.{body}.{signature}.{signature}",
        f"{head}.{body}.{signature}.",
        f" {head}.{body}. {signature}",
        f"{encoded([])}.{body}.{signature}",
        f"{head}.{encoded([1])}.{signature}",
        f"{head}.{encoded(b'[' * 900)}.{signature}",
        "..",
        "a.b.c",
        "." * 4000,
    ):
        assert await status(client, token) == 401, token


async def test_other_kinds_of_signed_things_are_no_tokens(provider: Provider, client: Client) -> None:
    for kind in ("logout+jwt", "dpop+jwt", "secevent+jwt", "jose"):
        assert await status(client, provider.sign(header={"typ": kind})) == 401
    for kind in ("JWT", "at+jwt", "application/at+jwt", None):
        assert await status(client, provider.sign(header={"typ": kind})) == 200
    public = RSAKey.import_key({name: provider.keys[0][name] for name in ("kty", "n", "e")})
    sealed = jwe.encrypt_compact({"alg": "RSA-OAEP", "enc": "A128GCM"}, json.dumps(provider.claims()), public)
    assert await status(client, sealed) == 401


async def test_keys_that_are_not_for_this_are_not_used(provider: Provider, client: Client) -> None:
    secret = OctKey.generate_key(256, {"kid": "shared"})
    provider.keys.append(dict(secret.as_dict(private=True)))
    for_encryption = RSAKey.generate_key(2048, {"kid": "enc", "use": "enc"})
    provider.new_key(for_encryption)
    with pytest.warns(SecurityWarning):
        small = RSAKey.generate_key(1024, {"kid": "small"})
    provider.new_key(small)
    only = RSAKey.generate_key(2048, {"kid": "only", "alg": "PS256"})
    provider.new_key(only)
    provider.keys += [{"kty": "RSA", "kid": "broken"}, {"kty": 5}, "nonsense"]  # type: ignore[list-item]
    assert await status(client, provider.sign()) == 200
    assert await status(client, provider.sign(secret, {"alg": "HS256", "kid": "shared"})) == 401
    for key in (for_encryption, small, only):
        plain = without(key, "use", "alg")
        assert await status(client, provider.sign(plain, {"kid": key.kid})) == 401, key.kid
    assert await status(client, provider.sign(without(only, "alg"), {"kid": "only", "alg": "PS256"})) == 200


async def test_new_keys_are_found_but_looked_for_once_a_minute_at_most(
    provider: Provider, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await status(client, provider.sign()) == 200
    fetched = ["/realm/.well-known/openid-configuration", "/realm/keys"]
    assert provider.fetched == fetched
    new = provider.new_key(RSAKey.generate_key(2048, {"kid": "rsa-2"}))
    for number in range(5):
        assert await status(client, provider.sign(new, {"kid": f"rsa-{number + 2}"})) == 401
    assert provider.fetched == fetched
    monkeypatch.setattr(provider_keys, "PAUSE_SECONDS", 0.0)
    assert await status(client, provider.sign(new, {"kid": "rsa-2"})) == 200
    assert provider.fetched == fetched * 2
    # Keys in hand go on to be good while the provider is out of reach, and bad ones do not replace them.
    provider.status = 500
    assert await status(client, provider.sign(new, {"kid": "rsa-9"})) == 401
    assert await status(client, provider.sign(new, {"kid": "rsa-2"}, sub="other")) == 200


async def test_a_key_that_the_provider_withdraws_is_forgotten(
    provider: Provider, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await status(client, provider.sign()) == 200
    old = provider.keys.pop()
    provider.new_key(RSAKey.generate_key(2048, {"kid": "rsa-2"}))
    assert await status(client, provider.sign(sub="a")) == 200
    monkeypatch.setattr(provider_keys, "PAUSE_SECONDS", 0.0)
    monkeypatch.setattr(provider_keys, "FRESH_SECONDS", 0.0)
    assert await status(client, provider.sign(sub="b")) == 401
    provider.keys = [old]
    monkeypatch.setattr(provider_keys, "STALE_SECONDS", -1.0)
    assert await status(client, provider.sign(sub="c")) == 401


@pytest.mark.parametrize(
    "change",
    [
        {"issuer": "https://elsewhere.example.com"},
        {"jwks_uri": "http://192.0.2.1/keys"},
        {"jwks_uri": "file:///x"},
    ],
)
async def test_a_discovery_that_leads_elsewhere_is_not_followed(
    provider: Provider, client: Client, change: dict[str, str]
) -> None:
    provider.discovery = {**provider.discovery, **change}
    assert await status(client, provider.sign()) == 401


@pytest.fixture
async def own(application: Application, client: Client) -> str:
    """A good access token of our own."""
    secret, token = await application.tokens.create(Wish(user="alice", kind=Kind.CLIENT))
    made = await (await client()).post(
        "/oauth/token",
        json={"client_id": token.token_id, "client_secret": secret, "grant_type": "client_credentials"},
    )
    return str(made.json()["access_token"])


async def test_our_own_tokens_cannot_be_forged(
    application: Application, provider: Provider, client: Client, own: str, tmp_path: Path
) -> None:
    assert await status(client, own) == 200
    header, claims = decoded(own, 0), decoded(own, 1)
    [key] = json.loads((tmp_path / "state" / "signing-keys.json").read_text())
    private = ECKey.import_key(key["jwk"])

    def sign(by: Any = private, head: dict[str, Any] | None = None, **changes: Any) -> str:
        whole = {**header, **(head or {})}
        body = {name: value for name, value in {**claims, **changes}.items() if value is not None}
        return jwt.encode(whole, body, by, algorithms=[whole["alg"]], default_type=None)

    # The oracle: signed in the same way, without a change, it is good.
    assert await status(client, sign(jti="other")) == 200
    public = private.raw_value.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    forged = [
        sign(ECKey.generate_key("P-256", {"kid": header["kid"]})),
        hmac_with(public, {**header, "alg": "HS256"}, claims),
        sign(provider.rsa, {"alg": "RS256"}),
        sign(head={"kid": "other"}),
        sign(head={"typ": "JWT"}),
        sign(aud="other"),
        sign(aud=None),
        sign(iss="other"),
        sign(iss=provider.issuer),
        sign(exp=int(time.time()) - 1),
        sign(exp=None),
        sign(nbf=int(time.time()) + 60),
        sign(client_id="cli_0000000000000000"),
        sign(client_id=None),
        sign(scope=""),
        sign(scope="everything"),
        f"{encoded({**header, 'alg': 'none'})}.{encoded(claims)}.",
        provider.sign(header={"typ": "at+jwt"}, iss="s9s", client_id=claims["client_id"]),
    ]
    for number, token in enumerate(forged):
        assert await status(client, token) == 401, number
    # A token is never good for more than its client, whatever it says.
    _, narrow = await application.tokens.create(
        Wish(user="alice", kind=Kind.CLIENT, scopes=frozenset({"jobs:read"}))
    )
    wide = sign(client_id=narrow.token_id, scope="admin jobs:read jobs:write nodes:write")
    me = (await (await client(wide)).get("/v1/whoami")).json()
    assert (me["role"], me["scopes"]) == ("user", ["jobs:read"])
    # Nor is one for a bearer token's id, which is no client.
    _, personal = await application.tokens.create(Wish(user="dave"))
    assert await status(client, sign(client_id=personal.token_id)) == 401


async def test_secrets_are_looked_for_by_their_hash(application: Application) -> None:
    secret, _ = await application.tokens.create(Wish(user="alice"))
    kept = await application.tokens._records.by_hash(sha256(secret.encode()).digest())
    assert kept is not None
    assert kept.user == "alice"
