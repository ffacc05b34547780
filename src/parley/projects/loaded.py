"""What comes out of an agent's files: a project, and what its author should know about it.

Knows no format: the native loader (`load`) and the importer of exports (`vf`) both answer with these.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

from parley.domain.project import Project
from parley.errors import BadProject

Severity = Literal["error", "warning"]


class Problem(Struct, frozen=True):
    """One thing that is wrong, and where. Lines and columns count from 1; 0 where a file has none.

    `where` names the step or the part of the agent; `suggestion` is a whole sentence or empty.
    """

    file: str
    line: int
    column: int
    message: str
    suggestion: str = ""
    severity: Severity = "error"
    where: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        context = f" [{self.where}]" if self.where else ""
        advice = f" {self.suggestion}" if self.suggestion else ""
        return f"{place}: {self.severity}: {self.message}{context}{advice}"


class Loaded(Struct, frozen=True):
    """A project that can be run. `warnings` holds what does not keep it from running."""

    project: Project
    warnings: tuple[Problem, ...] = ()


class ProblemsFound(BadProject):
    """The files cannot be used; `problems` holds every reason, in the order of the files."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))
