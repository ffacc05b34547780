"""An export talks the same, run as it is and imported into files of our own: trace by trace, but for ids and times."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import yaml
from tests.conversations.driver import engine_driver, new_session
from tests.projects.vf_files import FIXTURES, SAMPLES

from parley.backends.llm.scripted import ScriptedModel, script_of
from parley.crawl.playing import Played
from parley.crawl.walked import Situation
from parley.crawl.walker import Walker
from parley.domain.actions import Wire
from parley.domain.model_steps import AgentStep
from parley.domain.program import Program
from parley.domain.project import Project
from parley.domain.steps import CustomAction, Step
from parley.projects.export import export_with_report
from parley.projects.load import load
from parley.projects.vf import import_vf

EXPORTS = [*sorted(FIXTURES.iterdir()), *(sorted(SAMPLES.iterdir()) if SAMPLES.exists() else [])]
IDS = frozenset({"id", "messageID", "diagramID", "blockID", "nodeID", "turnID", "time", "token"})
"""What an import names anew, and what is different each time."""
MOST_TURNS = 300
MOST_PATHS = 120
TYPED = ("yes", "no", "help", "something that nobody expects", "", "3", "ada@example.org", "stop")


@cache
def projects(path: Path) -> tuple[Project, Project, tuple[str, ...]]:
    """The project of an export, what its import loads as, and what the files could not say."""
    project = import_vf(path).loaded.project
    with TemporaryDirectory() as folder:
        into = Path(folder) / "agent"
        exported = export_with_report(project, into)
        return project, load(into).project, exported.lost


def programs(path: Path) -> tuple[Program, Program]:
    """The program of an export, and what its import loads as."""
    written, imported, _ = projects(path)
    return written.environments[0].program, imported.environments[0].program


class Recorder(Walker):
    """A walk that remembers all the ways it went."""

    def __init__(self, program: Program) -> None:
        super().__init__(program, most_turns=MOST_TURNS)
        self.ways: dict[str, list[Wire]] = {}

    def _note(self, situation: Situation, action: Wire, played: Played, helped: bool) -> None:
        super()._note(situation, action, played, helped)
        if not helped:
            way = [*situation.history(), action]
            self.ways.pop(repr(way[:-1]), None)
            self.ways[repr(way)] = way


def steps_of(program: Program) -> list[Step]:
    return [step for workflow in program.workflows.values() for step in workflow.steps.values()]


def model_of(program: Program) -> ScriptedModel:
    """Chooses the path that the user names, and else says that it was asked."""
    names = [path.name for step in steps_of(program) if isinstance(step, AgentStep) for path in step.paths]
    rules = [{"when": f"^take {i}$", "choose": name} for i, name in enumerate(dict.fromkeys(names))]
    return script_of(yaml.safe_dump([*rules, {"answer": ["A first answer.", "A second answer."]}]))


def talks(program: Program) -> list[list[Any]]:
    """Conversations to hold: words, or the number of a button to press, or an action."""
    said = [intent.utterances[0] for intent in program.intents.values() if intent.utterances]
    events = [t.event for t in program.triggers if t.event is not None]
    answers = {path.label for step in steps_of(program) if isinstance(step, CustomAction) for path in step.paths}
    silence: Wire = {"type": "no-reply"}
    return [
        [0, 0, 0, 0, 0, 0, 0, 0],
        [-1, -1, -1, -1, -1, -1],
        [1, "yes", 0, "no", 1, "yes", 0],
        [*TYPED, 0, *TYPED],
        [silence, silence, silence, silence, 0, silence],
        *([utterance, 0, "large", "yes", "no", -1] for utterance in said),
        *([{"type": "event", "payload": {"event": {"name": name}}}, "yes", 0] for name in events),
        *([0, {"type": label, "payload": {"item": 1}}, "take 0", 0] for label in sorted(answers)),
        *(["hello", f"take {i}", "yes"] for i in range(4)),
    ]


def requests_in(traces: list[dict[str, Any]]) -> list[Wire]:
    """The buttons that are shown, as the actions that they send."""
    found: list[Wire] = []
    for trace in traces:
        if trace["type"] in ("choice", "cardV2", "carousel"):
            for part in (trace["payload"], *trace["payload"].get("cards", ())):
                found += [button["request"] for button in part.get("buttons", ())]
    return found


class Side:
    """One of the two conversations."""

    def __init__(self, program: Program, model: ScriptedModel) -> None:
        self._send = engine_driver(program, model=model)
        self._intents = set(program.intents)
        self._buttons: list[Wire] = []

    async def answer(self, line: Any) -> tuple[list[Any], bool]:
        """What is said to the next line, and whether that was all."""
        action = line if isinstance(line, dict) else {"type": "text", "payload": str(line)}
        if isinstance(line, int) and self._buttons:
            action = self._buttons[max(line, -len(self._buttons)) if line < len(self._buttons) else 0]
        answer = await self._send(action, {})
        self._buttons = requests_in(answer.traces) or self._buttons
        return [self._alike(trace) for trace in answer.traces], answer.ended

    def button(self, action: Wire) -> int | Wire:
        """The number of the button that sends this, else the action itself."""
        return self._buttons.index(action) if action in self._buttons else action

    def _alike(self, value: Any) -> Any:
        """The value without ids. A step that waits for entities of its own asks for them under its id."""
        if isinstance(value, dict):
            kept = {key: self._alike(each) for key, each in value.items() if key not in IDS}
            if isinstance(kept.get("intent"), dict) and kept["intent"].get("name") not in self._intents | {None}:
                kept["intent"] = {**kept["intent"], "name": "of a step"}
            return kept | ({"type": "path"} if str(kept.get("type")).startswith("path-") else {})
        return [self._alike(each) for each in value] if isinstance(value, list) else value


@pytest.mark.parametrize("path", EXPORTS, ids=lambda path: path.stem[:40])
async def test_an_export_and_its_import_talk_the_same(path: Path) -> None:
    written, imported = programs(path)
    for talk in talks(written):
        await talk_to_both([{"type": "launch"}, *talk], written, imported)


async def talk_to_both(talk: list[Any], written: Program, imported: Program) -> None:
    here, there = [Side(program, model_of(written)) for program in (written, imported)]
    for n, line in enumerate(talk):
        what = here.button(line) if isinstance(line, dict) else line
        if isinstance(what, dict) and str(what.get("type")).startswith("path-"):
            return  # a button that nobody has seen
        expected, ended = await here.answer(what)
        assert (await there.answer(what)) == (expected, ended), f"line {n} of {talk}: {line}"
        if ended:
            return


@pytest.mark.parametrize("path", EXPORTS, ids=lambda path: path.stem[:40])
async def test_every_way_through_an_export_is_the_same_in_its_import(path: Path) -> None:
    written, imported = programs(path)
    recorder = Recorder(written)
    await recorder.walk()
    ways = list(recorder.ways.values())
    for way in ways[:: max(1, len(ways) // MOST_PATHS)]:
        await talk_to_both(way, written, imported)


@pytest.mark.parametrize("path", EXPORTS, ids=lambda path: path.stem[:40])
def test_nothing_is_lost(path: Path) -> None:
    written, imported, lost = projects(path)
    assert lost == ()
    assert (imported.name, imported.widget, imported.origins) == (written.name, written.widget, written.origins)
    here, there = [project.environments[0].program for project in (written, imported)]
    assert there.settings == here.settings
    assert {name: (set(i.utterances), i.required) for name, i in there.intents.items()} == {
        name: (set(i.utterances), i.required) for name, i in here.intents.items()
    }
    assert there.entities == here.entities
    assert seeded(there) == seeded(here)


def seeded(program: Program) -> dict[str, Any]:
    """The variables that a conversation begins with."""
    state = new_session(program)
    return state.variables


@pytest.mark.skipif(SAMPLES.exists(), reason="the samples are here")
def test_real_exports() -> None:
    pytest.skip("the samples have no licence and are not part of the repository")
