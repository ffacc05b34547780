"""Waiting for the user: beginning to, and what happens when the reply fits nothing or there is none.

Source: engine, section 1.10 (no-match and no-reply).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from parley.domain.actions import Action, EventSent, IntentMatched, NoReply
from parley.domain.prompt import Prompt
from parley.domain.steps import Listening, Said
from parley.domain.traces import NoReplyPayload, NoReplyTrace, PathPayload, PathTrace, debug
from parley.engine import triggers
from parley.engine.conditions import holds
from parley.engine.next import FINISH, WAIT, Goto, Improvise, Next
from parley.engine.reply import said_in
from parley.engine.saying import say, variant_of
from parley.engine.stored import stored
from parley.engine.turn import Turn

NO_MATCHES = "noMatchesCounter"
NO_REPLIES = "noRepliesCounter"
FILLING = "dm"
"""Storage of the session: the intent whose required entities are being asked for (`filling.py`)."""
DEFAULT_NO_MATCH = Said("Sorry, I didn’t get that. Please try again.")
DEFAULT_TIMEOUT = 10.0
"""Seconds of silence, where neither the step nor the project says how many."""

Again = Callable[[], None]


def nothing_again() -> None:
    """For steps that have nothing to show again."""


def listen(listening: Listening, turn: Turn) -> Next:
    """Begin to wait: counters start anew and the client is asked to watch for silence."""
    storage = turn.state.storage
    storage[NO_MATCHES] = storage[NO_REPLIES] = 0
    storage.pop(FILLING, None)
    return go_on_listening(listening, turn)


def go_on_listening(listening: Listening, turn: Turn) -> Next:
    """Wait for another reply to the same question."""
    timeout = _timeout(listening, turn)
    if timeout is not None:
        turn.emit(NoReplyTrace(NoReplyPayload(timeout)))
    return WAIT


def unanswered(action: Action, listening: Listening, turn: Turn, again: Again = nothing_again) -> Next:
    """Answer an action that is none of the step's own: silence, something for the triggers, or a no-match.

    `again` shows the step's buttons once more.
    """
    if isinstance(action, NoReply):
        return no_reply(listening, turn, again)
    if listening.elsewhere and isinstance(action, IntentMatched):
        gone = triggers.by_intent(turn, action.intent)
        if gone is not None:
            return gone
    if said_in(action) is None:
        return unheard(action, turn)
    return no_match(listening, turn, again)


def unheard(action: Action, turn: Turn) -> Next:
    """Nobody listens for this, and it is nothing that a user said: the step goes on waiting."""
    name = action.name if isinstance(action, EventSent) else action.type
    turn.emit(debug(f"nothing listens for '{name}' here", level="debug"))
    return WAIT


def no_match(listening: Listening, turn: Turn, again: Again = nothing_again) -> Next:
    """The reply fits nothing: a reprompt, then the path, else what the knowledge base or the global no-match says, and
    the step stays.

    The knowledge base is asked, and a model writes the global one, where the agent says so; what fails is passed over.
    Source: Conversations API, section 8 (Fallbacks).
    """
    rule = listening.no_match
    prompt = _next_prompt(rule.reprompts, rule.shuffled, NO_MATCHES, turn)
    if prompt is not None:
        return _reprompt(prompt, listening, turn, again)
    if rule.has_path:
        turn.emit(PathTrace(PathPayload("choice:else")))
        return Goto(rule.then)

    def stay(is_said: bool) -> Next:
        if not is_said:
            say_no_match(turn)
        again()
        return go_on_listening(listening, turn)

    settings = turn.program.settings
    rest = [prompt for prompt in (settings.no_match_knowledge, settings.no_match_prompt) if prompt is not None]
    return _first_said(rest, stay)


def _first_said(prompts: Sequence[Prompt], then: Callable[[bool], Next]) -> Next:
    """Have the prompts answered until one is; `then` goes on, told whether one was."""
    if not prompts:
        return then(False)
    return Improvise(prompts[0], lambda is_said: then(True) if is_said else _first_said(prompts[1:], then))


def say_no_match(turn: Turn) -> None:
    """Say the global no-match."""
    say(_global_no_match(turn), turn)


def no_reply(listening: Listening, turn: Turn, again: Again = nothing_again) -> Next:
    """Silence: a prompt, then the global ones, then the path, else the end. Without a rule the step stays."""
    own, common = listening.no_reply, turn.program.settings.no_reply
    if own is None and common is None:
        return WAIT
    prompts = () if own is None else own.reprompts
    prompt = _next_prompt(prompts, own is not None and own.shuffled, NO_REPLIES, turn)
    if prompt is None and common is not None:
        prompt = _next_prompt(common.reprompts, common.shuffled, NO_REPLIES, turn, after=len(_sayable(prompts, turn)))
    if prompt is not None:
        return _reprompt(prompt, listening, turn, again)
    turn.emit(PathTrace(PathPayload("choice:noReply")))
    return Goto(own.then) if own is not None and own.has_path else FINISH


def _reprompt(prompt: Said, listening: Listening, turn: Turn, again: Again) -> Next:
    turn.emit(PathTrace(PathPayload("reprompt")))
    say(prompt, turn)
    again()
    return go_on_listening(listening, turn)


def _next_prompt(prompts: tuple[Said, ...], shuffled: bool, counter: str, turn: Turn, after: int = 0) -> Said | None:
    """The prompt whose turn it is, counted; None when all have been said. `after` were counted before these."""
    sayable = _sayable(prompts, turn)
    said = max(stored(turn.state.storage, counter, int) or 0, after)
    if said - after >= len(sayable):
        return None
    turn.state.storage[counter] = said + 1
    if shuffled:
        # Told apart by what they say and not by ids, which an import gives anew.
        Random(f"{turn.state.id}{counter}{[prompt.text for prompt in sayable]}").shuffle(sayable)
    return sayable[said - after]


def _sayable(prompts: tuple[Said, ...], turn: Turn) -> list[Said]:
    return [prompt for prompt in prompts if prompt.when is None or holds(prompt.when, turn)]


def _global_no_match(turn: Turn) -> Said:
    variants = turn.program.settings.no_match
    return (variant_of("no_match", variants, turn) if variants else None) or DEFAULT_NO_MATCH  # type: ignore[arg-type]


def _timeout(listening: Listening, turn: Turn) -> float | None:
    own, common = listening.no_reply, turn.program.settings.no_reply
    if own is None and common is None:
        return None
    if own is not None and own.timeout is not None:
        return own.timeout
    return DEFAULT_TIMEOUT if common is None or common.timeout is None else common.timeout
