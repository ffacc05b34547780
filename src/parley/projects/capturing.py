"""What a reply is for: a variable that gets the whole of it, or entities that are found in it and asked for."""

from __future__ import annotations

from parley.domain.prompt import Briefing
from parley.domain.steps import Capture, Exits, WantedEntity, Way
from parley.projects.draft import Draft, Place, is_nothing
from parley.projects.listening import listening_of
from parley.projects.model_shapes import BRIEFING
from parley.projects.model_steps import briefing_of
from parley.projects.nodes import Listed, Mapped, Node, Scalar, name_of
from parley.projects.reading import boolean, items_of, mapping_of, shaped
from parley.projects.saying import said_of
from parley.projects.step_shapes import EXITS, WANTED

_WITH_ENTITIES = ("ask_model", "rules", "exit")


def captured_by(step: Mapped, variable: Node | None, place: Place, draft: Draft, what: str) -> Capture:
    """The step that waits; `variable` stands at the key of the kind itself."""
    entity, entities, into, reprompt = (step.get(key) for key in ("entity", "entities", "into", "reprompt"))
    wanted: tuple[WantedEntity, ...] = ()
    into = into if variable is None else variable
    whole: str | None = None
    if entity is not None and entities is not None:
        draft.problems.error(entity.mark, f"{what} takes `entity` or `entities`, not both", "Put it into `entities`.")
    if entities is not None:
        wanted = _entities(entities, place, draft, what)
        if into is not None:
            advice = "Write `entities: {order_number: order}`."
            draft.problems.error(into.mark, "`into` goes with `entity`; `entities` names a variable each", advice)
    elif entity is not None:
        name = draft.entity(entity)
        said = () if reprompt is None else said_of(reprompt, draft, "`reprompt`")
        wanted = (WantedEntity(name, name if into is None else draft.variable(into, "`into`"), said),)
    elif into is not None:
        whole = draft.variable(into, "`into`")
    else:
        advice = f"For example `{{{what.strip('`')}: …, into: name}}`."
        draft.problems.error(place.mark, f"{what} needs `into`, `entity` or `entities`", advice)
    if reprompt is not None and entity is None:
        advice = "For a whole reply there is `no_match`."
        draft.problems.error(reprompt.mark, "`reprompt` goes with `entity`", advice)
    improvises, briefing = _asker(step.get("ask_model"), draft)
    _check_for_entities(step, entity or entities, draft)
    return Capture(
        place.id,
        place.name,
        place.after,
        variable=whole,
        entities=wanted,
        listening=listening_of(step, place, draft),
        improvises=improvises,
        rules=_templates(step.get("rules"), draft, "`rules`"),
        exits=_exits(step.get("exit"), place, draft),
        briefing=briefing,
    )


def _check_for_entities(step: Mapped, entities: Node | None, draft: Draft) -> None:
    for key in _WITH_ENTITIES:
        node = step.get(key)
        if node is not None and entities is None:
            draft.problems.error(node.mark, f"`{key}` goes with `entity` or `entities`", "For example `entity: city`.")


def _asker(node: Node | None, draft: Draft) -> tuple[bool, Briefing]:
    """Whether a model asks for what is missing, and how it is itself asked."""
    if node is None:
        return False, Briefing()
    if not isinstance(node, Mapped):
        return boolean(node, draft.problems, "`ask_model`"), Briefing()
    mapping = shaped(node, BRIEFING, draft.problems, "`ask_model`")
    if mapping is None:
        return True, Briefing()
    asks = mapping.get("asks")
    return asks is None or boolean(asks, draft.problems, "`asks`"), briefing_of(mapping, draft)


def _exits(node: Node | None, place: Place, draft: Draft) -> Exits | None:
    if node is None:
        return None
    if isinstance(node, Scalar):
        return Exits((draft.template(node, "`exit`"),), place.after)
    mapping = shaped(node, EXITS, draft.problems, "`exit`")
    if mapping is None:
        return None
    return Exits(_templates(mapping.get("when"), draft, "`when`"), draft.path(mapping.get("then"), place, "exit"))


def _templates(node: Node | None, draft: Draft, what: str) -> tuple[str, ...]:
    if node is None or isinstance(node, Scalar):
        return () if node is None else (draft.template(node, what),)
    return tuple(draft.template(item, what) for item in items_of(node, draft.problems, what))


def _entities(node: Node, place: Place, draft: Draft, what: str) -> tuple[WantedEntity, ...]:
    if isinstance(node, Listed):
        names = [draft.entity(item) for item in items_of(node, draft.problems, "`entities`")]
        return tuple(WantedEntity(name, name) for name in names)
    if not isinstance(node, Mapped):
        advice = "For example `entities: {order_number: order}`."
        draft.problems.error(node.mark, f"`entities` must be a list or a mapping, and is {name_of(node)}", advice)
        return ()
    wanted = []
    for name, key, value in mapping_of(node, draft.problems, "`entities`"):
        if name not in draft.names.entities:
            draft.entity(key)
        wanted.append(_wanted(name, value, place, draft))
    return tuple(wanted)


def _wanted(name: str, value: Node, place: Place, draft: Draft) -> WantedEntity:
    if is_nothing(value):
        return WantedEntity(name, name)
    if not isinstance(value, Mapped):
        return WantedEntity(name, draft.variable(value, "the variable of an entity"))
    mapping = shaped(value, WANTED, draft.problems, f"entity `{name}`")
    if mapping is None:
        return WantedEntity(name, name)
    into, reprompt, placeholder, then = (mapping.get(key) for key in ("into", "reprompt", "placeholder", "then"))
    return WantedEntity(
        name,
        name if into is None else draft.variable(into, "`into`"),
        () if reprompt is None else said_of(reprompt, draft, "`reprompt`"),
        "" if placeholder is None else draft.template(placeholder, "`placeholder`"),
        None if then is None else Way(draft.path(then, place, f"without_{name}")),
    )
