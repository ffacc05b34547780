"""Steps that ask a language model or a knowledge base: prompt, prompts, knowledge."""

from __future__ import annotations

from typing import Literal, cast, get_args

from msgspec.structs import replace

from parley.domain.model_steps import Knowledge, Prompted, PromptedSet, PromptedValue
from parley.domain.prompt import Briefing, Memory, ModelSettings, Prompt, PromptMessage, Reasoning
from parley.projects.channel_steps import way
from parley.projects.draft import Draft, Place, is_nothing
from parley.projects.model_shapes import MESSAGE, PROMPT
from parley.projects.nodes import Mapped, Node
from parley.projects.reading import boolean, items_of, mapping_of, number, one_of, shaped, text_of


def prompt(value: Node, step: Mapped, place: Place, draft: Draft) -> None:
    """Says the answer, or puts it into a variable."""
    asked = _prompt(value, step, draft)
    into = step.get("into")
    if into is None:
        not_found = way(step, "not_found", place, draft)
        draft.add(Prompted(place.id, place.name, place.after, prompt=asked, not_found=not_found), place.mark)
        return
    if step.get("not_found") is not None:
        draft.problems.error(step.keys["not_found"].mark, "`not_found` does not go with `into`", "Test the variable.")
    values = (PromptedValue(draft.variable(into, "`into`"), asked),)
    draft.add(PromptedSet(place.id, place.name, place.after, values=values), place.mark)


def prompts(value: Node, step: Mapped, place: Place, draft: Draft) -> None:
    """Sets variables to the answers; what is written beside `prompts` holds for each of them."""
    values = []
    for name, key, given in mapping_of(value, draft.problems, "`prompts`"):
        draft.check_variable(name, key)
        if isinstance(given, Mapped):
            own = shaped(given, PROMPT, draft.problems, f"the prompt of `{name}`")
            asked = _prompt(given.get("prompt"), own or given, draft, _prompt(None, step, draft))
        else:
            asked = _prompt(given, step, draft)
        values.append(PromptedValue(name, asked))
    if not values:
        draft.problems.error(value.mark, "`prompts` asks for nothing", "For example `prompts: {mood: Which mood?}`.")
    draft.add(PromptedSet(place.id, place.name, place.after, values=tuple(values)), place.mark)


def knowledge(value: Node, step: Mapped, place: Place, draft: Draft) -> None:
    """Looks something up."""
    into, limit = step.get("into"), step.get("limit")
    found = Knowledge(
        place.id,
        place.name,
        place.after,
        question=draft.template(value, "`knowledge`"),
        variable="" if into is None else draft.variable(into, "`into`"),
        limit=3 if limit is None else int(number(limit, draft.problems, "`limit`", whole=True)),
        not_found=way(step, "not_found", place, draft),
    )
    draft.add(found, place.mark)


def prompt_of(node: Node, draft: Draft) -> Prompt:
    """A prompt that stands alone: a text, or a mapping with `prompt`."""
    if not isinstance(node, Mapped):
        return Prompt(draft.template(node, "`prompt`"))
    mapping = shaped(node, PROMPT, draft.problems, "`prompt`")
    return _prompt(node.get("prompt"), mapping or node, draft)


def briefing_of(keys: Mapped, draft: Draft) -> Briefing:
    """How a model is asked, by the keys that stand beside what it is asked."""
    system = keys.get("system")
    text = "" if system is None else draft.template(system, "`system`")
    return Briefing(text, settings_in(keys, draft, ModelSettings()))


def _prompt(text: Node | None, keys: Mapped, draft: Draft, common: Prompt | None = None) -> Prompt:
    """The prompt with what is written beside it; the rest of it is `common`."""
    found = common or Prompt()
    system, memory, messages = (keys.get(key) for key in ("system", "memory", "messages"))
    uses = keys.get("from_knowledge")
    return replace(
        found,
        text="" if text is None or is_nothing(text) else draft.template(text, "`prompt`"),
        system=found.system if system is None else draft.template(system, "`system`"),
        messages=found.messages if messages is None else _messages(messages, draft),
        memory=found.memory
        if memory is None
        else cast(Memory, one_of(memory, draft.problems, "`memory`", get_args(Memory))),
        knowledge=found.knowledge if uses is None else boolean(uses, draft.problems, "`from_knowledge`"),
        settings=settings_in(keys, draft, found.settings),
    )


def _messages(node: Node, draft: Draft) -> tuple[PromptMessage, ...]:
    found = []
    for item in items_of(node, draft.problems, "`messages`"):
        mapping = shaped(item, MESSAGE, draft.problems, "a message")
        if mapping is None:
            continue
        if len(mapping.values) != 1:
            draft.problems.error(item.mark, "a message is by `user` or by `assistant`", MESSAGE.advice)
        roles: tuple[Literal["user", "assistant"], ...] = ("user", "assistant")
        for role in roles:
            content = mapping.get(role)
            if content is not None:
                found.append(PromptMessage(role, draft.template(content, f"`{role}`")))
    return tuple(found)


def settings_in(keys: Mapped, draft: Draft, common: ModelSettings) -> ModelSettings:
    """How a model is to answer, by the keys of a step; what they leave open is as `common` has it."""
    model, temperature, longest, effort = (keys.get(k) for k in ("model", "temperature", "max_tokens", "reasoning"))
    return ModelSettings(
        common.model if model is None else text_of(model, draft.problems, "`model`"),
        common.temperature
        if temperature is None
        else float(number(temperature, draft.problems, "`temperature`", least=-1e-9)),
        common.max_tokens if longest is None else int(number(longest, draft.problems, "`max_tokens`", whole=True)),
        common.reasoning if effort is None else reasoning_in(effort, draft),
    )


def reasoning_in(node: Node, draft: Draft) -> Reasoning:
    """How much a model is to think."""
    return cast(Reasoning, one_of(node, draft.problems, "`reasoning`", get_args(Reasoning)))
