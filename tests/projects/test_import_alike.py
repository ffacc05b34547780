"""An export talks the same, run as it is and imported into files of our own."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import yaml
from tests.conversations.driver import Send, engine_driver
from tests.projects.vf_files import FIXTURES, SAMPLES

from parley.backends.llm.scripted import ScriptedModel, script_of
from parley.domain.actions import Wire
from parley.domain.model_steps import AgentStep
from parley.domain.program import Program
from parley.domain.steps import CustomAction, Step
from parley.projects.export import export_with_report
from parley.projects.load import load
from parley.projects.vf import import_vf

EXPORTS = [*sorted(FIXTURES.iterdir()), *(sorted(SAMPLES.iterdir()) if SAMPLES.exists() else [])]
HIDDEN = frozenset({"block", "flow", "debug"})
IDS = frozenset({"id", "messageID", "diagramID", "turnID", "time", "slate", "intent", "token"})
"""What an import names anew, and rich text, of which it keeps the plain one."""
TYPED = ("yes", "no", "help", "something that nobody expects", "", "3", "ada@example.org", "stop")


@cache
def programs(path: Path) -> tuple[Program, Program]:
    """The program of an export, and what its import loads as."""
    project = import_vf(path).loaded.project
    with TemporaryDirectory() as folder:
        into = Path(folder) / "agent"
        export_with_report(project, into)
        return project.environments[0].program, load(into).project.environments[0].program


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


def alike(value: Any) -> Any:
    """The value without ids."""
    if isinstance(value, dict):
        kept = {key: alike(each) for key, each in value.items() if key not in IDS}
        return kept | ({"type": "path"} if str(kept.get("type")).startswith("path-") else {})
    return [alike(each) for each in value] if isinstance(value, list) else value


class Side:
    """One of the two conversations."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._buttons: list[Wire] = []

    async def answer(self, line: Any) -> tuple[list[Any], bool]:
        """What is said to the next line, and whether that was all."""
        action = line if isinstance(line, dict) else {"type": "text", "payload": str(line)}
        if isinstance(line, int) and self._buttons:
            action = self._buttons[max(line, -len(self._buttons)) if line < len(self._buttons) else 0]
        answer = await self._send(action, {})
        self._buttons = requests_in(answer.traces) or self._buttons
        return [alike(trace) for trace in answer.traces if trace["type"] not in HIDDEN], answer.ended


@pytest.mark.parametrize("path", EXPORTS, ids=lambda path: path.stem[:40])
async def test_an_export_and_its_import_talk_the_same(path: Path) -> None:
    written, imported = programs(path)
    for talk in talks(written):
        sides = [Side(engine_driver(program, model=model_of(written))) for program in (written, imported)]
        for n, line in enumerate([{"type": "launch"}, *talk]):
            here, there = [await side.answer(line) for side in sides]
            assert there == here, f"line {n} of {talk}: {line}"
            if here[1]:
                break


@pytest.mark.skipif(SAMPLES.exists(), reason="the samples are here")
def test_real_exports() -> None:
    pytest.skip("the samples have no licence and are not part of the repository")
