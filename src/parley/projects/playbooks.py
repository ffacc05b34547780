"""The playbooks of an agent, the agent itself, and its personas. Source: the shapes in `playing_shapes`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from msgspec import Struct

from parley.domain.ids import WorkflowID
from parley.domain.model_steps import AgentStep, Crew, Operator
from parley.domain.playbooks import CostLimit, Exit, MemoryLimit, Needed, Playbook, Route, Router
from parley.domain.program import Trigger, Workflow
from parley.domain.prompt import ModelSettings
from parley.domain.tools import SystemTool, Tool, WorkflowTool
from parley.projects.conditions import test_of
from parley.projects.draft import ARROW, Draft, Names, destination_of, is_nothing
from parley.projects.file_texts import long_text
from parley.projects.model_steps import reasoning_in
from parley.projects.nodes import Listed, Mapped, Node, Scalar, json_of
from parley.projects.playing_shapes import COST, EXIT, MEMORY, MODEL, NEEDED, PLAYBOOK, ROUTE, ROUTER
from parley.projects.problems import Problems, did_you_mean
from parley.projects.reading import boolean, check_name, items_of, mapping_of, number, one_of, shaped, text_of
from parley.projects.saying import said_anywhere
from parley.projects.tool_shapes import SYSTEM, TYPES


class Played(Struct):
    """What an agent's file says about its models' work."""

    playbooks: dict[str, Playbook]
    router: Router | None
    personas: dict[str, dict[str, Any]]

    def entries(self, tools: dict[str, Tool]) -> list[Trigger]:
        """The workflows, and steps of them, that something here leads to."""
        ways = [exit for playbook in self.playbooks.values() for exit in playbook.exits]
        found = [Trigger(way.workflow, way.step) for way in ways if way.workflow is not None]
        found += [Trigger(tool.workflow) for tool in tools.values() if isinstance(tool, WorkflowTool)]
        if self.router is not None:
            found += [Trigger(route.workflow) for route in self.router.routes if route.workflow is not None]
            found += [] if self.router.first is None else [Trigger(self.router.first)]
        return found


def played(root: Mapped, names: Names, problems: Problems) -> Played:
    """What stands under `playbooks`, `agent` and `personas`."""
    draft = Draft("", names, problems, lambda *_: None)
    playbooks: dict[str, Playbook] = {}
    routes: dict[str, Route] = {}
    for name, key, node in mapping_of(root.get("playbooks"), problems, "`playbooks`"):
        check_name(name, key, problems, "a playbook")
        if name in names.workflows:
            problems.error(key.mark, f"`{name}` is a playbook and a workflow", "Rename one of them.")
        with problems.inside(f"playbook {name[:64]}"):
            playbooks[name], routes[name] = _playbook(name, node, draft)
    router = _router(root, routes, draft) if "agent" in root.values else None
    return Played(playbooks, router, _personas(root.get("personas"), draft))


def native_tools(work: Played, workflows: Iterable[Workflow]) -> dict[str, Tool]:
    """Those of the runtime's own tools that somebody names; they need no declaring."""
    used = {name for playbook in work.playbooks.values() for name in playbook.tools}
    used |= set() if work.router is None else set(work.router.tools)
    for workflow in workflows:
        for step in workflow.steps.values():
            if isinstance(step, AgentStep | Crew | Operator):
                used |= set(step.tools)
    return {kind: SystemTool(kind, kind=kind) for kind in SYSTEM if kind in used}  # type: ignore[arg-type]


def tools_in(node: Node | None, draft: Draft) -> tuple[str, ...]:
    """The names of tools that exist."""
    found: dict[str, None] = {}
    for item in () if node is None else items_of(node, draft.problems, "`tools`"):
        name = text_of(item, draft.problems, "a tool")
        known = draft.names.tools | set(SYSTEM)
        if name and name not in known:
            draft.problems.error(item.mark, f"there is no tool `{name[:80]}`", did_you_mean(name, known))
        found[name] = None
    return tuple(found)


def needs_in(node: Node | None, draft: Draft) -> tuple[Needed, ...]:
    """The variables that must have a value."""
    if isinstance(node, Listed):
        return tuple(Needed(draft.variable(item)) for item in node.items)
    found = []
    for name, key, given in mapping_of(node, draft.problems, "`needs`"):
        draft.check_variable(name, key)
        if is_nothing(given):
            found.append(Needed(name))
        elif not isinstance(given, Mapped):
            found.append(Needed(name, text_of(given, draft.problems, "`needs`")))
        else:
            found.append(_needed(name, given, draft))
    return tuple(found)


