"""The shapes of steps: one a kind, and of the mappings inside them."""

from __future__ import annotations

from typing import get_args

from parley.domain.conditions import Operator
from parley.projects.channel_shapes import CHANNEL_KINDS
from parley.projects.kind_shape import COMMON as COMMON
from parley.projects.kind_shape import LISTENING as LISTENING
from parley.projects.kind_shape import kind_of as _kind
from parley.projects.model_shapes import BRIEFING_KEYS, MODEL_KINDS
from parley.projects.playing_shapes import PLAYING_KINDS
from parley.projects.shape import Form, Key, Shape, any_of, list_of, map_of, ref
from parley.projects.shapes import BOOLEAN, DURATION, NOTHING, PROMPTS, SAY, TEXT, VARIABLE
from parley.projects.world_shapes import WORLD_KINDS

PATH = ref("path")
VALUE: Form = {}
VARIABLE_NAME: Form = {"type": "string", "pattern": VARIABLE}
OPERATORS: tuple[Operator, ...] = get_args(Operator)
VISIBILITY = ("full", "hidden", "cropped")
LAYOUTS = {"carousel": "Carousel", "list": "List"}

RICH = {
    "rich": Key(TEXT, "In place of `text`: Markdown with `**bold**`, `*italic*`, `~~struck~~`, `<u>`, `[links](…)`."),
    "slate": Key({"type": "array", "minItems": 1}, "In place of `text`: rich text as clients get it, by paragraphs."),
}
VARIANT = Shape(
    "variant",
    "One way of saying something.",
    {
        "text": Key(TEXT, "The text; `{name}` stands for a variable."),
        **RICH,
        "when": Key(ref("test"), "Say this one only if this holds."),
        "delay": Key(DURATION, "The pause before it. Default: the agent's `message_delay`."),
        "audio": Key(TEXT, "URL of a recording, for spoken agents."),
    },
    advice="For example `{text: Welcome back!, when: sessions > 1}`.",
)
NO_MATCH = Shape(
    "no_match",
    "What to do with a reply that fits nothing.",
    {**PROMPTS, "then": Key(PATH, "Where to go when everything has been said.")},
    advice="For example `{say: Please choose one., then: -> handoff}`.",
)
NO_REPLY = Shape(
    "no_reply",
    "What to do with silence here.",
    {
        "after": Key(DURATION, "How long to wait. Default: the agent's."),
        **PROMPTS,
        "then": Key(PATH, "Where to go when everything has been said."),
    },
    advice="For example `{after: 10s, say: Still there?}`.",
)
INTO = Key(any_of(TEXT, map_of(VARIABLE_NAME, VARIABLE)), "The variable that gets it.")
OPTION = Shape(
    "option",
    "Something to choose.",
    {
        "label": Key(TEXT, "The text on the button. Without it nothing is shown, only listened for."),
        "intent": Key(TEXT, "Users may also say it in their own words."),
        "to": Key(PATH, "Where it leads. Default: on to the next step."),
        "url": Key(TEXT, "An address that the client opens."),
        "event": Key(TEXT, "A project event that it sends."),
        "into": Key(map_of(VARIABLE_NAME, VARIABLE), "Which entity of the intent goes into which variable."),
    },
    advice="For example `{label: Track my order, intent: track_order, to: -> track_order}`.",
)
WANTED = Shape(
    "wanted",
    "An entity to ask for.",
    {
        "into": Key(VARIABLE_NAME, "The variable that gets it. Default: the one with the entity's name."),
        "reprompt": Key(SAY, "What to say while it is missing."),
        "placeholder": Key(TEXT, "An example of it, for the language model that asks."),
        "then": Key(PATH, "Where to go when all has been said and it is still missing."),
    },
)
EXITS = Shape(
    "exits",
    "What makes it stop asking; a language model decides.",
    {
        "when": Key(any_of(TEXT, list_of(TEXT)), "Statements about the conversation: one of them is true."),
        "then": Key(PATH, "Where to go. Default: on."),
    },
    ("when",),
    "For example `{when: The user does not want to tell., then: -> goodbye}`.",
)
COMPARISON = Shape(
    "comparison",
    "A comparison: `variable` or `value`, and an operator.",
    {
        "variable": Key(TEXT, "The variable to look at; a path such as `user.plan[0]` is fine."),
        "value": Key(VALUE, "The value to look at: a template, or `= expression`."),
        **{operator: Key(VALUE, f"It {operator.replace('_', ' ')} this value.") for operator in OPERATORS},
    },
)
GROUP = Shape(
    "group",
    "Several tests at once.",
    {
        "all": Key({"type": "array", "items": ref("test")}, "Every one must hold."),
        "any": Key({"type": "array", "items": ref("test")}, "One must hold."),
    },
)
JUDGED = Shape(
    "judged",
    "A statement about the conversation that a language model decides. Only in `if` and `cases`.",
    {"ask_model": Key(TEXT, "The statement; `{name}` stands for a variable.")},
    ("ask_model",),
    "For example `{ask_model: The user sounds angry.}`.",
)
CASE = Shape(
    "case",
    "One case.",
    {"if": Key(ref("test"), "When this holds …"), "then": Key(PATH, "… go there.")},
    ("if", "then"),
    "For example `{if: tier == 'pro', then: -> pro}`.",
)
IMAGE = Shape(
    "picture",
    "A picture with its size.",
    {
        "url": Key(TEXT, "Where it is."),
        "width": Key({"type": "number", "exclusiveMinimum": 0}, "In pixels."),
        "height": Key({"type": "number", "exclusiveMinimum": 0}, "In pixels."),
        "visibility": Key({"enum": list(VISIBILITY)}, "How much of it is shown."),
        "device": Key(TEXT, "The only kind of device on which it is shown."),
    },
    ("url",),
    "For example `{url: https://example.org/a.png, width: 640, height: 480}`.",
)
INTENDED = Shape(
    "intended",
    "What the user is taken to have meant.",
    {"intent": Key(TEXT, "The intent.")},
    ("intent",),
    "For example `{intent: track_order}`.",
)
CARD = Shape(
    "card_content",
    "What a card shows.",
    {
        "title": Key(TEXT, "The line at the top."),
        "text": Key(TEXT, "What is written below it."),
        **RICH,
        "image": Key(TEXT, "URL of a picture."),
        "buttons": Key(ref("buttons"), "What to choose."),
    },
    advice="For example `{title: Teapot, text: Blue., image: https://example.org/teapot.png}`.",
)

