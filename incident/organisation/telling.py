"""Whom the place and the ground concern: the trusts that must be told, and those of them that are not told yet.

By what is stored: where each location lies, and what every live cordon, zone and point reaches. So a cordon that grows
asks for more trusts and never for fewer, and while two locations are in dispute the neighbours of both count.
"""

from __future__ import annotations

from incident.ground import told_of
from incident.kernel.slice import View
from incident.organisation.facts import Organisation, Sighting
from incident.placing import must_tell


def tells(sighting: Sighting) -> tuple[str, ...]:
    """The trusts that one value of the location asks for."""
    by_place = () if sighting.placing is None else must_tell(sighting.placing)
    return tuple(dict.fromkeys((*by_place, *sighting.before)))


def concerns_since(sighting: Sighting, code: str) -> int:
    """Since when a trust had to be told of the place (UTC ms), however often it was given since."""
    return sighting.since.get(code, sighting.at)


def must_be_told(view: View) -> tuple[str, ...]:
    """The trusts that must be told, whether they take part or not: by the place first, then by the ground."""
    state: Organisation = view.organisation
    by_place = (code for sighting in state.sightings for code in tells(sighting))
    ground = getattr(view, "boundaries", None)  # an agency's own part has none
    rows = () if ground is None else ground.rows.values()
    by_ground = told_of(feature.reach for feature in rows if feature.withdrawn_at is None)
    return tuple(dict.fromkeys((*by_place, *by_ground)))


def untold(view: View) -> tuple[str, ...]:
    """Those of them that take no part: nobody there has been told by this incident."""
    state: Organisation = view.organisation
    return tuple(
        code
        for code in must_be_told(view)
        if code in state.charter.agencies
        and (code not in state.parties or state.parties[code].left_at is not None)
    )
