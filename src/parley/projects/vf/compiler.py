"""From an export to a project: every diagram a workflow, every node a step, and a report of what became of each."""

from __future__ import annotations

from parley.domain.channel_steps import Stream
from parley.domain.conditions import Judged
from parley.domain.ids import EnvironmentAlias, ProjectID, StepID, WorkflowID
from parley.domain.model_steps import AgentStep, Knowledge, Prompted, PromptedSet
from parley.domain.own_workflows import complete
from parley.domain.program import Program, Workflow
from parley.domain.project import Environment, Project
from parley.domain.steps import Api, Call, Capture, Cards, Choice, Condition, Function, Set, Step
from parley.errors import BadProject
from parley.projects.builtins import BUILTIN_UTTERANCES
from parley.projects.loaded import Loaded
from parley.projects.vf.agent_tools import agent_tools
from parley.projects.vf.agentic import agentic, with_playbooks_as_agents
from parley.projects.vf.conditions import Conditions
from parley.projects.vf.entries import Entries
from parley.projects.vf.export_file import schema_of
from parley.projects.vf.functions import functions_of
from parley.projects.vf.intents import Intents
from parley.projects.vf.layout import CONTAINERS, DRAWINGS, Layout, Node, layouts_of, root_of
from parley.projects.vf.loops import cut_empty_loops, find_recursion
from parley.projects.vf.messages import Messages
from parley.projects.vf.names import Names
from parley.projects.vf.nodes import read_node
from parley.projects.vf.prompts import Prompts
from parley.projects.vf.report import Import, NodeOutcome, Outcome, Report
from parley.projects.vf.rich_text import RichText
from parley.projects.vf.scene import Library, Scene
from parley.projects.vf.settings import settings_of, widget_of
from parley.projects.vf.shapes import Obj, at, text
from parley.projects.vf.variables import variables_of

PLAYED = frozenset({"VF.PAUSE", "VF.RESUME", "VF.NEXT", "VF.PREVIOUS", "VF.START_OVER", "VF.CANCEL"})
"""Intents that audio players obey."""
MAIN = EnvironmentAlias("main")


def compile_export(export: Obj, file: str, stem: str) -> Import:
    """The project. Raises `BadProject` where the export has no diagram to begin in."""
    report, export = Report(file), with_playbooks_as_agents(export)
    layouts = layouts_of(export, report)
    root = root_of(export, layouts)
    if root is None or root.first() is None:
        raise BadProject(f"{file}: has no diagram to begin in: `version.rootDiagramID` names none with a start.")
    library = _library(export, layouts, root, report)
    workflows = _workflows(library, report)
    project = export.get("project")
    name = text(at(project, "name")) or stem
    program = _program(name, root, workflows, export, library, report)
    id = ProjectID(text(at(project, "_id")) or stem)
    loaded = Loaded(
        Project(id, name, (Environment(MAIN, program, 100.0),), widget=widget_of(export)), tuple(report.warnings)
    )
    return Import(loaded, schema_of(export), tuple(report.nodes))


def _library(export: Obj, layouts: dict[str, Layout], root: Layout, report: Report) -> Library:
    names = Names(export)
    rich = RichText(names)
    conditions = Conditions(names, rich)
    messages = Messages(export, rich, conditions, report)
    entries = Entries(layouts, root, names, report)
    kinds = (at(export.get("project"), "type"), at(export.get("version"), "prototype", "type"))
    # What is wrong with the intents is reported when they are read for the program.
    intents = Intents(export, names, rich, messages, Report("")).intents({}, set(BUILTIN_UTTERANCES))
    words = {name: frozenset(said.casefold() for said in intent.utterances) for name, intent in intents.items()}
    prompts, tools = Prompts(export, names, rich), agent_tools(export, names, rich, report)
    return Library(names, rich, conditions, messages, prompts, entries, words, layouts, "voice" in kinds, tools)


