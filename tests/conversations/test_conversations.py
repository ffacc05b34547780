"""Every conversation in this directory goes the way it is written down.

A file has `agent:` (an agent as authors write it, or a path) and `talk:`, or several of them under `talks:`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from parley.domain.program import Program
from parley.projects.load import load
from tests.conversations.driver import engine_driver
from tests.conversations.talk import Talk

HERE = Path(__file__).parent


def _talks() -> list[Any]:
    found = []
    for path in sorted(HERE.glob("*.yaml")):
        document = yaml.safe_load(path.read_text())
        talks = document["talks"] if "talks" in document else {"": document["talk"]}
        for name, talk in talks.items():
            id = f"{path.stem}: {name}" if name else path.stem
            found.append(pytest.param(document, talk, id=id))
    return found


def program_of(agent: Any, folder: Path) -> Program:
    """The program of an agent that is written inline, or lies at a path relative to this directory."""
    if isinstance(agent, str):
        return load(HERE / agent).project.environments[0].program
    file = folder / "agent.yaml"
    file.write_text(yaml.safe_dump(agent, allow_unicode=True, sort_keys=False))
    return load(file).project.environments[0].program


@pytest.mark.parametrize(("document", "talk"), _talks())
async def test_conversation(document: dict[str, Any], talk: list[Any], tmp_path: Path) -> None:
    conversation = Talk(engine_driver(program_of(document["agent"], tmp_path)), document.get("config", {}))
    for exchange in talk:
        await conversation.play(exchange)
