"""Stored sessions run again, without their world: what they say now is held against what they said then."""
