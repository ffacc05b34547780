"""Exports that are broken: cut off, too large, of the wrong shape, dangling, circular. Never another exception."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.projects.vf_files import FIXTURES

from parley.domain.program import decode_program, encode_program
from parley.errors import BadProject
from parley.projects.vf import export_file, load_vf
from parley.projects.vf.compiler import compile_export
from parley.projects.vf.export_file import parse_export
from parley.projects.vf.report import Import

FILES = {path.name: path.read_bytes() for path in sorted(FIXTURES.glob("*.vf"))}
EXPORTS = {name: json.loads(data) for name, data in FILES.items()}


def smallest(**nodes: Any) -> dict[str, Any]:
    """An export with one diagram that begins at `first`."""
    start = {"type": "start", "data": {"ports": [{"target": "first"}]}}
    return {"version": {"rootDiagramID": "d"}, "diagrams": {"d": {"name": "Main", "nodes": {"start": start, **nodes}}}}


def node(kind: str, **data: Any) -> dict[str, Any]:
    return {"type": kind, "data": data}


def compiled(export: Any) -> Import:
    return compile_export(export, "x.vf", "x")


def refused(path: Path) -> str:
    with pytest.raises(BadProject) as caught:
        load_vf(path)
    assert "\n" not in caught.value.message
    return caught.value.message


def test_a_file_that_is_too_large_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "large.vf"
    with path.open("wb") as file:
        file.truncate(200 * 1024 * 1024)
    assert "209,715,200 bytes" in refused(path)
    assert export_file.LARGEST_FILE < 200 * 1024 * 1024


def test_a_file_that_was_cut_off_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "cut.vf"
    path.write_bytes(FILES["bike_rental_7.vf"][:5000])
    assert "cut.vf: is not JSON, or was cut off" in refused(path)


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"\xff\xfe", b"[" * 100_000, b'{"a":1e999}', b'"\\ud800"'])
def test_a_file_that_is_not_json_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "odd.vf"
    path.write_bytes(data)
    refused(path)


@pytest.mark.parametrize("export", [[], 1, {}, {"version": []}, {"version": {}, "diagrams": []}, {"diagrams": {}}])
def test_json_that_is_no_export_is_refused(tmp_path: Path, export: Any) -> None:
    path = tmp_path / "other.vf"
    path.write_text(json.dumps(export))
    assert "is not an export" in refused(path)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert "cannot be read" in refused(tmp_path / "nowhere.vf")
    assert "cannot be read" in refused(tmp_path)


def test_an_export_without_a_beginning_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "empty.vf"
    path.write_text(json.dumps({"version": {"rootDiagramID": "gone"}, "diagrams": {"a": {}, "b": {}}}))
    assert "has no diagram to begin in" in refused(path)


def test_a_byte_order_mark_is_no_error() -> None:
    assert parse_export(b"\xef\xbb\xbf" + FILES["library_13.vf"], "x")


def test_a_target_that_does_not_exist_ends_the_workflow_and_is_reported() -> None:
    loaded = compiled(smallest()).loaded
    program = loaded.project.environments[0].program
    assert program.workflows["d"].steps["start"].then is None
    assert "a connection leads to 'first', which does not exist" in str(loaded.warnings[0])


def test_a_component_of_a_diagram_that_does_not_exist_passes_through() -> None:
    result = compiled(smallest(first=node("component", diagramID="gone")))
    assert result.passed_through() == {"component": 1}
    assert "diagram 'gone' is not in the file" in str(result.loaded.warnings)


def test_components_in_a_circle_are_reported() -> None:
    export = smallest(first=node("component", diagramID="d"))
    assert "components run each other in a circle: Main > Main" in str(compiled(export).loaded.warnings)


def test_steps_that_only_lead_back_to_themselves_are_cut() -> None:
    ports = [{"builtIn": {"next": {"target": f"n{(i + 1) % 3}"}}} for i in range(3)]
    ring = {f"n{i}": node("crystal-ball", portsV2=ports[i]) for i in range(3)}
    ring["first"] = node("block", steps=["n0"])
    loaded = compiled(smallest(**ring)).loaded
    steps = loaded.project.environments[0].program.workflows["d"].steps
    assert [steps[f"n{i}"].then for i in range(3)] == ["n1", "n2", None]
    assert "leads back to itself" in str(loaded.warnings)


def test_blocks_that_contain_each_other_lead_nowhere() -> None:
    export = smallest(first=node("block", steps=["other", "first"]), other=node("block", steps=["first"]))
    program = compiled(export).loaded.project.environments[0].program
    assert program.workflows["d"].steps["start"].then is None


def test_texts_and_conditions_without_bottom_are_cut_off_not_followed() -> None:
    leaf: Any = {"text": "deep"}
    tree: Any = {"type": "equals", "value": []}
    for _ in range(400):
        leaf = {"type": "link", "children": [leaf]}
        tree = {"type": "and", "value": [tree]}
    export = smallest(
        first=node("text", texts=[{"content": [leaf]}]),
        other=node("ifV2", expressions=[tree], noMatch={"type": "path"}),
    )
    assert "has no test that can be expressed" in str(compiled(export).loaded.warnings)


ODD = st.sampled_from(
    [
        None,
        True,
        0,
        -1,
        1.5,
        "",
        "x",
        "{{[a].b}}",
        "{a}",
        [],
        {},
        [None],
        {"a": 1},
        ["x"],
        [[]],
        [{}],
        {"type": 1},
        "path",
    ]
)


def places(value: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a JSON value."""
    found = [here] if here else []
    if isinstance(value, dict):
        for key, each in value.items():
            found += places(each, (*here, key))
    elif isinstance(value, list):
        for i, each in enumerate(value):
            found += places(each, (*here, i))
    return found


PLACES = {name: places(export) for name, export in EXPORTS.items()}


def put(export: Any, place: tuple[Any, ...], value: Any) -> None:
    """Replace what is at the place, where the place still exists."""
    for key in place[:-1]:
        try:
            export = export[key]
        except (KeyError, IndexError, TypeError):
            return
    try:
        export[place[-1]] = value
    except (IndexError, TypeError):
        return


@settings(max_examples=400, deadline=None)
@given(data=st.data())
def test_whatever_is_anywhere_in_an_export_it_is_read_or_refused(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(EXPORTS)))
    export = copy.deepcopy(EXPORTS[name])
    ids = st.sampled_from(sorted({str(place[-1]) for place in PLACES[name]}))
    for _ in range(data.draw(st.integers(1, 8))):
        place = data.draw(st.sampled_from(PLACES[name]))
        put(export, place, copy.deepcopy(data.draw(st.one_of(ODD, ids))))
    try:
        result = compiled(parse_export(json.dumps(export).encode(), "x.vf"))
    except BadProject:
        return
    program = result.loaded.project.environments[0].program
    assert decode_program(encode_program(program)) == program
    assert program.start in program.workflows
    for workflow in program.workflows.values():
        for step in workflow.steps.values():
            if getattr(step, "workflow", None) is None:
                assert step.then is None or step.then in workflow.steps


@settings(max_examples=60, deadline=None)
@given(name=st.sampled_from(sorted(FILES)), end=st.floats(0, 1), junk=st.binary(max_size=20))
def test_whatever_bytes_a_file_ends_in_it_is_read_or_refused(name: str, end: float, junk: bytes) -> None:
    data = FILES[name][: int(len(FILES[name]) * end)] + junk
    try:
        compiled(parse_export(data, "x.vf"))
    except BadProject:
        return
