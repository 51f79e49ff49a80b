"""An agency's own register: its units with their status, and the numbers of the incidents it opened."""

from __future__ import annotations

from typing import Any

from incident.fleet import facts as f
from incident.fleet.facts import Entry, Fleet, Unit, claim_key, in_parts, register_stream
from incident.fleet.intake import import_table
from incident.fleet.rules import (
    decide,
    evolve,
    fleet,
    invariants,
    label,
    sentence,
    unheld,
    version,
    yields,
)
from incident.fleet.table import units_from_csv, units_to_csv
from incident.kernel.slice import CommandSpec, Conflict, EventSpec, Offline, Slice, View

__all__ = [
    "SLICE",
    "Entry",
    "Fleet",
    "Unit",
    "claim_key",
    "fleet",
    "import_table",
    "in_parts",
    "register_stream",
    "units_from_csv",
    "units_to_csv",
]


def _whose(view: View, _command: Any) -> str:
    return fleet(view).agency


def _unit(command: Any) -> tuple[str, ...]:
    return (command.unit,)


def _described(command: f.EnterUnits) -> tuple[str, ...]:
    return (f.described_key(command.units[0].callsign),) if len(command.units) == 1 else ()


SLICE = Slice(
    name="fleet",
    state=Fleet,
    events=tuple(
        EventSpec(cls)
        for cls in (
            f.RegisterOpened,
            f.UnitsEntered,
            f.StatusEntered,
            f.UnitRemoved,
            f.StatusSet,
            f.StatusConfirmed,
            f.StatusCorrected,
            f.NumberTaken,
        )
    ),
    commands=(
        CommandSpec(
            f.OpenRegister, Conflict.MEMBERSHIP, Offline.REFUSED, about=lambda _view, command: command.agency
        ),
        CommandSpec(f.EnterUnits, Conflict.FIELD, Offline.QUEUED, keys=_described, about=_whose),
        CommandSpec(f.RemoveUnit, Conflict.FIELD, Offline.QUEUED, about=_whose),
        CommandSpec(f.SetStatus, Conflict.STATE, Offline.QUEUED, keys=_unit, about=_whose),
        CommandSpec(f.CorrectStatus, Conflict.STATE, Offline.QUEUED, keys=_unit, about=_whose),
        CommandSpec(f.TakeNumber, Conflict.APPEND, Offline.QUEUED, about=_whose),
    ),
    decide=decide,
    evolve=evolve,
    sentence=sentence,
    version=version,
    label=label,
    unheld=unheld,
    yields=yields,
    invariants=invariants,
)
