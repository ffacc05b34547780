"""The table of codes in the documentation is the table in the code, and no error leaves with another."""

from __future__ import annotations

import re
from pathlib import Path

import parley.errors
from parley.transports.http.problems import STATUS

ROOT = Path(__file__).parents[2]
NOT_ANSWERED = {"error", "limit_crossed", "bad_project"}
"""Codes that end a turn or a command, and never a request."""


def test_the_page_lists_every_code_with_its_status() -> None:
    page = (ROOT / "docs/reference/errors.md").read_text("utf-8")
    listed = {code: int(status) for code, status in re.findall(r"^\| `(\w+)` \| (\d{3}) \|", page, re.MULTILINE)}
    assert listed == STATUS


def test_every_code_in_the_house_is_in_the_table() -> None:
    source = "\n".join(
        path.read_text("utf-8")
        for path in (ROOT / "src/parley").rglob("*.py")
        if path.parts[-2] in ("session", "http", "store", "domain") or path.name == "errors.py"
    )
    used = set(re.findall(r'\bcode ?= ?"(\w+)"', source)) | set(re.findall(r'Refused\("(\w+)"', source))
    assert used - NOT_ANSWERED <= STATUS.keys()


def test_every_error_class_has_a_code_of_its_own() -> None:
    classes = [c for c in vars(parley.errors).values() if isinstance(c, type)]
    codes = [c.code for c in classes]
    assert len(codes) == len(set(codes))
