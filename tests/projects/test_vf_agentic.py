"""Exports with an agent that routes, and with playbooks: none was seen, so these are made by the API's schemas."""

from __future__ import annotations

import copy
import json
from typing import Any

from tests.conversations.driver import engine_driver
from tests.projects.vf_files import FIXTURES

from parley.backends.llm.scripted import script_of
from parley.domain.conditions import Compare
from parley.domain.model_steps import AgentStep
from parley.domain.own_workflows import ROUTER, playbook_workflow
from parley.domain.playbooks import Needed, Playbook
from parley.domain.prompt import ModelSettings
from parley.projects.vf.compiler import compile_export
from parley.projects.vf.report import Import


def export(**more: Any) -> dict[str, Any]:
    """The orchard, with an agent and a playbook."""
    found: dict[str, Any] = json.loads((FIXTURES / "orchard_12.vf").read_text())
    playbook = {"id": "p-1", "name": "Pruning", "instructions": [{"text": ["Prune."]}], "settings": {"model": "small"}}
    agent = {
        "prompt": [{"text": ["You are the orchard."]}],
        "instructions": [{"text": ["Choose."]}],
        "llm": {"defaults": {"model": "large", "maxTokens": 100, "temperature": 0.5}},
        "playbooks": [
            {
                "playbookID": "p-1",
                "description": "When trees are too tall",
                "condition": {
                    "type": "value-variable",
                    "matchAll": True,
                    "assertions": [
                        {"key": "a", "lhs": {"variableID": "v-mood"}, "operation": "is_not", "rhs": [{"text": ["bad"]}]}
                    ],
                },
                "requiredVariables": [{"id": "r", "description": "Which tree", "variableOrEntityID": "topic"}],
            },
            {"playbookID": "nowhere", "description": None},
        ],
        "workflows": [{"workflowID": "nowhere", "description": "x"}],
    }
    return copy.deepcopy(found | {"playbooks": [playbook], "agent": agent} | more)


def compiled(**more: Any) -> Import:
    return compile_export(export(**more), "orchard.vf", "orchard")


def test_the_agent_has_its_prompt_and_its_routes() -> None:
    loaded = compiled().loaded
    program = loaded.project.environments[0].program
    router = program.router
    assert router is not None
    assert (router.prompt, router.instructions) == ("You are the orchard.", "Choose.")
    assert router.settings == ModelSettings("large", 0.5, 100)
    (route,) = router.routes
    assert route.playbook == "Pruning"
    assert isinstance(route.when, Compare)
    assert route.needs == (Needed("topic", "Which tree"),)
    assert program.playbooks == {
        "Pruning": Playbook("Pruning", "Prune.", "When trees are too tall", settings=ModelSettings("small"))
    }
    assert program.start == ROUTER
    assert router.first == "d-root"
    assert playbook_workflow("Pruning") in program.workflows
    told = "\n".join(map(str, loaded.warnings))
    assert "the playbook 'nowhere' is not in the file" in told
    assert "the workflow 'nowhere' is not in the file" in told


def test_without_an_agent_it_is_as_it_was() -> None:
    program = compiled(agent=None).loaded.project.environments[0].program
    assert program.router is None
    assert program.start == "d-root"


async def test_what_ends_hands_over_to_the_agent() -> None:
    found = export()
    root = found["diagrams"]["d-root"]
    start = next(id for id, node in root["nodes"].items() if node["type"] == "start")
    root["nodes"] = {start: {**root["nodes"][start], "data": {"portsV2": {"byKey": {}, "builtIn": {}, "dynamic": []}}}}
    program = compile_export(found, "orchard.vf", "orchard").loaded.project.environments[0].program
    rules = [
        "{when: tall, choose: Pruning, values: {topic: oak}}",
        "{system: Prune., answer: Cut here.}",
        "{answer: Hello.}",
    ]
    script = "".join(f"- {rule}\n" for rule in rules)
    send = engine_driver(program, model=script_of(script))
    texts = [t["payload"]["message"] for t in (await send({"type": "launch"}, {})).traces if t["type"] == "text"]
    assert texts == ["Hello."]
    answer = await send({"type": "text", "payload": "my oak is too tall"}, {})
    assert [t["payload"]["message"] for t in answer.traces if t["type"] == "text"] == ["Cut here."]
    assert answer.variables["topic"] == "oak"


def test_a_playbook_node_is_an_agent_node() -> None:
    found = export(agent=None)
    nodes = found["diagrams"]["d-root"]["nodes"]
    agent = next(node for node in nodes.values() if node["type"] == "agent")
    agent["type"], agent["data"]["playbookID"], agent["data"]["talksFirst"] = "playbook", "p-1", False
    program = compile_export(found, "orchard.vf", "orchard").loaded.project.environments[0].program
    step = program.workflows["d-root"].steps[agent["nodeID"]]
    assert isinstance(step, AgentStep)
    assert (step.instructions, step.talks_first) == ("Prune.", False)
