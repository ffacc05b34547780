"""The step kinds, one file a kind. They do not know each other."""
