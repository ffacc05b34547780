"""Steps that talk and listen: say, ask, capture, buttons, choice, listen, end."""

from __future__ import annotations

from parley.domain.steps import Choice, End
from parley.projects.capturing import captured_by
from parley.projects.draft import Draft, Place, is_nothing
from parley.projects.listening import listening_of
from parley.projects.nodes import Mapped, Node, name_of
from parley.projects.options import buttons_of, choices_of
from parley.projects.saying import message

_REPLY = "reply"


def say(value: Node, step: Mapped, place: Place, draft: Draft) -> None:
    """Says it."""
    draft.add(message(value, place, draft, "`say`"), place.mark)


def ask(value: Node, step: Mapped, place: Place, draft: Draft) -> None:
    """Says the question; waits in a step of its own."""
    reply = Place(place.under(_REPLY), place.name, place.after, place.mark)
    question = Place(place.id, place.name, reply.id, place.mark)
    draft.add(message(value, question, draft, "`ask`"), place.mark)
    draft.add(captured_by(step, None, reply, draft, "`ask`"))


def capture(value: Node, step: Mapped, place: Place, draft: Draft) -> None:
    """Waits without a question. The variable may stand at the key itself."""
    draft.add(captured_by(step, None if is_nothing(value) else value, place, draft, "`capture`"), place.mark)


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
