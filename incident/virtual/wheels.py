"""What a virtual agency does with its units: sends them, moves them through their legal states, lets them go."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from incident.boundaries.rules import boundaries, live
from incident.kernel.slice import Act
from incident.resources.facts import (
    AcceptControl,
    Commit,
    Commitment,
    ConfirmDestination,
    Describe,
    Release,
    Resource,
    SetStatus,
)
from incident.scenario.facts import Unit, Wait
from incident.values import unit_key
from incident.virtual.lending import lent
from incident.virtual.mind import Mind

GOES: Final = frozenset({"AVB", "AVS", "ALL"})
BOUND: Final = frozenset({"ALL", "MOB", "RVP", "SCN", "APP"})
HERE: Final = frozenset({"SCN", "APP"})
TAKES_CONTROL: Final = Wait(30, 90)
CONFIRMS: Final = Wait(15, 60)
LETS_GO: Final = Wait(20, 120)


def drives(mind: Mind) -> Iterator[Act]:
    """Commits what the scenario says it sends, and moves what it has here."""
    if not mind.joined:
        return
    if not mind.leaving:
        yield from _sends(mind)
    away = lent(mind)
    for unit in mind.view.resources.units.values():
        if unit.offer is not None and unit.offer.to == mind.agency:
            at = mind.after(unit.offer.at, TAKES_CONTROL, f"control {unit.key}")
            yield from mind.act(at, f"control/{unit.offer.id}", AcceptControl(unit.key))
        if unit.home == mind.agency:
            yield from _confirms(mind, unit)
        if unit.home == mind.agency and unit.key not in away:
            yield from _ends(mind, unit) if mind.leaving else _moves(mind, unit)


def commitment(agency: str, unit: Unit) -> Commitment:
    """A unit of a fleet as its agency commits it."""
    return Commitment(
        unit_key(agency, unit.callsign),
        unit.kind,
        "AVB",
        capabilities=unit.capabilities,
        station=unit.station,
    )


def was_here(mind: Mind, key: str) -> bool:
    """Whether a unit is committed here, or has been since the start."""
    state = mind.view.resources
    return key in state.units or any(past.unit == key for past in state.released.values())


def _sends(mind: Mind) -> Iterator[Act]:
    for sending in mind.habit.sends:
        units = tuple(
            unit for unit in sending.units if not was_here(mind, unit_key(mind.agency, unit.callsign))
        )
        if units:
            command = Commit(tuple(commitment(mind.agency, unit) for unit in units), sending.reason)
            yield from mind.act(mind.at(sending.at), f"send/{sending.at}/{len(units)}", command)


def _confirms(mind: Mind, unit: Resource) -> Iterator[Act]:
    """The crew says that it has heard where it is sent."""
    if unit.destination and unit.sent_at and not unit.crew_told_at:
        at = mind.after(unit.sent_at, CONFIRMS, f"confirm {unit.key} {unit.destination}")
        command = ConfirmDestination(unit.key, unit.destination)
        yield from mind.act(at, f"confirm/{unit.key}/{unit.sent_at}", command)


def _moves(mind: Mind, unit: Resource) -> Iterator[Act]:
    """The next step of a job: there, loaded, to hospital, clear, and out again while there is work."""
    habit = mind.habit.movement
    conveys = unit.kind in mind.view.organisation.charter.kinds and (
        mind.view.organisation.charter.kinds[unit.kind].conveys
    )
    point = _point(mind)
    if point and unit.status in BOUND and unit.destination in _gone(mind):
        elsewhere = Describe(unit.key, destination=point)
        yield from mind.act(mind.now, f"bound/{unit.key}/{unit.version}", elsewhere)
        return
    next_: str | None = None
    wait = habit.waits
    match unit.status:
        case status if status in GOES:
            next_, wait = "MOB", habit.mobilises
        case "MOB":
            next_, wait = "RVP" if point else "SCN", habit.travels
        case "RVP":
            next_ = "SCN"
        case status if status in HERE and conveys:
            next_, wait = "LDG", habit.loads
        case "LDG":
            next_, wait = "LFT", habit.leaves
        case "LFT":
            next_, wait = "HOS", habit.drives
        case "HOS":
            next_, wait = "HND", habit.hands_over
        case "HND":
            next_, wait = "CLR", habit.hands_over
        case "CLR":
            next_, wait = "MOB", habit.clears
    if next_ is None:
        return
    at = mind.after(unit.since, wait, f"{unit.key} {next_} {unit.since}")
    going = habit.destination if next_ == "LFT" else point if next_ == "MOB" else ""
    if going and unit.destination != going:
        yield from mind.act(
            at, f"bound/{unit.key}/{unit.status_version}", Describe(unit.key, destination=going)
        )
    else:
        yield from mind.act(at, f"status/{unit.key}/{unit.status_version}", SetStatus(unit.key, next_))


def _point(mind: Mind) -> str:
    """Where its units go first: a rendezvous point of its own, or else one that it has agreed to; "" for none."""
    points = [feature for feature in live(mind.view) if feature.kind == "rvp"]
    own = [feature for feature in points if feature.owner == mind.agency]
    agreed = [f for f in points if (answer := f.answers.get(mind.agency)) is not None and answer.agreed]
    return next((feature.name for feature in (*own, *agreed)), "")


def _gone(mind: Mind) -> frozenset[str]:
    """Rendezvous points that were withdrawn: nobody goes there any more."""
    rows = boundaries(mind.view).rows.values()
    stands = {feature.name for feature in rows if feature.withdrawn_at is None}
    return frozenset(feature.name for feature in rows if feature.kind == "rvp") - stands


_HOME: Final = {
    "MOB": "CLR",
    "RVP": "CLR",
    "SCN": "CLR",
    "APP": "CLR",
    "ALL": "CLR",
    "LDG": "LFT",
    "LFT": "HOS",
}
_HOME_TOO: Final = {"HOS": "HND", "HND": "CLR"}


def _ends(mind: Mind, unit: Resource) -> Iterator[Act]:
    """After scene clear: who has a patient brings them in first; then clear, and released."""
    next_ = (_HOME | _HOME_TOO).get(unit.status)
    at = mind.after(unit.since, LETS_GO, f"end {unit.key} {unit.since}")
    if next_ is None:
        yield from mind.act(at, f"release/{unit.commitment}", Release(unit.key, "Nothing more to do here"))
    else:
        yield from mind.act(at, f"status/{unit.key}/{unit.status_version}", SetStatus(unit.key, next_))
