"""Traces have the shapes that generated clients of the stable API know (its OpenAPI document, `AnyTrace`), restated."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema
import pytest

from house_fixture import API_KEY, open_house
from parley.engine.filling import told
from parley.projects.load import load
from wire.stable_house import LAUNCH, TEXT, Stable, shape

ENTITY = shape(name=TEXT, value=TEXT)
PLACED = {"nodeID": TEXT, "diagramID": TEXT}
REF = {
    "oneOf": [
        shape(type={"const": "node"}, nodeType=TEXT, **PLACED),
        shape(type={"const": "api-tool"}, apiToolID=TEXT, **PLACED),
        shape(type={"const": "function"}, functionID=TEXT, **PLACED),
        shape(type={"const": "integration-tool"}, integrationToolName=TEXT, **PLACED),
        shape(type={"const": "mcp-integration-tool"}, mcpToolName=TEXT, **PLACED),
    ]
}
PROVIDERS = ["ujet", "genesys", "kustomer", "dixa", "sunshine"]
BEGUN = {
    **shape(conversationID=TEXT, message=TEXT, event={"const": "chat_started"}),
    "dependentSchemas": {"provider": {"properties": {"provider": {"enum": PROVIDERS}}}},
}


async def traces(folder: Path, agent: str, *said: str) -> list[dict[str, Any]]:
    """What is answered to a launch and to these texts."""
    path = folder / "agent.yaml"
    path.write_text(f"project: shop\n{agent}")
    project = load(path).project
    opened = await open_house(project)
    async with opened.client() as raw:
        raw.headers["authorization"] = f"Bearer {API_KEY}"
        client = Stable(raw)
        actions = [LAUNCH, *({"type": "text", "payload": text} for text in said)]
        return [trace for action in actions for trace in await client.send("ada", action)]


@pytest.mark.parametrize(("to", "told"), [("zendesk", "sunshine"), ("genesys", "genesys"), ("operators", None)])
async def test_a_handoff_names_the_providers_that_clients_know(tmp_path: Path, to: str, told: str | None) -> None:
    agent = f"workflows: {{main: [{{handoff: {{to: {to}, say: One moment.}}}}]}}"
    (begun,) = [each for each in await traces(tmp_path, agent) if each["type"] == "live-agent-handoff"]
    jsonschema.validate(begun["payload"], BEGUN)
    assert begun["payload"].get("provider") == told


async def test_debug_traces_say_at_which_step_they_are(tmp_path: Path) -> None:
    agent = "workflows: {main: [{api: GET https://shop.test/, into: {heard: a}}]}\nvariables: {heard: ''}"
    refs = [each["payload"].get("ref") for each in await traces(tmp_path, agent) if each["type"] == "debug"]
    assert any(refs)
    for ref in filter(None, refs):
        jsonschema.validate(ref, REF)


def test_values_of_entities_are_texts_in_traces() -> None:
    values = {"size": 12, "day": "2026-01-31", "set": [1]}
    entities = [{"name": "odd"}, *({"name": name, "value": value} for name, value in values.items())]
    sent = {"type": "intent", "payload": {"intent": {"name": "order"}, "query": "", "entities": entities}}
    shown = told(sent)
    assert [each.get("value") for each in shown["payload"]["entities"]] == [None, "12", "2026-01-31", "[1]"]
    jsonschema.validate(shown["payload"]["entities"][1], ENTITY)
    assert sent["payload"]["entities"][1]["value"] == 12
