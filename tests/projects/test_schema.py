"""The schema that editors complete with says what the compiler takes: no more keys and no fewer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from tests.projects.agents import problems_of, written
from tests.projects.test_check_mistakes import AGENTS, HEAD, STEPS, WARNINGS

from parley.projects.load import check
from parley.projects.nodes import json_of
from parley.projects.problems import Problems
from parley.projects.schema import FILE, agent_schema, schema_text
from parley.projects.source import read_nodes
from parley.projects.step_shapes import KINDS

EXAMPLES = Path(__file__).parents[2] / "examples"
SCHEMA = agent_schema()
AGENT = Draft202012Validator(SCHEMA)
WORKFLOW = Draft202012Validator({"$ref": "#/$defs/workflow", "$defs": SCHEMA["$defs"]})


def json_at(path: Path) -> Any:
    """The file as the JSON that an editor sees."""
    node = read_nodes(path, Problems())
    assert node is not None
    return json_of(node)


def test_the_published_schema_is_the_one_made_of_the_shapes() -> None:
    assert FILE.read_text(encoding="utf-8") == schema_text(), "run `python -m parley.projects.schema`"


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(json.loads(FILE.read_text(encoding="utf-8")))


def test_every_key_is_described() -> None:
    def undescribed(form: Any, at: str) -> list[str]:
        if not isinstance(form, dict):
            return []
        keys = form.get("properties", {})
        missing = [f"{at}.{key}" for key, value in keys.items() if not value.get("description")]
        return missing + [each for key, value in form.items() for each in undescribed(value, f"{at}.{key}")]

    assert undescribed(SCHEMA, "") == []


def test_every_reference_leads_somewhere() -> None:
    text = schema_text()
    for part in text.split('"$ref": "#/$defs/')[1:]:
        assert part.partition('"')[0] in SCHEMA["$defs"]


@pytest.mark.parametrize(
    "path", [EXAMPLES / "minimal.yaml", EXAMPLES / "support_desk/agent.yaml"], ids=lambda p: p.stem
)
def test_the_examples_are_valid(path: Path) -> None:
    assert [error.message for error in AGENT.iter_errors(json_at(path))] == []


@pytest.mark.parametrize("path", sorted((EXAMPLES / "support_desk/workflows").iterdir()), ids=lambda p: p.stem)
def test_the_workflows_of_the_example_are_valid(path: Path) -> None:
    assert [error.message for error in WORKFLOW.iter_errors(json_at(path))] == []


@pytest.mark.parametrize("doubt", WARNINGS)
def test_what_is_only_doubtful_is_valid(tmp_path: Path, doubt: str) -> None:
    lines = "".join(f"    {line}\n" for line in WARNINGS[doubt][0].split("\n"))
    path = written(tmp_path, HEAD + lines)
    assert [error.message for error in AGENT.iter_errors(json_at(path))] == []


@pytest.mark.parametrize(
    "mistake",
    [
        name
        for name, (_, _, message, _) in {**STEPS, **AGENTS}.items()
        if "has no key" in message or "no step of" in message
    ],
)
def test_a_key_that_the_compiler_refuses_is_invalid(tmp_path: Path, mistake: str) -> None:
    text = AGENTS[mistake][0] if mistake in AGENTS else None
    if text is None:
        text = HEAD + "".join(f"    {line}\n" for line in STEPS[mistake][0].split("\n"))
    assert list(AGENT.iter_errors(json_at(written(tmp_path, text)))) != []


@pytest.mark.parametrize("kind", KINDS)
def test_every_key_of_the_schema_is_one_that_the_compiler_knows(tmp_path: Path, kind: str) -> None:
    keys = SCHEMA["$defs"][f"step_{kind.replace(' ', '_')}"]["properties"]
    for key in keys:
        step = json.dumps({kind: "x", key: "x"})
        problems = problems_of(tmp_path, f"workflows: {{main: [{step}]}}\n")
        assert not any("has no key" in problem.message for problem in problems), (kind, key)


def test_agents_of_conversation_tests_are_valid_where_they_load(tmp_path: Path) -> None:
    talks = Path(__file__).parents[1] / "conversations"
    seen = 0
    for path in sorted(talks.glob("*.yaml")):
        document = json_at(path)
        if not isinstance(document.get("agent"), dict):
            continue
        agent = written(tmp_path, json.dumps(document["agent"]), f"{path.stem}.yaml")
        if not any(problem.severity == "error" for problem in check(agent)):
            seen += 1
            assert [e.message for e in AGENT.iter_errors(document["agent"])] == [], path.name
    assert seen
