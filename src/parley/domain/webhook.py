"""Where a workspace wants its events sent, and each sending of one. Times are milliseconds since 1970."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct

from parley.domain.workspace import WorkspaceID

WebhookType = Literal[
    "runtime.session.start",
    "runtime.session.end",
    "runtime.call.start",
    "runtime.call.end",
    "runtime.injection.received",
    "runtime.injection.used",
    "runtime.injection.expired",
    "runtime.escalation.requested",
    "runtime.escalation.connected",
    "runtime.escalation.completed",
]
TYPES: tuple[WebhookType, ...] = WebhookType.__args__  # type: ignore[attr-defined]
DeliveryStatus = Literal["pending", "delivered", "failed"]


class Webhook(Struct, frozen=True, omit_defaults=True):
    """A place that events are sent to. `types` empty: all of them. `secret` signs what is sent."""

    id: str
    workspace: WorkspaceID
    url: str
    secret: str
    created_at: int
    updated_at: int
    name: str = ""
    types: tuple[str, ...] = ()


class Attempt(Struct, frozen=True, omit_defaults=True):
    """One try: the status that came back, or why none did."""

    at: int
    status: int | None = None
    error: str = ""


class Delivery(Struct, frozen=True, omit_defaults=True):
    """One event on its way to one place. `body` is what is sent, to the byte; `due_at` is when it is tried next.

    `about` is the conversation that it tells of, "" where it tells of none.
    """

    id: str
    webhook: str
    type: str
    body: str
    created_at: int
    due_at: int
    status: DeliveryStatus = "pending"
    attempts: tuple[Attempt, ...] = ()
    replay_of: str | None = None
    about: str = ""


Payload = dict[str, Any]
