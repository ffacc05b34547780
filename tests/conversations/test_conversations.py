"""Every conversation in this directory goes the way it is written down (docs/reference/test-suites.md)."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from parley.backends.props import Furnished
from parley.domain.program import version_of
from parley.engine.agent import Agent
from parley.trials.running import stage_of
from parley.trials.suite import Suite, read_suite
from parley.trials.talk import Talk

HERE = Path(__file__).parent


def _talks() -> list[Any]:
    found = []
    for path in sorted(HERE.glob("*.yaml")):
        document = yaml.safe_load(path.read_text())
        for name in document.get("talks", {"": None}):
            found.append(pytest.param(path, name or path.stem, id=f"{path.stem}: {name}" if name else path.stem))
    return found


@cache
def suite_of(path: Path) -> Suite:
    return read_suite(path)


@pytest.mark.parametrize(("path", "name"), _talks())
async def test_conversation(path: Path, name: str) -> None:
    suite = suite_of(path)
    agent = Agent(version_of(suite.program), suite.program)
    conversation = Talk(stage_of(suite, agent, Furnished()))
    written = next(talk for talk in suite.talks if talk.name == str(name))
    for exchange in written.exchanges:
        await conversation.play(exchange.says)
