"""The looks of the chat widget, in agent files and in exports."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.projects.agents import only_problem, written

from parley.projects.load import load

HEAD = "workflows: {main: [{say: Hi!}]}\n"


def widget_of(folder: Path, text: str) -> dict[str, Any]:
    return load(written(folder, HEAD + text)).project.widget


def test_an_agent_that_says_nothing_has_no_looks_of_its_own(tmp_path: Path) -> None:
    assert widget_of(tmp_path, "") == {}


def test_what_is_written_is_what_the_widget_gets(tmp_path: Path) -> None:
    text = """widget:
  title: Zoë's shop
  color: "#123456"
  avatar: https://www.example.org/a.png
  position: left
  spacing: {side: 0, bottom: 30}
  persistence: memory
  feedback: false
  common: {fontFamily: Inter, footerLink: {enabled: true}}
"""
    assert widget_of(tmp_path, text) == {
        "title": "Zoë's shop",
        "color": "#123456",
        "avatar": "https://www.example.org/a.png",
        "position": "left",
        "spacing": {"side": 0, "bottom": 30},
        "persistence": "memory",
        "feedback": False,
        "common": {"fontFamily": "Inter", "footerLink": {"enabled": True}},
    }


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("widget: blue", "must be a mapping"),
        ("widget: {colour: '#123456'}", "no key `colour`"),
        ("widget: {color: blue}", "cannot be `blue`"),
        ("widget: {color: }", "is empty"),
        ("widget: {image: 'javascript:alert(1)'}", "cannot be `javascript"),
        ("widget: {position: top}", "cannot be `top`"),
        ("widget: {persistence: cookie}", "cannot be `cookie`"),
        ("widget: {feedback: maybe}", "must be `true` or `false`"),
        ("widget: {spacing: {side: wide}}", "must be a number"),
        ("widget: {spacing: {top: 3}}", "no key `top`"),
        ("widget: {chat: loud}", "must be a mapping"),
        ("widget: {title: [a]}", "must be a text"),
    ],
)
def test_mistakes_are_told(tmp_path: Path, line: str, said: str) -> None:
    problem = only_problem(tmp_path, HEAD + line + "\n")
    assert said in problem.message
    assert problem.line == 2


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ({}, {}),
        ({"platformData": {"publishing": {"title": "A"}}}, {"title": "A"}),
        (
            {"platformData": {"publishing": {"title": "A"}}, "settings": {"widget": {"type": "chat", "chat": {}}}},
            {"title": "A", "type": "chat", "chat": {}},
        ),
        ({"platformData": {"publishing": []}, "settings": {"widget": "x"}}, {}),
    ],
)
def test_exports_bring_their_looks_along(tmp_path: Path, version: dict[str, Any], expected: dict[str, Any]) -> None:
    nodes = {"start": {"nodeID": "start", "type": "start", "data": {"steps": []}}}
    export = {
        "project": {"name": "Tea"},
        "version": {"rootDiagramID": "d", **version},
        "diagrams": {"d": {"_id": "d", "name": "ROOT", "nodes": nodes}},
    }
    path = tmp_path / "tea.vf"
    path.write_text(json.dumps(export), encoding="utf-8")
    assert load(path).project.widget == expected
