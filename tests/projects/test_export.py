"""What is exported and loaded again says and does the same."""

from __future__ import annotations

import asyncio
import json
import string
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.conversations.driver import engine_driver

from parley.domain.conditions import AllOf, AnyOf, Compare, Expression, Literally, Template, Truthy
from parley.domain.program import Intent, Program, Settings, Trigger, Variable, Workflow
from parley.domain.project import Environment, Project
from parley.domain.steps import (
    ActionPath,
    Assignment,
    Branch,
    Call,
    Capture,
    CardContent,
    Cards,
    Choice,
    Condition,
    CustomAction,
    End,
    GoTo,
    Image,
    Listening,
    Message,
    NoMatch,
    NoReply,
    Option,
    Said,
    Set,
    Step,
)
from parley.errors import BadProject
from parley.projects.export import export_project
from parley.projects.load import load

SAMPLES = Path(__file__).parents[3] / "shared" / "vf_samples"
SUPPORT_DESK = Path(__file__).parents[2] / "examples" / "support_desk"
HIDDEN = {"block", "flow", "debug"}
IDS = {"id", "messageID", "diagramID", "turnID", "time", "slate", "path"}
NAMES = ("x", "y", "name")
LIMITED = "limit"


def exported(program: Program) -> Program:
    """The program after a way through files."""
    with TemporaryDirectory() as folder:
        into = Path(folder) / "agent"
        export_project(Project("p", "P", (Environment("main", program, 100),)), into)
        return load(into).project.environments[0].program


def without_ids(value: Any) -> Any:
    if isinstance(value, dict):
        kept = {key: without_ids(each) for key, each in value.items() if key not in IDS}
        return kept | ({"type": "path"} if str(kept.get("type")).startswith("path-") else {})
    return [without_ids(each) for each in value] if isinstance(value, list) else value


