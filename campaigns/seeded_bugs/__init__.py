"""Bugs that are brought back on purpose, to see that the tests catch them."""
