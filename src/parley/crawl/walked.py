"""What a walk finds, and the states that it goes through."""

from __future__ import annotations

from collections import Counter
from typing import Any

from msgspec import Struct, field

from parley.crawl.edges import Place
from parley.domain.program import Program

Wire = dict[str, Any]


class Situation(Struct, frozen=True):
    """A saved state, the buttons on the screen, and how it came about. `helped`: variables were set from outside."""

    state: bytes
    buttons: list[Wire]
    helped: bool = False
    before: Situation | None = None
    action: Wire = {}

    def history(self) -> list[Wire]:
        """The actions that led here, from the launch on."""
        return [] if self.before is None else [*self.before.history(), self.action]


class Failure(Struct, frozen=True):
    """An internal error, and the conversation that ends with it."""

    traceback: str
    actions: list[Wire]


class Walked(Struct):
    """What a walk found. `helped` are steps that were reached only with variables set from outside.

    `endless` are steps at which a turn was stopped because it did not wait; `traps` wait, and nothing leads on from
    them.
    """

    program: Program
    reached: set[Place] = set()
    helped: set[Place] = set()
    failures: list[Failure] = []
    complaints: Counter[str] = field(default_factory=Counter)
    endless: set[Place] = set()
    traps: set[Place] = set()
    turns: int = 0
    states: int = 0
    is_complete: bool = True
