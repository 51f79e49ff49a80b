"""Units committed to an incident, the fold: what each event makes of them, and what the kernel asks about them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, cast

import msgspec

from incident.fleet.facts import claim_key, register_stream
from incident.kernel.record import Record, thing_id
from incident.kernel.slice import Claim, View
from incident.organisation import organisation
from incident.resources import facts as f
from incident.statuses import AWAY, CONVEYING, FREE, SCENE, STATUSES, status
from incident.values import split_key

_REPLACE = msgspec.structs.replace

SETS_OUT = frozenset({"MOB", "LFT"})
"""Statuses with which a crew itself says that it is on its way to where it was sent."""

ON_THE_GROUND = re.compile(
    r"(?:rvp|fcp|ccp|ccs|scene|marshalling|holding|parking|loading|sector)\b", re.IGNORECASE
)
"""How the points at a scene are called: ``RVP B``, ``CCP east``. Nobody is taken from the scene to one of them."""


def resources(view: View) -> f.Resources:
    """The units of an incident."""
    return cast("f.Resources", view.resources)


def evolve(state: f.Resources, event: Any, record: Record) -> f.Resources:
    """The units after one event. An event about a unit that is not here (a newer server's) changes nothing."""
    if isinstance(event, f.Committed):
        unit = _committed(event, record)
        return _REPLACE(state, units={**state.units, unit.key: unit})
    before = state.units.get(event.unit)
    if before is None:
        return state
    if isinstance(event, f.Released):
        return _released(state, before, event, record)
    return _REPLACE(state, units={**state.units, event.unit: _changed(before, event, record)})


def evolve_run(state: f.Resources, run: Sequence[tuple[Any, Record]]) -> f.Resources:
    """The units after several events: 2,000 of them are copied once, not for each."""
    units: dict[str, f.Resource] | None = None
    for event, record in run:
        if isinstance(event, f.Committed | f.Released):
            state = evolve(state if units is None else _REPLACE(state, units=units), event, record)
            units = None
        elif (before := (state.units if units is None else units).get(event.unit)) is not None:
            units = dict(state.units) if units is None else units
            units[event.unit] = _changed(before, event, record)
    return state if units is None else _REPLACE(state, units=units)


def _changed(before: f.Resource, event: Any, record: Record) -> f.Resource:
    return _REPLACE(_after(before, event, record), version=record.command_id)


def _committed(event: f.Committed, record: Record) -> f.Resource:
    one = event.commitment
    home, callsign = split_key(one.unit)
    since = record.at if one.since is None else min(one.since, record.at)
    return f.Resource(
        home=home,
        callsign=callsign,
        kind=one.kind,
        controlling=home,
        status=one.status,
        since=since,
        scene_at=since if status(one.status).group == SCENE else 0,
        heard_at=record.at,
        commitment=thing_id(record),
        committed_at=record.at,
        committed_by=record.actor,
        version=record.command_id,
        status_version=record.command_id,
        control_version=record.command_id,
        capabilities=one.capabilities,
        station=one.station,
        crew_shift_end=one.crew_shift_end,
        function=one.function,
        reason=event.reason,
        destination=one.destination,
        said_by=record.agency,
        sent_at=record.at if one.destination else 0,
    )


def _released(state: f.Resources, unit: f.Resource, event: f.Released, record: Record) -> f.Resources:
    past = f.PastCommitment(
        unit=unit.key,
        kind=unit.kind,
        controlling=unit.controlling,
        committed_at=unit.committed_at,
        released_at=record.at,
        released_by=record.agency,
        status=unit.status,
        since=unit.since,
        version=record.command_id,
        reason=event.reason,
        left_scene_at=record.at if status(unit.status).group == SCENE else unit.scene_at,
    )
    units = {key: other for key, other in state.units.items() if key != event.unit}
    released = {**state.released, unit.commitment: past}
    while len(released) > f.PAST_KEPT:
        del released[next(iter(released))]
    return f.Resources(units, released)


def _after(unit: f.Resource, event: Any, record: Record) -> f.Resource:
    match event:
        case f.StatusSet() | f.StatusCorrected():
            return _in_status(unit, event.status, record)
        case f.StatusConfirmed():
            heard = max(unit.heard_at, record.at)
            return _REPLACE(unit, heard_at=heard, said_by=record.agency, reports=_newer(unit, record.at))
        case f.StatusReported():
            return _reported(unit, event, record)
        case f.Described():
            news = {name: getattr(event, name) for name in f.FIELDS if getattr(event, name) is not None}
            edits = {**unit.edits, **dict.fromkeys(news, record.command_id)}
            return _sent(_REPLACE(unit, **news, edits=edits), unit, record)
        case f.DestinationConfirmed():
            return _told(unit, record) if event.destination == unit.destination else unit
        case f.ControlOffered():
            offer = f.Offer(record.command_id, event.to, record.agency, record.actor, record.at)
            return _REPLACE(unit, offer=offer, control_version=record.command_id)
        case f.ControlTaken():
            return _controlled(unit, event.controlling, record)
        case f.ControlDeclined() | f.OfferWithdrawn():
            return _controlled(unit, unit.controlling, record)
        case f.Recalled():
            return _controlled(unit, unit.home, record)
        case _:
            raise TypeError(type(event).__name__)


def _sent(unit: f.Resource, before: f.Resource, record: Record) -> f.Resource:
    """With another destination the crew must be told anew; with none there is nothing to confirm."""
    if unit.destination == before.destination:
        return unit
    return _REPLACE(unit, sent_at=record.at if unit.destination else 0, crew_told_at=0)


def _told(unit: f.Resource, record: Record) -> f.Resource:
    """Their crew has heard where to; what was said before the order went out was about an older one."""
    heard = bool(unit.sent_at) and record.at >= unit.sent_at
    return _REPLACE(unit, crew_told_at=record.at) if heard else unit


def _in_status(unit: f.Resource, code: str, record: Record) -> f.Resource:
    """In another state it is no longer where it was, and once its work is over it is bound for nowhere.

    Nor is it once it leaves the scene, if it was sent to a point there before it came: it has been there, and is not
    going back. A hospital named early stands: better a point that is passed than a hospital that is lost.
    """
    before, after = status(unit.status), status(code)
    place = unit.place if before.group == after.group else ""
    leaves = before.group == SCENE and after.group == CONVEYING
    spent = leaves and unit.sent_at < unit.scene_at and bool(ON_THE_GROUND.match(unit.destination))
    destination = "" if spent or after.group in (FREE, AWAY) else unit.destination
    cleared = [
        name
        for name, was, now in (
            ("place", unit.place, place),
            ("destination", unit.destination, destination),
        )
        if was != now
    ]
    told = unit.crew_told_at or (_told(unit, record).crew_told_at if code in SETS_OUT else 0)
    return _REPLACE(
        unit,
        status=code,
        sent_at=unit.sent_at if destination else 0,
        crew_told_at=told if destination else 0,
        since=record.at,
        scene_at=record.at if (before.group == SCENE) != (after.group == SCENE) else unit.scene_at,
        loaded=code == "LFT" and (unit.loaded if unit.status == code else unit.status == "LDG"),
        heard_at=record.at,
        said_by=record.agency,
        status_version=record.command_id,
        place=place,
        destination=destination,
        edits={**unit.edits, **dict.fromkeys(cleared, record.command_id)} if cleared else unit.edits,
        reports=_newer(unit, record.at),
    )


def _newer(unit: f.Resource, at: int) -> dict[str, f.Report]:
    """What others saw after this moment; what they saw before it has been answered."""
    return {agency: report for agency, report in unit.reports.items() if report.at > at}


def _reported(unit: f.Resource, event: f.StatusReported, record: Record) -> f.Resource:
    """A report older than the status it speaks of is in the log, and disputes nothing.

    Nor does one by an agency that has come to set the status itself: it was written before that was heard of.
    """
    known = unit.reports.get(record.agency)
    if (
        record.agency in (unit.home, unit.controlling)
        or record.at < unit.since
        or (known is not None and known.at > record.at)
    ):
        return unit
    report = f.Report(event.status, record.at, record.actor, event.note)
    return _REPLACE(unit, reports={**unit.reports, record.agency: report})


def _controlled(unit: f.Resource, agency: str, record: Record) -> f.Resource:
    """Controlled by this agency, which from now on sets the status, so its own report has done its work."""
    reports = {other: report for other, report in unit.reports.items() if other not in (unit.home, agency)}
    return _REPLACE(unit, controlling=agency, offer=None, control_version=record.command_id, reports=reports)


# -- what the kernel asks -------------------------------------------------------------------------------------


def claims(event: Any) -> tuple[Claim, ...]:
    """A commitment claims its unit across every incident of the mode; the unit's register is told."""
    if not isinstance(event, f.Committed):
        return ()
    unit = event.commitment.unit
    home = split_key(unit)[0]
    return (Claim(claim_key(event.mode, unit), register_stream(event.mode, home), unit),)


def releases(event: Any) -> tuple[str, ...]:
    """A release frees the unit."""
    return (claim_key(event.mode, event.unit),) if isinstance(event, f.Released) else ()


def version(state: f.Resources, key: str) -> str:
    """The command that last changed a unit's status, or its control or a field when the key asks for that."""
    unit = state.units.get(key)
    if unit is not None:
        return unit.status_version
    whose, _, what = key.rpartition("/")
    unit = state.units.get(whose)
    if unit is None:
        return ""
    return unit.control_version if what == "control" else edited(unit, what)


def edited(unit: f.Resource, field: str) -> str:
    """The command that last changed an ordinary field of a unit; its commitment, when none has since."""
    return unit.edits.get(field, unit.commitment)


def label(_state: f.Resources, key: str) -> str:
    """A unit as people call it across trusts; the offer behind it, if any, is left out."""
    return key.partition("@")[0]


def offer_subject(unit: f.Resource) -> str:
    """What the receipts of an offer of control are about: this offer, not an earlier one; "" without one."""
    return f"resources/{unit.key}@{unit.offer.id}" if unit.offer else ""


def addressed(state: f.Resources, agency: str) -> tuple[str, ...]:
    """The offers of control that wait for this agency."""
    return tuple(offer_subject(u) for u in state.units.values() if u.offer and u.offer.to == agency)


def held_keys(view: View) -> frozenset[str]:
    """The claim keys that this incident must hold: one for each unit committed to it, no more and no fewer."""
    mode = organisation(view).mode
    return frozenset(claim_key(mode, unit) for unit in resources(view).units)


def invariants(view: View) -> tuple[str, ...]:
    """What must never be true of the units of an incident and is; empty when all is well."""
    found = []
    state = resources(view)
    known = organisation(view).parties
    commitments = set(state.released)
    for key, unit in state.units.items():
        if key != unit.key:
            found.append(f"{unit.key} stands among the units as {key}")
        if unit.commitment in commitments:
            found.append(f"{key} has a commitment that is not its own alone")
        commitments.add(unit.commitment)
        for agency in dict.fromkeys((unit.home, unit.controlling)):
            if agency not in known:
                found.append(f"{agency}, of {key}, was never party to the incident")
        if unit.status not in STATUSES:
            found.append(f"{key} has the status {unit.status}, which is none")
        if unit.heard_at < unit.since:
            found.append(f"{key} was heard of before its status began")
        if unit.offer is not None and (unit.offer.to == unit.controlling or unit.offer.to not in known):
            found.append(f"control of {key} is offered to {unit.offer.to}, which cannot take it")
        if set(unit.reports) & {unit.home, unit.controlling}:
            found.append(f"{key} is reported on by those who set its status")
    return tuple(found)
