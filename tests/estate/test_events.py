"""The events of a workspace: told in order, kept for five minutes, cut where a reader is too slow."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from estate_fixture import Ground, break_ground
from house_fixture import open_house, served
from parley.backends.clock import StillClock
from parley.domain.ids import UserID
from parley.domain.operator import Handover
from parley.domain.platform_event import PlatformEvent
from parley.domain.state import WEB, Contact
from parley.domain.workspace import WorkspaceID
from parley.errors import Busy
from parley.session.happenings import HandedOver
from parley.workspaces.events import STREAMS, WAITING, Events, TooSlow
from parley.workspaces.kept_events import KeptEvents

ACME, OTHER = WorkspaceID("acme"), WorkspaceID("other")


async def test_ids_are_times_and_each_is_given_once() -> None:
    clock = StillClock(now_ms=1_000)
    events = Events(clock)
    assert [events.tell(ACME, "x", {}).id for _ in range(3)] == [1_000, 1_001, 1_002]
    await clock.advance(1)
    assert events.tell(OTHER, "x", {}).id == 2_000


async def test_who_comes_back_gets_what_was_missed_in_five_minutes() -> None:
    clock = StillClock(now_ms=1_000)
    events = Events(clock)
    first = events.tell(ACME, "old", {})
    await clock.advance(5 * 60 + 1)
    second = events.tell(ACME, "new", {})
    events.tell(OTHER, "foreign", {})
    reader = events.open(ACME, first.id - 1).read()
    assert await anext(reader) == second
    third = events.tell(ACME, "newer", {})
    assert await anext(reader) == third


async def test_a_stream_that_is_too_far_behind_is_cut() -> None:
    events = Events(StillClock(now_ms=1_000))
    stream = events.open(ACME, None)
    for _ in range(WAITING + 1):
        events.tell(ACME, "x", {})
    seen = 0
    with pytest.raises(TooSlow):
        async for _ in stream.read():
            seen += 1
    assert seen == WAITING


async def test_a_workspace_has_so_many_streams_and_no_more() -> None:
    events = Events(StillClock(now_ms=1_000))
    streams = [events.open(ACME, None) for _ in range(STREAMS)]
    with pytest.raises(Busy):
        events.open(ACME, None)
    events.open(OTHER, None)
    with streams[0].reading():
        pass
    events.open(ACME, None)


def url_of(host: str, port: int) -> str:
    return f"http://{host}:{port}"


@asynccontextmanager
async def listening(url: str, ground: Ground, **headers: str) -> AsyncIterator[AsyncIterator[str]]:
    key = {"authorization": f"Bearer {ground.keys['viewer']}", **headers}
    async with (
        httpx.AsyncClient(base_url=url, headers=key, timeout=30) as client,
        client.stream("GET", ground.at("/events/stream")) as answer,
    ):
        assert answer.status_code == 200
        yield answer.aiter_lines()


async def until(lines: AsyncIterator[str], start: str) -> str:
    async for line in lines:
        if line.startswith(start):
            return line.removeprefix(start)
    raise AssertionError(f"the stream ended before {start}")


async def test_conversations_are_seen_to_begin_and_end(ground: Ground) -> None:
    service = (await ground.estate.services.of(ground.ours))[0]
    async with served(ground.front) as (host, port), listening(url_of(host, port), ground) as lines:
        assert await until(lines, "retry: ") == "3000"
        session = await ground.estate.talks.with_visitor(service)
        first = await until(lines, "id: ")
        assert await until(lines, "event: ") == "text.started"
        assert service.id in await until(lines, "data: ")
        await ground.estate.talks.close(session)
        assert await until(lines, "event: ") == "text.completed"
        async with listening(url_of(host, port), ground, **{"last-event-id": first}) as again:
            assert await until(again, "event: ") == "text.completed"


async def test_another_workspace_hears_nothing(ground: Ground) -> None:
    service = (await ground.estate.services.of(ground.ours))[0]
    reader = ground.estate.events.open(ground.foreign.id, None).read()
    waiting = asyncio.ensure_future(anext(reader))
    await ground.estate.talks.with_visitor(service)
    await ground.estate.reporting.told()
    assert not waiting.done()
    waiting.cancel()


REQUIRED = {
    "call.started": {"call_sid", "direction", "service_id"},
    "call.ended": {"call_sid", "direction", "duration_seconds", "completion_reason"},
    "call.escalated": {"call_sid", "escalation_id", "trigger", "reason"},
    "text.started": {"session_id", "service_id", "channel_kind"},
    "text.completed": {"session_id", "duration_seconds", "turn_count", "final_state", "channel_kind"},
}
"""What clients rely on (platform API, section 4.1)."""


@pytest.mark.parametrize("contact", [WEB, Contact("voice", direction="test", caller="+15550100")])
async def test_sessions_of_every_door_are_told_of_with_all_that_clients_rely_on(
    ground: Ground, contact: Contact
) -> None:
    told: list[PlatformEvent] = []
    ground.estate.events.listen(told.append)
    project = next(iter(ground.opened.house.catalog.projects()))
    directory = ground.opened.house.directory
    session, _ = await directory.obtain(project.id, UserID("ada"), project.environments[0], contact)
    ground.opened.house.directory.happenings.tell(HandedOver(session.state(), Handover()))
    await directory.end(session.id, "hangup")
    await ground.estate.reporting.told()
    kind = "call" if contact.channel == "voice" else "text"
    ended = "call.ended" if kind == "call" else "text.completed"
    assert [event.type for event in told if event.type in REQUIRED] == [f"{kind}.started", "call.escalated", ended]
    for event in told:
        assert all(event.data[name] not in (None, "") for name in REQUIRED.get(event.type, set()) - {"final_state"})
    (service,) = await ground.estate.services.of(ground.ours)
    assert told[0].data["service_id"] == service.id
    if kind == "call":
        assert (told[-1].data["escalated"], told[-1].data["completion_reason"]) == (True, "caller_hangup")
        assert told[0].data["caller_id"] == "+15550100"


async def test_last_event_ids_that_mean_nothing_bring_what_is_new(ground: Ground) -> None:
    async with served(ground.front) as (host, port):
        for id in ("nonsense", "", "-1", "9" * 30):
            async with listening(url_of(host, port), ground, **{"last-event-id": id}) as lines:
                await until(lines, "retry: ")
                while not ground.estate.events.streams_of(ground.ours.id):
                    await asyncio.sleep(0)
                event = ground.estate.events.tell(ground.ours.id, "x", {})
                assert await until(lines, "id: ") == str(event.id)
            while ground.estate.events.streams_of(ground.ours.id):
                await asyncio.sleep(0)
        async with listening(url_of(host, port), ground, **{"last-event-id": "0"}) as lines:
            kept = [int(await until(lines, "id: ")) for _ in range(4)]
            assert kept == sorted(set(kept))


async def test_the_stream_over_the_cap_is_told_so_and_ends(ground: Ground) -> None:
    for _ in range(STREAMS):
        ground.estate.events.open(ground.ours.id, None)
    async with served(ground.front) as (host, port), listening(url_of(host, port), ground) as lines:
        assert await until(lines, "event: ") == "error"
        assert json.loads(await until(lines, "data: "))["code"] == "too_many_streams"
        assert [line async for line in lines if line] == []


async def test_many_streams_cost_a_turn_nothing(ground: Ground) -> None:
    service = (await ground.estate.services.of(ground.ours))[0]
    session = await ground.estate.talks.with_visitor(service)
    await ground.estate.reporting.told()
    told: list[PlatformEvent] = []
    ground.estate.events.listen(told.append)
    streams = [ground.estate.events.open(ground.ours.id, None) for _ in range(STREAMS)]
    await (await ground.estate.talks.greet(session)).whole()
    await (await ground.estate.talks.say(session, "Hello", streams=True)).whole()
    await ground.estate.reporting.told()
    assert told == []
    assert not any(stream.has_news for stream in streams)


@pytest.mark.timeout(30)
async def test_who_comes_back_after_a_restart_gets_what_was_missed() -> None:
    clock = StillClock(now_ms=2_000_000_000_000)
    ground = await break_ground(await open_house(clock=clock))
    unseen = ground.estate.events.tell(ground.ours.id, "nobody listens", {})
    ground.estate.events.open(ground.ours.id, None)
    told = [ground.estate.events.tell(ground.ours.id, "x", {"n": n}) for n in range(3)]
    await ground.estate.close()
    again = await break_ground(await open_house(store=ground.opened.store, clock=clock), is_first=False)
    await again.estate.open()
    reader = again.estate.events.open(ground.ours.id, unseen.id - 1).read()
    assert [await anext(reader) for _ in told] == told
    later = again.estate.events.tell(ground.ours.id, "y", {})
    assert later.id > told[-1].id
    assert await anext(reader) == later
    await again.estate.close()
    await clock.advance(5 * 60 + 1)
    last = await break_ground(await open_house(store=ground.opened.store, clock=clock), is_first=False)
    assert await KeptEvents(last.opened.store.records, clock).load() == []
    assert await last.opened.store.records.count("event", None) == 0


async def test_what_nobody_streams_is_not_written_down() -> None:
    clock = StillClock(now_ms=2_000_000_000_000)
    ground = await break_ground(await open_house(clock=clock))
    with ground.estate.events.open(ground.ours.id, None).reading():
        ground.estate.events.tell(ground.foreign.id, "x", {})
    await clock.advance(5 * 60 - 1)
    ground.estate.events.tell(ground.ours.id, "somebody may come back", {})
    await clock.advance(2)
    ground.estate.events.tell(ground.ours.id, "nobody will", {})
    await ground.estate.close()
    kept = KeptEvents(ground.opened.store.records, clock)
    assert [event.type for event in await kept.load()] == ["somebody may come back"]
