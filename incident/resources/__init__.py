"""Resources: the units committed to an incident, their status, and who controls them."""

from __future__ import annotations

from typing import Any

from incident.kernel.slice import CommandSpec, Conflict, EventSpec, Offline, Slice, View
from incident.resources import facts as f
from incident.resources.facts import Resource, Resources
from incident.resources.fold import (
    addressed,
    claims,
    evolve,
    evolve_run,
    held_keys,
    invariants,
    label,
    releases,
    resources,
    version,
)
from incident.resources.returns import homecomings
from incident.resources.rules import decide
from incident.resources.verbs import BOARD
from incident.resources.words import UnitTotals, sentence, unit_totals
from incident.values import split_key

__all__ = [
    "BOARD",
    "SLICE",
    "Resource",
    "Resources",
    "UnitTotals",
    "held_keys",
    "homecomings",
    "resources",
    "unit_totals",
]


def _unit(command: Any) -> tuple[str, ...]:
    return (command.unit,)


def _units(command: f.Commit) -> tuple[str, ...]:
    return tuple(one.unit for one in command.units)


def _fields(command: f.Describe) -> tuple[str, ...]:
    return tuple(f.field_key(command.unit, name) for name in f.said(command))


def _control(command: Any) -> tuple[str, ...]:
    return (f.control_key(command.unit),)


def _home(_view: View, command: f.Commit) -> str:
    """Only the home trust commits, so another's unit is asked for under the grants for others' things."""
    return split_key(command.units[0].unit)[0]


def _home_of_one(_view: View, command: Any) -> str:
    return split_key(command.unit)[0]


def _offered_to(view: View, command: Any) -> str:
    unit = resources(view).units.get(command.unit)
    return "" if unit is None or unit.offer is None else unit.offer.to


# Status, words, offers, recall and release are for the home *or* the controlling trust: which, says ``decide``.
COMMANDS = (
    CommandSpec(f.Commit, Conflict.CLAIM, Offline.REQUEST, keys=_units, about=_home),
    CommandSpec(f.SetStatus, Conflict.STATE, Offline.QUEUED, keys=_unit),
    CommandSpec(f.CorrectStatus, Conflict.STATE, Offline.QUEUED, keys=_unit),
    CommandSpec(
        f.ReportStatus,
        Conflict.APPEND,
        Offline.ALLOWED,
        keys=lambda command: (command.unit, f.control_key(command.unit)),
        about=_home_of_one,
    ),
    CommandSpec(f.Describe, Conflict.FIELD, Offline.QUEUED, keys=_fields),
    # A crew's answer is an observation: never refused for coming late.
    CommandSpec(f.ConfirmDestination, Conflict.APPEND, Offline.ALLOWED),
    CommandSpec(f.OfferControl, Conflict.CLAIM, Offline.REQUEST, keys=_control),
    CommandSpec(f.AcceptControl, Conflict.CLAIM, Offline.REQUEST, keys=_control, about=_offered_to),
    CommandSpec(f.DeclineControl, Conflict.CLAIM, Offline.REQUEST, keys=_control, about=_offered_to),
    CommandSpec(f.Recall, Conflict.CLAIM, Offline.REQUEST, keys=_control),
    CommandSpec(f.Release, Conflict.STATE, Offline.QUEUED, keys=_unit),
)

EVENTS = tuple(
    EventSpec(cls)
    for cls in (
        f.Committed,
        f.StatusSet,
        f.StatusConfirmed,
        f.StatusCorrected,
        f.StatusReported,
        f.Described,
        f.DestinationConfirmed,
        f.ControlOffered,
        f.ControlTaken,
        f.ControlDeclined,
        f.OfferWithdrawn,
        f.Recalled,
        f.Released,
    )
)

SLICE = Slice(
    name="resources",
    state=Resources,
    state_v=3,
    events=EVENTS,
    commands=COMMANDS,
    decide=decide,
    evolve=evolve,
    evolve_run=evolve_run,
    sentence=sentence,
    boards=(BOARD,),
    version=version,
    claims=claims,
    releases=releases,
    label=label,
    addressed=addressed,
    invariants=invariants,
)
