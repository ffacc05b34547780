"""Everything a door needs of the inside of the house."""

from __future__ import annotations

from dataclasses import dataclass

from parley.ports.clock import Clock
from parley.ports.probe import Probe
from parley.session.access import Access
from parley.session.catalog import Catalog
from parley.session.directory import Directory
from parley.session.keys import SessionKeys


@dataclass(frozen=True, slots=True)
class House:
    """Made once, by the composition root."""

    directory: Directory
    catalog: Catalog
    keys: SessionKeys
    access: Access
    clock: Clock
    probe: Probe
    body_limit: int = 1024 * 1024
    """Bytes a request body may have."""
