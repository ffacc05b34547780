"""Whatever breaks on the way, a client that comes back has every emission once, in order, as the store has it."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from house_fixture import Event, Talk, events_of, open_house, say
from parley.backends.clock import SystemClock
from parley.backends.store.memory import MemoryStore
from parley.backends.store.sqlite import SqliteStore
from parley.domain.ids import EnvironmentAlias, ProjectID, StepID
from parley.domain.program import Program, Workflow
from parley.domain.project import Environment, Project
from parley.domain.steps import Capture, Choice, End, Option, Step
from parley.domain.transcript import Stated, Traced, TurnRecord

MAIN = "main"
NAMES = [f"s{i}" for i in range(6)]
TARGETS = st.sampled_from([*NAMES, None])


def steps(name: str) -> st.SearchStrategy[Step]:
    """Any step under this name, going anywhere."""
    id = StepID(name)
    return st.one_of(
        TARGETS.map(lambda then: say(name, f"{name} says {{heard}}", then=then)),
        TARGETS.map(lambda then: Capture(id, then=None if then is None else StepID(then), variable="heard")),
        st.tuples(TARGETS, TARGETS).map(
            lambda to: Choice(
                id,
                options=(
                    Option("yes", label="Yes", then=None if to[0] is None else StepID(to[0])),
                    Option("no", label="No", then=None if to[1] is None else StepID(to[1])),
                ),
            )
        ),
        st.just(End(id)) if name != "s0" else st.nothing(),
    )


PROGRAMS = st.tuples(*(steps(name) for name in NAMES)).map(
    lambda made: Program("any", MAIN, {MAIN: Workflow(MAIN, "Main", {s.id: s for s in made}, StepID("s0"))})  # type: ignore[dict-item,arg-type]
)
ACTIONS = st.sampled_from(
    [
        {"type": "launch"},
        {"type": "text", "payload": "Yes"},
        {"type": "text", "payload": "no"},
        {"type": "text", "payload": "line\nbreak\n\ndata: {}"},
        {"type": "path-yes", "payload": {"label": "Yes"}},
        {"type": "no-reply"},
        {"type": "event", "payload": {"event": {"name": "x"}}},
        {"type": "action"},
    ]
)
BREAKS = st.lists(st.integers(0, 4000), max_size=4)
STEPS = st.lists(st.tuples(ACTIONS, BREAKS, st.booleans(), st.booleans()), min_size=1, max_size=6)


async def read_brokenly(talk: Talk, action: dict[str, Any], breaks: list[int], with_state: bool, key: str) -> Any:
    """Send an action, lose the connection at these byte positions, come back each time until `end`."""
    answer = await talk.stream(action, {"idempotency-key": key}, config={"state": with_state})
    if answer.status_code == 401:
        return None
    assert answer.status_code == 200, answer.text
    turn = answer.headers["x-turn-id"]
    got: list[Event] = []
    body = answer.content
    for cut in breaks:
        got += events_of(body[:cut])
        if got and got[-1].event == "end":
            break
        headers = {"authorization": talk.key} | ({"last-event-id": got[-1].id} if got else {})
        body = (await talk.client.get(f"/v4/interact/stream/{turn}", headers=headers)).content
    else:
        got += events_of(body)
    return turn, got


def as_stored(record: TurnRecord) -> list[Event]:
    """The events that this turn must have been told as."""
    events = []
    for i, emission in enumerate(record.said or (), 1):
        body = emission.body
        match body:
            case Traced():
                events.append(Event("trace", str(i), bytes(body.data).decode()))
            case Stated():
                events.append(Event("state", str(i), bytes(body.data).decode()))
            case _:
                events.append(Event("end", str(i), "{}"))
                break
    return events


@given(PROGRAMS, STEPS)
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
async def test_no_emission_is_lost_repeated_or_reordered(program: Program, sequence: list[Any]) -> None:
    await check_nothing_lost(program, sequence, MemoryStore(clock=SystemClock()))


@given(PROGRAMS, STEPS)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
async def test_nor_is_it_in_a_file(program: Program, sequence: list[Any]) -> None:
    with TemporaryDirectory() as directory:
        store = SqliteStore(Path(directory) / "data.db", clock=SystemClock())
        await store.open()
        try:
            await check_nothing_lost(program, sequence, store)
        finally:
            await store.close()


async def check_nothing_lost(program: Program, sequence: list[Any], store: Any) -> None:
    project = Project(ProjectID("shop"), "Shop", (Environment(EnvironmentAlias("main"), program, 100),))
    opened = await open_house(project, store=store)
    async with opened.client() as client:
        talk = await Talk.start(client)
        session = opened.house.keys.read(talk.key).session
        told: dict[str, list[Event]] = {}
        for i, (action, breaks, with_state, restarts) in enumerate(sequence):
            if restarts:
                opened = await open_house(project, store=opened.store)
                talk = Talk(opened.client(), talk.key)
            read = await read_brokenly(talk, action, breaks, with_state, f"key-{i}")
            if read is None:
                break
            told[read[0]] = read[1]
            again = await talk.send(action, {"idempotency-key": f"key-{i}"})
            assert again.headers["x-turn-id"] == read[0]
            traces = [json.loads(event.data) for event in read[1] if event.event == "trace"]
            assert again.json()["traces"] == traces
        records = await opened.store.turns(session)
        assert {record.id: as_stored(record) for record in records} == told
        offsets = [emission.offset for record in records for emission in record.said]
        assert offsets == list(range(1, len(offsets) + 1))
        for record in records:
            for emission in record.said:
                if isinstance(emission.body, Traced):
                    assert msgspec.json.decode(emission.body.data)["turnID"] == record.id
