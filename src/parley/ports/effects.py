"""What turns have done to the world: so that a turn that is run again after a crash does not do it again.

Order and durability: as the store's (`ports/store.py`); a call that has returned survives what a commit survives.
An effect is known until its turn is settled, or its user is forgotten.
"""

from __future__ import annotations

from typing import Protocol

from msgspec import Struct

from parley.domain.ids import SessionID, TurnID


class EffectName(Struct, frozen=True):
    """Which effect: `effect` is the same when the turn is run again."""

    session: SessionID
    turn: TurnID
    effect: str


class Effect(Struct, frozen=True):
    """What is known of one: a digest of what was asked for, and its outcome; None: it began, and nobody knows more."""

    asked: str
    outcome: bytes | None = None


class Effects(Protocol):
    """The ledger. All verbs raise `StoreUnavailable`."""

    async def begin(self, name: EffectName, asked: str) -> Effect | None:
        """Write down that this is about to be done. What is known of it where it was begun before; None: it is new."""
        ...

    async def find(self, name: EffectName) -> Effect | None:
        """What is known of an effect; None: nothing."""
        ...

    async def finish(self, name: EffectName, effect: Effect) -> None:
        """Write down its outcome. What was written down first stays."""
        ...

    async def settle(self, session: SessionID, turn: TurnID) -> None:
        """The turn is saved: forget its effects, and those of the session's turns before it."""
        ...
