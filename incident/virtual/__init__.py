"""Virtual trusts: what an agency that nobody plays does now, in an exercise.

A pure function of the scenario and of what stands in the incident. It speaks as ``virtual/SCAS``, through the same
door as people, is silent while a person of that agency is connected, and overrules nobody: what it would do is
proposed again until it is done or no longer fits. Delays and refusals follow from the scenario's seed.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from incident.kernel.model import Model
from incident.kernel.slice import Act, View
from incident.scenario.facts import Scenario
from incident.virtual.lending import lends
from incident.virtual.manners import leads, receives, speaks, takes_part
from incident.virtual.mind import Mind
from incident.virtual.packing import packs_up
from incident.virtual.wheels import drives
from incident.virtual.work import stands_on_the_ground, works

ACTS_MAX: Final = 64
"""Of what is due at one moment, this much is done at once; the rest comes with the next question."""

HABITS: Final = (takes_part, receives, leads, speaks, works, stands_on_the_ground, lends, drives)
"""What a virtual agency does. A slice that asks agencies for something adds its own."""


def replies(
    scenario: Scenario,
    model: Model,
    stream: str,
    view: View,
    *,
    now: int,
    began: int,
    manned: Collection[str],
    ended: bool = False,
) -> tuple[Act, ...]:
    """What every virtual agency of a scenario would do now, the longest due first.

    ``now`` and ``began`` (T+0) are UTC ms on the incident's own clock; ``manned`` are the agencies of which a person
    is connected. Once play has ``ended`` it packs up, and does nothing else.
    """
    state = view.organisation
    if not state.opened or state.closed or state.mode != "exercise":
        return ()
    found: list[Act] = []
    for party in scenario.parties:
        if party.played == "virtual" and party.agency not in manned:
            mind = Mind(scenario, party.agency, party.behaviour, model, stream, view, now, began)
            for habit in (packs_up,) if ended else HABITS:
                found += habit(mind)
    return tuple(sorted(found, key=lambda act: (act.at, act.key))[:ACTS_MAX])
