"""Boundaries, what a person can do: proposing, agreeing, moving, with the grammar of each line."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from msgspec.structs import replace

from incident.boundaries.corners import CORNERS_SHAPE, WIDE_M, abroad, corners_in, middle, span_m
from incident.boundaries.facts import (
    CORDONS,
    KINDS,
    SCHEMES,
    TITLES,
    ZONES,
    Agree,
    Amend,
    Decline,
    Feature,
    Move,
    Propose,
    Review,
    Shape,
    Wind,
    Withdraw,
    words_of,
)
from incident.boundaries.wind import HALF_DEG, LENGTH_M, WIND_SHAPE, read_wind, with_wedge
from incident.gridpoint import from_reference
from incident.kernel.board import Arg, Look, Verb
from incident.values import Location, read_due
from incident.whereabouts import as_location, drawn_place

# -- verbs --------------------------------------------------------------------------------------------------


def _kinds(_look: Look, _row: Any) -> Sequence[tuple[str, str]]:
    return [(kind, TITLES.get(kind, words)) for kind, words in KINDS.items()]


def _schemes(_look: Look, _row: Any) -> Sequence[tuple[str, str]]:
    return tuple(SCHEMES.items())


def shape_of(
    values: Mapping[str, Any], kind: str, before: Shape | None = None, look: Look | None = None
) -> Shape:
    """The shape of the answers: its place, and a radius, corners or a wind; ``before`` is how it lay, when it moves.

    ``look`` is what a place is read by: names, callsigns, what lies on the ground.

    Raises:
        ValueError: the answers do not make a shape of this kind; the sentence says which is missing or wrong.
    """
    values = values if before is None else resized(values)
    written, corners = values.get("place"), values.get("polygon")
    place = as_location(written, look) if written else Location() if before is None else before.place
    text, blowing = _radius_or_wind(values, kind)
    radius = read_metres(text) if text else None
    wind = _wind(blowing, values, kind, radius, before)
    if wind is not None:
        if not place.known:
            raise ValueError("Say where the source is: a grid reference or latitude,longitude.")
        return with_wedge(Shape(with_point(drawn_place(place)), wind=wind))
    if corners:
        polygon, said = drawn_as(values)
        if said:  # it stands with the place for everybody who agrees to it
            place = replace(place, text=f"{place.text} ({said})" if place.text else said)
        if not written or not (place.grid or place.point):  # to be found by, on a list and a map
            lat, lon = middle(polygon)
            place = Location(place.text, lat=lat, lon=lon)
        return Shape(place, radius, polygon)
    if not place.known:
        raise ValueError(
            "Say where it is: words, a grid reference or latitude,longitude; or its corners, with semicolons between."
        )
    if before is not None and before.polygon and radius is None:
        raise ValueError(
            "Give its corners anew, or a radius: it has corners, and they do not move with the place."
        )
    if radius is not None and written:  # what was not typed now may stand in words, as it stood before
        place = drawn_place(place)
    elif radius is None and before is not None:
        radius = before.radius_m
    return Shape(place, radius)


def resized(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """The answers of a move: a length alone is no place but a radius, and it stays where it lies (``move B1 800m``)."""
    written = values.get("place")
    length = isinstance(written, str) and re.fullmatch(r"\s*\d+(\.\d+)?(m|km)\s*", written, re.IGNORECASE)
    if not length or values.get("radius") or values.get("polygon"):
        return values
    return {**values, "place": "", "radius": written}


def _radius_or_wind(values: Mapping[str, Any], kind: str) -> tuple[str, str]:
    """The radius and the wind as they are written; of a wind sector both may stand in one field: SW 2km."""
    text, wind = str(values.get("radius") or "").strip().lower(), str(values.get("wind") or "").strip()
    if kind != "wind" or wind:
        return text, wind
    words = text.removeprefix("from ").split()
    lengths = [word for word in words if re.fullmatch(r"[-+]?\d+(\.\d+)?(m|km)", word)]
    return " ".join(lengths), " ".join(word for word in words if word not in lengths)


def drawn_as(values: Mapping[str, Any]) -> tuple[tuple[tuple[float, float], ...], str]:
    """The corners, as they are typed or as a map gives them, and what must be said of how they were read.

    ``wide`` behind them says that so much is meant, or so far away.

    Raises:
        ValueError: they make no ground, or more of it than is usual and nobody has said that it is meant.
    """
    written, meant = values["polygon"], bool(values.get("wide"))
    if isinstance(written, str):
        text = re.sub(r"[\s;]*\bwide$", "", written.strip(), flags=re.IGNORECASE)
        written, meant = text, meant or text != written.strip()
    polygon, said = corners_in(written)
    wide = span_m(polygon)
    if wide > WIDE_M and not meant:
        raise ValueError(
            f"It is {wide / 1000:.0f} km across. If that is meant, write wide behind its corners, or wide=yes."
        )
    if abroad(polygon) and not meant:
        lat, lon = middle(polygon)
        raise ValueError(
            f"It lies at latitude {lat:g}, longitude {lon:g}, far from this country. If that is meant, write wide "
            "behind its corners, or wide=yes; a corner is latitude first."
        )
    return polygon, said


def with_point(place: Location) -> Location:
    """A place with a point, where a grid reference alone is given."""
    if place.point is not None or not place.grid:
        return place
    lat, lon = from_reference(place.grid)
    return replace(place, lat=round(lat, 5), lon=round(lon, 5))


def _wind(
    written: str, values: Mapping[str, Any], kind: str, radius: float | None, before: Shape | None
) -> Wind | None:
    """The wind of a wind sector; its length is what else is a radius."""
    if kind != "wind":
        if written:
            raise ValueError(f"Only a wind sector has a wind, not {words_of(kind)}.")
        return None
    old = None if before is None else before.wind
    if not written and values.get("polygon"):
        return None  # drawn by hand, or after a forecast of the plume
    if not written and old is None:
        raise ValueError(
            f"{words_of(kind, 'A')} needs where the wind comes from, such as SW or 225. Typed in one line: "
            "propose wind PLACE from SW 2km."
        )
    half = str(values.get("half") or "").strip().rstrip("°")
    if half and not (half.isdigit() and 5 <= int(half) <= 90):
        raise ValueError("Half the angle of a wind sector is from 5 to 90 degrees.")
    usual = (HALF_DEG, LENGTH_M) if old is None else (old.half_deg, old.length_m)
    degrees = read_wind(written) if written else 0 if old is None else old.from_deg
    return Wind(degrees, int(half) if half else usual[0], radius or usual[1])


def read_metres(text: str) -> float:
    """Metres from "500m", "1.5km" or a bare number of metres.

    Raises:
        ValueError: it is no distance, or more than 50 km.
    """
    number, factor = text, 1.0
    if text.endswith("km"):
        number, factor = text[:-2], 1000.0
    elif text.endswith("m"):
        number = text[:-1]
    try:
        metres = float(number) * factor
    except ValueError:
        raise ValueError(f"{text!r} is not a distance. Write 500m or 1.5km.") from None
    if not 0 < metres <= 50_000:
        raise ValueError(
            f"{text} cannot be a radius: it is more than 0 and at most 50 km. Write 500m or 1.5km."
        )
    return metres


def _due(values: Mapping[str, Any], look: Look) -> int | None:
    text = str(values.get("review") or "").strip()
    return read_due(text, look.now, look.offset_minutes) if text else None


def _propose(_row: Any, values: Mapping[str, Any], look: Look) -> Propose:
    kind = values["kind"]
    scheme: Any = values.get("scheme") or ""
    words = words_of(kind, "A")
    if kind in ZONES and not scheme:
        raise ValueError(
            f"{words} needs its scheme: plato, cbrn, fire or other. Typed in one line it stands last: "
            f"propose {kind.partition('_')[0]} PLACE fire."
        )
    if kind in CORDONS and not values.get("radius") and not values.get("polygon"):
        raise ValueError(
            f"{words} needs a radius, such as 500m, or its corners. Typed in one line it stands behind the place: "
            f"propose {kind.partition('_')[0]} PLACE 500m."
        )
    shape = shape_of(values, kind, look=look)
    return Propose(
        kind, shape, values.get("name") or "", scheme, values.get("note") or "", _due(values, look)
    )


def _live(feature: Feature, _look: Look) -> bool:
    return feature.withdrawn_at is None


def _own(feature: Feature, look: Look) -> bool:
    return _live(feature, look) and look.me is not None and feature.owner == look.me.agency


def _others(feature: Feature, look: Look) -> bool:
    return _live(feature, look) and look.me is not None and feature.owner != look.me.agency


def _undecided(feature: Feature, look: Look) -> bool:
    answer = feature.answers.get(look.me.agency) if look.me is not None else None
    return _live(feature, look) and (answer is None or not answer.agreed)


_PLACE = Arg("place", "Where (grid, lat,long, a name, at A101, words)", "location", False, limit=200)
_RADIUS = Arg(
    "radius", "Radius, or wind (500m; SW 2km)", "text", False, limit=20, shape=r"[-+]?\d+(\.\d+)?(m|km)?"
)
CORNERS = Arg(
    "polygon",
    "Or its corners (A; B; C)",
    "text",
    False,
    limit=40_000,
    shape=CORNERS_SHAPE,
    help="Grid references or lat,long, three or more, in the order in which one walks round.",
)
_WIND = Arg("wind", "Wind from (SW, 225)", "text", False, limit=20, shape=WIND_SHAPE, hidden=True)
"""On a line it stands anywhere: from SW. In a form it is written where a radius would be."""
_HALF = Arg("half", "Half angle (30)", "text", False, limit=3, shape=r"\d{1,2}°", hidden=True)
_WIDE = Arg("wide", "Over 50 km, or abroad, is meant", "flag", False, hidden=True)
_REVIEW = Arg("review", "Review due (30m or 14:50)", "time", required=False)

VERBS: Final = (
    Verb(
        "propose",
        "Propose",
        "propose",
        Propose,
        _propose,
        key="p",
        row=False,
        args=(
            Arg("kind", "What", "choice", True, _kinds),
            _PLACE,
            _RADIUS,
            Arg("name", "Name (blank: the next letter)", "text", required=False, limit=80),
            Arg("scheme", "Scheme (zones only)", "choice", False, _schemes),
            _REVIEW,
            CORNERS,
            _WIND,
            Arg("note", "Note", "text", required=False, limit=1000),
            _HALF,
            _WIDE,
        ),
        example='propose rvp "Colnbrook by-pass TQ 0227 7759"',
        help="Every party is asked; yours counts as agreed. A zone ends in its scheme: propose hot PLACE fire. A wind "
        "sector says where the wind comes from: propose wind TQ 0402 7829 from SW 2km.",
    ),
    Verb(
        "agree",
        "Agree",
        "agree",
        Agree,
        lambda feature, _v, _l: Agree(feature.id),
        key="y",
        applies=_undecided,
        example='agree "RVP B"',
    ),
    Verb(
        "decline",
        "Do not agree",
        "disagree",
        Decline,
        lambda feature, v, _l: Decline(feature.id, v["reason"]),
        key="x",
        args=(Arg("reason", "Reason", "text", rest=True),),
        applies=_others,
        example='disagree "RVP A" "downwind of the spill"',
    ),
    Verb(
        "move",
        "Move",
        "move",
        Move,
        lambda feature, v, look: Move(
            feature.id, shape_of(v, feature.kind, feature.shape, look), v.get("reason") or ""
        ),
        key="o",
        args=(
            _PLACE,
            _RADIUS,
            CORNERS,
            _WIND,
            _HALF,
            Arg("reason", "Reason", "text", required=False),
            _WIDE,
        ),
        applies=_own,
        example='move "RVP B" "TQ 0230 7760"',
        help="Every other agency is asked anew.",
    ),
    Verb(
        "review",
        "Reviewed, it stands",
        "review",
        Review,
        lambda feature, v, look: Review(feature.id, _due(v, look), v.get("note") or ""),
        key="v",
        args=(_REVIEW, Arg("note", "Note", "text", required=False)),
        applies=_live,
        example='review "RVP B" 30m',
    ),
    Verb(
        "amend",
        "Rename, note",
        "rename",
        Amend,
        lambda feature, v, _l: Amend(feature.id, v.get("name") or None, v.get("note") or None),
        key="e",
        args=(
            Arg("name", "Name", "text", False, default=lambda _l, f: f.name, limit=80),
            Arg("note", "Note", "text", False, default=lambda _l, f: f.note, limit=1000),
        ),
        applies=_own,
        example='rename "RVP B" "RVP Colnbrook"',
    ),
    Verb(
        "withdraw",
        "Withdraw",
        "withdraw",
        Withdraw,
        lambda feature, v, _l: Withdraw(feature.id, v.get("reason") or ""),
        key="X",
        args=(Arg("reason", "Reason", "text", required=False, rest=True),),
        applies=_own,
        example='withdraw "RVP B"',
    ),
)
