"""What an agent declares beside its steps, and how files and directories become a project."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.projects.agents import only_problem, program_of, written

from parley.domain.builtin_variables import BUILTIN_VARIABLES
from parley.domain.program import (
    Entity,
    EntityValue,
    Intent,
    Limits,
    RequiredEntity,
    Settings,
    Trigger,
    Variable,
    decode_program,
    encode_program,
    version_of,
)
from parley.domain.steps import NoReply, Said
from parley.engine.variables import COMPUTED
from parley.errors import BadProject
from parley.projects.load import check, load
from parley.projects.loaded import ProblemsFound
from parley.projects.names import ENTITY_TYPES

EXAMPLES = Path(__file__).parents[2] / "examples"
STEPS = "workflows: {main: [say: Hi.]}\n".replace("[say: Hi.]", "[{say: Hi.}]")


def test_what_the_engine_computes_is_built_in() -> None:
    assert len(BUILTIN_VARIABLES) == 20
    assert set(COMPUTED) < BUILTIN_VARIABLES


def test_the_types_of_entities_are_those_that_are_understood() -> None:
    from parley.engine.builtin_entities import BUILTINS

    assert set(ENTITY_TYPES) <= set(BUILTINS)


def test_variables_keep_the_type_that_was_written(tmp_path: Path) -> None:
    program = program_of(
        tmp_path,
        """
        variables:
          none:
          null_: null
          word: Yes
          truth: true
          count: -3
          price: 1.50
          pin: 0042
          day: 2026-01-02
          long: 12345678901234567890
          list: [1, no, {a: b}]
          object: {default: {plan: free}, persist: true}
        """
        + STEPS,
    )
    assert program.variables == {
        "none": Variable(0),
        "null_": Variable(None),
        "word": Variable("Yes"),
        "truth": Variable(True),
        "count": Variable(-3),
        "price": Variable(1.5),
        "pin": Variable("0042"),
        "day": Variable("2026-01-02"),
        "long": Variable("12345678901234567890"),
        "list": Variable([1, "no", {"a": "b"}]),
        "object": Variable({"plan": "free"}, True),
    }


def test_entities_are_patterns_lists_or_known_types(tmp_path: Path) -> None:
    program = program_of(
        tmp_path,
        """
        entities:
          order: {pattern: "[A-Z]+-\\\\d+", reprompt: [Which?, Which one?]}
          size: {values: [small, {large: [big, huge]}, {medium: }]}
          colour: [red, Yes]
          mail: email
          much: {type: number}
        """
        + STEPS,
    )
    assert program.entities == {
        "order": Entity("order", pattern=r"[A-Z]+-\d+", reprompt=(Said("Which?"), Said("Which one?"))),
        "size": Entity("size", (EntityValue("small"), EntityValue("large", ("big", "huge")), EntityValue("medium"))),
        "colour": Entity("colour", (EntityValue("red"), EntityValue("Yes"))),
        "mail": Entity("mail", builtin="email"),
        "much": Entity("much", builtin="number"),
    }


def test_intents_have_utterances_and_perhaps_required_entities(tmp_path: Path) -> None:
    program = program_of(
        tmp_path,
        """
        entities: {city: [Oslo], day: date}
        intents:
          bye: [bye]
          fly: {utterances: ["fly to {city}"], required: {city: Where to?, day: }}
          rain: {utterances: [rain], required: [day]}
        workflows:
          main: {triggers: [bye, fly, {intent: rain}], steps: [{say: Hi.}]}
        """,
    )
    assert program.intents == {
        "bye": Intent("bye", ("bye",)),
        "fly": Intent("fly", ("fly to {city}",), (RequiredEntity("city", (Said("Where to?"),)), RequiredEntity("day"))),
        "rain": Intent("rain", ("rain",), (RequiredEntity("day"),)),
    }


def test_a_required_entity_may_have_answers(tmp_path: Path) -> None:
    fly = """
        entities: {{city: [Oslo], day: date}}
        intents:
          fly:
            utterances: [fly]
            required: {{city: {{ask: Where to?, answers: ["to {{city}}", {answer}]}}, day: {{ask: }}}}
        workflows:
          main: {{triggers: [fly], steps: [{{say: Hi.}}]}}
        """
    program = program_of(tmp_path, fly.format(answer='"on {day} to {city}"'))
    city = RequiredEntity("city", (Said("Where to?"),), ("to {city}", "on {day} to {city}"))
    assert program.intents["fly"].required == (city, RequiredEntity("day"))
    problem = only_problem(tmp_path, fly.format(answer="anywhere"))
    assert problem.message == "`anywhere` names no entity, so it answers nothing"
    assert "make it {city}" in problem.suggestion


def test_triggers_belong_to_workflows_steps_and_events(tmp_path: Path) -> None:
    program = program_of(
        tmp_path,
        """
        intents: {bye: [bye], help: [help]}
        events:
          paid: {run: thanks, returns: true}
          lost: -> main.here
          moved: {continue: true}
        workflows:
          main:
            trigger: {intent: help, everywhere: false, returns: true}
            steps: [{say: Hi.}, {label: here, trigger: bye, say: Here.}]
          thanks: {trigger: {event: thanked}, steps: [{say: Thanks.}]}
        """,
    )
    assert program.triggers == (
        Trigger("main", intent="help", everywhere=False, calls=True),  # type: ignore[arg-type]
        Trigger("main", "main/here", intent="bye"),  # type: ignore[arg-type]
        Trigger("thanks", event="thanked"),  # type: ignore[arg-type]
        Trigger("thanks", event="paid", calls=True),  # type: ignore[arg-type]
        Trigger("main", "main/here", event="lost"),  # type: ignore[arg-type]
    )


def test_settings_hold_for_the_whole_agent(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        """
        fallback: {say: [Pardon?, "Sorry?"]}
        no_reply: {after: 90s, say: Hello?, shuffle: true}
        settings:
          message_delay: 250ms
          timezone: Europe/Oslo
          locale: nb-NO
          idle: off
          concurrency: merge
          quiet: 1500ms
          limits: {steps: 50, seconds: 2.5}
          origins: [https://www.example.org/]
        """
        + STEPS,
    )
    project = load(path).project
    assert project.origins == ("https://www.example.org",)
    assert project.environments[0].program.settings == Settings(
        no_match=(Said("Pardon?"), Said("Sorry?")),
        no_reply=NoReply(90.0, (Said("Hello?"),), True),
        message_delay=250,
        timezone="Europe/Oslo",
        locale="nb-NO",
        idle_seconds=None,
        concurrency="merge",
        quiet_seconds=1.5,
        limits=Limits(steps=50, seconds=2.5),
    )


def test_an_agent_of_one_line_has_defaults_for_everything(tmp_path: Path) -> None:
    project = load(written(tmp_path, STEPS, "my first agent.yaml")).project
    assert (project.id, project.name, project.origins) == ("my_first_agent", "my_first_agent", ())
    (main,) = project.environments
    assert (main.alias, main.share) == ("main", 100)
    assert main.program.settings == Settings()
    assert main.program.start == "main"


def test_environments_share_the_users_and_may_have_an_agent_of_their_own(tmp_path: Path) -> None:
    written(tmp_path, "workflows: {main: [{say: Candidate.}]}\n", "candidate.yaml")
    written(tmp_path, STEPS, "next/agent.yaml")
    path = written(
        tmp_path,
        "project: shop\nname: Shop\nenvironments: {main: 90, old: , candidate: {share: 7.5, from: candidate.yaml}, "
        "next: {from: next}}\n" + STEPS,
    )
    project = load(path).project
    main, old, candidate, following = project.environments
    assert [e.share for e in project.environments] == [90, 100, 7.5, 100]
    assert main.program is old.program
    assert candidate.program.workflows["main"].steps["main/1"].variants == (Said("Candidate."),)  # type: ignore
    assert (candidate.program.name, following.program.name, project.name) == ("candidate", "next", "Shop")


def test_a_directory_may_keep_each_workflow_in_a_file(tmp_path: Path) -> None:
    written(tmp_path, "start: b\nworkflows: {c: [{say: C.}, -> a]}\n".replace(", -> a]", ", '-> a']"))
    written(tmp_path, "- say: A.\n", "workflows/a.yaml")
    written(tmp_path, "trigger: {event: go}\nsteps: [{call: c}]\n", "workflows/b.yml")
    loaded = load(tmp_path)
    assert loaded.project.id == tmp_path.name
    program = loaded.project.environments[0].program
    assert list(program.workflows) == ["c", "a", "b"]
    assert program.start == "b"


def test_aliases_and_merge_keys_are_shorthand(tmp_path: Path) -> None:
    program = program_of(
        tmp_path,
        """
        variables: {name: ""}
        workflows:
          main:
            - {capture: name, no_reply: &patience {after: 5s, say: Hm?}}
            - capture: name
              no_reply: {<<: *patience, say: Well?}
        """,
    )
    second = program.workflows["main"].steps["main/2"]  # type: ignore[index]
    assert second.listening.no_reply == NoReply(5.0, (Said("Well?"),))  # type: ignore[union-attr]


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "agent.yaml"
    path.write_bytes(b"\xef\xbb\xbfworkflows:\r\n  main:\r\n    - say: Hi.\r\n")
    assert load(path).project.environments[0].program == program_of(tmp_path, STEPS.replace("{main", "{main"))


def test_ids_do_not_change_when_another_workflow_does(tmp_path: Path) -> None:
    text = "start: a\nworkflows:\n  a: [{say: A.}, {if: 'true', then: [-> b]}]\n".replace("[-> b]", "['-> b']")
    before = program_of(tmp_path, text + "  b: [{say: B.}]\n")
    after = program_of(tmp_path, text + "  b: [{say: 0.}, {say: B.}, {label: x, say: C.}]\n")
    assert before.workflows["a"] == after.workflows["a"]  # type: ignore[index]
    assert version_of(before) != version_of(after)


def test_comments_and_layout_do_not_make_another_version(tmp_path: Path) -> None:
    first = program_of(tmp_path, "workflows: {main: [{say: Hi.}]}\n")
    second = program_of(tmp_path, "# Hello\nworkflows:\n  main:\n    # There\n    - say: 'Hi.'\n")
    assert version_of(first) == version_of(second)


@pytest.mark.parametrize("name", ["minimal.yaml", "support_desk"])
def test_the_examples_have_no_problems_and_survive_the_store(name: str) -> None:
    assert check(EXAMPLES / name) == []
    program = load(EXAMPLES / name).project.environments[0].program
    assert decode_program(encode_program(program)) == program


def test_the_help_desk_or_a_conversation_uses_every_kind_of_step() -> None:
    from parley.projects.step_shapes import KINDS

    talks = Path(__file__).parents[1] / "conversations"
    paths = [*(EXAMPLES / "support_desk").rglob("*.yaml"), *talks.glob("*.yaml")]
    text = "\n".join(path.read_text() for path in paths)
    assert [kind for kind in KINDS if f"{kind}:" not in text] == []


def test_exports_go_to_the_importer(tmp_path: Path) -> None:
    for name in ("broken.vf", "broken.json"):
        path = written(tmp_path, "not an export", name)
        assert check(path)
        with pytest.raises(BadProject):
            load(path)


def test_one_mistake_does_not_hide_another(tmp_path: Path) -> None:
    path = written(tmp_path, "nmae: x\nworkflows: {main: [{sya: Hi.}, '-> nowhere']}\nstart: mian\n")
    with pytest.raises(ProblemsFound) as caught:
        load(path)
    assert [problem.line for problem in caught.value.problems] == [1, 2, 2, 3]
    assert str(caught.value).count("\n") == 3
