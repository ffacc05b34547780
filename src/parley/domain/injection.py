"""A message put into a live session from outside, and what became of it.

Source: seed 003 (inject); decisions, "Injection". Times are milliseconds since 1970.
"""

from __future__ import annotations

from typing import Literal, NewType

from msgspec import Struct

from parley.domain.actions import OWN
from parley.domain.ids import SessionID, TurnID

InjectionID = NewType("InjectionID", str)
InjectionKind = Literal["external_event", "guidance"]
"""A fact, or coaching: nobody but the agent is to notice the latter."""
InjectionStatus = Literal["delivered", "queued_no_subscriber"]
InjectionStage = Literal["accepted", "queued", "folded_into_turn", "shown", "spoken", "expired"]
WAITING: frozenset[InjectionStage] = frozenset({"accepted", "queued"})


def injection_event(kind: str) -> str:
    """The name of the event under which triggers listen for injections of a kind."""
    return f"{OWN}injection:{kind}"


class Injection(Struct, frozen=True, omit_defaults=True):
    """One message. `sender` is what its sender calls itself; `by` is the id of the key that it came with."""

    id: InjectionID
    session: SessionID
    kind: InjectionKind
    message: str
    sender: str
    received_at: int
    by: str | None = None
    operator: str | None = None

    def shown(self) -> dict[str, str | int]:
        """What agents see of it: the variable `last_injection`."""
        return {
            "id": self.id,
            "type": self.kind,
            "message": self.message,
            "sender": self.sender,
            "time": self.received_at,
        }


class Receipt(Struct, frozen=True, omit_defaults=True):
    """What became of an injection. `status` is what its sender was answered; `turn` is the one it went into."""

    injection: Injection
    status: InjectionStatus
    stage: InjectionStage
    changed_at: int
    turn: TurnID | None = None
