"""A suite's file as conversations to try; everything that is wrong with it is reported with its place."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from msgspec import Struct

from parley.domain.program import Program
from parley.projects.load import AGENT_FILES, load, program_in
from parley.projects.loaded import ProblemsFound
from parley.projects.nodes import Listed, Mapped, Node, Scalar, json_of, name_of
from parley.projects.problems import Mark, Problems, did_you_mean
from parley.projects.reading import mapping_of, shaped, text_of
from parley.projects.source import read_nodes
from parley.trials.expected import FORMS
from parley.trials.shapes import EXCHANGE, HTTP_ANSWER, SUITE
from parley.trials.stage import NOW_MS

CONFIGURED = "configured"
_EXPECTING = ("expect", "exactly", "mentions", "never")
_PATTERNS = ("like", "regex")


class Exchange(Struct, frozen=True):
    """One line of a talk, and where it is."""

    mark: Mark
    says: Any


class TalkWritten(Struct, frozen=True):
    """A conversation as it is written down."""

    name: str
    mark: Mark
    exchanges: tuple[Exchange, ...]


class Suite(Struct, frozen=True):
    """A file. `model` and `judge_model` are rules, `CONFIGURED`, or None."""

    file: Path
    program: Program
    talks: tuple[TalkWritten, ...]
    world: dict[str, Any] = {}
    mcp: dict[str, Any] = {}
    model: list[Any] | str | None = None
    judge_model: list[Any] | None = None
    knowledge: list[str] | None = None
    secrets: dict[str, str] = {}
    variables: dict[str, Any] = {}
    now_ms: int = NOW_MS
    user: str = "user-1"


def read_suite(path: Path, agent: Path | None = None) -> Suite:
    """The suite, with `agent` in the place of its own. Raises `ProblemsFound`."""
    problems = Problems()
    root = read_nodes(path, problems)
    mapping = None if root is None else shaped(root, SUITE, problems, "a suite")
    if mapping is None or problems.has_errors:
        raise ProblemsFound(problems.found)
    talks = _talks(mapping, path, problems)
    program = _program(mapping.get("agent"), path, agent, problems)
    for _, _, answer in mapping_of(mapping.get("world"), problems, "`world`"):
        shaped(answer, HTTP_ANSWER, problems, "an answer")
    for key in ("mcp", "secrets", "variables"):
        mapping_of(mapping.get(key), problems, f"`{key}`")
    now = _now(mapping.get("now"), problems)
    if program is None or problems.has_errors:
        raise ProblemsFound(problems.found)
    return Suite(path, program, talks, now_ms=now, **_given(mapping))


def _given(mapping: Mapped) -> dict[str, Any]:
    """What is taken as it is written."""
    given: dict[str, Any] = {}
    for key in ("world", "mcp", "secrets", "variables", "model", "judge_model", "knowledge"):
        node = mapping.get(key)
        if node is not None and (value := json_of(node)) is not None:
            given[key] = value
    given["secrets"] = {name: str(value) for name, value in given.get("secrets", {}).items()}
    user = mapping.get("user")
    return given | ({} if user is None else {"user": str(json_of(user))})


def _talks(mapping: Mapped, path: Path, problems: Problems) -> tuple[TalkWritten, ...]:
    found: list[TalkWritten] = []
    one = mapping.get("talk")
    if one is not None:
        found.append(_talk(path.stem, one, problems))
    for name, _, node in mapping_of(mapping.get("talks"), problems, "`talks`"):
        with problems.inside(f"talk {name[:60]}"):
            found.append(_talk(name, node, problems))
    if not found:
        problems.error(mapping.mark, "there is no `talk` and no `talks` here", SUITE.advice)
    return tuple(found)


def _talk(name: str, node: Node, problems: Problems) -> TalkWritten:
    if not isinstance(node, Listed):
        problems.error(node.mark, f"a talk must be a list, and is {name_of(node)}", EXCHANGE.advice)
        return TalkWritten(name, node.mark, ())
    return TalkWritten(name, node.mark, tuple(_exchange(item, problems) for item in node.items))


def _exchange(node: Node, problems: Problems) -> Exchange:
    if isinstance(node, Scalar):
        if node.text != "silence":
            problems.error(node.mark, f"`{node.text[:60]}` is not an exchange", EXCHANGE.advice)
    elif (mapping := shaped(node, EXCHANGE, problems, "an exchange")) is not None:
        for key in _EXPECTING:
            expected = mapping.get(key)
            if isinstance(expected, Listed):
                for each in expected.items:
                    _check_expected(each, problems)
            elif expected is not None:
                message = f"`{key}` must be a list, and is {name_of(expected)}"
                problems.error(expected.mark, message, f"For example `{key}: [Hello!]`.")
        for key in ("variables", "json", "config"):
            value = mapping.get(key)
            if value is not None and not isinstance(value, Mapped):
                problems.error(value.mark, f"`{key}` must be a mapping, and is {name_of(value)}")
    return Exchange(node.mark, json_of(node))


def _check_expected(node: Node, problems: Problems) -> None:
    if isinstance(node, Scalar):
        return
    if not isinstance(node, Mapped) or not node.values:
        problems.error(node.mark, f"what is expected must be a text or a mapping, and is {name_of(node)}")
        return
    if "type" in node.values:
        return
    for key, value in node.values.items():
        if key not in FORMS:
            advice = did_you_mean(key, {*FORMS, "type"})
            problems.error(node.keys[key].mark, f"nothing can be expected as `{key[:60]}`", advice)
        elif key in _PATTERNS and isinstance(value, Scalar):
            _check_pattern(value, problems)
    if len(node.values) > 1:
        advice = "Write two of them in braces of their own, or a whole trace with its `type`."
        problems.error(node.mark, "a short form has one key", advice)


def _check_pattern(node: Scalar, problems: Problems) -> None:
    try:
        re.compile(node.text)
    except (re.error, OverflowError) as error:
        problems.error(node.mark, f"`{node.text[:60]}` is not a regular expression: {error}")


def _program(node: Node | None, path: Path, agent: Path | None, problems: Problems) -> Program | None:
    """The agent's: given from outside, written in place, at a path from here, or the one of a directory above."""
    if agent is None and isinstance(node, Mapped):
        return program_in(node, path.stem, problems)
    if agent is None:
        mark = Mark(str(path), 1, 1) if node is None else node.mark
        name = None if node is None else text_of(node, problems, "`agent`")
        if name == "":
            return None
        agent = _above(path) if name is None else path.parent / name
        if agent is None or not agent.exists():
            what = "no agent is named, and no directory above has one" if agent is None else f"there is no `{name}`"
            problems.error(mark, what, "Write `agent: PATH`, with the path as seen from this file.")
            return None
    return load(agent).project.environments[0].program


def _above(path: Path) -> Path | None:
    return next(
        (folder for folder in path.resolve().parents if any((folder / name).is_file() for name in AGENT_FILES)), None
    )


def _now(node: Node | None, problems: Problems) -> int:
    if node is None:
        return NOW_MS
    text = text_of(node, problems, "`now`")
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        if text:
            problems.error(node.mark, f"`{text[:40]}` is not a time", "For example `2026-01-01T00:00:00Z`.")
        return NOW_MS
    return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
