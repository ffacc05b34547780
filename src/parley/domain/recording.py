"""What a turn got from the world, as it is kept with the turn: so that the turn can be run again without the world.

Nothing of it is needed to go on with a conversation. Whoever replays a session finds an answer by what was asked for
(`port` and `key`), not by its place in the list.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from msgspec import Struct

PortName = Literal["model", "tools", "mcp", "knowledge", "scripts", "effects", "errands"]
LARGEST = 64 * 1024
NEVER = -1


class Recording(Struct, frozen=True, omit_defaults=True):
    """An agent's rules for what is kept. `redact`: kinds (`email`) and regular expressions that are blackened first.

    `largest` is in characters: of one text; a turn keeps sixteen times as much.
    """

    on: bool = True
    redact: tuple[str, ...] = ()
    largest: int = LARGEST


class Exchange(Struct, frozen=True, omit_defaults=True):
    """One question to the world, and what came back.

    `key` is a digest of the question, `about` says it to people. `at` is when the answer was there, in microseconds
    after the turn began; -1: it never came. `answer` is JSON, `failed` a code and a message in its place. `cut`: so
    many characters of the answer were left out.
    """

    port: PortName
    key: str
    about: str = ""
    at: int = NEVER
    answer: Any = None
    failed: tuple[str, str] | None = None
    cut: int = 0


class Heard(Struct, frozen=True, omit_defaults=True):
    """All that one turn got.

    `clock`: the readings of the world's clock, in milliseconds after the action was accepted. `facts`: what is set
    up: an address, or None for a port or a secret (`secret:name`) that is not there. `stopped`: when the turn was
    interrupted, in microseconds after it began. `state`: of a session's first turn the variables that it did not get
    from its agent; of a change that a client made all that may be changed (`stack`, `storage`, `variables`).
    """

    exchanges: tuple[Exchange, ...] = ()
    clock: tuple[int, ...] = ()
    facts: dict[str, str | None] = {}
    stopped: int | None = None
    state: dict[str, Any] | None = None


NOTHING = Heard()
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Heard).decode


def encode_heard(heard: Heard) -> bytes | None:
    """As the store keeps it; None: there is nothing to keep."""
    return None if heard == NOTHING else _encode(heard)


def decode_heard(data: bytes | None) -> Heard:
    """The inverse of `encode_heard`. Raises `msgspec.MsgspecError`."""
    return NOTHING if data is None else _decode(data)
