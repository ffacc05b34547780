"""Each kind of step compiles to the steps of the domain that it stands for."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.projects.agents import program_of

from parley.domain.conditions import AllOf, AnyOf, Compare, Expression, Literally, Template, Truthy
from parley.domain.steps import (
    ActionPath,
    Assignment,
    Branch,
    Call,
    Capture,
    CardContent,
    Cards,
    Choice,
    Condition,
    CustomAction,
    End,
    EntityMapping,
    GoTo,
    Image,
    Listening,
    Message,
    NoMatch,
    NoReply,
    Option,
    Said,
    Set,
    Step,
    WantedEntity,
)

DECLARED = """
variables: {name: "", count: 0, order: "", tier: free, user: {default: {plan: x}}}
entities: {number_: number, order_number: {pattern: "[A-Z]{2}-[0-9]{5}"}}
intents: {help: [help], track: ["track {order_number}"]}
workflows:
  other: {trigger: help, variables: [inner], steps: [{label: middle, say: Middle.}, {trigger: track, say: Other.}]}
  w:
"""


def steps_of(folder: Path, steps: str) -> list[Step]:
    """The steps of a workflow `w` that begins the conversation, in the order in which they were written."""
    lines = "".join(f"    {line}\n" for line in steps.strip("\n").split("\n"))
    program = program_of(folder, f"{DECLARED}{lines}start: w\n")
    return list(program.workflows["w"].steps.values())  # type: ignore[index]


def says(id: str, text: str, then: str | None = None, name: str = "") -> Message:
    """A message with one variant."""
    return Message(id, name=name, then=then, variants=(Said(text),))  # type: ignore[arg-type]


def test_steps_run_top_to_bottom_and_the_last_returns(tmp_path: Path) -> None:
    assert steps_of(tmp_path, "- say: One.\n- say: Two.") == [says("w/1", "One.", "w/2"), says("w/2", "Two.")]


def test_say_takes_variants_with_conditions_delays_and_recordings(tmp_path: Path) -> None:
    steps = steps_of(
        tmp_path,
        """
- say:
    - Hi!
    - {text: "Hello {name}", when: count > 1, delay: 1.5s}
    - {text: Hm, audio: "https://example.org/hm.mp3"}
""",
    )
    variants = (
        Said("Hi!"),
        Said("Hello {name}", delay=1500, when=Truthy("count > 1")),
        Said("Hm", audio="https://example.org/hm.mp3"),
    )
    assert steps == [Message("w/1", variants=variants)]


def test_ask_says_and_captures_the_whole_reply(tmp_path: Path) -> None:
    assert steps_of(tmp_path, "- label: start\n  ask: Name?\n  into: name\n- say: Hi.") == [
        says("w/start", "Name?", "w/start.reply", "start"),
        Capture("w/start.reply", name="start", then="w/2", variable="name"),
        says("w/2", "Hi."),
    ]


def test_capture_waits_without_a_question(tmp_path: Path) -> None:
    steps = steps_of(tmp_path, "- capture: name\n- capture:\n  entity: order_number\n  reprompt: Which?")
    assert steps == [
        Capture("w/1", then="w/2", variable="name"),
        Capture("w/2", entities=(WantedEntity("order_number", "order_number", (Said("Which?"),)),)),
    ]


def test_entities_may_have_a_variable_and_reprompts_each(tmp_path: Path) -> None:
    steps = steps_of(
        tmp_path, "- ask: Both?\n  entities: {order_number: order, number_: {into: count, reprompt: [A number?]}}"
    )
    wanted = (WantedEntity("order_number", "order"), WantedEntity("number_", "count", (Said("A number?"),)))
    assert steps[1] == Capture("w/1.reply", entities=wanted)


def test_buttons_lead_to_workflows_labels_addresses_steps_or_on(tmp_path: Path) -> None:
    steps = steps_of(
        tmp_path,
        """
- buttons:
    Other: -> other
    Middle: -> other.middle
    Help: https://example.org/help
    Here: [say: Here.]
    Last: -> last
    Nothing:
    Stop: -> end
    Return: -> back
- label: last
  say: Last.
""",
    )
    assert steps == [
        GoTo("w/goto.other", name="other", workflow="other"),
        GoTo("w/goto.other.middle", name="other.middle", workflow="other", then="other/middle"),
        says("w/1.here.1", "Here.", "w/last"),
        End("w/end"),
        Choice(
            "w/1",
            then="w/last",
            options=(
                Option("w/1.other", "Other", then="w/goto.other"),
                Option("w/1.middle", "Middle", then="w/goto.other.middle"),
                Option("w/1.help", "Help", url="https://example.org/help", has_path=False),
                Option("w/1.here", "Here", then="w/1.here.1"),
                Option("w/1.last", "Last", then="w/last"),
                Option("w/1.nothing", "Nothing", has_path=False),
                Option("w/1.stop", "Stop", then="w/end"),
                Option("w/1.return", "Return", then=None),
            ),
        ),
        says("w/last", "Last.", name="last"),
    ]


def test_a_button_may_be_said_and_hand_over_entities(tmp_path: Path) -> None:
    steps = steps_of(
        tmp_path,
        """
