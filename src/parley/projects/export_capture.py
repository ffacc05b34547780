"""What is asked of users, in the words of the agent format: a whole reply, or entities and how they are asked for."""

from __future__ import annotations

from typing import Any

from parley.domain.steps import Capture, Exits, WantedEntity
from parley.projects.export_model import Lead, briefing_of
from parley.projects.export_names import Names
from parley.projects.export_values import said, short
from parley.projects.export_yaml import NOTHING


def captured(step: Capture, names: Names, lead: Lead, *, is_asked: bool) -> dict[str, Any]:
    """What the reply is for."""
    if step.variable is not None:
        return {"into" if is_asked else "capture": names.variable(step.variable)}
    head: dict[str, Any] = {} if is_asked else {"capture": NOTHING}
    return head | _entities(step, names, lead) | _judged(step, lead)


def _entities(step: Capture, names: Names, lead: Lead) -> dict[str, Any]:
    first = step.entities[0] if len(step.entities) == 1 else None
    if first is not None and not first.placeholder and first.given_up is None:
        return {"entity": first.entity} | _wanted(first, names, lead)
    return {"entities": {each.entity: _wanted(each, names, lead) or NOTHING for each in step.entities}}


def _wanted(wanted: WantedEntity, names: Names, lead: Lead) -> dict[str, Any]:
    written: dict[str, Any] = {} if wanted.variable == wanted.entity else {"into": names.variable(wanted.variable)}
    if wanted.reprompts:
        written["reprompt"] = said(wanted.reprompts, names)
    if wanted.placeholder:
        written["placeholder"] = wanted.placeholder
    return written if wanted.given_up is None else written | {"then": lead(wanted.given_up.then)}


def _judged(step: Capture, lead: Lead) -> dict[str, Any]:
    """What a model does about it. A briefing alone has `ask_model` say that it does not ask."""
    briefing = briefing_of(step.briefing)
    written: dict[str, Any] = {}
    if step.improvises:
        written["ask_model"] = briefing or True
    elif briefing:
        written["ask_model"] = {"asks": False} | briefing
    if step.rules:
        written["rules"] = list(step.rules)
    return written if step.exits is None else written | {"exit": _exit(step.exits, lead)}


def _exit(exits: Exits, lead: Lead) -> dict[str, Any]:
    return short({"when": list(exits.scenarios), "then": lead(exits.then)})
