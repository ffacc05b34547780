"""The injections that a session has not used yet, in the order in which they came."""

from __future__ import annotations

from collections.abc import Sequence

from parley.domain.injection import Injection


class Mailbox:
    """Emptied by the turns of one session: each injection by one turn, once that turn is saved."""

    def __init__(self, waiting: Sequence[Injection] = ()) -> None:
        self._waiting = list(waiting)
        self._taken: list[Injection] = []

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def has_taken(self) -> bool:
        """The turn that runs has taken some."""
        return bool(self._taken)

    @property
    def waiting(self) -> Sequence[Injection]:
        """Those that no turn has taken."""
        return tuple(self._waiting)

    def put(self, injection: Injection) -> None:
        """One more."""
        self._waiting.append(injection)

    def take(self) -> Sequence[Injection]:
        """All that wait, for the turn that runs."""
        if not self._waiting:
            return ()
        taken, self._waiting = self._waiting, []
        self._taken += taken
        return taken

    def settle(self) -> Sequence[Injection]:
        """The turn is saved: what it took is used."""
        used, self._taken = self._taken, []
        return used
