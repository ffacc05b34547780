"""Turns as they are first written down, before anything of them has happened."""

from __future__ import annotations

from parley.domain.ids import MessageID, TurnID, new_id
from parley.domain.state import SessionState
from parley.domain.transcript import TurnRecord
from parley.session.edits import check_size, settable
from parley.session.handle import OWN_KEY, Post


def record_of(post: Post, state: SessionState, now_ms: int, variable_bytes: int) -> TurnRecord:
    """The turn of an action. Raises `InvalidInput` when its variables do not fit beside the session's."""
    turn = TurnID(new_id(now_ms))
    variables = settable(post.variables) if post.variables else None
    if variables:
        check_size(state.variables, variables, variable_bytes)
    return TurnRecord(
        id=turn,
        session=state.id,
        message_id=MessageID(turn if post.key is None or post.key.startswith(OWN_KEY) else post.key),
        accepted_at=now_ms,
        key=post.key,
        action=post.action.wire,
        variables=variables or None,
        config=post.config,
    )


def record_of_change(action: dict[str, str], state: SessionState, now_ms: int) -> TurnRecord:
    """The turn of something that the server does of itself; `action` says what."""
    return TurnRecord(TurnID(new_id(now_ms)), state.id, MessageID(new_id(now_ms)), now_ms, action=action)
