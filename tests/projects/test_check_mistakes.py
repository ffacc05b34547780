"""Every mistake is reported at its place, in words that help."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.projects.agents import only_problem, problems_of

HEAD = """\
variables: {name: "", count: 0}
entities: {order_number: {pattern: "[A-Z]{2}"}}
intents: {track_order: [track]}
workflows:
  track_order: {trigger: track_order, variables: [inner], steps: [{label: number, say: Number.}]}
  main:
"""
LINE = HEAD.count("\n") + 1
"""The line of a mistake in the first line of `main`."""

# What is written in `main` -> (line from there on, message, suggestion)
STEPS: dict[str, tuple[str, int, str, str]] = {
    "an unknown key of a step": ("- say: Hi.\n  dealy: 5s", 1, "a step `say` has no key `dealy`", "There are:"),
    "a key with a typing error": (
        "- capture: name\n  no_mathc: Hm",
        1,
        "has no key `no_mathc`",
        "Did you mean `no_match`?",
    ),
    "an unknown kind of step": ("- sya: Hi.", 0, "there is no step of kind `sya`", "Did you mean `say`?"),
    "another word for a kind": ("- custom: pay", 0, "no step of kind `custom`", "The kinds are: say, ask,"),
    "a kind of a later release": (
        "- mcp: refunds",
        0,
        "steps of kind `mcp` cannot be run by this release",
        "The kinds are:",
    ),
    "two kinds at once": (
        "- say: Hi.\n  set: {count: 1}",
        0,
        "a step is one thing, and this is `say` and `set`",
        "two steps",
    ),
    "a label without a step": ("- label: here", 0, "a step must do something", "The kinds are:"),
    "a step that is a text": ("- Hello there", 0, "a step must be a mapping", "Write `say: Hello there`."),
    "a step that lost its arrow": ("- end", 0, "a step must be a mapping", "Write `-> end`."),
    "a step that is a list": ("- - say: Hi.", 0, "a step must be a mapping such as `say: …`, and is a list", "then:"),
    "an arrow to nothing": ("- ->", 0, "this arrow leads nowhere", "-> end"),
    "an unknown target": ("- -> track_ordr", 0, "`-> track_ordr` leads nowhere", "Did you mean `track_order`?"),
    "an unknown label": ("- -> track_order.numbr", 0, "leads nowhere", "Did you mean `track_order.number`?"),
    "a target without its arrow": (
        "- if: count\n  then: track_order",
        1,
        "`track_order` is not a target: it has no arrow",
        "Write `-> track_order`.",
    ),
    "an unknown workflow to call": ("- call: track", 0, "there is no workflow `track` to call", "`track_order`"),
    "an input that is not there": (
        "- call: track_order\n  with: {iner: 1}",
        1,
        "workflow `track_order` has no variable `iner`",
        "Did you mean `inner`?",
    ),
    "an output that is not there": ("- call: track_order\n  into: {name: iner}", 1, "no variable `iner`", "`inner`?"),
    "an unknown variable in into": (
        "- ask: Name?\n  into: nmae",
        1,
        "there is no variable `nmae`",
        "Did you mean `name`?",
    ),
    "a new variable in set": ("- set: {zzz: 1}", 0, "there is no variable `zzz`", "Add `zzz: ''` to `variables`."),
    "an unknown variable to compare": (
        "- if: {variable: cuont, is: 1}\n  then: -> end",
        0,
        "no variable `cuont`",
        "`count`?",
    ),
    "what is no variable": (
        "- if: {variable: count + 1, is: 1}\n  then: -> end",
        0,
        "`count + 1` is not a variable",
        "= expr",
    ),
    "an unknown entity": ("- ask: Which?\n  entity: order", 1, "there is no entity `order`", "`order_number`?"),
    "both entity and entities": (
        "- ask: Which?\n  entity: order_number\n  entities: [order_number]",
        1,
        "takes `entity` or `entities`, not both",
        "`entities`",
    ),
    "a question without an answer": ("- ask: Name?", 0, "`ask` needs `into`, `entity` or `entities`", "into: name"),
    "an unknown intent": ("- choice: {track: -> end}", 0, "there is no intent `track`", "Did you mean `track_order`?"),
    "an unknown intent of a trigger": (
        "- {trigger: trak_order, say: Hi.}",
        0,
        "no intent `trak_order`",
        "`track_order`?",
    ),
    "a trigger for nothing": (
        "- {trigger: {everywhere: true}, say: Hi.}",
        0,
        "a trigger needs one of `intent`, `event` and `injection`",
        "For",
    ),
    "a label used twice": ("- {label: a, say: A.}\n- {label: a, say: B.}", 1, "the label `a` is used twice", "Rename"),
    "a label with a space": ("- {label: my label, say: A.}", 0, "`my label` cannot be a label", "`my_label` would do."),
    "a label that is a number": ("- {label: 3, say: A.}", 0, "`3` cannot be a label", "`_3` would do."),
    "a label with a meaning": ("- {label: end, say: A.}", 0, "`end` cannot be a label", ""),
    "no variants": ("- say: []", 0, "`say` is empty", "Write at least one"),
    "nothing to say": ("- say:", 0, "`say` must be a text, and is nothing", ""),
    "a variable without quotes": (
        "- say: {name}",
        0,
        "`say` must be a text, and is a mapping",
        'Write "{name}" in quotes',
    ),
    "a variant without a text": ("- say: [{when: count}]", 0, "a variant of `say` needs `text`", "For example"),
    "a wrong key in a variant": ("- say: [{text: A, wehn: count}]", 0, "has no key `wehn`", "Did you mean `when`?"),
    "a bad duration": ("- say: {text: Hi., delay: 10}", 0, "`delay` must be a duration, and is `10`", "Write `10s`."),
    "a duration in words": (
        "- capture: name\n  no_reply: {after: soon}",
        1,
        "must be a duration, and is `soon`",
        "`10s`",
    ),
    "a duration of weeks": ("- capture: name\n  no_reply: {after: 999h}", 1, "longer than seven days", ""),
    "a wrong boolean": (
        "- capture: name\n  elsewhere: yes",
        1,
        "`elsewhere` must be `true` or `false`, and is `yes`",
        "",
    ),
    "a bad expression": ("- if: count >\n  then: -> end", 0, "`count >` is not a JavaScript expression", ""),
    "two expressions": ("- if: 1) || (2\n  then: -> end", 0, "`1) || (2` is not a JavaScript expression", ""),
    "statements": ("- set: {count: = let x = 1}", 0, "is not a JavaScript expression", ""),
    "a list as a condition": (
        "- if: [count]\n  then: -> end",
        0,
        "a condition must be an expression or a mapping",
        "`all:`",
    ),
    "a comparison without operator": ("- if: {variable: count}\n  then: -> end", 0, "needs an operator", "is: pro"),
    "an unknown operator": (
        "- if: {variable: count, is: 1, equals: 1}\n  then: -> end",
        0,
        "no key `equals`",
        "There are",
    ),
    "an operator with a wrong value": (
        "- if: {variable: count, is_empty: 3}\n  then: -> end",
        0,
        "takes `true`",
        "is_empty: true",
    ),
    "an if that leads nowhere": ("- if: count", 0, "`if` leads nowhere", "Add `then`"),
    "no cases": ("- cases: []", 0, "`cases` is empty", "at least one"),
    "half a case": ("- cases: [{if: count}]", 0, "a case needs `then`", "For example"),
    "a text in two ways": ("- say: {text: A, rich: B}", 0, "has `text` and `rich`", "Keep one"),
    "an open mark": ("- say: {rich: 'so **bold'}", 0, "`**` in `rich` is not closed", "the characters themselves"),
    "rich text that is a text": ("- say: {slate: Hi.}", 0, "`slate` must be a list", ""),
    "a leaf that is a list": ("- say: {slate: [[[Hi.]]]}", 0, "must be a text or a mapping", "a paragraph"),
    "no buttons": ("- buttons: {}", 0, "`buttons` is empty", "For example"),
    "buttons that are a text": ("- buttons: Yes", 0, "`buttons` must be a mapping of names, and is a text", ""),
    "an option without a label": (
        "- buttons: [{to: -> end}]",
        0,
        "an option needs a `label` or an `intent`",
        "For example",
    ),
    "a wrong key of an option": ("- buttons: [{label: A, too: -> end}]", 0, "has no key `too`", "Did you mean `to`?"),
    "a list in set": ("- set: [1]", 0, "`set` must be a mapping of names, and is a text", ""),
    "nothing to set": ("- set: {}", 0, "`set` sets nothing", "count + 1"),
    "an image without an address": ("- image: {width: 3}", 0, "`image` needs `url`", "For example"),
    "a width in words": ("- image: {url: a.png, width: wide}", 0, "`width` must be a number, and is `wide`", ""),
    "a negative width": ("- image: {url: a.png, width: -3}", 0, "`width` must be more than 0, and is -3", ""),
    "an unknown visibility": ("- image: {url: a.png, visibility: ful}", 0, "`visibility` cannot be `ful`", "`full`?"),
    "an empty card": ("- card: {buttons: [A]}", 0, "a card needs a `title`, a `text` or an `image`", "For example"),
    "an unknown layout": (
        "- carousel: [{title: A}]\n  layout: lst",
        1,
        "`layout` cannot be `lst`",
        "Did you mean `list`?",
    ),
    "an unknown default path": (
        "- action: pay\n  paths: {paid: -> end}\n  default: piad",
        2,
        "one of the paths",
        "`paid`?",
    ),
}


@pytest.mark.parametrize("mistake", STEPS)
def test_a_mistake_in_a_step(tmp_path: Path, mistake: str) -> None:
    steps, line, message, suggestion = STEPS[mistake]
    text = HEAD + "".join(f"    {each}\n" for each in steps.split("\n")) + "start: main\n"
    errors = [problem for problem in problems_of(tmp_path, text) if problem.severity == "error"]
    assert len(errors) >= 1, "nothing was reported"
    problem = errors[0]
    assert len(errors) == 1, "\n".join(map(str, errors))
    assert message in problem.message
    assert suggestion in problem.suggestion
    assert problem.line == LINE + line
    assert problem.where.startswith("workflow main, step ")
    assert problem.file.endswith("agent.yaml")


MAIN = "workflows: {main: [{say: Hi.}]}\n"
# The agent -> (line, message, suggestion)
AGENTS: dict[str, tuple[str, int, str, str]] = {
    "an unknown key": ("workflow: {}\n" + MAIN, 1, "an agent has no key `workflow`", "Did you mean `workflows`?"),
    "a duplicate key": (MAIN + "name: a\nname: b\n", 3, "`name` is here twice (first in line 2)", "Keep one"),
    "a duplicate workflow": ("workflows:\n  a: [{say: A.}]\n  a: [{say: B.}]\n", 3, "`a` is here twice", "Keep one"),
    "no workflows": ("name: a\n", 1, "the agent has no workflows", "For example"),
    "an agent that is a list": ("- say: Hi.\n", 1, "an agent must be a mapping, and is a list", ""),
    "an agent that is a text": ("hello\n", 1, "an agent must be a mapping, and is a text", ""),
    "an empty file": ("", 1, "the file is empty", "workflows"),
    "only a comment": ("# nothing\n", 1, "the file is empty", "workflows"),
    "a bad id": ("project: my shop!\n" + MAIN, 1, "`my shop!` cannot be the id of a project", "`my_shop` would do."),
    "a bad name of a workflow": (
        "workflows: {my flow: [{say: A.}]}\n",
        1,
        "cannot be a workflow",
        "`my_flow` would do.",
    ),
    "a reserved name": ("workflows: {back: [{say: A.}]}\n", 1, "`back` cannot be a workflow", "Rename"),
    "an unknown start": (
        MAIN + "start: mian\n",
        2,
        "`start` names no workflow: there is no `mian`",
        "Did you mean `main`?",
    ),
    "steps that are a text": ("workflows: {main: hi}\n", 1, "the steps of a workflow are a list", "- "),
    "a workflow without steps": (
        "workflows: {main: {trigger: x, variables: [a]}}\n",
        1,
        "a workflow needs `steps`",
        "For",
    ),
    "a bad variable": ("variables: {my-name: 1}\n" + MAIN, 1, "`my-name` cannot be a variable", "`my_name` would do."),
    "a variable that exists": ("variables: {user_id: 1}\n" + MAIN, 1, "`user_id` exists in every agent", "another"),
    "a variable with a mapping": ("variables: {a: {b: 1}}\n" + MAIN, 1, "variable `a` has no key `b`", "There are"),
    "a wrong persist": ("variables: {a: {persist: 1}}\n" + MAIN, 1, "`persist` must be `true` or `false`", ""),
    "an intent over two lines": ('intents: {"a\\nb": [hi]}\n' + MAIN, 1, "cannot be an intent", "on one line"),
    "a bad pattern": ("entities: {a: {pattern: '[A-'}}\n" + MAIN, 1, "`[A-` is not a regular expression", "quotes"),
    "an entity with nothing": (
        "entities: {a: {reprompt: Hm?}}\n" + MAIN,
        1,
        "one of `pattern`, `values` and `type`",
        "For",
    ),
    "an entity with too much": ("entities: {a: {type: text, values: [b]}}\n" + MAIN, 1, "has both", "For example"),
    "an unknown type": ("entities: {a: emial}\n" + MAIN, 1, "the type of an entity cannot be `emial`", "`email`?"),
    "a value twice": ("entities: {a: [red, red]}\n" + MAIN, 1, "the value `red` is here twice", "Keep one"),
    "no values": ("entities: {a: []}\n" + MAIN, 1, "`values` is empty", "at least one"),
    "an unknown slot": (
        "entities: {city: text}\nintents: {fly: ['to {ciyt}']}\n" + MAIN,
        2,
        "there is no entity `ciyt`",
        "Did you mean `city`?",
    ),
    "an open slot": ("intents: {fly: ['to {city']}\n" + MAIN, 1, "has an unclosed brace", "{name}"),
    "an unknown required entity": (
        "intents: {fly: {utterances: [fly], required: [city]}}\n" + MAIN,
        1,
        "there is no entity `city`",
        "",
    ),
    "an event to nowhere": ("events: {paid: {run: mian}}\n" + MAIN, 1, "there is no workflow `mian` to run", "`main`?"),
    "an event without an effect": (
        "events: {paid: {returns: true}}\n" + MAIN,
        1,
        "needs one of `run`, `continue` and `agent`",
        "For example",
    ),
    "a share of nothing": ("environments: {main: 0}\n" + MAIN, 1, "the share must be more than 0", ""),
    "a negative share": ("environments: {main: {share: -5}}\n" + MAIN, 1, "`share` must be more than 0, and is -5", ""),
    "a share in words": ("environments: {main: half}\n" + MAIN, 1, "the share must be a number, and is `half`", ""),
    "a bad environment": ("environments: {my env: 1}\n" + MAIN, 1, "`my env` cannot be an environment", "`my_env`"),
    "no environments": ("environments: {}\n" + MAIN, 1, "`environments` is empty", "For example"),
    "a candidate that is not there": (
        "environments: {a: {from: b.yaml}}\n" + MAIN,
        1,
        "there is no `b.yaml`",
        "beside",
    ),
    "a candidate outside": (
        "environments: {a: {from: ../b.yaml}}\n" + MAIN,
        1,
        "outside the agent's directory",
        "Keep",
    ),
    "an unknown setting": ("settings: {mesage_delay: 1s}\n" + MAIN, 1, "no key `mesage_delay`", "`message_delay`?"),
    "an unknown time zone": (
        "settings: {timezone: Europe/Olso}\n" + MAIN,
        1,
        "no time zone `Europe/Olso`",
        "`Europe/Oslo`?",
    ),
    "a bad locale": ("settings: {locale: English}\n" + MAIN, 1, "`English` is not a locale", "en-US"),
    "an idle time of nothing": ("settings: {idle: 0}\n" + MAIN, 1, "must be longer than nothing", "`off`"),
    "a bad idle time": (
        "settings: {idle: 15}\n" + MAIN,
        1,
        "`idle` must be a duration, and is `15`",
        "`15s`, or `off`",
    ),
    "an unknown concurrency": ("settings: {concurrency: queue}\n" + MAIN, 1, "`concurrency` cannot be", "`enqueue`?"),
    "half a limit": (
        "settings: {limits: {steps: 1.5}}\n" + MAIN,
        1,
        "`steps` must be a whole number, and is `1.5`",
        "",
    ),
    "a bad origin": ("settings: {origins: [example.org]}\n" + MAIN, 1, "`example.org` is not an origin", "https://"),
    "a fallback of nothing": ("fallback: {says: Hm?}\n" + MAIN, 1, "`fallback` has no key `says`", "`say`"),
    "no reply in words": ("no_reply: Hello?\n" + MAIN, 1, "`no_reply` must be a mapping, and is a text", "after: 10s"),
    "a tab": ("workflows:\n\tmain: [{say: Hi.}]\n", 2, "this is not YAML", "Indent with spaces"),
    "a colon in a text": ("workflows:\n  main:\n    - say: Note: this\n", 3, "this is not YAML", "needs quotes"),
    "a brace before a text": ("workflows:\n  main:\n    - say: {name}, hi\n", 3, "this is not YAML", "begins with `{`"),
    "a brace inside braces": (
        "workflows: {main: [{say: Hi {name}}]}\n",
        1,
        "this is not YAML",
        "Inside `{…}` and `[…]`",
    ),
    "a quote before a text": ('workflows:\n  main:\n    - if: "a" == b\n', 3, "this is not YAML", 'begins with `"`'),
    "an exclamation mark": ("workflows: {main: [{if: !name, then: []}]}\n", 1, "YAML tags such as `!name", "quotes"),
    "a Python tag": ("name: !!python/object:os.system {}\n" + MAIN, 1, "YAML tags", ""),
    "an open bracket": ("workflows: [\n", 2, "this is not YAML", ""),
    "an open quote": ('name: "a\n', 2, "this is not YAML", ""),
    "a bad escape": ('entities: {a: {pattern: "\\d"}}\n' + MAIN, 1, "this is not YAML", "backslash is written twice"),
    "two documents": (MAIN + "---\n" + MAIN, 2, "a second document begins here", "a file of its own"),
    "a key that is a list": ("? [a]\n: b\n" + MAIN, 1, "a key must be a text", ""),
    "an unknown alias": ("name: *nobody\n" + MAIN, 1, "there is no `&nobody` before this", ""),
    "an alias inside itself": ("name: &a [*a]\n" + MAIN, 1, "`*a` contains itself", ""),
    "nesting": ("name: " + "[" * 100 + "]" * 100 + "\n" + MAIN, 1, "nested more than 60 levels deep", ""),
    "a merge of nothing": ("variables: {<<: 3}\n" + MAIN, 1, "`<<` takes a mapping", ""),
    "a NUL in a text": ('workflows: {main: [{say: "a\\0"}]}\n', 1, "a character that cannot be sent", ""),
}


@pytest.mark.parametrize("mistake", AGENTS)
def test_a_mistake_in_an_agent(tmp_path: Path, mistake: str) -> None:
    text, line, message, suggestion = AGENTS[mistake]
    errors = [problem for problem in problems_of(tmp_path, text) if problem.severity == "error"]
    assert message in "\n".join(problem.message for problem in errors), errors
    problem = next(problem for problem in errors if message in problem.message)
    assert suggestion in problem.suggestion
    assert problem.line == line
    assert problem.column > 0


# What is doubtful -> (line from the steps on, message, suggestion)
WARNINGS: dict[str, tuple[str, int, str, str]] = {
    "steps after the end": (
        "- -> end\n- say: Never.\n- say: Never either.",
        1,
        "step 2 can never be reached",
        "Delete it",
    ),
    "an open brace": ("- say: Hi {name", 0, "`{name` has no closing brace", "Did you mean `{name}`?"),
    "an unknown variable in a text": ("- say: Hi {nmae}", 0, "there is no variable `nmae`", "Did you mean `name`?"),
    "an unknown variable on a button": ("- buttons: {'{nmae}': -> end}", 0, "there is no variable `nmae`", "`name`?"),
    "one equals sign": ("- if: count = 3\n  then: -> end", 0, "assigns, it does not compare", "`count == 3`"),
    "a label like a workflow": (
        "- {label: track_order, say: Hi.}\n- if: count\n  then: -> track_order",
        2,
        "`track_order` is a label here and a workflow",
        "`-> main.track_order`",
    ),
    "a text cut by a comment": ("- say: Order #5 is here", 0, "is a comment, not part of the text", "quotes"),
    "setting what Parley keeps": ("- set: {sessions: 1}", 0, "`sessions` is set here", "a variable of your own"),
    "the same button twice": ("- buttons: [A, A]", 0, "`buttons` shows `A` twice", "Rename"),
    "only conditions": ("- say: [{text: A, when: count}]", 0, "says nothing when none of its", "without `when`"),
    "a card that does not wait": ("- card: {title: A}\n  no_match: Hm?", 1, "`no_match` does nothing", "wait: true"),
}


@pytest.mark.parametrize("doubt", WARNINGS)
def test_what_is_doubtful_is_a_warning(tmp_path: Path, doubt: str) -> None:
    steps, line, message, suggestion = WARNINGS[doubt]
    text = HEAD + "".join(f"    {each}\n" for each in steps.split("\n")) + "start: main\n"
    problem = only_problem(tmp_path, text)
    assert problem.severity == "warning"
    assert message in problem.message
    assert suggestion in problem.suggestion
    assert problem.line == LINE + line


def test_a_variable_that_is_an_entity_too_is_a_warning(tmp_path: Path) -> None:
    problem = only_problem(tmp_path, "variables: {a: 1}\nentities: {a: text}\n" + MAIN)
    assert (problem.severity, problem.line) == ("warning", 1)
    assert "a variable and an entity" in problem.message


def test_a_workflow_that_nothing_leads_to_is_a_warning(tmp_path: Path) -> None:
    problem = only_problem(tmp_path, "workflows:\n  main: [{say: Hi.}]\n  lost: [{say: Lost.}]\n")
    assert (problem.severity, problem.line) == ("warning", 3)
    assert "nothing leads to the workflow `lost`" in problem.message


def test_an_intent_that_nothing_listens_for_is_a_warning(tmp_path: Path) -> None:
    problem = only_problem(tmp_path, "intents:\n  lost: [lost]\nworkflows: {main: [{say: Hi.}]}\n")
    assert (problem.severity, problem.line) == ("warning", 2)
    assert "nothing listens for the intent `lost`" in problem.message


def test_a_problem_reads_as_one_line(tmp_path: Path) -> None:
    problem = only_problem(tmp_path, "workflows:\n  main:\n    - say: Hi.\n    - -> nmain\n")
    place = f"{tmp_path / 'agent.yaml'}:4:7: error: `-> nmain` leads nowhere: there is no such workflow or label"
    assert str(problem) == f"{place} [workflow main, step 2] Did you mean `main`?"
