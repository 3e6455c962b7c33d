"""Routes of webhooks."""

from __future__ import annotations

from typing import Annotated, Final

from litestar import Response, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import Parameter

from s9s.api.schemas.job_changes import EmptyBody
from s9s.api.schemas.webhooks import (
    DeliveryEntry,
    DeliveryList,
    DeliveryListParameters,
    WebhookAnswer,
    WebhookBody,
    WebhookChange,
    WebhookDocument,
    WebhookList,
    WebhookListParameters,
    delivery_entry,
    wanted_of,
    webhook_document,
)
from s9s.api.values import lowered, words
from s9s.domain.webhooks import DeliveryState, WebhookState
from s9s.services.access import Caller
from s9s.services.webhooks.service import Webhooks

WebhookId = Annotated[str, Parameter(description="Id of the webhook: `whk_5d199840dc600403`")]
DeliveryId = Annotated[str, Parameter(description="Id of the delivery: `dlv_5d199840dc600403`")]

_STATES: Final = tuple(one.value.upper() for one in DeliveryState)


@post(
    "/webhooks",
    scope="webhooks:write",
    payload=WebhookBody,
    tags=["Webhooks"],
    summary="Create a webhook",
    status_code=201,
)
async def create_webhook(
    payload: NamedDependency[WebhookBody],
    caller: NamedDependency[Caller],
    webhooks: NamedDependency[Webhooks],
) -> Response[WebhookDocument]:
    """Have events posted to another server, signed, in order, and again until they have arrived.

    The same events as of `/v1/events`, for as long as the credential lasts that this is made with. Only
    targets that the site allows are posted to. The answer has the secret, this once.
    """
    secret, made = await webhooks.create(
        caller,
        url=payload.url,
        subscriptions=wanted_of(payload.subscriptions),
        name=payload.name,
        since=payload.since,
    )
    document = webhook_document(made, webhooks.lag(made), secret)
    return Response(document, status_code=201, headers={"location": f"/v1/webhooks/{made.webhook_id}"})


@get(
    "/webhooks",
    scope="webhooks:read",
    parameters=WebhookListParameters,
    tags=["Webhooks"],
    summary="List webhooks",
)
async def list_webhooks(
    parameters: NamedDependency[WebhookListParameters],
    caller: NamedDependency[Caller],
    webhooks: NamedDependency[Webhooks],
) -> WebhookList:
    """The caller's, the newest first; administrators see everybody's."""
    page = await webhooks.page(caller, parameters.user, parameters.limit, parameters.offset)
    documents = [webhook_document(one, webhooks.lag(one)) for one in page.items]
    return WebhookList(page.total, page.limit, page.offset, page.has_more, documents)


@get("/webhooks/{webhook_id:str}", scope="webhooks:read", tags=["Webhooks"], summary="Get a webhook")
async def get_webhook(
    webhook_id: WebhookId, caller: NamedDependency[Caller], webhooks: NamedDependency[Webhooks]
) -> WebhookDocument:
    """How it is, and how far."""
    webhook = await webhooks.get(webhook_id, caller)
    return webhook_document(webhook, webhooks.lag(webhook))


@patch(
    "/webhooks/{webhook_id:str}",
    scope="webhooks:write",
    payload=WebhookChange,
    tags=["Webhooks"],
    summary="Change, pause or resume a webhook",
)
async def update_webhook(
    webhook_id: WebhookId,
    payload: NamedDependency[WebhookChange],
    caller: NamedDependency[Caller],
    webhooks: NamedDependency[Webhooks],
) -> WebhookDocument:
    """Change what is given.

    A webhook that is made active again, or gets another target or other subscriptions, acts with the
    credential of this request from then on. Administrators may pause those of others.
    """
    given = payload.subscriptions
    webhook = await webhooks.change(
        webhook_id,
        caller,
        url=payload.url,
        subscriptions=None if given is None else wanted_of(given),
        name=payload.name,
        state=None if payload.state is None else WebhookState(payload.state),
    )
    return webhook_document(webhook, webhooks.lag(webhook))


@delete(
    "/webhooks/{webhook_id:str}",
    scope="webhooks:write",
    tags=["Webhooks"],
    summary="Delete a webhook",
    status_code=200,
)
async def delete_webhook(
    webhook_id: WebhookId, caller: NamedDependency[Caller], webhooks: NamedDependency[Webhooks]
) -> WebhookAnswer:
    """Post nothing more, and forget what was delivered."""
    await webhooks.remove(webhook_id, caller)
    return WebhookAnswer(webhook_id, "Webhook deleted")


@post(
    "/webhooks/{webhook_id:str}/test",
    scope="webhooks:write",
    payload=EmptyBody,
    tags=["Webhooks"],
    summary="Test a webhook",
    status_code=200,
)
async def test_webhook(
    webhook_id: WebhookId,
    payload: NamedDependency[EmptyBody],
    caller: NamedDependency[Caller],
    webhooks: NamedDependency[Webhooks],
) -> DeliveryEntry:
    """Post something of the type `test` now, once, and say whether it arrived."""
    return delivery_entry(await webhooks.test(webhook_id, caller))


@get(
    "/webhooks/{webhook_id:str}/deliveries",
    scope="webhooks:read",
    parameters=DeliveryListParameters,
    tags=["Webhooks"],
    summary="List deliveries of a webhook",
)
async def list_webhook_deliveries(
    webhook_id: WebhookId,
    parameters: NamedDependency[DeliveryListParameters],
    caller: NamedDependency[Caller],
    webhooks: NamedDependency[Webhooks],
) -> DeliveryList:
    """What was posted lately, the newest first: a hundred that arrived, and a hundred that were given up."""
    states = lowered(words("state", parameters.state, _STATES))
    page = await webhooks.deliveries(
        webhook_id,
        caller,
        None if states is None else [DeliveryState(one) for one in states],
        parameters.limit,
        parameters.offset,
    )
    entries = [delivery_entry(one) for one in page.items]
    return DeliveryList(page.total, page.limit, page.offset, page.has_more, entries)


@post(
    "/webhooks/{webhook_id:str}/deliveries/{delivery_id:str}/redeliver",
    scope="webhooks:write",
    payload=EmptyBody,
    tags=["Webhooks"],
    summary="Redeliver what was given up",
    status_code=200,
)
async def redeliver_webhook(
    webhook_id: WebhookId,
    delivery_id: DeliveryId,
    payload: NamedDependency[EmptyBody],
    caller: NamedDependency[Caller],
    webhooks: NamedDependency[Webhooks],
) -> DeliveryEntry:
    """Post a delivery in the state `dead` once more, now, and say whether it arrived."""
    return delivery_entry(await webhooks.redeliver(webhook_id, delivery_id, caller))


ROUTES = [
    create_webhook,
    list_webhooks,
    get_webhook,
    update_webhook,
    delete_webhook,
    test_webhook,
    list_webhook_deliveries,
    redeliver_webhook,
]
