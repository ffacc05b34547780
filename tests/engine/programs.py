"""Small programs that between them have every kind of step, for tests that try everything on everything."""

from __future__ import annotations

from parley.domain.channel_steps import CallForward, Handoff, Stream
from parley.domain.conditions import Compare, Expression, Literally, Template, Truthy
from parley.domain.model_steps import (
    AgentPath,
    AgentStep,
    Crew,
    Knowledge,
    Operator,
    Prompted,
    PromptedSet,
    PromptedValue,
)
from parley.domain.own_workflows import complete
from parley.domain.playbooks import Exit, Playbook, Route, Router
from parley.domain.program import (
    Entity,
    EntityValue,
    Intent,
    Limits,
    Program,
    RequiredEntity,
    Settings,
    Trigger,
    Variable,
    Workflow,
)
from parley.domain.prompt import Prompt
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
    GoToIntent,
    Image,
    Listening,
    Message,
    NoMatch,
    NoReply,
    Option,
    Random,
    Reset,
    Said,
    Set,
    Speak,
    Step,
    WantedEntity,
    Way,
)
from parley.domain.tools import SystemTool, WorkflowTool


def workflow(id: str, *steps: Step, variables: tuple[str, ...] = ()) -> Workflow:
    """A workflow that begins at its first step."""
    return Workflow(id, id.title(), {step.id: step for step in steps}, steps[0].id if steps else None, variables)


def program(name: str, *workflows: Workflow, **more: object) -> Program:
    """A program that begins with its first workflow."""
    return Program(name, workflows[0].id, {w.id: w for w in workflows}, **more)  # type: ignore[arg-type]


_BUILTIN = ("VF.STOP", "VF.REPEAT", "VF.START_OVER", "VF.PAUSE", "VF.NEXT", "VF.PREVIOUS")
INTENTS = {
    "help": Intent("help", ("help", "I need help", "talk to a person")),
    "cancel": Intent("cancel", ("cancel", "forget it")),
    "order": Intent(
        "order",
        ("order a pizza", "I want a {size} pizza", "{size} pizza"),
        (RequiredEntity("size", (Said("Which size?"), Said("Small or large?"))), RequiredEntity("number")),
    ),
}
ENTITIES = {
    "size": Entity("size", (EntityValue("small", ("little",)), EntityValue("large", ("big", "grande")))),
    "number": Entity("number", builtin="number", reprompt=(Said("How many?"),)),
    "code": Entity("code", pattern=r"[A-Z]{2}-\d{5}"),
}
TRIGGERS = (
    Trigger("help", intent="help", calls=True),
    Trigger("bye", intent="cancel"),
    Trigger("help", event="ping", calls=True),
    Trigger("loop", event="boom"),
)
HELP = workflow("help", Message("h1", then="h2", variants=(Said("Help is here."),)), Capture("h2", variable="name"))
BYE = workflow("bye", Message("b1", then="b2", variants=(Said("Bye {name}."),)), End("b2"))
LOOP = workflow("loop", Set("l1", then="l2", assignments=(Assignment("x", Literally(1)),)), GoTo("l2", then="l1"))
COMMON = {
    "variables": {"name": Variable("Ada"), "x": Variable([1, 2]), "answer": Variable()},
    "intents": INTENTS,
    "entities": ENTITIES,
    "triggers": TRIGGERS,
}

_YES_NO = Choice(
    "choose",
    options=(
        Option("yes", "Yes", then="capture"),
        Option("no", "No {name}", intent="cancel", then=None),
        Option("pizza", None, "order", mappings=(EntityMapping("size", "answer"),), then="condition"),
    ),
    listening=Listening(
        NoMatch((Said("What?"), Said("Pardon?")), shuffled=True),
        NoReply(5.0, (Said("Hello?"),), has_path=True, then="capture"),
    ),
)

