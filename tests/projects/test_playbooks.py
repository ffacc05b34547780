"""Playbooks, the agent that routes and the steps with a model, as authors write them, and as they are written back."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from msgspec.structs import replace
from tests.conversations.test_conversations import suite_of
from tests.projects.agents import only_problem, problems_of, program_of, written

from parley.backends.props import Furnished
from parley.domain.ids import EnvironmentAlias, ProjectID, StepID, WorkflowID
from parley.domain.model_steps import AgentPath, AgentStep
from parley.domain.own_workflows import ROUTER, playbook_workflow
from parley.domain.playbooks import Exit, MemoryLimit, Needed, Playbook, Route, Router
from parley.domain.program import Program, decode_program, encode_program, version_of
from parley.domain.project import Environment, Project
from parley.domain.prompt import ModelSettings
from parley.domain.steps import End, GoTo
from parley.domain.tools import SystemTool
from parley.engine.agent import Agent
from parley.projects.export import export_with_report
from parley.projects.load import load
from parley.trials.running import stage_of
from parley.trials.talk import Talk

CONVERSATIONS = Path(__file__).parents[1] / "conversations"
THINKING = ("routing", "playbooks", "crews_and_operators", "agents")
REFUNDS = """
variables: {order: ""}
tools:
  orders_api: {api: "GET https://shop.test/orders"}
  refund_function: {function: refund}
functions: {refund: "export default async () => ({})"}
agent:
playbooks:
  refunds:
    when: The customer wants money back
    instructions: file://refunds.md
    needs: [order]
    tools: [orders_api, refund_function, knowledge, end]
    exits: {refunded: -> thank_you, refused: -> handoff}
    model: {use: default, temperature: 0.2}
workflows:
  thank_you: [{say: Thanks!}]
  handoff: [{say: A person comes.}]
