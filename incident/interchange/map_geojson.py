"""A drawing as GeoJSON (RFC 7946): longitude before latitude, outer rings against the clock, ids that stay.

A circle is a point with ``radius_m`` and, as a feature of its own, a polygon that says whose twin it is: programs that
know no circles show that one. Our own properties begin with ``incident:``; ``name`` and ``description`` are common.
"""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec

from incident.interchange.drawing import SCENE, Drawing, Drawn, LatLon, closed, iso_utc

PREFIX: Final = "incident:"
TWIN: Final = f"{PREFIX}twin_of"
_MARKUP: Final = re.compile("[<>&]")


def written(drawing: Drawing) -> str:
    """The file."""
    features = [feature for one in drawing.features for feature in _features(one)]
    whole: dict[str, Any] = {
        "type": "FeatureCollection",
        "name": f"{'EXERCISE ' if drawing.exercise else ''}{drawing.title} {drawing.number}".strip(),
        f"{PREFIX}mode": drawing.mode,
        f"{PREFIX}number": drawing.number,
        f"{PREFIX}written": iso_utc(drawing.at),
        f"{PREFIX}foot": drawing.foot,
    }
    boxes = [one["bbox"] for one in features if "bbox" in one]
    if boxes:
        whole["bbox"] = [
            min(box[0] for box in boxes), min(box[1] for box in boxes),
            max(box[2] for box in boxes), max(box[3] for box in boxes),
        ]  # fmt: skip
    lines = [f"{_json(key)}: {_json(value)}" for key, value in whole.items()]
    each = ",\n".join(map(_json, features))
    return "{\n" + ",\n".join(lines) + ',\n"features": [\n' + each + "\n]\n}\n"


def _json(value: Any) -> str:
    """What could be markup to a browser that is shown the file stands escaped, which changes nothing in JSON."""
    return _MARKUP.sub(lambda found: f"\\u{ord(found.group()):04x}", msgspec.json.encode(value).decode())


def _features(one: Drawn) -> list[dict[str, Any]]:
    if one.ring:
        return [_feature(one.id, one, _polygon(one.ring))]
    point = None if one.point is None else {"type": "Point", "coordinates": _position(one.point)}
    made = [_feature(one.id, one, point)]
    if one.ground:
        twin = _feature(f"{one.id}/ground", one, _polygon(one.ground))
        twin["properties"][TWIN] = one.id
        made.append(twin)
    return made


def _feature(id_: str, one: Drawn, geometry: dict[str, Any] | None) -> dict[str, Any]:
    properties = {
        "name": one.name,
        "description": one.words,
        f"{PREFIX}kind": one.kind,
        f"{PREFIX}owner": one.owner,
        f"{PREFIX}agreement" if one.kind != SCENE else f"{PREFIX}state": one.agreement,
        f"{PREFIX}scheme": one.scheme,
        f"{PREFIX}note": one.note,
        f"{PREFIX}review": "" if one.review is None else iso_utc(one.review),
        "radius_m": one.radius_m,
    }
    made: dict[str, Any] = {
        "type": "Feature",
        "id": id_,
        "geometry": geometry,
        "properties": {key: value for key, value in properties.items() if value not in ("", None)},
    }
    if geometry is not None:
        corners = [geometry["coordinates"]] if geometry["type"] == "Point" else geometry["coordinates"][0]
        lons, lats = [lon for lon, _ in corners], [lat for _, lat in corners]
        made["bbox"] = [min(lons), min(lats), max(lons), max(lats)]
    return made


def _position(at: LatLon) -> list[float]:
    return [at[1], at[0]]


def _polygon(ring: tuple[LatLon, ...]) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": [[_position(corner) for corner in closed(ring)]]}
