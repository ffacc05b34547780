"""What is run: a version of an agent, compiled and immutable, named by the hash of its content."""

from __future__ import annotations

import hashlib
from typing import Any, Literal

import msgspec
from msgspec import Struct

from parley.domain.ids import StepID, VersionID, WorkflowID
from parley.domain.knowledge_settings import KnowledgeSettings
from parley.domain.playbooks import CostLimit, MemoryLimit, Playbook, Router
from parley.domain.prompt import Prompt
from parley.domain.recording import Recording
from parley.domain.steps import NoReply, Said, Step
from parley.domain.tools import McpServer, Tool

Concurrency = Literal["enqueue", "reject", "interrupt", "merge"]
Modality = Literal["chat", "voice"]
Repeat = Literal["last", "all", "off"]


class Variable(Struct, frozen=True, omit_defaults=True):
    """A declared variable. `persist`: its value is kept from one session of a user to the next."""

    default: Any = 0
    persist: bool = False


class RequiredEntity(Struct, frozen=True, omit_defaults=True):
    """An entity without which an intent is not complete, and what to ask for it.

    `answers` are ways of answering that, with entities as in utterances; the entity alone is always one.
    """

    entity: str
    reprompts: tuple[Said, ...] = ()
    answers: tuple[str, ...] = ()


class Intent(Struct, frozen=True, omit_defaults=True):
    """What users may mean. Utterances name entities as `{entity}`."""

    name: str
    utterances: tuple[str, ...] = ()
    required: tuple[RequiredEntity, ...] = ()


class EntityValue(Struct, frozen=True, omit_defaults=True):
    """One value of a list entity, with other words for it."""

    value: str
    synonyms: tuple[str, ...] = ()


class Entity(Struct, frozen=True, omit_defaults=True):
    """A kind of thing that users mention.

    Exactly one of: `values` (a list), `pattern` (a regular expression), `builtin` (text, number, email, phone, ...).
    `reprompt` is what to say while it is missing.
    """

    name: str
    values: tuple[EntityValue, ...] = ()
    pattern: str | None = None
    builtin: str | None = None
    reprompt: tuple[Said, ...] = ()


class Trigger(Struct, frozen=True, omit_defaults=True):
    """An intent or a project event starts `workflow` at `step` (None: at its beginning) from elsewhere.

    `everywhere` False: only while its own workflow is on the stack.
    `calls`: the interrupted workflow goes on when this one is over; otherwise it is left for good.
    """

    workflow: WorkflowID
    step: StepID | None = None
    intent: str | None = None
    event: str | None = None
    everywhere: bool = True
    calls: bool = False


class Workflow(Struct, frozen=True, omit_defaults=True):
    """A graph of steps. `start` None: there is nothing in it. `variables` live in its frame alone."""

    id: WorkflowID
    name: str
    steps: dict[StepID, Step] = {}
    start: StepID | None = None
    variables: tuple[str, ...] = ()


class FunctionDefinition(Struct, frozen=True, omit_defaults=True):
    """JavaScript that steps call by its id. Source: an ES module whose default export is `main(args)`.

    `paths` are the labels that it may return; None of them: what calls it goes on.
    """

    name: str
    source: str
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()


class Limits(Struct, frozen=True, omit_defaults=True):
    """What a turn may use (decisions, "Limits")."""

    steps: int = 400
    frames: int = 60
    seconds: float = 30.0
    variable_bytes: int = 256 * 1024
    waiting: int = 16
    model_calls: int = 20


class Settings(Struct, frozen=True, omit_defaults=True):
    """What holds for the whole agent.

    What fits nothing is looked up in the knowledge base with `no_match_knowledge`, else a model answers it with
    `no_match_prompt`, else `no_match` is said. `repeat` is what a user hears again who asks for that: the last thing
    said, all that was said since the user spoke, or nothing. `restart` False: a launch goes on where the conversation
    is. `message_delay` is in milliseconds; `idle_seconds` None: inactivity never ends a session. `no_reply` is the
    global one: its timeout is the default of every step that asks for silence to be watched. In `modality` voice
    everything that is said is a `speak` trace. `private_hosts` are hosts (`name` or `name:port`) of the operator's own
    network that steps may call; all others there are refused. `likeness`, up to 1, is how like an utterance a text must
    be to mean its intent; None: as the embedder has it. `recording` is what is kept of the world's answers. Where
    `concurrency` is merge, a text waits `quiet_seconds` for another one to become one action with.
    """

    no_match: tuple[Said, ...] = ()
    no_match_prompt: Prompt | None = None
    no_match_knowledge: Prompt | None = None
    no_reply: NoReply | None = None
    message_delay: int = 1000
    timezone: str = "UTC"
    locale: str = "en-US"
    idle_seconds: float | None = 900.0
    concurrency: Concurrency = "enqueue"
    quiet_seconds: float = 1.0
    modality: Modality = "chat"
    repeat: Repeat = "last"
    restart: bool = True
    limits: Limits = Limits()
    private_hosts: tuple[str, ...] = ()
    likeness: float | None = None
    knowledge: KnowledgeSettings = KnowledgeSettings()
    memory: MemoryLimit = MemoryLimit()
    cost: CostLimit | None = None
    recording: Recording = Recording()


class Program(Struct, frozen=True, omit_defaults=True):
    """All that the engine needs to run one version of an agent.

    `router` None: there is none, and whatever ends without a way on ends the conversation. `tools` are by the name that
    the model calls them by, `servers` and `playbooks` by their own. `personas` are values of variables, by the name
    that a launch gives them. What is run has been completed (`own_workflows`).
    """

    name: str
    start: WorkflowID
    workflows: dict[WorkflowID, Workflow] = {}
    variables: dict[str, Variable] = {}
    intents: dict[str, Intent] = {}
    entities: dict[str, Entity] = {}
    triggers: tuple[Trigger, ...] = ()
    settings: Settings = Settings()
    functions: dict[str, FunctionDefinition] = {}
    tools: dict[str, Tool] = {}
    servers: dict[str, McpServer] = {}
    playbooks: dict[str, Playbook] = {}
    router: Router | None = None
    personas: dict[str, dict[str, Any]] = {}


_ENCODER = msgspec.json.Encoder(order="deterministic")
_DECODER = msgspec.json.Decoder(Program)


def encode_program(program: Program) -> bytes:
    """The program as the store keeps it: the same bytes for the same content."""
    return _ENCODER.encode(program)


def decode_program(data: bytes) -> Program:
    """The inverse of `encode_program`."""
    return _DECODER.decode(data)


def version_of(program: Program) -> VersionID:
    """The program's name: 24 hexadecimal characters of the hash of its content."""
    return VersionID(hashlib.sha256(encode_program(program)).hexdigest()[:24])
