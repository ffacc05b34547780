"""Ears and a mouth for a session. Knows no transport."""
