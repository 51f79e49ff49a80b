"""Areas on the ground: a set of trust areas, where a place lies in it, what reaches whom, how far it is.

Called by clients and reports, never by ``decide`` or ``evolve``: what is computed here is stored (as a ``Placing`` and
the like), so that a replay needs no map and two rooms cannot disagree. Everything is measured in metres of the National
Grid (EPSG:27700). ``areaset`` is the file, ``grid`` the reference systems, ``areas`` the set ready to be asked,
``reach`` a cordon against it, ``nearest`` ways and minutes. numpy, shapely and pyproj are loaded when they are first
needed, so that neither the server nor the start of a client pays for them. The functions ``reach`` and ``nearest`` have
the names of their modules, and are imported from there.
"""

from incident.geography.areas import OVERLAP_MAX_M2, Areas, place
from incident.geography.areaset import AREAS_MAX, AREAS_SCHEMA, FILE, RING_MAX, Area, AreaSet, Polygon, Ring
from incident.geography.grid import (
    completed,
    from_grid,
    metres_of,
    to_grid,
    to_metres,
    to_metres_many,
    to_position,
    to_positions_many,
)
from incident.geography.nearest import MIXED, RURAL, URBAN, Estimate, Speed, estimate
from incident.geography.reach import circle, crossing, outline, radius_of, to_tell
from incident.geography.speeds import SPEEDS_SCHEMA, Speeds

__all__ = [
    "AREAS_MAX",
    "AREAS_SCHEMA",
    "FILE",
    "MIXED",
    "OVERLAP_MAX_M2",
    "RING_MAX",
    "RURAL",
    "SPEEDS_SCHEMA",
    "URBAN",
    "Area",
    "AreaSet",
    "Areas",
    "Estimate",
    "Polygon",
    "Ring",
    "Speed",
    "Speeds",
    "circle",
    "completed",
    "crossing",
    "estimate",
    "from_grid",
    "metres_of",
    "outline",
    "place",
    "radius_of",
    "to_grid",
    "to_metres",
    "to_metres_many",
    "to_position",
    "to_positions_many",
    "to_tell",
]
