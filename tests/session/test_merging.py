"""Texts that arrive within a quiet window become one action (decisions, "Concurrency")."""

from __future__ import annotations

import asyncio
from asyncio import Future
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from house_fixture import Opened, open_house, project
from parley.backends.clock import StillClock
from parley.backends.store.memory import MemoryStore
from parley.domain.actions import parse_action
from parley.domain.ids import ProjectID, UserID
from parley.domain.program import Settings
from parley.domain.state import SessionState
from parley.domain.traces import CustomTrace
from parley.domain.transcript import Completed, Traced, TurnConfig, TurnRecord
from parley.engine.turn import Turn
from parley.errors import Busy, StoreUnavailable
from parley.session.answer import Answer
from parley.session.handle import Post, SessionHandle
from parley.session.whole import all_turns
from slow_engine import SlowEngine

QUIET = 2.0
SHOP, ADA = ProjectID("shop"), UserID("ada")


async def listening(turn: Turn) -> None:
    """Says what it hears, and adds it to `order`."""
    payload = str(turn.action.wire.get("payload"))
    turn.variables.set("order", f"{turn.variables.get('order', '')}{payload}|")
    turn.emit(CustomTrace("heard", payload))


class Breaking(MemoryStore):
    """The commit of this number, from 1, and all after it fail until it is mended."""

    breaks_at = 0
    commits = 0

    def commit(self, state: SessionState, turn: TurnRecord) -> Future[None]:
        self.commits += 1
        if not 0 < self.breaks_at <= self.commits:
            return super().commit(state, turn)
        failed: Future[None] = asyncio.get_running_loop().create_future()
        failed.set_exception(StoreUnavailable("The disk is full."))
        return failed


async def house(clock: StillClock, engine: Any = listening, store: Any = None) -> Opened:
    merging = project(settings=Settings(concurrency="merge", quiet_seconds=QUIET))
    return await open_house(merging, clock=clock, engine=engine, store=store)


async def begun(opened: Opened) -> SessionHandle:
    environment = opened.house.catalog.project(SHOP).environments[0]
    return await opened.house.directory.of_user(SHOP, ADA, environment)


async def say(session: SessionHandle, text: str, **more: Any) -> Answer:
    return await session.post(Post(parse_action({"type": "text", "payload": text}), **more))


async def press(session: SessionHandle, name: str) -> Answer:
    return await session.post(Post(parse_action({"type": "button", "payload": name})))


def heard(answer: Answer) -> list[str]:
    bodies = (each.body for each in answer.said)
    return [msgspec.json.decode(body.data)["payload"] for body in bodies if isinstance(body, Traced)]


def reason(answer: Answer) -> str | None:
    (completed,) = (each.body for each in answer.said if isinstance(each.body, Completed))
    return completed.reason


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


async def test_the_first_turn_says_all_texts_and_the_others_say_that_they_are_part_of_it(clock: StillClock) -> None:
    session = await begun(await house(clock))
    answers = []
    for text in ("I have", "a question", "about tea"):
        answers.append(await say(session, text, key=text, variables={text[0]: text}))
        await clock.advance(QUIET - 0.5)
    assert not any(answer.is_over for answer in answers)
    await clock.advance(0.5)
    for answer in answers:
        await answer.whole()
    assert heard(answers[0]) == ["I have\na question\nabout tea"]
    assert [heard(answer) for answer in answers[1:]] == [[], []]
    assert [reason(answer) for answer in answers] == [None, "merged", "merged"]
    assert session.state().variables["a"] == "about tea" and session.state().variables["I"] == "I have"
    again = await say(session, "I have", key="I have")
    assert again.record.action == {"type": "text", "payload": "I have\na question\nabout tea"}


async def test_anything_else_ends_the_window_at_once(clock: StillClock) -> None:
    session = await begun(await house(clock))
    first, second, button = await say(session, "a"), await say(session, "b"), await press(session, "x")
    await button.whole()
    assert (heard(first), heard(second), heard(button)) == (["a\nb"], [], ["x"])
    assert clock.sleepers == 0


async def test_texts_that_wait_for_a_turn_are_merged_after_it(clock: StillClock) -> None:
    engine = SlowEngine()
    session = await begun(await house(clock, engine))
    running = await press(session, "x")
    await engine.has_begun(1)
    texts = [await say(session, text) for text in "abc"]
    await clock.advance(QUIET)
    engine.let_go(2)
    for answer in (running, *texts):
        await answer.whole()
    assert heard(texts[0]) == ["a\nb\nc", "a\nb\nc"]


