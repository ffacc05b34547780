"""One session's scripts do not keep the others waiting: the whole house, with attacks in it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
from tests.house_fixture import Talk, open_house

from parley.backends.scripts.workers import Workers
from parley.backends.store.memory_effects import MemoryEffects
from parley.backends.tools.scripted import ScriptedTools
from parley.engine.interpreter import run
from parley.engine.turn import Turn
from parley.engine.world import World
from parley.projects.load import load

AGENT = """
project: shop
variables: {what: "", x: 0}
workflows:
  main:
    - {ask: What, into: what, label: again}
    - cases:
        - if: what == 'loop'
          then: [{code: "while (1);", on_failure: [{say: stopped}]}]
        - if: what == 'unseen'
          then: [{code: "x = 'a'.repeat(4e6).indexOf('a'.repeat(2e6) + 'b')", on_failure: [{say: stopped}]}]
        - if: what == 'memory'
          then: [{code: "const a = []; for (;;) a.push([1, 2, 3])", on_failure: [{say: stopped}]}]
        - if: what == 'text'
          then: [{code: "let s = 'x'; for (;;) s += s", on_failure: [{say: stopped}]}]
        - if: what == 'pollute'
          then: [{code: "Object.prototype.x = 1; Array.prototype.map = null; JSON.stringify = null"}]
        - if: what == 'script'
          then: [{code: "x = [1, 2].map((n) => n * 2).length"}, {say: "{x}"}]
      else: [{say: "You said {what}."}]
    - -> again
"""
ATTACKS = ("loop", "unseen", "memory", "text", "pollute")


async def test_others_are_answered_while_scripts_attack(tmp_path: Path) -> None:
    agent = tmp_path / "agent.yaml"
    agent.write_text(AGENT)
    workers = Workers()
    world = World(workers, ScriptedTools(), MemoryEffects())

    async def engine(turn: Turn) -> None:
        turn.world = world
        await run(turn)

    opened = await open_house(load(agent).project, engine=engine)
    try:
        async with opened.client() as client:
            await _attack_and_talk(client)
    finally:
        await workers.close()


async def _attack_and_talk(client: httpx.AsyncClient) -> None:
    talks = [await Talk.start(client, f"user-{n}") for n in range(len(ATTACKS) + 2)]
    *attackers, plain, scripted = talks
    for talk in talks:
        await talk.launch()
    attacks = [asyncio.create_task(talk.say(attack)) for talk, attack in zip(attackers, ATTACKS, strict=True)]
    answered = 0
    while not all(attack.done() for attack in attacks):
        assert await plain.say("hello") == ["You said hello.", "What"]
        assert await scripted.say("script") == ["2", "What"]
        answered += 1
    stopped = [(await attack)[0] for attack in attacks]
    assert stopped == ["stopped", "stopped", "stopped", "stopped", "What"]
    # Nobody waits for an attack to end: others were answered again and again meanwhile.
    assert answered > 20
