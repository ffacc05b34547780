"""Everything a door needs of the inside of the house."""

from __future__ import annotations

from dataclasses import dataclass

from parley.ports.clock import Clock
from parley.ports.feedback import Feedback
from parley.ports.probe import Probe
from parley.ports.transcripts import Transcripts
from parley.session.access import Access
from parley.session.archive import Archive
from parley.session.catalog import Catalog
from parley.session.consulting import Consulting
from parley.session.directory import Directory
from parley.session.environments import Environments
from parley.session.keys import SessionKeys
from parley.session.library import Library
from parley.session.uploads import Uploads


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
    transcripts: Transcripts | None = None
    """None: conversations cannot be read as a whole."""
    feedback: Feedback | None = None
    """None: feedback is not taken."""
    uploads: Uploads | None = None
    """None: files are not taken."""
    library: Library | None = None
    """None: no documents are kept."""
    consulting: Consulting | None = None
    """None: there is no knowledge base."""
    environments: Environments | None = None
    """None: environments are as the files have them."""
    archive: Archive | None = None
    """None: transcripts cannot be searched."""
