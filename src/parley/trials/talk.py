"""One conversation as people write it down, played exchange by exchange.

    - user: launch                         the user begins; any other text is what the user says
    - user: {type: path-x, payload: {}}    an action as clients send it
    - presses: Track my order              the button of that name, of all that were shown
    - event: paid                          a project event
    - config: {stopTypes: [a]}             how the answers from here on are shaped
    - silence                              the client reports that the user said nothing
    - expect: [...]                        all that is said since, without block, debug, flow and path traces
    - exactly: [...]                       the same with them
    - mentions: [...]                      traces that are among all of them, in this order
    - never: [...]                         traces that are not among them
    - variables: {name: value}
    - json: {"[0].payload.message": Hi}    what lies at these places of all traces
    - judge: It is polite.                 what a language model finds true of it
    - ended: true

What may be expected of a trace is in `expected.py`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from random import Random
from typing import Any

from parley.engine.response_path import MISSING, find_in
from parley.projects.problems import did_you_mean
from parley.trials.expected import is_part_of, matches, shown
from parley.trials.stage import Answer, Send

HIDDEN = {"block", "debug", "flow", "path"}
Judge = Callable[[str, list[str]], Awaitable[str | None]]
"""(what ought to be true, the conversation so far) -> why it is not, None where it is."""


class Unmet(AssertionError):
    """The conversation goes otherwise than it is written down."""


class Talk:
    """One conversation. `play` raises `Unmet` where it goes otherwise, and `ParleyError` for what cannot be played."""

    def __init__(self, send: Send, judge: Judge | None = None) -> None:
        self._send = send
        self._judge = judge
        self._config: dict[str, Any] = {}
        self._answer = Answer([], {}, False)
        self._buttons: dict[str, dict[str, Any]] = {}
        self._lines: list[str] = []

    async def play(self, exchange: Any) -> None:
        """One line of the talk."""
        if isinstance(exchange, str):
            exchange = {exchange: True}
        for key, value in exchange.items():
            action = self._action(key, value)
            if action is not None:
                await self._act(action)
            elif key == "judge":
                await self._judged(value)
            else:
                self._check(key, value)

    async def _act(self, action: dict[str, Any]) -> None:
        said = action.get("payload")
        self._lines.append(f"user: {said if isinstance(said, str) else action.get('type')}")
        self._answer = await self._send(action, self._config)
        for trace in self._answer.traces:
            payload: Any = trace.get("payload")
            if trace["type"] in ("choice", "cardV2", "carousel"):
                cards = payload.get("cards", [payload])
                self._buttons |= {b["name"]: b["request"] for card in cards for b in card["buttons"]}
            if trace["type"] in ("text", "speak"):
                self._lines.append(f"agent: {payload['message']}")

    def _action(self, key: str, value: Any) -> dict[str, Any] | None:
        if key == "user":
            if value == "launch":
                return {"type": "launch"}
            return value if isinstance(value, dict) else {"type": "text", "payload": str(value)}
        if key == "presses":
            if value not in self._buttons:
                raise Unmet(f"there is no button `{value}`. {did_you_mean(str(value), self._buttons)}".rstrip())
            return self._buttons[value]
        if key == "event":
            return {"type": "event", "payload": {"event": {"name": value}}}
        if key == "config":
            self._config = value
        return {"type": "no-reply"} if key == "silence" else None

    def _check(self, key: str, value: Any) -> None:
        said = self._answer.traces
        match key:
            case "expect":
                self._same(value, [trace for trace in said if trace["type"] not in HIDDEN])
            case "exactly":
                self._same(value, said)
            case "mentions":
                self._mentions(value)
            case "never":
                found = [trace for trace in said for each in value if matches(each, trace)]
                _demand(not found, f"this was not to be said:\n{shown(found)}")
            case "variables":
                now = {name: self._answer.variables.get(name) for name in value}
                _demand(now == value, f"expected {value}, found {now}")
            case "json":
                self._lies_at(value)
            case "ended":
                wanted = "over" if value else "not over"
                _demand(self._answer.ended is value, f"the conversation was to be {wanted}:\n{shown(said)}")
            case "config":
                pass
            case _:
                raise Unmet(f"not an exchange: {key}")

    def _mentions(self, expected: list[Any]) -> None:
        said = self._answer.traces
        rest = iter(said)
        for each in expected:
            _demand(any(matches(each, trace) for trace in rest), f"nobody says {each!r}:\n{shown(said)}")

    def _lies_at(self, places: dict[str, Any]) -> None:
        for place, wanted in places.items():
            found = find_in(self._answer.traces, place.removeprefix("$").removeprefix("."), Random(0))
            there = "nothing" if found is MISSING else repr(found)
            _demand(
                found is not MISSING and is_part_of(wanted, found), f"at {place}: expected {wanted!r}, found {there}"
            )

    def _same(self, expected: list[Any], said: list[dict[str, Any]]) -> None:
        same = len(expected) == len(said) and all(map(matches, expected, said))
        _demand(same, f"expected:\n{_listed(expected)}\nsaid:\n{shown(said)}")

    async def _judged(self, criterion: str) -> None:
        if self._judge is None:
            raise Unmet("there is no language model to judge this")
        why = await self._judge(criterion, self._lines)
        _demand(why is None, f"`{criterion}` was found not to be true: {why}\n{shown(self._answer.traces)}")


def _demand(is_met: bool, message: str) -> None:
    if not is_met:
        raise Unmet(message)


def _listed(expected: list[Any]) -> str:
    return "\n".join(f"  {each if isinstance(each, str) else repr(each)}" for each in expected) or "  nothing"
