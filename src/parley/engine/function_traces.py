"""Traces that a function returns: the simple types in their documented form, every other as a trace of its own type.

Source: engine, section 1.10 (`function`); Conversations API, section 4.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import UNSET

from parley.domain.traces import (
    Button,
    Card,
    CardDescription,
    CardTrace,
    CarouselPayload,
    CarouselTrace,
    ChoicePayload,
    ChoiceTrace,
    CustomTrace,
    VisualPayload,
    VisualTrace,
    debug,
)
from parley.engine.saying import emit_speech, emit_text
from parley.engine.templates import slate_of, text_of
from parley.engine.turn import Turn

Payload = dict[str, Any]


def emit_traces(traces: Any, turn: Turn) -> str | None:
    """Emit them in order. What is wrong with them, None where nothing is; then none of them is emitted."""
    if traces is None:
        return None
    if not isinstance(traces, list):
        return "`trace` must be a list"
    for n, trace in enumerate(traces):
        if not isinstance(trace, dict) or not isinstance(trace.get("type"), str) or not trace["type"]:
            return f"`trace[{n}]` must be an object with a `type`"
        if trace["type"] in _SIMPLE and not isinstance(trace.get("payload", {}), dict):
            return f"`trace[{n}].payload` must be an object"
    for trace in traces:
        simple = _SIMPLE.get(trace["type"])
        if simple is not None:
            simple(trace.get("payload") or {}, turn)
        else:
            turn.emit(CustomTrace(trace["type"], trace.get("payload")))
    return None


def _text(payload: Payload, turn: Turn) -> None:
    message = text_of(payload.get("message"))
    slate = payload.get("slate")
    content = slate.get("content") if isinstance(slate, dict) else slate
    delay = payload.get("delay")
    emit_text(
        message,
        content if isinstance(content, list) else slate_of(message),
        delay if isinstance(delay, int) and not isinstance(delay, bool) else None,
        turn,
    )


def _speak(payload: Payload, turn: Turn) -> None:
    source = payload.get("src")
    emit_speech(text_of(payload.get("message")), source if isinstance(source, str) and source else None, turn)


def _debug(payload: Payload, turn: Turn) -> None:
    turn.emit(debug(text_of(payload.get("message")), context="function"))


def _visual(payload: Payload, turn: Turn) -> None:
    turn.emit(VisualTrace(VisualPayload(text_of(payload.get("image")) or None)))


def _choice(payload: Payload, turn: Turn) -> None:
    turn.emit(ChoiceTrace(ChoicePayload(_buttons(payload.get("buttons")), turn.message_id())))


def _card(payload: Payload, turn: Turn) -> None:
    turn.emit(CardTrace(_card_of(payload, turn)))


def _carousel(payload: Payload, turn: Turn) -> None:
    layout = payload.get("layout")
    cards = [_card_of(each, turn) for each in _objects(payload.get("cards"))]
    turn.emit(CarouselTrace(CarouselPayload(layout if layout == "List" else "Carousel", cards, turn.message_id())))


def _card_of(payload: Payload, turn: Turn) -> Card:
    said = payload.get("description")
    words = text_of(said.get("text") if isinstance(said, dict) else said)
    slate = said.get("slate") if isinstance(said, dict) else None
    id = payload.get("id")
    return Card(
        title=text_of(payload.get("title")),
        image_url=text_of(payload.get("imageUrl")) or None,
        description=CardDescription(words, slate if slate is not None else slate_of(words)),
        buttons=_buttons(payload.get("buttons")),
        id=id if isinstance(id, str) else UNSET,
        message_id=turn.message_id(),
    )


def _buttons(value: Any) -> list[Button]:
    return [
        Button(text_of(each.get("name") or each.get("label")), each.get("request", UNSET)) for each in _objects(value)
    ]


def _objects(value: Any) -> list[Payload]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


_SIMPLE: dict[str, Callable[[Payload, Turn], None]] = {
    "text": _text,
    "speak": _speak,
    "audio": _speak,
    "debug": _debug,
    "visual": _visual,
    "choice": _choice,
    "cardV2": _card,
    "carousel": _carousel,
}
