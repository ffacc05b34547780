"""What an agent says: texts, variants of them, and reprompts."""

from __future__ import annotations

from parley.domain.ids import WorkflowID
from parley.domain.steps import Message, Said
from parley.projects.conditions import test_of
from parley.projects.draft import Draft, Names, Place
from parley.projects.nodes import Listed, Mapped, Node
from parley.projects.problems import Problems
from parley.projects.reading import items_of, seconds, shaped, text_of
from parley.projects.step_shapes import VARIANT


def said_of(node: Node, draft: Draft, what: str) -> tuple[Said, ...]:
    """A text, a variant with its conditions, or a list of them."""
    items = items_of(node, draft.problems, what) if isinstance(node, Listed) else (node,)
    return tuple(_variant(item, draft, what) for item in items)


def said_anywhere(node: Node, names: Names, problems: Problems, what: str) -> tuple[Said, ...]:
    """What is said outside workflows: no workflow's own variables exist there."""
    return said_of(node, Draft(WorkflowID(""), names, problems, lambda *_: None), what)


def message(node: Node, place: Place, draft: Draft, what: str) -> Message:
    """A step that says it."""
    variants = said_of(node, draft, what)
    if variants and all(said.when is not None for said in variants):
        advice = "Add a variant without `when`."
        draft.problems.warn(node.mark, f"{what} says nothing when none of its variants' conditions holds", advice)
    return Message(place.id, name=place.name, then=place.after, variants=variants)


def _variant(node: Node, draft: Draft, what: str) -> Said:
    if not isinstance(node, Mapped) or (len(node.values) == 1 and not set(node.values) & set(VARIANT.keys)):
        text = draft.template(node, what)
        return Said(text)
    mapping = shaped(node, VARIANT, draft.problems, f"a variant of {what}")
    text_node = mapping.get("text") if mapping else None
    if mapping is None or text_node is None:
        return Said("")
    when, delay, audio = mapping.get("when"), mapping.get("delay"), mapping.get("audio")
    pause = seconds(delay, draft.problems, "`delay`") if delay is not None else None
    return Said(
        draft.template(text_node, "`text`"),
        delay=None if pause is None else round(pause * 1000),
        when=None if when is None else test_of(when, draft),
        audio=None if audio is None else text_of(audio, draft.problems, "`audio`"),
    )
