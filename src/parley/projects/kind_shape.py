"""The shape of a kind of step: its own key, the keys that go with it, and those that every step may have."""

from __future__ import annotations

from parley.projects.shape import Form, Key, Shape, any_of, ref
from parley.projects.shapes import BOOLEAN, SAY, TRIGGERS

COMMON = {
    "label": Key({"type": "string", "pattern": r"^[A-Za-z_][A-Za-z0-9_-]{0,63}$"}, "A name to go to."),
    **TRIGGERS,
}
LISTENING = {
    "no_match": Key(any_of(SAY, ref("no_match")), "What to do with a reply that fits nothing."),
    "no_reply": Key(any_of(SAY, ref("no_reply")), "What to do with silence here."),
    "elsewhere": Key(BOOLEAN, "Triggers may take the reply. Default: true."),
}


def kind_of(name: str, about: str, value: Form, *more: dict[str, Key], example: str = "") -> Shape:
    """A kind of step; `more` are its other keys."""
    keys = {name: Key(value, about)}
    for each in more:
        keys |= each
    return Shape(name, about, {**keys, **COMMON}, (name,), f"For example `{example}`." if example else "")
