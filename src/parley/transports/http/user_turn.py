"""An action for a user, whose conversation is found or begun for it: no client names the session."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from parley.domain.ids import ProjectID, UserID
from parley.domain.variant import Variant
from parley.errors import Busy, SessionEnded
from parley.session.answer import Answer
from parley.session.directory import Directory
from parley.session.handle import Post, SessionHandle

ATTEMPTS = 3
"""A session may end between being found and being posted to; then the user gets a new one."""


async def session_for(directory: Directory, project: ProjectID, user: UserID, variant: Variant) -> SessionHandle:
    """The user's session in this variant of an environment; any other one is replaced."""
    for _ in range(ATTEMPTS):
        session = await directory.of_user(project, user, variant.environment, variant.contact)
        if variant.is_either or session.state().contact.is_draft is variant.is_draft:
            return session
        await directory.end(session.id, "replaced")
    raise Busy("This user's conversation is being begun elsewhere at this moment. Try again.")


async def posted_for(
    directory: Directory,
    project: ProjectID,
    user: UserID,
    key: str | None,
    find: Callable[[], Awaitable[SessionHandle]],
    make: Callable[[SessionHandle], Post],
) -> Answer:
    """The answer to what `make` makes for the session that `find` finds; a repeat of `key` gets the same answer."""
    known = None if key is None else await directory.answered(project, user, key)
    attempt = 0
    while known is None:
        attempt += 1
        session = await find()
        try:
            known = await session.post(make(session))
        except SessionEnded:
            if attempt == ATTEMPTS:
                raise
    return known