async def test_a_request_may_ask_for_it_or_against_it(clock: StillClock) -> None:
    opened = await open_house(project(settings=Settings(quiet_seconds=QUIET)), clock=clock, engine=listening)
    session = await begun(opened)
    merging = [await say(session, text, config=TurnConfig(concurrency="merge")) for text in "ab"]
    alone = await say(session, "c")
    await alone.whole()
    assert (heard(merging[0]), heard(merging[1]), heard(alone)) == (["a\nb"], [], ["c"])


async def test_an_end_does_not_wait_for_the_window(clock: StillClock) -> None:
    session = await begun(await house(clock))
    waiting = await say(session, "a")
    await asyncio.wait_for(session.end("hangup"), 5)
    await waiting.whole()
    assert (session.state().ended, heard(waiting), reason(waiting)) == ("hangup", [], "session_ended")


async def test_sixteen_texts_may_wait(clock: StillClock) -> None:
    session = await begun(await house(clock))
    answers = [await say(session, str(n)) for n in range(16)]
    with pytest.raises(Busy):
        await say(session, "one more")
    await clock.advance(QUIET)
    await answers[-1].whole()
    assert heard(answers[0]) == ["\n".join(map(str, range(16)))]


async def test_a_server_that_shuts_down_waits_for_no_more_texts(clock: StillClock) -> None:
    opened = await house(clock)
    answers = [await say(await begun(opened), text) for text in "ab"]
    await asyncio.wait_for(opened.house.directory.drain(5), 10)
    assert heard(answers[0]) == ["a\nb"]


STEPS = st.lists(st.one_of(st.sampled_from("abc"), st.just("button"), st.sampled_from([0.4, 1.0, QUIET])), max_size=10)


def grouped(steps: list[Any]) -> list[str]:
    """What is heard: texts with less than the window between them as one, and each button."""
    said: list[str] = []
    is_open = False
    for step in steps:
        if step == "button":
            said.append("x")
        elif isinstance(step, str):
            said += [step] if not is_open else [f"{said.pop()}\n{step}"]
        is_open = is_open and step != QUIET and step != "button" if not isinstance(step, str) else step != "button"
    return said


def joined(steps: list[Any]) -> list[Any]:
    """Pauses in a row as one, none longer than the window."""
    made: list[Any] = []
    for step in steps:
        if made and not isinstance(step, str) and not isinstance(made[-1], str):
            made[-1] = min(QUIET, made[-1] + step)
        else:
            made.append(step)
    return made


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_texts_with_less_than_the_window_between_them_are_one(steps: list[Any]) -> None:
    async def play() -> None:
        clock = StillClock()
        session = await begun(await house(clock))
        answers = []
        for step in joined(steps):
            if step == "button":
                answers.append(await press(session, "x"))
            elif isinstance(step, str):
                answers.append(await say(session, step))
            else:
                await clock.advance(step)
        await clock.advance(QUIET)
        for answer in answers:
            await asyncio.wait_for(answer.whole(), 10)
        assert [text for answer in answers for text in heard(answer)] == grouped(joined(steps))

    asyncio.run(play())


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(["a", "b", "button"]), min_size=1, max_size=6), st.integers(1, 7))
def test_every_text_is_heard_once_whatever_cannot_be_saved(steps: list[str], breaks_at: int) -> None:
    async def play() -> None:
        clock = StillClock()
        store = Breaking(clock=clock)
        opened = await house(clock, store=store)
        session = await begun(opened)
        store.breaks_at = store.commits + breaks_at
        for step in steps:
            await (press(session, "x") if step == "button" else say(session, step))
        await clock.advance(QUIET)
        store.breaks_at = 0
        session = await begun(await house(clock, store=store))
        await clock.advance(QUIET)
        await (await press(session, "last")).whole()
        texts = str(session.state().variables["order"]).replace("\n", "|").split("|")
        assert texts == ["x" if step == "button" else step for step in steps] + ["last", ""]
        turns = [turn async for page in all_turns(store, session.id) for turn in page]
        asked = "\n".join(str((turn.action or {}).get("payload", "")) for turn in turns)
        assert [text for text in asked.split("\n") if text] == texts[:-1]

    asyncio.run(play())
