"""Reading back what the engine has put aside in a state.

A client may write a whole state (Conversations API, section 2.3), so what lies there may be of any shape: what is not
of the expected one counts as absent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")


def stored(storage: Mapping[str, Any], key: str, shape: type[T]) -> T | None:
    """The value under this key; None where there is none of this shape."""
    value = storage.get(key)
    if value is None:
        return None
    try:
        return msgspec.convert(value, shape)
    except msgspec.ValidationError:
        return None
