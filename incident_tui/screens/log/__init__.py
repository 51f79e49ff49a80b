"""The log: every line, newest last."""
