"""Sessions and turns to keep, made short."""

from __future__ import annotations

from typing import Any

from msgspec import Raw
from msgspec.structs import replace

from parley.domain.ids import EnvironmentAlias, MessageID, ProjectID, SessionID, TurnID, UserID, VersionID, WorkflowID
from parley.domain.state import Frame, SessionState
from parley.domain.transcript import Completed, Emission, Traced, TurnRecord

NOW = 2_000_000_000_000
DAY = 24 * 60 * 60 * 1000


def session(id: str = "s1", user: str = "anna", project: str = "shop", **fields: Any) -> SessionState:
    return SessionState(
        SessionID(id),
        ProjectID(project),
        EnvironmentAlias("production"),
        VersionID("v1"),
        UserID(user),
        NOW,
        stack=[Frame(WorkflowID("main"))],
        **fields,
    )


def saved(state: SessionState, **fields: Any) -> SessionState:
    """The state as its owner would save it next."""
    return replace(state, revision=state.revision + 1, **fields)


def turn(id: str = "t1", session: str = "s1", **fields: Any) -> TurnRecord:
    fields.setdefault("accepted_at", NOW)
    fields.setdefault("action", {"type": "text", "payload": "hello"})
    return TurnRecord(TurnID(id), SessionID(session), MessageID(f"m-{id}"), **fields)


def finished(record: TurnRecord, first: int = 1, count: int = 2) -> TurnRecord:
    """The turn with `count` emissions from offset `first` on, the last of them its completion."""
    last = first + count - 1
    texts = [
        Emission(n, record.id, Traced("text", Raw(b'{"type":"text","payload":{"message":"hi %d"}}' % n)))
        for n in range(first, last)
    ]
    return replace(record, said=(*texts, Emission(last, record.id, Completed(record.message_id))))


def comparable(record: TurnRecord | None) -> Any:
    """`Raw` compares by identity: compare what it holds."""
    if record is None:
        return None
    said = record.said and tuple(
        (e.offset, e.turn, type(e.body).__name__, bytes(getattr(e.body, "data", b""))) for e in record.said
    )
    return (*(getattr(record, name) for name in record.__struct_fields__[:-1]), said)
