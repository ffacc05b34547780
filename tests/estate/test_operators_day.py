"""A day at the desk: escalations from the asking to the end, and the numbers that the dashboards make of it."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from tests.estate.desk import Caller, Desk, open_desk

from parley.domain.ids import SessionID
from parley.domain.operator import Operator
from parley.transports.front import Front
from parley.workspaces.telephone import LineToken


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with open_desk(tmp_path) as desk:
        yield desk


@pytest.mark.parametrize(
    ("project", "words", "trigger", "reason"),
    [
        ("flow", ["fish"], "caller", "One moment, Ada."),
        ("flow", ["human please"], "caller", "A person comes."),
        ("flow", ["your boss please"], "caller", "The agent forwards the call."),
        ("think", ["order", "help"], "ai", "One moment, please."),
        ("think", ["person"], "ai", "I'll fetch somebody."),
    ],
)
async def test_who_asked_for_a_person(desk: Desk, project: str, words: list[str], trigger: str, reason: str) -> None:
    told = desk.events()
    ada = await desk.caller(project)
    for text in words:
        await ada.says(text)
    (active,) = (await desk.get("/operators/escalations/active"))["items"]
    assert (active["trigger"], active["concept"], active["status"]) == (trigger, reason, "requested")
    (escalated,) = [data for type, data in told if type == "call.escalated"]
    names = {"call_sid": ada.sid, "escalation_id": active["escalation_id"]}
    assert escalated == {**names, "trigger": trigger, "reason": reason}


async def test_who_no_longer_wants_a_person_waits_for_none(desk: Desk) -> None:
    told = desk.events()
    ada = await desk.caller("flow")
    await ada.says("fish")
    assert (await desk.get("/operators/queue"))["queue"][0]["escalation_active"]
    await ada.does({"type": "live-agent-handoff", "payload": {"type": "return_to_voiceflow"}})
    assert not (await desk.get("/operators/queue"))["queue"][0]["escalation_active"]
    (done,) = [data for type, data in told if type == "escalation.completed"]
    assert (done["call_sid"], done["outcome"]) == (ada.sid, "withdrawn")


async def events_of(desk: Desk) -> list[str]:
    listed = (await desk.get("/operators/escalations?limit=20"))["items"]
    return [each["event_type"].removeprefix("escalation.") for each in reversed(listed)]


async def passes(desk: Desk, seconds: float) -> None:
    """Time, with a sign of life from whoever has a conversation."""
    await desk.clock.advance(seconds)


async def asks(desk: Desk, user: str) -> Caller:
    caller = await desk.caller("flow", user=user)
    await caller.says("fish")
    await desk.ground.estate.reporting.told()
    return caller


async def test_the_numbers_of_a_day(desk: Desk) -> None:
    """Ada waits 30 s for Ann, who has her for 60 s; later Bob has her for 20 s more, and says that it is done.
    Eve waits 100 s for Ann, who listens first and has her for 40 s, until Eve hangs up. Fay waits for nobody."""
    ann, bob = await desk.operator("ann"), await desk.operator("bob")
    await desk.client.patch(desk.ground.at(f"/operators/{bob}"), json={"status": "online"})
    ada = await asks(desk, "ada")
    await passes(desk, 30)
    await desk.does(ann, "join-call", ada)
    await passes(desk, 60)
    await desk.does(ann, "leave-call", ada)
    assert await events_of(desk) == ["requested", "connected", "handback"]
    await passes(desk, 500)
    await desk.does(bob, "join-call", ada)
    await passes(desk, 20)
    await desk.does(bob, "wrap-up", ada, outcome="resolved", notes="Sent tea.")
    eve = await asks(desk, "eve")
    await passes(desk, 90)
    await desk.does(ann, "join-call", eve, mode="listen")
    await passes(desk, 10)
    await desk.does(ann, "switch-mode", eve, mode="takeover")
    await passes(desk, 40)
    await eve.does({"type": "end"})
    await asks(desk, "fay")
    await passes(desk, 75)

    board = await desk.get("/operators/dashboard")
    assert board["operators"] == {"total": 2, "online": 2, "busy": 0, "offline": 0}
    assert board["active_escalations"] == 1
    assert board["escalations_today"] == {
        "requested": 3,
        "connected": 2,
        "completed": 2,
        "avg_wait_seconds": 65.0,
        "avg_handle_time_seconds": 60.0,
    }
    recent = [(each["status"], each["wait_seconds"]) for each in board["recent_escalations"]]
    assert recent == [("requested", 75.0), ("completed", 100.0), ("completed", 30.0)]
    done = await desk.get("/operators/performance")
    items = {each.pop("name"): each for each in done.pop("operators")}
    assert {
        name: (each["total_escalations_handled"], each["avg_handle_time_seconds"]) for name, each in items.items()
    } == {
        "ann": (2, 50.0),
        "bob": (1, 20.0),
    }
    del done["workspace_id"]
    assert done == {
        "total_operators": 2,
        "online": 2,
        "busy": 0,
        "offline": 0,
        "total_escalations_handled": 3,
        "avg_handle_time_seconds": 40.0,
    }
    shown = await desk.get(f"/operators/{ann}")
    assert (shown["total_escalations_handled"], shown["avg_handle_time_seconds"]) == (2, 50.0)
    (waiting, *rest) = (await desk.get("/operators/queue"))["queue"]
    assert (waiting["wait_seconds"], waiting["priority_reasons"], waiting["service_name"]) == (
        75.0,
        ["long_wait"],
        "flow",
    )
    assert [each["call_sid"] for each in rest] == [ada.sid]
    for group, buckets in {
        "status": {"completed": 2, "requested": 1},
        "trigger": {"caller": 3},
        "operator": {ann: 1, bob: 1, "none": 1},
    }.items():
        stats = await desk.get(f"/operators/escalations/stats?group_by={group}")
        assert ({each["key"]: each["count"] for each in stats["buckets"]}, stats["total"]) == (buckets, 3)
    assert await events_of(desk) == [
        *("requested", "connected", "handback", "connected", "completed"),
        *("requested", "connected", "completed", "requested"),
    ]
    await desk.clock.advance(24 * 60 * 60)
    assert (await desk.get("/operators/dashboard"))["escalations_today"]["requested"] == 0
    assert (await desk.get("/operators/escalations/stats?period=week"))["total"] == 3


async def test_a_briefing_says_what_is_known_and_is_a_look_at_the_conversation(desk: Desk) -> None:
    ada, ann = await asks(desk, "ada"), await desk.operator("ann")
    await passes(desk, 12)
    answer = await desk.does(ann, "briefing", ada)
    assert answer.status_code == 200
    told = answer.json()
    assert (told["call_sid"], told["operator_id"]) == (ada.sid, ann)
    assert told["generated_at"].startswith("2033-05-18T")
    sections = {each["title"]: each["content"] for each in told["sections"]}
    assert sections["Escalation"] == "status: requested\nasked by: caller\nreason: One moment, Ada.\nwaited: 12 s"
    assert sections["Last said"] == "agent: Yes?\ncaller: fish\nagent: You said fish.\nagent: One moment, Ada."
    assert "topic: fish" in sections["What the agent knows"]
    assert "last_utterance" not in sections["What the agent knows"]
    assert "emotion" not in str(told).lower()
    (viewed,) = (await desk.get("/operators/audit-log?action=operator.viewed_transcript"))["items"]
    assert (viewed["data"]["operator_id"], viewed["data"]["through"]) == (ann, "briefing")
    await desk.does(ann, "wrap-up", ada, outcome="escalated", notes="Calls again tomorrow.")
    later = {each["title"]: each["content"] for each in (await desk.does(ann, "briefing", ada)).json()["sections"]}
    assert later["Wrap-ups"] == "escalated: Calls again tomorrow."
    await ada.does({"type": "end"})
    assert (await desk.does(ann, "briefing", ada)).status_code == 404


class Line:
    """A telephone line."""

    async def token(self, operator: Operator, session: SessionID) -> LineToken:
        return LineToken("secret", operator.id)


async def test_without_a_telephone_line_a_browser_is_told_so(desk: Desk) -> None:
    ada, ann = await asks(desk, "ada"), await desk.operator("ann")
    refused = await desk.does(ann, "access-token", ada)
    assert refused.status_code == 503
    assert refused.json()["detail"] == "Browser audio not configured or voice agent unavailable."
    assert "no telephone line" in refused.json()["message"]
    assert "retry-after" not in refused.headers, "to ask again helps nobody"
    at = desk.ground.at(f"/operators/{ann}/access-token")
    assert (await desk.client.post(at, json={"call_sid": "CA" + "1" * 32})).status_code == 404
    estate = dataclasses.replace(desk.ground.estate, telephone=Line())
    ground = dataclasses.replace(desk.ground, estate=estate, front=Front(desk.ground.opened.house, estate=estate))
    async with ground.client() as client:
        made: dict[str, Any] = (await client.post(at, json={"call_sid": ada.sid})).json()
    assert made == {"token": "secret", "identity": ann, "conference_sid": f"CF{ada.sid[2:]}", "connect_params": {}}
    (entry,) = (await desk.get("/operators/audit-log?action=operator.access_token_generated"))["items"]
    assert (entry["data"]["operator_id"], "secret" in str(entry)) == (ann, False)


async def test_a_transcript_tells_the_operator_from_the_agent(desk: Desk) -> None:
    ada, ann = await asks(desk, "ada"), await desk.operator("ann")
    await desk.does(ann, "join-call", ada)
    await desk.does(ann, "say", ada, text="I am Ann.")
    segments = (await desk.get(f"/operators/calls/{ada.sid}/transcript"))["segments"]
    said = [(each["speaker_role"], each["transcript"], each["confidence"]) for each in segments]
    assert said == [
        ("agent", "Yes?", 1.0),
        ("caller", "fish", 1.0),
        ("agent", "You said fish.", 1.0),
        ("agent", "One moment, Ada.", 1.0),
        ("operator", "I am Ann.", 1.0),
    ]
    (escalation,) = (await desk.get("/operators/escalations/active"))["items"]
    assert segments[-1]["escalation_id"] == escalation["escalation_id"]


async def test_whatever_is_looked_at_is_in_the_trail_with_the_key_that_looked(desk: Desk) -> None:
    ada = await asks(desk, "ada")
    before = await desk.get("/operators/audit-log?limit=20")
    for path in (
        f"/conversations/{ada.conversation}",
        f"/operators/calls/{ada.sid}/transcript",
        "/operators/queue",
        "/operators/queue",
    ):
        await desk.get(path)
    log = (await desk.get("/operators/audit-log?limit=20"))["items"]
    looked = [(each["event_type"], each["data"].get("through")) for each in log[: len(log) - len(before["items"])]]
    assert looked == [
        ("operator.viewed_queue", None),
        ("operator.viewed_transcript", None),
        ("operator.viewed_transcript", "conversation"),
    ]
    assert {each["data"]["key_id"] for each in log} == {(await desk.estate_key()).id}
    assert "fish" not in str(log)


async def test_what_was_said_is_in_the_trail_by_its_digest_alone(desk: Desk) -> None:
    ada, ann = await asks(desk, "ada"), await desk.operator("ann")
    await desk.does(ann, "join-call", ada)
    await desk.does(ann, "say", ada, text="I am Ann, häppy to help.")
    await desk.does(ann, "send-guidance", ada, message="Offer tea.")
    await desk.does(ann, "wrap-up", ada, outcome="resolved", notes="Sent tea.")
    log = {each["event_type"]: each["data"] for each in (await desk.get("/operators/audit-log?limit=20"))["items"]}
    for type, words in (
        ("operator.spoke", "I am Ann, häppy to help."),
        ("operator.guidance_sent", "Offer tea."),
        ("operator.wrap_up", "Sent tea."),
    ):
        told = log[type]
        assert (told["sha256"], told["length"]) == (sha256(words.encode()).hexdigest(), len(words))
        assert (told["call_sid"], told["operator_id"]) == (ada.sid, ann)
        assert words not in str(log)


async def test_no_route_changes_or_removes_an_entry(desk: Desk) -> None:
    (entry, *_) = (await desk.get("/operators/audit-log"))["items"] or [{"id": "x"}]
    for path in ("/operators/audit-log", f"/operators/audit-log/{entry['id']}"):
        for method in ("PUT", "PATCH", "DELETE", "POST"):
            answer = await desk.client.request(method, desk.ground.at(path), json={})
            assert answer.status_code in (404, 405, 422), (method, path)
    assert len(await desk.ground.estate.audit.verify(desk.ground.ours.id)) == 0


async def test_webhooks_are_told_how_an_escalation_goes(desk: Desk) -> None:
    types = [f"runtime.escalation.{each}" for each in ("requested", "connected", "completed")]
    hook = await desk.client.post(
        desk.ground.at("/webhooks"), json={"url": "https://crm.example.org/hook", "event_types": types}
    )
    assert hook.status_code == 201, hook.text
    ada, ann = await asks(desk, "ada"), await desk.operator("ann")
    await desk.does(ann, "join-call", ada)
    await desk.does(ann, "wrap-up", ada, outcome="resolved")
    await desk.ground.estate.reporting.told()
    await desk.ground.estate.announcing.told()
    sent = (await desk.get(f"/webhooks/{hook.json()['id']}/deliveries"))["items"]
    assert sorted(each["event_type"] for each in sent) == sorted(types)
