"""What a turn costs in the engine alone, in memory: by kind of step, and by the size of the program.

python -m bench.engine            (microseconds; the median of turns that follow one another)

A turn is one reply and the one step that it leads to; `alone` is that turn without the step. CPU is this process'.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from statistics import median
from typing import Any

from parley.backends.scripts.inline import InlineScripts
from parley.backends.scripts.workers import Workers
from parley.backends.store.memory_effects import MemoryEffects
from parley.backends.tools.scripted import ScriptedTools
from parley.domain.actions import parse_action
from parley.domain.conditions import Compare, Expression, Literally, Template, Truthy
from parley.domain.program import FunctionDefinition, Program, Workflow
from parley.domain.state import Frame, SessionState
from parley.domain.steps import (
    Api,
    Assignment,
    Branch,
    Capture,
    Code,
    Condition,
    CustomAction,
    Function,
    Image,
    Message,
    Said,
    Set,
    Step,
)
from parley.domain.transcript import TurnConfig
from parley.domain.world_steps import Captured
from parley.engine.agent import Agent
from parley.engine.interpreter import run
from parley.engine.turn import Turn
from parley.engine.world import World
from parley.ports.tools import Response

TURNS = 2_000
VARIABLES: dict[str, Any] = {"name": "Ada", "age": 30, "city": "London", "order": {"lines": [{"price": 2.5}]}, "n": 0}
FUNCTION = "export default async function main(args) { return { outputVars: { n: args.inputVars.n } } }"
FETCHING = "export default async () => ({ outputVars: { n: (await fetch('https://x.test/')).json.n } })"
FUNCTIONS = {"plain": FunctionDefinition("plain", FUNCTION), "fetching": FunctionDefinition("fetching", FETCHING)}
TWO_CLAUSES = Compare(Template("{age}"), "greater_than", Literally(18))

STEPS: dict[str, Callable[[str, str], Step]] = {
    "message, three placeholders": lambda id, then: Message(
        id, "", then, variants=(Said("Hello {name} of {city}, {order.lines[0].price}."),)
    ),
    "condition, structured": lambda id, then: Condition(id, "", then, branches=(Branch(TWO_CLAUSES, then),)),
    "condition, JavaScript": lambda id, then: Condition(
        id, "", then, branches=(Branch(Truthy("age > 18 && city == 'London'"), then),)
    ),
    "set, JavaScript": lambda id, then: Set(id, "", then, assignments=(Assignment("n", Expression("n + 1")),)),
    "image": lambda id, then: Image(id, "", then, url="https://x/{name}.png"),
    "custom action": lambda id, then: CustomAction(id, "", then, action="do", body={"to": "{name}"}),
    "code": lambda id, then: Code(id, "", then, source="n = n + 1; return 'grown'"),
    "function": lambda id, then: Function(
        id, "", then, function="plain", inputs={"n": Template("{n}")}, outputs={"n": "n"}
    ),
    "function with one fetch": lambda id, then: Function(id, "", then, function="fetching", outputs={"n": "n"}),
    "api": lambda id, then: Api(id, "", then, url="https://x.test/", captures=(Captured("n", "n"),)),
}
PROCESSES = ("code", "function", "function with one fetch")


def program_of(step: Step | None, padding: int = 0) -> Program:
    """Waits, runs the step, waits again; and so many steps beside it."""
    first = Capture("wait", "", "wait" if step is None else step.id, variable="said")
    steps = [first, *([step] if step else []), *(Message(f"p{n}", "", "wait") for n in range(padding))]
    workflow = Workflow("w", "W", {each.id: each for each in steps}, "wait")
    return Program("bench", "w", {"w": workflow}, functions=FUNCTIONS)


async def measure(program: Program, world: World, turns: int = TURNS) -> tuple[float, float]:
    """Median latency and mean CPU time of a turn, in microseconds."""
    agent = Agent("v", program)
    state = SessionState("s", "p", "main", "v", "u", created_at=0, stack=[Frame("w", "wait")], variables={**VARIABLES})
    action, config = parse_action({"type": "text", "payload": "hello"}), TurnConfig()
    taken = []
    cpu = time.process_time()
    for n in range(turns):
        begun = time.perf_counter()
        turn = Turn(agent, state, action, id=f"{n:024x}", now_ms=0, emit=lambda _: None, config=config, world=world)
        await run(turn)
        taken.append(time.perf_counter() - begun)
    return median(taken) * 1e6, (time.process_time() - cpu) / turns * 1e6


async def main() -> None:
    """Print the tables."""
    workers = Workers()
    await workers.open()
    tools = ScriptedTools({"https://x.test/": Response(200, "OK", "", (), b'{"n": 7}')})
    worlds = {name: World(scripts, tools, MemoryEffects()) for name, scripts in (("", InlineScripts()), ("p", workers))}
    alone, cpu_alone = await measure(program_of(None), worlds[""])
    print(f"{'step':34} {'latency':>9} {'over alone':>11} {'CPU':>9} {'turns/s':>9}")
    print(f"{'alone':34} {alone:9.1f} {0:11.1f} {cpu_alone:9.1f} {1e6 / alone:9.0f}")
    for name, make in STEPS.items():
        ways = (("p", f"{name}, in a process"), ("", f"{name}, in this thread")) if name in PROCESSES else (("", name),)
        for world, shown in ways:
            latency, cpu = await measure(program_of(make("it", "wait")), worlds[world], TURNS // (2 if world else 1))
            print(f"{shown:34} {latency:9.1f} {latency - alone:11.1f} {cpu:9.1f} {1e6 / latency:9.0f}")
    print(f"\n{'steps in the program':34} {'latency':>9}")
    for size in (10, 100, 1_000, 10_000):
        latency, _ = await measure(program_of(STEPS["message, three placeholders"]("it", "wait"), size), worlds[""])
        print(f"{size:<34} {latency:9.1f}")
    await workers.close()


if __name__ == "__main__":
    asyncio.run(main())
