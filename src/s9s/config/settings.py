"""What can be set: one class for each table of the file, one docstring for each key."""

from __future__ import annotations

import os
import re
import shutil
from ipaddress import ip_network
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Literal, Union, get_args, get_origin

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.fields import FieldInfo

AbsolutePath = Annotated[Path, AfterValidator(lambda path: path.expanduser().absolute())]
Text = Annotated[str, Field(min_length=1, pattern=r"^\S+$")]


#: An address that nobody on the way can change; in the clear only on this very host.
_HTTPS = r"^(https://[^\s/]|http://(127\.0\.0\.1|localhost|\[::1\])[:/])\S*$"


def _compiled(pattern: str) -> str:
    re.compile(pattern)
    return pattern


Pattern = Annotated[str, AfterValidator(_compiled), Field(examples=[r"([a-z]+)@example\.com"])]


def _split(value: object) -> object:
    """A list as the environment can say it: separated by commas."""
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


Texts = Annotated[tuple[Text, ...], BeforeValidator(_split)]
Networks = Annotated[
    tuple[Annotated[str, AfterValidator(lambda text: str(ip_network(text, strict=False)))], ...],
    BeforeValidator(_split),
]


def default_state_dir() -> Path:
    """``/var/lib/s9s`` for root, a directory of the user's own for everyone else."""
    if os.geteuid() == 0:
        return Path("/var/lib/s9s")
    return Path(os.environ.get("XDG_STATE_HOME") or "~/.local/state").expanduser() / "s9s"


class Section(BaseModel):
    """One table of the file."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Server(Section):
    """Where the server listens and keeps its files."""

    host: Text = "127.0.0.1"
    """Address to listen on."""
    port: Annotated[int, Field(ge=0, le=65535)] = 8080
    """Port to listen on; 0 takes any free one."""
    state_dir: AbsolutePath = Field(default_factory=default_state_dir)
    """Directory of the embedded database and of all files of the server; made with mode 0700."""
    public_url: (
        Annotated[str, Field(pattern=r"^https?://[^\s/]\S*$", examples=["https://api.example.com"])] | None
    ) = None
    """Address under which clients reach the server, where a proxy stands before it."""
    tls_certificate: AbsolutePath | None = None
    """Certificate of the server, followed by those of its issuers (PEM); with it the server speaks TLS only.
    A renewed one is taken without a restart."""
    tls_key: AbsolutePath | None = None
    """Private key of the certificate (PEM); unset is in the same file."""
    client_ca: AbsolutePath | None = None
    """Certificates of those who issue certificates to clients (PEM)."""
    client_certificates: Literal["optional", "required"] = "optional"
    """Whether clients need a certificate where there is a `client_ca`."""
    trusted_proxies: Annotated[Networks, Field(examples=['["10.0.0.5", "2001:db8::/64"]'])] = ()
    """Proxies that are believed for whom they speak (`X-Forwarded-For`, and `Client-Cert` of RFC 9440)."""
    allowed_origins: Annotated[Texts, Field(examples=['["https://portal.example.com"]'])] = ()
    """Web pages of other servers that may use the API from a browser (CORS); unset is none, `*` is all."""


class Database(Section):
    """What outlives a restart."""

    url: Annotated[str, Field(pattern=r"^sqlite:////.+$", examples=["sqlite:////srv/s9s/s9s.db"])] | None = (
        None
    )
    """Database; unset is `s9s.db` in the state directory."""


class Cluster(Section):
    """The Slurm cluster and the ways to reach it."""

    mode: Literal["auto", "simulated", "slurmrestd", "cli"] = "auto"
    """Way to the cluster: slurmrestd, Slurm's command line tools (`cli`) or the embedded simulated cluster.
    `auto` is the Slurm of this host, by the better route for each operation, else the simulated cluster."""
    name: Text | None = None
    """Name of the cluster; unset is what Slurm says."""
    slurmrestd_url: (
        Annotated[
            str,
            Field(
                pattern=r"^(https?://[^\s/]|unix:/)\S*$",
                examples=["http://127.0.0.1:6820", "unix:/run/slurmrestd.sock"],
            ),
        ]
        | None
    ) = None
    """Address of slurmrestd; unset looks for one on this host."""
    jwt_key: AbsolutePath | None = None
    """The cluster's `jwt_key` (AuthAltParameters), from which short-lived tokens of users are made."""
    bin_dir: AbsolutePath | None = None
    """Directory of Slurm's command line tools; unset finds them on PATH."""
    slurm_conf: AbsolutePath | None = None
    """Path of slurm.conf for the command line tools; unset is SLURM_CONF, else their own default."""
    service_user: Text | None = None
    """Slurm user as whom the server reads through slurmrestd; unset is root where there is a `jwt_key`, else
    the user who started the server."""
    private_data: (
        Annotated[str, Field(pattern=r"^[A-Za-z]+(,[A-Za-z]+)*$", examples=["jobs,usage", "none"])] | None
    ) = None
    """What users may not see of others (Slurm's PrivateData); unset is what Slurm tells. Where only an old
    slurmrestd is there to ask, which does not tell it, unset keeps jobs, users and usage private."""
    sudo: bool = False
    """Become the calling user with `sudo -n -u`, for a server that does not run as root."""
    timeout_seconds: Annotated[float, Field(gt=0, le=600)] = 30.0
    """Longest wait for one answer of Slurm; listings of everything may take longer."""

    @property
    def commands_directory(self) -> Path | None:
        """Where Slurm's commands are: as configured, else where the one who started the server finds them."""
        if self.bin_dir is not None:
            return self.bin_dir
        scontrol = shutil.which("scontrol")
        return Path(scontrol).absolute().parent if scontrol else None

    @property
    def slurm_conf_path(self) -> Path | None:
        """The slurm.conf that the commands are told of: as configured, else as in the environment."""
        if self.slurm_conf is not None:
            return self.slurm_conf
        return Path(path).absolute() if (path := os.environ.get("SLURM_CONF")) else None


