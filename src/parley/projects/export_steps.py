"""Steps in the words of the agent format: `say`, `ask`, `buttons` and their like."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Protocol, assert_never

from parley.domain.channel_steps import CallForward, Handoff, Stream
from parley.domain.ids import StepID
from parley.domain.model_steps import AgentStep, Crew, Knowledge, Operator, Prompted, PromptedSet, Routing
from parley.domain.steps import (
    Api,
    Call,
    Capture,
    Cards,
    Choice,
    Code,
    Condition,
    CustomAction,
    End,
    Function,
    GoTo,
    GoToIntent,
    Image,
    Listening,
    Message,
    Option,
    Random,
    Reset,
    Set,
    Speak,
    Step,
    Target,
)
from parley.domain.ways import side_ways
from parley.projects.export_capture import captured
from parley.projects.export_channel import forward_of, handoff_of, random_of, spoken, stream_of
from parley.projects.export_model import Lead, asked_of, briefing_of
from parley.projects.export_names import Names
from parley.projects.export_options import cards_of, choices, distinct, image_of, options_in
from parley.projects.export_playing import talk_of
from parley.projects.export_values import is_placeholder, mapped, prompts, said, short, silence, test, value
from parley.projects.export_world import calling
from parley.projects.export_yaml import NOTHING

Following = Callable[[Step], Target]
"""What comes after a step in the list in which it is written."""


class Flow(Protocol):
    """What a step may ask of the workflow around it."""

    names: Names

    def path(self, target: Target, after: Target, depth: int, *, always: bool = False) -> Any:
        """Where a way on leads, as it is written; None for on."""
        ...

    def merges(self, target: Target) -> bool:
        """Whether this step can be written in one with the one before it."""
        ...

    def take(self, target: StepID) -> Step:
        """The step, which is being written now."""
        ...

    def resolved(self, target: Target) -> Target:
        """The step that a target comes to."""
        ...

    def arrow(self, target: Target) -> str:
        """The arrow to a step of this workflow."""
        ...

    def goto(self, step: GoTo) -> str:
        """The arrow that a step to another workflow is."""
        ...

    @property
    def steps(self) -> dict[StepID, Step]:
        """All steps of the workflow."""
        ...


def ways(step: Step) -> Iterator[Target]:
    """Every target of a step that it can take."""
    if not isinstance(step, End | GoTo) or (isinstance(step, GoTo) and step.workflow is None):
        yield step.then
    yield from side_ways(step)
    if isinstance(step, Condition):
        yield from (branch.then for branch in step.branches)
    if isinstance(step, CustomAction):
        yield from (path.then for path in step.paths)
    if isinstance(step, Choice | Cards):
        yield from (option.then for option in options_in(step) if option.has_path)
    if isinstance(step, Choice | Cards | Capture | AgentStep | Crew):
        rules = (step.listening.no_match, step.listening.no_reply)
        yield from (rule.then for rule in rules if rule is not None and rule.has_path)


def item_of(step: Step, flow: Flow, following: Following, depth: int) -> tuple[dict[str, Any], Target]:
    """The step, in one with the one that it introduces, and what comes after."""
    if isinstance(step, Message) and step.variants:
        target = flow.resolved(step.then)
        if target is not None and flow.merges(target) and _is_introduced(flow.steps[target]):
            main = flow.take(target)
            on = following(main)
            key = "ask" if isinstance(main, Capture) or _has_nothing_to_choose(main) else "say"
            return {key: said(step.variants, flow.names)} | _written(main, flow, on, depth, is_asked=True), on
    on = following(step)
    return _written(step, flow, on, depth), on


def _has_nothing_to_choose(step: Step) -> bool:
    return isinstance(step, Choice) and not distinct(step.options)


def _is_introduced(step: Step) -> bool:
    return isinstance(step, Choice | Capture | Cards)


def _written(step: Step, flow: Flow, on: Target, depth: int, *, is_asked: bool = False) -> dict[str, Any]:
    names = flow.names
    match step:
        case Message() | Speak():
            if not step.variants:
                return {"go to": flow.arrow(on).removeprefix("-> ")}
            return spoken(step, names) if isinstance(step, Speak) else {"say": said(step.variants, names)}
        case Choice():
            shown = choices(step.options, names, _way(flow, on, depth))
            head = {"listen": NOTHING} if _has_nothing_to_choose(step) else {"buttons": shown}
            return head | _listening(step.listening, flow, on, depth)
        case Capture():
            return _capture(step, flow, on, depth, is_asked) | _listening(step.listening, flow, on, depth)
        case Condition():
            return _condition(step, flow, on, depth)
        case Set():
            return _set(step, names)
        case Call():
            return _call(step, names)
        case GoTo():
            return {"go to": flow.goto(step).removeprefix("-> ")}
        case Image():
            return {"image": image_of(step)}
        case Cards():
            shown = cards_of(step, names, _way(flow, on, depth))
            return shown | (_listening(step.listening, flow, on, depth) if step.waits else {})
        case CustomAction():
            return _custom(step, flow, on, depth)
        case Code() | Function() | Api():
            return calling(step, names, _lead(flow, on, depth))
        case AgentStep() | Crew() | Operator() | Routing():
            return _thinking(step, flow, on, depth)
        case Random() | GoToIntent() | Reset() | Stream() | CallForward() | Handoff():
            return _moving(step, names, _lead(flow, on, depth))
        case Prompted() | PromptedSet() | Knowledge():
            return asked_of(step, names, _lead(flow, on, depth))
        case End():
            return {"end": NOTHING}
        case _:
            assert_never(step)


def _thinking(step: AgentStep | Crew | Operator | Routing, flow: Flow, on: Target, depth: int) -> dict[str, Any]:
    if isinstance(step, Routing):  # of no author's workflow
        return {}
    written = talk_of(step, flow.names, _lead(flow, on, depth))
    return written if isinstance(step, Operator) else written | _listening(step.listening, flow, on, depth)


def _moving(
    step: Random | GoToIntent | Reset | Stream | CallForward | Handoff, names: Names, lead: Lead
) -> dict[str, Any]:
    match step:
        case Random():
            return random_of(step, lead)
        case GoToIntent():
            return {"go to": short({"intent": names.intent(step.intent)})}
        case Reset():
            return {"reset": NOTHING}
        case Stream():
            return stream_of(step, lead)
        case CallForward():
            return forward_of(step)
        case Handoff():
            return handoff_of(step)
        case _:
            assert_never(step)


def _capture(step: Capture, flow: Flow, on: Target, depth: int, is_asked: bool) -> dict[str, Any]:
    return captured(step, flow.names, _lead(flow, on, depth), is_asked=is_asked)


def _lead(flow: Flow, on: Target, depth: int) -> Lead:
    return lambda target: flow.path(target, on, depth, always=True)


def _way(flow: Flow, on: Target, depth: int) -> Callable[[Option], Any]:
    return lambda option: flow.path(option.then, on, depth) if option.has_path else None


def _listening(listening: Listening, flow: Flow, on: Target, depth: int) -> dict[str, Any]:
    written: dict[str, Any] = {}
    no_match, no_reply = listening.no_match, listening.no_reply
    rule = prompts(no_match, flow.names)
    if no_match.has_path:
        rule["then"] = flow.path(no_match.then, on, depth, always=True)
    if rule:
        written["no_match"] = rule["say"] if list(rule) == ["say"] else short(rule)
    if no_reply is not None:
        rule = silence(no_reply, flow.names)
        if no_reply.has_path:
            rule["then"] = flow.path(no_reply.then, on, depth, always=True)
        written["no_reply"] = rule["say"] if list(rule) == ["say"] else short(rule)
    if not listening.elsewhere:
        written["elsewhere"] = False
    return written


def _condition(step: Condition, flow: Flow, on: Target, depth: int) -> dict[str, Any]:
    names = flow.names
    if len(step.branches) == 1:
        branch = step.branches[0]
        written = {"if": test(branch.test, names)}
        then = flow.path(branch.then, on, depth)
        otherwise = flow.path(step.then, on, depth)
        if then is None and otherwise is None:
            then = flow.path(branch.then, on, depth, always=True)
        written |= {} if then is None else {"then": then}
    else:
        written = {
            "cases": [
                {"if": test(branch.test, names), "then": flow.path(branch.then, on, depth, always=True)}
                for branch in step.branches
            ]
        }
        otherwise = flow.path(step.then, on, depth)
    written |= {} if otherwise is None else {"else": otherwise}
    return written | briefing_of(step.briefing)


def _set(step: Set, names: Names) -> dict[str, Any]:
    if not step.properties:
        return {"set": _assignments(step, names)}
    properties = {each.variable: value(each.value, names) for each in step.properties}
    return {"set": _assignments(step, names) if step.assignments else NOTHING, "transcript": short(properties)}


def _assignments(step: Set, names: Names) -> Any:
    pairs = [(names.variable(each.variable), value(each.value, names)) for each in step.assignments]
    return mapped(pairs)


def _call(step: Call, names: Names) -> dict[str, Any]:
    if not names.has(step.workflow):
        names.lose(f"a call of the workflow '{step.workflow}', which does not exist")
        return {"set": {}}
    written: dict[str, Any] = {"call": names.workflow(step.workflow)}
    if step.inputs:
        written["with"] = {each.variable: value(each.value, names) for each in step.inputs}
    if step.outputs:
        written["into"] = {names.variable(mine): theirs for mine, theirs in step.outputs.items()}
    return written


def _custom(step: CustomAction, flow: Flow, on: Target, depth: int) -> dict[str, Any]:
    written: dict[str, Any] = {"action": step.action}
    if step.body is not None:
        written["body"] = step.body
        if step.body_is_json and isinstance(step.body, str) and is_placeholder(step.body):
            written["json"] = True
    if step.stop != bool(step.paths):
        written["wait"] = step.stop
    if step.paths:
        paths = [(path.label, flow.path(path.then, on, depth) or NOTHING) for path in step.paths]
        twice = len({label for label, _ in paths}) < len(paths)
        written["paths"] = [{label: way} for label, way in paths] if twice else dict(paths)
    if step.default is not None and 0 <= step.default < len(step.paths):
        written["default"] = step.paths[step.default].label
    if step.everywhere:
        written["everywhere"] = True
    return written
