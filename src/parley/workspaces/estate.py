"""Everything the platform door needs beside the house: who owns what in it."""

from __future__ import annotations

from dataclasses import dataclass

from parley.ports.clock import Clock
from parley.ports.conversations import Conversations
from parley.ports.records import Records
from parley.ports.tools import Tools
from parley.ports.transcripts import Transcripts
from parley.session.house import House
from parley.workspaces.announcing import Announcing
from parley.workspaces.delivering import Delivering
from parley.workspaces.entities import Entities
from parley.workspaces.events import Events
from parley.workspaces.keys import WorkspaceKeys
from parley.workspaces.registry import Workspaces
from parley.workspaces.reporting import Reporting
from parley.workspaces.services import Services
from parley.workspaces.talks import Talks
from parley.workspaces.webhooks import Webhooks


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
    events: Events
    reporting: Reporting
    webhooks: Webhooks
    delivering: Delivering
    announcing: Announcing

    async def open(self) -> None:
        """Take up what the last process left."""
        await self.delivering.start()

    async def close(self) -> None:
        """Finish what is under way."""
        await self.reporting.stop()
        await self.announcing.stop()
        await self.delivering.stop()


def estate_of(
    house: House,
    records: Records,
    transcripts: Transcripts,
    conversations: Conversations,
    tools: Tools,
    private_hosts: frozenset[str] = frozenset(),
) -> Estate:
    """The estate of a house. `tools` send webhooks; `private_hosts` may be among their receivers."""
    clock, directory = house.clock, house.directory
    workspaces = Workspaces(records, clock)
    services = Services(house.catalog, workspaces)
    events = Events(clock)
    webhooks = Webhooks(records, clock)
    delivering = Delivering(webhooks, tools, clock, private_hosts)
    return Estate(
        house=house,
        clock=clock,
        workspaces=workspaces,
        keys=WorkspaceKeys(records, clock),
        services=services,
        entities=Entities(records, clock),
        talks=Talks(directory, transcripts, conversations, workspaces, services),
        events=events,
        reporting=Reporting(workspaces, events, directory.happenings),
        webhooks=webhooks,
        delivering=delivering,
        announcing=Announcing(workspaces, delivering, directory.happenings, events),
    )
