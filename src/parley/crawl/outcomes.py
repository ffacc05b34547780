"""The world as a walk plays it: scripts, requests, models and documents answer one way, and then every other way.

At each step that asks the world for something there are a few outcomes: success with each value that some test looks
for, each path that the step has, failure. Which is taken is planned from outside. Knows no network and no vendor.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any

from parley.crawl.edges import Place
from parley.domain.ids import ProjectID, SessionID, StepID, TurnID
from parley.domain.model_steps import AgentStep, Crew, Operator, PromptedSet, Routing
from parley.domain.narrowing import EVERYTHING, Narrowing
from parley.domain.steps import Api, Step
from parley.engine.judging import statements_in
from parley.engine.turn import Turn
from parley.engine.world import World
from parley.ports.effects import Effect, EffectName
from parley.ports.knowledge import Passage
from parley.ports.llm import Asked, ModelUnavailable, Piece, ToolCall
from parley.ports.scripts import Fetch, Ran, Script, Scripts
from parley.ports.tools import Request, RequestFailed, Response

Plan = Mapping[Place, int]
"""Which outcome is taken at which step; the first where it says nothing."""
ANSWER = "Here is an answer."
_MOST_VALUES = 4


class Outcomes:
    """All ports at once, for one turn. `points` are the steps that asked, with the number of their outcomes.

    `scripts` runs code truly, as the first outcome; without it every outcome is played.
    """

    def __init__(self, answers: Mapping[str, Sequence[str]], plan: Plan, scripts: Scripts | None = None) -> None:
        self._answers = answers
        self._plan = plan
        self._scripts = scripts
        self.points: dict[Place, int] = {}
        self.turn: Turn | None = None
        """The turn that asks; set before it is run."""

    def world(self) -> World:
        """What a turn is given."""
        return World(self, self, self, lambda name: "secret", lambda: 0, self, self)

    async def run(self, script: Script, fetch: Fetch | None = None) -> Ran:
        """See `Scripts.run`: truly; then without a path, with each path, and an error."""
        paths: list[str | None] = [None, *self._paths(script)]
        truly = 1 if self._scripts is not None else 0
        chosen = self._choose(truly + len(paths) + 1)
        if self._scripts is not None and chosen == 0:
            return await self._scripts.run(script, fetch)
        if chosen == truly + len(paths):
            return Ran(error="it fails, as it may")
        return Ran(json.dumps(self._left(script, paths[chosen - truly])))

    async def send(self, request: Request) -> Response:
        """See `Tools.send`: a success for each set of values, an error of the server, and no answer at all."""
        bodies = self._bodies()
        chosen = self._choose(len(bodies) + 2)
        if chosen == len(bodies) + 1:
            raise RequestFailed("nobody answers, as it may be")
        if chosen == len(bodies):
            return Response(500, "Internal Server Error", request.url, body=b"{}")
        return Response(200, "OK", request.url, body=json.dumps(bodies[chosen]).encode())

    def post(self, request: Request) -> None:
        """See `Tools.post`."""

    async def answer(self, asked: Asked) -> AsyncGenerator[Piece, None]:
        """See `LanguageModel.answer`: an answer, each way that is offered, none to be found, and no model.

        What it is to judge has none of the statements true, then each of them.
        """
        statements = statements_in(asked)
        judged = [str(number) for number in range(statements + 1)] if statements else []
        texts = [*judged, ANSWER, *self._wanted()]
        chosen = self._choose(len(texts) + len(asked.tools) + 2)
        if chosen < len(texts):
            yield texts[chosen]
        elif chosen < len(texts) + len(asked.tools):
            tool = asked.tools[chosen - len(texts)]
            values = {name: self._value(name, 0) for name in tool.parameters["properties"]}
            yield ToolCall("call", tool.name, json.dumps(values))
        elif chosen == len(texts) + len(asked.tools):
            yield "NOT_FOUND"
        else:
            raise ModelUnavailable("no model answers, as it may be")

    async def search(
        self, project: ProjectID, question: str, limit: int, narrowing: Narrowing = EVERYTHING
    ) -> Sequence[Passage]:
        """See `KnowledgeBase.search`: something, and nothing."""
        return [Passage("What a document says.", 0.9, "document")] if self._choose(2) == 0 else []

    async def begin(self, name: EffectName, asked: str) -> Effect | None:
        """See `Effects.begin`: nothing is ever run again."""
        return None

    async def find(self, name: EffectName) -> Effect | None:
        """See `Effects.find`."""
        return None

    async def finish(self, name: EffectName, effect: Effect) -> None:
        """See `Effects.finish`."""

    async def settle(self, session: SessionID, turn: TurnID) -> None:
        """See `Effects.settle`."""

    def _choose(self, outcomes: int) -> int:
        place = self._place()
        self.points[place] = max(self.points.get(place, 0), outcomes)
        return min(self._plan.get(place, 0), outcomes - 1)

    def _place(self) -> Place:
        if self.turn is None:
            raise RuntimeError("asked outside a turn")
        return self.turn.frame.workflow, self.turn.frame.step or StepID("")

    def _step(self) -> Step | None:
        return None if self.turn is None else self.turn.at(self.turn.frame.step)

    def _value(self, variable: str, n: int) -> str:
        known = self._answers.get(variable) or ["1"]
        return known[min(n, len(known) - 1)]

    def _paths(self, script: Script) -> list[str]:
        found = getattr(self._step(), "paths", {})
        return [label for label in found if isinstance(label, str)]

    def _left(self, script: Script, path: str | None) -> dict[str, Any]:
        """What a script leaves that takes this path and sets what the step keeps."""
        if script.kind == "code":
            return {"path": path, "variables": {}, "logged": []}
        outputs = getattr(self._step(), "outputs", {})
        values = {name: self._value(variable, 0) for variable, name in outputs.items()}
        going = {} if path is None else {"path": path}
        return {"result": {"outputVars": values, "next": going}, "logged": []}

    def _bodies(self) -> list[Any]:
        """Responses in which what the step looks for is there, with each value that some test wants."""
        step = self._step()
        if not isinstance(step, Api) or not step.captures:
            return [{"ok": True}]
        count = max(len(self._answers.get(captured.variable, ())) for captured in step.captures)
        made = []
        for n in range(min(max(count, 1), _MOST_VALUES)):
            body: dict[str, Any] = {}
            for captured in step.captures:
                _put(body, captured.path, self._value(captured.variable, n))
            made.append(body)
        return made

    def _wanted(self) -> list[str]:
        """Answers that some test wants of the variables that the step sets."""
        step = self._step()
        if isinstance(step, PromptedSet):
            return [v for value in step.values for v in self._answers.get(value.variable, ())][:_MOST_VALUES]
        if isinstance(step, AgentStep | Crew | Operator | Routing):
            return []
        return list(self._answers.get("last_response", ()))[:_MOST_VALUES]


def _put(body: dict[str, Any], path: str, value: str) -> None:
    """Let the value lie at `a.b[0].c`."""
    keys = [key for key in path.replace("[", ".").replace("]", "").removeprefix("response.").split(".") if key]
    at: Any = body
    for i, key in enumerate(keys or ["value"]):
        last = i == len(keys) - 1
        following: Any = value if last or not keys else [] if _is_index(keys[i + 1]) else {}
        if isinstance(at, list):
            if not at:
                at.append(following)
            at = at[0]
        elif isinstance(at, dict):
            at = at.setdefault(key, following)
        else:
            return


def _is_index(key: str) -> bool:
    return key.lstrip("-").isdecimal() or key == "{random}"
