"""Webhooks: what each wants, where it stands, and its deliveries.

One process posts for a webhook at a time: it holds a lease, and what it writes counts only while it does.
A delivery is on disk, with its events, before it is posted for the first time, and the position moves in
the same transaction: whenever a process is killed, the next one goes on with the same delivery.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, RowMapping, and_, delete, func, insert, or_, select, update

from s9s.domain.webhooks import DeliveryState, PostKind, Wanted, Webhook, WebhookDelivery, WebhookState
from s9s.storage.database import Database
from s9s.storage.tables import webhook_deliveries as deliveries
from s9s.storage.tables import webhooks

#: Finished deliveries of one webhook that are kept for its owner to see.
_KEPT: Final = 100


class TooMany(Exception):
    """There are as many webhooks as there may be: of this user, or of everybody."""

    def __init__(self, count: int, *, is_own: bool) -> None:
        super().__init__(str(count))
        self.count, self.is_own = count, is_own


class WebhookRecords:
    """Every method raises `DatabaseUnavailable`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, webhook: Webhook, *, of_one: int, of_all: int) -> None:
        """Keep a new one. Raises `TooMany`."""
        count = select(func.count()).select_from(webhooks)

        def write(connection: Connection) -> None:
            own = connection.execute(count.where(webhooks.c.user == webhook.user)).scalar_one()
            if own >= of_one:
                raise TooMany(own, is_own=True)
            every = connection.execute(count).scalar_one()
            if every >= of_all:
                raise TooMany(every, is_own=False)
            connection.execute(insert(webhooks).values(_row(webhook)))

        await self._database.commit(write)

    async def get(self, webhook_id: str) -> Webhook | None:
        """One of them."""
        async with self._database.read() as connection:
            return await connection.run_sync(_found, webhook_id)

    async def page(self, user: str | None, limit: int, offset: int) -> tuple[list[Webhook], int]:
        """A user's, or everybody's, the newest first, and how many there are."""
        terms = [] if user is None else [webhooks.c.user == user]
        rows = select(webhooks).where(*terms)
        rows = rows.order_by(webhooks.c.created_at.desc(), webhooks.c.webhook_id).limit(limit).offset(offset)
        count = select(func.count()).select_from(webhooks).where(*terms)
        async with self._database.read() as connection:
            found = [_webhook(row._mapping) for row in await connection.execute(rows)]
            return found, (await connection.execute(count)).scalar_one()

    async def change(self, webhook_id: str, now: int, **values: Any) -> Webhook | None:
        """Change it as its owner says; ``None`` when there is none. Whoever posts for it begins anew."""
        if "subscriptions" in values:
            values["subscriptions"] = msgspec.json.encode(values["subscriptions"]).decode()
        one = webhooks.c.webhook_id == webhook_id
        values |= {"updated_at": now, "revision": webhooks.c.revision + 1}

        def write(connection: Connection) -> Webhook | None:
            connection.execute(update(webhooks).where(one).values(**values))
            return _found(connection, webhook_id)

        return await self._database.commit(write)

    async def remove(self, webhook_id: str) -> None:
        """Forget it and all its deliveries."""

        def write(connection: Connection) -> None:
            connection.execute(delete(deliveries).where(deliveries.c.webhook_id == webhook_id))
            connection.execute(delete(webhooks).where(webhooks.c.webhook_id == webhook_id))

        await self._database.commit(write)

    # Of whoever posts

    async def has_active(self) -> bool:
        """Whether there is anything to post for at all."""
        found = select(webhooks.c.webhook_id).where(webhooks.c.state == WebhookState.ACTIVE.value).limit(1)
        async with self._database.read() as connection:
            return (await connection.execute(found)).first() is not None

    async def claim(self, process: str, now: int, until: int) -> list[Webhook]:
        """Take up the active ones that nobody else has: all that this process now has, until then."""
        is_free = or_(
            webhooks.c.lease_by.is_(None), webhooks.c.lease_by == process, webhooks.c.lease_until <= now
        )
        mine = and_(webhooks.c.state == WebhookState.ACTIVE.value, is_free)

        def write(connection: Connection) -> list[Webhook]:
            connection.execute(update(webhooks).where(mine).values(lease_by=process, lease_until=until))
            rows = select(webhooks).where(
                webhooks.c.lease_by == process, webhooks.c.state == WebhookState.ACTIVE.value
            )
            return [_webhook(row._mapping) for row in connection.execute(rows)]

        return await self._database.commit(write, flushes=False)

    async def release(self, process: str) -> None:
        """Leave all of a process's to others."""
        change = update(webhooks).where(webhooks.c.lease_by == process)
        change = change.values(lease_by=None, lease_until=None)
        await self._database.commit(lambda connection: connection.execute(change).rowcount)

    async def settle(self, process: str, positions: Mapping[str, int]) -> None:
        """Note where those stand for which there was nothing to post."""

        def write(connection: Connection) -> None:
            for webhook_id, position in positions.items():
                held = _held(webhook_id, process)
                connection.execute(update(webhooks).where(held).values(position=position))

        await self._database.commit(write, flushes=False)

    async def take(self, process: str, delivery: WebhookDelivery, content: bytes) -> bool:
        """Make a delivery of what follows the position, which moves past it; False: the lease is lost."""

        def write(connection: Connection) -> bool:
            change = update(webhooks).where(_held(delivery.webhook_id, process))
            if not connection.execute(change.values(position=delivery.last)).rowcount:
                return False
            values = msgspec.structs.asdict(delivery)
            values |= {"kind": delivery.kind.value, "state": delivery.state.value, "content": content}
            connection.execute(insert(deliveries).values(values))
            return True

        return await self._database.commit(write)

    async def pending(self, webhook_id: str) -> tuple[WebhookDelivery, bytes] | None:
        """The delivery that was made and is not finished; ``None``: there is none."""
        rows = select(deliveries).where(
            deliveries.c.webhook_id == webhook_id, deliveries.c.state == DeliveryState.PENDING.value
        )
        async with self._database.read() as connection:
            row = (await connection.execute(rows.order_by(deliveries.c.number).limit(1))).first()
        return None if row is None else (_delivery(row._mapping), row.content)

    async def delivered(self, process: str, delivery: WebhookDelivery, now: int) -> bool:
        """It has arrived; False: the lease is lost."""

        def write(connection: Connection) -> bool:
            change = update(webhooks).where(_held(delivery.webhook_id, process))
            change = change.values(failures=0, dead=0, last_error=None, last_delivered_at=now)
            if not connection.execute(change).rowcount:
                return False
            _finish(connection, delivery, DeliveryState.DELIVERED, now)
            return True

        return await self._database.commit(write)

    async def failed(
        self, process: str, delivery: WebhookDelivery, error: str, now: int, not_before: int | None
    ) -> Webhook | None:
        """An attempt has failed: the webhook as it is then, ``None`` when the lease is lost.

        Args:
            process: Who tried.
            delivery: As it was before the attempt.
            error: Why.
            now: Epoch seconds.
            not_before: When it is tried again; ``None`` gives it up.
        """

        def write(connection: Connection) -> Webhook | None:
            is_dead = not_before is None
            values: dict[str, Any] = {"failures": webhooks.c.failures + 1, "last_error": error}
            values["dead"] = webhooks.c.dead + int(is_dead)
            change = update(webhooks).where(_held(delivery.webhook_id, process)).values(**values)
            if not connection.execute(change).rowcount:
                return None
            if is_dead:
                _finish(connection, delivery, DeliveryState.DEAD, now, error)
            else:
                one = deliveries.c.delivery_id == delivery.delivery_id
                again = {"attempts": delivery.attempts + 1, "not_before": not_before, "error": error}
                connection.execute(update(deliveries).where(one).values(**again))
            return _found(connection, delivery.webhook_id)

        return await self._database.commit(write)

    async def stop(self, webhook_id: str, revision: int, reason: str, now: int) -> None:
        """Post nothing more for it, unless its owner has changed it meanwhile."""
        one = and_(webhooks.c.webhook_id == webhook_id, webhooks.c.revision == revision)
        values = {"state": WebhookState.STOPPED.value, "reason": reason, "updated_at": now}
        change = update(webhooks).where(one).values(**values, lease_by=None, lease_until=None)
        await self._database.commit(lambda connection: connection.execute(change).rowcount)

    # Of deliveries

    async def deliveries(
        self, webhook_id: str, states: Collection[DeliveryState] | None, limit: int, offset: int
    ) -> tuple[list[WebhookDelivery], int]:
        """Of one webhook, the newest first, and how many there are."""
        terms = [deliveries.c.webhook_id == webhook_id]
        if states is not None:
            terms.append(deliveries.c.state.in_([one.value for one in states]))
        rows = select(deliveries).where(*terms).order_by(deliveries.c.number.desc())
        count = select(func.count()).select_from(deliveries).where(*terms)
        async with self._database.read() as connection:
            found = [
                _delivery(row._mapping) for row in await connection.execute(rows.limit(limit).offset(offset))
            ]
            return found, (await connection.execute(count)).scalar_one()

    async def delivery(
        self, webhook_id: str, delivery_id: str
    ) -> tuple[WebhookDelivery, bytes | None] | None:
        """One of them with its events, as far as it is not delivered."""
        one = and_(deliveries.c.webhook_id == webhook_id, deliveries.c.delivery_id == delivery_id)
        async with self._database.read() as connection:
            row = (await connection.execute(select(deliveries).where(one))).one_or_none()
        return None if row is None else (_delivery(row._mapping), row.content)

    async def tried_again(self, delivery: WebhookDelivery, now: int, error: str | None) -> WebhookDelivery:
        """What became of one that had been given up: its error, or ``None`` when it has arrived."""
        state = DeliveryState.DELIVERED if error is None else DeliveryState.DEAD

        def write(connection: Connection) -> WebhookDelivery:
            _finish(connection, delivery, state, now, error)
            one = deliveries.c.delivery_id == delivery.delivery_id
            row = connection.execute(select(deliveries).where(one)).one_or_none()
            return delivery if row is None else _delivery(row._mapping)

        return await self._database.commit(write)

    async def prune(self, before: int) -> None:
        """Forget deliveries that were finished before an instant."""
        old = deliveries.c.finished_at < before
        await self._database.commit(
            lambda connection: connection.execute(delete(deliveries).where(old)).rowcount
        )


