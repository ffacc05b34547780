"""Every conversation in this directory goes the way it is written down.

A file has `agent:` (an agent as authors write it, or a path) and `talk:`, or several of them under `talks:`. What the
agent calls is written down under `world:`, as `GET https://…: {status, json, text, headers, echo}`, what a language
model answers under `model:` (the rules of a scripted one), and what the knowledge base holds under `knowledge:`.
"""

from __future__ import annotations

import json
import re
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import dedent
from typing import Any

import pytest
import yaml
from tests.conversations.driver import engine_driver
from tests.conversations.talk import Talk

from parley.backends.llm.scripted import ScriptedModel, script_of
from parley.backends.tools.scripted import ScriptedTools
from parley.domain.ids import ProjectID
from parley.domain.program import Program
from parley.ports.knowledge import Passage
from parley.ports.tools import Request, RequestFailed, Response
from parley.projects.load import load

HERE = Path(__file__).parent


def _talks() -> list[Any]:
    found = []
    for path in sorted(HERE.glob("*.yaml")):
        document = yaml.safe_load(path.read_text())
        talks = document["talks"] if "talks" in document else {"": document["talk"]}
        for name, talk in talks.items():
            id = f"{path.stem}: {name}" if name else path.stem
            found.append(pytest.param(path, talk, id=id))
    return found


@cache
def program_of(path: Path) -> Program:
    """The program of a file's agent: written inline, or at a path relative to this directory."""
    text = path.read_text()
    root = yaml.compose(text, yaml.SafeLoader)
    node = next(value for key, value in root.value if key.value == "agent")
    if isinstance(node, yaml.ScalarNode):
        return load(HERE / node.value).project.environments[0].program
    inline = " " * node.start_mark.column + text[node.start_mark.index : node.end_mark.index]
    with TemporaryDirectory() as folder:
        file = Path(folder) / "agent.yaml"
        file.write_text(dedent(inline))
        return load(file).project.environments[0].program


def world_of(path: Path) -> ScriptedTools:
    """The answers of a file's world."""
    world = yaml.safe_load(path.read_text()).get("world", {})
    return ScriptedTools({request: partial(_answer, answer) for request, answer in world.items()})


def model_of(path: Path) -> ScriptedModel | None:
    """The scripted model of a file."""
    rules = yaml.safe_load(path.read_text()).get("model")
    return None if rules is None else script_of(yaml.safe_dump(rules))


class Documents:
    """Knows the documents that have a word of the question in them."""

    def __init__(self, documents: list[str]) -> None:
        self._documents = documents

    async def search(self, project: ProjectID, question: str, limit: int) -> list[Passage]:
        words = set(re.findall(r"\w{4,}", question.lower()))
        found = [text for text in self._documents if words & set(re.findall(r"\w+", text.lower()))]
        return [Passage(text, 0.9, f"doc-{self._documents.index(text)}", {"name": "Doc"}) for text in found[:limit]]


def knowledge_of(path: Path) -> Documents | None:
    """The knowledge base of a file."""
    documents = yaml.safe_load(path.read_text()).get("knowledge")
    return None if documents is None else Documents(documents)


def _answer(answer: dict[str, Any], request: Request) -> Response:
    if "fails" in answer:
        raise RequestFailed(answer["fails"])
    body = answer.get("text", "")
    if "json" in answer:
        body = json.dumps(answer["json"])
    if "echo" in answer:
        sent = (request.body or b"").decode()
        headers = {name.lower(): value for name, value in request.headers}
        body = json.dumps({"method": request.method, "url": request.url, "body": sent, "headers": headers})
    headers = tuple(answer.get("headers", {}).items())
    return Response(answer.get("status", 200), "", request.url, headers, body.encode())


@pytest.mark.parametrize(("path", "talk"), _talks())
async def test_conversation(path: Path, talk: list[Any]) -> None:
    conversation = Talk(engine_driver(program_of(path), world_of(path), model_of(path), knowledge_of(path)))
    for exchange in talk:
        await conversation.play(exchange)
