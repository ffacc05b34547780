"""What belongs to whom. Knows no transport."""
