"""Casualties: the totals, the counts they come from, and the hospitals."""