- buttons:
    - Plain
    - {label: Track, intent: track, into: {order_number: order}, to: -> end, url: "https://example.org/{order}"}
""",
    )
    track = Option(
        "w/1.track",
        "Track",
        "track",
        "https://example.org/{order}",
        (EntityMapping("order_number", "order"),),
        then="w/end",
    )
    assert isinstance(steps[1], Choice)
    assert steps[1].options == (Option("w/1.plain", "Plain", has_path=False), track)


def test_choice_listens_for_intents_with_and_without_a_button(tmp_path: Path) -> None:
    steps = steps_of(tmp_path, "- ask: What?\n  choice: {help: -> end, track: {label: Track it, to: -> other}}")
    assert steps[-1] == Choice(
        "w/1.choice",
        options=(
            Option("w/1.choice.help", intent="help", then="w/end"),
            Option("w/1.choice.track", "Track it", "track", then="w/goto.other"),
        ),
    )
    assert steps[0] == says("w/1", "What?", "w/1.choice")


def test_waiting_steps_say_what_to_do_with_silence_and_other_replies(tmp_path: Path) -> None:
    steps = steps_of(
        tmp_path,
        """
- buttons: [A]
  elsewhere: false
  no_match: {say: [Again?, Once more?], shuffle: true, then: [say: Enough.]}
  no_reply: {after: 10s, say: Still there?, then: -> end}
""",
    )
    listening = Listening(
        NoMatch((Said("Again?"), Said("Once more?")), True, True, "w/1.no_match.1"),
        NoReply(10.0, (Said("Still there?"),), has_path=True, then="w/end"),
        elsewhere=False,
    )
    assert steps[-1] == Choice("w/1", options=(Option("w/1.a", "A", has_path=False),), listening=listening)
    assert says("w/1.no_match.1", "Enough.") in steps


def test_silence_and_other_replies_may_be_a_text_alone(tmp_path: Path) -> None:
    (step,) = steps_of(tmp_path, "- capture: name\n  no_match: [A, B]\n  no_reply: C")
    assert isinstance(step, Capture)
    assert step.listening == Listening(NoMatch((Said("A"), Said("B"))), NoReply(None, (Said("C"),)))


def test_if_falls_through_to_the_step_after_it(tmp_path: Path) -> None:
    assert steps_of(tmp_path, "- if: count > 1\n  then: [{say: Many.}, {say: Really.}]\n- say: On.") == [
        says("w/1.then.1", "Many.", "w/1.then.2"),
        says("w/1.then.2", "Really.", "w/2"),
        Condition("w/1", then="w/2", branches=(Branch(Truthy("count > 1"), "w/1.then.1"),)),
        says("w/2", "On."),
    ]


def test_cases_take_the_first_that_holds(tmp_path: Path) -> None:
    steps = steps_of(
        tmp_path,
        """
- cases:
    - {if: tier == 'pro', then: -> end}
    - {if: {variable: tier, is: plus}, then: {say: Plus.}}
  else: -> back
- say: On.
""",
    )
    branches = (
        Branch(Truthy("tier == 'pro'"), "w/end"),
        Branch(Compare(Template("{tier}"), "is", Literally("plus")), "w/1.case2.1"),
    )
    assert Condition("w/1", then=None, branches=branches) in steps


@pytest.mark.parametrize(
    ("written", "test"),
    [
        ("{variable: count, greater_than: 3}", Compare(Template("{count}"), "greater_than", Literally(3))),
        ("{variable: 'user.plan[0]', is_not: null}", Compare(Template("{user.plan[0]}"), "is_not", Literally(None))),
        (
            "{value: = count * 2, less_than: '{order}'}",
            Compare(Expression("count * 2"), "less_than", Template("{order}")),
        ),
        ("{variable: name, is_empty: true}", Compare(Template("{name}"), "is_empty")),
        (
            "{variable: count, greater_or_equal: 1, less_or_equal: 5}",
            AllOf(
                (
                    Compare(Template("{count}"), "greater_or_equal", Literally(1)),
                    Compare(Template("{count}"), "less_or_equal", Literally(5)),
                )
            ),
        ),
        (
            "{all: [count > 1, {any: [{variable: name, contains: a}]}]}",
            AllOf((Truthy("count > 1"), AnyOf((Compare(Template("{name}"), "contains", Literally("a")),)))),
        ),
        ("{any: []}", AnyOf(())),
        ("'!count'", Truthy("!count")),
        ("true", Truthy("true")),
    ],
)
def test_conditions_are_expressions_comparisons_and_groups(tmp_path: Path, written: str, test: object) -> None:
    step = steps_of(tmp_path, f"- if: {written}\n  then: -> end")[-1]
    assert step == Condition("w/1", branches=(Branch(test, "w/end"),))  # type: ignore[arg-type]


def test_set_takes_expressions_templates_and_values_in_order(tmp_path: Path) -> None:
    steps = steps_of(
        tmp_path,
        """
- set:
    count: = count + 1
    name: "{user.plan}"
    order: none
    tier: [1, {a: Yes}]
