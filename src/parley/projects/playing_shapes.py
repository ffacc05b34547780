"""The shapes of playbooks, of the agent itself, and of the steps in which a model is at work."""

from __future__ import annotations

from parley.projects.kind_shape import LISTENING, kind_of
from parley.projects.model_shapes import MODEL_KEYS
from parley.projects.shape import Key, Shape, any_of, list_of, map_of, ref
from parley.projects.shapes import BOOLEAN, NAME, NOTHING, TEXT, VARIABLE
from parley.projects.tool_shapes import TYPES

PATH = ref("path")
_VARIABLE = {"type": "string", "pattern": VARIABLE}
_NEEDS = Key(
    any_of(list_of(_VARIABLE), map_of(any_of(TEXT, ref("needed"), NOTHING), VARIABLE)),
    "Variables that must have a value: the model asks for those that have none.",
)
_TOOLS = Key(list_of(TEXT), "Tools that the model may use, by name; `end`, `buttons` and their like need no declaring.")
_INSTRUCTIONS = Key(any_of(TEXT, NOTHING), "What the model is told to do; `file://refunds.md` reads a file.")
_WHEN = Key(TEXT, "When it is to be chosen: the model reads this.")
_ONLY_IF = Key(ref("test"), "It is offered only while this holds.")
NEEDED = Shape(
    "needed",
    "A variable that must have a value.",
    {
        "about": Key(TEXT, "What it is: the model reads it."),
        "type": Key({"enum": list(TYPES)}, "What it may be. Default: anything."),
        "choices": Key(list_of(TEXT), "All values that are allowed."),
    },
    advice="For example `{about: The number of the order, type: string}`.",
)
WAY = {
    "when": Key(TEXT, "When the model is to choose it."),
    "into": Key(list_of(_VARIABLE), "Variables that it fills in, where it can."),
    "needs": _NEEDS,
}
AGENT_PATH = Shape(
    "agent_path",
    "A way on that the model may choose.",
    {**WAY, "to": Key(PATH, "Where it leads.")},
    advice="For example `{when: Everything is said., to: -> goodbye}`.",
)
EXIT = Shape(
    "playbook_exit",
    "A way out of a playbook.",
    {**WAY, "to": Key(ref("target"), "Where it leads. Default: back to who ran it.")},
    advice="For example `{when: The money is back., needs: [amount], to: -> thank_you}`.",
)
PLAYBOOK = Shape(
    "playbook",
    "Instructions for a model, and what it may use.",
    {
        "name": Key(TEXT, "What people call it. Default: its key."),
        "when": Key(TEXT, "When the agent goes there: it reads this."),
        "only_if": _ONLY_IF,
        "needs": _NEEDS,
        "instructions": _INSTRUCTIONS,
        "tools": _TOOLS,
        "exits": Key(map_of(any_of(ref("target"), ref("playbook_exit"), NOTHING)), "Ways out, by name."),
        "model": Key(any_of(TEXT, ref("playbook_model")), "Which model, and how it answers."),
    },
    ("instructions",),
    "For example `{when: The customer wants money back, instructions: Ask for the order., tools: [end]}`.",
)
MODEL = Shape(
    "playbook_model",
    "Which model, and how it answers.",
    {
        "use": Key(TEXT, "Which one; `default` is the server's."),
        **{k: v for k, v in MODEL_KEYS.items() if k != "model"},
    },
    advice="For example `{use: default, temperature: 0.2}`.",
)
ROUTE = Shape(
    "route",
    "Where the agent may go, and when.",
    {"when": _WHEN, "only_if": _ONLY_IF, "needs": _NEEDS},
    advice="For example `{when: The user asks where an order is, needs: [order]}`.",
)
ROUTER = Shape(
    "router",
    "The agent itself: it answers, or goes to a playbook or a workflow.",
    {
        "prompt": Key(TEXT, "What the model is told with every question; `file://` reads a file."),
        "instructions": Key(any_of(TEXT, NOTHING), "How it chooses among its routes; `file://` reads a file."),
        "routes": Key(
            any_of(list_of(TEXT), map_of(any_of(TEXT, ref("route"), NOTHING), NAME)),
            "The playbooks and workflows that it may go to. Default: all playbooks.",
        ),
        "first": Key(TEXT, "The workflow that is run when a conversation begins."),
        "tools": Key(list_of(TEXT), "Tools of the agent and of all its playbooks."),
        "model": Key(any_of(TEXT, ref("playbook_model")), "Which model, and how it answers."),
    },
    advice="For example `{prompt: You are the shop's assistant., routes: [refunds, orders], first: welcome}`.",
)
_WAYS = map_of(any_of(PATH, ref("agent_path"), NOTHING))
_EXITS = {"exits": Key(_WAYS, "Ways on that the model may choose.")}
_TALK = {
    "each_turn": Key(PATH, "The way after each answer. Default: it waits for the next reply."),
    "talks_first": Key(BOOLEAN, "false: it waits for the user to say something. Default: true."),
}
PLAYING_KINDS = (
    kind_of(
        "agent",
        "Lets a language model talk by its instructions.",
        TEXT,
        MODEL_KEYS,
        {"paths": Key(_WAYS, "Ways on that the model may choose."), "tools": _TOOLS},
        _TALK,
        LISTENING,
    ),
    kind_of(
        "playbook",
        "Lets a language model talk by a playbook.",
        TEXT,
        {"instructions": Key(TEXT, "What it is told here besides.")},
        MODEL_KEYS,
        _EXITS,
        {"tools": _TOOLS},
        _TALK,
        LISTENING,
        example="{playbook: refunds, exits: {done: -> thank_you}}",
    ),
    kind_of(
        "crew",
        "Lets several playbooks talk, which pass the user on to one another.",
        any_of(list_of(TEXT), map_of(any_of(TEXT, ref("route"), NOTHING), NAME)),
        MODEL_KEYS,
        _EXITS,
        {"tools": _TOOLS},
        _TALK,
        LISTENING,
        example="{crew: [refunds, orders], exits: {done: -> thank_you}}",
    ),
    kind_of(
        "operator",
        "Has a language model choose one of the exits; the user hears nothing of it.",
        TEXT,
        MODEL_KEYS,
        _EXITS,
        {
            "tools": _TOOLS,
            "retries": Key({"type": "integer", "minimum": 0}, "How often it is asked again. Default: 2."),
            "not_found": Key(PATH, "The way when it chooses none. Default: on."),
        },
        example="{operator: Which department?, exits: {sales: -> sales, help: -> help}}",
    ),
)
MEMORY = Shape(
    "memory",
    "How much of the conversation models are told.",
    {
        "turns": Key({"type": "integer", "minimum": 10, "maximum": 100}, "Exchanges, 10 to 100. Default: 50."),
        "summary": Key(BOOLEAN, "A model sums up what came before. Default: true."),
    },
    advice="For example `{turns: 20}`.",
)
COST = Shape(
    "cost",
    "What one conversation may cost.",
    {
        "dollars": Key({"type": "number", "exclusiveMinimum": 0}, "As far as the prices of the models are known."),
        "say": Key(ref("say"), "What to say when it ends for that."),
    },
    ("dollars",),
    "For example `{dollars: 0.5, say: Let us talk again tomorrow.}`.",
)
PLAYING_SHAPES = (NEEDED, AGENT_PATH, EXIT, PLAYBOOK, MODEL, ROUTE, ROUTER, MEMORY, COST)
