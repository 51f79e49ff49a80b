"""A trust's file of areas, made into the areas of a deployment: read, understood, mended, and said what was done.

Which property of a feature names whose area it is can be said; a small file of codes maps its values to agencies.
Degrees (CRS84) and metres of the National Grid are understood. A file whose areas do not lie in the United Kingdom is
refused, most likely with latitude and longitude the wrong way round.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from incident.geography import AREAS_MAX, Area, Areas, AreaSet
from incident.interchange.geojson import (
    DEGREES,
    GRID,
    SYSTEMS,
    Found,
    Polygon,
    Read,
    read_features,
    shown,
    system,
)
from incident.interchange.mending import Mending
from incident.interchange.plain import PROBLEMS_MAX, refuse
from incident.kernel.checks import Check, ConfigError, Problem, mapping, nearest, nothing_or, parsed, text
from incident.kernel.text import clip, safe_text
from incident.placing import ACCURACY_MAX_M

ACCURACY_M: Final = 250
"""How far a line may lie from where it should, when nobody says."""
SIMPLIFY_M_MAX: Final = 5_000.0
CODES_OF: Final = ("agency", "code")
"""The properties that are looked for when none is named."""
Box = tuple[float, float, float, float]
"""West, south, east, north."""
KINGDOM: Final[Box] = (-9.5, 49.0, 3.0, 61.5)
"""Where areas may lie: the United Kingdom, its islands and its coast (degrees)."""
TURNED: Final[Box] = (49.0, -9.5, 61.5, 3.0)
"""The same with latitude before longitude: off Somalia."""
THE_GRID: Final[Box] = (-100_000, -100_000, 800_000, 1_400_000)
"""Where metres of the National Grid may lie."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """How a file is to be understood. ``codes`` maps what is in it to agencies, None leaves a feature out."""

    code: str = ""
    codes: Mapping[str, str | None] = field(default_factory=dict)
    name: str = ""
    accuracy_m: int | None = None
    crs: str = ""
    swap_axes: bool = False
    simplify_m: float = 0.0
    agreed: bool = False
    attribution: str = ""


@dataclass(frozen=True, slots=True)
class Imported:
    """The areas, and in plain sentences what was done to them and what was assumed."""

    areas: AreaSet
    notes: tuple[str, ...]
    corners: int


def codes_schema(agencies: Collection[str]) -> Check[dict[str, str | None]]:
    """A file of codes: what stands in the file of areas, and whose it is; nothing behind the colon leaves it out."""

    def known(code: str) -> str:
        if code not in agencies:
            raise ValueError(f"is '{code}', which is no agency of agencies.yaml{nearest(code, agencies)}")
        return code

    return mapping(nothing_or(parsed(text(12), known)), keys=text(120))


def import_areas(data: bytes, file: str, agencies: Collection[str], wanted: Wanted) -> Imported:
    """The areas of a file.

    Raises:
        ConfigError: with what is wrong with it; nothing else is ever raised, whatever the file holds.
    """
    notes: list[str] = []
    read = read_features(data, file)
    crs, read = _in_place(read, wanted, file, notes)
    grounds = _by_agency(read, wanted, agencies, file, notes)
    _tell_counts(read, notes)
    accuracy = _accuracy(read, wanted)
    mending = Mending(file, crs, accuracy)
    areas = mending.mended(grounds, wanted.simplify_m)
    notes += mending.notes
    if wanted.simplify_m:
        accuracy = min(ACCURACY_MAX_M, accuracy + math.ceil(wanted.simplify_m))
        notes.append(f"The lines are taken as good to {accuracy:,} m, the simplification included.")
    found = AreaSet(
        _name(read, wanted, file),
        accuracy,
        not wanted.agreed,
        _origin(read, wanted),
        tuple(Area(agency, polygons) for agency, polygons in areas.items()),
    )
    Areas(found, file)  # what it would refuse when it is used is refused now
    corners = sum(len(ring) for area in found.areas for polygon in area.polygons for ring in polygon)
    return Imported(found, tuple(notes), corners)


# -- where it lies --------------------------------------------------------------------------------------------


def _in_place(read: Read, wanted: Wanted, file: str, notes: list[str]) -> tuple[str, Read]:
    """The reference system that counts, and the features with their axes the right way round."""
    asked = ""
    if wanted.crs:
        asked = system(wanted.crs) or ""
        if not asked:
            known = ", ".join(SYSTEMS)
            refuse(file, f"cannot be read as {shown(wanted.crs)}: --crs is one of {known}")
    if asked and read.crs and asked != read.crs:
        notes.append(f"The file says that it is in {read.crs}; it was read as {asked}, as --crs says.")
    crs = asked or read.crs
    if wanted.swap_axes:
        read = _swapped(read)
        notes.append("The two numbers of each corner were swapped, as --swap-axes says.")
    box = _box(read.features)
    if box is None:
        return crs or DEGREES, read
    west, south, east, north = box
    grid_like = max(abs(west), abs(east)) > 180 or max(abs(south), abs(north)) > 180
    if crs != GRID and grid_like:
        refuse(
            file,
            f"holds numbers as large as {max(map(abs, box)):,.0f}, which are no degrees but look like grid metres. If "
            f"they are of the National Grid, say --crs {GRID}; else save the file as WGS 84",
        )
    if crs == GRID and not grid_like:
        refuse(file, f"is said to be in metres ({GRID}), and holds no number over 180: are these degrees?")
    if crs == GRID:
        if not lies_in(box, THE_GRID):
            refuse(file, f"lies outside the National Grid (eastings {west:,.0f} to {east:,.0f}, "
                         f"northings {south:,.0f} to {north:,.0f})")  # fmt: skip
        notes.append("Reprojected from the National Grid (EPSG:27700) to WGS 84.")
        return crs, read
    _in_the_kingdom(read.features, box, file)
    return DEGREES, read


def lies_in(box: Box, ground: Box) -> bool:
    """Whether a box lies in another."""
    return ground[0] <= box[0] and ground[1] <= box[1] and box[2] <= ground[2] and box[3] <= ground[3]


def _in_the_kingdom(features: Iterable[Found], box: Box, file: str) -> None:
    west, south, east, north = box
    if lies_in(box, TURNED):
        refuse(
            file,
            f"lies off Somalia, at longitudes {west:.1f} to {east:.1f} and latitudes {south:.1f} to {north:.1f}: "
            "latitude stands before longitude in it, and GeoJSON wants longitude first. If so, say --swap-axes",
        )
    if not lies_in(box, KINGDOM):
        outside = [
            str(one.number)
            for one in features
            if (own := _box([one])) and not lies_in(own, KINGDOM)
        ]  # fmt: skip
        few = ", ".join(outside[:10]) + (" …" if len(outside) > 10 else "")
        refuse(
            file,
            f"lies outside the United Kingdom, at longitudes {west:.1f} to {east:.1f} and latitudes {south:.1f} to "
            f"{north:.1f} (feature {few})",
        )


def _box(features: Iterable[Found]) -> Box | None:
    """(west, south, east, north) of all polygons, None without any."""
    corners = [corner for one in features for polygon in one.polygons for ring in polygon for corner in ring]
    if not corners:
        return None
    xs, ys = [x for x, _ in corners], [y for _, y in corners]
    return min(xs), min(ys), max(xs), max(ys)


def _swapped(read: Read) -> Read:
    turned = [
        Found(
            one.number,
            one.properties,
            tuple(tuple(tuple((y, x) for x, y in ring) for ring in polygon) for polygon in one.polygons),
            tuple((y, x) for x, y in one.points),
            one.lines,
            one.id,
        )
        for one in read.features
    ]
    return Read(turned, read.members, read.counts, read.crs)


# -- whose it is ----------------------------------------------------------------------------------------------


def _by_agency(
    read: Read, wanted: Wanted, agencies: Collection[str], file: str, notes: list[str]
) -> dict[str, list[tuple[int, tuple[Polygon, ...]]]]:
    """The polygons of each agency, in the order of the file.

    Raises:
        ConfigError: a feature has no code, a code is nobody's, or an agency has no ground.
    """
    code = _property(read, wanted, file, notes)
    written = [(one, _code(one.properties.get(code))) for one in read.features]
    _all_known(written, code, wanted, agencies, file)
    left_out: Counter[str] = Counter()
    made: dict[str, list[tuple[int, tuple[Polygon, ...]]]] = {}
    empty: dict[str, list[Found]] = {}
    for one, value in written:
        agency = wanted.codes.get(value, value)
        if agency is None:
            left_out[value] += 1
        elif one.polygons:
            made.setdefault(agency, []).append((one.number, one.polygons))
            if one.points or one.lines:
                notes.append(f"{agency}, feature {one.number}: its points and lines were left out.")
        else:
            empty.setdefault(agency, []).append(one)
    problems = [
        Problem(file, 0, agency, f"feature {one.number} ({agency}) {_no_ground(one)}")
        for agency, several in empty.items()
        for one in several
        if agency not in made or one.points or one.lines
    ]
    if problems or not made:
        raise ConfigError(problems[:PROBLEMS_MAX] or [Problem(file, 0, "", "holds no areas")])
    notes += [f"{agency}: {len(several)} features without any ground were left out."
              for agency, several in empty.items()]  # fmt: skip
    notes += [f"'{clip(safe_text(value), 60)}' was left out, as the file of codes says."
              for value in list(left_out)[:PROBLEMS_MAX]]  # fmt: skip
    if len(made) > AREAS_MAX:
        refuse(file, f"holds the areas of {len(made)} agencies, at most {AREAS_MAX} are kept")
    return made


def _no_ground(one: Found) -> str:
    if one.points or one.lines:
        return "is a point or a line, and an area needs a Polygon or a MultiPolygon"
    return "has no geometry, or one that encloses no ground"


def _property(read: Read, wanted: Wanted, file: str, notes: list[str]) -> str:
    """The property that names whose area a feature is."""
    names: Counter[str] = Counter(key for one in read.features for key in one.properties)
    if not read.features:
        refuse(file, "holds no features")
    if wanted.code:
        if wanted.code in names:
            return wanted.code
        refuse(file, f"has no property {shown(wanted.code)}. {_properties(names, len(read.features))}")
    for name in CODES_OF:
        if names[name] == len(read.features):
            notes.append(f"Whose area it is was read from the property '{name}'.")
            return name
    known = _properties(names, len(read.features))
    sentence = f"does not say whose areas these are: name the property with --code. {known}"
    raise ConfigError([Problem(file, 0, "", sentence)])


def _properties(names: Counter[str], total: int) -> str:
    if not names:
        return "Its features have no properties at all"
    each = [
        f"{clip(safe_text(name), 40)}" + ("" if count == total else f" (in {count:,} of {total:,})")
        for name, count in names.most_common(PROBLEMS_MAX)
    ]
    more = f" and {len(names) - PROBLEMS_MAX} more" if len(names) > PROBLEMS_MAX else ""
    return f"There are: {', '.join(each)}{more}"


def _code(value: Any) -> str:
    """A code as text: a number is its digits, anything else but text is none."""
    if isinstance(value, str):
        return value.strip()
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else ""


def _all_known(
    written: list[tuple[Found, str]],
    code: str,
    wanted: Wanted,
    agencies: Collection[str],
    file: str,
) -> None:
    property_ = f"'{clip(safe_text(code), 40)}'"
    without = [str(one.number) for one, value in written if not value]
    problems = []
    if without:
        few = ", ".join(without[:10]) + (" …" if len(without) > 10 else "")
        problems.append(Problem(file, 0, "", f"feature {few}: {property_} is no text, or is empty"))
    unknown = Counter(value for _, value in written if value and wanted.codes.get(value, value) not in
                      (*agencies, None))  # fmt: skip
    if unknown:
        each = [f"'{clip(safe_text(value), 60)}'{nearest(value, agencies).replace(';', ',')}"
                for value in list(unknown)[:PROBLEMS_MAX]]  # fmt: skip
        more = f" and {len(unknown) - PROBLEMS_MAX} more" if len(unknown) > PROBLEMS_MAX else ""
        first = clip(safe_text(next(iter(unknown))), 60)
        problems.append(
            Problem(
                file,
                0,
                "",
                f"these values of {property_} are no agencies of agencies.yaml: {'; '.join(each)}{more}. Say in a file "
                f"of codes for --map whose they are, one a line ({first}: LAS; nothing behind the colon leaves it out)",
            )
        )
    if problems:
        raise ConfigError(problems)


# -- what stands beside the areas -----------------------------------------------------------------------------


def _tell_counts(read: Read, notes: list[str]) -> None:
    for key, sentence in (
        ("heights", "The heights of {0:,} corners were left out."),
        ("closed", "{0:,} rings did not end where they begin, and were closed."),
        ("flat", "{0:,} rings with fewer than three corners were left out."),
    ):
        if count := read.counts[key]:
            notes.append(sentence.format(count))


def _accuracy(read: Read, wanted: Wanted) -> int:
    if wanted.accuracy_m is not None:
        return wanted.accuracy_m
    said = read.members.get("accuracy_m")
    return said if type(said) is int and 0 <= said <= ACCURACY_MAX_M else ACCURACY_M


def _name(read: Read, wanted: Wanted, file: str) -> str:
    said = read.members.get("name")
    stem = file.replace("\\", "/").rpartition("/")[2].rpartition(".")[0]
    written = (_line(one, 120) for one in (wanted.name, said, stem) if isinstance(one, str))
    return next(filter(None, written), "areas")


def _origin(read: Read, wanted: Wanted) -> str:
    """Whom the lines are from, and by which licence: as said, else as the file says of itself or of its features."""
    if wanted.attribution:
        return _line(wanted.attribution, 1_000)
    own = [read.members.get(key) for key in ("origin", "attribution", "source", "licence", "license")]
    each = [one.properties.get(key) for key in ("attribution", "source", "licence", "license")
            for one in read.features]  # fmt: skip
    said = [one for one in own if isinstance(one, str)] or [one for one in each if isinstance(one, str)]
    return _line(". ".join(dict.fromkeys(one.strip().rstrip(".") for one in said if one.strip())), 1_000)


def _line(words: str, most: int) -> str:
    """Safe text in one line, without blanks at its ends, which may have been something else before."""
    return clip(" ".join(safe_text(words).split()), most)
