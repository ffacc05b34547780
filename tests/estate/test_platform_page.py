"""The page says of every route which role it needs, as the table in the code does."""

from __future__ import annotations

import re
from pathlib import Path

from parley.transports.platform.rights import RIGHTS

PAGE = Path(__file__).parents[2] / "docs/reference/platform-api.md"


def test_the_page_lists_every_route_with_its_role() -> None:
    listed = re.findall(r"^\| `(\w+) (/\S+)` \| (\w+) \|$", PAGE.read_text("utf-8"), re.MULTILINE)
    assert {(method, path): role for method, path, role in listed} == RIGHTS
