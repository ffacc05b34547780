"""Playbooks, the agent itself and the steps in which a model is at work, in the words of the agent format."""

from __future__ import annotations

from typing import Any, assert_never

from parley.domain.model_steps import AgentPath, AgentStep, Crew, Operator
from parley.domain.own_workflows import ROUTER, is_own
from parley.domain.playbooks import Exit, Needed, Playbook, Route, Router
from parley.domain.program import Program, Settings, Trigger
from parley.projects.export_model import Lead, settings_of
from parley.projects.export_names import Names
from parley.projects.export_values import said, short, test
from parley.projects.export_yaml import NOTHING, Inline


def talk_of(step: AgentStep | Crew | Operator, names: Names, lead: Lead) -> dict[str, Any]:
    """The step, with its ways on."""
    match step:
        case AgentStep(playbook=None):
            written: dict[str, Any] = {"agent": step.instructions}
        case AgentStep():
            written = {"playbook": names.playbook(step.playbook)}
            if step.instructions:
                written["instructions"] = step.instructions
        case Crew():
            written = {"crew": {names.playbook(each.playbook): _route(each, names) for each in step.members}}
        case Operator():
            written = {"operator": step.instructions}
        case _:
            assert_never(step)
    written |= settings_of(step.settings) | ({"tools": list(step.tools)} if step.tools else {})
    paths = _paths(step, names, lead)
    if paths:
        written["paths" if "agent" in written else "exits"] = paths
    if isinstance(step, Operator):
        if step.retries != Operator("").retries:  # type: ignore[arg-type]
            written["retries"] = step.retries
        return written if step.not_found is None else written | {"not_found": lead(step.not_found.then)}
    if not step.talks_first:
        written["talks_first"] = False
    return written if step.each_turn is None else written | {"each_turn": lead(step.each_turn.then)}


def playing_written(program: Program, names: Names) -> dict[str, Any]:
    """`agent`, `playbooks`, `personas`, and the events that lead to one of these."""
    written: dict[str, Any] = {}
    if program.router is not None:
        written["agent"] = _agent(program.router, names)
    routes = () if program.router is None else program.router.routes
    by_playbook = {route.playbook: route for route in routes if route.playbook is not None}
    playbooks = {
        names.playbook(name): _playbook(name, playbook, by_playbook.get(name), names)
        for name, playbook in program.playbooks.items()
    }
    events = {t.event: _event(t, names) for t in program.triggers if t.event is not None and is_own(t.workflow)}
    for trigger in program.triggers:
        if trigger.intent is not None and is_own(trigger.workflow):
            names.lose(f"that the intent '{trigger.intent}' starts a playbook")
    personas = {name: dict(values) for name, values in program.personas.items()}
    more = {"playbooks": playbooks, "events": events, "personas": personas}
    return written | {key: value for key, value in more.items() if value}


def allowed_of(settings: Settings, names: Names) -> dict[str, Any]:
    """What models may take, among the settings."""
    written: dict[str, Any] = {}
    memory, cost, default = settings.memory, settings.cost, Settings().memory
    if memory != default:
        written["memory"] = ({"turns": memory.turns} if memory.turns != default.turns else {}) | (
            {"summary": memory.summary} if memory.summary != default.summary else {}
        )
    if cost is not None:
        written["cost"] = {"dollars": cost.dollars} | ({"say": said(cost.said, names)} if cost.said else {})
    return written


def set_by_work(step: AgentStep | Crew | Operator) -> list[str]:
    """The variables that the model may set in a step."""
    found = [name for path in step.paths for name in _set_by(path)]
    return found + [name for each in (step.members if isinstance(step, Crew) else ()) for name in _set_by(each)]


def set_by_playing(program: Program) -> list[str]:
    """The variables that the agent and its playbooks may set."""
    routes = () if program.router is None else program.router.routes
    exits = [way for playbook in program.playbooks.values() for way in playbook.exits]
    return [name for each in routes for name in _set_by(each)] + [name for each in exits for name in _set_by(each)]


