"""Every trace of every kind of step, field by field: a suite beside the traces that it must give, and nothing else.

`python -m tests.conversations.test_exact_traces` writes the traces anew, to be read before they are committed.
Source: engine, section 1.10.
"""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml

from parley.backends.props import Furnished
from parley.domain.program import version_of
from parley.domain.steps import Step
from parley.engine.agent import Agent
from parley.trials.running import stage_of
from parley.trials.suite import Suite, TalkWritten, read_suite

HERE = Path(__file__).parent / "exact"
SUITES = sorted(path for path in HERE.glob("*.yaml") if not path.stem.endswith(".traces"))
THINKING = frozenset({"crew", "operator", "router"})
"""What the engine of that page did not have; see routing.yaml and tests/engine."""
_TOOK = re.compile(r"\bin \d+ ms\b")


def kinds() -> set[str]:
    return {str(kind.__struct_config__.tag) for kind in get_args(Step)}


def golden(suite: Path) -> Path:
    return suite.with_suffix(".traces.yaml")


async def traces_of(suite: Suite, talk: TalkWritten) -> list[list[dict[str, Any]]]:
    """What each turn says, whole, debug, block, flow and path traces too; only times and the turn's id are left out."""
    send = stage_of(suite, Agent(version_of(suite.program), suite.program), Furnished())
    config: dict[str, Any] = {}
    turns = []
    for exchange in talk.exchanges:
        says = exchange.says
        if isinstance(says, dict) and "config" in says:
            config = says["config"]
            continue
        user = {"type": "no-reply"} if says == "silence" else says["user"]
        if isinstance(user, str):
            user = {"type": "launch"} if user == "launch" else {"type": "text", "payload": user}
        said = (await send(user, config)).traces
        assert len({(trace.pop("time"), trace.pop("turnID")) for trace in said}) <= 1
        turns.append(_timeless(said))
    return turns


def _timeless(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _timeless(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_timeless(each) for each in value]
    return _TOOK.sub("in some ms", value) if isinstance(value, str) else value


def test_every_kind_of_step_has_its_exact_traces() -> None:
    assert {path.stem for path in SUITES} == kinds() - THINKING


@pytest.mark.parametrize("path", SUITES, ids=lambda path: path.stem)
async def test_a_step_says_exactly_this(path: Path) -> None:
    suite = read_suite(path)
    expected = yaml.safe_load(golden(path).read_text(encoding="utf-8"))
    assert {talk.name: await traces_of(suite, talk) for talk in suite.talks} == expected
    assert any(
        step.__struct_config__.tag == path.stem
        for workflow in suite.program.workflows.values()
        for step in workflow.steps.values()
    )


async def main() -> None:
    """Write the traces anew."""
    for path in SUITES:
        suite = read_suite(path)
        found = {talk.name: await traces_of(suite, talk) for talk in suite.talks}
        text = yaml.safe_dump(found, allow_unicode=True, sort_keys=False, width=118, default_flow_style=None)
        golden(path).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(main())
