"""What a workspace's dashboards and webhooks are told (platform API, section 4.1)."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from parley.domain.workspace import WorkspaceID


class PlatformEvent(Struct, frozen=True):
    """Something that happened in a workspace. `id` counts up: milliseconds since 1970, each given once.

    `type` is such as `text.started`; `data` is its payload.
    """

    id: int
    workspace: WorkspaceID
    type: str
    data: dict[str, Any]
