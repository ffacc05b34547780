"""What a user can choose from: shown as buttons, found again in the reply.

Source: engine, section 1.10 (interaction); Conversations API, section 4 (shape notes of buttons).
"""

from __future__ import annotations

from typing import Any

from parley.domain.actions import Action, Dtmf, EventSent, IntentMatched, PathChosen
from parley.domain.steps import Cards, Choice, Option, Target
from parley.domain.traces import Button, PathPayload, PathTrace
from parley.engine import triggers
from parley.engine.next import Goto, Next
from parley.engine.reply import entities_in, typed_in
from parley.engine.templates import render
from parley.engine.turn import Turn


def options_of(step: Choice | Cards) -> tuple[Option, ...]:
    """All that the step lets the user choose."""
    return step.options if isinstance(step, Choice) else tuple(o for card in step.cards for o in card.buttons)


def path_of(option: Option) -> str:
    """The action type that a click on the option's button sends."""
    return f"path-{option.id}"


def buttons(options: tuple[Option, ...], turn: Turn) -> list[Button]:
    """A button for each option that is shown; the first of those with the same name."""
    shown: dict[str, Button] = {}
    for option in options:
        if option.label is not None:
            label = render(option.label, turn.variables)
            if label not in shown:
                shown[label] = Button(label, _request(option, label, turn))
    return list(shown.values())


def chosen(options: tuple[Option, ...], action: Action, turn: Turn) -> Option | None:
    """The option that the action chooses: by its path, its intent, its event, its label, or on a telephone by its
    number. None when it chooses none.
    """
    if isinstance(action, EventSent):
        return next((o for o in options if o.event == action.name), None)
    if isinstance(action, PathChosen):
        return next((o for o in options if path_of(o) == action.path), None)
    if isinstance(action, IntentMatched):
        return next((o for o in options if o.intent == action.intent), None) or labelled(options, action.query, turn)
    found = labelled(options, typed_in(action), turn)
    return _numbered(options, action.digits) if found is None and isinstance(action, Dtmf) else found


def _numbered(options: tuple[Option, ...], digits: str) -> Option | None:
    shown = [option for option in options if option.label is not None]
    number = digits.strip("#*")
    if len(number) > 2 or not number.isdecimal():
        return None
    return shown[int(number) - 1] if 0 < int(number) <= len(shown) else None


def labelled(options: tuple[Option, ...], text: str | None, turn: Turn) -> Option | None:
    """The option whose label this text is, whatever its capitals."""
    wanted = (text or "").strip().casefold()
    if not wanted:
        return None
    for option in options:
        if option.label is not None and render(option.label, turn.variables).strip().casefold() == wanted:
            return option
    return None


def follow(option: Option, options: tuple[Option, ...], otherwise: Target, action: Action, turn: Turn) -> Next:
    """Go the option's way; `otherwise` is the step's own."""
    turn.emit(PathTrace(PathPayload(f"choice:{options.index(option) + 1}")))
    if option.mappings:
        values = entities_in(action)
        for mapping in option.mappings:
            if mapping.entity in values:
                turn.variables.set(mapping.variable, values[mapping.entity])
    if option.has_path:
        return Goto(option.then)
    started = None if option.event is None else triggers.by_event(turn, option.event)
    return started or Goto(otherwise)


def _request(option: Option, label: str, turn: Turn) -> dict[str, Any]:
    payload: dict[str, Any] = {"label": label}
    kind = path_of(option)
    if option.intent is not None:
        kind = "intent"
        payload |= {"query": label, "entities": [], "intent": {"name": option.intent}}
    elif option.event is not None:
        kind = "event"
        payload |= {"event": {"name": option.event}}
    if option.url is not None:
        payload["actions"] = [{"type": "open_url", "payload": {"url": render(option.url, turn.variables)}}]
    return {"type": kind, "payload": payload}
