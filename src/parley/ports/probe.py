"""Readiness: can work be accepted and saved right now?"""

from __future__ import annotations

from typing import Protocol


class Probe(Protocol):
    """One question to a backend."""

    async def check(self) -> None:
        """Return when a write would be durable now. Raises `StoreUnavailable` saying what is wrong."""
        ...