class Snapshot(Section):
    """The copy of the cluster's state in memory that lists are answered from."""

    interval_seconds: Annotated[float, Field(ge=0.1, le=300)] = 1.0
    """Time from one refresh to the next; it grows by itself when Slurm is slow."""
    finished_window_seconds: Annotated[int, Field(ge=0, le=31 * 86400)] = 86400
    """How far back finished jobs are loaded from accounting at the start."""
    max_finished_jobs: Annotated[int, Field(ge=0, le=5_000_000)] = 200_000
    """Finished jobs kept in memory; beyond it the oldest go first."""


class Simulated(Section):
    """The embedded simulated cluster."""

    nodes: Annotated[int, Field(ge=8, le=20_000)] = 64
    """Number of nodes."""
    jobs: Annotated[int, Field(ge=0, le=500_000)] = 400
    """Number of live synthetic jobs at the start."""
    speed: Annotated[float, Field(ge=0, le=100_000)] = 1.0
    """Simulated seconds in a real one; 0 stops the time."""
    seed: Annotated[int, Field(ge=0)] = 1
    """Seed of the synthetic users, nodes and jobs."""
    run_jobs: bool = True
    """Run what clients submit as real local processes; only while bound to loopback."""
    churn: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Fraction of the jobs that change each second, for benchmarks; 0 lets them live."""


class Certificates(Section):
    """Which users clients' certificates stand for, where `server.client_ca` or a proxy asks for them."""

    user_from: Literal["registered", "common_name", "email", "principal"] = "registered"
    """Where the user's name stands: in the subject (`common_name`), or among the alternative names (`email`,
    `principal`: Microsoft's UPN). `registered` accepts only those of `s9s certificate add`."""
    user_pattern: Pattern = "[a-z_][a-z0-9_-]*"
    """Regular expression that the whole name must match; its first group, if it has one, is the user."""


class OAuth(Section):
    """The token endpoint for OAuth 2.0 clients."""

    issuer: Text = "s9s"
    """Name of this server in the access tokens that it signs, as issuer and audience."""
    access_token_seconds: Annotated[int, Field(ge=60, le=86400)] = 900
    """How long an access token is valid."""


class OpenIdConnect(Section):
    """An external OpenID Connect provider whose tokens are accepted."""

    issuer: (
        Annotated[str, Field(pattern=_HTTPS, examples=["https://login.example.com/realms/hpc"])] | None
    ) = None
    """The provider, exactly as its tokens name it (`iss`); unset accepts none."""
    audience: Annotated[Texts, Field(examples=['["s9s"]'])] = ()
    """For whom tokens must be (`aud`); one of these. Must be set where there is an issuer."""
    jwks_url: Annotated[str, Field(pattern=_HTTPS, examples=["https://login.example.com/keys"])] | None = None
    """Where the provider's keys are; unset asks its discovery document."""
    user_claim: Text = "preferred_username"
    """Claim that names the user; with dots it is found in objects."""
    user_pattern: Pattern = "[a-z_][a-z0-9_-]*"
    """Regular expression that the whole name must match; its first group, if it has one, is the user."""
    role_claim: Text = "groups"
    """Claim with the words that say the role, such as `realm_access.roles`."""
    operators: Annotated[Texts, Field(examples=['["slurm-operators"]'])] = ()
    """Words that make an operator."""
    administrators: Annotated[Texts, Field(examples=['["slurm-admins"]'])] = ()
    """Words that make an administrator."""
    tier: Literal["free", "pro", "enterprise"] = "free"
    """Of the rate limits."""


