"""The ledger of effects in this process' memory."""

from __future__ import annotations

from parley.domain.ids import SessionID, TurnID
from parley.ports.effects import Effect, EffectName


class MemoryEffects:
    """Effects by session, turn and name."""

    def __init__(self) -> None:
        self._kept: dict[SessionID, dict[tuple[TurnID, str], Effect]] = {}

    async def begin(self, name: EffectName, asked: str) -> Effect | None:
        """See `Effects.begin`."""
        known = await self.find(name)
        if known is None:
            self._kept.setdefault(name.session, {})[name.turn, name.effect] = Effect(asked)
        return known

    async def find(self, name: EffectName) -> Effect | None:
        """See `Effects.find`."""
        return self._kept.get(name.session, {}).get((name.turn, name.effect))

    async def finish(self, name: EffectName, effect: Effect) -> None:
        """See `Effects.finish`."""
        known = await self.find(name)
        if known is None or known.outcome is None:
            self._kept.setdefault(name.session, {})[name.turn, name.effect] = effect

    async def settle(self, session: SessionID, turn: TurnID) -> None:
        """See `Effects.settle`."""
        kept = self._kept.get(session, {})
        for each in [each for each in kept if each[0] <= turn]:
            del kept[each]
        if not kept:
            self._kept.pop(session, None)

    def forget(self, session: SessionID) -> None:
        """Forget everything that a session has done."""
        self._kept.pop(session, None)
