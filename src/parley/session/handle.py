"""What a door may do with a session, wherever the session lives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from msgspec import Struct

from parley.domain.actions import Action
from parley.domain.ids import SessionID, TurnID
from parley.domain.injection import Injection, Receipt
from parley.domain.state import SessionState
from parley.domain.transcript import TurnConfig, TurnRecord
from parley.session.answer import Answer
from parley.session.edits import Change
from parley.session.outbox import Follower, Leave, Portion

OWN_KEY = "parley "
"""How the keys begin that the server makes itself: names of what it does once, which clients are not shown."""


class Post(Struct, frozen=True):
    """An action on its way into a session.

    `key` is the client's own name for it: a second post with the same key within 24 h attaches to the first.
    `variables` are merged before the turn.
    """

    action: Action
    config: TurnConfig = TurnConfig()
    variables: Mapping[str, Any] = {}
    key: str | None = None


class SessionHandle(Protocol):
    """One session: local or remote, callers cannot tell."""

    @property
    def id(self) -> SessionID:
        """The session's id."""
        ...

    async def post(self, post: Post) -> Answer:
        """Send an action. `answer.accepted()` returns once it is durable.

        Raises `Busy` when the policy or the bound refuses it, `SessionEnded`, `Draining`, `StoreUnavailable`.
        """
        ...

    async def answer(self, turn: TurnID) -> Answer:
        """The answer of a turn, running or over. Raises `NotFound`."""
        ...

    async def answered(self, key: str) -> Answer | None:
        """The answer to the action of this name, running or over, None where there is none."""
        ...

    async def edit(self, change: Change, name: str) -> Answer:
        """Change the state between two turns, in order with the actions; `name` says in the transcript what it was.

        The change is durable when the answer is whole. It must not raise. Raises what `post` raises.
        """
        ...

    async def inject(self, injection: Injection, key: str | None = None) -> Receipt:
        """Put a message into the session: the agent knows it before it says anything more. Durable when it returns.

        With a `key` that was used within a day, the first receipt. Raises `SessionEnded`, `StoreUnavailable`.
        """
        ...

    async def command(self, action: Action) -> Answer:
        """Do what the server itself says (a person joins, speaks or leaves) before all that waits, and wait for it.

        A turn that runs when a person joins is interrupted. Raises what `post` raises.
        """
        ...

    @property
    def listeners(self) -> int:
        """How many follow the session now."""
        ...

    def place(self) -> tuple[int, int]:
        """The epoch, and the offset of what was last heard."""
        ...

    def entry(self) -> tuple[int, int]:
        """Where a client that does not say where it stands begins: now, or with the turn that is performed again."""
        ...

    def footing(self) -> tuple[int, int]:
        """The epoch, and an offset up to which everything is as it was in earlier epochs."""
        ...

    def follow(self, follower: Follower, lost: Leave | None = None, *, counts: bool = True) -> Leave:
        """Call `follower` with everything that the session says from now on; what is returned stops that.

        `lost` is called when nothing more will be heard here although the session goes on: it must be found again.
        `counts` False: who only watches is nobody's listener.
        """
        ...

    @property
    def manner(self) -> TurnConfig:
        """How turns are told that no client has asked for: as who began to follow last wants to hear its own."""
        ...

    def attune(self, manner: TurnConfig) -> None:
        """Tell such turns in this manner from now on. What else they may do is for the agent's project to say."""
        ...

    async def since(self, epoch: int, offset: int) -> Sequence[Portion] | None:
        """Everything said after this place, None when it cannot be told without a hole."""
        ...

    async def recent_turns(self) -> Sequence[TurnRecord]:
        """The turns of the last emissions, and what they have said so far."""
        ...

    def interrupt(self) -> bool:
        """Cancel the running turn at its next wait; False when none is running."""
        ...

    async def stop(self, turn: TurnID) -> bool:
        """Stop an unfinished turn and save nothing: the session's next owner performs it again.

        False when it is not at work.
        """
        ...

    async def hand_back(self, turn: TurnID) -> bool:
        """Stop an unfinished turn as if its action had never been sent; False when it is not at work."""
        ...

    def state(self) -> SessionState:
        """The state as of the last turn. Not to be changed."""
        ...
