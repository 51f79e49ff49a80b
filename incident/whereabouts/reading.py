"""A place from what a person typed, and from what is known: the one reader for forms, command line and headless.

Pure: nothing is computed from a map here, so a place has the grid reference or the position that was given, and the
other half is completed by the desk before it is sent. What cannot be meant is refused with a sentence that says
what would be accepted; words that name nothing known stay words, since a first caller has no grid reference.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from msgspec.structs import replace

from incident.kernel.board import Look
from incident.kernel.text import clip, safe_text
from incident.values import LOCATION_MAX, Location, direction_in, short_callsign
from incident.whereabouts.coordinates import coordinates_in
from incident.whereabouts.gazetteer import Named, folded
from incident.whereabouts.grids import grid_in
from incident.whereabouts.known import STATION, Known, Several, known_of, location_of
from incident.whereabouts.lines import flagged, rail_in, road_in, three_words_in

_POINTS: Final = (
    "a grid reference (TQ 0402 7829), latitude and longitude (51.494,-0.503), a hospital, station or place by name, "
    "where a unit is (at A101), "
)
ACCEPTED: Final = (
    f"{_POINTS}the scene, a road with its marker post and direction (M4 12/3A westbound), or words"
)
POINTS: Final = f"{_POINTS}or the scene"
"""What gives a point, as it is said where one is needed."""
EMPTY: Final = f"Say where it is: {ACCEPTED}."
SHOWN: Final = 60
NO_POINT: Final = "No point is known: ask for a grid reference."
NO_SCENE: Final = "Kept as words: the incident has no point yet. Give it one first: location TQ 0402 7829."
TWO_SCENES: Final = "Two places are given for the scene and nobody has picked one: this is the first of them."

_EDGES = " \t,;:-–"
_HOLLOW = re.compile(r"\(\s*\)|\[\s*\]")
_AT = re.compile(r"at ", re.IGNORECASE)
_SCENE = re.compile(r"(?:(?:at|on) )?(?:the )?scene(?P<behind>\s*,[^:]*)?(?::(?P<tail>.*))?", re.IGNORECASE)
_UNIT = re.compile(r"(?:(?P<trust>[A-Z][A-Z0-9]{1,11})/)?(?P<callsign>[A-Z]{1,3}[0-9]{1,4})", re.IGNORECASE)
_DIRECTION_END = re.compile(
    r"[ ,]+(?P<way>northbound|southbound|eastbound|westbound|anti-?clockwise|clockwise|both directions|NB|SB|EB|WB)$",
    re.IGNORECASE,
)
_LETTER = re.compile(r"[^\W_]")


@dataclass(frozen=True, slots=True)
class Reading:
    """How a text was understood. ``how`` says it in words; ``warn`` is what a person must be told beside it."""

    location: Location
    how: str
    warn: str = ""


def read(written: str, known: Known | None = None, *, offer: bool = True) -> Reading:
    """The place that a text means, and how it was understood; with ``offer``, the nearest names to one that is none.

    Raises:
        ValueError: it cannot be meant; a plain sentence.
    """
    known = Known() if known is None else known
    text = " ".join(written.split())
    if not text:
        raise ValueError(EMPTY)
    if len(text) > LOCATION_MAX:
        raise ValueError(f"A location may have {LOCATION_MAX} characters, and these are {len(text)}.")
    three = three_words_in(text)
    if three is not None:
        return _three_words(*three)
    pointed = _pointed(text)
    if pointed is not None:
        return pointed
    if not _LETTER.search(text):
        raise ValueError(f"{clip(safe_text(text), SHOWN)} is no place. Write {ACCEPTED}.")
    return (
        _scene(text, known)
        or _unit(text, known)
        or _line(text, known)
        or _name(text, known)
        or _words(text, known if offer else Known())
    )


def as_location(answer: object, look: Look | None = None) -> Location:
    """The answer to an argument of kind ``location``: read already, or still as typed, with all that a seat knows.

    Raises:
        ValueError: as ``read``.
    """
    return answer if isinstance(answer, Location) else read(str(answer), known_of(look), offer=False).location


def read_point(written: str, look: Look | None = None) -> Location:
    """As ``read_pointed``, without how it was understood."""
    return read_pointed(written, look).location


def read_pointed(written: str, look: Look | None = None) -> Reading:
    """As ``read``, for what needs a point or a grid reference, such as a map that is to go there.

    Raises:
        ValueError: as ``read``, and for words that give no point.
    """
    found = read(written, known_of(look))
    if found.location.point is None and not found.location.grid:
        raise ValueError(
            f"Nothing gives a point for {clip(safe_text(found.location.text), SHOWN)}. {found.warn}".strip()
        )
    return found


def drawn_place(answer: object, look: Look | None = None) -> Location:
    """As ``as_location``, for what is drawn around its place.

    Raises:
        ValueError: as ``read``, and where nothing gives a point; the sentence says what would.
    """
    place = as_location(answer, look)
    if place.point is None and not place.grid:
        named = clip(safe_text(place.text), SHOWN)
        which = (
            "the incident has no point yet"
            if _SCENE.fullmatch(place.text)
            else f"nothing gives one for {named}"
        )
        raise ValueError(f"It is drawn around a point, and {which}. Write {POINTS}.")
    return place


# -- a point in it --------------------------------------------------------------------------------------------


def _pointed(text: str) -> Reading | None:
    """A position, a grid reference, or both, with the words around them."""
    lat, lon, rest, said = None, None, text, ""
    point = coordinates_in(text)
    if point is not None:
        lat, lon, rest, said = point
    grid, rest = grid_in(" ".join(rest.split())) if rest.strip() else ("", "")
    if not grid and point is None:
        return None
    words = " ".join(_HOLLOW.sub(" ", rest).split()).strip(_EDGES)
    how = " and ".join(filter(None, ("grid reference" if grid else "", "position" if point else "")))
    return Reading(_located(Location(text=words, grid=grid, lat=lat, lon=lon)), how, said)


def _located(place: Location) -> Location:
    """With the direction that its words name."""
    road = road_in(place.text)
    direction = direction_in(place.text) or (road.direction if road is not None else "")
    return replace(place, direction=direction)


def _three_words(words: str, around: str) -> Reading:
    pointed = _pointed(around) if around else None
    if pointed is not None:  # somebody has asked already: they are no longer unresolved
        place = pointed.location
        return Reading(
            replace(place, text=_bounded(f"{place.text} {words}".strip())), pointed.how, pointed.warn
        )
    text = _bounded(f"{around} {flagged(words)}".strip())
    warn = "Three words are kept as text, nobody here can look them up: obtain a grid reference."
    return Reading(_located(Location(text=text)), "what3words", warn)


def _bounded(text: str) -> str:
    if len(text) > LOCATION_MAX:
        raise ValueError(f"A location may have {LOCATION_MAX} characters.")
    return text


# -- what is known of it --------------------------------------------------------------------------------------


def _scene(text: str, known: Known) -> Reading | None:
    """The incident's own location, by the word for it; further words may stand behind a comma or a colon.

    Behind a colon the place's own words are written here, and only those are written anew: all else a person said.
    """
    found = _SCENE.fullmatch(text)
    if found is None:
        return None
    scene, behind = known.scene, found["behind"] or ""
    if scene is None:
        return Reading(_located(Location(text=text)), "words", NO_SCENE)
    named, tail = f"the scene{behind.rstrip(_EDGES)}", (found["tail"] or "").strip()
    said = scene.text.removeprefix("the scene").lstrip(":, ")
    words = clip(f"{named}: {said}" if said else named, LOCATION_MAX)
    if tail and tail.casefold() != words.removeprefix(f"{named}:").strip().casefold():
        own = f"{named}: {tail}"
        words = own if len(own) <= LOCATION_MAX else text
    warn = TWO_SCENES if known.two_scenes else ""
    place = replace(scene, text=words, confirmed=False)
    return Reading(place, "the incident's own place", warn)


def _unit(text: str, known: Known) -> Reading | None:
    """Where a unit is: "at A101", "SCAS/A204", "H01"; a bare A101 is a road."""
    at = _AT.match(text)
    callsign = text[at.end() :] if at else text
    found = _UNIT.fullmatch(callsign)
    trust = "" if found is None or not found["trust"] else found["trust"].upper()
    road = road_in(callsign) is not None
    key = known.unit_key(callsign) if at or trust or not road else None
    if key is not None:
        return _at_unit(key, known)
    near = known.near_units(callsign) if at else ()
    if found is None or not (near or (trust and known.has_trust(trust))):
        return None
    offered = f" Did you mean {' or '.join(near)}?" if near else ""
    instead = f" For the road write {callsign}." if road else ""
    raise ValueError(f"No unit {clip(safe_text(callsign.upper()), SHOWN)} is known here.{offered}{instead}")


def _at_unit(key: str, known: Known) -> Reading:
    stated = known.stated(key)
    name = short_callsign(key, known.home)
    if stated is None:
        raise ValueError(f"Nothing says where {name} is: no place was given for it, and it has no station.")
    place, by = stated
    said = place.text or place.grid
    text = _bounded(f"at {key}, {by}: {said}" if said else f"at {key}, {by}")
    doing = known.doing(key)
    warn = f"{name} ({doing}): its station, not where it was seen." if by == STATION else ""
    return Reading(replace(place, text=text, confirmed=False), f"{name}, {by}", warn)


def _name(text: str, known: Known) -> Reading | None:
    """A hospital, a station, a town, a feature on the ground; a direction or further words may stand behind it."""
    place = _AT.sub("", text, count=1) if _AT.match(text) else text
    ended = _DIRECTION_END.search(place)
    head = place if ended is None else place[: ended.start()]
    way = "" if ended is None else f" {ended['way']}"
    try:
        named, behind = known.meant(head), way
    except (
        Several
    ) as which:  # an observation is recorded as it was said, and which one it may be is asked beside it
        return Reading(_located(Location(text=text)), "words", f"Kept as words, no point is known. {which}")
    if named is None and "," in head:
        first, _, more = head.partition(",")
        named, behind = _exactly(first, known), f", {more.strip()}{way}"
    if named is None:
        return None
    how = named.kind if folded(head) == folded(named.name) else f"{named.name}, {named.kind}"
    return Reading(_located(location_of(named, behind)), how)


def _exactly(text: str, known: Known) -> Named | None:
    """A name that is written out, with more words behind it: one without its kind is somebody's own words there."""
    try:
        named = known.meant(text)
    except Several:
        return None
    exact = named is not None and folded(text) in map(folded, named.spellings)
    return named if exact else None


def _line(text: str, known: Known) -> Reading | None:
    """A road or a railway: a junction whose position is known has one, all else is kept as text with its direction.

    A name that is written out wins, and may begin as a road does: "A4 depot".
    """
    found = rail_in(text) or road_in(text)
    if found is None:
        return None
    only = not _LETTER.search(_DIRECTION_END.sub("", f" {found.rest.strip()}"))
    named = _exactly(found.junction, known) if found.junction and only else None
    if named is not None:
        located = replace(location_of(replace(named, name=text)), direction=found.direction)
        return Reading(located, found.words)
    if (named := _exactly(text, known)) is not None:
        return Reading(_located(location_of(named)), named.kind)
    return Reading(Location(text=text, direction=found.direction), found.words, NO_POINT)


def _words(text: str, known: Known) -> Reading:
    near = known.nearest(text)
    offered = f" Did you mean {_either(near)}?" if near else ""
    warn = f"Kept as words, no point is known.{offered}"
    return Reading(_located(Location(text=text)), "words", warn)


def _either(names: tuple[str, ...]) -> str:
    """Names as they are offered."""
    return f"{', '.join(names[:-1])} or {names[-1]}" if len(names) > 2 else " or ".join(names)
