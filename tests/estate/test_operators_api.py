"""Operators over HTTP: they listen, coach, take over, speak, give back; the server holds them to it (section 5)."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

import httpx
import msgspec
import pytest

from estate_fixture import Ground, break_ground
from house_fixture import open_house
from parley.backends.clock import StillClock
from parley.domain.actions import Launch
from parley.domain.conversation_names import call_of
from parley.session.handle import Post, SessionHandle
from parley.workspaces.supervising import LEASE_MS


@pytest.fixture
def clock() -> StillClock:
    return StillClock(now_ms=2_000_000_000_000)


@pytest.fixture
async def ground(clock: StillClock) -> Ground:
    return await break_ground(await open_house(clock=clock))


@pytest.fixture
async def session(ground: Ground) -> SessionHandle:
    service = (await ground.estate.services.of(ground.ours))[0]
    session = await ground.estate.talks.with_visitor(service)
    await (await ground.estate.talks.greet(session)).whole()
    return session


async def registered(client: httpx.AsyncClient, ground: Ground, name: str = "Ann") -> str:
    answer = await client.post(ground.at("/operators"), json={"name": name, "email": f"{name}@example.org"})
    assert answer.status_code == 201
    return str(answer.json()["id"])


async def does(
    client: httpx.AsyncClient, ground: Ground, operator: str, what: str, session: SessionHandle, **body: Any
) -> httpx.Response:
    at = ground.at(f"/operators/{operator}/{what}")
    return await client.post(at, json={"call_sid": call_of(session.id), **body})


async def user_says(ground: Ground, session: SessionHandle, text: str) -> list[tuple[str, str]]:
    answer = await ground.estate.talks.say(session, text, streams=False)
    await answer.whole()
    return await transcript(ground, session)


async def transcript(ground: Ground, session: SessionHandle) -> list[tuple[str, str]]:
    async with ground.client() as client:
        at = ground.at(f"/operators/calls/{call_of(session.id)}/transcript")
        return [(each["speaker_role"], each["transcript"]) for each in (await client.get(at)).json()["segments"]]


async def test_while_a_person_has_the_conversation_the_agent_says_nothing(
    client: httpx.AsyncClient, ground: Ground, session: SessionHandle
) -> None:
    ann = await registered(client, ground)
    joined = await does(client, ground, ann, "join-call", session)
    assert joined.status_code == 200
    assert (joined.json()["mode"], joined.json()["operator_entity_id"]) == ("takeover", ann)
    said = await user_says(ground, session, "Is anybody there?")
    assert said[-1] == ("caller", "Is anybody there?")
    assert (await does(client, ground, ann, "say", session, text="Yes, I am Ann.")).status_code == 200
    said = await user_says(ground, session, "Good.")
    assert said[-2:] == [("operator", "Yes, I am Ann."), ("caller", "Good.")]
    assert (await does(client, ground, ann, "leave-call", session)).json() == {"success": True}
    said = await user_says(ground, session, "And now?")
    assert said[-1] == ("agent", "You said: And now?")
    assert "Yes, I am Ann." in str(session.state().storage)


async def test_what_a_client_sees_of_a_takeover(
    client: httpx.AsyncClient, ground: Ground, session: SessionHandle
) -> None:
    seen: list[str] = []

    def follow(portion: Any) -> None:
        for emission in portion.emissions:
            if getattr(emission.body, "type", None) == "live-agent-handoff":
                payload = msgspec.json.decode(emission.body.data)["payload"]
                seen.append(f"{payload['event']} {payload['agent']['name']}: {payload['message']}")

    session.follow(follow)
    ann = await registered(client, ground)
    await does(client, ground, ann, "join-call", session)
    await does(client, ground, ann, "say", session, text="Hello")
    await does(client, ground, ann, "switch-mode", session, mode="listen")
    assert seen == [
        "chat_started Ann: ",
        "participant_joined Ann: ",
        "message_received Ann: Hello",
        "chat_ended Ann: ",
    ]


async def test_of_two_that_take_over_at_once_one_has_it(
    client: httpx.AsyncClient, ground: Ground, session: SessionHandle
) -> None:
    operators = [await registered(client, ground, name) for name in ("Ann", "Bob", "Cid")]
    said = await asyncio.gather(*(does(client, ground, each, "join-call", session) for each in operators))
    assert sorted(each.status_code for each in said) == [200, 409, 409]
    hold = session.state().hold
    assert hold is not None
    winner = operators[[each.status_code for each in said].index(200)]
    assert hold.operator == winner
    for loser in set(operators) - {winner}:
        assert (await client.get(ground.at(f"/operators/{loser}"))).json()["active_call_sid"] is None
        assert (await does(client, ground, loser, "say", session, text="Me!")).status_code == 404
    listening = await does(client, ground, next(iter(set(operators) - {winner})), "join-call", session, mode="listen")
    assert listening.status_code == 200


async def test_an_operator_without_a_sign_of_life_loses_the_conversation(
    client: httpx.AsyncClient, ground: Ground, session: SessionHandle, clock: StillClock
) -> None:
    ann = await registered(client, ground)
    await does(client, ground, ann, "join-call", session)
    await clock.advance(LEASE_MS / 1000 - 1)
    assert (await does(client, ground, ann, "say", session, text="Still here.")).status_code == 200
    await clock.advance(LEASE_MS / 1000 - 1)
    assert (await user_says(ground, session, "Hello?"))[-1] == ("caller", "Hello?")
    await clock.advance(2)
    assert (await user_says(ground, session, "Hello?"))[-1] == ("agent", "You said: Hello?")
    shown = (await client.get(ground.at(f"/operators/{ann}"))).json()
    assert (shown["active_call_sid"], shown["status"]) == (None, "online")
    assert (await does(client, ground, ann, "say", session, text="Oops.")).status_code == 404


async def test_a_launch_does_not_wake_the_agent_while_a_person_speaks(
    client: httpx.AsyncClient, ground: Ground, session: SessionHandle
) -> None:
    ann = await registered(client, ground)
    await does(client, ground, ann, "join-call", session)
    before = await transcript(ground, session)
    await (await session.post(Post(Launch({"type": "launch"}, {})))).whole()
    assert await transcript(ground, session) == before


async def test_guidance_reaches_the_agent_and_nobody_else(
    client: httpx.AsyncClient, ground: Ground, session: SessionHandle
) -> None:
    ann = await registered(client, ground)
    told = (await does(client, ground, ann, "send-guidance", session, message="Offer a refund.")).json()
    assert told["status"] == "queued_no_subscriber"
    await user_says(ground, session, "Hello?")
    assert "refund" not in str(await transcript(ground, session))
    last = session.state().variables["last_injection"]
    assert (last["type"], last["message"], last["sender"]) == ("guidance", "Offer a refund.", "Ann")
    (entry,) = (await client.get(ground.at("/operators/audit-log?action=operator.guidance_sent"))).json()["items"]
    assert (entry["data"]["operator_id"], entry["data"]["injection_id"]) == (ann, told["injection_id"])


async def test_an_operator_is_on_one_call_and_a_wrap_up_ends_it(
    client: httpx.AsyncClient, ground: Ground, session: SessionHandle
) -> None:
    ann = await registered(client, ground)
    service = (await ground.estate.services.of(ground.ours))[0]
    other = await ground.estate.talks.with_visitor(service)
    await does(client, ground, ann, "join-call", session, mode="listen")
    assert (await does(client, ground, ann, "join-call", other)).status_code == 409
    assert (await does(client, ground, ann, "wrap-up", session, outcome="resolved", notes="fine")).status_code == 200
    assert (await does(client, ground, ann, "join-call", other)).status_code == 200
    log = (await client.get(ground.at(f"/operators/audit-log?operator_id={ann}"))).json()["items"]
    assert [each["event_type"] for each in log] == [
        "operator.joined_call",
        "operator.wrap_up",
        "operator.joined_call",
        "operator.registered",
    ]
    assert "fine" not in str(log)
    assert len(await ground.estate.audit.verify(ground.ours.id)) >= 4


async def test_a_key_acts_for_its_own_operators_and_an_admins_for_all(ground: Ground, session: SessionHandle) -> None:
    async with ground.client(ground.keys["member"]) as member, ground.client() as owner:
        theirs, ours = await registered(member, ground, "Ann"), await registered(owner, ground, "Bob")
        assert (await does(member, ground, ours, "join-call", session, mode="listen")).status_code == 403
        assert (await member.patch(ground.at(f"/operators/{ours}"), json={"status": "busy"})).status_code == 403
        assert (await does(member, ground, theirs, "join-call", session, mode="listen")).status_code == 200
        assert (await does(owner, ground, theirs, "leave-call", session)).status_code == 200


async def test_what_is_not_there_is_not_found(
    client: httpx.AsyncClient, ground: Ground, session: SessionHandle
) -> None:
    ann = await registered(client, ground)
    nobody = str(uuid.uuid4())
    for what, more in (("join-call", {}), ("send-guidance", {"message": "x"}), ("leave-call", {})):
        assert (await does(client, ground, nobody, what, session, **more)).status_code == 404
        at = ground.at(f"/operators/{ann}/{what}")
        assert (await client.post(at, json={"call_sid": "CA" + "1" * 32, **more})).status_code == 404
    await ground.estate.talks.close(session)
    assert (await does(client, ground, ann, "join-call", session)).status_code == 404


async def test_operators_change_and_are_counted(client: httpx.AsyncClient, ground: Ground) -> None:
    ann = await registered(client, ground)
    await registered(client, ground, "Bob")
    assert (
        await client.post(ground.at("/operators"), json={"name": "x", "email": "ANN@example.org"})
    ).status_code == 409
    changed = await client.patch(ground.at(f"/operators/{ann}"), json={"status": "online", "skills": ["french"]})
    assert (changed.json()["status"], changed.json()["skills"]) == ("online", ["french"])
    board = (await client.get(ground.at("/operators/dashboard"))).json()
    assert board["operators"] == {"total": 2, "online": 1, "busy": 0, "offline": 1}
    listed = (await client.get(ground.at("/operators"))).json()["items"]
    assert {each["name"] for each in listed} == {"Ann", "Bob"}


async def test_the_queue_shows_live_conversations(
    client: httpx.AsyncClient, ground: Ground, session: SessionHandle
) -> None:
    await ground.estate.escalations.request(ground.ours.id, session.id, "angry", "ai")
    service = (await ground.estate.services.of(ground.ours))[0]
    calm = await ground.estate.talks.with_visitor(service)
    queue = (await client.get(ground.at("/operators/queue"))).json()
    assert [each["call_sid"] for each in queue["queue"]] == [call_of(session.id), call_of(calm.id)]
    assert [each["escalation_active"] for each in queue["queue"]] == [True, False]
    (active,) = (await client.get(ground.at("/operators/escalations/active"))).json()["items"]
    assert (active["status"], active["concept"]) == ("requested", "angry")
    ann = await registered(client, ground)
    await does(client, ground, ann, "join-call", session)
    (active,) = (await client.get(ground.at("/operators/escalations/active"))).json()["items"]
    assert (active["status"], active["operator_entity_id"]) == ("connected", ann)
    await does(client, ground, ann, "wrap-up", session, outcome="resolved")
    assert (await client.get(ground.at("/operators/escalations/active"))).json()["items"] == []
    stats = (await client.get(ground.at("/operators/escalations/stats"))).json()
    assert (stats["buckets"], stats["total"]) == ([{"key": "completed", "count": 1}], 1)
