"""Refused commands as cards, and every notice."""
