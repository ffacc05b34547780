"""An agent that thinks, over the wire: a tool that waits outlives the server, and what costs much ends."""

from __future__ import annotations

from pathlib import Path

from tests.engine.answering import GivenAnswers
from tests.house_fixture import Talk, open_house

from parley.backends.llm.scripted import script_of
from parley.projects.load import load

AGENT = """
project: shop
settings: {cost: {dollars: 0.015, say: Enough for today.}}
tools: {ask_colour: {workflow: asking, outputs: [colour]}}
agent: {}
playbooks:
  desk: {when: Anything., instructions: Serve., tools: [ask_colour]}
workflows:
  asking:
    variables: [colour]
    steps: [{ask: "Which colour?", into: colour}]
"""
RULES = """
- {when: lamp, tools: [desk], choose: desk}
- {when: lamp, tools: [ask_colour], calls: {ask_colour: {}}}
- {result: "colour.*red", answer: A red lamp.}
- {answer: Hello.}
"""


def agent(folder: Path) -> Path:
    path = folder / "agent.yaml"
    path.write_text(AGENT)
    return path


async def test_a_tool_that_waits_for_the_user_outlives_the_server(tmp_path: Path) -> None:
    project = load(agent(tmp_path)).project
    opened = await open_house(project, model=script_of(RULES))
    async with opened.client() as client:
        talk = await Talk.start(client, project="shop")
        await talk.launch()
        assert await talk.say("a lamp") == ["Which colour?"]
    restarted = await open_house(project, store=opened.store, model=script_of(RULES))
    async with restarted.client() as client:
        assert await Talk(client, talk.key).say("red") == ["A red lamp."]


async def test_a_conversation_that_costs_too_much_ends_for_that(tmp_path: Path) -> None:
    opened = await open_house(load(agent(tmp_path)).project, model=GivenAnswers(["Hm."]))
    async with opened.client() as client:
        talk = await Talk.start(client, project="shop")
        await talk.launch()
        assert await talk.say("hm") == ["Hm.", "Enough for today."]
        answer = await talk.send({"type": "text", "payload": "hm"})
        assert answer.status_code == 401
        assert "max_cost" in answer.json()["message"]
