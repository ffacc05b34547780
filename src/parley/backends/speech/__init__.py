"""Ways to hear and to speak."""
