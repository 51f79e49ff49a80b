"""Exercise control: the clock, the injects, who plays whom and was told what, the evaluators' notes."""
