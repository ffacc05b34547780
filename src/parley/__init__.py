"""Parley: the open, self-hosted conversation runtime."""

__version__ = "0.1.0"
