"""What a virtual agency does once the exercise has ended: it packs up, so that it holds up nobody who closes it.

Its vehicles are let go where they are, and it stands down: it will not be asked again, and nobody else may say that
for it. Where it has the lead, it closes the incident as soon as all others have stood down and no unit is left.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from incident.kernel.slice import Act
from incident.organisation import ACTIVE, organisation, parties
from incident.organisation.facts import Close, Declare
from incident.resources import resources
from incident.resources.facts import Release
from incident.virtual.mind import Mind

ENDED: Final = "The exercise has ended"


def packs_up(mind: Mind) -> Iterator[Act]:
    """Lets its units go, stands down, and where it has the lead closes what nobody is at work on any more."""
    state, units = organisation(mind.view), resources(mind.view).units
    if not mind.invited:
        return
    for unit in units.values():
        if unit.home == mind.agency:
            key = f"pack/{unit.commitment}/{unit.status_version}"
            yield from mind.act(mind.now, key, Release(unit.key, ENDED))
    party = state.parties[mind.agency]
    if party.declared in ACTIVE:
        yield from mind.act(mind.now, f"pack/{party.version}", Declare(mind.agency, "stand_down", ENDED))
    busy = any(state.parties[code].declared in ACTIVE for code in parties(mind.view))
    if state.lead == mind.agency and not busy and not units:
        yield from mind.act(mind.now, "pack/close", Close(ENDED))  # once: who opens it again has a reason