- set: [{count: 0}, {count: "{order}!"}]
""",
    )
    assert steps == [
        Set(
            "w/1",
            then="w/2",
            assignments=(
                Assignment("count", Expression("count + 1")),
                Assignment("name", Template("{user.plan}")),
                Assignment("order", Literally("none")),
                Assignment("tier", Literally([1, {"a": "Yes"}])),
            ),
        ),
        Set("w/2", assignments=(Assignment("count", Literally(0)), Assignment("count", Template("{order}!")))),
    ]


def test_call_hands_values_over_and_back(tmp_path: Path) -> None:
    steps = steps_of(tmp_path, "- call: other\n  with: {inner: = count}\n  into: {order: inner}\n- -> other")
    call = Call(
        "w/1",
        then="w/2",
        workflow="other",
        inputs=(Assignment("inner", Expression("count")),),
        outputs={"order": "inner"},
    )
    assert steps == [call, GoTo("w/2", name="other", workflow="other")]


def test_arrows_and_go_to_lead_on_for_good(tmp_path: Path) -> None:
    steps = steps_of(
        tmp_path,
        """
- if: count
  then: [-> top]
  else: [-> back]
- if: count
  then: [{go to: other.middle}]
- label: top
  go to: end
""",
    )
    assert steps == [
        GoTo("w/1.then.1", name="top", then="w/top"),
        Condition("w/1", then=None, branches=(Branch(Truthy("count"), "w/1.then.1"),)),
        GoTo("w/2.then.1", name="other.middle", workflow="other", then="other/middle"),
        Condition("w/2", then="w/top", branches=(Branch(Truthy("count"), "w/2.then.1"),)),
        End("w/top", name="top"),
    ]


def test_the_way_back_needs_no_step(tmp_path: Path) -> None:
    assert steps_of(tmp_path, "- say: Bye.\n- -> back") == [says("w/1", "Bye.")]


def test_images_have_an_address_and_perhaps_a_size(tmp_path: Path) -> None:
    url = "https://example.org/{name}.png"
    steps = steps_of(tmp_path, f"- image: {url}\n- image: {{url: '{url}', width: 4, height: 2.5, visibility: full}}")
    assert steps == [Image("w/1", then="w/2", url=url), Image("w/2", url=url, width=4, height=2.5, visibility="full")]


def test_cards_wait_when_a_button_leads_somewhere(tmp_path: Path) -> None:
    steps = steps_of(
        tmp_path,
        """
- card: {title: T, text: X, image: i.png, buttons: {More: "https://example.org"}}
- say: Look.
  carousel:
    - {title: A, buttons: {Take: -> end}}
    - {title: B}
  layout: list
  no_match: Which?
""",
    )
    link = Option("w/1.more", "More", url="https://example.org", has_path=False)
    assert steps == [
        Cards("w/1", then="w/2", cards=(CardContent("T", "X", image="i.png", buttons=(link,)),)),
        says("w/2", "Look.", "w/2.carousel"),
        End("w/end"),
        Cards(
            "w/2.carousel",
            cards=(
                CardContent(
                    "A",
                    buttons=(Option("w/2.carousel.card1.take", "Take", then="w/end"),),
                    id="w/2.carousel.card1",
                ),
                CardContent("B", id="w/2.carousel.card2"),
            ),
            layout="List",
            waits=True,
            listening=Listening(NoMatch((Said("Which?"),))),
        ),
    ]


def test_actions_carry_data_and_wait_for_one_of_their_paths(tmp_path: Path) -> None:
    steps = steps_of(
        tmp_path,
        """
- action: pay
  body: {amount: 5, to: "{name}", when: [now]}
  paths: {paid: -> end, refused: [say: Pity.], later: }
  default: refused
- action: ping
  body: "{name}"
- action: wait
  wait: true
""",
    )
    assert steps == [
        End("w/end"),
        says("w/1.path2.1", "Pity.", "w/2"),
        CustomAction(
            "w/1",
            then="w/2",
            action="pay",
            body={"amount": 5, "to": "{name}", "when": ["now"]},
            stop=True,
            paths=(ActionPath("paid", "w/end"), ActionPath("refused", "w/1.path2.1"), ActionPath("later", "w/2")),
            default=1,
        ),
        CustomAction("w/2", then="w/3", action="ping", body="{name}", body_is_json=False),
        CustomAction("w/3", action="wait", stop=True),
    ]


def test_the_end_may_have_a_last_word(tmp_path: Path) -> None:
    assert steps_of(tmp_path, "- end: Bye!") == [says("w/1", "Bye!", "w/1.end"), End("w/1.end")]
    assert steps_of(tmp_path, "- end:") == [End("w/1")]


def test_labels_further_down_can_be_reached_from_anywhere_in_the_workflow(tmp_path: Path) -> None:
    steps = steps_of(tmp_path, "- if: count\n  then: [-> deep]\n  else: [{label: deep, say: Deep.}]")
    assert steps[0] == GoTo("w/1.then.1", name="deep", then="w/deep")
    assert steps[1] == says("w/deep", "Deep.", name="deep")
