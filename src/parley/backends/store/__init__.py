"""Stores, behind ports/store.py."""
