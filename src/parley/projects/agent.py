"""One agent: its declarations and workflows to a Program. Knows no files and no environments."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from parley.domain.builtin_variables import BUILTIN_VARIABLES
from parley.domain.ids import StepID, WorkflowID
from parley.domain.own_workflows import complete
from parley.domain.program import Entity, FunctionDefinition, Intent, Program, Settings, Trigger, Variable, Workflow
from parley.domain.steps import Choice
from parley.projects.declarations import entities_of, events_of, intents_of, variables_of
from parley.projects.draft import ARROW, Draft, Names
from parley.projects.functions import functions_of
from parley.projects.names import RESERVED
from parley.projects.nodes import Listed, Mapped, Node, Scalar, name_of
from parley.projects.playbooks import native_tools, played
from parley.projects.problems import Mark, Problems, did_you_mean
from parley.projects.reach import warn_of_unreachable
from parley.projects.reading import check_name, check_variable_name, items_of, mapping_of, shaped, text_of
from parley.projects.settings import settings_of
from parley.projects.shapes import AGENT, WORKFLOW
from parley.projects.steps import compile_list
from parley.projects.tools import servers_of, tools_of
from parley.projects.triggers import triggers_of


class Written(Struct):
    """An agent as nodes: the root of its file, and its workflows from wherever they are written."""

    root: Mapped
    workflows: dict[str, Node]
    marks: dict[str, Mark]
    functions: dict[str, FunctionDefinition] = {}
    """Those that are files."""


class _Declared(Struct):
    variables: dict[str, Variable]
    entities: dict[str, Entity]
    intents: dict[str, Intent]
    events: tuple[Trigger, ...]
    settings: Settings
    functions: dict[str, FunctionDefinition]
    workflows: dict[WorkflowID, Workflow]
    drafts: dict[str, Draft]


def gather(root: Node, more: Mapping[str, Node], problems: Problems) -> Written | None:
    """The agent with the workflows of its own file and those of other files."""
    mapping = shaped(root, AGENT, problems, "an agent")
    if mapping is None:
        return None
    written = Written(mapping, {}, {})
    for name, key, node in mapping_of(mapping.get("workflows"), problems, "`workflows`"):
        check_name(name, key, problems, "a workflow")
        written.workflows[name], written.marks[name] = node, key.mark
    for name, node in more.items():
        if name in written.workflows:
            problems.error(node.mark, f"the workflow `{name}` is in the agent's file too", "Keep one of them.")
        written.workflows[name], written.marks[name] = node, node.mark
    for name in sorted(RESERVED & set(written.workflows)):
        problems.error(written.marks[name], f"`{name}` cannot be a workflow: `-> {name}` has a meaning", "Rename it.")
    if not written.workflows and not {"agent", "playbooks"} & set(mapping.values):
        advice = "For example `workflows: {welcome: [{say: Hello!}]}`."
        problems.error(mapping.mark, "the agent has no workflows", advice)
    return written


def compile_agent(written: Written, name: str, problems: Problems) -> Program:
    """The program. Compiles twice: the first time only to learn what there is to name."""
    names = _names(written)
    first = _declare(written, names, Problems())
    names.labels = {workflow: draft.labels for workflow, draft in first.drafts.items()}
    declared = _declare(written, names, problems)
    start = _start(written, problems)
    triggers = tuple(t for draft in declared.drafts.values() for t in draft.triggers) + declared.events
    tools, work = tools_of(written.root.get("tools"), names, problems), played(written.root, names, problems)
    if not problems.has_errors:
        # A misspelt target leaves steps that nothing leads to: the one mistake is enough to tell.
        _warn_of_unheard(written.root, declared, triggers, problems)
        entries = (*triggers, *work.entries(tools))
        warn_of_unreachable(declared.drafts, declared.workflows, start, entries, written.marks, problems)
    program = Program(
        name,
        WorkflowID(start),
        declared.workflows,
        declared.variables,
        declared.intents,
        declared.entities,
        triggers,
        declared.settings,
        declared.functions,
        tools=native_tools(work, declared.workflows.values()) | tools,
        servers=servers_of(written.root.get("mcp"), names, problems),
        playbooks=work.playbooks,
        router=work.router,
        personas=work.personas,
    )
    return complete(program)


def _names(written: Written) -> Names:
    def keys(name: str) -> set[str]:
        node = written.root.get(name)
        return set(node.values) if isinstance(node, Mapped) else set()

    own = {name: _local_names(node) for name, node in written.workflows.items()}
    functions = keys("functions") | set(written.functions)
    names = Names(keys("variables"), keys("entities"), keys("intents"), keys("events"), functions, own)
    names.tools, names.servers, names.playbooks = keys("tools"), keys("mcp"), keys("playbooks")
    return names


def _local_names(node: Node) -> set[str]:
    variables = node.get("variables") if isinstance(node, Mapped) else None
    return {v.text for v in variables.items if isinstance(v, Scalar)} if isinstance(variables, Listed) else set()


def _declare(written: Written, names: Names, problems: Problems) -> _Declared:
    root = written.root
    variables = variables_of(root.get("variables"), problems)
    entities = entities_of(root.get("entities"), names, problems)
    for name in sorted(set(variables) & set(entities)):
        node = root.get("variables")
        assert isinstance(node, Mapped)
        problems.warn(node.keys[name].mark, f"`{name}` is a variable and an entity", "An entity is a variable too.")
    intents = intents_of(root.get("intents"), names, problems)
    settings = settings_of(root, names, problems)
    functions = functions_of(root.get("functions"), written.functions, problems)
    drafts: dict[str, Draft] = {}
    workflows: dict[WorkflowID, Workflow] = {}
    for name, node in written.workflows.items():
        with problems.inside(f"workflow {name[:64]}"):
            drafts[name] = Draft(name, names, problems, compile_list)
            workflows[WorkflowID(name)] = _workflow(node, drafts[name])
    events = events_of(root.get("events"), names, problems)
    return _Declared(variables, entities, intents, events, settings, functions, workflows, drafts)


def _workflow(node: Node, draft: Draft) -> Workflow:
    variables: tuple[str, ...] = ()
    steps: Node | None = node
    name = draft.workflow
    if isinstance(node, Mapped):
        shaped(node, WORKFLOW, draft.problems, "a workflow")
        draft.triggers.extend(triggers_of(node, None, draft))
        variables = _own_variables(node.get("variables"), draft)
        steps = node.get("steps")
        given = node.get("name")
        name = name if given is None else text_of(given, draft.problems, "the `name` of a workflow")
    start: StepID | None = None
    if isinstance(steps, Listed):
        start = compile_list(draft, steps.items, draft.workflow, None)
    elif steps is not None and not (isinstance(steps, Scalar) and steps.is_empty):
        advice = "Begin each step with `- `."
        draft.problems.error(steps.mark, f"the steps of a workflow are a list, and this is {name_of(steps)}", advice)
    return Workflow(WorkflowID(draft.workflow), name, draft.steps, start, variables)


def _own_variables(node: Node | None, draft: Draft) -> tuple[str, ...]:
    names: list[str] = []
    for item in () if node is None else items_of(node, draft.problems, "`variables` of a workflow"):
        name = text_of(item, draft.problems, "a variable")
        if isinstance(item, Scalar):
            check_variable_name(name, item, draft.problems, "a variable")
        if name in names:
            draft.problems.error(item.mark, f"the variable `{name}` is here twice", "Keep one of them.")
        elif name in BUILTIN_VARIABLES:
            draft.problems.error(item.mark, f"`{name}` exists in every agent and cannot be declared")
        names.append(name)
    return tuple(names)


def _start(written: Written, problems: Problems) -> str:
    node = written.root.get("start")
    if node is None and "agent" in written.root.values:
        return ""
    if node is None:
        return next(iter(written.workflows), "")
    name = text_of(node, problems, "`start`").removeprefix(ARROW).strip()
    if name and name not in written.workflows:
        advice = did_you_mean(name, written.workflows)
        problems.error(node.mark, f"`start` names no workflow: there is no `{name[:64]}`", advice)
    return name


def _warn_of_unheard(root: Mapped, declared: _Declared, triggers: tuple[Trigger, ...], problems: Problems) -> None:
    """An intent that nothing listens for is understood and then lost."""
    heard = {trigger.intent for trigger in triggers}
    for workflow in declared.workflows.values():
        for step in workflow.steps.values():
            if isinstance(step, Choice):
                heard |= {option.intent for option in step.options}
    node = root.get("intents")
    for name in declared.intents:
        if name not in heard and not name.startswith("VF.") and isinstance(node, Mapped):
            advice = "Name it in a `trigger` or a `choice`."
            problems.warn(node.keys[name].mark, f"nothing listens for the intent `{name}`", advice)
