"""Credentials at rest: everything about them but their secrets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from sqlalchemy import Row, bindparam, delete, func, insert, or_, select, update

from s9s.domain.credentials import NO_RESTRICTIONS, Kind, Restrictions, Token
from s9s.storage.database import Database
from s9s.storage.tables import revisions, tokens

_COLUMNS = [column for column in tokens.columns if column.name != "secret_hash"]
_touch = (
    update(tokens)
    .where(tokens.c.token_id == bindparam("id"))
    .where(or_(tokens.c.last_used_at.is_(None), tokens.c.last_used_at < bindparam("used_at")))
    .values(last_used_at=bindparam("used_at"))
)
_next_revision = update(revisions).where(revisions.c.topic == "tokens").values(number=revisions.c.number + 1)


class TokenRecords:
    """The tokens of a database. Every method raises `DatabaseUnavailable`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, token: Token, secret_hash: bytes) -> None:
        """Keep a new credential."""
        values = {column.name: getattr(token, column.name) for column in _COLUMNS}
        values |= {
            "kind": token.kind.value,
            "scopes": " ".join(sorted(token.scopes)),
            "restrictions": msgspec.json.encode(token.restrictions, order="deterministic").decode()
            if token.restrictions
            else None,
            "secret_hash": secret_hash,
        }
        async with self._database.write() as connection:
            await connection.execute(insert(tokens).values(values))

    async def by_hash(self, secret_hash: bytes) -> Token | None:
        """The token with this SHA-256 of its secret, valid or not."""
        async with self._database.read() as connection:
            found = await connection.execute(select(*_COLUMNS).where(tokens.c.secret_hash == secret_hash))
            row = found.one_or_none()
        return _token(row) if row else None

    async def by_id(self, token_id: str) -> Token | None:
        """The credential of this public id, valid or not."""
        async with self._database.read() as connection:
            found = await connection.execute(select(*_COLUMNS).where(tokens.c.token_id == token_id))
            row = found.one_or_none()
        return _token(row) if row else None

    async def count_valid(self, user: str, now: int) -> int:
        """How many credentials of a user are neither revoked nor expired."""
        is_valid = (
            tokens.c.revoked_at.is_(None),
            or_(tokens.c.expires_at.is_(None), tokens.c.expires_at > now),
        )
        count = select(func.count()).select_from(tokens).where(tokens.c.user == user, *is_valid)
        async with self._database.read() as connection:
            found: int = (await connection.execute(count)).scalar_one()
            return found

    async def all(self) -> list[Token]:
        """All tokens, valid or not, oldest first."""
        async with self._database.read() as connection:
            rows = await connection.execute(
                select(*_COLUMNS).order_by(tokens.c.created_at, tokens.c.token_id)
            )
            return [_token(row) for row in rows]

    async def revoke(self, token_id: str, at: int) -> Token | None:
        """Make a token invalid for good and let all processes know; ``None`` when there is none.

        A token that was revoked before stays as it is.
        """
        one = tokens.c.token_id == token_id
        async with self._database.write() as connection:
            await connection.execute(
                update(tokens).where(one, tokens.c.revoked_at.is_(None)).values(revoked_at=at)
            )
            await connection.execute(_next_revision)
            row = (await connection.execute(select(*_COLUMNS).where(one))).one_or_none()
        return _token(row) if row else None

    async def touch(self, used: Mapping[str, int]) -> None:
        """Record when tokens were last used, all in one transaction; an earlier instant changes nothing."""
        async with self._database.write() as connection:
            await connection.execute(_touch, [{"id": key, "used_at": at} for key, at in used.items()])

    async def purge(self, before: int) -> int:
        """Remove the credentials that were revoked or expired before an instant; how many that were.

        Certificates stay, revoked ones so that they are refused as long as there may be any.
        """
        is_over = or_(tokens.c.revoked_at < before, tokens.c.expires_at < before)
        async with self._database.write() as connection:
            done = await connection.execute(
                delete(tokens).where(is_over, tokens.c.kind != Kind.CERTIFICATE.value)
            )
            return int(done.rowcount)

    async def announce(self) -> None:
        """Let all processes forget whom they know, as after a revocation."""
        async with self._database.write() as connection:
            await connection.execute(_next_revision)

    async def revision(self) -> int:
        """A number that differs from an earlier one when a token has been revoked since; cheap to ask for."""
        async with self._database.read() as connection:
            number = select(revisions.c.number).where(revisions.c.topic == "tokens")
            found: int = (await connection.execute(number)).scalar_one()
            return found


def _token(row: Row[Any]) -> Token:
    values = dict(row._mapping)
    restrictions = values["restrictions"]
    return Token(
        **values
        | {
            "kind": Kind(values["kind"]),
            "scopes": frozenset(values["scopes"].split()),
            "restrictions": msgspec.json.decode(restrictions, type=Restrictions)
            if restrictions
            else NO_RESTRICTIONS,
        }
    )
