"""Environments on the stable API: list, rename, clone, publish, merge, delete, and divide the traffic among them.

Source: Conversations API, section 2.7; the stable API's OpenAPI document, `/v1/stable/environment`.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct, field

from parley.domain.overlay import Release
from parley.domain.project import Project
from parley.errors import NotFound
from parley.session.environments import Environments, EnvironmentShown
from parley.session.house import House
from parley.transports.http.json_body import decode
from parley.transports.http.reply import reply_json
from parley.transports.http.request import Request
from parley.transports.http.routing import Routes
from parley.transports.http.stable_access import StableAccess
from parley.transports.http.stable_rights import ENVIRONMENT
from parley.transports.http.stable_times import moment


class RenameBody(Struct, forbid_unknown_fields=True):
    """What people are to call it."""

    name: str | None = None


class CloneBody(Struct, forbid_unknown_fields=True):
    """What the copy is called, by people and by programs."""

    name: str
    alias: str


class PublishBody(Struct, forbid_unknown_fields=True):
    """What the release is called, and what is new in it."""

    name: str
    description: str | None = None


class MergeBody(Struct, forbid_unknown_fields=True):
    """From where to where."""

    source: str = field(name="sourceEnvironmentAlias")
    target: str = field(name="targetEnvironmentAlias")
    removes_source: bool = field(name="removeSourceEnvironment", default=False)


class TrafficBody(Struct, forbid_unknown_fields=True):
    """Percentages by alias."""

    traffic: dict[str, float]


_decode_rename = msgspec.json.Decoder(RenameBody).decode
_decode_clone = msgspec.json.Decoder(CloneBody).decode
_decode_publish = msgspec.json.Decoder(PublishBody).decode
_decode_merge = msgspec.json.Decoder(MergeBody).decode
_decode_traffic = msgspec.json.Decoder(TrafficBody).decode


class StableEnvironmentRoutes:
    """Endpoints about a project's environments."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def list(self, request: Request, project: Project) -> None:
        """`GET /v1/stable/environment`"""
        environments = await self._environments().list(project.id)
        await reply_json(request, {"environments": [shown(each) for each in environments]})

    async def get(self, request: Request, project: Project) -> None:
        """`GET /v1/stable/environment/{environmentAlias}`"""
        environment = await self._environments().get(project.id, _alias(request))
        await reply_json(request, {"environment": shown(environment)})

    async def rename(self, request: Request, project: Project) -> None:
        """`PATCH /v1/stable/environment/{environmentAlias}`"""
        body = decode(_decode_rename, await request.body(self._house.body_limit))
        await self._environments().get(project.id, _alias(request))
        if body.name is not None:
            await self._environments().rename(project.id, _alias(request), body.name)
        await reply_json(request, {"message": "The environment has been updated."})

    async def remove(self, request: Request, project: Project) -> None:
        """`DELETE /v1/stable/environment/{environmentAlias}`"""
        await self._environments().remove(project.id, _alias(request))
        await reply_json(request, {"message": "The environment has been deleted."})

    async def compile(self, request: Request, project: Project) -> None:
        """`PUT /v1/stable/environment/{environmentAlias}/compile`: a draft is compiled as soon as it is read."""
        await self._environments().get(project.id, _alias(request))
        await reply_json(request, {"message": "The draft is compiled.", "durationMs": 0})

    async def clone(self, request: Request, project: Project) -> None:
        """`POST /v1/stable/environment/{environmentAlias}/clone`"""
        body = decode(_decode_clone, await request.body(self._house.body_limit))
        cloned = await self._environments().clone(project.id, _alias(request), body.alias, body.name)
        await reply_json(request, {"environment": shown(cloned)}, 201)

    async def publish(self, request: Request, project: Project) -> None:
        """`POST /v1/stable/environment/{environmentAlias}/publish`"""
        body = decode(_decode_publish, await request.body(self._house.body_limit))
        environments, alias = self._environments(), _alias(request)
        release = await environments.publish(project.id, alias, body.name, body.description)
        environment = await environments.get(project.id, alias)
        await reply_json(request, {"environment": shown(environment), "release": shown_release(release)}, 201)

    async def merge(self, request: Request, project: Project) -> None:
        """`PUT /v1/stable/environment/merge`"""
        body = decode(_decode_merge, await request.body(self._house.body_limit))
        environments = self._environments()
        source = await environments.get(project.id, body.source)
        release = await environments.merge(project.id, body.source, body.target, removes_source=body.removes_source)
        answer = {
            "sourceEnvironment": shown(source),
            "targetEnvironment": shown(await environments.get(project.id, body.target)),
            "targetRelease": shown_release(release),
        }
        await reply_json(request, answer)

    async def split(self, request: Request, project: Project) -> None:
        """`PUT /v1/stable/environment/update-traffic-split`"""
        body = decode(_decode_traffic, await request.body(self._house.body_limit))
        await self._environments().split(project.id, body.traffic)
        await reply_json(request, {"message": "The traffic split has been updated."})

    def _environments(self) -> Environments:
        if self._house.environments is None:
            raise NotFound("The environments of this server cannot be changed.")
        return self._house.environments


def add_environment_routes(table: Routes, house: House, access: StableAccess) -> None:
    """Add these."""
    routes = StableEnvironmentRoutes(house)
    one = f"{ENVIRONMENT}/{{environmentAlias}}"
    access.add(table, ENVIRONMENT, {"GET": routes.list})
    access.add(table, f"{ENVIRONMENT}/merge", {"PUT": routes.merge})
    access.add(table, f"{ENVIRONMENT}/update-traffic-split", {"PUT": routes.split})
    access.add(table, one, {"GET": routes.get, "PATCH": routes.rename, "DELETE": routes.remove})
    access.add(table, f"{one}/compile", {"PUT": routes.compile})
    access.add(table, f"{one}/clone", {"POST": routes.clone})
    access.add(table, f"{one}/publish", {"POST": routes.publish})


def shown(environment: EnvironmentShown) -> dict[str, Any]:
    """An environment as clients see it."""
    percent = environment.percent
    return {
        "name": environment.name,
        "alias": environment.alias,
        "isMain": environment.is_main,
        "releases": [shown_release(each) for each in environment.releases],
        "createdAt": moment(environment.created_at),
        "trafficPercentage": int(percent) if percent == int(percent) else percent,
    }


def shown_release(release: Release) -> dict[str, Any]:
    """A release as clients see it."""
    return {
        "name": release.name,
        "backupID": release.number,
        "createdAt": moment(release.at),
        "description": release.description,
        "autogenerated": release.is_automatic,
    }


def _alias(request: Request) -> str:
    return request.params["environmentAlias"]
