"""KML 2.2: a drawing written for Google Earth, WinTAK and police systems, and placemarks read back.

Longitude before latitude, colours as alpha, blue, green, red. Read with no document type, no entities, and nothing
fetched: what a file links to is not followed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final
from xml.etree import ElementTree as ET

from incident.interchange.drawing import SCENE, Drawing, Drawn, LatLon, closed, iso_utc
from incident.interchange.markup import child, children, local, read_xml, text_in, write_xml
from incident.interchange.plain import refuse
from incident.kernel.text import clip, safe_text

NAMESPACE: Final = "http://www.opengis.net/kml/2.2"
PREFIX: Final = "incident:"

COLOURS: Final = {
    "hot_zone": "ff0000ff", "warm_zone": "ff00a5ff", "cold_zone": "ffffa500", "inner_cordon": "ff0000cc",
    "outer_cordon": "ff009edf", "traffic_cordon": "ff00ffff", "sector": "ffcccccc", "wind": "ff7f00ff",
    SCENE: "ff0000ff",
}  # fmt: skip
"""Of lines, by kind: aabbggrr."""
COLOUR: Final = "ffb27200"
FILL: Final = "40"
"""The alpha of what is filled."""


# -- written --------------------------------------------------------------------------------------------------


def written(drawing: Drawing) -> str:
    """The file."""
    root = ET.Element("kml", {"xmlns": NAMESPACE})
    document = ET.SubElement(root, "Document")
    _text(
        document, "name", f"{'EXERCISE ' if drawing.exercise else ''}{drawing.title} {drawing.number}".strip()
    )
    _text(document, "description", drawing.foot)
    for kind in sorted({one.kind for one in drawing.features}):
        style = ET.SubElement(document, "Style", {"id": kind})
        colour = COLOURS.get(kind, COLOUR)
        _text(ET.SubElement(style, "IconStyle"), "color", colour)
        line = ET.SubElement(style, "LineStyle")
        _text(line, "color", colour)
        _text(line, "width", "2")
        _text(ET.SubElement(style, "PolyStyle"), "color", FILL + colour[2:])
    for one in drawing.features:
        _placemark(document, one)
    return write_xml(root)


def _placemark(document: ET.Element, one: Drawn) -> None:
    mark = ET.SubElement(document, "Placemark", {"id": f"f-{one.id.replace('/', '-')}"})
    _text(mark, "name", one.name)
    _text(mark, "description", one.words)
    _text(mark, "styleUrl", f"#{one.kind}")
    data = ET.SubElement(mark, "ExtendedData")
    for key, value in (
        ("id", one.id),
        ("kind", one.kind),
        ("owner", one.owner),
        ("agreement", one.agreement),
        ("scheme", one.scheme),
        ("note", one.note),
        ("review", "" if one.review is None else iso_utc(one.review)),
        ("radius_m", "" if one.radius_m is None else f"{one.radius_m:.15g}"),
    ):
        if value:
            entry = ET.SubElement(data, "Data", {"name": PREFIX + key})
            _text(entry, "value", value)
    into = mark if one.ring or not one.ground else ET.SubElement(mark, "MultiGeometry")
    if one.point is not None and not one.ring:
        _text(ET.SubElement(into, "Point"), "coordinates", _coordinates((one.point,)))
    if one.ground:
        outer = ET.SubElement(ET.SubElement(into, "Polygon"), "outerBoundaryIs")
        _text(ET.SubElement(outer, "LinearRing"), "coordinates", _coordinates(closed(one.ground)))


def _text(into: ET.Element, tag: str, text: str) -> None:
    ET.SubElement(into, tag).text = text


def _coordinates(corners: tuple[LatLon, ...]) -> str:
    return " ".join(f"{lon:.7f},{lat:.7f}" for lat, lon in corners)


# -- read -----------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Placemark:
    """One placemark: its words, its data, and rings and points of (longitude, latitude)."""

    name: str
    description: str
    data: dict[str, str]
    points: list[tuple[float, float]] = field(default_factory=list)
    rings: list[tuple[tuple[float, float], ...]] = field(default_factory=list)


def read_placemarks(data: bytes, file: str, most: int) -> tuple[list[Placemark], Counter[str]]:
    """The placemarks of a file, and how many holes, heights, lines, links and pictures were left out.

    Raises:
        ConfigError: it is no KML, or one of its coordinates is none.
    """
    root = read_xml(data, file)
    if local(root.tag) != "kml":
        refuse(file, f"is XML and no KML: its outermost element is '{clip(safe_text(local(root.tag)), 40)}'")
    counts: Counter[str] = Counter()
    made: list[Placemark] = []
    for element in root.iter():
        name = local(element.tag)
        if name in ("NetworkLink", "GroundOverlay", "PhotoOverlay", "ScreenOverlay"):
            counts["links"] += 1
        if name != "Placemark":
            continue
        if len(made) >= most:
            refuse(file, f"has more than {most} placemarks: at most {most} are taken at once")
        made.append(_read(element, file, len(made) + 1, counts))
    return made, counts


def _read(element: ET.Element, file: str, number: int, counts: Counter[str]) -> Placemark:
    mark = Placemark(text_in(element, "name"), text_in(element, "description"), dict(_data(element)))
    where = f"placemark {number}" + (f" ({clip(safe_text(mark.name), 40)})" if mark.name else "")
    for shape in element.iter():
        match local(shape.tag):
            case "Point":
                mark.points += _numbers(text_in(shape, "coordinates"), file, where, counts)[:1]
            case "Polygon":
                outer = child(shape, "outerBoundaryIs")
                ring = None if outer is None else child(outer, "LinearRing")
                corners = [] if ring is None else _numbers(text_in(ring, "coordinates"), file, where, counts)
                mark.rings.append(tuple(corners))
                counts["holes"] += len(children(shape, "innerBoundaryIs"))
            case "LineString" | "Track" | "Model":
                counts["lines"] += 1
    return mark


def _data(element: ET.Element) -> Iterator[tuple[str, str]]:
    for entry in element.iter():
        match local(entry.tag):
            case "Data":
                yield entry.get("name", ""), text_in(entry, "value")
            case "SimpleData":
                yield entry.get("name", ""), (entry.text or "").strip()


def _numbers(text: str, file: str, where: str, counts: Counter[str]) -> list[tuple[float, float]]:
    made = []
    for corner in text.split():
        parts = corner.split(",")
        try:
            lon, lat = float(parts[0]), float(parts[1])
        except (ValueError, IndexError):
            shown = clip(safe_text(corner), 40)
            refuse(file, f"{where} has '{shown}' where longitude,latitude should stand", where)
        if not (abs(lon) <= 180 and abs(lat) <= 90):  # NaN is refused here, too
            refuse(file, f"{where} has {lon:g},{lat:g}, which is no longitude and latitude in degrees", where)
        if len(parts) > 2 and parts[2].strip("0."):  # many programs write a height of 0 that nobody meant
            counts["heights"] += 1
        made.append((lon, lat))
    return made
