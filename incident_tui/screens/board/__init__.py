"""One screen for the board of any slice: list and detail."""
