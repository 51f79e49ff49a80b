"""Drills: how a shell opens an exercise from the file of a scenario."""

from __future__ import annotations

from incident.drill.door import Drill

__all__ = ["Drill"]
