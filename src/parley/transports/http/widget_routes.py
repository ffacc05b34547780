"""What the chat widget asks before it opens its socket, and tells beside it (Conversations API, section 7)."""

from __future__ import annotations

from typing import Any

import msgspec
import structlog
from msgspec import Struct

from parley.domain.ids import UserID
from parley.domain.project import Project
from parley.domain.variant import WHICH, Variant, named, variant_of
from parley.errors import InvalidInput
from parley.session.house import House
from parley.transports.http.json_body import decode
from parley.transports.http.legacy_routes import LegacyRoutes
from parley.transports.http.public import LONGEST_USER, check_version, public_project
from parley.transports.http.reply import reply_empty, reply_json
from parley.transports.http.request import BodyTooLarge, Request
from parley.transports.http.turn_body import checked_user
from parley.transports.http.widget_settings import widget_settings

log = structlog.get_logger()

LARGEST_LOG = 64 * 1024


class SetupBody(Struct):
    """The body of the setup."""

    client: Any = msgspec.field(name="clientID", default=None)
    environment: str | None = msgspec.field(name="environmentID", default=None)
    which: str | None = msgspec.field(name="versionVariant", default=None)


_decode_setup = msgspec.json.Decoder(SetupBody).decode


class WidgetRoutes:
    """Endpoints without a key, for the pages that a project allows."""

    def __init__(self, house: House, legacy: LegacyRoutes) -> None:
        self._house = house
        self._legacy = legacy

    async def setup(self, request: Request) -> None:
        """`POST /v2/public/{projectID}/widget/setup`"""
        project = public_project(request, self._house)
        body = decode(_decode_setup, await request.body(self._house.body_limit))
        variant = _variant(project, body)
        answer = {
            "settings": widget_settings(project),
            "versionID": self._house.catalog.current(variant.environment).version,
            "environmentID": variant.environment.alias,
            "versionVariant": "draft" if variant.is_draft else "published",
        }
        await reply_json(request, answer)

    async def settings(self, request: Request) -> None:
        """`GET /v2/public/{projectID}/settings/widget` and `GET /public/{projectID}/publishing`"""
        project = public_project(request, self._house)
        await check_version(request, self._house, self._legacy, project)
        await reply_json(request, widget_settings(project))

    async def take_log(self, request: Request) -> None:
        """`POST /v1alpha1/webchat-log/{projectID}`: what a widget logs may hold what its user said, so none is kept."""
        try:
            size = len(await request.body(LARGEST_LOG))
        except BodyTooLarge:
            # The rest is not read: the connection cannot be used again.
            await reply_empty(request, 204, [(b"connection", b"close")])
            return
        log.debug("a widget logged something", bytes=size)
        await reply_empty(request, 204)


def _variant(project: Project, body: SetupBody) -> Variant:
    """The one that was asked for; else the one that the traffic split gives this client."""
    if body.which is not None and body.which not in WHICH:
        raise InvalidInput.at("versionVariant", " or ".join(WHICH))
    client = None if body.client is None else UserID(_checked_client(body.client))
    if body.environment:
        return named(project, body.environment, body.which)
    return variant_of(project.environments[0] if client is None else project.routed(client), body.which)


def _checked_client(value: Any) -> str:
    """A client's id. Raises `InvalidInput`."""
    try:
        return checked_user(value, LONGEST_USER)
    except InvalidInput as error:
        raise InvalidInput(error.message.replace("userID", "clientID", 1)) from error
