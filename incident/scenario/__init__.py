"""A scenario of an exercise: its shape, how its file is read and checked, what an inject brings about."""

from __future__ import annotations

from incident.scenario.facts import Inject, Participant, Scenario, Step

__all__ = ["Inject", "Participant", "Scenario", "Step"]
