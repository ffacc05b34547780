"""Runs: conversations of any channel, listed and counted, and what operators do in them (platform API, section 5.1)."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.estate.desk import Caller, Desk, open_desk

VERBS: dict[str, dict[str, Any]] = {
    "guidance": {"message": "Offer tea."},
    "takeover": {},
    "handback": {},
    "switch-mode": {"mode": "takeover"},
    "authored-turn": {"text": "I am Ann."},
}


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with open_desk(tmp_path) as desk:
        yield desk


async def does(desk: Desk, operator: str, verb: str, caller: Caller, **body: Any) -> httpx.Response:
    at = desk.ground.at(f"/runs/{caller.conversation}/{verb}")
    return await desk.client.post(at, json={"operator_id": operator, **body})


async def test_a_run_from_the_takeover_to_the_handback(desk: Desk) -> None:
    ada, ann = await desk.caller("flow"), await desk.operator("ann")
    before = len(ada.shown)
    taken = await does(desk, ann, "takeover", ada)
    assert taken.status_code == 200
    none = {"conference_sid": None, "participant_call_sid": None}
    assert taken.json() == {"run_id": ada.conversation, "mode": "takeover", **none}
    shown = await desk.get(f"/runs/{ada.conversation}")
    assert (shown["status"], shown["takeover"]["eligible"], shown["takeover"]["mode_options"]) == (
        "paused",
        False,
        ["listen"],
    )
    assert await ada.says("fish") == []
    for text in ("I am Ann.", "Fish?"):
        told = await does(desk, ann, "authored-turn", ada, text=text)
        assert (told.status_code, told.json()["run_id"], told.json()["staged"]) == (200, ada.conversation, True)
    listening = await does(desk, ann, "switch-mode", ada, mode="listen")
    assert (listening.json()["run_id"], listening.json()["mode"]) == (ada.conversation, "listen")
    assert (await does(desk, ann, "authored-turn", ada, text="Psst.")).status_code == 409
    assert (await does(desk, ann, "switch-mode", ada, mode="takeover")).status_code == 200
    assert (await does(desk, ann, "handback", ada)).json() == {"run_id": ada.conversation, "mode": None, **none}
    assert (await desk.get(f"/runs/{ada.conversation}"))["status"] == "running"
    chat = ["chat_started: ", "participant_joined: "]
    assert ada.shown[before:] == [
        *(*chat, "message_received: I am Ann.", "message_received: Fish?", "chat_ended: "),
        *(*chat, "chat_ended: "),
    ]
    assert (await ada.says("fish"))[0] == "You said fish."
    assert str(ada.session.state().storage).count("I am Ann.") == 1
    log = (await desk.get(f"/operators/audit-log?operator_id={ann}&limit=20"))["items"]
    assert [each["event_type"].removeprefix("operator.") for each in reversed(log)] == [
        *("registered", "joined_call", "spoke", "spoke", "mode_switched", "mode_switched", "left_call"),
    ]


async def test_guidance_under_one_key_is_given_once(desk: Desk) -> None:
    ada, ann = await desk.caller("flow"), await desk.operator("ann")
    at = desk.ground.at(f"/runs/{ada.conversation}/guidance")
    body = {"operator_id": ann, "message": "Offer tea."}
    said = [(await desk.client.post(at, json=body, headers={"Idempotency-Key": "k"})).json() for _ in range(2)]
    assert [each["status"] for each in said] == ["delivered", "deduplicated"]
    assert said[0]["injection_id"] == said[1]["injection_id"]
    assert "Offer tea." not in str(ada.shown)


async def test_a_call_is_joined_by_its_sids_and_has_no_words_to_author(desk: Desk) -> None:
    ada, ann = await desk.caller("flow", "voice"), await desk.operator("ann")
    taken = (await does(desk, ann, "takeover", ada)).json()
    assert taken["conference_sid"] == f"CF{ada.sid[2:]}"
    assert taken["participant_call_sid"] == f"OP{ann.replace('-', '')}"
    refused = await does(desk, ann, "authored-turn", ada, text="I am Ann.")
    assert (refused.status_code, refused.json()["error_code"]) == (409, "not_on_voice")


@pytest.mark.parametrize("verb", VERBS)
async def test_nobody_acts_in_anothers_name(desk: Desk, verb: str) -> None:
    ada, ann = await desk.caller("flow"), await desk.operator("ann")
    body = {"operator_id": ann, **VERBS[verb]}
    at = desk.ground.at(f"/runs/{ada.conversation}/{verb}")
    async with desk.ground.client(desk.ground.keys["admin"]) as other:
        assert (await other.post(at, json=body)).status_code == 403, "an admin's key, and not who registered Ann"
        own = await other.post(desk.ground.at("/operators"), json={"name": "Bob", "email": "bob@example.org"})
        answer = await other.post(at, json={**body, "operator_id": own.json()["id"]})
        assert answer.status_code == (200 if verb in ("guidance", "takeover") else 409)
    async with desk.ground.client(desk.ground.keys["member"]) as member:
        assert (await member.post(at, json=body)).status_code == 403
    assert (await desk.client.post(at, json={**body, "operator_id": str(uuid.uuid4())})).status_code == 404


@pytest.mark.parametrize("verb", VERBS)
async def test_what_is_not_live_is_not_found(desk: Desk, verb: str) -> None:
    ada, ann = await desk.caller("flow"), await desk.operator("ann")
    await does(desk, ann, "takeover", ada)
    await ada.does({"type": "end"})
    assert (await does(desk, ann, verb, ada, **VERBS[verb])).status_code == 404
    for id, status in ((str(uuid.uuid4()), 404), ("not-a-uuid", 422)):
        at = desk.ground.at(f"/runs/{id}/{verb}")
        assert (await desk.client.post(at, json={"operator_id": ann, **VERBS[verb]})).status_code == status
    async with desk.ground.client(desk.ground.foreign_key) as foreign:
        at = f"/v1/{desk.ground.foreign.id}/runs/{ada.conversation}"
        assert (await foreign.get(at)).status_code == 404


@pytest.mark.parametrize(
    ("verb", "body"),
    [
        ("guidance", {"message": ""}),
        ("guidance", {"message": "x" * 5001}),
        ("authored-turn", {"text": ""}),
        ("authored-turn", {"text": "x" * 4001}),
        ("takeover", {"mode": "shout"}),
        ("switch-mode", {}),
    ],
)
async def test_bad_bodies_are_refused(desk: Desk, verb: str, body: dict[str, Any]) -> None:
    ada, ann = await desk.caller("flow"), await desk.operator("ann")
    assert (await does(desk, ann, verb, ada, **body)).status_code == 422


async def listed(desk: Desk, **query: Any) -> list[str]:
    """The runs' ids, page by page."""
    found, token = [], ""
    while True:
        asked = "&".join(f"{name}={value}" for name, value in query.items())
        page = await desk.get(f"/runs?{asked}" + (f"&continuation_token={token}" if token else ""))
        assert len(page["items"]) <= query.get("limit", 200)
        found += [each["run_id"] for each in page["items"]]
        assert page["has_more"] == (page["continuation_token"] is not None)
        if not page["has_more"]:
            return found
        token = page["continuation_token"]


