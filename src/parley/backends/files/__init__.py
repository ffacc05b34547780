"""Places for users' files, behind ports/files.py."""
