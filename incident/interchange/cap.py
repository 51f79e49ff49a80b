"""CAP 1.2 (OASIS), for systems that take alerts: each thing on the ground as an area, by circle and by polygon.

The two classic mistakes are latitude and longitude the wrong way round, and metres: here latitude stands first, and a
circle has kilometres. Circles are shown by few programs, so each has its polygon beside it.
"""

from __future__ import annotations

import re
from typing import Final
from xml.etree import ElementTree as ET

from incident.interchange.drawing import Drawing, Drawn, closed, iso_utc
from incident.interchange.markup import write_xml

NAMESPACE: Final = "urn:oasis:names:tc:emergency:cap:1.2"
_NOT_PLAIN: Final = re.compile(r"[^A-Za-z0-9._-]+")


def written(drawing: Drawing) -> str:
    """The file: one alert, restricted to the agencies of the incident."""
    root = ET.Element("alert", {"xmlns": NAMESPACE})
    sent = f"{iso_utc(drawing.at)[:19]}-00:00"  # CAP writes UTC so, never Z
    for tag, text in (
        ("identifier", f"{_NOT_PLAIN.sub('-', drawing.stream).strip('-') or 'incident'}.{drawing.at}"),
        ("sender", drawing.agency or "unknown"),
        ("sent", sent),
        ("status", "Exercise" if drawing.exercise else "Actual"),
        ("msgType", "Alert"),
        ("scope", "Restricted"),
        ("restriction", "Agencies that are party to this incident"),
        ("note", drawing.foot),
    ):
        ET.SubElement(root, tag).text = text
    info = ET.SubElement(root, "info")
    exercise = "EXERCISE EXERCISE EXERCISE " if drawing.exercise else ""
    for tag, text in (
        ("language", "en-GB"),
        ("category", "Safety"),
        ("event", "Ambulance incident"),
        ("urgency", "Immediate"),
        ("severity", "Unknown"),
        ("certainty", "Observed"),
        ("senderName", drawing.agency or "unknown"),
        ("headline", f"{exercise}{drawing.title} {drawing.number}".strip()),
        ("description", "What is drawn on the ground. A proposal binds nobody until it is agreed."),
    ):
        ET.SubElement(info, tag).text = text
    for one in drawing.features:
        _area(info, one)
    return write_xml(root)


def _area(info: ET.Element, one: Drawn) -> None:
    area = ET.SubElement(info, "area")
    ET.SubElement(area, "areaDesc").text = f"{one.name}. {one.words}" if one.words else one.name
    if one.ground:
        corners = " ".join(f"{lat:.6f},{lon:.6f}" for lat, lon in closed(one.ground))
        ET.SubElement(area, "polygon").text = corners
    if one.point is not None and not one.ring:
        lat, lon = one.point
        ET.SubElement(area, "circle").text = f"{lat:.6f},{lon:.6f} {_km(one.radius_m or 0)}"
    geocode = ET.SubElement(area, "geocode")
    ET.SubElement(geocode, "valueName").text = "incident:kind"
    ET.SubElement(geocode, "value").text = one.kind


def _km(metres: float) -> str:
    """Metres as kilometres in plain decimals, to the metre: 0.5, 12.345."""
    return f"{metres / 1000:.3f}".rstrip("0").rstrip(".")
