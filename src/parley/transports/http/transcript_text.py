"""A conversation as its user reads it: who said what and when, as plain text. Never shows what is for builders."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from parley.domain.transcript import Ended, Traced, TurnRecord, is_told_again

YOU = "You"
INDENT = "    "
FILE = "(file) "
LONGEST_NAME = 200
ENDINGS = {
    "inactivity_timeout": "The conversation ended after a time of silence.",
    "replaced": "The conversation ended because a new one was started.",
    "max_duration": "The conversation ended because it had lasted as long as it may.",
}
ENDED = "The conversation ended."

# Line breaks stay; other control characters, and those that turn the order of letters around, would let a text pass
# itself off as another line.
_UNFIT = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


class TranscriptText:
    """Writes turns in order. `agent` is what the other side is called; times are those of `zone`."""

    def __init__(self, agent: str, zone: ZoneInfo) -> None:
        self._agent = _clean(agent).replace("\n", " ")[:LONGEST_NAME] or "Agent"
        self._zone = zone
        self._day = ""

    def opening(self, began_at: int) -> str:
        """The head of the transcript. Milliseconds since 1970."""
        began = datetime.fromtimestamp(began_at / 1000, self._zone)
        return f"Conversation with {self._agent}\nBegan on {began:%Y-%m-%d} at {began:%H:%M} ({self._zone.key})\n"

    def turn(self, turn: TurnRecord) -> str:
        """The lines of one turn."""
        lines = [self._line(turn.accepted_at, YOU, text) for text in done_by_user(turn.action or {})]
        spoken = ""
        for emission in turn.said or ():
            if is_told_again(emission):
                continue
            if isinstance(emission.body, Traced):
                trace = msgspec.json.decode(emission.body.data)
                at = _time(trace, turn.accepted_at)
                if trace["type"] == "completion":
                    spoken, whole = _grown(spoken, _payload(trace))
                    lines += [self._line(at, self._agent, whole)] if whole else []
                else:
                    lines += [self._line(at, self._agent, text) for text in said_by_agent(trace)]
            elif isinstance(emission.body, Ended):
                lines.append(f"\n{ENDINGS.get(emission.body.reason, ENDED)}\n")
        if spoken:
            lines.append(self._line(turn.accepted_at, self._agent, spoken))
        return "".join(lines)

    def _line(self, at_ms: int, who: str, text: str) -> str:
        at = datetime.fromtimestamp(at_ms / 1000, self._zone)
        day = f"{at:%A, %Y-%m-%d}"
        head = "" if day == self._day else f"\n{day}\n"
        self._day = day
        shown = _clean(text).strip("\n").replace("\n", f"\n{INDENT}")
        return f"{head}[{at:%H:%M:%S}] {who}: {shown}\n"


def done_by_user(action: dict[str, Any]) -> Iterator[str]:
    """What the user did, in words; nothing for what a client does by itself."""
    kind, payload = action.get("type"), action.get("payload")
    fields = payload if isinstance(payload, dict) else {}
    if kind == "text":
        yield _text(payload)
    elif kind == "message":
        yield _text(fields.get("message"))
    elif kind == "intent":
        yield from _some(fields.get("query") or fields.get("label"))
    elif kind == "file":
        yield from _some(fields.get("text"))
        yield from _files(fields.get("files"))
    elif kind == "live-agent-handoff":
        yield from _some(fields.get("message"))
        yield from _files(fields.get("files"))
    elif kind == "dtmf":
        yield f"(pressed) {_text(payload)}"
    elif isinstance(kind, str) and kind.startswith("path-") and _text(fields.get("label")):
        yield f"(chose) {_text(fields.get('label'))}"


def said_by_agent(trace: dict[str, Any]) -> Iterator[str]:
    """What the user saw or heard, in words; nothing for every other trace."""
    payload = _payload(trace)
    match trace["type"]:
        case "text" | "speak" | "live-agent-handoff":
            yield from _some(payload.get("message"))
        case "choice":
            yield from _buttons(payload.get("buttons"))
        case "cardV2":
            yield from _card(payload)
        case "carousel":
            for card in _objects(payload.get("cards")):
                yield from _card(card)
        case "visual":
            yield from (f"(picture) {url}" for url in _some(payload.get("image")))


def _card(card: dict[str, Any]) -> Iterator[str]:
    description = card.get("description")
    lines = [*_some(card.get("title")), *_some(description.get("text") if isinstance(description, dict) else None)]
    if lines:
        yield "\n".join(["(card) " + lines[0], *lines[1:]])
    yield from _buttons(card.get("buttons"))


def _buttons(buttons: Any) -> Iterator[str]:
    names = [_text(button.get("name")) for button in _objects(buttons)]
    if any(names):
        yield "(buttons) " + " ".join(f"[{name}]" for name in names if name)


def _files(files: Any) -> Iterator[str]:
    for file in _objects(files):
        name = _text(file.get("filename") or file.get("name")) or "without a name"
        yield f"{FILE}{name}"


def _grown(spoken: str, payload: dict[str, Any]) -> tuple[str, str]:
    """What a generated message has come to, and all of it once it is over."""
    if payload.get("state") == "content":
        return spoken + _text(payload.get("content")), ""
    return ("", spoken) if payload.get("state") == "end" else (spoken, "")


def _payload(trace: dict[str, Any]) -> dict[str, Any]:
    payload = trace.get("payload")
    return payload if isinstance(payload, dict) else {}


def _time(trace: dict[str, Any], otherwise: int) -> int:
    time = trace.get("time")
    return time if isinstance(time, int) else otherwise


def _objects(value: Any) -> Iterable[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _some(value: Any) -> Iterator[str]:
    if _text(value).strip():
        yield value


def _clean(text: str) -> str:
    return _UNFIT.sub("", text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " "))
