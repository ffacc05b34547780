"""The variables that exist in every conversation (Conversations API, section 6)."""

from __future__ import annotations

BUILTIN_VARIABLES = frozenset(
    {
        "vf_now",
        "vf_date",
        "vf_time",
        "vf_month",
        "vf_day",
        "vf_year",
        "timestamp",
        "user_id",
        "sessions",
        "last_utterance",
        "last_response",
        "last_event",
        "last_injection",
        "intent_confidence",
        "vf_memory",
        "vf_user_timezone",
        "vf_transcript_id",
        "locale",
        "platform",
        "channel",
    }
)
"""No agent declares them and no client sets them."""
