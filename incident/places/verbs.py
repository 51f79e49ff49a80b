"""Places, the verbs: what a person can do about hospitals and allocations, with the grammar of each line."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import Any, Final

from incident.catalogue import Place
from incident.kernel.board import Arg, Look, Verb
from incident.organisation import charter_of
from incident.places.facts import (
    LIVE,
    PRIORITIES,
    Allocate,
    Arrive,
    CancelAllocation,
    Convey,
    DeclareCapacity,
    Hold,
    OpenPlaces,
    Receiving,
)
from incident.places.fold import places
from incident.places.words import FAR, distance_km, distance_words
from incident.values import as_words, read_callsign, split_key

STOOD_UP_MIN: Final = 4
"""How many hospitals are stood up at least, expanding from the scene (mass casualty concept of operations)."""
_CAPACITY_MAX = 10_000


def candidates(look: Look) -> list[Place]:
    """Places of the plan that are not stood up yet, the nearest first."""
    rows = places(look.state).rows
    found = [place for code, place in charter_of(look.state).places.items() if code not in rows]

    def order(place: Place) -> float:
        km = distance_km(place, look)
        return FAR if km is None else km

    return sorted(found, key=order)


def proposed(look: Look) -> list[Place]:
    """Whom to stand up next: the nearest, four in all, a trauma centre among them.

    Nobody, while it is not known where the scene is: then a person says which.
    """
    near = [place for place in candidates(look) if distance_km(place, look) is not None]
    rows = places(look.state).rows
    found = near[: max(1, STOOD_UP_MIN - len(rows))]
    trauma = any(row.place.type == "MTC" for row in rows.values()) or any(p.type == "MTC" for p in found)
    centre = next((place for place in near if place.type == "MTC"), None)
    return found if trauma or centre is None or not found else [*found[:-1], centre]


def _candidates(look: Look, _row: Any) -> Sequence[tuple[str, str]]:
    return [(p.code, f"{p.name} {p.type} {distance_words(distance_km(p, look))}") for p in candidates(look)]


def _proposed(look: Look, _row: Any) -> str:
    return ",".join(place.code for place in proposed(look))


def _priorities(_look: Look, _row: Any) -> Sequence[tuple[str, str]]:
    return tuple(PRIORITIES.items())


def _now(name: str) -> Any:
    def default(_look: Look, row: Receiving | None) -> str:
        return "" if row is None else str(row.capacity(name))

    return default


def _number(values: Mapping[str, Any], name: str, title: str, most: int) -> int | None:
    given = values.get(name)
    written = "" if given is None else str(given).strip()
    if not written:
        return None
    if not written.isdigit() or int(written) > most:
        raise ValueError(f"{title}: write a whole number, such as 2.")
    return int(written)


def _text(values: Mapping[str, Any], name: str) -> str:
    return " ".join(str(values.get(name) or "").split())


def _open(_row: Any, values: Mapping[str, Any], _look: Look) -> OpenPlaces:
    return OpenPlaces(as_words(values["places"]))


def _declare(row: Receiving, values: Mapping[str, Any], _look: Look) -> DeclareCapacity:
    found = {name: _number(values, name, word, _CAPACITY_MAX) for name, word in PRIORITIES.items()}
    return DeclareCapacity(row.place.code, **found, note=_text(values, "note"))


def _unit(written: str, look: Look) -> str:
    """The unit a person means, as the other verbs find it: of those committed here, our own before another's.

    With its trust written before it, it is taken as it stands: it may be one that is not committed here.
    """
    if not written:
        return ""
    me = "" if look.me is None else look.me.agency
    mine = read_callsign(written, me)
    here: Mapping[str, Any] = look.state.resources.units
    if "/" in written or mine in here:
        return mine
    callsign = split_key(mine)[1]
    found = [key for key in here if split_key(key)[1] == callsign]
    if len(found) == 1:
        return found[0]
    if found:
        raise ValueError(f"{callsign} is {' or '.join(found)}: write which.")
    # Of two that bear the name nearest to it our own is named: it comes last.
    by_callsign = {split_key(key)[1]: key for key in (*here, *(k for k in here if split_key(k)[0] == me))}
    close = difflib.get_close_matches(callsign, by_callsign, n=1, cutoff=0.6)
    hint = f"; did you mean '{by_callsign[close[0]]}'?" if close else "."
    raise ValueError(
        f"No unit {callsign} is committed here{hint} With its trust, {mine}, it is taken as it stands."
    )


def _allocate(row: Receiving, values: Mapping[str, Any], look: Look) -> Allocate:
    unit = _unit(_text(values, "unit"), look)
    count = _number(values, "count", "How many", 500)
    if count == 0:
        raise ValueError("How many: write at least 1.")
    return Allocate(row.place.code, values["priority"], count or 1, unit, _text(values, "reason"))


def _is(*steps: str) -> Any:
    return lambda hold, _look: hold.step in steps


def _ours(hold: Hold, look: Look) -> bool:
    return look.me is not None and look.me.agency == hold.agency


PLACE_VERBS = (
    Verb(
        "allocate",
        "Allocate casualties here",
        "alloc",
        Allocate,
        _allocate,
        key="h",
        args=(
            Arg("priority", "Priority", "choice", True, _priorities, lambda _l, _r: "p1"),
            Arg("count", "How many", "number", False, default=lambda _l, _r: "1", limit=3),
            Arg("unit", "Taken by (callsign)", "word", required=False, limit=40),
            Arg("reason", "Reason (where there is no room)", "text", required=False, limit=300),
        ),
        quick={letter: {"priority": f"p{letter}"} for letter in "123"},
        example="alloc WEXHAM p1 2 A101",
        help="One letter, 1 2 or 3, allocates one of that priority; Enter asks for the rest.",
    ),
    Verb(
        "capacity",
        "Declare what it can take",
        "capacity",
        DeclareCapacity,
        _declare,
        key="e",
        args=(
            *(
                Arg(name, word, "number", False, default=_now(name), limit=5)
                for name, word in PRIORITIES.items()
            ),
            Arg("note", "Note", "text", required=False, limit=200),
        ),
        example="capacity WEXHAM 4 8 20",
        help="Who says it, and when, stands beside the number.",
    ),
    Verb(
        "standup",
        "Stand up hospitals",
        "standup",
        OpenPlaces,
        _open,
        key="u",
        row=False,
        args=(
            Arg(
                "places",
                "Which (the nearest first)",
                "choices",
                True,
                _candidates,
                _proposed,
                rest=True,
                limit=200,
            ),
        ),
        applies=lambda _row, look: bool(candidates(look)),
        example="standup WEXHAM HILLINGDON STMARYS",
        help="Without names: the nearest four, a trauma centre among them.",
    ),
)

HOLD_VERBS = (
    Verb(
        "conveyed",
        "Left the scene",
        "conveyed",
        Convey,
        lambda hold, _values, _look: Convey(hold.place, hold.id),
        key="b",
        applies=_is("allocated"),
        example="conveyed LAS-H3",
    ),
    Verb(
        "arrived",
        "Arrived there",
        "arrived",
        Arrive,
        lambda hold, _values, _look: Arrive(hold.place, hold.id),
        key="f",
        applies=_is("allocated", "conveyed"),
        example="arrived LAS-H3",
    ),
    Verb(
        "unallocate",
        "Take the allocation back",
        "unalloc",
        CancelAllocation,
        lambda hold, values, _look: CancelAllocation(hold.place, hold.id, _text(values, "reason")),
        key="X",
        args=(Arg("reason", "Reason", "text", rest=True, limit=300),),
        applies=lambda hold, look: hold.step in LIVE and _ours(hold, look),
        example='unalloc LAS-H3 "diverted to St Mary\'s"',
    ),
)
