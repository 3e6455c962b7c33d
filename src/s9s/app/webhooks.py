"""Webhooks of a running server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from s9s.api.schemas.live import read_filter, update_message
from s9s.app.queue import open_seal
from s9s.config import Settings
from s9s.services.delivery.outgoing import Outgoing
from s9s.services.identity.known import KnownCallers
from s9s.services.identity.standing import Standing
from s9s.services.live.hub import Hub
from s9s.services.webhooks.dispatcher import Dispatcher
from s9s.services.webhooks.posting import Patience
from s9s.services.webhooks.posts import Posts
from s9s.services.webhooks.service import Webhooks
from s9s.storage.database import Database
from s9s.storage.webhooks import WebhookRecords


@asynccontextmanager
async def posting(
    settings: Settings,
    database: Database,
    hub: Hub,
    outgoing: Outgoing,
    standing: Standing,
    known: KnownCallers,
    cluster: Callable[[], str],
) -> AsyncIterator[Webhooks]:
    """Post what webhooks want, while this lasts."""
    wanted, records = settings.webhooks, WebhookRecords(database)
    posts = Posts(
        hub, outgoing, open_seal(settings), parse=read_filter, describe=update_message, cluster=cluster
    )
    patience = Patience(
        attempts=wanted.attempts,
        first_seconds=wanted.first_retry_seconds,
        longest_seconds=wanted.longest_retry_seconds,
    )
    dispatcher = Dispatcher(
        records, posts, standing, known, patience=patience, kept_seconds=wanted.keep_days * 86_400
    )
    dispatcher.start()
    try:
        yield Webhooks(
            records, posts, standing, dispatcher.wake, of_one=wanted.per_user, of_all=wanted.maximum
        )
    finally:
        await dispatcher.stop()
