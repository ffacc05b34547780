"""The clock: the only way to know or to wait for time."""

from __future__ import annotations

from typing import Protocol


class Clock(Protocol):
    """Wall time that tests can hold still."""

    def now_ms(self) -> int:
        """Milliseconds since 1970, UTC."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return after `seconds`. May be cancelled."""
        ...
