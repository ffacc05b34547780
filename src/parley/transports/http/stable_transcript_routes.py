"""Transcripts on the stable API: search and get, and the properties that they are marked with.

Source: Conversations API, section 9.
"""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec import Struct, field

from parley.domain.project import Project
from parley.errors import NotFound
from parley.session.archive import Archive
from parley.session.house import House
from parley.transports.http.json_body import decode
from parley.transports.http.reply import reply_json
from parley.transports.http.request import Request
from parley.transports.http.routing import Routes
from parley.transports.http.stable_access import StableAccess
from parley.transports.http.stable_rights import PROPERTY, TRANSCRIPT
from parley.transports.http.stable_transcript_body import logs_of, search_in, shown, shown_property


class PropertyBody(Struct, forbid_unknown_fields=True):
    """A property to make."""

    name: str
    type: Literal["boolean", "number", "string"]


class RenameBody(Struct, forbid_unknown_fields=True):
    """What it is to be called."""

    name: str | None = None


class ValueBody(Struct, forbid_unknown_fields=True):
    """The value of a property, for one transcript."""

    value: str
    transcript: str = field(name="transcriptID")


_decode_property = msgspec.json.Decoder(PropertyBody).decode
_decode_rename = msgspec.json.Decoder(RenameBody).decode
_decode_value = msgspec.json.Decoder(ValueBody).decode


class StableTranscriptRoutes:
    """Endpoints about a project's transcripts."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def search(self, request: Request, project: Project) -> None:
        """`POST /v1/stable/transcript/search`"""
        archive = self._archive()
        asked = search_in(await request.body(self._house.body_limit), project)
        found = await archive.search(project, asked)
        await reply_json(request, {"transcripts": [shown(each, project) for each in found]})

    async def get(self, request: Request, project: Project) -> None:
        """`GET /v1/stable/transcript/{transcriptID}`"""
        archive = self._archive()
        found = await archive.find(project, request.params["transcriptID"])
        logs = [line async for page in archive.turns(found.state) for line in logs_of(page)]
        await reply_json(request, {"transcript": {**shown(found, project), "logs": logs}})

    async def properties(self, request: Request, project: Project) -> None:
        """`GET /v1/stable/transcript-property`"""
        properties = await self._archive().properties.list(project)
        await reply_json(request, {"properties": [shown_property(each) for each in properties]})

    async def property(self, request: Request, project: Project) -> None:
        """`GET /v1/stable/transcript-property/{propertyID}`"""
        found = await self._archive().properties.get(project, _property(request))
        await reply_json(request, {"property": shown_property(found)})

    async def create(self, request: Request, project: Project) -> None:
        """`POST /v1/stable/transcript-property`"""
        body = decode(_decode_property, await request.body(self._house.body_limit))
        made = await self._archive().properties.create(project, body.name, body.type)
        await reply_json(request, {"property": shown_property(made)}, 201)

    async def rename(self, request: Request, project: Project) -> None:
        """`PATCH /v1/stable/transcript-property/{propertyID}`"""
        body = decode(_decode_rename, await request.body(self._house.body_limit))
        properties = self._archive().properties
        found = await properties.get(project, _property(request))
        await properties.rename(project, found.id, found.name if body.name is None else body.name)
        await reply_json(request, {"message": "The property has been updated."})

    async def remove(self, request: Request, project: Project) -> None:
        """`DELETE /v1/stable/transcript-property/{propertyID}`"""
        await self._archive().properties.remove(project, _property(request))
        await reply_json(request, {"message": "The property has been deleted."})

    async def mark(self, request: Request, project: Project) -> None:
        """`PUT /v1/stable/transcript-property/{propertyID}/value`"""
        body = decode(_decode_value, await request.body(self._house.body_limit))
        await self._archive().mark(project, _property(request), body.transcript, body.value)
        await reply_json(request, {"message": "The value has been set."})

    def _archive(self) -> Archive:
        if self._house.archive is None:
            raise NotFound("This server keeps no transcripts.")
        return self._house.archive


def add_transcript_routes(table: Routes, house: House, access: StableAccess) -> None:
    """Add these."""
    routes = StableTranscriptRoutes(house)
    one = f"{PROPERTY}/{{propertyID}}"
    access.add(table, f"{TRANSCRIPT}/search", {"POST": routes.search})
    access.add(table, f"{TRANSCRIPT}/{{transcriptID}}", {"GET": routes.get})
    access.add(table, PROPERTY, {"GET": routes.properties, "POST": routes.create})
    access.add(table, one, {"GET": routes.property, "PATCH": routes.rename, "DELETE": routes.remove})
    access.add(table, f"{one}/value", {"PUT": routes.mark})


def _property(request: Request) -> str:
    return request.params["propertyID"]