def _program(
    name: str, root: Layout, workflows: dict[WorkflowID, Workflow], export: Obj, library: Library, report: Report
) -> Program:
    steps = [step for workflow in workflows.values() for step in workflow.steps.values()]
    reader = Intents(export, library.names, library.rich, library.messages, report)
    entities = reader.entities()
    triggers = tuple(library.entries.triggers)
    asking = sum(map(_asks, steps))
    if asking:
        report.warn(f"{asking} steps ask a language model; without one they have no answer", "language model")
    mentioned = {trigger.intent for trigger in triggers if trigger.intent} | _listened_for(steps)
    written = [*entities, *_written(steps), *library.tools.written()]
    local = {name for workflow in workflows.values() for name in workflow.variables}
    work = agentic(export, library, root, report)
    program = Program(
        name=name,
        start=root.id,
        workflows=workflows,
        variables=variables_of(export, [n for n in written if n not in local]),
        intents=reader.intents(entities, mentioned),
        entities=entities,
        triggers=triggers,
        settings=settings_of(export, library.rich, library.messages, report),
        functions=functions_of(export, library.names),
        tools=library.tools.tools,
        servers=library.tools.servers,
        playbooks=work.playbooks,
        router=work.router,
    )
    return complete(program)


def _workflows(library: Library, report: Report) -> dict[WorkflowID, Workflow]:
    found: dict[WorkflowID, Workflow] = {}
    for layout in library.layouts.values():
        if layout.id not in found:
            found[layout.id] = _workflow(layout, library, report)
    for cycle in find_recursion(found):
        report.warn(f"components run each other in a circle: {' > '.join(cycle)}", "components")
    return found


def _workflow(layout: Layout, library: Library, report: Report) -> Workflow:
    scene = Scene(library, layout)
    steps: dict[StepID, Step] = {}
    for node in layout.nodes.values():
        if node.runs:
            steps[StepID(node.id)] = read_node(node, scene)
        _record(node, layout, scene, report)
    steps |= scene.added
    for step in cut_empty_loops(steps):
        report.warn(f"step '{step}' leads back to itself through nothing: the workflow ends there", layout.name)
    variables = tuple(library.names.variable(name) for name in layout.variables if isinstance(name, str) and name)
    return Workflow(layout.id, layout.name, steps, layout.first(), variables)


def _record(node: Node, layout: Layout, scene: Scene, report: Report) -> None:
    remarks, passes = scene.taken()
    outcome: Outcome = "pass-through" if passes else "approximate" if remarks else "exact"
    if node.kind in DRAWINGS:
        outcome = "drawing"
    elif node.kind in CONTAINERS:
        outcome = "exact"
    report.node(NodeOutcome(layout.name, node.id, node.kind, outcome, remarks, node.name), node.name or node.kind)


def _asks(step: Step) -> bool:
    if isinstance(step, Capture):
        return step.improvises or bool(step.rules) or step.exits is not None
    if isinstance(step, Condition):
        return any(isinstance(branch.test, Judged) for branch in step.branches)
    return isinstance(step, Prompted | PromptedSet | AgentStep)


def _listened_for(steps: list[Step]) -> set[str]:
    found: set[str] = set()
    for step in steps:
        if isinstance(step, Choice | Cards):
            options = step.options if isinstance(step, Choice) else [b for card in step.cards for b in card.buttons]
            found |= {option.intent for option in options if option.intent}
        elif isinstance(step, Stream):
            found |= PLAYED
    return found


def _written(steps: list[Step]) -> list[str]:
    found: list[str] = []
    for step in steps:
        if isinstance(step, Set):
            found += [assignment.variable for assignment in step.assignments]
        elif isinstance(step, Capture):
            found += [step.variable] if step.variable else [wanted.variable for wanted in step.entities]
        elif isinstance(step, Call | Function):
            found += step.outputs
        elif isinstance(step, Api):
            found += [captured.variable for captured in step.captures]
        elif isinstance(step, PromptedSet):
            found += [value.variable for value in step.values]
        elif isinstance(step, AgentStep):
            found += [name for path in step.paths for name in path.variables]
        elif isinstance(step, Knowledge):
            found += [step.variable]
    return found
