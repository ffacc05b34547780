"""An agent's files to a project: YAML of our own here, exports through the importer."""

from __future__ import annotations

import re
from pathlib import Path

from parley.domain.ids import EnvironmentAlias, ProjectID
from parley.domain.program import Program
from parley.domain.project import Environment, Project
from parley.errors import BadProject
from parley.projects.agent import Written, compile_agent, gather
from parley.projects.draft import is_nothing
from parley.projects.functions import function_files
from parley.projects.knowledge import documents_of
from parley.projects.loaded import Loaded, Problem, ProblemsFound
from parley.projects.names import NAME
from parley.projects.nodes import Mapped, Node, Scalar
from parley.projects.problems import Mark, Problems
from parley.projects.reading import check_name, mapping_of, name_in, number, shaped, text_of
from parley.projects.settings import origins_of
from parley.projects.shapes import ENVIRONMENT
from parley.projects.source import read_nodes
from parley.projects.widget import widget_of

_EXPORTS = frozenset({".vf", ".vfr", ".json"})
AGENT_FILES = ("agent.yaml", "agent.yml")
_YAML = frozenset({".yaml", ".yml"})


def load(path: Path) -> Loaded:
    """The project in a file or a directory. Raises `ProblemsFound` (a `BadProject`) with everything that is wrong."""
    if is_export(path):
        from parley.projects.vf import load_vf

        return load_vf(path)
    problems = Problems()
    try:
        project = _project(path, problems)
    except (OSError, RuntimeError) as error:
        # A directory without permission, a name that is too long, a circle of links (a RuntimeError of pathlib).
        problems.error(Mark(str(path), 0, 0), f"the files cannot be read: {error}")
        raise ProblemsFound(problems.found) from error
    if project is None or problems.has_errors:
        raise ProblemsFound(problems.found)
    return Loaded(project, problems.found)


def is_export(path: Path) -> bool:
    """Whether this is another house's export. A directory is an agent of ours, whatever it is called."""
    return path.suffix.lower() in _EXPORTS and not path.is_dir()


def check(path: Path) -> list[Problem]:
    """Everything that is wrong or doubtful about the files; empty when all is well."""
    try:
        return list(load(path).warnings)
    except ProblemsFound as found:
        return list(found.problems)
    except BadProject as error:
        return [Problem(str(path), 0, 0, error.message)]


def program_in(root: Node, name: str, problems: Problems) -> Program | None:
    """The agent that is written there, in a file that holds more than it; None where it cannot be read."""
    written = gather(root, {}, problems)
    return None if written is None else compile_agent(written, name, problems)


def _project(path: Path, problems: Problems) -> Project | None:
    written = _written(path, problems)
    if written is None:
        return None
    root = written.root
    id_node, name_node = root.get("project"), root.get("name")
    id = _id_of(path) if id_node is None else name_in(id_node, problems, "the id of a project")
    name = id if name_node is None else text_of(name_node, problems, "`name`")
    program = compile_agent(written, name, problems)
    environments = _environments(root.get("environments"), path, program, problems)
    widget, documents = widget_of(root, problems), documents_of(root, path, problems)
    return Project(ProjectID(id), name, environments, origins_of(root, problems), widget, documents)


def _written(path: Path, problems: Problems) -> Written | None:
    """The agent's nodes, from its file or from the files of its directory."""
    file, more, functions = path, {}, {}
    if path.is_dir():
        file = next((path / name for name in AGENT_FILES if (path / name).exists()), path / AGENT_FILES[0])
        if not file.exists():
            mark = Mark(str(path), 0, 0)
            problems.error(mark, "the directory has no `agent.yaml`", "An agent's directory begins with that file.")
            return None
        more = _workflow_files(path / "workflows", problems)
        functions = function_files(path / "functions", problems)
    elif path.exists() and path.suffix.lower() not in _YAML:
        advice = "Agents are `.yaml` files, directories with an `agent.yaml`, or `.vf` exports."
        problems.error(Mark(str(path), 0, 0), f"`{path.name}` is not an agent's file", advice)
        return None
    root = read_nodes(file, problems)
    written = None if root is None else gather(root, more, problems)
    if written is not None:
        written.functions = functions
    return written


def _workflow_files(directory: Path, problems: Problems) -> dict[str, Node]:
    workflows: dict[str, Node] = {}
    if not directory.is_dir():
        return workflows
    for file in sorted(each for each in directory.iterdir() if each.suffix.lower() in _YAML):
        mark = Mark(str(file), 1, 1)
        if NAME.fullmatch(file.stem) is None:
            check_name(file.stem, Scalar(mark, 1, 1, file.stem, False), problems, "a workflow")
        if file.stem in workflows:
            problems.error(mark, f"there is another file for the workflow `{file.stem}`", "Keep one of them.")
        node = read_nodes(file, problems)
        if node is not None:
            workflows[file.stem] = node
    return workflows


def _id_of(path: Path) -> str:
    """The id of a project whose author gave none: the name of its file or directory."""
    resolved = path.resolve()
    stem = resolved.name if path.is_dir() else resolved.stem
    return re.sub(r"[^A-Za-z0-9_-]+", "_", stem)[:64] or "agent"


def _environments(node: Node | None, path: Path, program: Program, problems: Problems) -> tuple[Environment, ...]:
    """The environments in the order in which they are written; the first is the default one."""
    found: list[Environment] = []
    for alias, key, value in mapping_of(node, problems, "`environments`"):
        with problems.inside(f"environment {alias[:64]}"):
            check_name(alias, key, problems, "an environment")
            share, source = _environment(value, problems)
            runs = program if source is None else _elsewhere(source, path, problems)
            if runs is not None:
                found.append(Environment(EnvironmentAlias(alias), runs, share))
    if node is not None and not found and not problems.has_errors:
        problems.error(node.mark, "`environments` is empty", "For example `{main: 100}`.")
    return tuple(found) or (Environment(EnvironmentAlias("main"), program, 100.0),)


def _environment(node: Node, problems: Problems) -> tuple[float, Scalar | None]:
    """The share, and where the environment's own agent is."""
    if is_nothing(node):
        return 100.0, None
    if not isinstance(node, Mapped):
        return float(number(node, problems, "the share")), None
    mapping = shaped(node, ENVIRONMENT, problems, "an environment")
    share, source = (mapping.get("share"), mapping.get("from")) if mapping else (None, None)
    if source is not None and not isinstance(source, Scalar):
        text_of(source, problems, "`from`")
        source = None
    return 100.0 if share is None else float(number(share, problems, "`share`")), source


def _elsewhere(source: Scalar, path: Path, problems: Problems) -> Program | None:
    """The program of an environment that has an agent of its own."""
    base = path if path.is_dir() else path.parent
    name = text_of(source, problems, "`from`")
    if not name:
        return None
    target = base / name
    if not target.resolve().is_relative_to(base.resolve()):
        problems.error(source.mark, f"`{name[:80]}` is outside the agent's directory", "Keep the agent in one place.")
        return None
    if not target.exists() or is_export(target):
        message = f"there is no `{name[:80]}`" if not target.exists() else f"`{name[:80]}` is an export"
        problems.error(source.mark, message, "`from` names a file or a directory beside this one.")
        return None
    written = _written(target, problems)
    if written is None:
        return None
    if "environments" in written.root.values:
        mark = written.root.keys["environments"].mark
        problems.warn(mark, "these environments are not looked at: the file itself runs in one", "Delete them here.")
    title = written.root.get("name")
    return compile_agent(written, _id_of(target) if title is None else text_of(title, problems, "`name`"), problems)
