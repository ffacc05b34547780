"""The routes of the stable API in one table."""

from __future__ import annotations

from parley.session.house import House
from parley.transports.http.knowledge_routes import add_knowledge_routes
from parley.transports.http.routing import Routes
from parley.transports.http.stable_access import StableAccess
from parley.transports.http.stable_conversation_routes import add_conversation_routes
from parley.transports.http.stable_environment_routes import add_environment_routes
from parley.transports.http.stable_transcript_routes import add_transcript_routes
from parley.workspaces.estate import Estate


def add_stable_routes(table: Routes, house: House, estate: Estate | None) -> None:
    """Add all of them. Without an estate there are no workspace keys."""
    access = StableAccess(house, estate)
    add_conversation_routes(table, house, access)
    add_transcript_routes(table, house, access)
    add_environment_routes(table, house, access)
    add_knowledge_routes(table, house, access)