class Login(Section):
    """Logging in with a password, for a personal token (`POST /v1/login`)."""

    method: Literal["off", "pam", "ldap"] = "off"
    """What checks passwords: PAM of this host (package `s9s[pam]`), or a directory server (`s9s[ldap]`)."""
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
    """Where a user's entry is."""
    ldap_ca: AbsolutePath | None = None
    """Certificates of who may vouch for the directory server (PEM); unset are those of the host."""
    operators: Annotated[Texts, Field(examples=['["carol"]'])] = ()
    """Users whose tokens have the role operator."""
    administrators: Annotated[Texts, Field(examples=['["dave"]'])] = ()
    """Users whose tokens have the role admin."""
    tier: Literal["free", "pro", "enterprise"] = "free"
    """Of the rate limits."""


class Limits(Section):
    """Bounds of what one request, or all together, may take."""

    max_body_bytes: Annotated[int, Field(ge=1024, le=2**30)] = 8 * 2**20
    """Largest body of a request."""
    enterprise_requests: Annotated[int, Field(ge=1, le=10**12)] = 100_000_000
    """Requests an hour of a credential of the tier enterprise; free has 1,000 and pro 10,000."""
    max_concurrent_requests: Annotated[int, Field(ge=1, le=10_000)] = 128
    """Requests of one credential that may be under way at the same time."""
    failed_logins: Annotated[int, Field(ge=1, le=1_000_000)] = 20
    """Failed logins from one address (of IPv6: one /64) before each costs a growing delay; it regains one
    every two seconds, and the same wrong secret again counts a quarter."""
    request_head_seconds: Annotated[float, Field(gt=0, le=3600)] = 15.0
    """Longest time in which a client may send a request's head."""
    request_body_seconds: Annotated[float, Field(gt=0, le=86400)] = 120.0
    """Longest time in which a client may send a request's body, and after which one that does not read its
    answer is disconnected."""
    max_processes: Annotated[int, Field(ge=1, le=1024)] = 16
    """Slurm commands that run at the same time."""


class Logging(Section):
    """What the server says on standard error."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    """Least severity that is logged."""
    format: Literal["auto", "text", "json"] = "auto"
    """Form of a line; `auto` is text on a terminal and JSON elsewhere."""
    access: bool = False
    """Log every request."""


class Settings(BaseModel):
    """All settings. Made directly it reads nothing but its arguments; see `load_settings`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    server: Server = Field(default_factory=Server)
    database: Database = Field(default_factory=Database)
    cluster: Cluster = Field(default_factory=Cluster)
    snapshot: Snapshot = Field(default_factory=Snapshot)
    simulated: Simulated = Field(default_factory=Simulated)
    certificates: Certificates = Field(default_factory=Certificates)
    oauth: OAuth = Field(default_factory=OAuth)
    oidc: OpenIdConnect = Field(default_factory=OpenIdConnect)
    login: Login = Field(default_factory=Login)
    limits: Limits = Field(default_factory=Limits)
    logging: Logging = Field(default_factory=Logging)
    _config_file: Path | None = None

    @property
    def config_file(self) -> Path | None:
        """The file that was read, if any."""
        return self._config_file

    @property
    def has_tls(self) -> bool:
        """Whether clients come by HTTPS: to the server itself, or to a proxy before it."""
        return self.server.tls_certificate is not None or (self.server.public_url or "").startswith("https:")

    @property
    def database_url(self) -> str:
        """The database that is really used: the configured one, or the embedded one."""
        return self.database.url or f"sqlite:///{self.server.state_dir / 's9s.db'}"


def sections() -> dict[str, type[Section]]:
    """The tables of the file by name, in the order of the documentation."""
    kinds = ((name, field.annotation) for name, field in Settings.model_fields.items())
    return {name: kind for name, kind in kinds if isinstance(kind, type) and issubclass(kind, Section)}


def describe_allowed(field: FieldInfo) -> str:
    """What a key accepts, in words: ``an integer from 0 to 65535``, ``auto, simulated, slurmrestd, cli``."""
    annotation, rules, examples = field.annotation, list(field.metadata), field.examples or []
    if get_origin(annotation) in (Union, UnionType):
        annotation = next(kind for kind in get_args(annotation) if kind is not NoneType)
    if get_origin(annotation) is Annotated:
        annotation, *found = get_args(annotation)
        for rule in found:
            rules += getattr(rule, "metadata", [rule])
            examples += getattr(rule, "examples", None) or []
    if get_origin(annotation) is Literal:
        return ", ".join(get_args(annotation))
    if annotation is bool:
        return "true, false"
    if get_origin(annotation) is tuple:
        return f"a list like {examples[0]}" if examples else "a list of texts"
    if annotation is Path:
        return "a path"
    if annotation is str:
        return f"text like {' or '.join(examples)}" if examples else "text without spaces"
    bounds = [
        f"{word} {getattr(rule, limit)}"
        for limit, word in (("ge", "from"), ("gt", "above"), ("le", "to"))
        for rule in rules
        if getattr(rule, limit, None) is not None
    ]
    return " ".join(["an integer" if annotation is int else "a number", *bounds])