def buttons_in(traces: list[dict[str, Any]]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for trace in traces:
        payload = trace.get("payload") or {}
        if trace["type"] in ("choice", "cardV2", "carousel"):
            for part in (payload, *payload.get("cards", ())):
                found += [button["request"] for button in part.get("buttons", ())]
        found += [path["event"] for path in trace.get("paths", ())]
    return found


def talk(program: Program, moves: list[Any]) -> list[Any]:
    """All that is said. A move is an action, or the number of a button to press."""

    async def play() -> list[Any]:
        send = engine_driver(program)
        said: list[Any] = []
        buttons: list[dict[str, Any]] = []
        for move in [{"type": "launch"}, *moves]:
            if isinstance(move, int):
                if not buttons:
                    continue
                move = buttons[move % len(buttons)]
            answer = await send(move, {})
            buttons = buttons_in(answer.traces) or buttons
            if any(t["type"] == "debug" and LIMITED in t["payload"]["message"] for t in answer.traces):
                return said  # arrows of the files are steps too, so a loop is stopped elsewhere
            said.append([without_ids(trace) for trace in answer.traces if trace["type"] not in HIDDEN])
            if answer.ended:
                break
        return said

    return asyncio.run(play())


WORDS = st.text(string.ascii_letters + " {}:#-='\"\n>&*!?%@`,[]|é🍃", min_size=1, max_size=12).map(
    lambda text: text.strip("\n") or "-"
)
TEXTS = st.one_of(WORDS, st.sampled_from(["Hi {name}.", "-> end", "yes", "null", "1.50", "= 1", "{x}", "~", "on"]))
SAID = st.builds(lambda text: (Said(text),), TEXTS)
LITERALS = st.one_of(
    TEXTS, st.integers(-(10**17), 10**17), st.booleans(), st.none(), st.just([1, {"a": "b"}]), st.floats(-5, 5)
).map(Literally)
VALUES = st.one_of(LITERALS, st.sampled_from([Template("{x}!"), Template("{name}"), Expression("Number(x) + 1")]))
COMPARISONS = st.builds(
    Compare,
    st.sampled_from([Template("{x}"), Literally("a"), Expression("y")]),
    st.sampled_from(["is", "contains"]),
    VALUES,
)
TESTS = st.one_of(
    COMPARISONS,
    st.sampled_from([Truthy("x == y"), Truthy("true"), Truthy("!name"), Compare(Template("{x}"), "is_empty")]),
    st.lists(COMPARISONS, max_size=2).map(lambda tests: AllOf(tuple(tests))),
    st.lists(COMPARISONS, max_size=2).map(lambda tests: AnyOf(tuple(tests))),
)
SIZE = 7


@st.composite
def steps(draw: st.DrawFn, id: str, ids: list[str], workflows: list[str]) -> Step:
    targets = st.sampled_from([*ids, None])
    then = draw(targets)
    no_match = draw(st.one_of(st.just(NoMatch()), st.builds(NoMatch, SAID, has_path=st.just(True), then=targets)))
    no_reply = draw(st.one_of(st.none(), st.builds(NoReply, st.sampled_from([None, 2.5, 0.3, 120.0]), SAID)))
    listening = Listening(no_match, no_reply, draw(st.booleans()))
    labels = draw(st.lists(TEXTS, min_size=1, max_size=3, unique_by=lambda text: text.strip().casefold()))
    options = tuple(
        Option(f"{id}{n}", label, has_path=draw(st.booleans()), then=draw(targets)) for n, label in enumerate(labels)
    )
    kind = draw(st.integers(0, 11))
    made: list[Step] = [
        Message(id, then=then, variants=draw(SAID)),
        Message(id, then=then, variants=draw(st.one_of(SAID, st.just(())))),
        Choice(id, then=then, options=options, listening=listening),
        Capture(id, then=then, variable=draw(st.sampled_from(NAMES)), listening=listening),
        Condition(id, then=then, branches=tuple(Branch(draw(TESTS), draw(targets)) for _ in labels)),
        Set(id, then=then, assignments=tuple(Assignment(draw(st.sampled_from(NAMES)), draw(VALUES)) for _ in labels)),
        Call(id, then=then, workflow=draw(st.sampled_from(workflows))),
        GoTo(id, then=then),
        Image(id, then=then, url=draw(TEXTS), width=draw(st.sampled_from([None, 20.0]))),
        Cards(id, then=then, cards=(CardContent(draw(TEXTS), buttons=options),), waits=draw(st.booleans())),
        CustomAction(
            id,
            then=then,
            action="act",
            body={"a": draw(TEXTS)},
            stop=draw(st.booleans()),
            paths=(ActionPath("done", draw(targets)), ActionPath("failed", draw(targets))),
            default=draw(st.sampled_from([None, 0, 1])),
        ),
        End(id),
    ]
    step = made[kind]
    if isinstance(step, Cards) and step.waits:
        return Cards(id, then=then, cards=step.cards, waits=True, listening=listening)
    return step


@st.composite
def programs(draw: st.DrawFn) -> Program:
    names = ["main", "Other one"]
    workflows = {}
    for name in names:
        ids = [f"{name[0]}{n}" for n in range(draw(st.integers(1, SIZE)))]
        made = {id: draw(steps(id, ids, names)) for id in ids}
        if draw(st.booleans()):
            other = draw(st.sampled_from([None, f"{names[1 - names.index(name)][0]}0"]))
            made[ids[-1]] = GoTo(ids[-1], workflow=names[1 - names.index(name)], then=other)
        workflows[name] = Workflow(name, name, made, ids[0])
    return Program(
        "P",
        "main",
        workflows,
        {name: Variable(draw(LITERALS).value) for name in NAMES},
        {"help": Intent("help", ("help me",))},
        triggers=(Trigger("Other one", intent="help", calls=draw(st.booleans())), Trigger("main", "m0", event="ping")),
        settings=Settings(message_delay=draw(st.sampled_from([1000, 0, 250]))),
    )


MOVES = st.lists(
    st.one_of(
        st.integers(0, 5),
        st.sampled_from(
            [
                {"type": "text", "payload": "hello"},
                {"type": "text", "payload": "help me"},
                {"type": "no-reply"},
                {"type": "event", "payload": {"event": {"name": "ping"}}},
                {"type": "failed"},
            ]
        ),
    ),
    max_size=5,
)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(programs(), MOVES)
def test_random_program_talks_the_same_after_a_way_through_files(program: Program, moves: list[Any]) -> None:
    assert talk(exported(program), moves) == talk(program, moves)


def test_support_desk_talks_the_same() -> None:
    program = load(SUPPORT_DESK).project.environments[0].program
    again = exported(program)
    for moves in (["Ada", 0, "AB-12345"], ["Ada", 3, 0], ["Ada", 4, 1, "bye"], ["Ada", "I was charged 20", "yes"]):
        actions = [{"type": "text", "payload": move} if isinstance(move, str) else move for move in moves]
        assert json.dumps(talk(again, actions)) == json.dumps(talk(program, actions))


def test_what_was_written_by_hand_stays_readable(tmp_path: Path) -> None:
    project = load(SUPPORT_DESK).project
    files = export_project(project, tmp_path / "out")
    assert {file.name for file in files} >= {"agent.yaml", "menu.yaml", "survey.yaml"}
    menu = (tmp_path / "out" / "workflows" / "menu.yaml").read_text()
    assert menu.startswith("- label: options\n  say: How can I help?\n  buttons:\n")
    assert "no_match: {say: A plain yes or no is enough., then: -> options}" in menu


def test_directory_that_holds_something_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").touch()
    with pytest.raises(BadProject, match="holds something already"):
        export_project(load(SUPPORT_DESK).project, tmp_path)


def test_environments_with_agents_of_their_own_are_kept(tmp_path: Path) -> None:
    first, second = (
        Program("P", "w", {"w": Workflow("w", "w", {"a": Message("a", variants=(Said(text),))}, "a")})
        for text in ("one", "two")
    )
    project = Project("p", "P", (Environment("main", first, 90), Environment("b", second, 10)), ("https://x.example",))
    export_project(project, tmp_path / "out")
    again = load(tmp_path / "out").project
    assert (again.id, again.name, again.origins) == ("p", "P", ("https://x.example",))
    assert [(e.alias, e.share) for e in again.environments] == [("main", 90), ("b", 10)]
    assert talk(again.environments[1].program, [])[0][0]["payload"]["message"] == "two"


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="no samples beside the checkout")
@pytest.mark.parametrize("file", sorted(SAMPLES.glob("*.vf")), ids=lambda file: file.name[:30])
def test_sample_loads_again_and_begins_the_same(file: Path) -> None:
    program = load(file).project.environments[0].program
    again = exported(program)
    moves = [0, {"type": "text", "payload": "hello"}]
    assert talk(again, moves)[:1] == talk(program, moves)[:1]
