"""Agent files to programs, and back."""
