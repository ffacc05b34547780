"""Ways to make vectors of texts."""
