"""What stands above the list and below the map, as lines: whose area it is, who must be told, what the cursor is on."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from incident.kernel.board import Look
from incident.organisation import organisation
from incident.placing import (
    BORDER,
    INSIDE,
    RADIUS_M,
    Placing,
    distance_words,
    near_words,
    where_words,
)
from incident.values import Location
from incident_tui.map.scene import LAYERS
from incident_tui.map.things import JOINED, Metres, Thing, due_of, reached
from incident_tui.screens.boundaries.drawing import Drawing, measured
from incident_tui.widgets.paint import Line, Span, length, shorten

LAYER_WORDS: Final[Mapping[str, str]] = {
    "tint": "our own area", "borders": "borders", "cordons": "cordons and zones", "points": "points",
    "hospitals": "hospitals", "units": "units", "labels": "names",
}  # fmt: skip


def head_lines(
    look: Look, things: Mapping[str, Thing], placing: Placing | None, width: int
) -> Sequence[Line]:
    """Whose area the scene lies in, and which trusts must be told, each with its distance and whether it takes part."""
    org = organisation(look.state)
    if not org.opened:
        return ()
    lines = [shorten(_where(look, placing), width)]
    if due_of(look.state):
        lines.append(shorten(_tell(look, things, width), width))
    return lines


def _where(look: Look, placing: Placing | None) -> Line:
    org = organisation(look.state)
    if org.disputed:
        return (Span("▲ two places are given for the scene", "alarm"),)
    if placing is None:
        words = "whose area it is was not computed" if org.location.known else "no place is given yet"
        return (Span(words, "caution"),)
    said = where_words(placing)
    spans = [Span(said[:1].upper() + said[1:], "strong bold" if placing.state == INSIDE else "caution bold")]
    nearest = placing.near[0] if placing.near else None
    if placing.state == INSIDE and nearest is not None:
        spans.append(Span(f", {distance_words(nearest.metres)} from {nearest.agency}"))
    if placing.indicative:
        spans.append(Span("  INDICATIVE", "dim"))
    return tuple(spans)


def _tell(look: Look, things: Mapping[str, Thing], width: int) -> Line:
    """Who must be told and how far each has been reached: who is not, first; what does not fit is counted."""
    due = []
    for code in due_of(look.state):
        area = things.get(f"area/{code}")
        due.append((reached(look.state, code), -1 if area is None or area.far is None else area.far, code))
    order = {"": 0, JOINED: 2}
    due.sort(key=lambda one: (order.get(one[0], 1), one[1]))
    spans = [Span("tell", "dim" if due[0][0] else "alarm bold")]
    for index, (told, metres, code) in enumerate(due):
        far = f" {distance_words(metres)}" if metres > 0 else ""
        sign, tone = {"": ("▲", "alarm"), JOINED: ("✓", "good")}.get(told, ("·", "caution"))
        part = [Span("  "), Span(f"{sign} {code}{far}{f' {told}' if sign == '·' else ''}", tone)]
        left = len(due) - index
        more = length((Span(f"  +{left - 1} more"),)) if left > 1 else 0
        if index and length((*spans, *part)) + more > width:
            missing = any(not one[0] for one in due[index:])
            return (*spans, Span(f"  +{left} more", "alarm" if missing else "dim"))
        spans += part
    return tuple(spans)


def owner_words(placing: Placing | None) -> tuple[str, str]:
    """Whose ground a point is, in the three states, with the nearest others; and the tone of it."""
    if placing is None:
        return "areas are not computed here", "dim"
    near = near_words(placing, RADIUS_M, 2)
    said = where_words(placing)
    tone = {INSIDE: "ink", BORDER: "caution"}.get(placing.state, "caution")
    return f"{said}, {near}" if near else said, tone


def point_line(at: Location, decimals: int, far: str, placing: Placing | None, width: int) -> Line:
    """The line of the crosshair: grid reference, latitude and longitude, how far off it may be, whose ground it is."""
    words, tone = owner_words(placing)
    point = f"{at.lat or 0:.{decimals}f},{at.lon or 0:.{decimals}f}  "
    spans = (
        Span(f"{at.grid}  " if at.grid else "", "strong bold"),
        Span(point, "dim"),
        Span(f"{far}  " if far else "", "caution"),
        Span(words, tone),
    )
    return shorten(spans, width)


def layer_lines(hidden: Collection[str], width: int) -> Sequence[Line]:
    """The layers with their digits, and which of them are shown; in as many lines as it takes."""
    lines: list[Line] = []
    line: list[Span] = [Span("layers  ", "dim")]
    for number, name in enumerate(LAYERS, 1):
        shown = name not in hidden
        part = [
            Span(f"{number} ", "accent bold"),
            Span(f"{'✓' if shown else '–'} {LAYER_WORDS.get(name, name)}  ", "ink" if shown else "dim"),
        ]
        if length((*line, *part)) > width and len(line) > 1:
            lines.append(tuple(line))
            line = [Span("        ")]
        line += part
    lines.append(tuple(line))
    return lines


def hint_line(pairs: Sequence[tuple[str, str]], width: int) -> Line:
    """Keys and what they do, as many as fit."""
    spans: list[Span] = []
    for key, words in pairs:
        part = [Span(f"{key} ", "accent"), Span(f"{words}   ", "dim")]
        if not key or length((*spans, *part)) > width:
            continue
        spans += part
    return tuple(spans)


def drawing_line(drawing: Drawing, cursor: Metres, width: int) -> Line:
    """What is being drawn, how large it is, and the keys that go on with it."""
    corners = len(drawing.points)
    if drawing.what == "measure":
        said, keys = measured(drawing, cursor), "enter next point, u back, esc ends"
    elif drawing.typed:
        said, keys = f"radius {drawing.typed}", "enter goes to the form"
    elif corners == 1:
        said, keys = "1 point", "type a radius, or move and enter for corners"
    else:
        said, keys = f"{corners} corners", "enter sets a corner, c closes, u takes back"
    return shorten(
        (Span(f"{drawing.what}  ", "accent bold"), Span(said, "strong"), Span(f"   {keys}", "dim")), width
    )
