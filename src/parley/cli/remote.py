"""A conversation over HTTP and SSE with an agent that a server runs."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import httpx
import msgspec

from parley.domain.actions import Wire
from parley.errors import NotAllowed, ParleyError, SessionEnded

WAITS = (0.3, 1.0, 2.0, 4.0)
"""Seconds before each attempt to come back to a broken stream."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server is and what opens it. A link to the chat page, as `parley serve` shows it, says it all."""

    url: str
    key: str | None
    project: str | None

    @classmethod
    def read(cls, where: str, key: str | None, project: str | None) -> Address:
        """What the options say wins over what the link says."""
        parts = urlsplit(where)
        said = {name: values[0] for name, values in parse_qs(parts.fragment).items()}
        url = f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"
        return cls(url, key or said.get("key"), project or said.get("project"))


class RemoteConversation:
    """With one project of a server."""

    def __init__(self, client: httpx.AsyncClient, address: Address, user: str) -> None:
        self._client = client
        self._url = address.url
        self._key = address.key or ""
        self._project = address.project
        self._user = user
        self._session = ""
        self.name = address.project or "Parley"

    async def begin(self) -> None:
        """Start a session, in the only project that is served where none was named."""
        if not self._key:
            raise NotAllowed("An API key is needed: --key, or API_KEY in the environment. `parley serve` shows one.")
        if not self._project:
            await self._choose_project()
        path = f"/v4/project/{quote(self._project or '', safe='')}/session"
        answer = await self._ask("POST", path, self._key, json={"userID": self._user})
        self._session = answer["sessionKey"]

    async def answer(self, action: Wire) -> AsyncIterator[dict[str, Any]]:
        """The traces of one turn. A broken stream is taken up again where it broke."""
        body = msgspec.json.encode({"action": action, "config": {"completionEvents": True}})
        headers = {"content-type": "application/json", "idempotency-key": secrets.token_hex(12)}
        turn, last, failures = None, 0, 0
        while True:
            request = self._client.build_request(
                "GET" if turn else "POST",
                f"{self._url}/v4/interact/stream" + (f"/{turn}" if turn else ""),
                headers={"authorization": self._session} | ({"last-event-id": str(last)} if turn else headers),
                content=None if turn else body,
            )
            try:
                response = await self._client.send(request, stream=True)
                try:
                    await _check(response)
                    turn = response.headers.get("x-turn-id", turn)
                    async for kind, id, data in _events(response):
                        failures = 0
                        if kind == "end":
                            return
                        if kind == "error":
                            raise ParleyError(str(data.get("message", "The turn failed.")))
                        if kind == "trace" and id > last:
                            last = id
                            yield data
                finally:
                    await response.aclose()
                if response.status_code == 204:
                    return
            except httpx.TransportError as error:
                if failures == len(WAITS):
                    raise self._unreachable() from error
            await asyncio.sleep(WAITS[min(failures, len(WAITS) - 1)])
            failures += 1

    async def state(self) -> dict[str, Any]:
        """The state of the user's session."""
        path = f"/state/user/{quote(self._user, safe='')}"
        state: dict[str, Any] = await self._ask("GET", path, self._key, headers={"projectID": self._project or ""})
        return state

    async def _choose_project(self) -> None:
        served = (await self._ask("GET", "/console/projects", self._key))["projects"]
        if len(served) != 1:
            names = ", ".join(each["id"] for each in served) or "none"
            raise ParleyError(f"This server serves several projects: name one with --project. It has: {names}.")
        self._project, self.name = served[0]["id"], served[0]["name"]

    async def _ask(self, method: str, path: str, key: str, headers: dict[str, str] | None = None, **more: Any) -> Any:
        try:
            response = await self._client.request(
                method, self._url + path, headers={"authorization": key} | (headers or {}), **more
            )
        except httpx.TransportError as error:
            raise self._unreachable() from error
        except httpx.InvalidURL as error:
            raise ParleyError(f"{self._url} is not a URL that can be used: {error}.") from error
        await _check(response)
        try:
            return response.json()
        except ValueError as error:
            raise ParleyError(f"{self._url} is no Parley server: it answers {path} with something else.") from error

    def _unreachable(self) -> ParleyError:
        return ParleyError(f"The server at {self._url} does not answer. Check that `parley serve` is running there.")


async def _check(response: httpx.Response) -> None:
    if response.is_success:
        return
    body = await response.aread()
    try:
        told = msgspec.json.decode(body)
        message, code = str(told["message"]), told.get("code")
    except (msgspec.DecodeError, TypeError, KeyError):
        message, code = f"{response.url} answers {response.status_code}: is this a Parley server?", None
    if code == "session_ended":
        raise SessionEnded(message)
    raise ParleyError(message)


async def _events(response: httpx.Response) -> AsyncIterator[tuple[str, int, Any]]:
    """Name, id and data of each event. Splits at line feeds alone: JSON may hold what else counts as a line's end."""
    rest, kind, id, data = b"", "message", 0, b""
    async for chunk in response.aiter_bytes():
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            if line.startswith(b"event:"):
                kind = line[6:].strip().decode()
            elif line.startswith(b"id:"):
                id = int(line[3:])
            elif line.startswith(b"data:"):
                data += line[5:].strip()
            elif not line.strip() and data:
                yield kind, id, msgspec.json.decode(data)
                kind, id, data = "message", 0, b""
