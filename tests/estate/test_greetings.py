"""A greeting that is given stands for the agent's own first words, and the agent is where it is after these."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from tests.estate.coached import Listener

from estate_fixture import Ground, break_ground
from house_fixture import open_house
from parley.domain.transcript import Traced
from parley.projects.load import load
from parley.session.handle import SessionHandle

FLOW = """
project: shop
variables: {name: "", wish: ""}
workflows:
  main:
    - say: Hello, stranger.
    - ask: What is your name?
      into: name
    - ask: What would you like, {name}?
      into: wish
    - say: "{wish} it is."
"""
PLAYBOOK = """
project: shop
playbooks:
  sell: {instructions: Sell tea.}
start: main
workflows:
  main:
    - playbook: sell
"""


async def greeted(tmp_path: Path, text: str, words: str, model: Listener) -> tuple[Ground, SessionHandle]:
    """A conversation with this agent that has begun with these words."""
    (tmp_path / "agent.yaml").write_text(text)
    ground = await break_ground(await open_house(load(tmp_path / "agent.yaml").project, model=model))
    session = await ground.estate.talks.with_visitor((await ground.estate.services.of(ground.ours))[0])
    await (await ground.estate.talks.greet(session, words)).whole()
    return ground, session


async def texts(ground: Ground, session: SessionHandle) -> list[str]:
    """What the agent's side has said."""
    traced = [e.body for turn in await ground.estate.talks.turns(session) for e in turn.said or ()]
    shown = [msgspec.json.decode(body.data) for body in traced if isinstance(body, Traced) and body.type == "text"]
    return [trace["payload"]["message"] for trace in shown]


@pytest.mark.parametrize("words", ["Welcome back.", "{name}"])
async def test_a_flow_waits_where_it_would_after_its_own_greeting(tmp_path: Path, words: str) -> None:
    ground, session = await greeted(tmp_path, FLOW, words, Listener())
    assert await texts(ground, session) == [words]
    await (await ground.estate.talks.say(session, "Ada", streams=False)).whole()
    assert await texts(ground, session) == [words, "What would you like, Ada?"]
    memory = session.state().shown()["storage"]["_memory_"]
    assert [line["content"] for line in memory] == [words, "Ada", "What would you like, Ada?"]


async def test_a_playbook_that_talks_first_is_not_asked_and_knows_what_was_said(tmp_path: Path) -> None:
    model = Listener()
    ground, session = await greeted(tmp_path, PLAYBOOK, "Welcome back.", model)
    assert await texts(ground, session) == ["Welcome back."]
    assert model.asked == []
    await (await ground.estate.talks.say(session, "Tea, please", streams=False)).whole()
    assert await texts(ground, session) == ["Welcome back.", "Noted."]
    assert model.heard() == "Welcome back.\nTea, please"