"""
SHORT = """
variables: {order: "", n: 0}
workflows: {main: [{say: Hi.}]}
"""


def test_the_playbook_of_the_design_loads(tmp_path: Path) -> None:
    written(tmp_path, "Find order {order}.\n", "prompts/refunds.md")
    program = program_of(tmp_path, REFUNDS)
    assert program.playbooks["refunds"] == Playbook(
        "refunds",
        "Find order {order}.",
        "The customer wants money back",
        ("orders_api", "refund_function", "knowledge", "end"),
        ModelSettings(None, 0.2),
        (Exit("refunded", workflow=WorkflowID("thank_you")), Exit("refused", workflow=WorkflowID("handoff"))),
    )
    assert program.router == Router(routes=(Route("refunds", needs=(Needed("order"),)),))
    assert program.start == ROUTER
    assert program.tools["end"] == SystemTool("end", kind="end")
    assert "buttons" not in program.tools


def test_a_playbook_is_a_workflow(tmp_path: Path) -> None:
    written(tmp_path, "Find it.", "refunds.md")
    workflow = program_of(tmp_path, REFUNDS).workflows[playbook_workflow("refunds")]
    assert workflow.steps[StepID("talk")] == AgentStep(
        StepID("talk"),
        "refunds",
        playbook="refunds",
        paths=(AgentPath("refunded", then=StepID("exit1")), AgentPath("refused", then=StepID("exit2"))),
        hands_back=True,
    )
    assert workflow.steps[StepID("exit1")] == GoTo(StepID("exit1"), workflow=WorkflowID("thank_you"))


def test_an_arrow_leads_to_a_playbook(tmp_path: Path) -> None:
    program = program_of(tmp_path, SHORT.replace("{say: Hi.}", "-> desk") + "playbooks: {desk: {instructions: Serve.}}")
    (step,) = program.workflows[WorkflowID("main")].steps.values()
    assert isinstance(step, GoTo)
    assert step.workflow == playbook_workflow("desk")


def test_an_exit_may_end_and_may_come_back(tmp_path: Path) -> None:
    text = SHORT + "playbooks: {desk: {instructions: Serve., exits: {a: -> end, b: -> back, c: }}}"
    program = program_of(tmp_path, text)
    assert program.playbooks["desk"].exits == (Exit("a", ends=True), Exit("b"), Exit("c"))
    assert any(isinstance(step, End) for step in program.workflows[playbook_workflow("desk")].steps.values())


def test_settings_of_models(tmp_path: Path) -> None:
    settings = "settings: {memory: {turns: 20, summary: false}, cost: {dollars: 0.5, say: Enough.}}\n"
    program = program_of(tmp_path, settings + SHORT)
    assert program.settings.memory == MemoryLimit(20, summary=False)
    assert program.settings.cost is not None
    assert (program.settings.cost.dollars, program.settings.cost.said[0].text) == (0.5, "Enough.")


MISTAKES = {
    "agent: {first: mian}\n": ("`first` names no workflow: there is no `mian`", "`main`"),
    "agent: {routes: [mian]}\n": ("there is no playbook or workflow `mian`", "`main`"),
    "agent: {tools: [edn]}\n": ("there is no tool `edn`", "`end`"),
    "agent: {first: main}\nstart: main\n": ("say the same thing", "Keep one"),
    "agent: {instruction: x}\n": ("`agent` has no key `instruction`", "`instructions`"),
    "playbooks: {main: {instructions: x}}\n": ("`main` is a playbook and a workflow", "Rename one"),
    "playbooks: {desk: {when: x}}\n": ("a playbook needs `instructions`", "For example"),
    "playbooks: {desk: {instructions: file://none.md}}\n": ("there is no file `none.md`", "`prompts/`"),
    "playbooks: {desk: {instructions: 'file://../../etc/passwd'}}\n": ("outside the agent's directory", "Keep it in"),
    "playbooks: {desk: {instructions: x, exits: {out: thank_you}}}\n": (
        "the exit `out` needs a target",
        "-> thank_you",
    ),
    "playbooks: {desk: {instructions: x, exits: {out: -> mian}}}\n": ("leads nowhere", "`main`"),
    "playbooks: {desk: {instructions: x, needs: [ordr]}}\n": ("there is no variable `ordr`", "`order`"),
    "playbooks: {desk: {instructions: x, needs: {n: {type: float}}}}\n": ("`type` cannot be `float`", "`string`"),
    "personas: {ada: {ordr: x}}\n": ("there is no variable `ordr`", "`order`"),
    "events: {paid: {agent: true, run: main}}\n": ("one of `run`, `continue` and `agent`", "For example"),
    "settings: {memory: {turns: 5}}\n": ("`turns` must be from 10 to 100, and is 5", ""),
    "settings: {cost: {say: Enough.}}\n": ("`cost` needs `dollars`", "For example"),
}


@pytest.mark.parametrize("text", MISTAKES, ids=lambda text: text.strip()[:40])
def test_a_mistake_is_told_with_advice(tmp_path: Path, text: str) -> None:
    problem = only_problem(tmp_path, text + SHORT)
    message, advice = MISTAKES[text]
    assert message in problem.message
    assert advice in problem.suggestion
    assert problem.line


STEPS = {
    "playbook: desc": ("there is no playbook `desc`", "`desk`"),
    "crew: []": ("`crew` has nobody in it", "For example"),
    "crew: [desc]": ("there is no playbook `desc`", "`desk`"),
    "operator: Which?": ("`operator` has nothing to choose from", "exits:"),
    "agent: Hi.\n      tools: [edn]": ("there is no tool `edn`", "`end`"),
}


@pytest.mark.parametrize("step", STEPS)
def test_a_mistake_in_a_step_is_told_with_advice(tmp_path: Path, step: str) -> None:
    text = f"playbooks: {{desk: {{instructions: Serve.}}}}\nworkflows:\n  main:\n    - {step}\n"
    problem = only_problem(tmp_path, text)
    message, advice = STEPS[step]
    assert message in problem.message
    assert advice in problem.suggestion


def test_workflows_that_only_models_lead_to_are_reachable(tmp_path: Path) -> None:
    text = """
    agent: {routes: [one], first: two, tools: [tool]}
    tools: {tool: {workflow: three}}
    playbooks: {desk: {instructions: x, exits: {out: -> four.there}}}
    workflows:
      one: [{say: One.}]
      two: [{say: Two.}]
      three: [{say: Three.}]
      four: [{label: there, say: Four.}]
      five: [{say: Five.}]
    """
    assert [problem.message for problem in problems_of(tmp_path, text)] == ["nothing leads to the workflow `five`"]


@pytest.mark.parametrize("name", THINKING)
async def test_an_agent_talks_the_same_after_a_way_through_files(name: str) -> None:
    suite = suite_of(CONVERSATIONS / f"{name}.yaml")
    again = _again(suite.program)
    for talk in suite.talks:
        stage = stage_of(replace(suite, program=again), Agent(version_of(again), again), Furnished())
        conversation = Talk(stage)
        for exchange in talk.exchanges:
            await conversation.play(exchange.says)


@pytest.mark.parametrize("name", THINKING)
def test_writing_an_agent_loses_nothing(name: str) -> None:
    program = suite_of(CONVERSATIONS / f"{name}.yaml").program
    again = _again(program)
    assert again.playbooks == program.playbooks
    assert again.router == program.router
    assert again.personas == program.personas
    assert again.tools == program.tools
    assert again.settings == program.settings
    assert decode_program(encode_program(again)) == again


def _again(program: Program) -> Program:
    project = Project(ProjectID("p"), "P", (Environment(EnvironmentAlias("main"), program, 100.0),))
    with TemporaryDirectory() as folder:
        exported = export_with_report(project, Path(folder) / "out")
        assert exported.lost == ()
        loaded = load(Path(folder) / "out")
    assert loaded.warnings == ()
    return loaded.project.environments[0].program
