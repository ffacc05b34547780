"""`parley test`: suites as people write them, what is shown of them, and what they exit with."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from jsonschema import Draft202012Validator
from running import run

from parley.projects.nodes import json_of
from parley.projects.problems import Problems
from parley.projects.source import read_nodes
from parley.trials.shapes import FILE, schema_text

ROOT = Path(__file__).parents[2]
AGENT = """
project: kiosk
variables: {name: "", status: none}
workflows:
  main:
    - ask: Who are you?
      into: name
    - say: "Hello {name}."
    - buttons: {Order: -> order, Advice: -> advice}
  order:
    - api: GET https://shop.test/orders/7
      headers: {Authorization: "{secret.key}"}
      into: {status: status}
      on_failure: [{say: The shop is shut.}]
    - say: "It is {status}."
    - -> end
  advice:
    - prompt: Give advice.
    - -> end
"""
GOOD = """
world: {GET https://shop.test/orders/7: {json: {status: on its way}}}
secrets: {key: k}
model: [{when: advice, answer: Drink tea at four.}]
talks:
  an order:
    - user: launch
    - expect: [Who are you?]
    - user: Ada
    - expect: [Hello Ada., {choice: [Order, Advice]}]
    - variables: {name: Ada, status: none}
    - presses: Order
    - mentions: [{contains: on its}]
    - expect: [It is on its way., end]
    - ended: true
  advice:
    - user: launch
    - user: Bo
    - presses: Advice
    - expect: [{regex: tea}, end]
    - expect: [{like: "Drink .* four\\\\."}, end]
    - never: [{contains: coffee}]
    - json: {"[0].type": block, "$[1].payload": {path: "choice:2"}}
    - judge: It gives advice.
judge_model: [{when: "user: Bo", answer: 'Sure: {"holds": true, "why": "it says tea"}'}]
"""


@pytest.fixture
def kiosk(tmp_path: Path) -> Path:
    """An agent's directory, with room for suites."""
    (tmp_path / "kiosk/tests").mkdir(parents=True)
    (tmp_path / "kiosk/agent.yaml").write_text(AGENT)
    return tmp_path / "kiosk"


def suite(kiosk: Path, text: str, name: str = "good.yaml") -> Path:
    path = kiosk / "tests" / name
    path.write_text(text)
    return path


def tried(*arguments: str | Path, **environment: str) -> tuple[int, str]:
    """The exit code, and all that is shown."""
    done = run("test", *arguments, **environment)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout + done.stderr


def test_the_suites_of_an_agents_directory_are_tried_without_a_network(kiosk: Path) -> None:
    suite(kiosk, GOOD)
    code, shown = tried(kiosk)
    assert code == 0, shown
    assert "✓ an order" in shown
    assert "2 passed in" in shown


def test_a_difference_is_shown_with_its_line_and_exits_with_1(kiosk: Path) -> None:
    path = suite(kiosk, GOOD.replace("{regex: tea}", "{regex: coffee}"))
    code, shown = tried(path)
    assert code == 1
    line = next(n for n, text in enumerate(path.read_text().splitlines(), 1) if "coffee}, end" in text)
    assert f"✗ advice  {path}:{line}" in shown
    assert "  text: Drink tea at four." in shown
    assert "1 passed, 1 failed" in shown


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("presses: Order", "presses: Ordr", "there is no button `Ordr`. Did you mean `Order`?"),
        (
            "variables: {name: Ada, status: none}",
            "variables: {name: Bo}",
            "expected {'name': 'Bo'}, found {'name': 'Ada'}",
        ),
        ("ended: true", "ended: false", "the conversation was to be not over"),
        ('"[0].type": block', '"[0].type": text', "at [0].type: expected 'text', found 'block'"),
        ('"[0].type": block', '"[99].type": text', "found nothing"),
        ("never: [{contains: coffee}]", "never: [{contains: TEA}]", "this was not to be said"),
        ('"holds": true', '"holds": false', "`It gives advice.` was found not to be true: it says tea"),
    ],
)
def test_what_goes_otherwise_is_said_in_a_sentence(kiosk: Path, old: str, new: str, told: str) -> None:
    assert old in GOOD
    code, shown = tried(suite(kiosk, GOOD.replace(old, new)))
    assert code == 1, shown
    assert told in shown


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            "presses: Order",
            "press: Order",
            "error: an exchange has no key `press` [talk an order] Did you mean `presses`?",
        ),
        (
            "{contains: on its}",
            "{contain: on its}",
            "nothing can be expected as `contain` [talk an order] Did you mean `contains`?",
        ),
        ("expect: [Who are you?]", "expect: Who are you?", "`expect` must be a list"),
        ("{regex: tea}", '{regex: "("}', "is not a regular expression"),
        ("world:", "wrold:", "a suite has no key `wrold` Did you mean `world`?"),
        ("{json: {status", "{jsn: {status", "an answer has no key `jsn` Did you mean `json`?"),
        ("talks:", "now: yesterday\ntalks:", "`yesterday` is not a time"),
        ("talks:", "agent: nowhere\ntalks:", "there is no `nowhere`"),
        ("talks:", "agent: {workflows: {main: [{sey: x}]}}\ntalks:", "Did you mean `say`?"),
    ],
)
def test_mistakes_in_a_suite_name_the_line_and_the_nearest_thing(kiosk: Path, old: str, new: str, told: str) -> None:
    path = suite(kiosk, GOOD.replace(old, new, 1))
    code, shown = tried(kiosk)
    assert code == 2, shown
    assert told in shown
    assert f"{path}:" in shown


