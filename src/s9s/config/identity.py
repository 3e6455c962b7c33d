"""Who comes in: certificates, OAuth 2.0, OpenID Connect, passwords."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from s9s.config.section import HTTPS, AbsolutePath, Pattern, Section, Text, Texts


class Certificates(Section):
    """Which users clients' certificates stand for, where `server.client_ca` or a proxy asks for them."""

    user_from: Literal["registered", "common_name", "email", "principal"] = "registered"
    """Where the user's name stands: in the subject (`common_name`), or among the alternative names (`email`,
    `principal`: Microsoft's UPN). `registered` accepts only those of `s9s certificate add`."""
    user_pattern: Pattern = "[a-z_][a-z0-9_-]*"
    """Regular expression that the whole name must match; its first group, if it has one, is the user."""


class Credentials(Section):
    """Credentials that the server keeps."""

    retention_days: Annotated[int, Field(ge=1, le=36_500)] = 90
    """How long credentials are listed after they were revoked or have expired; then they are removed, and
    the audit log alone tells of them."""


class OAuth(Section):
    """The token endpoint for OAuth 2.0 clients."""

    issuer: Text = "s9s"
    """Name of this server in the access tokens that it signs, as issuer and audience."""
    access_token_seconds: Annotated[int, Field(ge=60, le=86400)] = 900
    """How long an access token is valid."""


class OpenIdConnect(Section):
    """An external OpenID Connect provider whose tokens are accepted."""

    issuer: Annotated[str, Field(pattern=HTTPS, examples=["https://login.example.com/realms/hpc"])] | None = (
        None
    )
    """The provider, exactly as its tokens name it (`iss`); unset accepts none."""
    audience: Annotated[Texts, Field(examples=['["s9s"]'])] = ()
    """For whom tokens must be (`aud`); one of these. Must be set where there is an issuer."""
    jwks_url: Annotated[str, Field(pattern=HTTPS, examples=["https://login.example.com/keys"])] | None = None
    """Where the provider's keys are; unset asks its discovery document."""
    user_claim: Text = "preferred_username"
    """Claim that names the user; with dots it is found in objects."""
    user_pattern: Pattern = "[a-z_][a-z0-9_-]*"
    """Regular expression that the whole name must match; its first group, if it has one, is the user."""
    role_claim: Text = "groups"
    """Claim with the words that say the role, such as `realm_access.roles`."""
    operators: Annotated[Texts, Field(examples=['["slurm-operators"]'])] = ()
    """Words that let an operator be one; with neither these nor `administrators` set, Slurm alone says it."""
    administrators: Annotated[Texts, Field(examples=['["slurm-admins"]'])] = ()
    """Words that let an administrator be one. Nobody is more than Slurm says (AdminLevel)."""
    tier: Literal["free", "pro", "enterprise"] = "free"
    """Of the rate limits."""


class Login(Section):
    """Logging in with a password, for a personal token (`POST /v1/login`)."""

    method: Literal["off", "pam", "ldap"] = "off"
    """What checks passwords: PAM of this host (package `s9s[pam]`), or a directory server (ldap-utils)."""
    lifetime_seconds: Annotated[int, Field(ge=60, le=30 * 86400)] = 8 * 3600
    """How long the token is valid."""
    pam_service: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]+$", examples=["s9s"])] = "login"
    """Service that PAM is asked for: a file in /etc/pam.d."""
    ldap_url: (
        Annotated[str, Field(pattern=r"^ldaps?://\S+$", examples=["ldaps://ldap.example.com"])] | None
    ) = None
    """The directory server; `ldap://` is turned to TLS before anything is said."""
    ldap_user_dn: Annotated[
        str, Field(pattern=r"^.*\{user\}.*$", examples=["uid={user},ou=people,dc=example,dc=com"])
    ] = "uid={user}"
    """Where a user's entry is; for Active Directory `{user}@example.com` does as well."""
    ldap_ca: AbsolutePath | None = None
    """Certificates of who may vouch for the directory server (PEM); unset are those of the host."""
    ldap_group: (
        Annotated[str, Field(pattern=r"^\S.*$", examples=["cn=hpc,ou=groups,dc=example,dc=com"])] | None
    ) = None
    """Group whose members alone may log in (`member`, `uniqueMember` or `memberUid`); unset is everybody."""
    operators: Annotated[Texts, Field(examples=['["carol"]'])] = ()
    """Users whose tokens may have the role operator; with neither these nor `administrators` set, Slurm alone
    says it."""
    administrators: Annotated[Texts, Field(examples=['["dave"]'])] = ()
    """Users whose tokens may have the role admin. Nobody is more than Slurm says (AdminLevel)."""
    tier: Literal["free", "pro", "enterprise"] = "free"
    """Of the rate limits."""
