"""Boundaries: the map, and the list of everything that is on it."""
