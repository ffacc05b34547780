"""The shapes of a suite's file: which keys it takes, and what each is for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import parley.projects
from parley.projects.shape import Form, Key, Shape, any_of, list_of, map_of, ref
from parley.trials.expected import FORMS

FILE = Path(parley.projects.__file__).with_name("suite.schema.json")
_TEXT: Form = {"type": ["string", "number", "boolean"]}
_ANY: Form = {}
_MAPPING: Form = {"type": "object"}
_SAID = {"type": "array", "items": ref("expected")}

EXCHANGE = Shape(
    "exchange",
    "What is said, or what is expected of the answer.",
    {
        "user": Key(any_of(_TEXT, _MAPPING), "What the user says; `launch` begins; a mapping is an action."),
        "presses": Key(_TEXT, "The button of this name, of all that were shown."),
        "event": Key(_TEXT, "A project event."),
        "silence": Key({"const": True}, "The client reports that the user said nothing."),
        "config": Key(_MAPPING, "How the answers from here on are shaped: `{completionEvents: true}`."),
        "expect": Key(_SAID, "All that is said since, without block, debug, flow and path traces."),
        "exactly": Key(_SAID, "All that is said since."),
        "mentions": Key(_SAID, "Traces that are among all that is said since, in this order."),
        "never": Key(_SAID, "Traces that are not among all that is said since."),
        "variables": Key(_MAPPING, "The values of variables."),
        "json": Key(_MAPPING, 'What lies where in the traces: `{"[0].payload.message": Hello}`.'),
        "judge": Key(_TEXT, "What a language model must find true of the answer."),
        "ended": Key({"type": "boolean"}, "Whether the conversation is over."),
    },
    advice="For example `{user: Hello}` or `{expect: [Hi!]}`.",
)
HTTP_ANSWER = Shape(
    "http_answer",
    "What a service answers.",
    {
        "status": Key({"type": "integer"}, "Default: 200."),
        "json": Key(_ANY, "The body, as JSON."),
        "text": Key(_TEXT, "The body, as a text."),
        "headers": Key(_MAPPING, "Headers of the answer."),
        "echo": Key({"const": True}, "The body tells what was sent: `{method, url, body, headers}`."),
        "fails": Key(_TEXT, "There is no answer, and this is why."),
    },
    advice="For example `{json: {status: sent}}`.",
)
SUITE = Shape(
    "suite",
    "Conversations with an agent.",
    {
        "agent": Key(any_of(_TEXT, _MAPPING), "The agent: a path, or written in place. Default: the one above."),
        "world": Key(map_of(ref("http_answer")), "What services answer, by `METHOD address` or by address."),
        "mcp": Key(map_of(map_of(_ANY)), "What MCP servers answer, by address and tool: `{text, json, fails, error}`."),
        "model": Key(any_of({"const": "configured"}, list_of(_MAPPING)), "The rules of a scripted language model."),
        "judge_model": Key(list_of(_MAPPING), "The rules of a scripted judge. Default: the configured model."),
        "knowledge": Key(list_of(_TEXT), "The documents of the knowledge base."),
        "secrets": Key(_MAPPING, "Secrets by name."),
        "variables": Key(_MAPPING, "Variables before the conversation begins."),
        "now": Key(_TEXT, "When it begins: `2026-01-01T00:00:00Z` is the default."),
        "user": Key(_TEXT, "The id of the user."),
        "talk": Key(list_of(ref("exchange_or_word")), "One conversation."),
        "talks": Key(map_of(list_of(ref("exchange_or_word"))), "Several conversations, by name."),
    },
    advice="For example `{talk: [{user: launch}, {expect: [Hello!]}]}`.",
)


def suite_schema() -> Form:
    """The JSON Schema of suites (draft 2020-12)."""
    forms = {name: {"description": form.about} for name, form in FORMS.items()}
    short: dict[str, Any] = {
        "type": "object",
        "minProperties": 1,
        "maxProperties": 1,
        "properties": forms,
        "additionalProperties": False,
    }
    whole: dict[str, Any] = {"type": "object", "required": ["type"], "properties": {"type": {"type": "string"}}}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A suite of conversations with a Parley agent",
        **SUITE.schema(),
        "$defs": {
            "expected": any_of(_TEXT, short, whole),
            "exchange_or_word": any_of({"const": "silence"}, ref("exchange")),
            "exchange": EXCHANGE.schema(),
            "http_answer": HTTP_ANSWER.schema(),
        },
    }


def schema_text() -> str:
    """The schema as it is published."""
    return json.dumps(suite_schema(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(schema_text(), encoding="utf-8")
