"""Buttons and choices: what users can choose from, and where it leads."""

from __future__ import annotations

import re
from collections.abc import Iterator

from parley.domain.steps import EntityMapping, Option
from parley.projects.draft import ARROW, Draft, Place, is_nothing
from parley.projects.nodes import Listed, Mapped, Node, Scalar
from parley.projects.problems import Mark
from parley.projects.reading import check_template, items_of, mapping_of, shaped, template_in, text_of
from parley.projects.step_shapes import OPTION

_URL = re.compile(r"(https?://|mailto:|tel:|\{)\S*")
_SLUG = 40


def buttons_of(node: Node, place: Place, draft: Draft, what: str) -> tuple[Option, ...]:
    """`label: target`, or a list of labels and options."""
    options = _Options(place, draft, what)
    if isinstance(node, Listed):
        for item in items_of(node, draft.problems, what):
            options.add_item(item)
    else:
        for label, key, value in mapping_of(node, draft.problems, what):
            check_template(label, key, draft.problems, draft.is_readable, lambda: draft.names.variables)
            options.add(label, key.mark, value, label=label)
    return options.done(node)


def choices_of(node: Node, place: Place, draft: Draft, what: str) -> tuple[Option, ...]:
    """`intent: target`, or a list of options."""
    if isinstance(node, Listed):
        return buttons_of(node, place, draft, what)
    options = _Options(place, draft, what)
    for intent, key, value in mapping_of(node, draft.problems, what):
        options.add(intent, key.mark, value, intent=draft.intent(key, intent))
    return options.done(node)


class _Options:
    """The options of one step so far; their ids are made of their labels, so that reordering keeps them."""

    def __init__(self, place: Place, draft: Draft, what: str) -> None:
        self._place = place
        self._draft = draft
        self._what = what
        self._options: dict[str, Option] = {}
        self._labels: set[str] = set()

    def add_item(self, node: Node) -> None:
        """An item of the list form: a label alone, or a mapping."""
        if isinstance(node, Scalar):
            label = self._draft.template(node, self._what)
            self.add(label, node.mark, None, label=label)
            return
        mapping = shaped(node, OPTION, self._draft.problems, f"an option of {self._what}")
        if mapping is None:
            return
        label_node, intent = mapping.get("label"), mapping.get("intent")
        if label_node is None and intent is None:
            self._draft.problems.error(node.mark, "an option needs a `label` or an `intent`", OPTION.advice)
            return
        slug = label_node if label_node is not None else intent
        assert slug is not None
        self.add(slug.text if isinstance(slug, Scalar) else "", node.mark, mapping)

    def add(
        self, slug: str, mark: Mark, value: Node | None, *, label: str | None = None, intent: str | None = None
    ) -> None:
        """One more option. `value` is its target, its mapping, or its steps."""
        id = self._id(slug)
        place = Place(self._place.under(id), "", self._place.after, mark)
        option = Option(place.id, label=label, intent=intent, has_path=False, then=None)
        if isinstance(value, Scalar) and _is_url(value):
            option = Option(place.id, label=label, intent=intent, url=value.text.strip(), has_path=False)
        elif isinstance(value, Mapped) and set(value.values) & set(OPTION.keys):
            option = self._from_mapping(value, place, label, intent)
        elif not is_nothing(value):
            target = self._draft.path(value, self._place, id)
            option = Option(place.id, label=label, intent=intent, then=target)
        if option.label is not None and option.label in self._labels:
            self._draft.problems.warn(mark, f"{self._what} shows `{option.label[:60]}` twice", "Rename one of them.")
        self._labels.add(option.label or "")
        self._options[id] = option

    def done(self, node: Node) -> tuple[Option, ...]:
        """All of them; none at all is reported."""
        if not self._options and (isinstance(node, Mapped) or is_nothing(node)):
            advice = "For example `Yes: -> order`."
            self._draft.problems.error(node.mark, f"{self._what} is empty", advice)
        return tuple(self._options.values())

    def _from_mapping(self, node: Mapped, place: Place, label: str | None, intent: str | None) -> Option:
        draft = self._draft
        shaped(node, OPTION, draft.problems, f"an option of {self._what}")
        label_node, intent_node, to, url, event = (node.get(key) for key in ("label", "intent", "to", "url", "event"))
        if label_node is not None and label is None:
            label = draft.template(label_node, "`label`")
        if intent_node is not None and intent is None:
            intent = draft.intent(intent_node)
        address = None
        if url is not None:
            address = template_in(url, draft.problems, "`url`", draft.is_readable, lambda: draft.names.variables)
        has_path = to is not None and not is_nothing(to)
        target = draft.path(to, self._place, place.id.removeprefix(f"{self._place.id}.")) if has_path else None
        mappings = self._mappings(node.get("into"))
        sent = None if event is None else text_of(event, draft.problems, "`event`")
        return Option(place.id, label, intent, address, mappings, has_path, target, sent)

    def _mappings(self, node: Node | None) -> tuple[EntityMapping, ...]:
        def each() -> Iterator[EntityMapping]:
            for entity, key, value in mapping_of(node, self._draft.problems, "`into` of an option"):
                if entity not in self._draft.names.entities:
                    self._draft.entity(key)
                yield EntityMapping(entity, self._draft.variable(value, "`into`"))

        return tuple(each())

    def _id(self, text: str) -> str:
        slug = "-".join(re.findall(r"[a-z0-9]+", text.lower()))[:_SLUG].strip("-") or f"option{len(self._options) + 1}"
        if slug.isdigit():
            slug = f"option-{slug}"
        nth, id = 2, slug
        while id in self._options:
            id = f"{slug}-{nth}"
            nth += 1
        return id


def _is_url(node: Scalar) -> bool:
    text = node.text.strip()
    return not text.startswith(ARROW) and _URL.fullmatch(text) is not None