def route_of(node: Node | None, draft: Draft, playbook: str | None = None, workflow: str | None = None) -> Route:
    """A route: what it is for, or a mapping with what it needs."""
    about, only_if, needs = None, None, None
    if isinstance(node, Mapped):
        mapping = shaped(node, ROUTE, draft.problems, "a route")
        about, only_if, needs = (mapping.get(key) if mapping else None for key in ("when", "only_if", "needs"))
    elif not is_nothing(node):
        about = node
    return Route(
        playbook,
        None if workflow is None else WorkflowID(workflow),
        "" if about is None else draft.template(about, "`when`"),
        None if only_if is None else test_of(only_if, draft),
        needs_in(needs, draft),
    )


def playbook_named(node: Node, draft: Draft) -> str:
    """The name of a playbook that exists."""
    name = text_of(node, draft.problems, "a playbook")
    if name and name not in draft.names.playbooks:
        advice = did_you_mean(name, draft.names.playbooks)
        draft.problems.error(node.mark, f"there is no playbook `{name[:80]}`", advice)
    return name


def memory_of(node: Node | None, problems: Problems) -> MemoryLimit:
    """What `memory` of the settings says."""
    mapping = None if node is None else shaped(node, MEMORY, problems, "`memory`")
    turns, summary = (mapping.get("turns"), mapping.get("summary")) if mapping else (None, None)
    count = MemoryLimit().turns if turns is None else int(number(turns, problems, "`turns`", whole=True))
    if turns is not None and not 10 <= count <= 100:
        problems.error(turns.mark, f"`turns` must be from 10 to 100, and is {count}")
    return MemoryLimit(count, True if summary is None else boolean(summary, problems, "`summary`"))


def cost_of(node: Node | None, names: Names, problems: Problems) -> CostLimit | None:
    """What `cost` of the settings says."""
    mapping = None if node is None else shaped(node, COST, problems, "`cost`")
    dollars, say = (mapping.get("dollars"), mapping.get("say")) if mapping else (None, None)
    if dollars is None:
        return None
    said = () if say is None else said_anywhere(say, names, problems, "`say` of `cost`")
    return CostLimit(float(number(dollars, problems, "`dollars`")), said)


def _needed(name: str, node: Mapped, draft: Draft) -> Needed:
    mapping = shaped(node, NEEDED, draft.problems, f"what is needed as `{name[:60]}`")
    about, type_, choices = (mapping.get(key) if mapping else None for key in ("about", "type", "choices"))
    items = () if choices is None else items_of(choices, draft.problems, "`choices`")
    return Needed(
        name,
        "" if about is None else text_of(about, draft.problems, "`about`"),
        None if type_ is None else one_of(type_, draft.problems, "`type`", TYPES),
        tuple(text_of(item, draft.problems, "a choice") for item in items),
    )


def _playbook(name: str, node: Node, draft: Draft) -> tuple[Playbook, Route]:
    mapping = shaped(node, PLAYBOOK, draft.problems, "a playbook")
    if mapping is None:
        return Playbook(name), Route(playbook=name)
    title, when, only_if, instructions = (mapping.get(key) for key in ("name", "when", "only_if", "instructions"))
    playbook = Playbook(
        name,
        "" if is_nothing(instructions) else long_text(instructions, "`instructions`", draft),  # type: ignore[arg-type]
        "" if when is None else draft.template(when, "`when`"),
        tools_in(mapping.get("tools"), draft),
        _model(mapping.get("model"), draft),
        tuple(_exit(*each, draft) for each in mapping_of(mapping.get("exits"), draft.problems, "`exits`")),
        "" if title is None else text_of(title, draft.problems, "`name`"),
    )
    test = None if only_if is None else test_of(only_if, draft)
    return playbook, Route(name, when=test, needs=needs_in(mapping.get("needs"), draft))


def _exit(name: str, key: Scalar, node: Node, draft: Draft) -> Exit:
    if not isinstance(node, Mapped):
        return _leading(Exit(name), node, draft)
    mapping = shaped(node, EXIT, draft.problems, f"the exit `{name[:60]}`")
    when, into, needs, to = (mapping.get(k) if mapping else None for k in ("when", "into", "needs", "to"))
    items = () if into is None else items_of(into, draft.problems, "`into` of an exit")
    exit = Exit(
        name,
        "" if when is None else draft.template(when, "`when`"),
        tuple(draft.variable(item) for item in items),
        needs_in(needs, draft),
    )
    return _leading(exit, to, draft)


