"""Which names an agent's author may give, and which are taken."""

from __future__ import annotations

import re

NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
"""Projects, environments, workflows, entities, events."""
INTENT = re.compile(r"[A-Za-z0-9_-]{1,64}|VF\.[A-Z_]{1,60}")
"""Intents: those of the author, and the builtin ones."""
LABEL = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")
"""Labels of steps: not a number, because steps without a label are numbered."""
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
"""Variables and entities: what a template and an expression can name."""

RESERVED = frozenset({"end", "back"})
"""Targets with a meaning of their own."""

ENTITY_TYPES = (
    *("text", "number", "email", "phone", "date", "time", "name", "url"),
    *("datetime", "duration", "currency", "percentage", "ordinal", "age", "location"),
)
"""The kinds of thing that are understood without being described."""

LATER_KINDS = frozenset({"playbook", "mcp", "integration", "crew", "operator"})
"""Kinds of step that this release does not run."""
