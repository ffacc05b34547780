"""Conversations that are written down and tried: what is said, and what is expected of the agent."""
