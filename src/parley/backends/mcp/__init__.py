"""Servers of tools over the official Python SDK: an extra that is slow to import, and so is imported when asked for."""
