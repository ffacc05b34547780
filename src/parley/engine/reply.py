"""What the user said, whatever kind of action carries it."""

from __future__ import annotations

from typing import Any

from parley.domain.actions import Action, Dtmf, Files, HandoffReply, IntentMatched, PathChosen, Text


def said_in(action: Action) -> str | None:
    """The user's words, digits or chosen label; None for actions that are nobody's words."""
    match action:
        case Text() | Files():
            return action.text
        case IntentMatched():
            return action.query
        case PathChosen():
            return action.label
        case Dtmf():
            return action.digits
        case HandoffReply():
            message = action.payload.get("message")
            return message if isinstance(message, str) else None
        case _:
            return None


def typed_in(action: Action) -> str | None:
    """The user's words where they still have to be understood: a button or an intent already is."""
    return None if isinstance(action, PathChosen | IntentMatched) else said_in(action)


def entities_in(action: Action) -> dict[str, Any]:
    """The values of the entities that came with an intent, by name. Clients may send entities of any shape."""
    if not isinstance(action, IntentMatched):
        return {}
    named = (entity for entity in action.entities if isinstance(entity.get("name"), str))
    return {entity["name"]: entity["value"] for entity in named if entity.get("value") is not None}
