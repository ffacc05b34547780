"""The settings of a server, and the only reader of the environment."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

MEMORY = ":memory:"


@dataclass(frozen=True, slots=True)
class Settings:
    """How one process serves.

    `data` is a file, or ":memory:". `api_key` is accepted beside the keys that are stored. `drain_seconds` bounds
    how long running turns may take when the process is told to stop.
    """

    paths: tuple[Path, ...]
    host: str = "127.0.0.1"
    port: int = 8181
    data: str = MEMORY
    reload: bool = False
    api_key: str | None = None
    body_limit: int = 1024 * 1024
    rate_per_minute: int | None = None
    drain_seconds: float = 10.0


@dataclass(frozen=True, slots=True)
class FromEnvironment:
    """What scripts preset. Each has a command-line option or prompt that says the same, except the key, which must
    not show in a process list."""

    api_key: str | None = field(default_factory=lambda: os.environ.get("API_KEY") or None)
    rate_per_minute: int | None = field(default_factory=lambda: _number("PARLEY_RATE_PER_MINUTE"))
    color: bool = field(default_factory=lambda: "NO_COLOR" not in os.environ)


def _number(name: str) -> int | None:
    value = os.environ.get(name)
    return int(value) if value and value.isdecimal() else None
