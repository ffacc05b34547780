"""A house with everything that the description speaks of, and its examples as requests to that house."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx

from described import fragments
from house_fixture import API_KEY, Opened, Talk
from parley.backends.files.local import LocalFiles
from parley.session.uploads import Uploads
from parley.transports.http.app import http_app

from .knowledge_house import open_knowledge_house

Wire = dict[str, Any]
PDF = b"%PDF-1.4\n%%EOF\n"
STABLE = "/v1/stable"
NEEDS_TRIAL = ("stableDeleteEnvironment", "stableMergeEnvironments")
"""Operations whose examples speak of an environment that another example makes."""


@asynccontextmanager
async def open_described_house(path: Path) -> AsyncIterator[Opened]:
    """Documents, files, feedback and transcripts."""
    async with open_knowledge_house() as opened:
        house = replace(
            opened.house,
            transcripts=opened.store,
            feedback=opened.store.feedback,
            uploads=Uploads(LocalFiles(path / "files"), opened.clock, "a secret for tickets"),
        )
        yield Opened(house, opened.store, opened.clock, http_app(house))


@dataclass(frozen=True)
class Example:
    """A route with the values that its description names as examples."""

    method: str
    path: str

    @property
    def operation(self) -> Wire:
        return fragments().operation(self.path, self.method)

    @property
    def body(self) -> Any:
        """The example of a JSON body, None where the route takes none."""
        content = self.operation.get("requestBody", {}).get("content", {})
        return content.get("application/json", {}).get("example")

    @property
    def takes_a_form(self) -> bool:
        return "multipart/form-data" in self.operation.get("requestBody", {}).get("content", {})

    async def send(self, client: httpx.AsyncClient, known: dict[str, str]) -> httpx.Response:
        """Send it, with what is `known` of this house in place of the examples' names."""
        path, query = self.path, {}
        for parameter in self.operation["parameters"]:
            if parameter["in"] == "path":
                path = path.replace(f"{{{parameter['name']}}}", filled(parameter["example"], known))
            elif parameter["in"] == "query" and "example" in parameter:
                query[parameter["name"]] = filled(parameter["example"], known)
        keys = [name for each in self.operation["security"] for name in each]
        headers = {"authorization": known["sessionKey"] if "SessionKey" in keys else API_KEY} if keys else {}
        body = None if self.body is None else filled(json.dumps(self.body), known)
        return await client.request(self.method, path, params=query, headers=headers, content=body)


def filled(text: str, known: dict[str, str]) -> str:
    """The text with what is known: by the parameter whose example it is."""
    for name, value in known.items():
        text = text.replace(fragments().whole["parameters"][name]["example"], value)
    return text


async def prepared(client: httpx.AsyncClient, id: str) -> dict[str, str]:
    """What the example of an operation needs: a session with a turn, a property, a document, a file."""
    talk = await Talk.start(client)
    launched = await talk.send({"type": "launch"})
    key = {"headers": {"authorization": API_KEY}}
    if id in NEEDS_TRIAL:
        await client.post(f"{STABLE}/environment/main/clone", json={"name": "Trial", "alias": "trial"}, **key)
    made = await client.post(f"{STABLE}/transcript-property", json={"name": "rating", "type": "string"}, **key)
    added = await client.post(f"{STABLE}/document/url", json={"url": "https://docs.example/prices"}, **key)
    ticket = (await client.post("/v1/handoff/file-storage", headers={"authorization": talk.key})).json()
    await client.post(ticket["url"], data=ticket["fields"], files={"file": ("invoice.pdf", PDF)})
    return {
        "sessionKey": talk.key,
        "sessionID": launched.headers["x-session-id"],
        "turnID": launched.headers["x-turn-id"],
        "propertyID": made.json()["property"]["id"],
        "documentID": added.json()["document"]["id"],
        "fileID": ticket["fields"]["key"].split("/")[1],
        "injectionID": "nowhere",
    }
