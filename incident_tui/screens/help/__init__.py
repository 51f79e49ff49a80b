"""Help, made from the one table of actions."""
