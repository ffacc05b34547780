"""People who watch conversations, coach agents and take over; and what is asked of them.

Source: platform API, section 5. Times are milliseconds since 1970, ids are UUIDs.
"""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct

from parley.domain.workspace import WorkspaceID

OperatorRole = Literal["operator", "supervisor", "admin"]
OperatorType = Literal["clinical", "administrative", "crisis_counselor"]
Connection = Literal["browser", "phone"]
OperatorStatus = Literal["online", "busy", "offline"]
Mode = Literal["listen", "takeover"]
EscalationStatus = Literal["requested", "connected", "handback", "completed"]
Outcome = Literal["resolved", "escalated", "transferred"]
EscalationTrigger = Literal["caller", "ai", "operator"]


class Operator(Struct, frozen=True, omit_defaults=True):
    """Somebody who can join conversations. `key` is the key that registered them; `call` the session they are in."""

    id: str
    workspace: WorkspaceID
    name: str
    email: str
    created_at: int
    updated_at: int
    role: OperatorRole = "operator"
    type: OperatorType = "clinical"
    phone_number: str | None = None
    connection_method: Connection = "browser"
    skills: tuple[str, ...] = ()
    status: OperatorStatus = "offline"
    status_changed_at: int = 0
    call: str | None = None
    mode: Mode | None = None
    joined_at: int | None = None
    last_call_at: int | None = None
    key: str | None = None


class Served(Struct, frozen=True, omit_defaults=True):
    """An operator had the conversation, until a time; None: has it still."""

    operator: str
    since: int
    until: int | None = None


class Handover(Struct, frozen=True):
    """The agent wants a person to go on; `is_over`: and goes on by itself again. `message` is what it told the user."""

    message: str = ""
    trigger: EscalationTrigger = "ai"
    is_over: bool = False


class Escalation(Struct, frozen=True, omit_defaults=True):
    """Somebody is asked for in a conversation. `session` is its id, `operator` who came last."""

    id: str
    workspace: WorkspaceID
    session: str
    reason: str
    trigger: EscalationTrigger
    requested_at: int
    status: EscalationStatus = "requested"
    operator: str | None = None
    served: tuple[Served, ...] = ()
    handed_back_at: int | None = None
    completed_at: int | None = None

    @property
    def connected_at(self) -> int | None:
        """When somebody first came."""
        return self.served[0].since if self.served else None

    @property
    def is_active(self) -> bool:
        """A person is asked for, or is there."""
        return self.status in ("requested", "connected")

    @property
    def handle_ms(self) -> int | None:
        """How long people have had the conversation; None while one has it, and where none ever had."""
        whole = [each.until - each.since for each in self.served if each.until is not None]
        return sum(whole) if whole and len(whole) == len(self.served) else None

    def handled_by(self, operator: str) -> int | None:
        """How long this operator has had it, and has it no more; None where that never was."""
        whole = [s.until - s.since for s in self.served if s.operator == operator and s.until is not None]
        return sum(whole) if whole else None


class WrapUp(Struct, frozen=True, omit_defaults=True):
    """How a conversation went, in an operator's words. `session` is its id."""

    operator: str
    workspace: WorkspaceID
    session: str
    outcome: Outcome
    at: int
    notes: str = ""


class AuditEntry(Struct, frozen=True, omit_defaults=True):
    """Somebody did something, or looked. `by` is the id of the key, or `parley`.

    `data` holds no words that anybody said.
    `digest` is the SHA-256 of the entry before and this one: an entry that is changed or missing shows.
    """

    id: str
    workspace: WorkspaceID
    type: str
    at: int
    by: str
    data: dict[str, Any]
    digest: str = ""
