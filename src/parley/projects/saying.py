"""What an agent says: texts, variants of them, and reprompts."""

from __future__ import annotations

from typing import Any

from parley.domain.ids import WorkflowID
from parley.domain.steps import Message, Said
from parley.projects.conditions import test_of
from parley.projects.draft import Draft, Names, Place
from parley.projects.markdown import Unclosed
from parley.projects.markdown import slate_of as slate_of_markdown
from parley.projects.nodes import Listed, Mapped, Node
from parley.projects.problems import Problems
from parley.projects.reading import check_template, items_of, seconds, shaped, text_of
from parley.projects.slate import plain, slate_in, texts
from parley.projects.step_shapes import RICH, VARIANT


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


def text_in(
    mapping: Mapped, draft: Draft, what: str, advice: str, *, must: bool = True
) -> tuple[str | None, list[Any] | None]:
    """The text under `text`, `rich` or `slate`, and the rich text where it is one."""
    given = [key for key in ("text", *RICH) if mapping.get(key) is not None]
    if len(given) > 1:
        draft.problems.error(mapping.keys[given[1]].mark, f"{what} has `{given[0]}` and `{given[1]}`", "Keep one.")
    elif not given and must:
        draft.problems.error(mapping.mark, f"{what} needs `text`", advice)
    if not given:
        return None, None
    node = mapping.values[given[0]]
    if given[0] == "text":
        return draft.template(node, "`text`"), None
    slate = slate_in(node, draft.problems, "`slate`") if given[0] == "slate" else _markdown(node, draft)
    for text in texts(slate):
        check_template(text, node, draft.problems, draft.is_readable, lambda: draft.names.variables)
    return plain(slate), slate


def _markdown(node: Node, draft: Draft) -> list[Any]:
    try:
        return slate_of_markdown(text_of(node, draft.problems, "`rich`"))
    except Unclosed as mark:
        advice = f"Write `\\{mark}` for the characters themselves."
        draft.problems.error(node.mark, f"`{mark}` in `rich` is not closed where it was opened", advice)
        return []


def _variant(node: Node, draft: Draft, what: str) -> Said:
    if not isinstance(node, Mapped) or (len(node.values) == 1 and not set(node.values) & set(VARIANT.keys)):
        text = draft.template(node, what)
        return Said(text)
    mapping = shaped(node, VARIANT, draft.problems, f"a variant of {what}")
    if mapping is None:
        return Said("")
    said, slate = text_in(mapping, draft, f"a variant of {what}", VARIANT.advice)
    when, delay, audio = mapping.get("when"), mapping.get("delay"), mapping.get("audio")
    pause = seconds(delay, draft.problems, "`delay`") if delay is not None else None
    return Said(
        said or "",
        slate,
        delay=None if pause is None else round(pause * 1000),
        when=None if when is None else test_of(when, draft),
        audio=None if audio is None else text_of(audio, draft.problems, "`audio`"),
    )
