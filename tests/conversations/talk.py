"""Conversations as people read them, and how they are held against what an agent says.

A talk is a list of exchanges:

    - user: launch                         the user begins; any other text is what the user says
    - user: {type: path-x, payload: {}}    an action as clients send it
    - presses: Track my order              the button of that name, of the last buttons or cards shown
    - event: paid                          a project event
    - config: {stopTypes: [a]}             how the answers from here on are shaped
    - silence                              the client reports that the user said nothing
    - expect: [...]                        all that is said since, without block, debug, flow and path traces
    - exactly: [...]                       the same with them
    - mentions: [...]                      traces that are among all of them, in this order
    - variables: {name: value}
    - ended: true

What is expected is a text (`Hello!`), one of several (`{one of: [Hi!, Hello!]}`), a short form (`{choice: [Yes, No]}`,
`{path: choice:1}`, see `SHORT`), or a trace whose given fields must be equal (`{type: text, payload: {delay: 0}}`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from tests.conversations.driver import Answer, Send

HIDDEN = {"block", "debug", "flow", "path"}


def _subset(expected: Any, actual: Any) -> bool:
    if isinstance(expected, dict) and isinstance(actual, dict):
        return all(key in actual and _subset(value, actual[key]) for key, value in expected.items())
    if isinstance(expected, list) and isinstance(actual, list):
        return len(expected) == len(actual) and all(map(_subset, expected, actual))
    return type(expected) is type(actual) and bool(expected == actual)


def _names(buttons: list[dict[str, Any]]) -> list[str]:
    return [button["name"] for button in buttons]


def _card(expected: Any, payload: dict[str, Any]) -> bool:
    if isinstance(expected, str):
        return bool(payload["title"] == expected)
    buttons = expected.get("buttons")
    rest = {key: value for key, value in expected.items() if key != "buttons"}
    return (buttons is None or _names(payload["buttons"]) == buttons) and _subset(rest, payload)


SHORT: dict[str, tuple[str, Callable[[Any, Any], bool]]] = {
    "text": ("text", lambda wanted, payload: payload["message"] == wanted),
    "one of": ("text", lambda wanted, payload: payload["message"] in wanted),
    "like": ("text", lambda wanted, payload: re.fullmatch(wanted, payload["message"]) is not None),
    "speak": ("speak", lambda wanted, payload: payload["message"] == wanted and payload["type"] == "message"),
    "plays": ("speak", lambda wanted, payload: payload.get("src") == wanted and payload["type"] == "audio"),
    "choice": ("choice", lambda wanted, payload: _names(payload["buttons"]) == wanted),
    "card": ("cardV2", _card),
    "carousel": ("carousel", lambda wanted, payload: all(map(_card, wanted, payload["cards"]))),
    "image": ("visual", lambda wanted, payload: payload["image"] == wanted),
    "no-reply": ("no-reply", lambda wanted, payload: payload["timeout"] == wanted),
    "path": ("path", lambda wanted, payload: payload["path"] == wanted),
    "block": ("block", lambda wanted, payload: wanted in (None, payload["blockID"])),
    "flow": ("flow", lambda wanted, payload: wanted in (None, payload.get("name"))),
    "debug": ("debug", lambda wanted, payload: wanted in payload["message"]),
    "begins": ("completion", lambda wanted, payload: payload["state"] == "start" and payload["ai"] is wanted),
    "writes": ("completion", lambda wanted, payload: payload["state"] == "content" and payload["content"] == wanted),
    "closes": ("completion", lambda wanted, payload: payload == {"state": "end"} and wanted),
    "stream": ("stream", lambda wanted, payload: payload["action"] == wanted),
    "handoff": ("live-agent-handoff", lambda wanted, payload: payload["event"] == wanted),
    "log": ("log", lambda wanted, payload: payload["kind"] == wanted),
    "asks for": ("entity-filling", lambda wanted, payload: payload["entityToFill"] == wanted),
}


def matches(expected: Any, trace: dict[str, Any]) -> bool:
    """Whether this trace is what was expected."""
    if expected == "end":
        return trace["type"] == "end"
    if isinstance(expected, str):
        expected = {"text": expected}
    if "type" in expected:
        return _subset(expected, trace)
    ((key, wanted),) = expected.items()
    kind, check = SHORT[key]
    return trace["type"] == kind and check(wanted, trace["payload"])


class Talk:
    """One conversation, played exchange by exchange. Raises AssertionError where it goes otherwise."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._config: dict[str, Any] = {}
        self._answer = Answer([], {}, False)
        self._buttons: dict[str, dict[str, Any]] = {}

    async def play(self, exchange: Any) -> None:
        """One line of the talk."""
        if isinstance(exchange, str):
            exchange = {exchange: True}
        for key, value in exchange.items():
            action = self._action(key, value)
            if action is None:
                self._check(key, value)
            else:
                await self._act(action)

    async def _act(self, action: dict[str, Any]) -> None:
        self._answer = await self._send(action, self._config)
        for trace in self._answer.traces:
            payload = trace.get("payload")
            if trace["type"] in ("choice", "cardV2", "carousel"):
                cards = payload.get("cards", [payload])
                self._buttons |= {b["name"]: b["request"] for card in cards for b in card["buttons"]}

    def _action(self, key: str, value: Any) -> dict[str, Any] | None:
        if key == "user":
            if value == "launch":
                return {"type": "launch"}
            return value if isinstance(value, dict) else {"type": "text", "payload": str(value)}
        if key == "presses":
            return self._buttons[value]
        if key == "event":
            return {"type": "event", "payload": {"event": {"name": value}}}
        if key == "config":
            self._config = value
        return {"type": "no-reply"} if key == "silence" else None

    def _check(self, key: str, value: Any) -> None:
        said = self._answer.traces
        if key == "expect":
            self._same(value, [trace for trace in said if trace["type"] not in HIDDEN])
        elif key == "exactly":
            self._same(value, said)
        elif key == "mentions":
            rest = iter(said)
            for expected in value:
                assert any(matches(expected, trace) for trace in rest), f"nobody says {expected!r}:\n{_shown(said)}"
        elif key == "variables":
            now = {name: self._answer.variables.get(name) for name in value}
            assert now == value, f"expected {value}, found {now}"
        elif key == "ended":
            assert self._answer.ended is value, _shown(said)
        elif key != "config":
            raise AssertionError(f"not an exchange: {key}")

    def _same(self, expected: list[Any], said: list[dict[str, Any]]) -> None:
        same = len(expected) == len(said) and all(map(matches, expected, said))
        assert same, f"expected:\n  {expected}\nsaid:\n{_shown(said)}"


def _shown(traces: list[dict[str, Any]]) -> str:
    return "\n".join(f"  {trace['type']}: {trace.get('payload')}" for trace in traces) or "  nothing"
