"""The variables of an export, with the values that they begin with. All of them outlive their session.

Source: engine, section 1.3: a variable is 0 until it is set, unless the content library gives it a typed default.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from parley.domain.program import Variable
from parley.projects.vf.shapes import Obj, at, items, objects, text

SYSTEM = frozenset(
    {
        "sessions",
        "user_id",
        "timestamp",
        "platform",
        "locale",
        "channel",
        "intent_confidence",
        "last_response",
        "last_event",
        "last_utterance",
        "vf_memory",
        "vf_chunks",
        "vf_now",
        "vf_date",
        "vf_time",
        "vf_day",
        "vf_month",
        "vf_year",
        "vf_user_timezone",
        "vf_transcript_id",
        "_memory_",
    }
)
"""What the editor lists among the variables and the runtime sets by itself."""


def variables_of(export: Obj, used: Iterable[str]) -> dict[str, Variable]:
    """The declared variables, and those that steps set without a declaration."""
    names = [name for name in items(at(export.get("version"), "variables")) if isinstance(name, str)]
    found = {name: Variable(persist=True) for name in [*names, *used] if name and name not in SYSTEM}
    for each in objects(export.get("variables")):
        name = text(each.get("name"))
        if name and name not in SYSTEM and each.get("isSystem") is not True:
            found[name] = Variable(_default(each), persist=True)
    return found


def _default(variable: Obj) -> Any:
    value, kind = variable.get("defaultValue"), text(variable.get("datatype"))
    if value is None:
        return 0
    if not isinstance(value, str) or (kind == "text" and variable.get("isArray") is not True):
        return value
    try:
        return msgspec.json.decode(value.encode("utf-8", "replace"))
    except (msgspec.MsgspecError, RecursionError):
        return value
