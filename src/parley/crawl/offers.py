"""What a client could send next: everything that the state offers, and what fits nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import UNSET, Struct

from parley.crawl.guesses import literals_in, names_in
from parley.crawl.playing import a_turn
from parley.crawl.samples import NONSENSE, PLAIN, utterances_of, values_of
from parley.crawl.tests_of import tests_of
from parley.domain.actions import LAUNCH, parse_action
from parley.domain.channel_steps import Handoff, Stream
from parley.domain.program import Program
from parley.domain.steps import Capture, Cards, Choice, Code, CustomAction, Function, Step
from parley.domain.traces import Button, CardTrace, CarouselTrace, ChoiceTrace, Trace
from parley.engine import triggers
from parley.engine.agent import Agent
from parley.engine.builtin_intents import player_intents
from parley.engine.listening import FILLING
from parley.engine.options import options_of, path_of
from parley.engine.transfers import waiting_at
from parley.engine.turn import Turn
from parley.errors import InvalidInput

Wire = dict[str, Any]
_MOST_ANSWERS = 6
_IN_PAYLOAD = re.compile(r"\bpayload\??\.(\w{1,60})")


class Offer(Struct, frozen=True):
    """An action to try. `everywhere`: it is on offer in many states, so once at each waiting step is enough."""

    action: Wire
    everywhere: bool = False


class Offers:
    """All that can be sent to one agent."""

    def __init__(self, agent: Agent) -> None:
        self._agent = agent
        self.answers = _answers(agent.program)
        """What each variable is compared with somewhere."""
        self._payload = _payload(agent.program)

    def of(self, state: bytes, buttons: list[Wire]) -> list[Offer]:
        """The actions to try in this state, each once."""
        turn = a_turn(self._agent, state)
        step = turn.at(turn.frame.step)
        found: dict[bytes, Offer] = {}
        for offer in self._all(turn, step, buttons):
            found.setdefault(msgspec.json.encode(offer.action), offer)
        return list(found.values())

    def first(self) -> list[Wire]:
        """What may begin a conversation: the launch, and what triggers listen for."""
        intents = [action for intent in self._agent.intent_triggers for action in self._meanings(intent)]
        return [LAUNCH, *intents, *map(_event, self._agent.event_triggers), _text(NONSENSE)]

    def _all(self, turn: Turn, step: Step | None, buttons: list[Wire]) -> Iterator[Offer]:
        for button in buttons:
            yield Offer(button)
            label = button.get("payload", {}).get("label") if isinstance(button.get("payload"), dict) else None
            if isinstance(label, str):
                yield Offer(_text(label))
        yield from (Offer(action) for action in self._own(turn, step))
        yield Offer(_text(NONSENSE))
        yield Offer({"type": "no-reply"})
        yield from (Offer(action, everywhere=True) for action in self._elsewhere(turn))

    def _own(self, turn: Turn, step: Step | None) -> Iterator[Wire]:
        """What the step that waits asks for, and what is asked for on behalf of an intent."""
        filling = turn.state.storage.get(FILLING)
        if isinstance(filling, dict):
            yield from self._mentions(filling.get("wanted"))
        if isinstance(step, Choice | Cards):
            for option in options_of(step):
                yield {"type": path_of(option), "payload": {"label": option.label or ""}}
                if option.intent is not None:
                    yield from self._meanings(option.intent)
        elif isinstance(step, Capture):
            for wanted in step.entities:
                yield from self._mentions(wanted.entity)
                yield from map(_text, self.answers.get(wanted.variable, ()))
            if step.variable is not None:
                yield _text(PLAIN)
                yield from map(_text, self.answers.get(step.variable, ()))
        elif isinstance(step, CustomAction):
            yield from ({"type": path.label} for path in step.paths)
            yield from ({"type": path.label, "payload": self._payload} for path in step.paths)
            yield {"type": "continue"}
        elif isinstance(step, Stream):
            for intent in sorted(player_intents(turn.program.intents)):
                yield from self._meanings(intent)
        elif isinstance(step, Handoff):
            yield {"type": "live-agent-handoff", "payload": {"type": "return_to_voiceflow"}}
            yield {"type": "live-agent-event", "payload": {"event": "chat_ended"}}
        elif isinstance(step, Function):
            yield from self._asked_for(step, turn)
        yield from map(_text, self.answers.get("last_utterance", ()))

    def _asked_for(self, step: Function, turn: Turn) -> Iterator[Wire]:
        waiting = waiting_at(step, turn)
        for transfer in () if waiting is None else waiting.to:
            action = action_for(transfer.on)
            if action is not None:
                yield action

    def _elsewhere(self, turn: Turn) -> Iterator[Wire]:
        for intent in sorted(triggers.intents_in_scope(turn)):
            yield from self._meanings(intent)
        for event in self._agent.event_triggers:
            yield _event(event)
        yield _event("an event of nobody")
        yield {"type": "intent", "payload": {"intent": {"name": "an intent of nobody"}, "query": NONSENSE}}
        yield {"type": "path-of-nobody", "payload": {"label": NONSENSE}}
        yield {"type": "of-nobody", "payload": {"any": ["thing"]}}
        yield {"type": "dtmf", "payload": "1"}
        yield {"type": "end"}
        yield LAUNCH

    def _meanings(self, intent: str) -> Iterator[Wire]:
        """An intent by its words, and as a client sends one that it has understood itself."""
        declared = self._agent.program.intents.get(intent)
        if declared is not None:
            yield from map(_text, utterances_of(declared, self._agent.program.entities))
        yield {"type": "intent", "payload": {"intent": {"name": intent}, "query": "", "entities": []}}

    def _mentions(self, entity: Any) -> Iterator[Wire]:
        declared = self._agent.program.entities.get(entity) if isinstance(entity, str) else None
        yield from map(_text, [PLAIN] if declared is None else values_of(declared))


def action_for(query: dict[str, Any]) -> Wire | None:
    """An action that a function's query asks for, where it asks for plain values."""
    found: Wire = {"type": "anything"}
    for path, wanted in query.items():
        if isinstance(wanted, dict):
            wanted = wanted.get("$eq", next(iter(wanted.get("$in") or ()), None))
        *keys, last = path.removeprefix("event.").split(".")
        at = found
        for key in keys:
            at = at.setdefault(key, {})
            if not isinstance(at, dict):
                return None
        at[last] = wanted
    try:
        parse_action(found)
    except InvalidInput:
        return None
    return found


