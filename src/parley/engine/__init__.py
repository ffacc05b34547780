"""What happens in a turn. Knows no transport and no session."""