def test_a_broken_suite_keeps_no_other_from_being_tried(kiosk: Path) -> None:
    suite(kiosk, "talks: [", "broken.yaml")
    suite(kiosk, GOOD)
    code, shown = tried(kiosk)
    assert code == 2
    assert "this is not YAML" in shown
    assert "2 passed, 1 in error" in shown


def test_rules_that_are_none_and_a_judge_that_is_none_are_errors_and_no_failures(kiosk: Path) -> None:
    code, shown = tried(suite(kiosk, GOOD.replace("judge_model: [{when", "judge_model: [{whn")))
    assert code == 2
    assert "these are no rules for a language model" in shown
    code, shown = tried(suite(kiosk, GOOD.split("judge_model")[0]))
    assert code == 2
    assert "`judge` needs a language model: set PARLEY_MODEL" in shown
    assert "1 passed, 1 in error" in shown


def test_the_configured_model_judges(kiosk: Path, tmp_path: Path) -> None:
    path = suite(kiosk, GOOD.split("judge_model")[0])
    (tmp_path / "judge.yaml").write_text('[{system: You judge, answer: \'{"holds": true, "why": ""}\'}]')
    code, shown = tried(path, PARLEY_MODEL=f"scripted:{tmp_path / 'judge.yaml'}")
    assert code == 0, shown


def test_some_conversations_only(kiosk: Path) -> None:
    suite(kiosk, GOOD)
    code, shown = tried(kiosk, "-k", "ADVICE")
    assert (code, "1 passed in" in shown, "an order" in shown) == (0, True, False)
    code, shown = tried(kiosk, "-k", "nothing like it")
    assert code == 2
    assert "No conversation under" in shown


def test_junit_tells_a_build_server(kiosk: Path, tmp_path: Path) -> None:
    suite(kiosk, GOOD.replace("{regex: tea}", "{regex: coffee}"))
    suite(kiosk, "talk: {}", "broken.yaml")
    code, _ = tried(kiosk, "--junit", tmp_path / "report.xml")
    assert code == 2
    root = ElementTree.parse(tmp_path / "report.xml").getroot()
    assert {name: root.get(name) for name in ("tests", "failures", "errors")} == {
        "tests": "3",
        "failures": "1",
        "errors": "1",
    }
    failed = root.find(".//testcase[@name='advice']/failure")
    assert failed is not None
    assert "coffee" in (failed.text or "")
    code, shown = tried(kiosk, "--junit", tmp_path / "nowhere/report.xml")
    assert code == 2
    assert "cannot be written" in shown


def test_a_changed_agent_is_tried_with_the_suites_of_another(kiosk: Path, tmp_path: Path) -> None:
    changed = tmp_path / "changed.yaml"
    changed.write_text(AGENT.replace("Hello {name}.", "Good day, {name}."))
    suite(kiosk, GOOD)
    code, shown = tried(kiosk, "--agent", changed)
    assert code == 1
    assert "text: Good day, Ada." in shown


def test_where_nothing_is_to_be_tried_it_says_so(kiosk: Path, tmp_path: Path) -> None:
    code, shown = tried(kiosk)
    assert code == 2
    assert "there are no suites here" in shown
    code, shown = tried(tmp_path / "nowhere")
    assert (code, "there is no such file or directory" in shown) == (2, True)


def test_the_example_has_suites_that_pass() -> None:
    code, shown = tried(ROOT / "examples/support_desk")
    assert code == 0, shown


def test_the_published_schema_is_the_one_made_of_the_shapes() -> None:
    assert FILE.read_text("utf-8") == schema_text(), "run `python -m parley.trials.shapes`"


def test_the_schema_takes_every_suite_there_is() -> None:
    schema = Draft202012Validator(json.loads(FILE.read_text("utf-8")))
    for path in [*(ROOT / "tests/conversations").glob("*.yaml"), *(ROOT / "examples").glob("*/tests/*.yaml")]:
        node = read_nodes(path, Problems())
        assert node is not None
        errors = [error.message for error in schema.iter_errors(json_of(node))]
        assert not errors, f"{path}: {errors[:3]}"
    assert not schema.is_valid({"talk": [{"usr": "x"}]})
