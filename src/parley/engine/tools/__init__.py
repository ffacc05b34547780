"""Tools that a language model uses while it serves a playbook: what it is offered, and what becomes of its calls."""
