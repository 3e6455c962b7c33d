"""Credentials that ended long ago are removed, and no others."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from s9s.domain.credentials import Kind
from s9s.domain.errors import AuthenticationFailed, ResourceNotFound
from s9s.services.identity.tokens import Tokens, Wish
from s9s.services.purging import Purging
from s9s.storage.database import Database
from s9s.storage.tokens import TokenRecords

DAY = 86_400


async def test_what_ended_long_ago_is_removed(tmp_path: Path) -> None:
    now = 1_000_000_000.0
    async with await Database.open(f"sqlite:///{tmp_path}/s9s.db") as database:
        records = TokenRecords(database)
        tokens = Tokens(records, lambda: now)
        made = {}
        for name, wish in {
            "valid": Wish(user="alice"),
            "ends later": Wish(user="alice", expires_in=200 * DAY),
            "ended": Wish(user="alice", expires_in=5 * DAY),
            "ended and revoked": Wish(user="alice", expires_in=5 * DAY),
            "revoked": Wish(user="alice", kind=Kind.API_KEY),
            "revoked client": Wish(user="alice", kind=Kind.CLIENT),
            "revoked lately": Wish(user="alice"),
        }.items():
            made[name] = await tokens.create(wish)
        certificate = await tokens.register(Wish(user="alice", kind=Kind.CERTIFICATE), b"f" * 32)
        for name in ("ended and revoked", "revoked", "revoked client"):
            await tokens.revoke(made[name][1].token_id)
        await tokens.revoke(certificate.token_id)
        now += 50 * DAY
        await tokens.revoke(made["revoked lately"][1].token_id)
        purging = Purging(records, 90 * DAY, lambda: now)
        assert await purging.purge() == 0
        now += 50 * DAY
        assert await purging.purge() == 4
        assert await purging.purge() == 0
        left = {token.token_id for token in await tokens.list()}
        kept = {made[name][1].token_id for name in ("valid", "ends later", "revoked lately")}
        # A certificate that nobody remembers might be let in as one that was never registered.
        assert left == kept | {certificate.token_id}
        with pytest.raises(AuthenticationFailed, match="is revoked"):
            await tokens.by_fingerprint(b"f" * 32)
        with pytest.raises(ResourceNotFound):
            await tokens.get(made["revoked"][1].token_id)
        for name in ("revoked", "ended"):
            with pytest.raises(AuthenticationFailed):
                await tokens.verify(made[name][0])


async def test_it_is_done_at_the_start_and_ends_when_told(tmp_path: Path) -> None:
    async with await Database.open(f"sqlite:///{tmp_path}/s9s.db") as database:
        records = TokenRecords(database)
        await Tokens(records, lambda: 1000.0).create(Wish(user="alice", expires_in=1))
        purging = Purging(records, DAY)
        purging.start()
        async with asyncio.timeout(10):
            while await records.all():
                await asyncio.sleep(0.01)
            await purging.stop()
