"""One conversation as an actor. Knows no transport."""
