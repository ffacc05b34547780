"""Why a walk did not reach a step: said so that the author of the agent knows whether that is a mistake."""

from __future__ import annotations

from msgspec import Struct

from parley.crawl.edges import Place, entries_of, places_of, reachable, targets_of
from parley.crawl.guesses import names_in
from parley.crawl.walked import Walked
from parley.domain.program import Program
from parley.domain.steps import Call, Capture, Cards, Choice, Condition, CustomAction, Set, Step

_SPEAKING = (Choice, Cards, Capture)
_ANSWERED = ("code", "function", "api", "prompt", "prompt_set", "agent", "knowledge")


class Missed(Struct, frozen=True):
    """A step that was not reached. `behind` is the missed step that keeps it from being reached, None for itself."""

    place: Place
    reason: str
    behind: Place | None = None


def missed_in(walked: Walked) -> list[Missed]:
    """Every step that was not reached, in the order of the program."""
    program = walked.program
    missed = [place for place in places_of(program) if place not in walked.reached]
    if not missed:
        return []
    open_ways = reachable(program)
    sources = _sources(program)
    return [_missed(place, walked, open_ways, sources) for place in missed]


def called(place: Place, program: Program) -> str:
    """A step as its author knows it: its workflow, its kind, and its name or id."""
    workflow = program.workflows[place[0]]
    step = workflow.steps[place[1]]
    name = f" '{step.name}'" if step.name else ""
    return f"{workflow.name}: {step.__struct_config__.tag}{name} {step.id.removeprefix(f'{workflow.id}/')}"


def _missed(place: Place, walked: Walked, open_ways: set[Place], sources: dict[Place, list[Place]]) -> Missed:
    program = walked.program
    if place not in open_ways:
        return Missed(place, _no_way_in(place, open_ways, sources))
    first = _first_missed(place, walked.reached, sources)
    if first != place:
        return Missed(place, f"behind {called(first, program)}", first)
    before = next((each for each in sources.get(place, ()) if each in walked.reached), None)
    if before is None:
        is_entry = place in entries_of(program)
        return Missed(place, "nothing that was tried began it" if is_entry else "nothing that was reached leads to it")
    return Missed(place, _not_taken(before, program))


def _first_missed(place: Place, reached: set[Place], sources: dict[Place, list[Place]]) -> Place:
    """Backwards to the nearest missed step that a reached one, or nothing at all, leads to."""
    seen = {place}
    rest = [place]
    while rest:
        each = rest.pop(0)
        before = sources.get(each, [])
        if not before or any(source in reached for source in before):
            return each
        rest += [source for source in before if source not in seen]
        seen |= set(before)
    return place


def _no_way_in(place: Place, open_ways: set[Place], sources: dict[Place, list[Place]]) -> str:
    if not any(workflow == place[0] for workflow, _ in open_ways):
        return "no way in: nothing leads to its workflow"
    return "no way in: only steps without a way in lead to it" if sources.get(place) else "no way in"


def _not_taken(before: Place, program: Program) -> str:
    step = program.workflows[before[0]].steps[before[1]]
    where = called(before, program)
    if isinstance(step, Condition):
        names = list(dict.fromkeys(name for branch in step.branches for name in names_in(branch.test)))
        return f"{where} never went that way{_who_sets(names, program)}"
    if isinstance(step, Call):
        return f"{where} never came back"
    if isinstance(step, _SPEAKING):
        return f"no reply that was tried takes this way from {where}"
    if isinstance(step, CustomAction):
        return f"behind an answer of the client to {where}"
    if step.__struct_config__.tag in _ANSWERED:
        return f"behind an answer from outside to {where}"
    return f"{where} never went that way"


def _who_sets(names: list[str], program: Program) -> str:
    steps = [step for workflow in program.workflows.values() for step in workflow.steps.values()]
    unset = [name for name in names if name in program.variables and not any(_sets(step, name) for step in steps)]
    return f" (it looks at `{'`, `'.join(unset)}`, which only code or the client sets)" if unset else ""


def _sets(step: Step, name: str) -> bool:
    if isinstance(step, Set):
        return any(assignment.variable == name for assignment in step.assignments)
    if isinstance(step, Capture):
        return name in (step.variable, *(wanted.variable for wanted in step.entities))
    return isinstance(step, Call) and name in step.outputs


def _sources(program: Program) -> dict[Place, list[Place]]:
    found: dict[Place, list[Place]] = {}
    for workflow in program.workflows.values():
        for id, step in workflow.steps.items():
            for target in targets_of(step, workflow, program):
                found.setdefault(target, []).append((workflow.id, id))
    return found
