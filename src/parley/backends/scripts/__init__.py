"""Ways to run an agent's own JavaScript."""
