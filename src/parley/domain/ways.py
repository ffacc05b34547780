"""Where the steps of newer kinds lead, besides their `then`."""

from __future__ import annotations

from collections.abc import Iterator

from parley.domain.channel_steps import Stream
from parley.domain.model_steps import AgentStep, Crew, Knowledge, Operator, Prompted
from parley.domain.steps import Api, Capture, Code, Function, Random, Step, Target, Way


def side_ways(step: Step) -> Iterator[Target]:
    """The targets that the step may take; those of its listening are not among them."""
    match step:
        case Random():
            yield from step.ways
        case Capture():
            yield from (target for wanted in step.entities for target in _way(wanted.given_up))
            yield from () if step.exits is None else (step.exits.then,)
        case AgentStep() | Crew():
            yield from (path.then for path in step.paths)
            yield from _way(step.each_turn)
        case Operator():
            yield from (path.then for path in step.paths)
            yield from _way(step.not_found)
        case Stream():
            yield from _way(step.paused)
            yield from _way(step.previous)
        case Prompted() | Knowledge():
            yield from _way(step.not_found)
        case Code() | Function():
            yield from step.paths.values()
            yield from () if step.failure is None else (step.failure.then,)
        case Api():
            yield from () if step.failure is None else (step.failure.then,)
        case _:
            return


def _way(way: Way | None) -> Iterator[Target]:
    if way is not None:
        yield way.then
