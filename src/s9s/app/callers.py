"""What says who callers are, how much they may ask for, and what they did."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from s9s.app.credentials import open_access_tokens, open_credentials, open_logins, open_standing, purging
from s9s.config import Settings
from s9s.services.audit import Audit
from s9s.services.identity.access_tokens import AccessTokens
from s9s.services.identity.credentials import Credentials
from s9s.services.identity.failed_logins import FailedLogins
from s9s.services.identity.logins import Logins
from s9s.services.identity.standing import Standing
from s9s.services.identity.tokens import Tokens
from s9s.services.limits import RateLimits
from s9s.snapshot.snapshot import Snapshot
from s9s.storage.audit import AuditRecords
from s9s.storage.database import Database
from s9s.storage.quotas import Quotas
from s9s.storage.tokens import TokenRecords


@dataclass(frozen=True)
class Callers:
    """Every way in, and what is kept of those who came."""

    tokens: Tokens
    access_tokens: AccessTokens
    credentials: Credentials
    logins: Logins
    failures: FailedLogins
    standing: Standing
    limits: RateLimits
    audit: Audit


@asynccontextmanager
async def admitting(
    settings: Settings, database: Database, snapshot: Snapshot, *, is_simulated: bool
) -> AsyncIterator[Callers]:
    """Open every way in that the settings have; what is known of callers is kept up to date while this lasts.

    Raises `BadConfiguration`, `UnusableKeys` and `DatabaseUnavailable`.
    """
    async with AsyncExitStack() as stack:
        tokens = Tokens(TokenRecords(database))
        await tokens.known.start()
        stack.push_async_callback(tokens.known.stop)
        tokens.roles.follow(snapshot, tokens.known.forget)
        await stack.enter_async_context(purging(settings, database))
        audit = Audit(AuditRecords(database))
        stack.push_async_callback(audit.stop)
        limits = RateLimits(
            Quotas(database),
            enterprise=settings.limits.enterprise_requests,
            max_concurrent=settings.limits.max_concurrent_requests,
        )
        await limits.start()
        stack.push_async_callback(limits.stop)
        failures = FailedLogins(settings.limits.failed_logins)
        logins = open_logins(settings, tokens, failures)
        stack.callback(logins.close)
        access_tokens = open_access_tokens(settings, tokens)
        yield Callers(
            tokens=tokens,
            access_tokens=access_tokens,
            credentials=open_credentials(
                settings, tokens, access_tokens, failures, is_simulated=is_simulated
            ),
            logins=logins,
            failures=failures,
            standing=open_standing(tokens, is_simulated=is_simulated),
            limits=limits,
            audit=audit,
        )
