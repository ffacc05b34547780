"""Steps that show something or have the client do something: image, card, carousel, action."""

from __future__ import annotations

from typing import Any, Literal

from parley.domain.steps import ActionPath, CardContent, Cards, CustomAction, Image, Listening
from parley.projects.draft import Draft, Place, is_nothing
from parley.projects.listening import listening_of
from parley.projects.nodes import Listed, Mapped, Node, Scalar, json_of
from parley.projects.options import buttons_of
from parley.projects.problems import did_you_mean
from parley.projects.reading import boolean, items_of, number, one_of, pairs_of, shaped, text_of
from parley.projects.saying import text_in
from parley.projects.step_shapes import CARD, IMAGE, LAYOUTS, LISTENING, VISIBILITY


def image(value: Node, step: Mapped, place: Place, draft: Draft) -> None:
    """Shows a picture."""
    if not isinstance(value, Mapped):
        url = draft.template(value, "`image`")
        draft.add(Image(place.id, name=place.name, then=place.after, url=url), place.mark)
        return
    mapping = shaped(value, IMAGE, draft.problems, "`image`")
    assert mapping is not None
    url_node, width, height = (mapping.get(key) for key in ("url", "width", "height"))
    visibility, device = mapping.get("visibility"), mapping.get("device")
    picture = Image(
        place.id,
        name=place.name,
        then=place.after,
        url="" if url_node is None else draft.template(url_node, "`url`"),
        width=None if width is None else number(width, draft.problems, "`width`"),
        height=None if height is None else number(height, draft.problems, "`height`"),
        visibility=None if visibility is None else one_of(visibility, draft.problems, "`visibility`", VISIBILITY),
        device=None if device is None else text_of(device, draft.problems, "`device`"),
    )
    draft.add(picture, place.mark)


def card(value: Node, step: Mapped, place: Place, draft: Draft) -> None:
    """Shows one card."""
    _cards((_content(value, "", place, draft),), "card", step, place, draft)


def carousel(value: Node, step: Mapped, place: Place, draft: Draft) -> None:
    """Shows several cards."""
    items = items_of(value, draft.problems, "`carousel`")
    contents = tuple(_content(item, f"card{n}", place, draft) for n, item in enumerate(items, 1))
    layout = step.get("layout")
    word = "carousel" if layout is None else one_of(layout, draft.problems, "`layout`", LAYOUTS)
    _cards(contents, "List" if word == "list" else "Carousel", step, place, draft)


def action(value: Node, step: Mapped, place: Place, draft: Draft) -> None:
    """Tells the client to do something of its own, and perhaps waits for its answer."""
    body, wait, everywhere = step.get("body"), step.get("wait"), step.get("everywhere")
    paths = tuple(
        ActionPath(label, draft.path(to, place, f"path{n}"))
        for n, (label, _, to) in enumerate(pairs_of(step.get("paths"), draft.problems, "`paths`"), 1)
    )
    stop = bool(paths) if wait is None else boolean(wait, draft.problems, "`wait`")
    data = None if body is None else _body(body, draft)
    mark = step.get("json")
    is_json = not isinstance(data, str) or (mark is not None and boolean(mark, draft.problems, "`json`"))
    custom = CustomAction(
        place.id,
        name=place.name,
        then=place.after,
        action=text_of(value, draft.problems, "`action`"),
        body=data,
        body_is_json=is_json,
        stop=stop,
        paths=paths,
        default=_default(step.get("default"), paths, draft),
        everywhere=everywhere is not None and boolean(everywhere, draft.problems, "`everywhere`"),
    )
    draft.add(custom, place.mark)


def _body(node: Node, draft: Draft) -> Any:
    for scalar in _texts(node):
        draft.template(scalar, "`body`")
    return json_of(node)


def _texts(node: Node) -> list[Scalar]:
    if isinstance(node, Scalar):
        return [node] if isinstance(node.value, str) and node.text else []
    items = node.items if isinstance(node, Listed) else tuple(node.values.values()) if isinstance(node, Mapped) else ()
    return [text for item in items for text in _texts(item)]


def _default(node: Node | None, paths: tuple[ActionPath, ...], draft: Draft) -> int | None:
    if node is None:
        return None
    label = text_of(node, draft.problems, "`default`")
    labels = [path.label for path in paths]
    if label not in labels:
        advice = did_you_mean(label, labels) or "Add `paths`."
        draft.problems.error(node.mark, f"`default` must be one of the paths, and is `{label[:60]}`", advice)
        return None
    return labels.index(label)


def _content(node: Node, id: str, place: Place, draft: Draft) -> CardContent:
    mapping = shaped(node, CARD, draft.problems, "a card")
    if mapping is None:
        return CardContent()
    title, picture, buttons = (mapping.get(key) for key in ("title", "image", "buttons"))
    text, slate = text_in(mapping, draft, "a card", CARD.advice, must=False)
    if title is None and text is None and picture is None:
        draft.problems.error(node.mark, "a card needs a `title`, a `text` or an `image`", CARD.advice)
    inside = Place(place.under(id), "", place.after, node.mark) if id else place
    return CardContent(
        "" if title is None else draft.template(title, "`title`"),
        text or "",
        slate,
        image=None if picture is None else draft.template(picture, "`image`"),
        buttons=() if is_nothing(buttons) or buttons is None else buttons_of(buttons, inside, draft, "`buttons`"),
        id=f"{place.id}.{id}" if id else "",
    )


def _cards(
    contents: tuple[CardContent, ...],
    layout: Literal["card", "Carousel", "List"],
    step: Mapped,
    place: Place,
    draft: Draft,
) -> None:
    wait = step.get("wait")
    leads = any(option.url is None or option.has_path for content in contents for option in content.buttons)
    waits = leads if wait is None else boolean(wait, draft.problems, "`wait`")
    if not waits:
        for key in LISTENING:
            if key in step.values:
                advice = "Add a button that leads somewhere, or `wait: true`."
                draft.problems.warn(step.keys[key].mark, f"`{key}` does nothing: this step does not wait", advice)
    listening = listening_of(step, place, draft) if waits else Listening()
    shown = Cards(
        place.id,
        name=place.name,
        then=place.after,
        cards=contents,
        layout=layout,
        waits=waits,
        listening=listening,
    )
    draft.add(shown, place.mark)
