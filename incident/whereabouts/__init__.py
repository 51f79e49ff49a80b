"""Where something is, as people say it: the reader of every place that is asked, and the names a desk knows.

``read`` answers how a text is understood, ``as_location`` the place alone, for the builders of verbs, ``read_point``
what must have a point. Nothing in here needs a map, and nothing that was stored is ever read again.
"""

from __future__ import annotations

from incident.whereabouts.coordinates import metres_between
from incident.whereabouts.gazetteer import FILE, GAZETTEER_SCHEMA, Gazetteer, Named, within_in, within_words
from incident.whereabouts.grids import square_m
from incident.whereabouts.known import Known, known_of
from incident.whereabouts.reading import (
    ACCEPTED,
    EMPTY,
    Reading,
    as_location,
    drawn_place,
    read,
    read_point,
    read_pointed,
)

__all__ = [
    "ACCEPTED",
    "EMPTY",
    "FILE",
    "GAZETTEER_SCHEMA",
    "Gazetteer",
    "Known",
    "Named",
    "Reading",
    "as_location",
    "drawn_place",
    "known_of",
    "metres_between",
    "read",
    "read_point",
    "read_pointed",
    "square_m",
    "within_in",
    "within_words",
]
