"""Prompts, agents and look-ups in the words of the agent format."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, assert_never

from msgspec.structs import asdict

from parley.domain.model_steps import Knowledge, Prompted, PromptedSet
from parley.domain.prompt import Briefing, ModelSettings, Prompt
from parley.domain.steps import Target
from parley.projects.export_names import Names
from parley.projects.export_yaml import NOTHING

Lead = Callable[[Target], Any]
"""A way on as it is written, also where it only goes on."""


def prompt_of(prompt: Prompt) -> dict[str, Any]:
    """`prompt` and what stands beside it."""
    written: dict[str, Any] = {"prompt": prompt.text or NOTHING}
    if prompt.system:
        written["system"] = prompt.system
    if prompt.messages:
        written["messages"] = [{message.role: message.content} for message in prompt.messages]
    if prompt.memory != "none":
        written["memory"] = prompt.memory
    if prompt.knowledge:
        written["from_knowledge"] = True
    return written | settings_of(prompt.settings)


def asked_of(step: Prompted | PromptedSet | Knowledge, names: Names, lead: Lead) -> dict[str, Any]:
    """What is asked, and what for."""
    match step:
        case Prompted():
            return _prompted(step, lead)
        case PromptedSet():
            return _prompted_set(step, names)
        case Knowledge():
            return _knowledge(step, names, lead)
        case _:
            assert_never(step)


def _prompted(step: Prompted, lead: Lead) -> dict[str, Any]:
    """A prompt whose answer is said."""
    return prompt_of(step.prompt) | ({} if step.not_found is None else {"not_found": lead(step.not_found.then)})


def _prompted_set(step: PromptedSet, names: Names) -> dict[str, Any]:
    """Prompts whose answers go into variables."""
    if len(step.values) == 1:
        value = step.values[0]
        return prompt_of(value.prompt) | {"into": names.variable(value.variable)}
    written: dict[str, Any] = {}
    for value in step.values:
        name = names.variable(value.variable)
        if name in written:
            names.lose(f"a second prompt for the variable '{value.variable}'")
        mapping = prompt_of(value.prompt)
        written[name] = value.prompt.text if list(mapping) == ["prompt"] and value.prompt.text else mapping
    return {"prompts": written}


def _knowledge(step: Knowledge, names: Names, lead: Lead) -> dict[str, Any]:
    """A look-up."""
    written: dict[str, Any] = {"knowledge": step.question}
    if step.variable:
        written["into"] = names.variable(step.variable)
    if step.limit != Knowledge("").limit:  # type: ignore[arg-type]
        written["limit"] = step.limit
    return written if step.not_found is None else written | {"not_found": lead(step.not_found.then)}


def briefing_of(briefing: Briefing) -> dict[str, Any]:
    """How a model is asked."""
    return ({"system": briefing.system} if briefing.system else {}) | settings_of(briefing.settings)


def settings_of(settings: ModelSettings) -> dict[str, Any]:
    """How a model is to answer."""
    return {key: value for key, value in asdict(settings).items() if value is not None}
