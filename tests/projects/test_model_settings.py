"""How a model is to answer: the same keys for prompts, playbooks and steps, read, written and refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.projects.agents import only_problem, program_of
from tests.projects.test_export import exported

from parley.domain.model_steps import Prompted, PromptedSet
from parley.domain.program import Program
from parley.domain.prompt import ModelSettings

AGENT = """
project: thinker
variables: {short: "", long: ""}
agent:
  instructions: Be kind.
  model: {use: large, reasoning: high}
playbooks:
  riddles:
    when: The user likes riddles.
    instructions: Tell riddles.
    model: {reasoning: low, temperature: 0.5}
workflows:
  main:
    - prompt: Say something.
      reasoning: none
    - prompts: {short: A word., long: {prompt: A sentence., reasoning: high}}
      reasoning: medium
    - playbook: riddles
"""


def settings_of(found: Program) -> list[ModelSettings]:
    """Of the agent, the playbook and the steps in their order."""
    assert found.router is not None
    steps = [step for workflow in found.workflows.values() for step in workflow.steps.values()]
    prompts = [step.prompt for step in steps if isinstance(step, Prompted)]
    values = [value.prompt for step in steps if isinstance(step, PromptedSet) for value in step.values]
    return [
        found.router.settings,
        *(playbook.settings for playbook in found.playbooks.values()),
        *(prompt.settings for prompt in (*prompts, *values)),
    ]


def test_how_much_a_model_thinks_is_said_where_its_other_settings_are(tmp_path: Path) -> None:
    found = program_of(tmp_path, AGENT)
    assert settings_of(found) == [
        ModelSettings("large", reasoning="high"),
        ModelSettings(temperature=0.5, reasoning="low"),
        ModelSettings(reasoning="none"),
        ModelSettings(reasoning="medium"),
        ModelSettings(reasoning="high"),
    ]
    assert settings_of(exported(found)) == settings_of(found)


@pytest.mark.parametrize("where", ["      reasoning: none", "reasoning: low"])
def test_an_effort_that_is_none_is_refused_with_those_that_are(tmp_path: Path, where: str) -> None:
    problem = only_problem(tmp_path, AGENT.replace(where, where.rpartition(" ")[0] + " much"))
    assert "`reasoning`" in str(problem)
    for effort in ("none", "low", "medium", "high"):
        assert effort in str(problem)