CHOICES = program(
    "choices",
    workflow(
        "main",
        Message("hi", then="choose", variants=(Said("Hi!"), Said("Hello {name}!"), Said("Yo", when=Truthy("x > 3")))),
        _YES_NO,
        Capture(
            "capture",
            then="condition",
            entities=(WantedEntity("size", "answer", (Said("Size?"),)), WantedEntity("number", "x")),
            listening=Listening(NoMatch(has_path=True, then="hi")),
        ),
        Condition(
            "condition",
            then="call",
            branches=(
                Branch(Compare(Template("{answer}"), "is", Literally("large")), "hi"),
                Branch(Truthy("no("), "hi"),
            ),
        ),
        Call("call", then="cards", workflow="bye2", inputs=(Assignment("y", Expression("x")),), outputs={"x": "y"}),
        Cards("cards", then="choose", cards=(CardContent("A", "b", buttons=(Option("more", "More", then="hi"),)),)),
    ),
    workflow("bye2", Speak("s1", then="s2", variants=(Said("Spoken {y}"),)), GoTo("s2", workflow="sub")),
    workflow("sub", Image("i", url="https://x/{name}"), variables=("y",)),
    HELP,
    BYE,
    LOOP,
    settings=Settings(no_reply=NoReply(10.0, (Said("Still there?"),)), limits=Limits(steps=60, frames=5)),
    **COMMON,
)
ACTIONS = program(
    "actions",
    workflow(
        "main",
        CustomAction(
            "ping",
            then="wait",
            action="ping",
            body={"to": "{name}", "n": "{x}"},
            paths=(ActionPath("done", "wait"), ActionPath("failed", None)),
            default=0,
        ),
        CustomAction("wait", then="cards", action="form", body="{name}", body_is_json=False, stop=True),
        Cards(
            "cards",
            then="again",
            cards=(CardContent("A", buttons=(Option("open", "Open", url="https://x"),)), CardContent("B")),
            layout="Carousel",
            waits=True,
            listening=Listening(elsewhere=False, no_reply=NoReply(reprompts=(Said("Choose!"),))),
        ),
        Call("again", then="ping", workflow="main"),
    ),
    HELP,
    BYE,
    LOOP,
    settings=Settings(limits=Limits(steps=40, frames=4)),
    **COMMON,
)
BROKEN = program(
    "broken",
    workflow("main", Message("m", then="c"), Capture("c", then="nowhere", variable="name")),
    workflow("help", Call("h1", workflow="missing", then="h2"), GoTo("h2", workflow="missing")),
    workflow("bye", Call("b1", then=None, workflow="bye")),
    workflow("loop"),
    settings=Settings(limits=Limits(steps=50, frames=6)),
    **COMMON,
)
LIVE = program(
    "live",
    workflow(
        "main",
        Random("hi", ways=("stream", "handoff", "agent", "intent", None, "gone"), exhausts=True),
        Stream("stream", then="forward", src="https://x/{name}", loop=True, paused=Way("choose"), previous=Way(None)),
        CallForward("forward", then="prompts", address="{name}", extension="1", passes_caller=True),
        PromptedSet("prompts", then="prompt", values=(PromptedValue("x", Prompt("{x}")), PromptedValue("y", Prompt()))),
        Prompted("prompt", then="choose", prompt=Prompt("a", memory="only", knowledge=True), not_found=Way("choose")),
        Choice(
            "choose",
            then="reset",
            options=(Option("yes", "Yes", event="ping"), Option("no", "No", event="x", has_path=False)),
            listening=Listening(NoMatch((Said("What?"),))),
        ),
        Handoff("handoff", then="hi", provider="p", message="{name}", note="n"),
        AgentStep("agent", then="hi", instructions="{name}", paths=(AgentPath("out", then="hi"),)),
        GoToIntent("intent", then="knowledge", intent="order"),
        Knowledge("knowledge", then="hi", question="{x}", variable="x", not_found=Way("global")),
        CustomAction("global", then="reset", action="a", paths=(ActionPath("done", "hi"),), default=0, everywhere=True),
        Reset("reset"),
    ),
    HELP,
    BYE,
    LOOP,
    settings=Settings(no_match_prompt=Prompt("x"), limits=Limits(steps=40, frames=4)),
    **COMMON | {"intents": INTENTS | {name: Intent(name, (name[3:].lower(),)) for name in _BUILTIN}},
)
THINKING = complete(
    program(
        "thinking",
        workflow(
            "main",
            Capture("hi", then="operator", variable="name"),
            Operator("operator", then="crew", paths=(AgentPath("on", then="crew"), AgentPath("out")), tools=("say",)),
            Crew("crew", then="desk", members=(Route("desk"), Route("till")), paths=(AgentPath("desk", then="desk"),)),
            AgentStep("desk", then="again", playbook="desk", each_turn=Way("again"), talks_first=False),
            Message("again", then="till", variants=(Said("Again."),)),
            AgentStep(
                "till", playbook="till", paths=(AgentPath("up", then="hi"),), listening=Listening(elsewhere=False)
            ),
        ),
        HELP,
        BYE,
        LOOP,
        settings=Settings(limits=Limits(steps=40, frames=4)),
        tools={"say": WorkflowTool("say", workflow="help"), "end": SystemTool("end", kind="end")},
        playbooks={
            "desk": Playbook("desk", "Serve {name}.", tools=("say",), exits=(Exit("bye", workflow="bye"), Exit("off"))),
            "till": Playbook("till", "Count.", exits=(Exit("end", ends=True),)),
        },
        router=Router(
            "Be kind.", "Choose.", (Route("desk"), Route("till"), Route(workflow="main")), ("end",), first="help"
        ),
        personas={"eve": {"name": "Eve"}},
        **COMMON,
    )
)
EMPTY = program("empty", workflow("main"))

PROGRAMS = (CHOICES, ACTIONS, LIVE, THINKING, BROKEN, EMPTY)
