"""The errors Parley raises on purpose; each one's message is written for the person who must act on it.

    ParleyError
    ├── InvalidInput        what a client sent is malformed            -> 400
    ├── NotAllowed          a key is missing, wrong, foreign or ended  -> 401
    ├── NotFound            what was asked for is not here             -> 404
    ├── SessionEnded        the session is over                        -> 401 on a session key
    ├── Busy                the session takes no more actions now      -> 429
    ├── LimitCrossed        a turn ran into one of its limits          (ends the turn, not the call)
    ├── StoreUnavailable    the store cannot save or read now          -> 503
    │   └── Conflict        another owner has saved this session since
    │       └── Taken       another thing has this name already        -> 409
    ├── Draining            this process is shutting down              -> 503
    └── BadProject          an agent file cannot be used               (command line)

Doors translate them once (`transports/http/problems.py`); nothing else catches them to answer a client.
"""

from __future__ import annotations


class ParleyError(Exception):
    """Something Parley refuses, with a stable code for programs and a message for people."""

    code = "error"

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        if code is not None:
            self.code = code


class InvalidInput(ParleyError):
    """What a client sent is malformed; the message names the path and what was expected there."""

    code = "invalid_input"

    @classmethod
    def at(cls, path: str, expected: str) -> InvalidInput:
        """The one form of these messages: `action.payload: expected string`."""
        return cls(f"{path}: expected {expected}")


class NotAllowed(ParleyError):
    """A credential is missing, wrong, foreign or no longer valid."""

    code = "unauthorized"


class NotFound(ParleyError):
    """What was asked for does not exist here."""

    code = "not_found"


class SessionEnded(ParleyError):
    """The session that a valid key names is over; `reason` is its end reason."""

    code = "session_ended"

    def __init__(self, reason: str) -> None:
        super().__init__(f"This session has ended ({reason}). Start a new session to continue.")
        self.reason = reason


class Busy(ParleyError):
    """The session already has as many waiting actions as it takes, or takes one at a time."""

    code = "busy"


class LimitCrossed(ParleyError):
    """A turn crossed one of its limits; `limit` is the name of the setting."""

    code = "limit_crossed"

    def __init__(self, limit: str, message: str) -> None:
        super().__init__(message)
        self.limit = limit


class StoreUnavailable(ParleyError):
    """The store cannot save or read now: full disk, read-only or corrupt file, lost connection."""

    code = "store_unavailable"


class Conflict(StoreUnavailable):
    """Another owner has saved this session since it was read; what was about to be saved is stale."""

    code = "conflict"


class Taken(Conflict):
    """Another thing has the name that was to be given."""

    code = "taken"


class Draining(ParleyError):
    """This process is shutting down and takes no new actions."""

    code = "draining"


class BadProject(ParleyError):
    """An agent file cannot be used; the message lists every problem found, one a line."""

    code = "bad_project"
