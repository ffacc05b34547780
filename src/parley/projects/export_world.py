"""Code, functions and requests in the words of the agent format."""

from __future__ import annotations

from typing import Any, assert_never

from parley.domain.program import FunctionDefinition, Program
from parley.domain.step_parts import Target, Way
from parley.domain.steps import Api, Code, Function
from parley.domain.world_steps import Body, FormBody, JsonBody, Pair, RawBody
from parley.projects.export_model import Lead
from parley.projects.export_names import Names
from parley.projects.export_values import duration, mapped, short, value

_WHOLE = "response"
_MISSING = "export default async () => { throw new Error('there is no such function') }"


def calling(step: Code | Function | Api, names: Names, lead: Lead) -> dict[str, Any]:
    """A step that runs code or calls the world."""
    match step:
        case Code():
            return {"code": step.source} | _paths(step.paths, lead) | _failure(step.failure, lead)
        case Function():
            written: dict[str, Any] = {"function": step.function}
            if step.inputs:
                written["with"] = short({name: value(given, names) for name, given in step.inputs.items()})
            if step.outputs:
                written["into"] = short({names.variable(mine): theirs for mine, theirs in step.outputs.items()})
            return written | _paths(step.paths, lead) | _failure(step.failure, lead)
        case Api():
            return api_written(step, names) | _failure(step.failure, lead)
        case _:
            assert_never(step)


def functions_written(program: Program) -> dict[str, Any]:
    """The functions as they are declared; one that steps call and nobody wrote fails as it did."""
    steps = [step for workflow in program.workflows.values() for step in workflow.steps.values()]
    called = [step.function for step in steps if isinstance(step, Function)]
    missing = {id: FunctionDefinition(id, _MISSING) for id in called if id not in program.functions}
    return {id: _function(id, function) for id, function in (program.functions | missing).items()}


def _function(id: str, function: FunctionDefinition) -> Any:
    more: dict[str, Any] = {} if function.name == id else {"name": function.name}
    for key, names in (("inputs", function.inputs), ("outputs", function.outputs), ("paths", function.paths)):
        if names:
            more[key] = list(names)
    return {**more, "source": function.source} if more else function.source


def api_written(step: Api, names: Names) -> dict[str, Any]:
    """A request, and where its response goes."""
    written: dict[str, Any] = {"api": f"{step.method} {step.url}"}
    for key, pairs in (("headers", step.headers), ("params", step.params)):
        if pairs:
            written[key] = _pairs(pairs)
    written |= _body(step.body)
    captures = [(names.variable(captured.variable), captured.path) for captured in step.captures]
    if [path for _, path in captures] == [_WHOLE]:
        written["into"] = captures[0][0]
    elif captures:
        written["into"] = mapped(captures)
    if step.timeout is not None:
        written["timeout"] = duration(step.timeout)
    if step.background:
        written["background"] = True
    if step.idempotent is not None:
        written["idempotent"] = step.idempotent
    return written


def _body(body: Body | None) -> dict[str, Any]:
    match body:
        case None:
            return {}
        case JsonBody():
            return {"json": body.value}
        case RawBody():
            return {"body": body.text}
        case FormBody():
            key = "form" if body.encoding == "urlencoded" else "multipart"
            return {key: _pairs(body.fields)}
        case _:
            assert_never(body)


def _pairs(pairs: tuple[Pair, ...]) -> Any:
    return mapped([(pair.name, pair.value) for pair in pairs])


def _paths(paths: dict[str, Target], lead: Lead) -> dict[str, Any]:
    return {"paths": {label: lead(target) for label, target in paths.items()}} if paths else {}


def _failure(failure: Way | None, lead: Lead) -> dict[str, Any]:
    return {} if failure is None else {"on_failure": lead(failure.then)}
