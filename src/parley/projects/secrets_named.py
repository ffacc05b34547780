"""Which secrets an agent names, so that its operator can be told of those that are not set."""

from __future__ import annotations

import re

from parley.domain.program import Program, encode_program

_SECRET = re.compile(rb"\{secret\.(\w{1,64})\}")


def secrets_named(program: Program) -> list[str]:
    """The names, in alphabetical order."""
    return sorted({name.decode() for name in _SECRET.findall(encode_program(program))})
