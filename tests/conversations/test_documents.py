"""Conversations with the real knowledge base go the way they are written down, in the directory beside this file."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.conversations.shelved import Shelved

from parley.backends.props import Furnished
from parley.domain.program import version_of
from parley.engine.agent import Agent
from parley.engine.world import World
from parley.trials.answers import http_answers
from parley.trials.stage import staged
from parley.trials.suite import read_suite
from parley.trials.talk import Talk

HERE = Path(__file__).parent / "documents"


def _talks() -> list[Any]:
    return [
        pytest.param(path, name, id=f"{path.stem}: {name}")
        for path in sorted(HERE.glob("*.yaml"))
        for name in yaml.safe_load(path.read_text())["talks"]
    ]


@pytest.mark.parametrize(("path", "name"), _talks())
async def test_conversation(path: Path, name: str) -> None:
    suite, props = read_suite(path), Furnished()
    documents = Shelved(
        [{"text": text, "url": f"https://shop.example/{n}"} for n, text in enumerate(suite.knowledge or ())]
    )
    world = World(
        *(props.scripts(), props.tools(http_answers(suite.world)), props.effects(), suite.secrets.get),
        model=props.scripted(yaml.safe_dump(suite.model)),
        knowledge=documents,
        sleep=asyncio.sleep,
    )
    conversation = Talk(staged(Agent(version_of(suite.program), suite.program), world))
    written = next(talk for talk in suite.talks if talk.name == name)
    try:
        for exchange in written.exchanges:
            await conversation.play(exchange.says)
    finally:
        await documents.close()
