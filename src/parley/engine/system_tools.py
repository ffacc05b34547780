"""The runtime's own tools that touch the conversation itself: end, buttons, card, carousel, call forward, skip turn.

Each shows what it shows in the documented traces. Source: Conversations API, sections 4 (shape notes) and 8.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec
from msgspec import UNSET, Struct

from parley.domain.channel_traces import CallForwardPayload, CallForwardTrace
from parley.domain.tools import SystemTool
from parley.domain.traces import (
    Button,
    Card,
    CardDescription,
    CardTrace,
    CarouselPayload,
    CarouselTrace,
    ChoicePayload,
    ChoiceTrace,
)
from parley.engine.templates import render, slate_of
from parley.engine.tools.arguments import BadArguments
from parley.engine.turn import Turn

SHOWN = frozenset(("buttons", "card", "carousel"))
LEAVING = frozenset(("end", "call_forward", "skip_turn"))
HERE = SHOWN | LEAVING
"""The kinds that are used here; the others know nothing of the conversation."""
MOST_BUTTONS, MOST_CARDS, LONGEST_LABEL = 20, 20, 200
_LINK = re.compile(r"(https?://|mailto:|tel:)\S+", re.IGNORECASE)
_SIP = re.compile(r"\s*sips?:", re.IGNORECASE)
_PICTURE = re.compile(r"https?://\S+", re.IGNORECASE)
_ABOUT = {
    "end": "End the conversation. `message` is said before.",
    "buttons": "Show the user buttons to choose from; the one that is pressed comes back as what the user says.",
    "card": "Show the user a card: a picture, a title, a text and buttons.",
    "carousel": "Show the user several cards.",
    "call_forward": "Pass the telephone call on to a person.",
    "skip_turn": "Say nothing now, and wait for the user.",
}
_TEXT = {"type": "string"}
_BUTTON = {
    "type": "object",
    "properties": {"label": _TEXT, "url": {"type": "string", "description": "An address that the button opens."}},
    "required": ["label"],
}
_BUTTONS = {"type": "array", "items": _BUTTON}
_CARD: dict[str, Any] = {
    "type": "object",
    "properties": {"title": _TEXT, "text": _TEXT, "image": _TEXT, "buttons": _BUTTONS},
    "required": ["title"],
}
_NOTHING: dict[str, Any] = {"type": "object", "properties": {}}
_PARAMETERS: dict[str, dict[str, Any]] = {
    "end": {"type": "object", "properties": {"message": _TEXT}},
    "buttons": {"type": "object", "properties": {"buttons": _BUTTONS}, "required": ["buttons"]},
    "card": _CARD,
    "carousel": {
        "type": "object",
        "properties": {"cards": {"type": "array", "items": _CARD}},
        "required": ["cards"],
    },
}


class _ButtonGiven(Struct, frozen=True):
    label: str
    url: str | None = None


class _CardGiven(Struct, frozen=True):
    title: str
    text: str = ""
    image: str | None = None
    buttons: list[_ButtonGiven | str] = []


class _Buttons(Struct, frozen=True):
    buttons: list[_ButtonGiven | str]


class _Cards(Struct, frozen=True):
    cards: list[_CardGiven]


def parameters_of_system(tool: SystemTool) -> tuple[str, dict[str, Any]]:
    """What the model reads about it, and the schema of its arguments."""
    return tool.about or _ABOUT[tool.kind], _PARAMETERS.get(tool.kind, _NOTHING)


def show(tool: SystemTool, arguments: dict[str, Any], turn: Turn) -> None:
    """Show buttons or cards. Raises `BadArguments`, before anything is shown."""
    try:
        if tool.kind == "buttons":
            given = msgspec.convert(arguments, _Buttons)
            turn.emit(ChoiceTrace(ChoicePayload(_buttons(given.buttons), turn.message_id())))
        elif tool.kind == "card":
            turn.emit(CardTrace(_card(msgspec.convert(arguments, _CardGiven), turn)))
        else:
            cards = msgspec.convert(arguments, _Cards).cards
            if not 0 < len(cards) <= MOST_CARDS:
                raise BadArguments(f"a carousel has 1 to {MOST_CARDS} cards")
            layout = "List" if tool.options.get("layout") == "List" else "Carousel"
            shown = [_card(each, turn) for each in cards]
            turn.emit(CarouselTrace(CarouselPayload(layout, shown, turn.message_id())))
    except msgspec.ValidationError as wrong:
        raise BadArguments(str(wrong)) from wrong


def forward(tool: SystemTool, turn: Turn) -> None:
    """Tell the telephone where the call goes: where the author says, whatever the model says."""
    options = tool.options
    address = render(str(options.get("address", "")), turn.variables)
    by_phone = _SIP.match(address) is None
    extension = render(str(options.get("extension", "")), turn.variables) if by_phone else ""
    passes = options.get("passes_caller")
    turn.emit(
        CallForwardTrace(
            CallForwardPayload(
                "phone" if by_phone else "sip",
                address,
                extension or UNSET,
                passes if by_phone and isinstance(passes, bool) else UNSET,
            )
        )
    )


def _buttons(given: list[_ButtonGiven | str]) -> list[Button]:
    each = [_ButtonGiven(one) if isinstance(one, str) else one for one in given]
    labels = dict.fromkeys(one.label.strip()[:LONGEST_LABEL] for one in each)
    if not labels or "" in labels or len(each) > MOST_BUTTONS:
        raise BadArguments(f"there must be 1 to {MOST_BUTTONS} buttons, each with a label")
    return list({one.label: _button(one) for one in each}.values())


def _button(given: _ButtonGiven) -> Button:
    label = given.label.strip()[:LONGEST_LABEL]
    if not given.url:
        return Button(label, {"type": "text", "payload": label})
    if _LINK.fullmatch(given.url) is None:
        raise BadArguments(f"`{given.url[:80]}` is not an address that a button may open")
    opens = [{"type": "open_url", "payload": {"url": given.url}}]
    return Button(label, {"type": "action", "payload": {"label": label, "actions": opens}})


def _card(given: _CardGiven, turn: Turn) -> Card:
    if given.image and _PICTURE.fullmatch(given.image) is None:
        raise BadArguments(f"`{given.image[:80]}` is not the address of a picture")
    return Card(
        title=given.title,
        image_url=given.image or None,
        description=CardDescription(given.text, slate_of(given.text)),
        buttons=_buttons(given.buttons) if given.buttons else [],
        message_id=turn.message_id(),
    )
