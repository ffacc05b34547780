"""API keys: who may open sessions in which project (decisions, "Identity").

A key looks like `VF.DM.<24 hexadecimal characters>.<secret>`. Only its hash is kept: the keys are long and random,
so a plain SHA-256 is enough, and looking one up by its hash compares nothing that an attacker could time.
"""

from __future__ import annotations

import hashlib
import secrets

from parley.domain.ids import ProjectID, new_id
from parley.errors import InvalidInput, NotAllowed
from parley.ports.clock import Clock
from parley.ports.keyring import KeyRecord, Keyring
from parley.session.catalog import Catalog

PREFIXES = ("ApiKey ", "Bearer ")


class Access:
    """Makes API keys and tells what they open."""

    def __init__(self, keyring: Keyring, catalog: Catalog, clock: Clock) -> None:
        self._keyring = keyring
        self._catalog = catalog
        self._clock = clock

    async def open(self, header: str | None, project: str | None) -> ProjectID:
        """The project that a request with this `Authorization` header may use.

        `project` None: the key's own. Raises `NotAllowed`, `NotFound` for a project that is not served, and
        `InvalidInput` when the key opens several and none was named.
        """
        if not header:
            raise NotAllowed("An API key is needed in the 'authorization' header.", code="key_missing")
        key = await self._keyring.find(digest_of(bare(header)))
        if key is None:
            raise NotAllowed("This is not a valid API key.")
        if key.project is not None:
            if project is not None and project != key.project:
                raise NotAllowed("This API key belongs to another project.")
            return self._catalog.project(ProjectID(key.project)).id
        return self._catalog.project(ProjectID(project)).id if project is not None else self._only()

    def _only(self) -> ProjectID:
        served = [project.id for project in self._catalog.projects()]
        if len(served) != 1:
            raise InvalidInput("projectID: this key opens several projects; name one in the 'projectID' header")
        return served[0]


async def create_key(keyring: Keyring, now_ms: int, *, label: str, project: str | None, key: str | None = None) -> str:
    """Make a key (or accept one that the operator chose) and return its plaintext, which is kept nowhere."""
    id = new_id(now_ms)
    plaintext = key or f"VF.DM.{id}.{secrets.token_urlsafe(18)}"
    await keyring.add(KeyRecord(id, digest_of(plaintext), label, project, now_ms))
    return plaintext


def bare(header: str) -> str:
    """The key without the scheme that some clients put before it."""
    for prefix in PREFIXES:
        if header[: len(prefix)].lower() == prefix.lower():
            return header[len(prefix) :].strip()
    return header.strip()


def digest_of(key: str) -> str:
    """What is kept of a key."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
