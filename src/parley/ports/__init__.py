"""All that Parley asks of the world: one Protocol a file, its guarantees in the docstring."""
