"""The secrets of all projects: from a file that the operator keeps, and from the environment. Says no value, ever.

    weather_key: abc123            # for all projects
    projects:
      travel_desk:
        weather_key: def456        # for this one
        environments:
          staging:
            weather_key: ghi789    # and there only for this environment

`PARLEY_SECRET_WEATHER_KEY` comes before what the file says for all projects, and after what it says for one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml

from parley.domain.ids import EnvironmentAlias, ProjectID
from parley.errors import BadProject

SHORTEST = 4
"""Characters: what is shorter cannot be told from other text, and so cannot be kept out of it."""
_NAME = re.compile(r"\w{1,64}", re.ASCII)
_OTHERS = 0o077
_LARGEST = 1024 * 1024

Named = dict[str, str]


class KeptSecrets:
    """Secrets by project, environment and name. `warnings` are for the operator."""

    def __init__(
        self,
        everywhere: Named | None = None,
        projects: Mapping[str, Named] | None = None,
        environments: Mapping[tuple[str, str], Named] | None = None,
        given: Named | None = None,
        warnings: tuple[str, ...] = (),
    ) -> None:
        self._everywhere = everywhere or {}
        self._projects = projects or {}
        self._environments = environments or {}
        self._given = given or {}
        self.warnings = warnings

    def __call__(self, project: ProjectID, environment: EnvironmentAlias) -> Callable[[str], str | None]:
        """The secrets of one environment of a project (`engine.world.Vault`)."""
        near = self._environments.get((project, environment), {}), self._projects.get(project, {})

        def find(name: str) -> str | None:
            for named in near:
                if name in named:
                    return named[name]
            return self._given.get(name.upper(), self._everywhere.get(name))

        return find


def read_secrets(file: Path | None, given: Mapping[str, str]) -> KeptSecrets:
    """The secrets of a file and those of the environment (by name). Raises `BadProject` with one clear line."""
    named = _named(dict(given), "the environment")
    if file is None:
        return KeptSecrets(given=named)
    root = _root(file)
    projects, environments = {}, {}
    for project, content in _mapping(root.pop("projects", None), f"{file}: `projects`").items():
        inner = _mapping(content, f"{file}: the project `{project}`")
        for alias, own in _mapping(inner.pop("environments", None), f"{file}: `environments` of `{project}`").items():
            environments[project, alias] = _named(own, f"{file}: `{alias}` of `{project}`")
        projects[project] = _named(inner, f"{file}: the project `{project}`")
    return KeptSecrets(_named(root, str(file)), projects, environments, named, _warnings(file))


def _root(file: Path) -> dict[str, Any]:
    try:
        if file.stat().st_size > _LARGEST:
            raise BadProject(f"{file}: the file with the secrets is larger than {_LARGEST} bytes.")
        content = yaml.safe_load(file.read_text("utf-8"))
    except OSError as error:
        raise BadProject(f"{file}: the file with the secrets cannot be read: {error.strerror}.") from error
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f" in line {mark.line + 1}" if mark is not None else ""
        # Without what the parser says and what it stands on: both may quote a secret.
        raise BadProject(f"{file}: this is not YAML{where}. Write `name: value`, one a line.") from None
    return _mapping(content, f"{file}: the file with the secrets")


def _mapping(content: Any, what: str) -> dict[str, Any]:
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise BadProject(f"{what} must be a mapping of names.")
    return {str(key): value for key, value in content.items()}


def _named(content: Any, where: str) -> Named:
    found: Named = {}
    for name, value in _mapping(content, where).items():
        if _NAME.fullmatch(name) is None:
            raise BadProject(f"{where}: `{name[:64]}` is no name of a secret: use letters, digits and `_`.")
        if not isinstance(value, str | int | float) or isinstance(value, bool):
            raise BadProject(f"{where}: the secret `{name}` must be a text. Put it in quotes.")
        found[name] = str(value)
        if len(found[name]) < SHORTEST:
            raise BadProject(
                f"{where}: the secret `{name}` has less than {SHORTEST} characters: it could not be kept out of texts."
            )
    return found


def _warnings(file: Path) -> tuple[str, ...]:
    if file.stat().st_mode & _OTHERS:
        return (f"{file} holds secrets, and others may read it. Run: chmod 600 {file}",)
    return ()
