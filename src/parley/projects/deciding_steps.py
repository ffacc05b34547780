"""Steps that decide and remember: if, cases, random, set, call, go to, reset."""

from __future__ import annotations

from parley.domain.ids import WorkflowID
from parley.domain.steps import (
    Assignment,
    Branch,
    Call,
    Condition,
    End,
    GoTo,
    GoToIntent,
    Random,
    Reset,
    Set,
    Target,
)
from parley.projects.conditions import test_of, value_of
from parley.projects.draft import ARROW, Destination, Draft, Place, is_nothing
from parley.projects.model_steps import briefing_of
from parley.projects.nodes import Listed, Mapped, Node, name_of
from parley.projects.problems import did_you_mean
from parley.projects.reading import boolean, items_of, mapping_of, shaped, text_of
from parley.projects.step_shapes import CASE, INTENDED


def if_(value: Node, step: Mapped, place: Place, draft: Draft) -> None:
    """Goes one way or the other, then on."""
    then = draft.path(step.get("then"), place, "then")
    otherwise = draft.path(step.get("else"), place, "else")
    if step.get("then") is None and step.get("else") is None:
        advice = "Add `then`, `else` or both."
        draft.problems.error(place.mark, "`if` leads nowhere: it has neither `then` nor `else`", advice)
    branches = (Branch(test_of(value, draft, judged=True), then),)
    _decide(branches, otherwise, step, place, draft)


def cases(value: Node, step: Mapped, place: Place, draft: Draft) -> None:
    """Goes the way of the first case that holds."""
    branches = []
    for n, item in enumerate(items_of(value, draft.problems, "`cases`"), 1):
        mapping = shaped(item, CASE, draft.problems, "a case")
        test, then = (mapping.get("if"), mapping.get("then")) if mapping else (None, None)
        if test is not None:
            branches.append(Branch(test_of(test, draft, judged=True), draft.path(then, place, f"case{n}")))
    otherwise = draft.path(step.get("else"), place, "else")
    _decide(tuple(branches), otherwise, step, place, draft)


def _decide(branches: tuple[Branch, ...], otherwise: Target, step: Mapped, place: Place, draft: Draft) -> None:
    briefing = briefing_of(step, draft)
    draft.add(Condition(place.id, place.name, otherwise, branches=branches, briefing=briefing), place.mark)


def set_(value: Node, step: Mapped, place: Place, draft: Draft) -> None:
    """Sets variables, in the order in which they are written, and properties of the transcript."""
    properties = tuple(
        Assignment(name, value_of(given, draft))
        for name, _, given in mapping_of(step.get("transcript"), draft.problems, "`transcript`")
    )
    parts = items_of(value, draft.problems, "`set`") if isinstance(value, Listed) else (value,)
    assignments: list[Assignment] = []
    for part in parts:
        for name, key, given in mapping_of(part, draft.problems, "`set`"):
            draft.check_variable(name, key)
            assignments.append(Assignment(name, value_of(given, draft)))
    if not assignments and not properties and all(is_nothing(part) or isinstance(part, Mapped) for part in parts):
        draft.problems.error(value.mark, "`set` sets nothing", "For example `set: {count: = count + 1}`.")
    found = Set(place.id, place.name, place.after, assignments=tuple(assignments), properties=properties)
    draft.add(found, place.mark)


def random(value: Node, step: Mapped, place: Place, draft: Draft) -> None:
    """Goes one of the ways by chance."""
    items = items_of(value, draft.problems, "`random`")
    ways = tuple(draft.path(item, place, f"way{n}") for n, item in enumerate(items, 1))
    repeats = step.get("repeats")
    exhausts = repeats is not None and not boolean(repeats, draft.problems, "`repeats`")
    draft.add(Random(place.id, place.name, place.after, ways=ways, exhausts=exhausts), place.mark)


def reset(value: Node, step: Mapped, place: Place, draft: Draft) -> None:
    """Begins again where the conversation began."""
    if not is_nothing(value):
        draft.problems.error(value.mark, f"`reset` takes nothing, and found {name_of(value)}", "Write `- reset:`.")
    draft.add(Reset(place.id, place.name), place.mark)


def call(value: Node, step: Mapped, place: Place, draft: Draft) -> None:
    """Runs another workflow and comes back."""
    name = text_of(value, draft.problems, "`call`").removeprefix(ARROW).strip()
    own = draft.names.workflows.get(name)
    if name and own is None:
        advice = did_you_mean(name, draft.names.workflows)
        draft.problems.error(value.mark, f"there is no workflow `{name[:80]}` to call", advice)
    theirs = (own or set()) | draft.names.variables | draft.names.entities
    inputs = []
    for variable, key, given in mapping_of(step.get("with"), draft.problems, "`with`"):
        if own is not None and variable not in theirs:
            message = f"workflow `{name}` has no variable `{variable[:80]}`"
            draft.problems.error(key.mark, message, did_you_mean(variable, theirs))
        inputs.append(Assignment(variable, value_of(given, draft)))
    outputs = {}
    for mine, key, given in mapping_of(step.get("into"), draft.problems, "`into` of `call`"):
        draft.check_variable(mine, key)
        outputs[mine] = text_of(given, draft.problems, "`into`")
        if own is not None and outputs[mine] and outputs[mine] not in theirs:
            message = f"workflow `{name}` has no variable `{outputs[mine][:80]}`"
            draft.problems.error(given.mark, message, did_you_mean(outputs[mine], theirs))
    step_ = Call(
        place.id,
        name=place.name,
        then=place.after,
        workflow=WorkflowID(name),
        inputs=tuple(inputs),
        outputs=outputs,
    )
    draft.add(step_, place.mark)


def go_to(value: Node, step: Mapped, place: Place, draft: Draft) -> None:
    """Goes elsewhere for good, or as if the user had meant an intent."""
    if isinstance(value, Mapped):
        mapping = shaped(value, INTENDED, draft.problems, "`go to`")
        intent = mapping.get("intent") if mapping else None
        if intent is not None:
            draft.add(GoToIntent(place.id, place.name, place.after, intent=draft.intent(intent)), place.mark)
        return
    if isinstance(value, Listed):
        draft.problems.error(value.mark, f"`go to` takes one target, and found {name_of(value)}", "`-> name`.")
        return
    jump(text_of(value, draft.problems, "`go to`"), place, draft)


def jump(text: str, place: Place, draft: Draft) -> None:
    """The step that an arrow in a list of steps is."""
    name = text.strip().removeprefix(ARROW).strip()
    if not name:
        draft.problems.error(place.mark, "this arrow leads nowhere", "For example `-> end`.")
        return
    if name == "end":
        draft.add(End(place.id, name=place.name), place.mark)
        return
    found = draft.destination(name, place.mark)
    if isinstance(found, Destination):
        step = GoTo(place.id, name=place.name or name, workflow=found.workflow, then=found.step)
        draft.add(step, place.mark)
    elif found is None:
        # The way back has no step of its own in the domain; a labelled one still needs something to stand for it.
        draft.add(Set(place.id, name=place.name or name), place.mark)
    else:
        draft.add(GoTo(place.id, name=place.name or name, then=found), place.mark)
