"""Templates of JSON written as text: what goes inside of a string there is escaped, so that it stays inside.

`{"q": "{last_utterance}", "n": {count}}`: the words of a user who types `"` must not break the first, and the second
stands for a value of its own.
"""

from __future__ import annotations

import json
import re
from typing import Any

from parley.engine.javascript import whole_json
from parley.engine.templates import Placeholder, Variables, compile_template, text_of

_QUOTE = re.compile(r'\\.|"', re.DOTALL)


def render_json_text(text: str, variables: Variables) -> str:
    """The text with its placeholders replaced, each as fits where it stands."""
    said: list[str] = []
    is_inside = False
    for part in compile_template(text).parts:
        if isinstance(part, str):
            is_inside ^= _QUOTE.sub(lambda match: match[0] if match[0] == '"' else "", part).count('"') % 2 == 1
            said.append(part)
            continue
        said.append(_rendered(part, variables, is_inside))
    return "".join(said)


def _rendered(part: Placeholder, variables: Variables, is_inside: bool) -> str:
    value: Any = part.value(variables)
    if is_inside:
        return json.dumps(text_of(value), ensure_ascii=False)[1:-1]
    return "null" if value is None else text_of(value)


def json_in(body: bytes) -> Any:
    """The JSON that a response consists of; an empty object where it is something else."""
    try:
        return whole_json(body.decode("utf-8-sig", "replace"))
    except (ValueError, RecursionError):
        return {}
