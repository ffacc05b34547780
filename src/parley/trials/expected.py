"""What may be expected of a trace: a text, one of the short forms, or a trace whose given fields must be equal.

`Hello!` is the text trace that says so; `{one of: [Hi!, Hello!]}`, `{choice: [Yes, No]}` and the like are in `FORMS`;
`{type: text, payload: {delay: 0}}` is a trace that has these fields, whatever else it has.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from parley.domain.trace_line import line_of

Trace = dict[str, Any]


class Form(NamedTuple):
    """A short form: the type of the trace, and whether its payload is what is wanted."""

    type: str
    about: str
    fits: Callable[[Any, Any], bool]


def is_part_of(expected: Any, actual: Any) -> bool:
    """All that is expected is there: keys of mappings may be more, lists and values must be the same."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        return all(key in actual and is_part_of(value, actual[key]) for key, value in expected.items())
    if isinstance(expected, list) and isinstance(actual, list):
        return len(expected) == len(actual) and all(map(is_part_of, expected, actual))
    return type(expected) is type(actual) and bool(expected == actual)


def _names(buttons: list[Trace]) -> list[str]:
    return [button["name"] for button in buttons]


def _card(expected: Any, payload: Trace) -> bool:
    if isinstance(expected, str):
        return bool(payload["title"] == expected)
    buttons = expected.get("buttons")
    rest = {key: value for key, value in expected.items() if key != "buttons"}
    return (buttons is None or _names(payload["buttons"]) == buttons) and is_part_of(rest, payload)


def _holds(wanted: Any, payload: Trace) -> bool:
    parts = wanted if isinstance(wanted, list) else [wanted]
    return all(str(part).casefold() in payload["message"].casefold() for part in parts)


FORMS: dict[str, Form] = {
    "text": Form("text", "says exactly this", lambda wanted, payload: payload["message"] == wanted),
    "one of": Form("text", "says one of these", lambda wanted, payload: payload["message"] in wanted),
    "contains": Form("text", "says something with this in it (or with all of these), whatever the capitals", _holds),
    "like": Form(
        "text",
        "says something that this regular expression is all of",
        lambda wanted, payload: re.fullmatch(wanted, payload["message"]) is not None,
    ),
    "regex": Form(
        "text",
        "says something that this regular expression is found in",
        lambda wanted, payload: re.search(wanted, payload["message"]) is not None,
    ),
    "speak": Form(
        "speak",
        "speaks this",
        lambda wanted, payload: payload["message"] == wanted and payload["type"] == "message",
    ),
    "plays": Form(
        "speak",
        "plays the audio at this address",
        lambda wanted, payload: payload.get("src") == wanted and payload["type"] == "audio",
    ),
    "choice": Form(
        "choice", "shows buttons of these names", lambda wanted, payload: _names(payload["buttons"]) == wanted
    ),
    "card": Form("cardV2", "shows a card: its title, or `{title, description, buttons}`", _card),
    "carousel": Form(
        "carousel",
        "shows these cards",
        lambda wanted, payload: len(wanted) == len(payload["cards"]) and all(map(_card, wanted, payload["cards"])),
    ),
    "image": Form("visual", "shows the image at this address", lambda wanted, payload: payload["image"] == wanted),
    "no-reply": Form(
        "no-reply", "waits so many seconds for a reply", lambda wanted, payload: payload["timeout"] == wanted
    ),
    "path": Form("path", "goes this way", lambda wanted, payload: payload["path"] == wanted),
    "block": Form("block", "comes to this step", lambda wanted, payload: wanted in (None, payload["blockID"])),
    "flow": Form("flow", "enters this workflow", lambda wanted, payload: wanted in (None, payload.get("name"))),
    "debug": Form("debug", "tells its builder this", lambda wanted, payload: wanted in payload["message"]),
    "begins": Form(
        "completion",
        "begins to stream a text; true: of a model's",
        lambda wanted, payload: payload["state"] == "start" and payload["ai"] is wanted,
    ),
    "writes": Form(
        "completion",
        "streams this piece",
        lambda wanted, payload: payload["state"] == "content" and payload["content"] == wanted,
    ),
    "closes": Form(
        "completion", "ends a streamed text", lambda wanted, payload: payload == {"state": "end"} and wanted
    ),
    "stream": Form("stream", "plays, pauses or ends an audio stream", lambda w, payload: payload["action"] == w),
    "handoff": Form("live-agent-handoff", "hands over to a person", lambda wanted, payload: payload["event"] == wanted),
    "log": Form("log", "writes this kind of log", lambda wanted, payload: payload["kind"] == wanted),
    "asks for": Form(
        "entity-filling", "asks for this entity", lambda wanted, payload: payload["entityToFill"] == wanted
    ),
}


def matches(expected: Any, trace: Trace) -> bool:
    """Whether this trace is what was expected."""
    if expected == "end":
        return bool(trace["type"] == "end")
    if not isinstance(expected, dict):
        expected = {"text": str(expected)}
    if "type" in expected:
        return is_part_of(expected, trace)
    ((key, wanted),) = expected.items()
    form = FORMS[key]
    if trace["type"] != form.type:
        return False
    try:
        return form.fits(wanted, trace.get("payload"))
    except (KeyError, TypeError, AttributeError):
        # A payload of another form than this kind of trace has: an agent's own custom trace.
        return False


def shown(traces: list[Trace]) -> str:
    """The traces, one a line."""
    return "\n".join(f"  {line_of(trace)}" for trace in traces) or "  nothing"
