"""The cards step: one card or several, with buttons that may be waited for."""

from __future__ import annotations

from msgspec import UNSET

from parley.domain.steps import CardContent, Cards
from parley.domain.traces import Card, CardDescription, CardTrace, CarouselPayload, CarouselTrace
from parley.engine.listening import listen, unanswered
from parley.engine.next import Goto, Next
from parley.engine.options import buttons, chosen, follow, options_of
from parley.engine.templates import render, render_slate, slate_of
from parley.engine.turn import Turn


def show_cards(step: Cards, turn: Turn) -> Next:
    """Show the cards; then go on, or wait for a button like a choice."""
    action = turn.take() if step.waits else None
    if action is None:
        _show(step, turn)
        return listen(step.listening, turn) if step.waits else Goto(step.then)
    options = options_of(step)
    option = chosen(options, action, turn)
    if option is not None:
        return follow(option, options, step.then, action, turn)
    return unanswered(action, step.listening, turn, lambda: _show(step, turn))


def _show(step: Cards, turn: Turn) -> None:
    if step.layout == "card":
        for content in step.cards:
            turn.emit(CardTrace(_card(content, turn)))
        return
    cards = [_card(content, turn) for content in step.cards]
    turn.emit(CarouselTrace(CarouselPayload(step.layout, cards, turn.message_id())))


def _card(content: CardContent, turn: Turn) -> Card:
    text = render(content.text, turn.variables)
    slate = slate_of(text) if content.slate is None else render_slate(content.slate, turn.variables)
    return Card(
        title=render(content.title, turn.variables),
        image_url=None if content.image is None else render(content.image, turn.variables),
        description=CardDescription(text, slate),
        buttons=buttons(content.buttons, turn),
        id=content.id or UNSET,
        message_id=turn.message_id(),
    )
