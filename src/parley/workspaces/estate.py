"""Everything the platform door needs beside the house: who owns what in it."""

from __future__ import annotations

from dataclasses import dataclass, field

from parley.ports.clock import Clock
from parley.ports.conversations import Conversations
from parley.ports.records import Records
from parley.ports.speech import Recognizer, Synthesizer
from parley.ports.tools import Tools
from parley.ports.transcripts import Transcripts
from parley.session.house import House
from parley.session.injections import Injections
from parley.workspaces.announcing import Announcing
from parley.workspaces.audit import Audit
from parley.workspaces.calls import Calls
from parley.workspaces.delivering import Delivering
from parley.workspaces.entities import Entities
from parley.workspaces.escalations import Escalations
from parley.workspaces.events import Events
from parley.workspaces.injecting import Injecting
from parley.workspaces.kept_events import KeptEvents
from parley.workspaces.keys import WorkspaceKeys
from parley.workspaces.observing import Observing
from parley.workspaces.operators import Operators
from parley.workspaces.registry import Workspaces
from parley.workspaces.reporting import Reporting
from parley.workspaces.runs import Runs
from parley.workspaces.seats import Seats
from parley.workspaces.services import Services
from parley.workspaces.supervising import Supervising
from parley.workspaces.talks import Talks
from parley.workspaces.telephone import Telephone
from parley.workspaces.webhooks import Webhooks
from parley.workspaces.wrap_ups import WrapUps

OBSERVERS = 100
"""How many may watch conversations of a workspace at once."""


@dataclass(frozen=True, slots=True)
class Speech:
    """Ears and a mouth for calls."""

    recognizer: Recognizer
    synthesizer: Synthesizer


@dataclass(frozen=True, slots=True)
class Estate:
    """Made once, by the composition root."""

    house: House
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
    audit: Audit
    operators: Operators
    escalations: Escalations
    injections: Injections
    injecting: Injecting
    supervising: Supervising
    observing: Observing
    runs: Runs
    calls: Calls = field(default_factory=Calls)
    owners: Seats = field(default_factory=lambda: Seats(1))
    """Who talks in a conversation, over a socket of their own."""
    observers: Seats = field(default_factory=lambda: Seats(OBSERVERS))
    speech: Speech | None = None
    telephone: Telephone | None = None

    @property
    def clock(self) -> Clock:
        """The time."""
        return self.house.clock

    async def open(self) -> None:
        """Take up what the last process left."""
        await self.events.restore()
        await self.delivering.start()
        await self.supervising.start()

    async def close(self) -> None:
        """Finish what is under way."""
        await self.supervising.stop()
        await self.reporting.stop()
        await self.announcing.stop()
        await self.delivering.stop()
        await self.events.shut()


def estate_of(
    house: House,
    records: Records,
    transcripts: Transcripts,
    conversations: Conversations,
    tools: Tools,
    private_hosts: frozenset[str] = frozenset(),
    speech: Speech | None = None,
) -> Estate:
    """The estate of a house. `tools` send webhooks; `private_hosts` may be among their receivers."""
    clock, directory, workspaces = house.clock, house.directory, Workspaces(records, house.clock)
    events, audit = Events(clock, KeptEvents(records, clock)), Audit(records, clock)
    webhooks, operators, escalations = Webhooks(records, clock), Operators(records, clock), Escalations(records, clock)
    services, delivering = Services(house.catalog, workspaces), Delivering(webhooks, tools, clock, private_hosts)
    talks = Talks(directory, transcripts, conversations, workspaces, services)
    injections = directory.injections or Injections(records, clock)
    injecting = Injecting(directory, talks, injections, audit)
    supervising = Supervising(talks, operators, escalations, WrapUps(records), injecting, audit, events, clock)
    return Estate(
        house=house,
        workspaces=workspaces,
        keys=WorkspaceKeys(records, clock),
        services=services,
        entities=Entities(records, clock),
        talks=talks,
        events=events,
        reporting=Reporting(workspaces, events, directory, injections, escalations, supervising.over),
        webhooks=webhooks,
        delivering=delivering,
        announcing=Announcing(workspaces, delivering, directory.happenings, events),
        audit=audit,
        operators=operators,
        escalations=escalations,
        injections=injections,
        injecting=injecting,
        supervising=supervising,
        observing=Observing(directory.happenings, injections, events),
        runs=Runs(conversations, services, operators, clock),
        speech=speech,
    )
