"""Every test that a program makes, wherever it stands: in conditions, in variants, in steps of any kind."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from parley.domain.conditions import AllOf, AnyOf, Compare, Test, Truthy
from parley.domain.program import Program


def tests_of(program: Program) -> Iterator[Test]:
    """The tests of all workflows, outermost only."""
    for workflow in program.workflows.values():
        for step in workflow.steps.values():
            yield from _tests(step)


def _tests(value: Any) -> Iterator[Test]:
    if isinstance(value, Compare | Truthy | AllOf | AnyOf):
        yield value
    elif isinstance(value, Struct):
        for name in value.__struct_fields__:
            yield from _tests(getattr(value, name))
    elif isinstance(value, tuple):
        for item in value:
            yield from _tests(item)
