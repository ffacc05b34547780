"""A project as files that people like to read, and that load as a project which behaves the same."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import asdict

from parley.domain.builtin_variables import BUILTIN_VARIABLES
from parley.domain.knowledge_settings import KnowledgeSettings
from parley.domain.model_steps import AgentStep, Crew, Knowledge, Operator, PromptedSet
from parley.domain.own_workflows import is_own
from parley.domain.program import Entity, Intent, Limits, Program, RequiredEntity, Settings, Variable
from parley.domain.project import Project
from parley.domain.steps import Api, Call, Capture, Cards, Choice, Function, Set, Step
from parley.errors import BadProject
from parley.projects.export_model import prompt_of
from parley.projects.export_names import Names, declared
from parley.projects.export_options import options_in
from parley.projects.export_playing import allowed_of, playing_written, set_by_playing, set_by_work
from parley.projects.export_tools import servers_written, set_by, tools_written
from parley.projects.export_values import duration, said, silence
from parley.projects.export_widget import widget_written
from parley.projects.export_workflow import workflow_of
from parley.projects.export_world import functions_written
from parley.projects.export_yaml import NOTHING, Inline, dumped
from parley.projects.names import ENTITY_TYPES

_BRACES = re.compile(r"[{}]")


class Exported(Struct, frozen=True):
    """The files that were written, and what the format has no form for."""

    files: tuple[Path, ...]
    lost: tuple[str, ...]


def export_project(project: Project, into: Path) -> list[Path]:
    """Write the project into an empty directory. Raises `BadProject` when it holds something."""
    return list(export_with_report(project, into).files)


def export_with_report(project: Project, into: Path) -> Exported:
    """Like `export_project`, with what the files could not say."""
    if into.exists() and (not into.is_dir() or any(into.iterdir())):
        raise BadProject(f"{into} holds something already; name a directory that is empty or does not exist.")
    main = project.environments[0].program
    environments: dict[str, Any] = {}
    files: list[Path] = []
    lost: list[str] = []
    for environment in project.environments:
        share = _share(environment.share)
        environments[environment.alias] = share
        if environment.program != main:
            environments[environment.alias] = Inline({"share": share, "from": environment.alias})
            exported = _export(environment.program, {}, into / environment.alias)
            files += exported.files
            lost += exported.lost
    head = {"project": project.id, "name": project.name, "environments": Inline(environments)}
    exported = _export(main, head, into, project)
    return Exported((*exported.files, *files), (*exported.lost, *lost))


def _export(program: Program, head: dict[str, Any], into: Path, project: Project | None = None) -> Exported:
    names = Names(program)
    for id, workflow in program.workflows.items():  # what labels one workflow uses of another is known afterwards
        if not is_own(id):
            workflow_of(workflow, program, names)
    playing_written(program, names)
    names.lost.clear()
    written = {id: workflow for id, workflow in program.workflows.items() if not is_own(id)}
    workflows = {names.workflow(id): workflow_of(workflow, program, names) for id, workflow in written.items()}
    root = head | _declared(program, names, project.origins if project else ())
    if project is not None:
        root |= widget_written(project.widget)
    files = {into / "agent.yaml": root} | {into / "workflows" / f"{n}.yaml": w for n, w in workflows.items()}
    for path, content in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dumped(content), "utf-8")
    return Exported(tuple(files), tuple(names.lost))


def _share(share: float) -> float:
    return int(share) if share == int(share) else share


def _declared(program: Program, names: Names, origins: tuple[str, ...]) -> dict[str, Any]:
    begins = program.router is None and names.has(program.start)
    root: dict[str, Any] = {"start": names.workflow(program.start)} if begins else {}
    root |= playing_written(program, names)
    variables: dict[str, Variable | None] = program.variables | dict.fromkeys(_undeclared(program))
    root |= _under(
        "variables",
        {
            declared(name): _variable(each)
            for name, each in variables.items()
            if name not in BUILTIN_VARIABLES and (name not in program.entities or each != Variable())
        },
    )
    root |= _under(
        "intents", {new: _intent(program.intents.get(old, Intent(old)), names) for old, new in names.intents.items()}
    )
    root |= _under("entities", {declared(name): _entity(each, names) for name, each in program.entities.items()})
    root |= _under("functions", functions_written(program))
    root |= _under("mcp", servers_written(program)) | _under("tools", tools_written(program, names))
    settings = program.settings
    fallback = {"say": said(settings.no_match, names)} if settings.no_match else {}
    if settings.no_match_prompt is not None:
        fallback["prompt"] = prompt_of(settings.no_match_prompt)
    if settings.no_match_knowledge is not None:
        knowledge = prompt_of(settings.no_match_knowledge)
        fallback["knowledge"] = {key: value for key, value in knowledge.items() if key != "from_knowledge"}
    root |= _under("fallback", fallback) | _under("knowledge", _knowledge(settings.knowledge))
    if settings.no_reply is not None:
        root["no_reply"] = silence(settings.no_reply, names)
    held = _settings(settings) | allowed_of(settings, names) | ({"origins": list(origins)} if origins else {})
    return root | _under("settings", held)


def _knowledge(settings: KnowledgeSettings) -> dict[str, Any]:
    usual = KnowledgeSettings()
    return {key: value for key, value in asdict(settings).items() if value != getattr(usual, key)}


def _under(key: str, content: Any) -> dict[str, Any]:
    return {key: content} if content else {}


def _undeclared(program: Program) -> list[str]:
    """Variables that steps set and nobody declares: the format wants each declared."""
    known = set(program.variables) | set(program.entities) | BUILTIN_VARIABLES
    found: dict[str, None] = {}
    for workflow in program.workflows.values():
        for step in workflow.steps.values():
            found |= dict.fromkeys(name for name in _set_by(step) if name not in {*known, *workflow.variables})
    found |= dict.fromkeys(name for name in set_by_playing(program) if name not in known)
    for tool in program.tools.values():
        found |= dict.fromkeys(name for name in set_by(tool) if name not in known)
    return list(found)


def _set_by(step: Step) -> list[str]:
    match step:
        case Set():
            return [each.variable for each in step.assignments]
        case Call():
            return [*step.outputs, *step.outputs.values(), *(each.variable for each in step.inputs)]
        case Function():
            return list(step.outputs)
        case Api():
            return [each.variable for each in step.captures]
        case Capture():
            return [*([step.variable] if step.variable else []), *(each.variable for each in step.entities)]
        case PromptedSet():
            return [each.variable for each in step.values]
        case AgentStep() | Crew() | Operator():
            return set_by_work(step)
        case Knowledge():
            return [step.variable] if step.variable else []
        case Choice() | Cards():
            return [mapping.variable for option in options_in(step) for mapping in option.mappings]
        case _:
            return []


def _variable(variable: Variable | None) -> Any:
    if variable is None:
        return Inline({"absent": True})
    if variable.persist:
        return Inline({"default": variable.default, "persist": True})
    return {"default": variable.default} if isinstance(variable.default, dict) else variable.default


def _intent(intent: Intent, names: Names) -> Any:
    if any(text.count("{") != text.count("}") for text in intent.utterances):
        names.lose(f"a brace without its other half in an utterance of the intent '{intent.name}'")
    utterances = [
        re.sub(r"[{}]", "", text) if text.count("{") != text.count("}") else text for text in intent.utterances
    ]
    if not intent.required and utterances:
        return utterances
    required = {each.entity: _required(each, names) for each in intent.required}
    return _under("utterances", utterances) | _under("required", required)


def _required(required: RequiredEntity, names: Names) -> Any:
    asked = said(required.reprompts, names) if required.reprompts else NOTHING
    if not required.answers:
        return asked
    return ({"ask": asked} if required.reprompts else {}) | {"answers": list(required.answers)}


def _entity(entity: Entity, names: Names) -> Any:
    written: dict[str, Any] = {}
    if entity.pattern is not None:
        written["pattern"] = entity.pattern
    elif entity.values:
        values: dict[str, dict[str, None]] = {}
        for each in entity.values:
            values.setdefault(each.value, {}).update(dict.fromkeys(each.synonyms))
        written["values"] = [{value: list(synonyms)} if synonyms else value for value, synonyms in values.items()]
    else:
        written["type"] = entity.builtin if entity.builtin in ENTITY_TYPES else "text"
    if entity.reprompt:
        return written | {"reprompt": said(entity.reprompt, names)}
    return written["values"] if "values" in written else written.get("type") or written


def _settings(settings: Settings) -> dict[str, Any]:
    default, limits = Settings(), settings.limits
    written: dict[str, Any] = {
        "message_delay": duration(settings.message_delay / 1000),
        "timezone": settings.timezone,
        "locale": settings.locale,
        "modality": settings.modality,
        "repeat": settings.repeat,
        "restart": settings.restart,
        "idle": "off" if settings.idle_seconds is None else duration(settings.idle_seconds),
        "concurrency": settings.concurrency,
        "quiet": duration(settings.quiet_seconds),
        "private_hosts": list(settings.private_hosts),
        "likeness": settings.likeness,
        "limits": {
            name: getattr(limits, name)
            for name in Limits.__struct_fields__
            if getattr(limits, name) != getattr(default.limits, name)
        },
    }
    fields = {"idle": "idle_seconds", "quiet": "quiet_seconds"}
    return {
        k: v for k, v in written.items() if getattr(settings, fields.get(k, k)) != getattr(default, fields.get(k, k))
    }
