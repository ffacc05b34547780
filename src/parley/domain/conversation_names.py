"""The other names of a session: a conversation's UUID and a call's sid, each made from the session's id and back.

A conversation of the platform API and a session are one thing (decisions, "Identity"), so no table joins them. The
UUID is of version 8 (RFC 9562): 24 of its digits are the session's id. A call's sid is `CA` and 32 hexadecimal
characters, as real clients insist on.
"""

from __future__ import annotations

import re

from parley.domain.ids import SessionID, TurnID

_UUID = re.compile(r"([0-9a-f]{8})-([0-9a-f]{4})-8000-8([0-9a-f]{3})-([0-9a-f]{9})000", re.IGNORECASE)
_SID = re.compile(r"CA0{8}([0-9a-f]{24})", re.IGNORECASE)


def conversation_of(session: SessionID) -> str:
    """The UUID of the conversation that this session is."""
    return f"{session[:8]}-{session[8:12]}-8000-8{session[12:15]}-{session[15:]}000"


def session_of_conversation(conversation: str) -> SessionID | None:
    """The session that the UUID names; None where it names none that could be."""
    found = _UUID.fullmatch(conversation)
    return None if found is None else SessionID("".join(found.groups()).lower())


def turn_name(turn: TurnID) -> str:
    """The UUID of a turn, made like a conversation's."""
    return conversation_of(SessionID(turn))


def call_of(session: SessionID) -> str:
    """The sid of the call that this session is."""
    return f"CA00000000{session}"


def conference_of(session: SessionID) -> str:
    """The sid of the conference that the call is."""
    return f"CF{call_of(session)[2:]}"


def participant_of(operator: str) -> str:
    """The sid of an operator in conferences."""
    return f"OP{operator.replace('-', '')}"


def session_of_call(call_sid: str) -> SessionID | None:
    """The session that the sid names; None where it names none that could be."""
    found = _SID.fullmatch(call_sid)
    return None if found is None else SessionID(found.group(1).lower())
