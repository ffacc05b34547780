"""What the language of flows costs: microseconds an operation, the best of several rounds.

python bench/expressions.py
"""

from __future__ import annotations

import time
from collections.abc import Callable

from parley.domain.actions import Text
from parley.domain.conditions import AllOf, Compare, Literally, Template, Truthy
from parley.domain.program import Program, Workflow
from parley.domain.state import Frame, SessionState
from parley.domain.transcript import TurnConfig
from parley.engine.agent import Agent
from parley.engine.conditions import holds
from parley.engine.javascript import check_expression, evaluate_expression
from parley.engine.templates import render
from parley.engine.turn import Turn

ROUNDS = 5


def microseconds(operation: Callable[[], object], times: int) -> float:
    """The best round's time for one operation."""
    operation()
    best = float("inf")
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        for _ in range(times):
            operation()
        best = min(best, time.perf_counter() - begun)
    return best / times * 1e6


def a_turn() -> Turn:
    """A turn with a handful of variables."""
    values = {"name": "Ada", "age": 30, "city": "London", "order": {"lines": [{"price": 2.5}]}}
    state = SessionState("s", "p", "main", "v", "u", created_at=0, stack=[Frame("w")], variables=values)
    agent = Agent("v", Program("bench", "w", {"w": Workflow("w", "W")}))
    action = Text({"type": "text", "payload": ""}, "")
    return Turn(agent, state, action, id="0" * 24, now_ms=0, emit=lambda _: None, config=TurnConfig())


def main() -> None:
    """Print one line an operation."""
    turn = a_turn()
    known = turn.variables
    text = "Hello {name} of {city}, that is {order.lines[0].price}."
    structured = AllOf(
        (
            Compare(Template("{age}"), "greater_than", Literally(18)),
            Compare(Template("{city}"), "is", Literally("London")),
        )
    )
    operations: list[tuple[str, Callable[[], object], int]] = [
        ("template, three placeholders", lambda: render(text, known), 50_000),
        ("structured condition, two clauses", lambda: holds(structured, turn), 50_000),
        ("expression, two clauses", lambda: evaluate_expression("age > 18 && city == 'London'", known), 50_000),
        ("expression as a condition", lambda: holds(Truthy("age > 18 && city == 'London'"), turn), 50_000),
        ("expression over an object", lambda: evaluate_expression("order.lines[0].price * 2", known), 20_000),
        ("expression that gives an object", lambda: evaluate_expression("({name, age})", known), 20_000),
        ("syntax check", lambda: check_expression("age > 18 && city == 'London'"), 300),
    ]
    for name, operation, times in operations:
        print(f"{name:36} {microseconds(operation, times):8.2f} µs")


if __name__ == "__main__":
    main()
