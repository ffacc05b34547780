"""What models know beside the conversation: of playbooks, over tools, after a crash, and of who is talking."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.estate.coached import Listener

from estate_fixture import Ground, break_ground
from house_fixture import open_house
from parley.domain.conversation_names import session_of_conversation
from parley.ports.llm import Asked, Piece, ToolCall, Usage
from parley.projects.load import load

AGENT = """
variables: {city: ""}
tools:
  weather: {api: "GET https://weather.test/now", parameters: {}}
playbooks:
  desk: {instructions: Serve the desk., tools: [weather]}
workflows:
  main:
    - say: "Hello {entity.display_name}, of {entity.state.plan}."
    - ask: Yes?
      into: city
    - playbook: desk
"""


class Caller(Listener):
    """Uses a tool once in each turn, and then answers."""

    async def answer(self, asked: Asked) -> AsyncIterator[Piece]:
        self.asked.append(asked)
        if self.goes_on is not None:
            await self.goes_on.wait()
        if asked.lines[-1].role == "tool":
            yield "Done."
        else:
            yield ToolCall(f"call {len(self.asked)}", "weather")
        yield Usage("test")


@pytest.fixture
def model() -> Caller:
    return Caller()


@pytest.fixture
async def ground(model: Caller, tmp_path: Path) -> Ground:
    file = tmp_path / "agent.yaml"
    file.write_text(AGENT)
    return await break_ground(await open_house(load(file).project, model=model))


async def ada(client: httpx.AsyncClient, ground: Ground, **more: Any) -> dict[str, Any]:
    """A conversation with a person who is known."""
    at = ground.at("/world/entities/crm:Patient:1")
    entity = (await client.put(at, json={"display_name": "Ada", "state": {"plan": "gold"}})).json()["id"]
    service = (await ground.estate.services.of(ground.ours))[0].id
    body = {"service_id": service, "entity_id": entity, **more}
    return dict((await client.post(ground.at("/conversations"), json=body)).json())


async def test_flows_and_models_know_who_is_talking(client: httpx.AsyncClient, ground: Ground, model: Caller) -> None:
    made = await ada(client, ground)
    assert made["turns"][0]["text"] == "Hello Ada, of gold."
    await client.post(ground.at(f"/conversations/{made['id']}/turns"), json={"message": "Oslo"})
    assert '"display_name":"Ada","state":{"plan":"gold"}' in model.heard(0)


async def test_a_playbook_reads_the_instruction_and_finds_facts_before_the_words_after_its_tools_too(
    client: httpx.AsyncClient, ground: Ground, model: Caller
) -> None:
    made = await ada(client, ground, instruction="Speak like a pirate.")
    body = {"message": "Oslo", "context": "page 7", "content": [{"type": "image", "url": "https://a.test/cat.png"}]}
    await client.post(ground.at(f"/conversations/{made['id']}/turns"), json=body)
    assert len(model.asked) == 2
    for asked in model.asked:
        assert asked.system.startswith("Serve the desk.")
        assert asked.system.endswith("Speak like a pirate.")
        lines = [line.content for line in asked.lines]
        place = lines.index("Oslo")
        assert "page 7" in lines[place - 1]
        assert '"state":{"plan":"gold"}' in lines[place - 2]
        assert "cat.png" in lines[place - 3]
    before, after = ([line.content for line in asked.lines] for asked in model.asked)
    assert after[: len(before)] == before, "what was asked first is asked again as it was, so that it is cached"


async def test_a_turn_that_is_performed_again_after_a_crash_knows_what_came_with_it(
    client: httpx.AsyncClient, ground: Ground, model: Caller
) -> None:
    made = await ada(client, ground)
    model.goes_on = asyncio.Event()
    body = {"message": "Oslo", "context": "page 7", "content": [{"type": "image", "url": "https://a.test/cat.png"}]}
    lost = asyncio.create_task(client.post(ground.at(f"/conversations/{made['id']}/turns"), json=body))
    while not model.asked:
        await asyncio.sleep(0)
    heir, projects = Caller(), tuple(ground.opened.house.catalog.projects())
    again = await open_house(*projects, store=ground.opened.store, model=heir)
    id = session_of_conversation(made["id"])
    assert id is not None
    woken = await again.house.directory.recall(id)
    (answer,) = woken.work.unfinished()
    await answer.whole()
    lost.cancel()
    assert all(word in heir.heard() for word in ("page 7", "cat.png", '"plan":"gold"'))
