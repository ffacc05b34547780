"""Kinds of node that no export at hand has: read by their documented fields, with a report that says so."""

from __future__ import annotations

from typing import Any

import pytest
from tests.conversations.driver import engine_driver
from tests.projects.vf_files import imported, program_of
from tests.projects.vf_walk import Walk, spoken

from parley.backends.llm.scripted import script_of
from parley.domain.channel_steps import CallForward, Handoff
from parley.domain.model_steps import Knowledge
from parley.domain.program import Program, Trigger
from parley.domain.prompt import Briefing, ModelSettings
from parley.domain.steps import Call, Capture, Exits, GoTo, Image, Said, Speak, WantedEntity, Way
from parley.projects.vf.compiler import compile_export
from parley.projects.vf.report import Import

HARBOUR = "harbour_14.vf"
SHOWN = ("photo", "horn", "berths", "card")
GUESSED = "no export that was seen has such a node: it is read by its documented fields"


def harbour() -> Program:
    return program_of(imported(HARBOUR))


def step(id: str) -> Any:
    return harbour().workflows["h-root"].steps[id]


def remarks(id: str) -> tuple[str, ...]:
    (found,) = [node for node in imported(HARBOUR).nodes if node.node == id]
    return found.remarks


def talk(*said: Any) -> list[dict[str, Any]]:
    """What is answered to the last of these, after the launch. `>Label` presses a button that is shown."""
    walk = Walk(harbour())
    traces = walk.send({"type": "launch"})
    for each in said:
        if isinstance(each, str) and each.startswith(">"):
            each = next(button["request"] for button in buttons(traces) if button["name"] == each[1:])
        traces = walk.send({"type": "text", "payload": each} if isinstance(each, str) else each)
    return traces


def buttons(traces: list[dict[str, Any]]) -> list[dict[str, Any]]:
    payloads = [trace["payload"] for trace in traces if isinstance(trace.get("payload"), dict)]
    cards = [card for payload in payloads for card in payload.get("cards", [])]
    return [button for each in (*payloads, *cards) for button in each.get("buttons", [])]


def one_node(kind: str, **data: Any) -> Import:
    """An export whose only step is this node, before an exit."""
    ports = {"builtIn": {"next": {"target": "n"}}, "byKey": {}, "dynamic": []}
    then = {"builtIn": {}, "byKey": {"way": {"target": "x"}}, "dynamic": []}
    nodes = {
        "s": {"type": "start", "data": {"portsV2": ports}},
        "n": {"type": kind, "data": {"portsV2": then, **data}},
        "x": {"type": "exit", "data": {}},
    }
    export = {"version": {"rootDiagramID": "d", "_version": 15}, "diagrams": {"d": {"nodes": nodes}}}
    return compile_export(export, "x.vf", "x")


@pytest.mark.parametrize(
    "id", [*SHOWN, "menu", "tides", "berthed", "pier-asked", "look", "forward", "handed-over", "pilot", "lost"]
)
def test_a_kind_that_was_never_seen_is_approximate(id: str) -> None:
    (found,) = [node for node in imported(HARBOUR).nodes if node.node == id]
    assert found.outcome == "approximate"
    assert GUESSED in found.remarks


def test_fields_that_are_not_read_are_named() -> None:
    assert remarks("horn") == (GUESSED, "not read of it: 'loops'")


def test_pictures_and_recordings_have_their_addresses_in_markup() -> None:
    photo = "https://harbour.example/{boat}.png"
    assert step("photo") == Image("photo", "Photo", "horn", url=photo, width=320, height=200)
    recording = Said("", audio="https://harbour.example/horn.mp3")
    assert step("horn") == Speak("horn", "Horn", "menu", variants=(recording,))
    shown, played, _ = talk()
    assert (shown["type"], shown["payload"]["image"]) == ("visual", "https://harbour.example/Anna.png")
    assert (played["type"], played["payload"]["src"]) == ("speak", "https://harbour.example/horn.mp3")


