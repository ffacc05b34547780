"""Texts that are only like an utterance: who is asked, when, and what it may not do."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from tests.conversations.driver import new_session
from tests.engine.programs import program, workflow

from parley.backends.clock import StillClock
from parley.backends.embeddings.hashed import Hashed
from parley.backends.store.memory import MemoryStore
from parley.domain.actions import parse_action
from parley.domain.ids import EnvironmentAlias, ProjectID
from parley.domain.program import (
    Entity,
    EntityValue,
    Intent,
    Program,
    RequiredEntity,
    Settings,
    Trigger,
    Variable,
    version_of,
)
from parley.domain.project import Environment, Project
from parley.domain.state import SessionState
from parley.domain.steps import Capture, Choice, Listening, Message, NoMatch, Option, Said
from parley.domain.traces import TextTrace, Trace
from parley.domain.transcript import TurnConfig
from parley.engine.agent import Agent
from parley.engine.interpreter import run
from parley.engine.likeness import is_contrary
from parley.engine.moment import Moment
from parley.engine.turn import Turn
from parley.engine.understanding import Understanding
from parley.ports.embeddings import Vectors
from parley.session.catalog import Catalog

MOMENT = Moment(0)
INTENTS = {
    "track": Intent("track", ("where is my order", "track the {size} parcel")),
    "pay": Intent("pay", ("pay my bill",), (RequiredEntity("size", (Said("Which size?"),)),)),
    "light": Intent("light", ("turn on the light",)),
}
ENTITIES = {"size": Entity("size", (EntityValue("small"), EntityValue("large")))}


class Scripted:
    """An embedder that finds alike what it is told, and counts what it is asked."""

    name, alike = "scripted", 0.5

    def __init__(self, **like: float) -> None:
        self._like = like
        self._texts: list[str] = []
        self.asked: list[str] = []

    async def embed(self, texts: Sequence[str]) -> Vectors:
        await asyncio.sleep(0)
        self._texts = list(texts)
        return Vectors(1, b"\0" * 4 * len(texts))

    async def compare(self, text: str, vectors: Vectors) -> Sequence[float]:
        self.asked.append(text)
        await asyncio.sleep(0)
        return [self._like.get(known.split()[0], 0.0) for known in self._texts]


async def understanding(embedder: Any, threshold: float | None = None) -> Understanding:
    made = Understanding(INTENTS, ENTITIES)
    await made.learn(embedder, threshold)
    return made


async def test_the_most_alike_intent_in_scope_is_meant() -> None:
    knows = await understanding(Scripted(where=0.7, pay=0.8))
    assert (await knows.guess("any words", MOMENT, {"track", "pay"})).intent == "pay"  # type: ignore[union-attr]
    assert (await knows.guess("any words", MOMENT, {"track"})).intent == "track"  # type: ignore[union-attr]
    assert await knows.guess("any words", MOMENT, {"light"}) is None
    assert await knows.guess("any words", MOMENT, set()) is None


async def test_the_threshold_is_the_embedders_or_the_agents_own() -> None:
    assert await (await understanding(Scripted(where=0.49))).guess("words", MOMENT, {"track"}) is None
    assert await (await understanding(Scripted(where=0.49), 0.4)).guess("words", MOMENT, {"track"}) is not None


async def test_nothing_is_alike_before_the_utterances_are_learned() -> None:
    assert await Understanding(INTENTS, ENTITIES).guess("where is my order", MOMENT, {"track"}) is None


async def test_entities_of_the_utterance_are_looked_for() -> None:
    found = await (await understanding(Scripted(track=0.9))).guess("my big large box", MOMENT, {"track"})
    assert found is not None
    assert found.entities == [{"name": "size", "value": "large", "query": "my big large box"}]
    assert found.confidence == 0.9


async def test_words_around_an_utterance_are_alike_to_the_hashed_embedder() -> None:
    knows = await understanding(Hashed())
    found = await knows.guess("could you tell me where my order is please", MOMENT, set(INTENTS))
    assert found is not None and found.intent == "track"
    assert await knows.guess("a large pizza with olives", MOMENT, set(INTENTS)) is None


@pytest.mark.parametrize(
    ("text", "utterance", "contrary"),
    [
        ("turn off the light", "turn on the light", True),
        ("don't cancel it", "cancel it", True),
        ("do not track my order", "track my order", True),
        ("never mind", "never mind", False),
        ("switch the light on", "turn on the light", False),
        ("turn it on and off", "turn on the light", False),
    ],
)
def test_the_contrary_is_not_alike(text: str, utterance: str, contrary: bool) -> None:
    assert is_contrary(text, utterance) is contrary


AGENT = program(
    "alike",
    workflow(
        "main",
        Capture("ask", then="choose", variable="name"),
        Choice(
            "choose",
            options=(Option("y", "Yes", intent="light", then=None),),
            listening=Listening(NoMatch((Said("What?"),))),
        ),
    ),
    workflow("tracking", Message("t", variants=(Said("Tracking."),))),
    workflow("paying", Message("p", variants=(Said("Paying {size}."),))),
    triggers=(Trigger("tracking", intent="track"), Trigger("paying", intent="pay")),
    intents=INTENTS,
    entities=ENTITIES,
    variables={"name": Variable(), "size": Variable()},
)


class Talk:
    """One conversation with an agent that has an embedder."""

    def __init__(self, what: Program, embedder: Scripted) -> None:
        self.agent = Agent(version_of(what), what)
        self.state: SessionState = new_session(what)
        self.embedder = embedder

    async def say(self, action: Any) -> list[str]:
        wire = action if isinstance(action, dict) else {"type": "text", "payload": action}
        said: list[Trace] = []
        turn = Turn(
            self.agent, self.state, parse_action(wire), id="0" * 24, now_ms=0, emit=said.append, config=TurnConfig()
        )
        await run(turn)
        return [trace.payload.message for trace in said if isinstance(trace, TextTrace)]


async def talk(**like: float) -> Talk:
    begun = Talk(AGENT, Scripted(**like))
    await begun.agent.understanding.learn(begun.embedder)
    await begun.say({"type": "launch"})
    return begun


async def test_what_is_understood_otherwise_asks_no_embedder() -> None:
    begun = await talk(where=0.9)
    assert await begun.say("where is my ordr") == ["Tracking."]
    assert begun.embedder.asked == []


async def test_a_likeness_takes_a_reply_away_from_a_question_only_when_it_is_sure() -> None:
    begun = await talk(where=0.6)
    await begun.say("some words")
    assert begun.state.variables["name"] == "some words"
    begun = await talk(where=0.61)
    assert await begun.say("some words") == ["Tracking."]
    assert begun.state.variables["intent_confidence"] == 61


async def test_a_choice_takes_what_is_like_its_own_intent_or_a_trigger_or_says_what() -> None:
    begun = await talk(where=0.55)
    await begun.say("Ada")
    assert await begun.say("any words") == ["Tracking."]
    begun = await talk()
    await begun.say("Ada")
    assert await begun.say("any words") == ["What?"]
    assert begun.embedder.asked == ["Ada", "any words"]


async def test_a_label_and_silence_ask_no_embedder() -> None:
    begun = await talk(where=0.9)
    begun.state.stack[-1].step = "choose"
    await begun.say({"type": "no-reply"})
    await begun.say("yes")
    assert begun.embedder.asked == []


async def test_the_answer_to_a_required_entity_is_not_guessed_at() -> None:
    begun = await talk(where=0.9, pay=0.2)
    assert await begun.say("pay my bill") == ["Which size?"]
    assert await begun.say("the large one") == ["Paying large."]
    assert begun.embedder.asked == []


async def test_served_agents_learn_their_utterances_while_they_serve() -> None:
    embedder = Scripted(where=0.9)
    catalog = Catalog(MemoryStore(clock=StillClock()).versions, embedder)
    environment = Environment(EnvironmentAlias("main"), AGENT, 100.0)
    await catalog.serve(Project(ProjectID("p"), "P", (environment,)))
    knows = catalog.current(environment).understanding
    assert await knows.guess("any words", MOMENT, {"track"}) is None
    await catalog.learned()
    assert await knows.guess("any words", MOMENT, {"track"}) is not None


async def test_an_agent_may_say_from_which_likeness_on() -> None:
    strict = msgspec.structs.replace(AGENT, settings=Settings(likeness=0.8))
    catalog = Catalog(MemoryStore(clock=StillClock()).versions, Scripted(where=0.7))
    environment = Environment(EnvironmentAlias("main"), strict, 100.0)
    await catalog.serve(Project(ProjectID("p"), "P", (environment,)))
    await catalog.learned()
    assert await catalog.current(environment).understanding.guess("any words", MOMENT, {"track"}) is None
