"""How a step that waits treats silence and what it did not ask for."""

from __future__ import annotations

from parley.domain.steps import Listening, NoMatch, NoReply, Said
from parley.projects.draft import Draft, Place
from parley.projects.nodes import Mapped, Node
from parley.projects.reading import boolean, seconds, shaped
from parley.projects.saying import said_of
from parley.projects.shape import Shape
from parley.projects.step_shapes import NO_MATCH, NO_REPLY, VARIANT


def listening_of(step: Mapped, place: Place, draft: Draft) -> Listening:
    """What `no_match`, `no_reply` and `elsewhere` of this step say."""
    no_match, no_reply, elsewhere = step.get("no_match"), step.get("no_reply"), step.get("elsewhere")
    return Listening(
        NoMatch() if no_match is None else _no_match(no_match, place, draft),
        None if no_reply is None else _no_reply(no_reply, place, draft),
        True if elsewhere is None else boolean(elsewhere, draft.problems, "`elsewhere`"),
    )


def _no_match(node: Node, place: Place, draft: Draft) -> NoMatch:
    mapping = _mapping(node, NO_MATCH, draft, "`no_match`")
    if mapping is None:
        return NoMatch(said_of(node, draft, "`no_match`"))
    then = mapping.get("then")
    target = None if then is None else draft.path(then, place, "no_match")
    return NoMatch(_prompts(mapping, draft, "`no_match`"), _is_shuffled(mapping, draft), then is not None, target)


def _no_reply(node: Node, place: Place, draft: Draft) -> NoReply:
    mapping = _mapping(node, NO_REPLY, draft, "`no_reply`")
    if mapping is None:
        return NoReply(None, said_of(node, draft, "`no_reply`"))
    after, then = mapping.get("after"), mapping.get("then")
    timeout = None if after is None else seconds(after, draft.problems, "`after`")
    target = None if then is None else draft.path(then, place, "no_reply")
    said, shuffled = _prompts(mapping, draft, "`no_reply`"), _is_shuffled(mapping, draft)
    return NoReply(timeout, said, shuffled, then is not None, target)


def _mapping(node: Node, shape: Shape, draft: Draft, what: str) -> Mapped | None:
    """The mapping with settings; None for what is only said."""
    if not isinstance(node, Mapped) or set(node.values) & set(VARIANT.keys):
        return None
    return shaped(node, shape, draft.problems, what)


def _prompts(mapping: Mapped, draft: Draft, what: str) -> tuple[Said, ...]:
    say = mapping.get("say")
    return () if say is None else said_of(say, draft, what)


def _is_shuffled(mapping: Mapped, draft: Draft) -> bool:
    shuffle = mapping.get("shuffle")
    return shuffle is not None and boolean(shuffle, draft.problems, "`shuffle`")
