"""``nearest hart``, ``nearest hospital p1``: what could be there soonest, for the screen and for the headless mode.

The answer is an estimate (``incident.nearby``): a straight line and the detour of roads, with a range of minutes, on
either side of the border. It is asked from the scene, or from a place behind ``at``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from incident.kernel.board import Look
from incident.organisation import organisation
from incident.whereabouts import read_point

if TYPE_CHECKING:
    from incident.nearby import Nearby

HOSPITAL_WORDS: Final = frozenset({"hospital", "hospitals", "hosp", "mtc", "ed"})
PRIORITIES: Final = frozenset({"p1", "p2", "p3"})
TYPES: Final = frozenset({"mtc", "ed"})
USAGE: Final = "Say what: nearest hart, nearest hospital, nearest hospital p1. A place may stand behind at."
NO_PLACE: Final = "Nobody has said where the incident is: nearest hart at TQ 0402 7829."
NO_AREAS: Final = "The areas are not here yet, or are not those of this incident: nothing is estimated."


@dataclass(frozen=True, slots=True)
class Found:
    """What was asked, in words, and the answers, the soonest first. ``hospitals``: rows are keyed as places are."""

    words: str
    rows: tuple[Nearby, ...]
    hospitals: bool = False


def nearest(
    words: str, look: Look, placer: Any, target: tuple[float, float] | None = None, where: str = ""
) -> Found | str:
    """What is nearest, or a sentence that says why nobody can say.

    ``target`` (latitude, longitude) is another place than the scene, and ``where`` its words.
    """
    asked, _, place = (" ".join(words.split()) + " ").partition(" at ")
    kinds = asked.casefold().split()
    if not kinds:
        return USAGE
    if place.strip():
        try:
            location = read_point(place.strip(), look)
        except ValueError as error:
            return str(error)
        target, where = _point(location), place.strip()
        if target is None:
            return f"{where} is on no map here."
    if target is None:
        location = organisation(look.state).location
        target, where = (_point(location) if location.known else None), "the scene"
    if target is None:
        return NO_PLACE
    areas = None if placer is None else placer.areas(look.charter)
    if areas is None:
        return (placer.why(look.charter) if placer is not None else "") or NO_AREAS
    from incident import geography  # noqa: PLC0415 - it loads the geometry library

    if geography.metres_of(target) is None:
        return f"{where} is on no map here."
    try:
        return _found(kinds, look, areas, placer, target, where)
    except Exception:  # noqa: BLE001 - whatever a library makes of a place, a person asked and is answered
        return f"Nothing can be estimated from {where}."


def _found(
    kinds: list[str], look: Look, areas: Any, placer: Any, target: tuple[float, float], where: str
) -> Found:
    from incident import nearby  # noqa: PLC0415 - it loads the geometry library

    named = " ".join(kinds)
    if HOSPITAL_WORDS & set(kinds):
        wanted = next((kind.upper() for kind in kinds if kind in TYPES), "")
        priority = next((kind for kind in kinds if kind in PRIORITIES), "")
        rows = nearby.nearest_hospitals(look, areas, target, wanted, priority=priority, speeds=placer.speeds)
        return Found(f"{named} from {where}", rows, hospitals=True)
    rows = nearby.nearest_units(look, areas, target, named, speeds=placer.speeds)
    return Found(f"{named} from {where}", rows)


def _point(location: Any) -> tuple[float, float] | None:
    from incident import geography  # noqa: PLC0415 - it loads the geometry library

    try:
        found: tuple[float, float] | None = geography.completed(location).point
    except (ImportError, ValueError):
        return None
    return found


def sentences(found: Found) -> list[str]:
    """The answer as lines of text: what was asked, a sentence for each, and what an estimate is worth."""
    from incident import nearby  # noqa: PLC0415 - as above

    if not found.rows:
        return [f"Nearest {found.words}: nothing of that kind is known here."]
    return [f"Nearest {found.words}:", *(nearby.sentence(row) for row in found.rows), nearby.NOTE]
