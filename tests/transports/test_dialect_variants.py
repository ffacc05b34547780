"""Which variant of an environment both dialects talk to (Conversations API, section 2.7)."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace
from talker import Documented, WidgetTalker, a_place, texts
from tests.house_fixture import program, project

from parley.domain.project import Project


def drafted() -> Project:
    """What is published says Live., the draft Draft."""
    main = replace(project().environments[0], program=program("a", "Live."), draft=program("b", "Draft."))
    return replace(project(), environments=(main,))


@pytest.mark.parametrize("talker", [Documented, WidgetTalker])
@pytest.mark.parametrize(
    ("named", "greeting"),
    [
        ({}, "Live."),
        ({"versionVariant": "published"}, "Live."),
        ({"versionVariant": "draft"}, "Draft."),
        ({"versionVariant": "draft", "environmentID": "main"}, "Draft."),
        ({"environmentID": "development"}, "Draft."),
        ({"environmentID": "production"}, "Live."),
    ],
)
async def test_a_start_says_which_variant_it_talks_to(talker: Any, named: dict[str, str], greeting: str) -> None:
    async with a_place(drafted()) as place:
        ada = await talker.connect(place.port)
        await ada.start(**named)
        if talker is Documented:
            ada.send({"type": "launch"})
        else:
            ada.emit("action", {"action": {"type": "launch"}})
        await ada.status("completed")
        assert texts(ada.heard) == [greeting]
