"""``nearest hart``, ``nearest hospital p1``: what could be there soonest, for the screen and for the headless mode.

The answer is an estimate (``incident.nearby``): a straight line and the detour of roads, with a range of minutes, on
either side of the border. It is asked from the scene, or from a place behind ``at``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from incident.kernel.board import Look
from incident.kernel.text import clip, safe_text
from incident.organisation import charter_of, organisation
from incident.whereabouts import read_pointed
from incident_tui.nearest import near, offer

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
    warnings: tuple[str, ...] = ()
    """What must be said of how the place was read."""


def nearest(
    words: str, look: Look, placer: Any, target: tuple[float, float] | None = None, where: str = ""
) -> Found | str:
    """What is nearest, or a sentence that says why nobody can say.

    ``target`` (latitude, longitude) is another place than the scene, and ``where`` its words.
    """
    asked, _, place = (" ".join(words.split()) + " ").partition(" at ")
    kinds = asked.casefold().split()
    warnings: tuple[str, ...] = ()
    if not kinds:
        return USAGE
    if place.strip():
        try:
            read = read_pointed(place.strip(), look)
        except ValueError as error:
            return str(error)
        target, where = _point(read.location), place.strip()
        warnings = (read.warn,) if read.warn else ()
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
        found = _found(kinds, look, areas, placer, target, where)
    except Exception:  # noqa: BLE001 - whatever a library makes of a place, a person asked and is answered
        return f"Nothing can be estimated from {where}."
    if not found.rows and not found.hospitals and (wrong := _no_kind(" ".join(kinds), look)):
        return wrong
    return replace(found, warnings=warnings)


KINDS_SHOWN: Final = 40
LIKE: Final = 0.7
"""From so much likeness on a kind is offered for a word: bus is not what was meant by usar."""


def _no_kind(named: str, look: Look) -> str:
    """What there is instead of a kind that nobody knows, as a sentence; "" for one that is known."""
    from incident import nearby  # noqa: PLC0415 - it loads the geometry library

    known = nearby.kinds_known(look)
    if named in known:
        return ""
    codes = [kind.casefold() for kind in charter_of(look.state).kinds][:KINDS_SHOWN]
    hint = offer(near(named, (*known, *sorted(HOSPITAL_WORDS)), cutoff=LIKE))
    what = clip(safe_text(named), 40)
    some = f" There are: hospital, {', '.join(codes)}."
    return f"No kind of unit is called {what}, and no unit that is known here can do it.{hint or some}"


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