def _finish(
    connection: Connection,
    delivery: WebhookDelivery,
    state: DeliveryState,
    now: int,
    error: str | None = None,
) -> None:
    values: dict[str, Any] = {"state": state.value, "finished_at": now, "error": error}
    values["attempts"] = delivery.attempts + 1
    if state is DeliveryState.DELIVERED:
        values["content"] = None
    one = deliveries.c.delivery_id == delivery.delivery_id
    connection.execute(update(deliveries).where(one).values(**values))
    same = (deliveries.c.webhook_id == delivery.webhook_id, deliveries.c.state == state.value)
    numbers = select(deliveries.c.number).where(*same).order_by(deliveries.c.number.desc())
    oldest = connection.execute(numbers.offset(_KEPT).limit(1)).scalar_one_or_none()
    if oldest is not None:
        connection.execute(delete(deliveries).where(*same, deliveries.c.number <= oldest))


def _held(webhook_id: str, process: str) -> Any:
    return and_(webhooks.c.webhook_id == webhook_id, webhooks.c.lease_by == process)


def _found(connection: Connection, webhook_id: str) -> Webhook | None:
    row = connection.execute(select(webhooks).where(webhooks.c.webhook_id == webhook_id)).one_or_none()
    return None if row is None else _webhook(row._mapping)


def _row(webhook: Webhook) -> dict[str, Any]:
    values = msgspec.structs.asdict(webhook)
    values["subscriptions"] = msgspec.json.encode(webhook.subscriptions).decode()
    return values | {"state": webhook.state.value}


def _webhook(row: RowMapping) -> Webhook:
    values = {name: row[name] for name in Webhook.__struct_fields__}
    values["subscriptions"] = msgspec.json.decode(values["subscriptions"], type=tuple[Wanted, ...])
    return Webhook(**values | {"state": WebhookState(values["state"])})


def _delivery(row: RowMapping) -> WebhookDelivery:
    values = {name: row[name] for name in WebhookDelivery.__struct_fields__}
    return WebhookDelivery(
        **values | {"kind": PostKind(values["kind"]), "state": DeliveryState(values["state"])}
    )
