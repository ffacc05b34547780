"""Documents read and searched."""
