"""How a turn's cost grows with the program around it: with its steps, triggers, utterances and entity values.

python -m bench.growth [--quick]      (microseconds a turn, with the state decoded and encoded as stores do)
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable
from typing import Any

from parley.domain.actions import LAUNCH, parse_action
from parley.domain.program import Entity, EntityValue, Intent, Program, Trigger, Variable, Workflow, version_of
from parley.domain.state import SessionState, decode_state, encode_state
from parley.domain.steps import Capture, CardContent, Cards, Choice, Message, Option, Said, Step, WantedEntity
from parley.domain.transcript import TurnConfig
from parley.engine.agent import Agent
from parley.engine.interpreter import run
from parley.engine.seed import seed
from parley.engine.turn import Turn

NOW_MS = 1_767_225_600_000
TEN = 10
HELLO = (Said("Hello {name}, this is message {n} of many."),)
ROUNDS = 5


def program(*workflows: Workflow, **more: Any) -> Program:
    """A program that begins with its first workflow."""
    variables = {"name": Variable("Ada"), "n": Variable(1), "x": Variable(0), "size": Variable("")}
    return Program("bench", workflows[0].id, {w.id: w for w in workflows}, variables=variables, **more)


async def seconds_a_turn(what: Program, words: str, least: float = 0.1) -> float:
    """The best of a few rounds."""
    agent = Agent(version_of(what), what)
    state = SessionState("0" * 24, "p", "main", agent.version, "u", NOW_MS)
    seed(what, state, {})

    async def answer(action: dict[str, Any], at: SessionState) -> None:
        said = parse_action(action)
        await run(Turn(agent, at, said, id="0" * 24, now_ms=NOW_MS, emit=lambda trace: None, config=TurnConfig()))

    reply = {"type": "text", "payload": words}
    await answer(LAUNCH, state)
    await answer(reply, state)
    data = encode_state(state)
    best = 1e9
    for _ in range(ROUNDS):
        turns, began = 0, time.perf_counter()
        while time.perf_counter() - began < least:
            for _ in range(20):
                at = decode_state(data)
                await answer(reply, at)
                encode_state(at)
            turns += 20
        best = min(best, (time.perf_counter() - began) / turns)
    return best


def wide(count: int) -> Program:
    """Many workflows of ten steps, each with an intent, an event and a card that is heard later."""
    flows = [Workflow("main", "Main", {"ask": Capture("ask", then="ask", variable="x")}, "ask")]
    intents, triggers = {}, []
    for n in range(max(1, count // TEN)):
        steps: dict[str, Step] = {f"m{i}": Message(f"m{i}", then=f"m{i + 1}", variants=HELLO) for i in range(TEN - 2)}
        card = CardContent(buttons=(Option(f"o{n}", "Go", then="m0"),))
        steps[f"m{TEN - 2}"] = Cards(f"m{TEN - 2}", then="ask", cards=(card,))
        steps["ask"] = Capture("ask", then="m0", variable="x")
        flows.append(Workflow(f"w{n}", f"W{n}", steps, "m0"))
        said = (f"start task number {n}", f"please run job {n} for me", f"do {{size}} work {n}")
        intents[f"i{n}"] = Intent(f"i{n}", said)
        triggers += [Trigger(f"w{n}", intent=f"i{n}"), Trigger(f"w{n}", event=f"e{n}")]
    size = Entity("size", (EntityValue("small"), EntityValue("large")))
    return program(*flows, intents=intents, triggers=tuple(triggers), entities={"size": size})


def long(count: int) -> Program:
    """One workflow of many steps, of which a turn runs ten."""
    steps: dict[str, Step] = {"ask": Capture("ask", then="s0", variable="x")}
    for i in range(max(count, TEN)):
        steps[f"s{i}"] = Message(f"s{i}", then="ask" if i == TEN - 1 else f"s{i + 1}", variants=HELLO)
    return program(Workflow("main", "Main", steps, "ask"))


def buttons(count: int) -> Program:
    """A choice in a program of many workflows."""
    options = tuple(Option(f"b{i}", f"Button {i}", then="choose") for i in range(5))
    around = wide(count)
    first = Workflow("main", "Main", {"choose": Choice("choose", options=options)}, "choose")
    return program(first, *list(around.workflows.values())[1:], intents=around.intents, triggers=around.triggers)


def entities(count: int) -> Program:
    """A question for an entity of many values."""
    values = tuple(EntityValue(f"value number {i}", (f"v{i}",)) for i in range(count))
    ask = Capture("ask", then="ask", entities=(WantedEntity("size", "size"),))
    return program(Workflow("main", "Main", {"ask": ask}, "ask"), entities={"size": Entity("size", values)})


TURNS: dict[str, tuple[Callable[[int], Program], str]] = {
    "button by its label": (buttons, "button 3"),
    "an intent, word for word": (wide, "start task number 0"),
    "an intent with an entity": (wide, "do large work 0"),
    "an intent, misspelt": (wide, "start taks number 0"),
    "words that mean nothing": (wide, "the quick brown fox"),
    "a text that is captured": (long, "words"),
    "an entity of a list": (entities, "v3"),
}


async def main(quick: bool) -> None:
    """Print a line a kind of turn, a column a size."""
    sizes = (10, 1_000) if quick else (10, 100, 1_000, 10_000)
    print(f"{'us a turn, steps in all':<26}" + "".join(f"{size:>10}" for size in sizes) + f"{'x':>8}")
    for name, (what, words) in TURNS.items():
        took = [await seconds_a_turn(what(size), words) for size in sizes]
        print(f"{name:<26}" + "".join(f"{each * 1e6:>10.1f}" for each in took) + f"{took[-1] / took[0]:>8.1f}")


if __name__ == "__main__":
    asyncio.run(main("--quick" in sys.argv))
