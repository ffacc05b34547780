"""People who watch conversations, coach agents and take over; and what is asked of them.

Source: platform API, section 5. Times are milliseconds since 1970, ids are UUIDs.
"""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct

from parley.domain.workspace import WorkspaceID

OperatorStatus = Literal["online", "busy", "offline"]
Mode = Literal["listen", "takeover"]
EscalationStatus = Literal["requested", "connected", "handback", "completed"]
EscalationTrigger = Literal["caller", "ai", "operator"]


class Operator(Struct, frozen=True, omit_defaults=True):
    """Somebody who can join conversations. `key` is the key that registered them; `call` the session they are in."""

    id: str
    workspace: WorkspaceID
    name: str
    email: str
    created_at: int
    updated_at: int
    role: str = "operator"
    type: str = "clinical"
    phone_number: str | None = None
    connection_method: str = "browser"
    skills: tuple[str, ...] = ()
    status: OperatorStatus = "online"
    status_changed_at: int = 0
    call: str | None = None
    mode: Mode | None = None
    joined_at: int | None = None
    last_call_at: int | None = None
    handled: int = 0
    handle_ms: int = 0
    key: str | None = None


class Escalation(Struct, frozen=True, omit_defaults=True):
    """Somebody is asked for in a conversation. `session` is its id."""

    id: str
    workspace: WorkspaceID
    session: str
    reason: str
    trigger: EscalationTrigger
    requested_at: int
    status: EscalationStatus = "requested"
    operator: str | None = None
    connected_at: int | None = None
    completed_at: int | None = None


class AuditEntry(Struct, frozen=True, omit_defaults=True):
    """Somebody did something, or looked. `by` is the id of the key; `data` holds no words that anybody said.

    `digest` is the SHA-256 of the entry before and this one: an entry that is changed or missing shows.
    """

    id: str
    workspace: WorkspaceID
    type: str
    at: int
    by: str
    data: dict[str, Any]
    digest: str = ""