def test_a_choice_listens_for_intents_and_shows_the_buttons_that_they_have() -> None:
    shown = [button["name"] for button in buttons(talk())]
    assert shown == ["Tides", "Look up Anna", "Call", "Person", "Flare"]
    assert [(o.id, o.intent, o.then) for o in step("menu").options[:3]] == [
        ("c-tide", "tide", "tides"),
        ("c-berth", "berth", "berths"),
        ("c-look", None, "look"),
    ]
    assert not step("menu").listening.elsewhere
    assert "choice 4 names no intent and has no button: it is never taken" in remarks("menu")


def test_a_choice_is_taken_by_word_or_by_button_and_what_is_neither_goes_its_own_way() -> None:
    assert spoken(talk("when is high tide")) == spoken(talk(">Tides")) == ["High at noon."]
    assert spoken(talk("ahoy")) == ["Lost at sea, Anna."]


def test_cards_have_their_texts_and_buttons_in_markup() -> None:
    (carousel,) = talk("I need a berth")
    first, second = carousel["payload"]["cards"]
    assert (first["title"], first["imageUrl"]) == ("Pier Anna", "https://harbour.example/1.png")
    assert (second["description"]["text"], second["imageUrl"]) == ("Loud", "https://harbour.example/2.png")
    (card,) = talk("I need a berth", ">Two")
    assert (card["type"], card["payload"]["title"]) == ("cardV2", "Take it")
    assert card["payload"]["description"]["text"] == "The berth of Anna"
    assert talk("I need a berth", ">Two", ">Take") == []


def test_listening_keeps_the_whole_reply() -> None:
    listen = step("berthed")
    assert isinstance(listen, Capture)
    assert (listen.variable, listen.then, listen.listening.elsewhere) == ("said", "pier-asked", False)


def test_entities_of_a_capture_may_be_slots_of_an_intent_of_its_own() -> None:
    dialog = {"prompt": [{"text": "Which pier?"}], "utterances": [{"text": "at {pier}"}]}
    intent = {"key": "c", "slots": [{"id": "pier", "required": True, "dialog": dialog}]}
    loaded = one_node("captureV2", capture={"type": "intent", "intent": intent})
    found = program_of(loaded).workflows["d"].steps["n"]
    assert isinstance(found, Capture)
    assert found.entities == (WantedEntity("pier", "pier", (Said("Which pier?"),)),)
    assert "the entity is looked for in the whole reply" in loaded.nodes[1].remarks[0]


def test_a_model_asks_for_entities_until_a_scenario_holds() -> None:
    model = step("pier-asked")
    assert model.entities == (WantedEntity("pier", "pier"),)
    assert (model.improvises, model.rules, model.then) == (True, ("Only from 1 to 9",), "parting")
    assert model.exits == Exits(("wants to leave",), "lost")
    assert model.briefing == Briefing("Be brief.", ModelSettings("small"))


def test_a_search_has_its_question_its_variable_and_its_way_of_nothing() -> None:
    assert step("look") == Knowledge(
        "look", "Look", "found-it", question="What is {boat}?", variable="found", limit=10, not_found=Way("lost")
    )
    assert spoken(talk(">Look up Anna")) == ["Lost at sea, Anna."]


def test_a_call_is_forwarded_by_telephone_or_sip() -> None:
    (forwarded, _) = talk(">Call")
    assert forwarded["type"] == "call-forward"
    assert forwarded["payload"] == {
        "addressType": "phone",
        "address": "+49 30 Anna",
        "extension": "1W2",
        "callerIDPassthrough": True,
    }
    assert step("pilot") == CallForward("pilot", "", "parting", address="sip:pilot@harbour.example", by="sip")


def test_a_person_gets_the_metadata_and_what_is_not_done_with_it_is_said() -> None:
    assert step("handed-over") == Handoff(
        "handed-over", "Person", "pilot", provider="dixa", message="One moment.", note="{boat}", takes_files=False
    )
    (started,) = talk(">Person")
    assert started["payload"]["config"] == {"returnToAI": True, "disableFileUpload": True}
    assert any("'waitTimeMessage' is not said" in remark for remark in remarks("handed-over"))
    assert any("way of failure is never taken" in remark for remark in remarks("handed-over"))