def _leading(exit: Exit, node: Node | None, draft: Draft) -> Exit:
    """The exit with where it leads."""
    if is_nothing(node) or node is None:
        return exit
    text = node.text.strip() if isinstance(node, Scalar) else ""
    if not text.startswith(ARROW):
        advice = "An exit of a playbook leads to a workflow: `-> thank_you`, `-> end` or `-> back`."
        draft.problems.error(node.mark, f"the exit `{exit.name[:60]}` needs a target", advice)
        return exit
    name = text.removeprefix(ARROW).strip()
    if name in ("back", "end"):
        return Exit(exit.name, exit.about, exit.variables, exit.needs, ends=name == "end")
    found = destination_of(name, draft.names)
    if found is None:
        advice = did_you_mean(name, draft.names.workflows)
        draft.problems.error(node.mark, f"`-> {name[:80]}` leads nowhere: there is no such workflow or label", advice)
        return exit
    return Exit(exit.name, exit.about, exit.variables, exit.needs, WorkflowID(found.workflow), found.step)


def _router(root: Mapped, routes: dict[str, Route], draft: Draft) -> Router:
    node, start = root.values["agent"], root.get("start")
    mapping = None if is_nothing(node) else shaped(node, ROUTER, draft.problems, "`agent`")
    prompt, instructions, first = (mapping.get(k) if mapping else None for k in ("prompt", "instructions", "first"))
    if start is not None and first is not None:
        draft.problems.error(start.mark, "`start` and `first` of `agent` say the same thing", "Keep one of them.")
    begin = first if first is not None else start
    return Router(
        "" if prompt is None else long_text(prompt, "`prompt`", draft),
        "" if instructions is None or is_nothing(instructions) else long_text(instructions, "`instructions`", draft),
        _routes(mapping.get("routes") if mapping else None, routes, draft),
        tools_in(mapping.get("tools") if mapping else None, draft),
        _model(mapping.get("model") if mapping else None, draft),
        None if begin is None else _first(begin, draft),
    )


def _routes(node: Node | None, playbooks: dict[str, Route], draft: Draft) -> tuple[Route, ...]:
    if node is None:
        return tuple(playbooks.values())
    named: list[tuple[str, Node, Node | None]] = []
    if isinstance(node, Listed):
        named += [(text_of(item, draft.problems, "a route"), item, None) for item in node.items]
    else:
        named += list(mapping_of(node, draft.problems, "`routes`"))
    found = []
    for name, key, given in named:
        known = set(playbooks) | set(draft.names.workflows)
        if name not in known:
            advice = did_you_mean(name, known)
            draft.problems.error(key.mark, f"there is no playbook or workflow `{name[:80]}`", advice)
        elif name in playbooks:
            own = route_of(given, draft, playbook=name)
            declared = playbooks[name]
            found.append(Route(name, None, own.about, own.when or declared.when, own.needs or declared.needs))
        else:
            found.append(route_of(given, draft, workflow=name))
    return tuple(found)


def _first(node: Node, draft: Draft) -> WorkflowID | None:
    name = text_of(node, draft.problems, "`first`").removeprefix(ARROW).strip()
    if name and name not in draft.names.workflows:
        advice = did_you_mean(name, draft.names.workflows)
        draft.problems.error(node.mark, f"`first` names no workflow: there is no `{name[:64]}`", advice)
        return None
    return WorkflowID(name) if name else None


def _model(node: Node | None, draft: Draft) -> ModelSettings:
    if node is None:
        return ModelSettings()
    if not isinstance(node, Mapped):
        return ModelSettings(_named(node, draft))
    mapping = shaped(node, MODEL, draft.problems, "`model`")
    keys = ("use", "temperature", "max_tokens", "reasoning")
    use, temperature, longest, effort = (mapping.get(key) if mapping else None for key in keys)
    return ModelSettings(
        None if use is None else _named(use, draft),
        None if temperature is None else float(number(temperature, draft.problems, "`temperature`", least=-1e-9)),
        None if longest is None else int(number(longest, draft.problems, "`max_tokens`", whole=True)),
        None if effort is None else reasoning_in(effort, draft),
    )


def _named(node: Node, draft: Draft) -> str | None:
    name = text_of(node, draft.problems, "`model`")
    return None if name in ("default", "") else name


def _personas(node: Node | None, draft: Draft) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for name, _, values in mapping_of(node, draft.problems, "`personas`"):
        with draft.problems.inside(f"persona {name[:64]}"):
            found[name] = {}
            for variable, key, value in mapping_of(values, draft.problems, "a persona"):
                draft.check_variable(variable, key)
                found[name][variable] = json_of(value)
    return found
