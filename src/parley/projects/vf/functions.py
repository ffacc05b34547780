"""The functions of an export: their code, and the names of what goes in and comes out."""

from __future__ import annotations

from parley.domain.program import FunctionDefinition
from parley.projects.vf.names import Names
from parley.projects.vf.shapes import Obj, objects, text


def functions_of(export: Obj, names: Names) -> dict[str, FunctionDefinition]:
    """By id, as function nodes name them."""
    variables: dict[tuple[str, str], list[str]] = {}
    for each in objects(export.get("functionVariables")):
        variables.setdefault((text(each.get("functionID")), text(each.get("type"))), []).append(text(each.get("name")))
    found = {}
    for each in objects(export.get("functions")):
        id = text(each.get("id"))
        if id:
            found[id] = FunctionDefinition(
                text(each.get("name")) or id,
                text(each.get("code")),
                tuple(variables.get((id, "input"), ())),
                tuple(variables.get((id, "output"), ())),
                tuple(names.paths_of(id).values()),
            )
    return found
