"""Picture: what a commander looks at."""
