"""What a turn said then, held against what it says now: what counts, in which order, and how one line shows it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher
from typing import Any, Literal, assert_never

import msgspec
from msgspec import Struct

from parley.domain.redaction import Redaction
from parley.domain.trace_line import line_of
from parley.domain.transcript import Completed, Emission, Ended, Stated, Traced
from parley.replay.rehearsal import Rehearsed

Sign = Literal[" ", "-", "+", "!"]


class Line(Struct, frozen=True):
    """` ` said then and now, `-` only then, `+` only now, `!` a remark."""

    sign: Sign
    text: str


class Compared(Struct, frozen=True):
    """One turn: what it said as JSON, without times (and, for another agent, without ids of messages)."""

    turn: str
    action: dict[str, Any] | None
    recorded: list[dict[str, Any]]
    replayed: list[dict[str, Any]]
    remarks: list[str]
    unasked: list[str]
    lines: list[Line]

    @property
    def is_same(self) -> bool:
        """Nothing that counts differs."""
        return self.recorded == self.replayed


def compare(rehearsed: Rehearsed, redact: tuple[str, ...], *, is_other_agent: bool) -> Compared:
    """Hold the turn against its recording. What the agent's rules blacken is blackened on both sides."""
    redaction = Redaction(redact)

    def essentials(said: Iterable[Emission]) -> list[dict[str, Any]]:
        return [redaction.json(each) for each in _joined(_shown(emission, is_other_agent) for emission in said)]

    recorded, replayed = essentials(rehearsed.record.said or ()), essentials(rehearsed.said)
    remarks = [(len(essentials(rehearsed.said[: each.place])), each.text) for each in rehearsed.remarks]
    return Compared(
        turn=rehearsed.record.id,
        action=redaction.json(rehearsed.record.action),
        recorded=recorded,
        replayed=replayed,
        remarks=[each.text for each in rehearsed.remarks],
        unasked=list(rehearsed.unasked),
        lines=_lines(recorded, replayed, remarks),
    )


def _shown(emission: Emission, is_other_agent: bool) -> dict[str, Any]:
    body = emission.body
    match body:
        case Traced():
            trace: dict[str, Any] = msgspec.json.decode(body.data)
            trace.pop("time", None)
            if is_other_agent and isinstance(trace.get("payload"), dict):
                trace["payload"].pop("messageID", None)
            return trace
        case Stated():
            return {"type": "state", "state": msgspec.json.decode(body.data)}
        case Completed():
            return {"type": "completed"} | ({} if body.reason is None else {"reason": body.reason})
        case Ended():
            return {"type": "ended", "reason": body.reason}
        case _:
            assert_never(body)


def _joined(traces: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """A streamed text in one piece: where it was cut into pieces was a matter of time."""
    joined: list[dict[str, Any]] = []
    for trace in traces:
        if _is_content(trace) and joined and _is_content(joined[-1]):
            before, payload = joined[-1], trace["payload"]
            content = before["payload"]["content"] + payload["content"]
            joined[-1] = before | {"payload": before["payload"] | {"content": content}}
        else:
            joined.append(trace)
    return joined


def _is_content(trace: dict[str, Any]) -> bool:
    payload = trace.get("payload") if trace["type"] == "completion" else None
    is_content = isinstance(payload, dict) and payload.get("state") == "content"
    return is_content and isinstance(trace["payload"].get("content"), str)


def _lines(
    then: Sequence[dict[str, Any]], now: Sequence[dict[str, Any]], remarks: Sequence[tuple[int, str]]
) -> list[Line]:
    encode = msgspec.json.Encoder(order="deterministic").encode
    matcher = SequenceMatcher(None, [encode(each) for each in then], [encode(each) for each in now], autojunk=False)
    lines: list[Line] = []
    left = list(remarks)

    def tell(until: int) -> None:
        while left and left[0][0] <= until:
            lines.append(Line("!", left.pop(0)[1]))

    for verb, a, b, c, d in matcher.get_opcodes():
        if verb != "equal":
            lines += [Line("-", text) for text in _distinct(then[a:b], now[c:d])]
        fresh = _distinct(now[c:d], then[a:b] if verb != "equal" else ())
        for n, text in enumerate(fresh, c):
            tell(n)
            lines.append(Line(" " if verb == "equal" else "+", text))
    tell(len(now))
    return lines


def _distinct(traces: Sequence[dict[str, Any]], others: Sequence[dict[str, Any]]) -> list[str]:
    """The lines of the traces; whole where another would look the same."""
    alike = {line_of(other) for other in others}
    return [msgspec.json.encode(trace).decode() if (line := line_of(trace)) in alike else line for trace in traces]
