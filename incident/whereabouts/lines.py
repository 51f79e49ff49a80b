"""What names a place without giving a point: a road with its marker post, a railway with its mileage, three words.

Kept as it was typed, with the direction beside it; a person must still ask for a grid reference.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from incident.values import direction_in

CHAINS: Final = 80
"""Chains in a mile."""
UNRESOLVED: Final = "unresolved: obtain grid reference"
"""What stands behind three words: nobody here can look them up."""

_ROAD = re.compile(
    r"(?P<road>[MAB][0-9]{1,4}(?: ?\(M\)|M)?)(?![\w/]) ?(?P<rest>.*)", re.IGNORECASE | re.ASCII
)
_MARKER = re.compile(
    r"(?:MP |marker(?: post)? |post |DLS )?(?P<post>[0-9]{1,3}/[0-9])(?: ?(?P<way>[A-Z]))?(?![\w/])",
    re.IGNORECASE,
)
_JUNCTION = re.compile(r"(?:J|jct\.?|junction) ?(?P<number>[0-9]{1,2}[A-Z]?)(?![\w/-])", re.IGNORECASE)
_RAIL = re.compile(
    r"(?P<elr>[A-Z]{3}[0-9]{0,2}) (?P<miles>[0-9]{1,3}) ?(?:m|mi|miles?) ?"
    r"(?P<chains>[0-9]{1,3}) ?(?:ch|chains?)\b(?P<rest>.*)",
    re.IGNORECASE | re.ASCII,
)
_RAIL_KM = re.compile(
    r"(?P<elr>[A-Z]{3}[0-9]{0,2}) (?P<km>[0-9]{1,3}(?:\.[0-9]{1,3})?) ?km\b(?P<rest>.*)",
    re.IGNORECASE | re.ASCII,
)
_THREE_WORDS = re.compile(r"/{3}(?P<words>[^\W\d_]{1,40}(?:\.[^\W\d_]{1,40}){2})(?![\w.])")
_FLAG = re.compile(rf"\s*\({UNRESOLVED}\)")

_ABBREVIATED: Final = {"nb": "northbound", "sb": "southbound", "eb": "eastbound", "wb": "westbound"}
_SHORT_DIRECTION = re.compile(r"\b(NB|SB|EB|WB)\b")
_TRACK = re.compile(
    r"\b(?:up|down)(?: (?:fast|slow|main|relief|local|goods|loop))?(?: lines?)?\b", re.IGNORECASE
)


class Line(NamedTuple):
    """A place on a road or a railway: its direction, the name of its junction if it is one, and what it is in words."""

    direction: str
    junction: str
    words: str
    rest: str = ""


def road_in(text: str) -> Line | None:
    """A road with a marker post or a junction, or a road alone, at the beginning of a text; None for any other."""
    found = _ROAD.fullmatch(text)
    if found is None:
        return None
    road, rest = found["road"].upper().replace(" ", ""), found["rest"]
    direction = direction_in(rest) or _short_direction(rest)
    onto = f", {direction}" if direction else ", carriageway not said"
    if (marker := _MARKER.match(rest)) is not None:
        way = (marker["way"] or "").upper()
        side = f", carriageway {way}" if way else ""
        onto = onto if direction or not way else ""
        return Line(direction, "", f"road {road}, marker post {marker['post']}{side}{onto}")
    if (junction := _JUNCTION.match(rest)) is not None:
        number = junction["number"].upper()
        return Line(
            direction, f"{road} J{number}", f"road {road}, junction {number}{onto}", rest[junction.end() :]
        )
    return Line(direction, "", f"road {road}{onto}, no marker post or junction")


def rail_in(text: str) -> Line | None:
    """A railway line by its engineer's reference and mileage at the beginning of a text; None for any other.

    Raises:
        ValueError: more chains than a mile has.
    """
    if (found := _RAIL.fullmatch(text)) is not None:
        if int(found["chains"]) >= CHAINS:
            raise ValueError(
                f"A mile has {CHAINS} chains, so it cannot be {found['chains']}: such as MLN1 18m 40ch."
            )
        at = f"{int(found['miles'])} miles {int(found['chains'])} chains"
    elif (found := _RAIL_KM.fullmatch(text)) is not None:
        at = f"{found['km']} km"
    else:
        return None
    direction = track_in(found["rest"])
    return Line(direction, "", f"railway {found['elr'].upper()}, {at}, {direction or 'line not said'}")


def track_in(text: str) -> str:
    """Which line of a railway is named, or which way: "up line", "down fast"."""
    found = _TRACK.search(text)
    return found[0].lower() if found is not None else direction_in(text)


def _short_direction(text: str) -> str:
    found = _SHORT_DIRECTION.search(text)
    return "" if found is None else _ABBREVIATED[found[1].lower()]


def three_words_in(text: str) -> tuple[str, str] | None:
    """A what3words address and what stands around it, without the flag; None when there is none.

    Raises:
        ValueError: three strokes that no three words follow.
    """
    if "///" not in text:
        return None
    found = _THREE_WORDS.search(text)
    if found is None:
        raise ValueError(
            "Behind /// stand three words with stops between, such as ///a.b.c. They are kept as text: ask for a grid "
            "reference."
        )
    around = f"{text[: found.start()]} {text[found.end() :]}"
    return f"///{found['words']}", " ".join(_FLAG.sub(" ", around).split())


def flagged(words: str) -> str:
    """Three words as they are stored: with what is still to be done."""
    return f"{words} ({UNRESOLVED})"
