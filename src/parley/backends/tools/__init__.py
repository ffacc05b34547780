"""Ways out of the house, behind ports/tools.py."""
