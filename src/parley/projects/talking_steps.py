"""Steps that talk and listen: say, ask, capture, buttons, choice, listen, end."""

from __future__ import annotations

from parley.domain.steps import Capture, Choice, End, WantedEntity
from parley.projects.draft import Draft, Place, is_nothing
from parley.projects.listening import listening_of
from parley.projects.nodes import Listed, Mapped, Node, name_of
from parley.projects.options import buttons_of, choices_of
from parley.projects.reading import items_of, mapping_of, shaped
from parley.projects.saying import message, said_of
from parley.projects.step_shapes import WANTED

_REPLY = "reply"


def say(value: Node, step: Mapped, place: Place, draft: Draft) -> None:
    """Says it."""
    draft.add(message(value, place, draft, "`say`"), place.mark)


def ask(value: Node, step: Mapped, place: Place, draft: Draft) -> None:
    """Says the question; waits in a step of its own."""
    reply = Place(place.under(_REPLY), place.name, place.after, place.mark)
    question = Place(place.id, place.name, reply.id, place.mark)
    draft.add(message(value, question, draft, "`ask`"), place.mark)
    draft.add(_capture(step, None, reply, draft, "`ask`"))


def capture(value: Node, step: Mapped, place: Place, draft: Draft) -> None:
    """Waits without a question. The variable may stand at the key itself."""
    draft.add(_capture(step, None if is_nothing(value) else value, place, draft, "`capture`"), place.mark)


def buttons(value: Node, step: Mapped, place: Place, draft: Draft) -> None:
    """Shows buttons and waits."""
    options = buttons_of(value, place, draft, "`buttons`")
    listening = listening_of(step, place, draft)
    draft.add(Choice(place.id, name=place.name, then=place.after, options=options, listening=listening), place.mark)


def choice(value: Node, step: Mapped, place: Place, draft: Draft) -> None:
    """Waits for intents, with or without buttons."""
    options = choices_of(value, place, draft, "`choice`")
    listening = listening_of(step, place, draft)
    draft.add(Choice(place.id, name=place.name, then=place.after, options=options, listening=listening), place.mark)


def listen(value: Node, step: Mapped, place: Place, draft: Draft) -> None:
    """Waits, and takes nothing for its own: triggers may, else it is no match."""
    if not is_nothing(value):
        draft.problems.error(value.mark, f"`listen` takes nothing, and found {name_of(value)}", "Write `- listen:`.")
    draft.add(Choice(place.id, place.name, place.after, listening=listening_of(step, place, draft)), place.mark)


def end(value: Node, step: Mapped, place: Place, draft: Draft) -> None:
    """Ends the conversation, with a last word if there is one."""
    if is_nothing(value):
        draft.add(End(place.id, name=place.name), place.mark)
        return
    goodbye = Place(place.id, place.name, place.under("end"), place.mark)
    draft.add(message(value, goodbye, draft, "`end`"), place.mark)
    draft.add(End(place.under("end"), name=place.name))


def _capture(step: Mapped, variable: Node | None, place: Place, draft: Draft, what: str) -> Capture:
    entity, entities, into, reprompt = (step.get(key) for key in ("entity", "entities", "into", "reprompt"))
    wanted: tuple[WantedEntity, ...] = ()
    into = into if variable is None else variable
    whole: str | None = None
    if entity is not None and entities is not None:
        draft.problems.error(entity.mark, f"{what} takes `entity` or `entities`, not both", "Put it into `entities`.")
    if entities is not None:
        wanted = _entities(entities, draft, what)
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
    listening = listening_of(step, place, draft)
    return Capture(place.id, name=place.name, then=place.after, variable=whole, entities=wanted, listening=listening)


def _entities(node: Node, draft: Draft, what: str) -> tuple[WantedEntity, ...]:
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
        wanted.append(_wanted(name, value, draft))
    return tuple(wanted)


def _wanted(name: str, value: Node, draft: Draft) -> WantedEntity:
    if is_nothing(value):
        return WantedEntity(name, name)
    if not isinstance(value, Mapped):
        return WantedEntity(name, draft.variable(value, "the variable of an entity"))
    mapping = shaped(value, WANTED, draft.problems, f"entity `{name}`")
    into, reprompt = (mapping.get("into"), mapping.get("reprompt")) if mapping else (None, None)
    said = () if reprompt is None else said_of(reprompt, draft, "`reprompt`")
    return WantedEntity(name, name if into is None else draft.variable(into, "`into`"), said)
