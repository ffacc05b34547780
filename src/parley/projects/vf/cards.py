"""Cards: card, cardV2 and carousel, and the layouts after them, which write their texts in Markup."""

from __future__ import annotations

from typing import Literal

from parley.domain.ids import StepID
from parley.domain.steps import CardContent, Cards, Option, Step
from parley.projects.vf.asking import read_button
from parley.projects.vf.guessing import LISTENING, guessed
from parley.projects.vf.layout import Node
from parley.projects.vf.listening import read_listening
from parley.projects.vf.scene import Scene
from parley.projects.vf.shapes import Obj, at, obj, objects, text

_IMAGE = ("imageUrl", "imageURL", "image")
_CARD = ("title", "description", "text", "buttons", "isBlocking", *_IMAGE)


def read_card(node: Node, scene: Scene) -> Step:
    """One card, written in the node itself."""
    return _cards(node, scene, (_card(node.data, 0, node, scene),), "card")


def read_first_card(node: Node, scene: Scene) -> Step:
    """`title`, `text` and `image`: a card without buttons, after which the conversation goes on."""
    data = node.data
    scene.remark("it is shown as a card of the newer kind: the first kind was for particular devices")
    image = scene.written(at(data, "image", "largeImageUrl")) or scene.written(at(data, "image", "smallImageUrl"))
    card = CardContent(
        scene.written(data.get("title")), scene.written(data.get("text")), image=image or None, id=node.id
    )
    return Cards(StepID(node.id), node.name, scene.next(node), cards=(card,))


def read_card_v2(node: Node, scene: Scene) -> Step:
    """One card, its texts in Markup."""
    guessed(node, scene, *_CARD, *LISTENING)
    return read_card(node, scene)


def read_carousel_v2(node: Node, scene: Scene) -> Step:
    """Several cards, their texts in Markup."""
    guessed(node, scene, "cards", "layout", "isBlocking", *LISTENING)
    return read_carousel(node, scene)


def read_carousel(node: Node, scene: Scene) -> Step:
    """Several cards. Buttons are counted through all of them where ports are aligned with them."""
    cards: list[CardContent] = []
    for card in objects(node.data.get("cards")):
        cards.append(_card(card, sum(len(before.buttons) for before in cards), node, scene))
    layout: Literal["Carousel", "List"] = "List" if node.data.get("layout") == "List" else "Carousel"
    return _cards(node, scene, tuple(cards), layout)


def _cards(
    node: Node, scene: Scene, cards: tuple[CardContent, ...], layout: Literal["card", "Carousel", "List"]
) -> Step:
    options = [button for card in cards for button in card.buttons]
    then = scene.next(node)
    return Cards(
        StepID(node.id),
        node.name,
        then,
        cards=cards,
        layout=layout,
        waits=_waits(node, options, then is not None),
        listening=read_listening(node, scene),
    )


def _waits(node: Node, options: list[Option], goes_on: bool) -> bool:
    written = node.data.get("isBlocking")
    if isinstance(written, bool):
        return written
    leads = any(option.then is not None or option.intent is not None for option in options)
    answers = bool(obj(node.data.get("noMatch")) or obj(node.data.get("noReply")))
    return bool(options) and (leads or answers or not goes_on)


def _card(card: Obj, before: int, node: Node, scene: Scene) -> CardContent:
    description = scene.rich.said(card.get("description", card.get("text")))
    buttons = (read_button(before + i, each, node, scene) for i, each in enumerate(objects(card.get("buttons"))))
    return CardContent(
        title=scene.rich.template(card.get("title")).strip(),
        text=description.text,
        slate=description.slate,
        image=_image(card, scene),
        buttons=tuple(buttons),
        id=text(card.get("id")) or node.id,
    )


def _image(card: Obj, scene: Scene) -> str | None:
    written = next((card[key] for key in _IMAGE if card.get(key)), None)
    return scene.written(written.get("url", written.get("src")) if isinstance(written, dict) else written) or None
