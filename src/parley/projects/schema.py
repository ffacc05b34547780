"""The JSON Schema of agent files, made of the shapes that the compiler reads by."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from parley.projects import (
    channel_shapes,
    knowledge,
    model_shapes,
    playing_shapes,
    shapes,
    step_shapes,
    tool_shapes,
    widget,
    world_shapes,
)
from parley.projects.names import ENTITY_TYPES
from parley.projects.shape import Form, any_of, list_of, map_of, ref

FILE = Path(__file__).with_name("agent.schema.json")
_INNER = (
    *(
        shapes.FALLBACK,
        shapes.NO_REPLY,
        shapes.LIMITS,
        shapes.RECORDING,
        shapes.SETTINGS,
        shapes.ENVIRONMENT,
        shapes.TRIGGER,
    ),
    *(shapes.VARIABLE_SHAPE, shapes.WORKFLOW, shapes.INTENT, shapes.REQUIRED, shapes.ENTITY, shapes.EVENT),
    *(step_shapes.VARIANT, step_shapes.NO_MATCH, step_shapes.NO_REPLY, step_shapes.OPTION, step_shapes.WANTED),
    *(step_shapes.EXITS, step_shapes.JUDGED),
    *(widget.WIDGET, widget.SPACING, knowledge.KNOWLEDGE, knowledge.DOCUMENT),
    *(step_shapes.COMPARISON, step_shapes.GROUP, step_shapes.CASE, step_shapes.IMAGE, step_shapes.CARD),
    *(step_shapes.INTENDED, *channel_shapes.CHANNEL_SHAPES, *model_shapes.MODEL_SHAPES, *world_shapes.WORLD_SHAPES),
    *tool_shapes.TOOL_SHAPES,
    *playing_shapes.PLAYING_SHAPES,
)
_TARGET: Form = {"type": "string", "pattern": "^->", "description": "`-> workflow`, `-> label`, `-> end`, `-> back`."}
_TEXT: Form = {"type": ["string", "number", "boolean"], "description": "A text; `{name}` stands for a variable."}
_DURATION: Form = any_of(
    {"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)? ?(ms|s|m|h)$|^off$|^0$"}, {"enum": [0, False]}
)


def agent_schema() -> Form:
    """The whole schema (draft 2020-12)."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A Parley agent",
        **shapes.AGENT.schema(),
        "$defs": _definitions(),
    }


def schema_text() -> str:
    """The schema as it is published."""
    return json.dumps(agent_schema(), indent=1, ensure_ascii=False) + "\n"


def _definitions() -> dict[str, Any]:
    option_value = any_of(ref("path"), ref("option"), ref("url"), shapes.NOTHING)
    simple: dict[str, Any] = {
        "text": _TEXT,
        "duration": _DURATION,
        "target": _TARGET,
        "url": {"type": "string", "pattern": r"^(https?://|mailto:|tel:|\{)"},
        "say": any_of(ref("text"), list_of(any_of(ref("text"), ref("variant"))), ref("variant")),
        "test": any_of(ref("text"), ref("comparison"), ref("group"), ref("judged")),
        "path": any_of(ref("target"), ref("steps"), ref("step"), shapes.NOTHING),
        "steps": any_of({"type": "array", "items": ref("step")}, shapes.NOTHING),
        "step": any_of(ref("target"), *(ref(_kind_name(kind)) for kind in step_shapes.KINDS)),
        "buttons": any_of(map_of(option_value), list_of(any_of(ref("text"), ref("option")))),
        "choice": any_of(map_of(option_value, shapes.INTENT_NAME), list_of(any_of(ref("text"), ref("option")))),
        "trigger_or_intent": any_of(ref("text"), ref("trigger")),
        "workflow": any_of(ref("steps"), ref("workflow_mapping")),
        "intent": any_of(list_of(ref("text")), ref("intent_mapping"), shapes.NOTHING),
        "entity": any_of(list_of(ref("entity_value")), {"enum": list(ENTITY_TYPES)}, ref("entity_mapping")),
        "entity_value": any_of(ref("text"), map_of(any_of(list_of(ref("text")), shapes.NOTHING))),
        "event": any_of(ref("target"), ref("text"), ref("event_mapping")),
    }
    inner = {shape.name: shape.schema() for shape in _INNER}
    kinds = {_kind_name(kind): shape.schema() for kind, shape in step_shapes.KINDS.items()}
    return {**simple, **inner, **kinds}


def _kind_name(kind: str) -> str:
    return f"step_{kind.replace(' ', '_')}"


if __name__ == "__main__":
    FILE.write_text(schema_text(), encoding="utf-8")
