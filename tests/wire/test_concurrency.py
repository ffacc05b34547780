"""One turn at a time: actions wait, are rejected, or interrupt."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from house_fixture import Opened, Talk, open_house, project
from parley.domain.program import Settings
from slow_engine import SlowEngine


@pytest.fixture
def engine() -> SlowEngine:
    return SlowEngine()


@pytest.fixture
async def opened(engine: SlowEngine) -> Opened:
    return await open_house(engine=engine)


@pytest.fixture
async def client(opened: Opened) -> AsyncIterator[httpx.AsyncClient]:
    async with opened.client() as client:
        yield client


def sending(talk: Talk, payload: str, **config: object) -> asyncio.Task[httpx.Response]:
    return asyncio.create_task(talk.send({"type": "x", "payload": payload}, config=config))


def payloads(answer: httpx.Response) -> list[tuple[str, str]]:
    return [(trace["type"], trace["payload"]) for trace in answer.json()["traces"]]


async def test_actions_wait_in_order(engine: SlowEngine, talk: Talk) -> None:
    tasks = []
    for name in "abcdefgh":
        tasks.append(sending(talk, name, state=True))
        await asyncio.sleep(0.005)
    engine.let_go(8)
    answers = await asyncio.gather(*tasks)
    assert [payloads(answer) for answer in answers] == [[("heard", n), ("done", n)] for n in "abcdefgh"]
    assert answers[-1].json()["state"]["variables"]["order"] == "abcdefgh"


async def test_sixteen_wait_and_the_next_is_429(engine: SlowEngine, talk: Talk) -> None:
    tasks = [sending(talk, "run")]
    await engine.has_begun(1)
    tasks += [sending(talk, str(i)) for i in range(16)]
    await asyncio.sleep(0.05)
    refused = await talk.send({"type": "x", "payload": "late"})
    assert refused.status_code == 429
    assert refused.headers["retry-after"] == "1"
    assert refused.json()["code"] == "busy"
    assert refused.json()["error"] == "Too Many Requests"
    streamed = await talk.stream({"type": "x", "payload": "late"})
    assert streamed.status_code == 429
    engine.let_go(17)
    answers = await asyncio.gather(*tasks)
    assert {answer.status_code for answer in answers} == {200}
    assert engine.begun == 17


async def test_reject_refuses_while_a_turn_runs(engine: SlowEngine, talk: Talk) -> None:
    running = sending(talk, "first")
    await engine.has_begun(1)
    refused = await talk.send({"type": "x"}, config={"concurrency": "reject"})
    assert (refused.status_code, refused.json()["code"]) == (429, "busy")
    engine.let_go(2)
    assert (await running).status_code == 200
    assert (await talk.send({"type": "x"}, config={"concurrency": "reject"})).status_code == 200


async def test_interrupt_cancels_the_running_turn_and_keeps_what_was_said(engine: SlowEngine, talk: Talk) -> None:
    running = sending(talk, "first")
    await engine.has_begun(1)
    second = sending(talk, "second", concurrency="interrupt", state=True)
    first = await asyncio.wait_for(running, 5)
    assert payloads(first) == [("heard", "first")]
    engine.let_go()
    answer = await asyncio.wait_for(second, 5)
    assert payloads(answer) == [("heard", "second"), ("done", "second")]
    assert answer.json()["state"]["variables"]["order"] == "second"


async def test_the_session_goes_on_after_many_interruptions(engine: SlowEngine, talk: Talk) -> None:
    tasks = []
    for i in range(10):
        tasks.append(sending(talk, str(i), concurrency="interrupt"))
        await engine.has_begun(i + 1)
    engine.let_go()
    answers = await asyncio.gather(*tasks)
    assert [len(payloads(answer)) for answer in answers] == [1] * 9 + [2]


async def test_a_project_may_set_the_policy() -> None:
    engine = SlowEngine()
    opened = await open_house(project(settings=Settings(concurrency="reject")), engine=engine)
    async with opened.client() as client:
        talk = await Talk.start(client)
        running = sending(talk, "first")
        await engine.has_begun(1)
        assert (await talk.send({"type": "x"})).status_code == 429
        waiting = sending(talk, "second", concurrency="enqueue")
        engine.let_go(2)
        assert (await running).status_code == (await waiting).status_code == 200


async def test_sessions_do_not_wait_for_one_another(engine: SlowEngine, client: httpx.AsyncClient) -> None:
    talks = [await Talk.start(client, f"user-{i}") for i in range(20)]
    tasks = [sending(talk, "x") for talk in talks]
    await asyncio.wait_for(engine.has_begun(20), 5)
    engine.let_go(20)
    assert {answer.status_code for answer in await asyncio.gather(*tasks)} == {200}


async def test_starting_anew_interrupts_and_completes_what_waits_unanswered(
    engine: SlowEngine, client: httpx.AsyncClient
) -> None:
    talk = await Talk.start(client)
    running = sending(talk, "first")
    await engine.has_begun(1)
    waiting = sending(talk, "second")
    await asyncio.sleep(0.01)
    await asyncio.wait_for(Talk.start(client), 5)
    first, second = await asyncio.gather(running, waiting)
    assert payloads(first) == [("heard", "first")]
    assert (second.status_code, payloads(second)) == (200, [])
    assert engine.begun == 1
