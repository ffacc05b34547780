"""Every conversation in this directory goes the way it is written down.

A file has `agent:` (an agent as authors write it, or a path) and `talk:`, or several of them under `talks:`.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import dedent
from typing import Any

import pytest
import yaml
from tests.conversations.driver import engine_driver
from tests.conversations.talk import Talk

from parley.domain.program import Program
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


@pytest.mark.parametrize(("path", "talk"), _talks())
async def test_conversation(path: Path, talk: list[Any]) -> None:
    conversation = Talk(engine_driver(program_of(path)))
    for exchange in talk:
        await conversation.play(exchange)
