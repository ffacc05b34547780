"""Texts that an agent's author keeps in files of their own: `file://refunds.md`."""

from __future__ import annotations

from pathlib import Path

from parley.projects.draft import Draft
from parley.projects.nodes import Node, Scalar
from parley.projects.problems import Mark
from parley.projects.reading import text_of
from parley.projects.source import read_text

_SCHEME = "file://"
_PROMPTS = "prompts"


def long_text(node: Node, what: str, draft: Draft) -> str:
    """A template, written in place or in a file of the agent's directory or of its `prompts`."""
    if not isinstance(node, Scalar) or not node.text.startswith(_SCHEME):
        return draft.template(node, what)
    name = text_of(node, draft.problems, what).removeprefix(_SCHEME).strip()
    base = Path(node.mark.file).parent
    base = base.parent if base.name == "workflows" else base
    inside = [place for place in (base / name, base / _PROMPTS / name) if _is_in(place, base)]
    if not name or not inside:
        draft.problems.error(
            node.mark, f"`{node.text[:80]}` is outside the agent's directory", "Keep it in `prompts/`."
        )
        return ""
    found = next((place for place in inside if place.is_file()), None)
    if found is None:
        advice = f"It is looked for in `{_PROMPTS}/` and beside the agent's file."
        draft.problems.error(node.mark, f"there is no file `{name[:80]}`", advice)
        return ""
    text = read_text(found, draft.problems)
    return "" if not text else draft.template(Scalar(Mark(str(found), 1, 1), 1, 1, text, False), what)


def _is_in(place: Path, base: Path) -> bool:
    return place.resolve().is_relative_to(base.resolve())
