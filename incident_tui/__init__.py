"""The thin shell that puts incidents on a terminal, around the replica."""
