"""Figures as ratios: a bare floor and the real server in one interleaved run. See docs/benchmarks.md."""
