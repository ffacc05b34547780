"""Keys of workspaces: who may do what in which (platform API, section 7).

A key looks like `pk_<24 hexadecimal characters>_<secret>`: only characters that a WebSocket subprotocol may have. Only
its hash is kept, as for API keys (`session/access.py`).
"""

from __future__ import annotations

import asyncio
import re
import secrets
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import msgspec
from msgspec.structs import replace

from parley.domain.ids import new_id
from parley.domain.workspace import Role, WorkspaceID, WorkspaceKey
from parley.errors import Conflict, NotAllowed, NotFound
from parley.ports.clock import Clock
from parley.ports.records import Page, Record, Records
from parley.session.access import bare, digest_of

KIND = "workspace key"
DAY_MS = 24 * 60 * 60 * 1000
PREFIX = "pk_"
TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,512}")
"""What a key may look like: a token of RFC 6455."""
LAST_OWNER = "This is the workspace's last key of an owner. Make another one first, or rotate it."
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(WorkspaceKey).decode


class WorkspaceKeys:
    """Makes keys and tells what they open."""

    def __init__(self, records: Records, clock: Clock) -> None:
        self._records = records
        self._clock = clock
        self._watched: dict[str, set[asyncio.Event]] = {}

    async def create(
        self,
        workspace: WorkspaceID,
        role: Role,
        days: int,
        *,
        name: str | None = None,
        permissions: Sequence[str] = (),
        by: WorkspaceKey | None = None,
        plaintext: str | None = None,
    ) -> tuple[WorkspaceKey, str]:
        """A key and its plaintext, which is kept nowhere.

        `plaintext`: one that an operator chose. Chosen again it is the same key, good for as long as a new one.

        The role is the caller's to check.
        """
        now = self._clock.now_ms()
        plain = plaintext or _fresh(now)
        key = WorkspaceKey(
            str(uuid.uuid4()),
            workspace,
            digest_of(plain),
            role,
            now,
            now + days * DAY_MS,
            name,
            tuple(permissions),
            None if by is None else by.id,
            now,
        )
        key = await self._add(key) if plaintext is None else await self._choose(key)
        return key, plain

    async def _add(self, key: WorkspaceKey) -> WorkspaceKey:
        await self._records.add(Record(KIND, key.id, _encode(key), key.workspace, (key.digest,), key.created_at))
        return key

    async def _choose(self, key: WorkspaceKey) -> WorkspaceKey:
        """The same key as before, where this one was chosen before: who acted with it is still who it was."""
        known = await self._records.find(KIND, key.digest)
        if known is None:
            return await self._add(key)
        if known.scope != key.workspace:
            await self._records.remove(KIND, known.id)
            return await self._add(key)
        before = _decode(known.data)
        key = replace(key, id=before.id, created_at=before.created_at)
        await self._records.save(replace(known, data=_encode(key), revision=known.revision + 1))
        return key

    async def open(self, plaintext: str | None) -> WorkspaceKey:
        """The key. Raises `NotAllowed` when it is missing, unknown or over."""
        if not plaintext:
            raise NotAllowed("A workspace key is needed: Authorization: Bearer <key>.", code="key_missing")
        record = await self._records.find(KIND, digest_of(bare(plaintext)))
        if record is None:
            raise NotAllowed("This is not a valid workspace key.")
        key = _decode(record.data)
        if key.expires_at <= self._clock.now_ms():
            raise NotAllowed("This workspace key has expired. Rotate it or make a new one.", code="key_expired")
        return key

    async def list(
        self, workspace: WorkspaceID, *, after: Page | None = None, at_most: int = 100
    ) -> Sequence[WorkspaceKey]:
        """The workspace's keys, oldest first."""
        return [_decode(r.data) for r in await self._records.list(KIND, workspace, after=after, at_most=at_most)]

    async def get(self, workspace: WorkspaceID, id: str) -> WorkspaceKey:
        """Raises `NotFound`, for another workspace's key too."""
        return _decode((await self._record(workspace, id)).data)

    async def revoke(self, workspace: WorkspaceID, id: str) -> None:
        """The key opens nothing from now on. Raises `NotFound`, `Conflict` for the last one of an owner."""
        key = _decode((await self._record(workspace, id)).data)
        if key.role == "owner" and not await self._has_other_owner(key):
            raise Conflict(LAST_OWNER, code="last_owner")
        await self._records.remove(KIND, id)
        self._changed(id)

    async def rotate(self, workspace: WorkspaceID, id: str, days: int) -> tuple[WorkspaceKey, str]:
        """The key with a new secret; the old one opens nothing from now on. Raises `NotFound`, `Conflict`."""
        record = await self._record(workspace, id)
        now = self._clock.now_ms()
        plain = _fresh(now)
        key = replace(_decode(record.data), digest=digest_of(plain), expires_at=now + days * DAY_MS, updated_at=now)
        await self._records.save(
            replace(record, data=_encode(key), aliases=(key.digest,), revision=record.revision + 1)
        )
        self._changed(id)
        return key, plain

    @contextmanager
    def watched(self, id: str) -> Iterator[asyncio.Event]:
        """An event that is set when this process revokes or rotates the key."""
        event = asyncio.Event()
        self._watched.setdefault(id, set()).add(event)
        try:
            yield event
        finally:
            watching = self._watched.get(id, set())
            watching.discard(event)
            if not watching:
                self._watched.pop(id, None)

    def _changed(self, id: str) -> None:
        for event in self._watched.get(id, ()):
            event.set()

    async def _has_other_owner(self, key: WorkspaceKey) -> bool:
        now, after = self._clock.now_ms(), None
        while page := await self.list(key.workspace, after=after, at_most=500):
            if any(each.role == "owner" and each.id != key.id and each.expires_at > now for each in page):
                return True
            after = Page(page[-1].created_at, page[-1].id)
        return False

    async def _record(self, workspace: WorkspaceID, id: str) -> Record:
        record = await self._records.get(KIND, id)
        if record is None or record.scope != workspace:
            raise NotFound("API key not found.", code="no_key")
        return record


def _fresh(now_ms: int) -> str:
    return f"{PREFIX}{new_id(now_ms)}_{secrets.token_urlsafe(24)}"
