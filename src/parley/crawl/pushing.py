"""Making a condition go the way that it never went: its variables are set from outside just before it is asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from parley.crawl.edges import Place
from parley.crawl.guesses import values_for
from parley.domain.steps import Condition
from parley.engine.conditions import holds
from parley.engine.turn import Turn


class Push:
    """Sets the variables that a condition looks at so that it goes the way of one of its branches, once a turn.

    The way after the last branch is the step's own.
    """

    def __init__(self, place: Place, step: Condition, index: int) -> None:
        self._place, self._index = place, index
        self._tests = [branch.test for branch in step.branches]

    def __call__(self, turn: Turn, place: Place) -> None:
        if place != self._place:
            return
        known = {**turn.variables.shown(), **turn.frame.variables}
        wanted = self._tests[self._index : self._index + 1] or self._tests
        with turn.unheard():
            values = values_for(wanted, known, lambda guess: self._leads_there(turn, guess))
        for name, value in {**known, **(values or {})}.items():
            if name in turn.frame.variables or name in turn.state.variables:
                turn.variables.set(name, value)

    def _leads_there(self, turn: Turn, guess: Mapping[str, Any]) -> bool:
        for name, value in guess.items():
            turn.variables.set(name, value)
        taken = next((i for i, test in enumerate(self._tests) if holds(test, turn)), len(self._tests))
        return taken == self._index
