"""Files that users send in a conversation: who may send how many of what, and where they are found. Knows no door.

A client asks for a ticket and sends the file with it, to this server or to a store that checks tickets itself.
Source: Conversations API, sections 2.8 (limits) and 7 (the form).
"""

from __future__ import annotations

import binascii
import hmac
from base64 import b64decode, b64encode
from collections import OrderedDict
from collections.abc import Mapping

import msgspec
from msgspec import Struct

from parley.domain.file_kind import EXPECTED, EXTENSIONS, LONGEST_MARK, FileKind, kind_of
from parley.domain.file_name import attachment, extension_of, safe_name
from parley.domain.file_place import FileID, FilePlace, new_place, parse_place
from parley.domain.ids import SessionID
from parley.errors import InvalidInput, NotAllowed, NotFound
from parley.ports.clock import Clock
from parley.ports.files import Files, Grant, Window

LARGEST = 5 * 1024 * 1024
"""Bytes of one file."""
MOST = 10
"""Files of one conversation; tickets that may still be used count too."""
TICKET_MS = 10 * 60 * 1000
LINK_MS = 5 * 60 * 1000
REMEMBERED = 20_000
SIGNATURE = "x-parley-signature"


class _Policy(Struct, frozen=True):
    key: str
    until: int
    largest: int


class Ticketed(Struct, frozen=True):
    """The fields to send before the file. `grant` None: to this server."""

    place: FilePlace
    fields: dict[str, str]
    grant: Grant | None


class Received(Struct, frozen=True):
    """A file that is kept now."""

    place: FilePlace
    name: str
    kind: FileKind
    size: int


class Fetched(Struct, frozen=True):
    """A file on its way to who asked for it: its content, or where the store itself serves it."""

    kind: FileKind
    name: str
    data: bytes | None
    link: str | None


_decode_policy = msgspec.json.Decoder(_Policy).decode


class Uploads:
    """Tickets and files. Tickets that are out are remembered in this process, the files alone across restarts."""

    def __init__(self, files: Files, clock: Clock, secret: str) -> None:
        self._files = files
        self._clock = clock
        self._secret = secret.encode()
        self._out: OrderedDict[SessionID, dict[FileID, int]] = OrderedDict()

    @property
    def provider(self) -> str:
        """What the store is called on the wire."""
        return self._files.provider

    async def ticket(self, session: SessionID) -> Ticketed:
        """Allow one file. Raises `InvalidInput` when the conversation has its files, `StoreUnavailable`."""
        kept = await self._files.listed(session)
        now = self._clock.now_ms()
        out = {file: until for file, until in self._out.get(session, {}).items() if until > now}
        if len({*kept, *out}) >= MOST:
            raise InvalidInput(f"file: expected at most {MOST} files in one conversation")
        place = new_place(session)
        until = now + TICKET_MS
        self._remember(session, {**out, place.file: until})
        grant = self._files.grant(place, LARGEST, Window(now, until))
        return Ticketed(place, self._fields(place, until) if grant is None else grant.fields, grant)

    def place_of(self, fields: Mapping[str, str]) -> FilePlace:
        """What a ticket that this server has given out allows. Raises `NotAllowed`."""
        refused = NotAllowed("This is not a valid ticket for an upload. Ask for a new one.")
        policy = fields.get("policy", "")
        if not hmac.compare_digest(self._signature(policy).encode(), fields.get(SIGNATURE, "").encode()):
            raise refused
        try:
            said = _decode_policy(b64decode(policy, validate=True))
        except (binascii.Error, msgspec.MsgspecError, ValueError) as error:
            raise refused from error
        if said.key != fields.get("key"):
            raise refused
        if said.until <= self._clock.now_ms():
            raise NotAllowed("This ticket for an upload has expired. Ask for a new one.")
        return parse_place(*said.key.split("/", 1))

    async def receive(self, place: FilePlace, given_name: str, data: bytes) -> Received:
        """Keep a file. Raises `InvalidInput` for what is no such file, `NotAllowed` when the ticket was used."""
        check_name(given_name)
        kind = kind_of(data[:LONGEST_MARK])
        if kind is None or not _agree(given_name, kind):
            raise InvalidInput.at("file", EXPECTED)
        if len(data) > LARGEST:
            raise InvalidInput.at("file", f"at most {LARGEST} bytes")
        if len(await self._files.listed(place.session)) >= MOST:
            raise InvalidInput(f"file: expected at most {MOST} files in one conversation")
        if not await self._files.put(place, data):
            raise NotAllowed("This ticket for an upload has been used. Ask for a new one.")
        return Received(place, safe_name(given_name, kind), kind, len(data))

    async def fetch(self, place: FilePlace, name: str) -> Fetched:
        """A file under the name that its URL gives it. Raises `NotFound`.

        Where clients send files to the store themselves, this is the first look at the content: what is no file of
        an accepted kind is deleted.
        """
        start = await self._files.read(place, LONGEST_MARK)
        kind = None if start is None else kind_of(start)
        if start is not None and kind is None:
            await self._files.delete(place)
        if kind is None:
            raise NotFound("There is no such file.")
        named = safe_name(name, kind)
        now = self._clock.now_ms()
        link = self._files.link(place, kind, attachment(named), Window(now, now + LINK_MS))
        data = None if link is not None else await self._files.read(place)
        if link is None and data is None:
            raise NotFound("There is no such file.")
        return Fetched(kind, named, data, link)

    async def forget(self, session: SessionID) -> None:
        """Delete all files of a conversation."""
        self._out.pop(session, None)
        for file in await self._files.listed(session):
            await self._files.delete(FilePlace(session, file))

    def _remember(self, session: SessionID, out: dict[FileID, int]) -> None:
        self._out[session] = out
        self._out.move_to_end(session)
        if len(self._out) > REMEMBERED:
            self._out.popitem(last=False)

    def _fields(self, place: FilePlace, until: int) -> dict[str, str]:
        policy = b64encode(msgspec.json.encode(_Policy(place.key, until, LARGEST))).decode()
        return {"key": place.key, "policy": policy, SIGNATURE: self._signature(policy)}

    def _signature(self, policy: str) -> str:
        return hmac.digest(self._secret, b"upload\0" + policy.encode("utf-8", "replace"), "sha256").hex()


def check_name(name: str) -> None:
    """Refuse a name that says what is not accepted. Raises `InvalidInput`."""
    extension = extension_of(name)
    if extension and extension not in EXTENSIONS:
        raise InvalidInput.at("file", EXPECTED)


def _agree(name: str, kind: FileKind) -> bool:
    extension = extension_of(name)
    return not extension or extension in kind.extensions
