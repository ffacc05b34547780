"""Webhooks of a workspace, the log of what was sent, and sending it once more."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field, StringConstraints

from parley.domain.webhook import Delivery, DeliveryStatus, Webhook, WebhookType
from parley.transports.platform.access import Called, TheEstate
from parley.transports.platform.shapes import Limit, Name, Paginated, Token, moment, page_of

router = APIRouter(prefix="/v1/{workspace_id}/webhooks", tags=["Webhooks"])
Address = Annotated[str, StringConstraints(max_length=2048, pattern=r"^https?://[^\s/?#]+")]


class WebhookBody(BaseModel):
    """Where to send, and what; no types are all types."""

    url: Address
    name: Name | None = None
    event_types: Annotated[list[WebhookType], Field(max_length=50)] = []


class WebhookShown(BaseModel):
    """A webhook without its secret."""

    id: UUID
    workspace_id: UUID
    url: str
    name: str
    event_types: list[str]
    created_at: datetime
    updated_at: datetime


class WebhookMade(WebhookShown):
    """A webhook with its secret, which is shown once."""

    secret: str


class AttemptShown(BaseModel):
    """One try."""

    at: datetime
    status: int | None
    error: str


class DeliveryShown(BaseModel):
    """One event on its way."""

    id: str
    event_type: str
    status: DeliveryStatus
    created_at: datetime
    next_attempt_at: datetime | None
    attempts: list[AttemptShown]
    replay_of: str | None


@router.get("")
async def list_webhooks(
    caller: Called, estate: TheEstate, limit: Limit = 10, continuation_token: Token = 0
) -> Paginated[WebhookShown]:
    """The webhooks of the workspace."""
    found = await estate.webhooks.list(caller.workspace.id)
    return page_of([WebhookShown(**_shown(webhook)) for webhook in found], limit, continuation_token)


@router.post("", status_code=201)
async def create_webhook(body: WebhookBody, caller: Called, estate: TheEstate) -> WebhookMade:
    """Send events somewhere from now on."""
    made = await estate.webhooks.create(caller.workspace.id, body.url, body.event_types, body.name or "")
    return WebhookMade(**_shown(made), secret=made.secret)


@router.get("/{webhook_id}")
async def get_webhook(webhook_id: UUID, caller: Called, estate: TheEstate) -> WebhookShown:
    """One webhook."""
    return WebhookShown(**_shown(await estate.webhooks.get(caller.workspace.id, str(webhook_id))))


@router.delete("/{webhook_id}", status_code=204)
async def delete_webhook(webhook_id: UUID, caller: Called, estate: TheEstate) -> None:
    """Send nothing there any more."""
    await estate.webhooks.remove(caller.workspace.id, str(webhook_id))


@router.post("/{webhook_id}/rotate-secret")
async def rotate_webhook_secret(webhook_id: UUID, caller: Called, estate: TheEstate) -> WebhookMade:
    """Sign with another secret from now on."""
    made = await estate.webhooks.rotate(caller.workspace.id, str(webhook_id))
    return WebhookMade(**_shown(made), secret=made.secret)


@router.get("/{webhook_id}/deliveries")
async def list_deliveries(
    webhook_id: UUID, caller: Called, estate: TheEstate, limit: Limit = 10, continuation_token: Token = 0
) -> Paginated[DeliveryShown]:
    """What was sent, newest first."""
    webhook = await estate.webhooks.get(caller.workspace.id, str(webhook_id))
    found = await estate.webhooks.deliveries(webhook.id, at_most=10_000)
    return page_of([_delivery(delivery) for delivery in found], limit, continuation_token)


@router.post("/{webhook_id}/deliveries/{delivery_id}/replay", status_code=202)
async def replay_delivery(webhook_id: UUID, delivery_id: str, caller: Called, estate: TheEstate) -> DeliveryShown:
    """Send it once more, under its first id."""
    webhook = await estate.webhooks.get(caller.workspace.id, str(webhook_id))
    return _delivery(await estate.delivering.replay(webhook, delivery_id))


def _shown(webhook: Webhook) -> dict[str, Any]:
    return {
        "id": UUID(webhook.id),
        "workspace_id": UUID(webhook.workspace),
        "url": webhook.url,
        "name": webhook.name,
        "event_types": list(webhook.types),
        "created_at": moment(webhook.created_at),
        "updated_at": moment(webhook.updated_at),
    }


def _delivery(delivery: Delivery) -> DeliveryShown:
    return DeliveryShown(
        id=delivery.id,
        event_type=delivery.type,
        status=delivery.status,
        created_at=moment(delivery.created_at),
        next_attempt_at=moment(delivery.due_at) if delivery.status == "pending" else None,
        attempts=[AttemptShown(at=moment(a.at), status=a.status, error=a.error) for a in delivery.attempts],
        replay_of=delivery.replay_of,
    )
