"""Walks through all of an agent by itself: takes every choice that it offers, and says what was never reached."""
