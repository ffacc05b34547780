"""Values: a literal, a template, an expression, and one that fails."""

from __future__ import annotations

from a_turn import a_turn

from parley.domain.conditions import Expression, Literally, Template
from parley.domain.traces import debug
from parley.engine.values import evaluate


def test_a_literal_is_itself_even_where_it_looks_like_a_template() -> None:
    turn, _ = a_turn(name="Ada")
    assert evaluate(Literally("{name}"), turn) == "{name}"
    assert evaluate(Literally({"a": [1]}), turn) == {"a": [1]}


def test_a_template_alone_keeps_its_type() -> None:
    turn, _ = a_turn(n=5)
    assert evaluate(Template("{n}"), turn) == 5
    assert evaluate(Template("{n}!"), turn) == "5!"


def test_an_expression_is_evaluated_over_the_variables() -> None:
    turn, said = a_turn(cart=[{"price": 2}, {"price": 3.5}])
    assert evaluate(Expression("cart.reduce((sum, line) => sum + line.price, 0)"), turn) == 5.5
    assert said == []


def test_an_expression_sees_the_frame_before_the_session() -> None:
    turn, _ = a_turn(x="session")
    turn.variables.enter({"x": "frame"})
    assert evaluate(Expression("x"), turn) == "frame"


def test_an_expression_that_fails_gives_nothing_and_tells_the_builder() -> None:
    turn, said = a_turn()
    assert evaluate(Expression("nobody.name"), turn) is None
    message = "expression `nobody.name` failed: TypeError: cannot read property 'name' of undefined"
    assert said == [debug(message, level="error", context="expression")]
