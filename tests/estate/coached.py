"""A conversation that is put messages into: its agent, its model, and what its supervisor does over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
from msgspec.structs import replace

from estate_fixture import Ground, break_ground
from house_fixture import open_house, program
from house_fixture import project as a_project
from parley.domain.actions import Text
from parley.domain.conversation_names import call_of, session_of_conversation
from parley.domain.ids import StepID, TurnID
from parley.domain.model_steps import Prompted
from parley.domain.program import Program
from parley.domain.prompt import Prompt
from parley.domain.steps import Capture
from parley.ports.llm import Asked, Piece, Usage
from parley.session.handle import Post, SessionHandle


class Listener:
    """A model that writes down what it is asked, and waits where it is told to."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.goes_on: asyncio.Event | None = None

    async def answer(self, asked: Asked) -> AsyncIterator[Piece]:
        self.asked.append(asked)
        if self.goes_on is not None:
            await self.goes_on.wait()
        yield "Noted."
        yield Usage("test")

    def heard(self, n: int = -1) -> str:
        return "\n".join(line.content for line in self.asked[n].lines)


def talker() -> Program:
    """Listens and lets a model answer, over and over."""
    made = program()
    workflow = made.workflows[made.start]
    steps: dict[StepID, Any] = {
        StepID("listen"): Capture(StepID("listen"), then=StepID("answer"), variable="heard"),
        StepID("answer"): Prompted(StepID("answer"), then=StepID("listen"), prompt=Prompt("{heard}", memory="before")),
    }
    return replace(made, workflows={made.start: replace(workflow, steps=steps, start=StepID("listen"))})


async def coached_ground(model: Listener, made: Program | None = None, store: Any = None) -> Ground:
    """Ground on which this agent (`talker` where none is given) is served."""
    whole = a_project()
    environment = replace(whole.environments[0], program=made or talker())
    return await break_ground(await open_house(replace(whole, environments=(environment,)), model=model, store=store))


async def begun(ground: Ground) -> SessionHandle:
    """A conversation that the agent has begun."""
    service = (await ground.estate.services.of(ground.ours))[0]
    session = await ground.estate.talks.with_visitor(service)
    await (await ground.estate.talks.greet(session)).whole()
    return session


async def say(session: SessionHandle, text: str) -> TurnID:
    """The user says something; the turn's id, once it is over."""
    answer = await session.post(Post(Text({"type": "text", "payload": text}, text)))
    await answer.whole()
    return answer.turn


async def inject(client: httpx.AsyncClient, ground: Ground, session: SessionHandle, **body: Any) -> dict[str, Any]:
    """Put something in; the answer."""
    headers = body.pop("headers", {})
    at = ground.at(f"/sessions/{call_of(session.id)}/inject")
    answer = await client.post(at, json=body, headers=headers)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def stage(client: httpx.AsyncClient, ground: Ground, session: SessionHandle, id: str) -> str:
    """How far an injection has come."""
    at = ground.at(f"/sessions/{call_of(session.id)}/injections/{id}")
    return str((await client.get(at)).json()["stage"])


async def texts_of(client: httpx.AsyncClient, ground: Ground, session: SessionHandle) -> list[dict[str, Any]]:
    """What both sides said, as the platform shows it."""
    listed = (await client.get(ground.at("/conversations"))).json()["items"]
    own = next(each for each in listed if session_of_conversation(each["id"]) == session.id)
    return list((await client.get(ground.at(f"/conversations/{own['id']}"))).json()["turns"])


LISTENING = """
project: bank
variables: {said: ""}
workflows:
  main:
    - say: Hello.
    - ask: And you?
      into: said
    - say: You said {said}.
  news:
    trigger: {injection: external_event, returns: true}
    steps: [{say: "News from {last_injection.sender}."}]
"""