def buttons_in(traces: list[Trace]) -> list[Wire]:
    """The actions of all buttons that were shown."""
    found: list[Button] = []
    for trace in traces:
        if isinstance(trace, ChoiceTrace | CardTrace):
            found += trace.payload.buttons
        elif isinstance(trace, CarouselTrace):
            found += [button for card in trace.payload.cards for button in card.buttons]
    return [button.request for button in found if button.request is not UNSET and isinstance(button.request, dict)]


def _text(words: str) -> Wire:
    return {"type": "text", "payload": words}


def _payload(program: Program) -> Wire:
    """What the agent's code looks for in an action's payload."""
    sources = [step.source for w in program.workflows.values() for step in w.steps.values() if isinstance(step, Code)]
    names = dict.fromkeys(name for source in sources for name in _IN_PAYLOAD.findall(source))
    return dict.fromkeys(names, "value")


def _event(name: str) -> Wire:
    return {"type": "event", "payload": {"event": {"name": name}}}


def _answers(program: Program) -> dict[str, list[str]]:
    """What each variable is compared with somewhere: a reply that goes into it could be that."""
    found: dict[str, list[str]] = {}
    for test in tests_of(program):
        literals = [str(v) for v in literals_in(test) if isinstance(v, str | int | float) and str(v).strip()]
        for name in names_in(test):
            known = found.setdefault(name, [])
            known += [each for each in literals if each not in known and len(known) < _MOST_ANSWERS]
    return found
