"""A board with blocks above and beside its list."""
