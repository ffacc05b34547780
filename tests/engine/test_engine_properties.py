"""Whatever clients send, in whatever order: the engine never raises, never speaks after the end, and can go on."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.conversations.driver import new_session
from tests.engine.programs import CHOICES, PROGRAMS

from parley.domain.actions import SelfDescribing, parse_action
from parley.domain.program import Program
from parley.domain.state import Frame, decode_state, encode_state
from parley.domain.traces import Stamp, Trace, type_of
from parley.domain.transcript import TurnConfig
from parley.engine.agent import Agent
from parley.engine.interpreter import run
from parley.engine.turn import Turn

_words = st.one_of(
    st.sampled_from(["yes", "No", "track order AB-12345", "trcak my ordr", "large", "lrage pizza", "", "  ", "{name}"]),
    st.sampled_from(["5", "ada@example.org", "\u202eabc", "👍🏽", "\x00\x07", "a" * 5000, "{{x}}", "cancel", "help"]),
    st.text(max_size=40),
)
_names = st.sampled_from(
    ["help", "order", "cancel", "unheard", "ping", "boom", "x", "VF.STOP", "VF.REPEAT", "VF.START_OVER", "VF.PAUSE"]
)
_paths = st.sampled_from(["path-yes", "path-no", "path-more", "path-open", "path-nowhere"])
_actions = st.one_of(
    st.just({"type": "launch"}),
    st.just({"type": "no-reply"}),
    st.builds(lambda t: {"type": "text", "payload": t}, _words),
    st.builds(lambda p, t: {"type": p, "payload": {"label": t}}, _paths, _words),
    st.builds(
        lambda n, q, e, c: {
            "type": "intent",
            "payload": {"intent": {"name": n}, "query": q, "entities": e, "confidence": c},
        },
        _names,
        _words,
        st.lists(
            st.sampled_from([{}, {"name": "size", "value": "large"}, {"name": 3}, {"name": "number"}]), max_size=2
        ),
        st.floats(0, 1),
    ),
    st.builds(lambda n: {"type": "event", "payload": {"event": {"name": n}}}, _names),
    st.builds(
        lambda n: {"type": n, "payload": None},
        st.sampled_from(["done", "failed", "form_submitted", "NEXT", "END", "live-agent-event"]),
    ),
    st.builds(lambda t: {"type": "file", "payload": {"text": t, "files": [{"mimeType": "image/png"}]}}, _words),
    st.just({"type": "dtmf", "payload": "12#"}),
    st.builds(
        lambda kind: {"type": "live-agent-handoff", "payload": {"type": kind, "message": "hi"}},
        st.sampled_from(["message", "continue_conversation", "return_to_voiceflow"]),
    ),
    st.builds(
        lambda event: {"type": "live-agent-event", "payload": {"event": event, "message": 3}},
        st.sampled_from(["message_received", "chat_ended", "dance"]),
    ),
    st.just({"type": "action", "payload": {"actions": []}}),
)
_configs = st.sampled_from(
    [{}, {"stopAll": True}, {"stopTypes": ["ping"]}, {"userTimezone": "No/where"}, {"logs": "verbose"}]
)


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)
@settings(max_examples=150, deadline=None)
@given(actions=st.lists(st.tuples(_actions, _configs), max_size=14))
def test_any_actions_in_any_order(program: Program, actions: list[tuple[dict[str, Any], dict[str, Any]]]) -> None:
    asyncio.run(_play(program, actions))


_json = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.text(max_size=3) | st.sampled_from(["size", "order", "yes"]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["role", "found", "asked", "message", "hi"]), inner, max_size=3)
    ),
    max_leaves=6,
)
_storage = st.dictionaries(
    st.sampled_from(["dm", "capturing", "randoms", "_memory_", "noMatchesCounter", "noRepliesCounter"]), _json
)
_frame = st.builds(
    Frame,
    st.sampled_from(["main", "help", "sub", "gone"]),
    st.sampled_from([None, "hi", "choose", "capture", "cards", "h2", "nowhere"]),
    st.dictionaries(st.sampled_from(["output", "outputs", "interrupts"]), _json),
    st.dictionaries(st.sampled_from(["name", "y", "sessions"]), _json),
)


@settings(max_examples=300, deadline=None)
@given(
    stack=st.lists(_frame, max_size=4), storage=_storage, actions=st.lists(st.tuples(_actions, _configs), max_size=5)
)
def test_a_state_written_by_hand(stack: list[Frame], storage: dict[str, Any], actions: list[Any]) -> None:
    asyncio.run(_play(CHOICES, actions, (stack, storage)))


async def _play(
    program: Program, actions: list[Any], written: tuple[list[Frame], dict[str, Any]] | None = None
) -> None:
    agent = Agent(None, program)  # type: ignore[arg-type]
    state = new_session(program)
    if written is not None:
        state.stack, state.storage = written
    for n, (wire, config) in enumerate(actions):
        said: list[Trace] = []
        action = parse_action(wire)
        shaped = TurnConfig(
            stop_all=config.get("stopAll", False),
            stop_types=frozenset(config.get("stopTypes", ())),
            user_timezone=config.get("userTimezone"),
            logs=config.get("logs"),
        )
        turn = Turn(agent, state, action, id=f"{n:024x}", now_ms=n, emit=said.append, config=shaped)  # type: ignore[arg-type]
        await run(turn)
        kinds = [type_of(trace) for trace in said]
        for trace in said:
            Stamp(turn.id).encode(trace, n)
        assert kinds.count("end") == (1 if turn.finished else 0)
        if turn.finished:
            assert kinds[-1] == "end"
        assert turn.finished == (not state.stack) or isinstance(action, SelfDescribing)
        assert len(state.stack) <= program.settings.limits.frames
        restored = decode_state(encode_state(state))
        assert encode_state(restored) == encode_state(state)
        state = restored