_SHOWN_FIRST = {"say": Key(SAY, "What to say first.")}
_ASKED_FIRST = {"ask": Key(SAY, "What to ask first."), **_SHOWN_FIRST}
_CAPTURED = {
    "into": INTO,
    "entity": Key(TEXT, "What must be found in the reply."),
    "entities": Key(
        any_of(list_of(TEXT), map_of(any_of(TEXT, ref("wanted"), NOTHING))), "Several things to find, each asked for."
    ),
    "reprompt": Key(SAY, "What to say while `entity` is missing."),
    "ask_model": Key(any_of(BOOLEAN, ref("briefing")), "A language model asks for what is missing. Default: false."),
    "rules": Key(any_of(TEXT, list_of(TEXT)), "What the values must fulfil; a language model checks them."),
    "exit": Key(any_of(TEXT, ref("exits")), "What makes it stop asking; a language model decides."),
    **LISTENING,
}
_WAYS = map_of(any_of(PATH, NOTHING))


KINDS: dict[str, Shape] = {
    shape.name: shape
    for shape in (
        _kind("say", "Says one of the variants.", SAY, example="say: Hello!"),
        _kind("ask", "Asks, and waits for the reply.", SAY, _CAPTURED, example="{ask: Your name?, into: name}"),
        _kind("capture", "Waits for a reply.", any_of(VARIABLE_NAME, NOTHING), _CAPTURED, example="capture: name"),
        _kind("buttons", "Shows buttons and waits.", ref("buttons"), _ASKED_FIRST, LISTENING),
        _kind("choice", "Waits for one of several intents.", ref("choice"), _ASKED_FIRST, LISTENING),
        _kind("listen", "Waits for what triggers listen for.", NOTHING, _ASKED_FIRST, LISTENING),
        _kind(
            "if",
            "Goes one way or the other.",
            ref("test"),
            {
                "then": Key(PATH, "The way when it holds. Default: on."),
                "else": Key(PATH, "The way when it does not. Default: on."),
            },
            BRIEFING_KEYS,
        ),
        _kind(
            "cases",
            "Goes the way of the first case that holds.",
            list_of(ref("case")),
            {"else": Key(PATH, "The way when none holds. Default: on.")},
            BRIEFING_KEYS,
        ),
        _kind(
            "set",
            "Sets variables.",
            any_of(map_of(VALUE, VARIABLE), list_of(map_of(VALUE, VARIABLE)), NOTHING),
            {"transcript": Key(map_of(VALUE), "Properties of the transcript, and their values.")},
        ),
        _kind(
            "call",
            "Runs another workflow and comes back.",
            TEXT,
            {
                "with": Key(map_of(VALUE, VARIABLE), "Variables of the other workflow, and their values."),
                "into": Key(map_of(VARIABLE_NAME, VARIABLE), "Variables here: variables there, copied on return."),
            },
        ),
        _kind("go to", "Goes elsewhere for good.", any_of(TEXT, ref("intended"))),
        _kind(
            "random",
            "Goes one of the ways by chance.",
            list_of(PATH),
            {"repeats": Key(BOOLEAN, "One way may come twice before all have come. Default: true.")},
        ),
        _kind("reset", "Begins again where the conversation began; variables stay.", NOTHING),
        _kind("image", "Shows a picture.", any_of(TEXT, ref("picture")), _SHOWN_FIRST),
        _kind(
            "card",
            "Shows a card.",
            ref("card_content"),
            _SHOWN_FIRST,
            {"wait": Key(BOOLEAN, "Wait for a button. Default: when one leads somewhere.")},
            LISTENING,
        ),
        _kind(
            "carousel",
            "Shows several cards.",
            list_of(ref("card_content")),
            _SHOWN_FIRST,
            {
                "layout": Key({"enum": list(LAYOUTS)}, "Side by side, or one below the other. Default: carousel."),
                "wait": Key(BOOLEAN, "Wait for a button. Default: when one leads somewhere."),
            },
            LISTENING,
        ),
        _kind(
            "action",
            "Tells the client to do something of its own.",
            TEXT,
            _SHOWN_FIRST,
            {
                "body": Key(VALUE, "Data for it; texts in it are templates."),
                "json": Key(BOOLEAN, "A body that is one placeholder alone keeps its type. Default: false."),
                "wait": Key(BOOLEAN, "Wait until the client says which path to take. Default: when there are paths."),
                "paths": Key(any_of(_WAYS, list_of(_WAYS)), "Ways on, by the type of the client's answer."),
                "default": Key(TEXT, "The path taken for any other answer."),
                "everywhere": Key(BOOLEAN, "The paths are listened for while the workflow runs. Default: false."),
            },
        ),
        *CHANNEL_KINDS,
        *MODEL_KINDS,
        *PLAYING_KINDS,
        *WORLD_KINDS,
        _kind("end", "Ends the conversation.", any_of(SAY, NOTHING), _SHOWN_FIRST),
    )
}
