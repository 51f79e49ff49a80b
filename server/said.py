"""How a command of the command line ends when it cannot be done."""

from __future__ import annotations


class Said(Exception):
    """Ends the command with a sentence for a person."""