async def test_runs_are_listed_and_counted_by_what_they_are(desk: Desk) -> None:
    callers = []
    for n, channel in enumerate(("web", "voice", "web", "web", "web", "voice")):
        callers.append(await desk.caller("flow", channel, user=f"user {n}"))
        await desk.clock.advance(0 if n % 2 else 1)
    ids = [each.conversation for each in callers]
    ann = await desk.operator("ann")
    await does(desk, ann, "takeover", callers[0])
    await callers[2].does({"type": "end"})
    directory = desk.ground.estate.house.directory
    await directory.end(callers[3].session.id, "inactivity_timeout")
    for limit in (1, 2, 200):
        assert await listed(desk, limit=limit) == ids[::-1]
        assert await listed(desk, limit=limit, status="live") == [ids[n] for n in (5, 4, 1, 0)]
        assert await listed(desk, limit=limit, status="running", channel="web") == [ids[4]]
        assert await listed(desk, limit=limit, status="paused") == [ids[0]]
        assert await listed(desk, limit=limit, status="completed") == [ids[2]]
        assert await listed(desk, limit=limit, status="timed_out") == [ids[3]]
        assert await listed(desk, limit=limit, channel="voice") == [ids[5], ids[1]]
    assert await listed(desk, status="failed") == await listed(desk, kind="framework") == []
    counted = await desk.get("/runs/summary")
    del counted["workspace_id"]
    assert counted == {
        "total": 6,
        "live": 4,
        "by_status": {"running": 3, "paused": 1, "ended": 2},
        "by_channel": {"web": 2, "voice": 2},
        "by_kind": {"conversation": 6, "framework": 0},
    }
    call = await desk.get(f"/runs/{ids[1]}")
    assert (call["source_call_sid"], call["phone_number"], call["service_name"]) == (
        callers[1].sid,
        "+15550100",
        "flow",
    )
    over = await desk.get(f"/runs/{ids[3]}")
    assert (over["status"], over["takeover"]["eligible"], over["takeover"]["mode_options"]) == ("timed_out", False, [])
    assert over["ended_at"] is not None


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "status=odd", "channel=fax", "continuation_token=%7B"])
async def test_what_cannot_be_listed_is_refused(desk: Desk, query: str) -> None:
    answer = await desk.client.get(desk.ground.at(f"/runs?{query}"))
    assert answer.status_code == 422
    assert [each["loc"] for each in answer.json()["detail"]] == [["query", query.partition("=")[0]]]


async def test_what_begins_meanwhile_moves_no_page(desk: Desk) -> None:
    first = []
    for n in range(4):
        first.append((await desk.caller("flow", user=f"user {n}")).conversation)
        await desk.clock.advance(1)
    page = await desk.get("/runs?limit=2")
    await desk.caller("flow", user="late")
    rest = await desk.get(f"/runs?limit=2&continuation_token={page['continuation_token']}")
    assert [each["run_id"] for each in (*page["items"], *rest["items"])] == first[::-1]
