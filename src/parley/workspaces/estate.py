"""Everything the platform door needs beside the house: who owns what in it."""

from __future__ import annotations

from dataclasses import dataclass

from parley.ports.clock import Clock
from parley.session.house import House
from parley.workspaces.entities import Entities
from parley.workspaces.keys import WorkspaceKeys
from parley.workspaces.registry import Workspaces
from parley.workspaces.services import Services
from parley.workspaces.talks import Talks


@dataclass(frozen=True, slots=True)
class Estate:
    """Made once, by the composition root."""

    house: House
    clock: Clock
    workspaces: Workspaces
    keys: WorkspaceKeys
    services: Services
    entities: Entities
    talks: Talks
