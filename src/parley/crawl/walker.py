"""A walk through all of a program: state by state, in each of them every choice, until nothing is left to try.

States are the same when the same steps wait inside one another with the same counters; of those, a few are told apart
by the variables that some test looks at. Where a test never held, the walk sets its variables from outside, as a
client may, and goes on from there: what is reached only so is told apart in the result.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import msgspec

from parley.crawl.edges import Place
from parley.crawl.guesses import names_in
from parley.crawl.offers import Offers, buttons_in
from parley.crawl.outcomes import Outcomes, Plan
from parley.crawl.playing import Played, first_state, play
from parley.crawl.pushing import Push
from parley.crawl.tests_of import tests_of
from parley.crawl.walked import Failure, Situation, Walked, Wire
from parley.domain.ids import StepID
from parley.domain.program import Program, version_of
from parley.domain.state import SessionState, decode_state
from parley.domain.steps import Condition, Random
from parley.engine.agent import Agent
from parley.engine.saying import RANDOMS
from parley.engine.variables import MEMORY
from parley.ports.scripts import Scripts

_VARIANTS = 6
"""So many states that differ in variables only are looked at."""
_ORIGINS = 4
_CHANCES = 12
_TIMES = 3
"""So often each outcome of each step is taken where another one would be."""
_UNTOLD = (RANDOMS, MEMORY)
"""Storage that tells no states apart."""


class Walker:
    """One walk. `most_turns` bounds it, whatever the program does. `scripts` runs its code; None: it is only played."""

    def __init__(self, program: Program, *, most_turns: int = 20_000, scripts: Scripts | None = None) -> None:
        self._agent = Agent(version_of(program), program)
        self._most_turns = most_turns
        self._scripts = scripts
        self._offers = Offers(self._agent)
        self._told = {name for test in tests_of(program) for name in names_in(test)}
        self._waiting: list[tuple[int, int, Situation]] = []
        self._seen: dict[str, set[str]] = {}
        self._tried: set[tuple[Any, bytes]] = set()
        self._origins: dict[Place, list[tuple[Situation, Wire]]] = {}
        self._taken: set[tuple[Place, str | None]] = set()
        self._outcomes: Counter[tuple[Place, int, str]] = Counter()
        self._waited: set[Place] = set()
        self._left: set[Place] = set()
        self.result = Walked(program)

    async def walk(self) -> Walked:
        """Try everything. Ends by itself, at the latest after `most_turns` turns."""
        outside = Situation(first_state(self._agent), [])
        for action in self._offers.first():
            await self._try(outside, action)
        while self._has_turns and (self._waiting or await self._help()):
            if self._waiting:
                await self._explore(heapq.heappop(self._waiting)[2])
        self.result.is_complete = self._has_turns
        self.result.traps = self._waited - self._left - self.result.endless
        return self.result

    @property
    def _has_turns(self) -> bool:
        return self.result.turns < self._most_turns

    async def _explore(self, situation: Situation) -> None:
        state = decode_state(situation.state)
        place = (state.stack[-1].workflow, state.stack[-1].step or StepID(""))
        self._waited.add(place)
        for offer in self._offers.of(situation.state, situation.buttons):
            if offer.everywhere:
                once = (place, msgspec.json.encode(offer.action))
                if once in self._tried:
                    continue
                self._tried.add(once)
            await self._try(situation, offer.action)
            if not self._has_turns:
                return

    async def _try(self, situation: Situation, action: Wire, push: Push | None = None) -> None:
        """One turn, and again where the world could have answered otherwise or chance could have fallen otherwise."""
        plans: list[Plan] = [{}]
        while plans:
            plan = plans.pop(0)
            played, points = await self._play(situation, action, push, plan, 0)
            if not self._has_turns:
                return
            plans += self._other_plans(plan, points, situation, action)
            if self._is_by_chance(played):
                for chance in range(1, _CHANCES):
                    await self._play(situation, action, push, plan, chance)

    def _other_plans(self, plan: Plan, points: dict[Place, int], situation: Situation, action: Wire) -> Iterator[Plan]:
        """The plan with one outcome changed, as long as that outcome was not taken often enough.

        A step that waits may count what it gets: its outcomes are taken in each of its states, for each reply.
        """
        if not points:
            return
        state = decode_state(situation.state)
        waiting = (state.stack[-1].workflow, state.stack[-1].step) if state.stack else None
        for place, count in points.items():
            where = f"{_core(state)} {action}" if place == waiting else ""
            for outcome in range(count):
                if outcome != plan.get(place, 0) and self._outcomes[place, outcome, where] < _TIMES:
                    self._outcomes[place, outcome, where] += 1
                    yield {**plan, place: outcome}

    def _is_by_chance(self, played: Played) -> bool:
        """Chance decided something in this turn, at a place where that was not tried often enough."""
        found = {place for place in played.visited if isinstance(self._step(place), Random)}
        found = {place for place in found if self._outcomes[place, -1, ""] < _TIMES}
        self._outcomes.update((place, -1, "") for place in found)
        return bool(found)

    async def _play(
        self, situation: Situation, action: Wire, push: Push | None, plan: Plan, chance: int
    ) -> tuple[Played, dict[Place, int]]:
        result = self.result
        outcomes = Outcomes(self._offers.answers, plan, self._scripts)
        played = await play(self._agent, situation.state, action, outcomes, chance=chance, helping=push)
        result.turns += 1
        helped = situation.helped or push is not None
        after = Situation(played.state, buttons_in(played.traces), helped, situation, action)
        if played.failure is not None:
            result.failures.append(Failure(played.failure, after.history()))
        for complaint in played.complaints:
            result.complaints[complaint] += 1
            if "limit `steps`" in complaint and not plan:
                result.endless.add(played.visited[-1])
        self._note(situation, action, played, helped)
        if not played.is_over and played.failure is None:
            self._queue(after)
        return played, outcomes.points

    def _note(self, situation: Situation, action: Wire, played: Played, helped: bool) -> None:
        result = self.result
        self._left.update(place for place, following in pairwise(played.visited) if place != following)
        self._left.update(played.visited[-1:] if played.is_over or played.complaints else ())
        for i, place in enumerate(played.visited):
            if place not in result.reached:
                result.reached.add(place)
                if helped:
                    result.helped.add(place)
            elif not helped:
                result.helped.discard(place)
            if isinstance(self._step(place), Condition):
                following = played.visited[i + 1][1] if i + 1 < len(played.visited) else None
                self._taken.add((place, following))
                origins = self._origins.setdefault(place, [])
                if len(origins) < _ORIGINS:
                    origins.append((situation, action))

    def _queue(self, situation: Situation) -> None:
        state = decode_state(situation.state)
        if not state.stack:
            return
        core = _core(state)
        variants = self._seen.get(core)
        told = self._values(state)
        if variants is None:
            self._seen[core] = {told}
        elif told in variants or len(variants) >= _VARIANTS:
            return
        else:
            variants.add(told)
        self.result.states += 1
        heapq.heappush(self._waiting, (0 if variants is None else 1, self.result.states, situation))

    def _values(self, state: SessionState) -> str:
        frame = state.stack[-1].variables
        told = {name: frame.get(name, state.variables.get(name)) for name in self._told}
        return repr(sorted(told.items()))

    async def _help(self) -> bool:
        """Set variables so that a way of a condition is taken which never was; False when there is none left."""
        for place, origins in self._origins.items():
            step = self._step(place)
            for index, target in enumerate([*(branch.then for branch in step.branches), step.then]):
                once = (place, str(index).encode())
                if (place, target) not in self._taken and once not in self._tried:
                    self._tried.add(once)
                    for situation, action in list(origins):
                        if (place, target) not in self._taken:
                            await self._try(situation, action, Push(place, step, index))
                    return True
        return False

    def _step(self, place: Place) -> Any:
        return self._agent.program.workflows[place[0]].steps.get(place[1])


def _core(state: SessionState) -> str:
    """Where the conversation stands and how often it asked. A workflow that runs itself over and over is one place."""
    stack = list(dict.fromkeys((frame.workflow, frame.step) for frame in state.stack))
    storage = {key: value for key, value in state.storage.items() if key not in _UNTOLD}
    return repr((stack, sorted(_without_words(storage))))


def _without_words(storage: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """What is kept between turns, without the words of the user in it."""
    for key, value in storage.items():
        if isinstance(value, dict):
            found = value.get("found") or [entity.get("name") for entity in value.get("entities") or ()]
            yield key, repr((value.get("intent"), value.get("wanted"), value.get("asked"), sorted(map(str, found))))
        else:
            yield key, repr(value)
