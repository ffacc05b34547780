"""Conversations as people read them: the runner of suites is the product's own (`parley.trials.talk`)."""

from __future__ import annotations

from parley.trials.expected import matches
from parley.trials.talk import Talk

__all__ = ["Talk", "matches"]
