"""Coming back to a stream: `GET /v4/interact/stream/{turnID}` with `Last-Event-ID`."""

from __future__ import annotations

import asyncio
import json

import httpx
import pytest

from house_fixture import Opened, Talk, events_of, exchange, open_house, raw_request, served, split_response
from slow_engine import SlowEngine

HI = {"type": "text", "payload": "hi"}


async def resume(talk: Talk, turn: str, last: str | None = None) -> httpx.Response:
    headers = {"authorization": talk.key} | ({} if last is None else {"last-event-id": last})
    return await talk.client.get(f"/v4/interact/stream/{turn}", headers=headers)


async def test_a_finished_stream_broken_at_any_byte_is_made_whole(talk: Talk) -> None:
    whole = await talk.stream({"type": "launch"})
    turn = whole.headers["x-turn-id"]
    events = events_of(whole.content)
    for cut in range(len(whole.content)):
        got = events_of(whole.content[:cut])
        if len(got) == len(events):
            continue
        rest = await resume(talk, turn, got[-1].id if got else None)
        assert rest.status_code == 200
        assert got + events_of(rest.content) == events, cut


async def test_a_running_stream_is_resumed_while_it_runs() -> None:
    engine = SlowEngine()
    opened = await open_house(engine=engine)
    async with opened.client() as client, served(opened.app) as address:
        talk = await Talk.start(client)
        body = json.dumps({"action": HI}).encode()
        reader, writer = await asyncio.open_connection(*address)
        writer.write(raw_request("POST", "/v4/interact/stream", {"Authorization": talk.key}, body))
        seen = await asyncio.wait_for(reader.readuntil(b'"turnID"'), 5)
        writer.close()
        head = seen.decode().lower()
        turn = head[head.index("x-turn-id: ") + 11 :][:24]
        path = f"/v4/interact/stream/{turn}"
        resumed = [
            asyncio.create_task(
                exchange(address, raw_request("GET", path, {"Authorization": talk.key, "Last-Event-ID": last}))
            )
            for last in ("0", "1")
        ]
        await asyncio.sleep(0.05)
        engine.let_go()
        all_of_it, rest = [events_of(split_response(r)[2]) for r in await asyncio.gather(*resumed)]
    assert [(e.event, e.id) for e in all_of_it] == [("trace", "1"), ("trace", "2"), ("end", "3")]
    assert rest == all_of_it[1:]
    assert engine.begun == 1


async def test_nothing_is_left_to_resume_after_the_end(talk: Talk) -> None:
    whole = await talk.stream({"type": "launch"})
    last = events_of(whole.content)[-1].id
    for seen in (last, "999999999"):
        answer = await resume(talk, whole.headers["x-turn-id"], seen)
        assert (answer.status_code, answer.content) == (204, b"")


async def test_the_turn_that_ended_the_session_can_be_resumed(talk: Talk) -> None:
    await talk.launch()
    whole = await talk.stream({"type": "text", "payload": "bye"})
    answer = await resume(talk, whole.headers["x-turn-id"])
    assert answer.content == whole.content


async def test_a_turn_is_resumed_after_a_restart(opened: Opened, talk: Talk) -> None:
    whole = await talk.stream({"type": "launch"})
    restarted = await open_house(store=opened.store)
    async with restarted.client() as client:
        answer = await resume(Talk(client, talk.key), whole.headers["x-turn-id"], "1")
        assert events_of(answer.content) == events_of(whole.content)[1:]


async def test_state_events_keep_their_ids(talk: Talk) -> None:
    whole = await talk.stream({"type": "launch"}, config={"state": True})
    events = events_of(whole.content)
    answer = await resume(talk, whole.headers["x-turn-id"], events[-3].id)
    assert [e.event for e in events_of(answer.content)] == ["state", "end"]
    assert events_of(answer.content) == events[-2:]


async def test_turns_of_others_are_not_found(client: httpx.AsyncClient) -> None:
    ada, bob = await Talk.start(client, "ada"), await Talk.start(client, "bob")
    turn = (await ada.stream({"type": "launch"})).headers["x-turn-id"]
    for talk, id in ((bob, turn), (ada, "0" * 24), (ada, "x")):
        answer = await resume(talk, id)
        assert (answer.status_code, answer.json()["code"]) == (404, "no_turn")
    answer = await client.get(f"/v4/interact/stream/{turn}")
    assert answer.status_code == 401


@pytest.mark.parametrize("last", ["x", "-1", "1.5", "99999999999999999999", "1 2"])
async def test_ids_that_were_never_given_out_are_400(talk: Talk, last: str) -> None:
    turn = (await talk.stream({"type": "launch"})).headers["x-turn-id"]
    answer = await resume(talk, turn, last)
    assert (answer.status_code, answer.json()["message"]) == (400, "Last-Event-ID: expected the number of an event")
