"""The reference of the agent format is true: its examples compile, and no key is missing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.projects.agents import problems_of

from parley.domain.builtin_variables import BUILTIN_VARIABLES
from parley.projects import channel_shapes, model_shapes, playing_shapes, shapes, step_shapes, world_shapes
from parley.projects.names import ENTITY_TYPES
from parley.projects.shape import Shape

DOCS = Path(__file__).parents[2] / "docs/reference"
PAGE = (DOCS / "agent-format.md").read_text(encoding="utf-8")
PLAYBOOKS = (DOCS / "playbooks.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```yaml\n(.*?)^```", PAGE + PLAYBOOKS, re.MULTILINE | re.DOTALL)
AROUND = """
variables: {name: "", count: 0, order: "", tier: "", basket: 0}
entities: {order_number: {pattern: "[A-Z]+"}, day: date, amount: number}
intents: {track_order: ["track {order_number}"], goodbye: [bye]}
functions: {price_of: "export default async () => ({})"}
start: example
workflows:
  other: {triggers: [track_order, goodbye], variables: [inner], steps: [{say: Other.}]}
  example:
"""
SHAPES = [
    shape
    for module in (shapes, step_shapes, channel_shapes, model_shapes, world_shapes)
    for shape in vars(module).values()
    if isinstance(shape, Shape)
] + list(step_shapes.KINDS.values())


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda text: text.split("\n")[0][:40])
def test_an_example_compiles_without_a_warning(tmp_path: Path, example: str) -> None:
    if example.startswith("- "):
        example = AROUND + "".join(f"    {line}\n" for line in example.splitlines())
    elif "workflows:" not in example:
        example += "workflows: {main: [{say: Hi.}]}\n"
    assert [str(problem) for problem in problems_of(tmp_path, example)] == []


@pytest.mark.parametrize("shape", playing_shapes.PLAYING_SHAPES, ids=lambda shape: shape.name)
def test_every_key_of_playbooks_is_on_their_page(shape: Shape) -> None:
    assert [key for key in shape.keys if not re.search(rf"`[^`\n]*\b{key}\b[^`\n]*`", PLAYBOOKS + PAGE)] == []


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
def test_every_key_is_on_the_page(shape: Shape) -> None:
    assert [key for key in shape.keys if not re.search(rf"`[^`\n]*\b{key}\b[^`\n]*`", PAGE)] == []


def test_every_name_that_is_taken_is_on_the_page() -> None:
    assert [name for name in (*BUILTIN_VARIABLES, *ENTITY_TYPES) if f"`{name}`" not in PAGE] == []
