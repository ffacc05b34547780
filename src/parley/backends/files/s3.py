"""Users' files in a bucket of S3, or of a store that speaks like it. Clients send them there themselves."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence

import httpx
from msgspec import Struct

from parley.backends.files.s3_signature import Condition, S3Credentials, signed_form, signed_url
from parley.domain.file_kind import FileKind
from parley.domain.file_place import FileID, FilePlace, is_file_id
from parley.domain.ids import SessionID
from parley.errors import StoreUnavailable
from parley.ports.clock import Clock
from parley.ports.files import Grant, Window

ATTEMPT_SECONDS = 20.0
OWN_WINDOW_MS = 60_000
LARGEST_LIST = 1024 * 1024


class Bucket(Struct, frozen=True):
    """Where: `endpoint` is a URL without a path, `prefix` is empty or ends in a slash."""

    endpoint: str
    name: str
    prefix: str = ""

    @property
    def url(self) -> str:
        """The bucket's address, its name in the path: every store that speaks S3 takes that form."""
        return f"{self.endpoint}/{self.name}"


class S3Files:
    """Files in a bucket, by the key `prefix/session/file`."""

    provider = "s3"

    def __init__(self, bucket: Bucket, credentials: S3Credentials, clock: Clock) -> None:
        self._bucket = bucket
        self._credentials = credentials
        self._clock = clock
        self._http: httpx.AsyncClient | None = None

    async def open(self) -> None:
        """Nothing is asked of the bucket before it is needed."""
        self._http = httpx.AsyncClient(timeout=ATTEMPT_SECONDS, follow_redirects=False, trust_env=False)

    async def close(self) -> None:
        """Close the connections."""
        if self._http is not None:
            await self._http.aclose()
            self._http = None

    def grant(self, place: FilePlace, largest: int, window: Window) -> Grant | None:
        """See `Files.grant`. S3 cannot be told to take a form only once: a second post replaces the same file."""
        fields = {"key": self._key(place), "success_action_status": "201"}
        conditions: list[Condition] = [{"bucket": self._bucket.name}, ["content-length-range", 1, largest]]
        return Grant(self._bucket.url, signed_form(self._credentials, fields, conditions, window))

    async def put(self, place: FilePlace, data: bytes) -> bool:
        """See `Files.put`."""
        answer = await self._ask("PUT", self._url(place), headers={"if-none-match": "*"}, content=data)
        if answer.status_code in (409, 412):
            return False
        _check(answer)
        return True

    async def read(self, place: FilePlace, at_most: int | None = None) -> bytes | None:
        """See `Files.read`."""
        headers = {} if at_most is None else {"range": f"bytes=0-{at_most - 1}"}
        answer = await self._ask("GET", self._url(place), headers=headers)
        if answer.status_code == 404:
            return None
        if answer.status_code == 416:
            return b""
        _check(answer)
        return answer.content[:at_most]

    async def listed(self, session: SessionID) -> Sequence[FileID]:
        """See `Files.listed`."""
        prefix = f"{self._bucket.prefix}{session}/"
        answer = await self._ask("GET", self._bucket.url, query={"list-type": "2", "prefix": prefix})
        _check(answer)
        return [FileID(name) for name in _keys(answer.content, prefix) if is_file_id(name)]

    async def delete(self, place: FilePlace) -> None:
        """See `Files.delete`."""
        answer = await self._ask("DELETE", self._url(place))
        if answer.status_code != 404:
            _check(answer)

    def link(self, place: FilePlace, kind: FileKind, disposition: str, window: Window) -> str | None:
        """See `Files.link`."""
        query = {"response-content-type": kind.mime, "response-content-disposition": disposition}
        return signed_url(self._credentials, "GET", self._url(place), window, query)

    def _key(self, place: FilePlace) -> str:
        return self._bucket.prefix + place.key

    def _url(self, place: FilePlace) -> str:
        return f"{self._bucket.url}/{self._key(place)}"

    async def _ask(
        self,
        method: str,
        url: str,
        *,
        query: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
        content: bytes | None = None,
    ) -> httpx.Response:
        if self._http is None:
            raise StoreUnavailable("The users' files are not open.")
        now = self._clock.now_ms()
        signed = signed_url(self._credentials, method, url, Window(now, now + OWN_WINDOW_MS), query, headers)
        try:
            return await self._http.request(method, signed, headers=headers, content=content)
        except httpx.HTTPError as error:
            raise StoreUnavailable(f"The bucket of users' files cannot be reached: {type(error).__name__}.") from error


def _check(answer: httpx.Response) -> None:
    if not answer.is_success:
        raise StoreUnavailable(f"The bucket of users' files refused a request with status {answer.status_code}.")


def _keys(listing: bytes, prefix: str) -> list[str]:
    """What comes after the prefix in each key. A document type is refused: entities could be made to explode."""
    try:
        if len(listing) > LARGEST_LIST or b"<!DOCTYPE" in listing:
            raise StoreUnavailable("The bucket of users' files answered with something that is no list.")
        root = ElementTree.fromstring(listing)
    except ElementTree.ParseError as error:
        raise StoreUnavailable("The bucket of users' files answered with something that is no list.") from error
    return [(key.text or "").removeprefix(prefix) for key in root.iter() if key.tag.rpartition("}")[2] == "Key"]
