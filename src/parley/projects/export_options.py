"""What users choose from and are shown, in the words of the agent format."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from parley.domain.steps import CardContent, Cards, Choice, Image, Option
from parley.projects.export_names import Names
from parley.projects.export_values import short, text_as
from parley.projects.export_yaml import NOTHING

_URL = re.compile(r"(https?://|mailto:|tel:|\{)\S*")


def options_in(step: Choice | Cards) -> Iterable[Option]:
    """All options of a step."""
    if isinstance(step, Choice):
        return step.options
    return [option for card in step.cards for option in card.buttons]


def choices(options: tuple[Option, ...], names: Names, way: Callable[[Option], Any]) -> Any:
    """`label: target` where that says it all, else a list."""
    kept = distinct(options)
    written = [(option, way(option)) for option in kept]
    if kept and len({option.label for option in kept} - {None}) == len(kept):
        if all(found is None and _is_bare(option) for option, found in written):
            return [option.label for option in kept]
        return {option.label: _target(option, found, names) for option, found in written}
    return [_mapping(option, found, names, label=True) for option, found in written]


def distinct(options: tuple[Option, ...]) -> list[Option]:
    """The options that can be seen or said."""
    return [option for option in options if option.label is not None or option.intent is not None]


def _is_bare(option: Option) -> bool:
    return option.intent is None and option.url is None and option.event is None and not option.mappings


def _target(option: Option, found: Any, names: Names) -> Any:
    if _is_bare(option):
        return NOTHING if found is None else found
    plain = option.intent is None and option.event is None and not option.mappings
    if found is None and plain and _URL.fullmatch(option.url or ""):
        return option.url
    return _mapping(option, found, names, label=False)


def _mapping(option: Option, found: Any, names: Names, *, label: bool) -> dict[str, Any]:
    written: dict[str, Any] = {}
    if label and option.label is not None:
        written["label"] = option.label
    if found is not None:
        written["to"] = found
    if option.intent is not None:
        written["intent"] = names.intent(option.intent)
    if option.url is not None:
        written["url"] = option.url
    if option.event is not None:
        written["event"] = option.event
    if option.mappings:
        written["into"] = {each.entity: names.variable(each.variable) for each in option.mappings}
    return short(written)


def image_of(step: Image) -> Any:
    """The URL, or the URL with a size."""
    sizes = {"width": step.width, "height": step.height, "visibility": step.visibility, "device": step.device}
    given = {key: size for key, size in sizes.items() if size}
    return step.url if not given else {"url": step.url} | given


def cards_of(step: Cards, names: Names, way: Callable[[Option], Any]) -> dict[str, Any]:
    """A card, or a carousel of them."""
    contents = [_card(card, names, way) for card in step.cards]
    is_one = step.layout == "card" and len(contents) == 1
    written: dict[str, Any] = {"card": contents[0]} if is_one else {"carousel": contents}
    if step.layout == "List":
        written["layout"] = "list"
    leads = any(option.url is None or option.has_path for option in options_in(step))
    return written if step.waits == leads else written | {"wait": step.waits}


def _card(card: CardContent, names: Names, way: Callable[[Option], Any]) -> dict[str, Any]:
    written: dict[str, Any] = {}
    if card.title or not (card.text or card.image):
        written["title"] = card.title
    if card.text or card.slate is not None:
        written |= text_as(card.text, card.slate, names)
    if card.image is not None:
        written["image"] = card.image
    if card.buttons:
        written["buttons"] = choices(card.buttons, names, way)
    return written