def _set_by(way: AgentPath | Exit | Route) -> list[str]:
    own = () if isinstance(way, Route) else way.variables
    return [*own, *(need.variable for need in way.needs)]


def _event(trigger: Trigger, names: Names) -> dict[str, Any]:
    if trigger.workflow == ROUTER:
        return Inline({"agent": True})
    return Inline({"run": names.workflow(trigger.workflow)} | ({"returns": True} if trigger.calls else {}))


def _agent(router: Router, names: Names) -> dict[str, Any]:
    written: dict[str, Any] = {key: text for key in ("prompt", "instructions") if (text := getattr(router, key))}
    routes: dict[str, Any] = {}
    for route in router.routes:
        if route.playbook is not None:
            routes[names.playbook(route.playbook)] = NOTHING
        elif route.workflow is not None and names.has(route.workflow):
            routes[names.workflow(route.workflow)] = _route(route, names)
    written["routes"] = routes or NOTHING
    if router.first is not None and names.has(router.first):
        written["first"] = names.workflow(router.first)
    settings = settings_of(router.settings)
    written |= {"tools": list(router.tools)} if router.tools else {}
    return written | ({"model": Inline(_model(settings))} if settings else {})


def _playbook(name: str, playbook: Playbook, route: Route | None, names: Names) -> dict[str, Any]:
    title = playbook.title or name
    written: dict[str, Any] = {} if names.playbook(name) == title else {"name": title}
    about = playbook.about if route is None or not route.about else route.about
    written |= ({"when": about} if about else {}) | {"instructions": playbook.instructions or NOTHING}
    if route is not None:
        written |= _conditions(route, names)
    if playbook.tools:
        written["tools"] = list(playbook.tools)
    if playbook.exits:
        written["exits"] = {each.name: _exit(each, names) for each in playbook.exits}
    settings = settings_of(playbook.settings)
    return written | ({"model": Inline(_model(settings))} if settings else {})


def _model(settings: dict[str, Any]) -> dict[str, Any]:
    return {"use" if key == "model" else key: value for key, value in settings.items()}


def _exit(way: Exit, names: Names) -> Any:
    to = "-> end" if way.ends else "-> back"
    if way.workflow is not None and names.has(way.workflow):
        to = f"-> {names.workflow(way.workflow)}"
        if way.step is not None:
            to = f"{to}.{names.label(way.workflow, way.step)}"
    mapping = _given(way, names)
    return short(mapping | {"to": to}) if mapping else to


def _paths(step: AgentStep | Crew | Operator, names: Names, lead: Lead) -> dict[str, Any]:
    paths: dict[str, Any] = {}
    for path in step.paths:
        if path.name in paths:
            names.lose(f"a second path '{path.name}' of an agent")
        mapping = _given(path, names)
        to = lead(step.then if path.then is None else path.then)
        paths[path.name] = mapping | {"to": to} if mapping else to
    return paths


def _given(way: Exit | AgentPath, names: Names) -> dict[str, Any]:
    mapping: dict[str, Any] = {"when": way.about} if way.about else {}
    if way.variables:
        mapping["into"] = [names.variable(variable) for variable in way.variables]
    return mapping | (_needs(way.needs, names) if way.needs else {})


def _route(route: Route, names: Names) -> Any:
    written = ({"when": route.about} if route.about else {}) | _conditions(route, names)
    return short(written) if written else NOTHING


def _conditions(route: Route, names: Names) -> dict[str, Any]:
    written = {} if route.when is None else {"only_if": test(route.when, names)}
    return written | (_needs(route.needs, names) if route.needs else {})


def _needs(needs: tuple[Needed, ...], names: Names) -> dict[str, Any]:
    if all(need == Needed(need.variable) for need in needs):
        return {"needs": [names.variable(need.variable) for need in needs]}
    return {"needs": {names.variable(need.variable): _need(need) for need in needs}}


def _need(need: Needed) -> Any:
    more: dict[str, Any] = {} if need.type is None else {"type": need.type}
    if need.choices:
        more["choices"] = list(need.choices)
    if not more:
        return need.about or NOTHING
    return short(({"about": need.about} if need.about else {}) | more)
