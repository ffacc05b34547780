"""The ports made real, file for file."""