def test_metadata_that_is_no_json_is_left_out_as_a_whole() -> None:
    loaded = one_node("live-agent-handoff", metadata='{"noteBodyText": oops}', config={"returnToAI": False})
    found = program_of(loaded).workflows["d"].steps["n"]
    assert isinstance(found, Handoff)
    assert (found.note, found.returns) == ("", False)
    assert "its metadata is not JSON and is left out" in loaded.nodes[1].remarks


def test_an_action_of_the_channel_waits_for_its_paths() -> None:
    (sent,) = talk(">Flare")
    assert (sent["type"], sent["payload"]) == ("channel-action", {"name": "Flare", "payload": {"colour": "Anna"}})
    assert [path["label"] for path in sent["paths"]] == ["seen", "unseen"]
    assert [trace["type"] for trace in talk(">Flare", {"type": "seen"})] == ["end"]
    assert spoken(talk(">Flare", "hm")) == ["Lost at sea, Anna."]


def test_a_workflow_is_run_and_left_and_an_end_has_a_last_word() -> None:
    assert step("tides") == Call("tides", "Tides", "parting", workflow="h-tides")
    traces = talk("ahoy")
    assert [trace["type"] for trace in traces] == ["text", "end"]


def test_a_trigger_hears_events_and_names_what_it_does_not_hear() -> None:
    assert Trigger("h-root", "storm", event="storm_warning") in harbour().triggers
    assert spoken(talk({"type": "event", "payload": {"event": {"name": "storm_warning"}}})) == ["Come ashore."]
    assert remarks("storm") == ("what is of kind 'moon' never starts it",)


def test_an_unknown_kind_is_named_and_goes_on_by_its_first_port() -> None:
    assert step("dance") == GoTo("dance", "Dance", "parting")
    assert imported(HARBOUR).passed_through() == {"tugboat-dance": 1}


@pytest.mark.parametrize(
    ("kind", "alike"),
    [
        ("message-v2", "message"),
        ("setV4", "set-v3"),
        ("set-v9", "set-v3"),
        ("capture-v4", "capture-v3"),
        ("if-v4", "condition-v3"),
        ("condition-v2", "condition-v3"),
        ("buttons-v3", "buttons-v2"),
        ("carouselV3", "carousel-v2"),
        ("interaction-v3", "choice-v2"),
    ],
)
def test_a_later_version_of_a_kind_is_read_like_the_nearest_known_one(kind: str, alike: str) -> None:
    node = one_node(kind).nodes[1]
    assert node.outcome in ("approximate", "pass-through")
    assert node.remarks[0] == f"no export that was seen has nodes of kind '{kind}': it is read like '{alike}'"


@pytest.mark.parametrize("kind", ["kbSearch", "kb_search", "callForward", "call-forward", "channel-action"])
def test_a_kind_is_known_in_all_its_spellings(kind: str) -> None:
    assert not one_node(kind).passed_through()


@pytest.mark.parametrize("kind", ["crew", "operator", "directive", "zapier", "?", "v3", "-v2", "V" * 500])
def test_kinds_without_a_reading_go_on_and_never_fail(kind: str) -> None:
    loaded = one_node(kind, steps={"a": [1]}, items=7)
    assert program_of(loaded).workflows["d"].steps["n"] == GoTo("n", then="x")
    assert kind[:80] in loaded.nodes[1].remarks[0]


async def test_the_model_finds_a_reason_to_stop() -> None:
    asks = "- {when: 'user: let me go', answer: '1'}\n- {when: 'Statements:', answer: '0'}\n- {answer: 'Which pier?'}"
    send = engine_driver(harbour(), model=script_of(asks))
    traces = (await send({"type": "launch"}, {})).traces
    for said in ("I need a berth", ">Two", ">Take", "Ada", "well"):
        press = said.startswith(">")
        text = {"type": "text", "payload": said}
        action = next(b["request"] for b in buttons(traces) if b["name"] == said[1:]) if press else text
        traces = (await send(action, {})).traces
    assert spoken(traces) == ["Which pier?"]
    answer = await send({"type": "text", "payload": "let me go"}, {})
    assert spoken(answer.traces) == ["Lost at sea, Anna."]
    assert answer.ended
