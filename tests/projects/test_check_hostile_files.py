"""Files that are no agents, or are meant to hurt, are refused quickly and with a clear line."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.projects.agents import only_problem, problems_of, written

from parley.domain.program import encode_program, version_of
from parley.errors import BadProject
from parley.projects.load import check, load

EXAMPLES = Path(__file__).parents[2] / "examples"
MAIN = "workflows: {main: [{say: Hi.}]}\n"


def test_a_file_of_fifty_megabytes_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "agent.yaml"
    with path.open("wb") as file:
        file.truncate(50 * 1000 * 1000)
    (problem,) = check(path)
    assert problem.message == "the file has 50.0 MB"
    assert problem.suggestion == "An agent's file has at most 4 MB; a directory may hold several."


def test_a_directory_without_an_agent(tmp_path: Path) -> None:
    (problem,) = check(tmp_path)
    assert problem.message == "the directory has no `agent.yaml`"


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    (problem,) = check(tmp_path / "nothing.yaml")
    assert problem.message == "there is no such file"


def test_a_file_of_another_kind(tmp_path: Path) -> None:
    (problem,) = check(written(tmp_path, "hello", "agent.txt"))
    assert problem.message == "`agent.txt` is not an agent's file"
    assert "`.vf` exports" in problem.suggestion


def test_a_directory_where_a_file_should_be(tmp_path: Path) -> None:
    (tmp_path / "agent.yaml").mkdir()
    (problem,) = check(tmp_path)
    assert problem.message == "this is not a file"


def test_names_and_links_that_no_file_system_takes(tmp_path: Path) -> None:
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    for source in ("x" * 5000, "circle", "circle/agent.yaml"):
        path = written(tmp_path, f"environments: {{main: {{from: {source}}}}}\n" + MAIN)
        assert [problem.severity for problem in check(path)] == ["error"]
    assert check(tmp_path / ("x" * 5000))


def test_bytes_that_are_not_utf_8(tmp_path: Path) -> None:
    path = tmp_path / "agent.yaml"
    path.write_bytes(b"name: a\nworkflows: \xff\xfe\n")
    (problem,) = check(path)
    assert (problem.line, problem.column, problem.message) == (2, 12, "byte 0xff is not UTF-8")
    assert problem.suggestion == "Save the file as UTF-8."


def test_nul_bytes(tmp_path: Path) -> None:
    path = tmp_path / "agent.yaml"
    path.write_bytes(b"name: a\nna\0me: b\n")
    (problem,) = check(path)
    assert (problem.line, problem.column) == (2, 3)
    assert problem.message == "the file has a control character (0x00) here"


@pytest.mark.timeout(30)
def test_a_billion_laughs(tmp_path: Path) -> None:
    lines = ["a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    problem = only_problem(tmp_path, "\n".join(lines))
    assert "aliases make this larger than 200000 values" in problem.message
    assert problem.line == 6


def test_aliases_that_nest_deeper_and_deeper(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x]"] + [f"a{n}: &a{n} [*a{n - 1}]" for n in range(1, 500)]
    assert "nested more than 60 levels deep" in only_problem(tmp_path, "\n".join(lines)).message


def test_a_hundred_thousand_open_brackets(tmp_path: Path) -> None:
    assert "nested more than 60 levels deep" in only_problem(tmp_path, "a: " + "[" * 100_000).message


def test_ten_thousand_mistakes_are_not_all_kept(tmp_path: Path) -> None:
    assert len(problems_of(tmp_path, "".join(f"k{n}: 1\n" for n in range(10_000)))) == 500


@pytest.mark.timeout(30)
def test_an_expression_is_parsed_and_never_run(tmp_path: Path) -> None:
    for source in ("(() => { for (;;) {} })()", "1); while (true) {} (1", "1]; while (true) {} [1", "}, while(1){}, {"):
        assert isinstance(problems_of(tmp_path, f"workflows: {{main: [{{if: '{source}', then: []}}]}}\n"), list)


@pytest.mark.parametrize("source", ["(" * 5000, "[" * 9000, "a" * 20_000, "`${" * 3000, "1 +" * 3000])
def test_monstrous_expressions_are_refused(tmp_path: Path, source: str) -> None:
    problem = only_problem(tmp_path, f"workflows: {{main: [{{if: '{source}', then: []}}]}}\n")
    assert "is not a JavaScript expression" in problem.message
    assert len(str(problem)) < 500


def test_an_emoji_label_gets_an_id_of_plain_letters(tmp_path: Path) -> None:
    program = load(written(tmp_path, "workflows: {main: [{buttons: {👍: -> end, 👎: -> end}}]}\n")).project
    choice = program.environments[0].program.workflows["main"].steps["main/1"]  # type: ignore[index]
    assert [option.id for option in choice.options] == ["main/1.option1", "main/1.option2"]  # type: ignore[union-attr]


KEYS = """
say ask into buttons choice if then else cases set call with image card carousel layout action body wait paths default
end label trigger intent event workflows intents entities variables settings environments start fallback no_reply
no_match after 10s -> main name { } [ ] : , - ' " & * ! | > # ? % @ ` ~ true null 1 << = count é 🍃
"""
WORDS = st.sampled_from([*KEYS.split(), "go to", "-> end", "-> back", "-> main", "\t", "\n", "\u2028"])
SOUP = st.lists(st.one_of(WORDS, st.just("\n"), st.just("\n  "), st.just("\n  - "), st.just(": ")), max_size=60)


def _loads_or_refuses(path: Path) -> None:
    try:
        first = load(path)
    except BadProject as refused:
        assert refused.message
        return
    second = load(path)
    for one, other in zip(first.project.environments, second.project.environments, strict=True):
        assert encode_program(one.program)
        assert version_of(one.program) == version_of(other.program)


@settings(max_examples=150, deadline=None)
@given(st.one_of(SOUP.map("".join), SOUP.map(" ".join), st.text(max_size=200)))
def test_random_text_is_an_agent_or_refused(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.getbasetemp() / "soup.yaml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    _loads_or_refuses(path)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_random_bytes_are_an_agent_or_refused(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "bytes.yaml"
    path.write_bytes(data)
    _loads_or_refuses(path)


HELP_DESK = [path.read_text() for path in sorted((EXAMPLES / "support_desk").rglob("*.yaml"))]


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_help_desk_with_a_slip_of_the_pen_is_loaded_or_refused(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    text = data.draw(st.sampled_from(HELP_DESK))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(text)))
        until = min(len(text), at + data.draw(st.integers(0, 12)))
        text = text[:at] + data.draw(st.one_of(WORDS, st.text(max_size=4))) + text[until:]
    if text.startswith(("trigger", "steps", "#")) and "workflows" not in text:
        text = "workflows:\n  main:\n" + "".join(f"    {line}\n" for line in text.splitlines())
    path = tmp_path_factory.getbasetemp() / "slip.yaml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    _loads_or_refuses(path)
