"""All that can be set: one class for each table of the file, one docstring for each key."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from s9s.config.alerts import Alerts
from s9s.config.cluster import Cluster, Simulated, Snapshot
from s9s.config.delivery import Mail, Outgoing
from s9s.config.events import Events
from s9s.config.history import History
from s9s.config.identity import Certificates, Credentials, Login, OAuth, OpenIdConnect
from s9s.config.metrics import Metrics
from s9s.config.reports import Reports
from s9s.config.samples import Samples
from s9s.config.section import Section
from s9s.config.server import Database, Limits, Logging, Server
from s9s.config.submissions import Submissions
from s9s.config.webhooks import Webhooks
from s9s.config.work import Artifacts, Exports, Work


class Settings(BaseModel):
    """All settings. Made directly it reads nothing but its arguments; see `load_settings`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    server: Server = Field(default_factory=Server)
    database: Database = Field(default_factory=Database)
    cluster: Cluster = Field(default_factory=Cluster)
    snapshot: Snapshot = Field(default_factory=Snapshot)
    history: History = Field(default_factory=History)
    simulated: Simulated = Field(default_factory=Simulated)
    certificates: Certificates = Field(default_factory=Certificates)
    credentials: Credentials = Field(default_factory=Credentials)
    oauth: OAuth = Field(default_factory=OAuth)
    oidc: OpenIdConnect = Field(default_factory=OpenIdConnect)
    login: Login = Field(default_factory=Login)
    events: Events = Field(default_factory=Events)
    reports: Reports = Field(default_factory=Reports)
    mail: Mail = Field(default_factory=Mail)
    outgoing: Outgoing = Field(default_factory=Outgoing)
    webhooks: Webhooks = Field(default_factory=Webhooks)
    submissions: Submissions = Field(default_factory=Submissions)
    metrics: Metrics = Field(default_factory=Metrics)
    samples: Samples = Field(default_factory=Samples)
    work: Work = Field(default_factory=Work)
    exports: Exports = Field(default_factory=Exports)
    artifacts: Artifacts = Field(default_factory=Artifacts)
    alerts: Alerts = Field(default_factory=Alerts)
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
