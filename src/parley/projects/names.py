"""Which names an agent's author may give, and which are taken."""

from __future__ import annotations

import re

NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
"""Projects, environments, workflows, entities, events."""
INTENT = re.compile(r"\S(?:[^\x00-\x1f\x7f]{0,198}\S)?")
"""Intents: clients send and show their names, so they may be any words on one line."""
LABEL = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")
"""Labels of steps: not a number, because steps without a label are numbered."""
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
"""Variables and entities: what a template and an expression can name."""
QUOTED = re.compile(r"[^\s{}](?:[^\x00-\x1f\x7f{}]{0,62}[^\s{}])?")
"""Variables and entities whose author insists, with quotes: code reads them as `variables["my-name"]`."""

RESERVED = frozenset({"end", "back"})
"""Targets with a meaning of their own."""

ENTITY_TYPES = (
    *("text", "number", "email", "phone", "date", "time", "name", "url"),
    *("datetime", "duration", "currency", "percentage", "ordinal", "age", "location"),
)
"""The kinds of thing that are understood without being described."""

LATER_KINDS = frozenset({"mcp", "integration"})
"""Kinds of step that this release does not run."""
