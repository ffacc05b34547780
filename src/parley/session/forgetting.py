"""A user who is forgotten, with all that their conversations have left. Does not know who asks for it.

What leads to the rest goes last, so that a second request finishes what a crash has cut off.
"""

from __future__ import annotations

from parley.domain.ids import ProjectID, SessionID, UserID
from parley.session.house import House


async def forget_user(house: House, project: ProjectID, user: UserID) -> None:
    """Delete a user's sessions, transcripts, marks, files, and what was put into their sessions."""
    sessions = [] if house.archive is None else await house.archive.of_user(project, user)
    for session in sessions:
        await _forget_left(house, session)
    await house.directory.forget(project, user)
    for session in sessions:  # what came while the session still lived
        await _forget_left(house, session)
    if house.archive is not None:
        await house.archive.properties.forget(project, user)


async def _forget_left(house: House, session: SessionID) -> None:
    if house.uploads is not None:
        await house.uploads.forget(session)
    if house.directory.injections is not None:
        await house.directory.injections.forget(session)
