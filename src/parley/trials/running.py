"""Suites found, read and tried: every conversation to its first difference, and what came of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any, Literal, Protocol

import yaml
from msgspec import Struct

from parley.domain.program import version_of
from parley.engine.agent import Agent
from parley.engine.world import World
from parley.errors import BadProject, ParleyError
from parley.ports.effects import Effects
from parley.ports.embeddings import Embedder
from parley.ports.llm import LanguageModel
from parley.ports.scripts import Scripts
from parley.ports.tools import Tools
from parley.projects.load import AGENT_FILES
from parley.projects.loaded import ProblemsFound
from parley.trials.answers import Documents, HttpAnswers, McpAnswers, http_answers
from parley.trials.judging import judge_of
from parley.trials.stage import Send, staged
from parley.trials.suite import CONFIGURED, Suite, TalkWritten, read_suite
from parley.trials.talk import Talk, Unmet

Outcome = Literal["passed", "failed", "error"]


class Trial(Struct, frozen=True):
    """One conversation that was tried. `line` is that of the exchange that went otherwise; 0: there is none."""

    suite: str
    name: str
    outcome: Outcome
    seconds: float = 0.0
    line: int = 0
    message: str = ""


class Props(Protocol):
    """What a stage is furnished with; made by whoever knows the backends."""

    def scripts(self) -> Scripts:
        """What runs code and functions."""
        ...

    def tools(self, answers: HttpAnswers) -> Tools:
        """Services that answer so, and no others."""
        ...

    def effects(self) -> Effects:
        """A ledger that is empty."""
        ...

    def scripted(self, rules: str) -> LanguageModel:
        """A language model of these rules. Raises `BadProject`."""
        ...

    @property
    def configured(self) -> LanguageModel | None:
        """The one that the settings name."""
        ...

    @property
    def embedder(self) -> Embedder | None:
        """What makes vectors of texts."""
        ...


def suites_in(path: Path) -> list[Path]:
    """The files of suites: this one, those of the directory, or the `tests` of an agent's. Raises `BadProject`."""
    if path.is_file():
        return [path]
    if not path.exists():
        raise BadProject(f"{path}: there is no such file or directory.")
    is_agent = any((path / name).is_file() for name in AGENT_FILES)
    folder = path / "tests" if is_agent else path
    found = sorted(each for each in folder.rglob("*") if each.suffix in (".yaml", ".yml")) if folder.is_dir() else []
    if not found:
        raise BadProject(f"{folder}: there are no suites here. A suite is a YAML file with `talk` or `talks`.")
    return found


async def try_all(
    paths: Sequence[Path], props: Props, *, agent: Path | None = None, only: str = ""
) -> AsyncIterator[Trial]:
    """Try the conversations whose `suite: name` holds `only`, whatever the capitals."""
    for path in paths:
        try:
            suite = read_suite(path, agent)
        except ProblemsFound as found:
            for problem in found.problems:
                if problem.severity == "error":
                    yield Trial(str(path), "", "error", line=problem.line, message=str(problem))
            continue
        except BadProject as error:
            yield Trial(str(path), "", "error", message=error.message)
            continue
        chosen = [talk for talk in suite.talks if only.casefold() in f"{path}: {talk.name}".casefold()]
        cast = await _cast(suite, props) if chosen else None
        for talk in chosen:
            assert cast is not None
            yield await _try(suite, talk, cast, props)


async def _cast(suite: Suite, props: Props) -> Agent:
    agent = Agent(version_of(suite.program), suite.program)
    agent.understanding.entities.load()
    embedder = props.embedder if suite.program.intents else None
    if embedder is not None:
        await agent.understanding.learn(embedder, suite.program.settings.likeness)
    return agent


async def _try(suite: Suite, written: TalkWritten, agent: Agent, props: Props) -> Trial:
    began = time.perf_counter()
    mark = written.mark

    def over(outcome: Outcome, message: str = "") -> Trial:
        line = 0 if outcome == "passed" else mark.line
        return Trial(str(suite.file), written.name, outcome, time.perf_counter() - began, line, message)

    try:
        talk = Talk(stage_of(suite, agent, props), judge_of(_judge(suite, props)))
        for exchange in written.exchanges:
            mark = exchange.mark
            await talk.play(exchange.says)
    except Unmet as unmet:
        return over("failed", str(unmet))
    except ParleyError as error:
        return over("error", error.message)
    return over("passed")


def stage_of(suite: Suite, agent: Agent, props: Props) -> Send:
    """A new session, in a world of its own. Raises `BadProject`."""
    world = World(
        props.scripts(),
        props.tools(http_answers(suite.world)),
        props.effects(),
        suite.secrets.get,
        model=_model(suite.model, props),
        knowledge=None if suite.knowledge is None else Documents([str(text) for text in suite.knowledge]),
        mcp=McpAnswers(suite.mcp) if suite.mcp else None,
        sleep=asyncio.sleep,
    )
    return staged(agent, world, now_ms=suite.now_ms, user=suite.user, variables=suite.variables)


def _model(rules: list[Any] | str | None, props: Props) -> LanguageModel | None:
    if rules == CONFIGURED:
        return props.configured
    return None if rules is None else props.scripted(yaml.safe_dump(rules, allow_unicode=True))


def _judge(suite: Suite, props: Props) -> LanguageModel | None:
    asks = any(isinstance(e.says, dict) and "judge" in e.says for talk in suite.talks for e in talk.exchanges)
    return _model(suite.judge_model or CONFIGURED, props) if asks else None
