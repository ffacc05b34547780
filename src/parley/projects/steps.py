"""Lists of steps: each step gets its id and its successor, and goes to the compiler of its kind."""

from __future__ import annotations

from collections.abc import Callable

from parley.domain.ids import StepID
from parley.domain.steps import Target
from parley.projects import (
    channel_steps,
    deciding_steps,
    model_steps,
    playing_steps,
    showing_steps,
    talking_steps,
    world_steps,
)
from parley.projects.draft import ARROW, Draft, Place
from parley.projects.names import LABEL, LATER_KINDS, RESERVED
from parley.projects.nodes import Mapped, Node, Scalar, name_of
from parley.projects.problems import STEP, did_you_mean
from parley.projects.reading import check_keys, check_name, text_of
from parley.projects.saying import message
from parley.projects.step_shapes import COMMON, KINDS
from parley.projects.triggers import triggers_of

Compile = Callable[[Node, Mapped, Place, Draft], None]

COMPILERS: dict[str, Compile] = {
    "say": talking_steps.say,
    "ask": talking_steps.ask,
    "capture": talking_steps.capture,
    "buttons": talking_steps.buttons,
    "choice": talking_steps.choice,
    "listen": talking_steps.listen,
    "if": deciding_steps.if_,
    "cases": deciding_steps.cases,
    "set": deciding_steps.set_,
    "call": deciding_steps.call,
    "go to": deciding_steps.go_to,
    "random": deciding_steps.random,
    "reset": deciding_steps.reset,
    "image": showing_steps.image,
    "card": showing_steps.card,
    "carousel": showing_steps.carousel,
    "action": showing_steps.action,
    "speak": channel_steps.speak,
    "audio": channel_steps.audio,
    "stream": channel_steps.stream,
    "forward": channel_steps.forward,
    "handoff": channel_steps.handoff,
    "prompt": model_steps.prompt,
    "prompts": model_steps.prompts,
    "agent": playing_steps.agent,
    "playbook": playing_steps.playbook,
    "crew": playing_steps.crew,
    "operator": playing_steps.operator,
    "knowledge": model_steps.knowledge,
    "code": world_steps.code,
    "function": world_steps.function,
    "api": world_steps.api,
    "end": talking_steps.end,
}
_FIRST = ("say", "ask")
"""Kinds that may come before another one in the same step."""


def compile_list(draft: Draft, items: tuple[Node, ...], prefix: str, after: Target) -> Target:
    """Compile steps that run one after another; the id of the first, `after` where there is none.

    The ids are `prefix` with the position or, where a step has one, its label with the workflow's name.
    """
    separator = "/" if "/" not in prefix else "."
    ids = []
    for n, item in enumerate(items, 1):
        numbered = f"{prefix}{separator}{n}"
        with draft.problems.inside(f"{STEP}{numbered.partition('/')[2]}"):
            ids.append(_id(item, numbered, draft))
    entries = [None if _goes_back(item) else id for item, id in zip(items, ids, strict=True)]
    for n, (item, id) in enumerate(zip(items, ids, strict=True)):
        following = entries[n + 1] if n + 1 < len(items) else after
        label = _label(item)
        place = Place(id, label.text if label is not None else "", following, item.mark)
        with draft.problems.inside(f"{STEP}{id.partition('/')[2]}"):
            _compile(item, place, draft)
    return entries[0] if entries else after


def _compile(node: Node, place: Place, draft: Draft) -> None:
    if isinstance(node, Scalar):
        _arrow(node, place, draft)
        return
    if not isinstance(node, Mapped):
        advice = "Steps of a list of their own go under `then:` or the like."
        draft.problems.error(node.mark, f"a step must be a mapping such as `say: …`, and is {name_of(node)}", advice)
        return
    kind, first = _kind_of(node, draft)
    if kind is None:
        return
    what = f"a step `{kind}`"
    check_keys(node, KINDS[kind].keys, draft.problems, what)
    draft.triggers.extend(triggers_of(node, place.id, draft))
    main = place
    if first is not None:
        main = Place(place.under(kind.replace(" ", "_")), place.name, place.after, place.mark)
        leading = Place(place.id, place.name, main.id, place.mark)
        draft.add(message(node.values[first], leading, draft, f"`{first}`"), place.mark)
    COMPILERS[kind](node.values[kind], node, main, draft)
    if first is not None:
        draft.marks.pop(main.id, None)


def _arrow(node: Scalar, place: Place, draft: Draft) -> None:
    text = text_of(node, draft.problems, "a step")
    if text.startswith(ARROW):
        if not _goes_back(node):
            deciding_steps.jump(text, place, draft)
    elif text:
        known = {"end", "back", *draft.names.workflows}
        advice = f"Write `-> {text}`." if text in known else f"Write `say: {text[:60]}`."
        draft.problems.error(node.mark, "a step must be a mapping such as `say: …` or an arrow `-> …`", advice)


def _kind_of(node: Mapped, draft: Draft) -> tuple[str | None, str | None]:
    """The step's kind, and the key of what is said before it."""
    kinds = [kind for kind in KINDS if kind in node.values]
    if len(kinds) == 1:
        return kinds[0], None
    if len(kinds) == 2 and kinds[0] in _FIRST and kinds[0] in KINDS[kinds[1]].keys:
        return kinds[1], kinds[0]
    if kinds:
        both = " and ".join(f"`{kind}`" for kind in kinds)
        draft.problems.error(node.mark, f"a step is one thing, and this is {both}", "Make two steps of it.")
        return None, None
    _report_unknown(node, draft)
    return None, None


def _report_unknown(node: Mapped, draft: Draft) -> None:
    key = next((key for key in node.values if key not in COMMON), None)
    kinds = f"The kinds are: {', '.join(KINDS)}."
    if key is None:
        draft.problems.error(node.mark, "a step must do something", kinds)
    elif key in LATER_KINDS:
        draft.problems.error(node.keys[key].mark, f"steps of kind `{key}` cannot be run by this release", kinds)
    else:
        near = did_you_mean(key, KINDS)
        advice = near if near.startswith("Did") else ""
        message_ = f"there is no step of kind `{key[:60]}`"
        draft.problems.error(node.keys[key].mark, message_, f"{advice} {kinds}".strip())


def _label(node: Node) -> Scalar | None:
    label = node.get("label") if isinstance(node, Mapped) else None
    return label if isinstance(label, Scalar) and LABEL.fullmatch(label.text) else None


def _id(node: Node, numbered: str, draft: Draft) -> StepID:
    given = node.get("label") if isinstance(node, Mapped) else None
    label = _label(node)
    if label is None:
        if given is not None:
            check_name(text_of(given, draft.problems, "a label"), given, draft.problems, "a label", LABEL)
        return StepID(numbered)
    if label.text in RESERVED:
        draft.problems.error(label.mark, f"`{label.text}` cannot be a label: `-> {label.text}` has a meaning")
        return StepID(numbered)
    if label.text in draft.labels:
        draft.problems.error(label.mark, f"the label `{label.text}` is used twice in this workflow", "Rename one.")
        return StepID(numbered)
    id = StepID(f"{draft.workflow}/{label.text}")
    draft.labels[label.text] = id
    return id


def _goes_back(node: Node) -> bool:
    return isinstance(node, Scalar) and node.text.removeprefix(ARROW).strip() == "back" and node.text.startswith(ARROW)
