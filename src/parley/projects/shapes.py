"""The shapes of an agent's declarations: everything but the steps."""

from __future__ import annotations

from parley.projects.names import ENTITY_TYPES
from parley.projects.shape import Form, Key, Shape, any_of, list_of, map_of, ref

NAME = r"^[A-Za-z0-9_-]{1,64}$"
INTENT_NAME = r"^\S(.{0,198}\S)?$"
VARIABLE = r"^[^\s{}]([^{}]{0,62}[^\s{}])?$"
REPEAT = ("last", "all", "off")
CONCURRENCY = ("enqueue", "reject", "interrupt", "merge")
ORIGIN = r"^(https?://[^/?#\s]+|\*)$"
HOST = r"^[^/\s]+$"
NOTHING: Form = {"type": "null"}
BOOLEAN: Form = {"type": "boolean"}
COUNT: Form = {"type": "integer", "exclusiveMinimum": 0}
PLAIN: Form = {"type": ["string", "number", "boolean", "null", "array"]}
DURATION = ref("duration")
TEXT = ref("text")
SAY = ref("say")
NAMED: Form = {"type": "string", "pattern": NAME}

PROMPTS = {
    "say": Key(SAY, "What to say, one after another."),
    "shuffle": Key(BOOLEAN, "Say them in random order. Default: false."),
}
FALLBACK = Shape(
    "fallback",
    "What to say when nothing fits a reply.",
    {
        "say": PROMPTS["say"],
        "prompt": Key(any_of(TEXT, ref("prompt")), "Have a language model answer."),
        "knowledge": Key(any_of(BOOLEAN, ref("prompt")), "Look it up in the knowledge base first. Default: false."),
    },
    advice="For example `{prompt: Ask what {last_utterance} means., say: Sorry?}`.",
)
NO_REPLY = Shape(
    "silence",
    "What to do when the user stays silent anywhere.",
    {"after": Key(DURATION, "How long to wait. Default: 10s."), **PROMPTS},
    advice="For example `{after: 10s, say: Still there?}`.",
)
LIMITS = Shape(
    "limits",
    "What one turn may use.",
    {
        "steps": Key(COUNT, "Steps in one turn. Default: 400."),
        "frames": Key(COUNT, "Workflows inside one another. Default: 60."),
        "seconds": Key({"type": "number", "exclusiveMinimum": 0}, "Seconds that a turn may take. Default: 30."),
        "variable_bytes": Key(COUNT, "Size of all variables together, in bytes. Default: 262144."),
        "model_calls": Key(COUNT, "Questions to language models in one turn. Default: 20."),
        "waiting": Key(COUNT, "Actions that may wait for their turn. Default: 16."),
    },
)
RECORDING = Shape(
    "recording",
    "What is kept of the world's answers, so that a session can be replayed.",
    {
        "redact": Key(
            any_of(TEXT, list_of(TEXT)),
            "What is blackened first: `email`, `phone`, `card`, `iban`, `url`, `number`, or regular expressions.",
        ),
        "largest": Key(COUNT, "Characters of one answer that are kept. Default: 65536."),
    },
    advice="For example `on`, `off`, or `{redact: [email, card]}`.",
)
SETTINGS = Shape(
    "settings",
    "What holds for the whole agent.",
    {
        "message_delay": Key(DURATION, "The pause that clients make before a message. Default: 1s."),
        "timezone": Key({"type": "string"}, "The time zone of `{vf_now}` and its like. Default: UTC."),
        "locale": Key({"type": "string"}, "The language of the agent. Default: en-US."),
        "idle": Key(any_of(DURATION, {"const": "off"}, {"const": False}), "Silence that ends a session. Default: 15m."),
        "modality": Key({"enum": ["chat", "voice"]}, "voice: all that is said is a `speak` trace. Default: chat."),
        "repeat": Key({"enum": list(REPEAT)}, "What VF.REPEAT says again. Default: last."),
        "restart": Key(BOOLEAN, "false: a launch goes on where the conversation stands. Default: true."),
        "concurrency": Key({"enum": list(CONCURRENCY)}, "What an action does that comes while another is answered."),
        "quiet": Key(DURATION, "How long a text waits for another one where `concurrency` is merge. Default: 1s."),
        "limits": Key(ref("limits"), "What one turn may use."),
        "memory": Key(ref("memory"), "How much of the conversation models are told."),
        "cost": Key(ref("cost"), "What one conversation may cost."),
        "private_hosts": Key(
            list_of({"type": "string", "pattern": HOST}), "Hosts of your own network that steps may call."
        ),
        "likeness": Key(
            {"type": "number", "exclusiveMinimum": 0, "maximum": 1},
            "How like an utterance a text must be to mean its intent. Default: as the embedder has it.",
        ),
        "recording": Key(
            any_of(ref("recording"), BOOLEAN, {"enum": ["on", "off"]}),
            "Whether the answers of models, tools and services are kept with the turns. Default: on.",
        ),
        "origins": Key(list_of({"type": "string", "pattern": ORIGIN}), "Web origins that may use the agent."),
    },
)
VARIABLE_SHAPE = Shape(
    "variable",
    "A variable that needs more than a default.",
    {
        "default": Key({}, "Its value when a conversation begins. Default: 0."),
        "persist": Key(BOOLEAN, "Keep its value from one session of a user to the next. Default: false."),
        "absent": Key(BOOLEAN, "It does not exist until something sets it. Default: false."),
    },
    advice="Write `{default: …}` around a value that is a mapping.",
)
ENVIRONMENT = Shape(
    "environment",
    "An environment with more than a share.",
    {
        "share": Key({"type": "number", "exclusiveMinimum": 0}, "Its part of the users, relative to the others."),
        "from": Key({"type": "string"}, "A file or directory with the agent that runs here. Default: this one."),
    },
)
INJECTIONS = ("external_event", "guidance")
TRIGGER = Shape(
    "trigger",
    "What starts a workflow (or a step) from elsewhere.",
    {
        "intent": Key(TEXT, "The intent that starts it."),
        "event": Key(TEXT, "The project event that starts it."),
        "injection": Key({"enum": list(INJECTIONS)}, "What is put into the conversation from outside, by its kind."),
        "everywhere": Key(BOOLEAN, "From any workflow; false: only while this workflow runs. Default: true."),
        "returns": Key(BOOLEAN, "What was interrupted goes on afterwards. Default: false."),
    },
    advice="For example `{intent: talk_to_human}`.",
)
TRIGGERS = {
    "trigger": Key(ref("trigger_or_intent"), "What starts this from elsewhere."),
    "triggers": Key(list_of(ref("trigger_or_intent")), "Several of them."),
}
WORKFLOW = Shape(
    "workflow_mapping",
    "A workflow with triggers or variables of its own.",
    {
        "name": Key(TEXT, "What builders see it called. Default: its key."),
        **TRIGGERS,
        "steps": Key(ref("steps"), "The steps, top to bottom."),
        "variables": Key(list_of({"type": "string", "pattern": VARIABLE}), "Variables that live only while it runs."),
    },
    ("steps",),
    "For example `{trigger: {intent: goodbye}, steps: [{say: Bye!}]}`.",
)
INTENT = Shape(
    "intent_mapping",
    "An intent that needs entities.",
    {
        "utterances": Key(list_of(TEXT), "What users say; `{entity}` stands for an entity."),
        "required": Key(
            any_of(list_of(TEXT), map_of(any_of(SAY, ref("required_mapping"), NOTHING))),
            "Entities it cannot do without, and what to ask.",
        ),
    },
    ("utterances",),
    "For example `{utterances: [track {order_number}], required: {order_number: Which order?}}`.",
)
REQUIRED = Shape(
    "required_mapping",
    "What to ask for an entity, and how users answer.",
    {
        "ask": Key(any_of(SAY, NOTHING), "What to ask. Default: the entity's `reprompt`."),
        "answers": Key(list_of(TEXT), "What users answer; `{entity}` stands for an entity."),
    },
    advice="For example `{ask: Which size?, answers: ['make it {size}']}`.",
)
ENTITY = Shape(
    "entity_mapping",
    "An entity: exactly one of `pattern`, `values` and `type`.",
    {
        "pattern": Key({"type": "string"}, "A regular expression."),
        "values": Key(list_of(ref("entity_value")), "The values; `{value: [synonyms]}` gives one other words."),
        "type": Key({"enum": list(ENTITY_TYPES)}, "A kind of thing that is understood without being described."),
        "reprompt": Key(SAY, "What to say while it is missing."),
    },
    advice='For example `{pattern: "[A-Z]{2}-\\\\d{5}"}` or `{values: [red, green]}`.',
)
EVENT = Shape(
    "event_mapping",
    "What a project event does.",
    {
        "run": Key(TEXT, "The workflow (or `workflow.label`) to run."),
        "continue": Key({"const": True}, "The conversation goes on where it is."),
        "agent": Key({"const": True}, "The agent takes over, and has the word."),
        "returns": Key(BOOLEAN, "What was interrupted goes on afterwards. Default: false."),
    },
    advice="For example `{run: thank_you}`.",
)
AGENT = Shape(
    "agent",
    "An agent.",
    {
        "project": Key(NAMED, "The agent's id. Default: the name of the file or directory."),
        "name": Key(TEXT, "What people call it. Default: the id."),
        "environments": Key(
            map_of(any_of({"type": "number", "exclusiveMinimum": 0}, ref("environment"), NOTHING), NAME),
            "Under which aliases it runs, and how the users are shared out. Default: `{main: 100}`.",
        ),
        "variables": Key(
            map_of(any_of(ref("variable"), PLAIN), VARIABLE), "`name: default`, or `name: {default, persist}`."
        ),
        "start": Key(TEXT, "The workflow in which conversations begin. Default: the first one."),
        "workflows": Key(map_of(ref("workflow"), NAME), "The workflows by name."),
        "intents": Key(map_of(ref("intent"), INTENT_NAME), "What users may mean, by name."),
        "entities": Key(map_of(ref("entity"), VARIABLE), "What users mention, by name."),
        "events": Key(map_of(ref("event"), NAME), "What project events do, by name."),
        "fallback": Key(any_of(SAY, ref("fallback")), "What to say when nothing fits a reply."),
        "no_reply": Key(any_of(ref("silence"), {"const": False}), "What to do when users stay silent."),
        "agent": Key(any_of(ref("router"), NOTHING), "The agent itself, which goes to playbooks and workflows."),
        "playbooks": Key(map_of(ref("playbook"), NAME), "Instructions for a language model, by name."),
        "personas": Key(map_of(map_of({}, VARIABLE)), "Values of variables, by the name that a launch gives them."),
        "functions": Key(
            map_of(any_of(TEXT, ref("function_mapping")), NAME),
            "JavaScript functions by name; each file `functions/*.js` is one more.",
        ),
        "tools": Key(map_of(ref("tool"), NAME), "Tools that a model may use, by the name that it calls them by."),
        "mcp": Key(map_of(any_of(TEXT, ref("mcp_server")), NAME), "MCP servers: `name: https://…`, or more."),
        "settings": Key(ref("settings"), "What holds for the whole agent."),
        "widget": Key(ref("widget"), "How the chat widget looks."),
        "knowledge": Key(ref("knowledge_base"), "The documents that it answers from."),
    },
)
