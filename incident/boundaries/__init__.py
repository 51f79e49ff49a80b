"""Boundaries: scene features, proposed by one agency and agreed by each for itself."""

from __future__ import annotations

from typing import Any

from incident.boundaries import facts as f
from incident.boundaries.board import BOARD
from incident.boundaries.rules import (
    addressed,
    agreed_by,
    boundaries,
    decide,
    endangered,
    evolve,
    invariants,
    label,
    live,
    rivals,
    version,
)
from incident.boundaries.words import sentence
from incident.kernel.slice import CommandSpec, Conflict, EventSpec, Offline, Slice, View

__all__ = ["SLICE", "agreed_by", "boundaries", "endangered", "live", "rivals"]


def _keys(command: Any) -> tuple[str, ...]:
    return (f.key_of(command.feature),)


def _edit_keys(command: f.Amend) -> tuple[str, ...]:
    feature = f.key_of(command.feature)
    names = () if command.name is None else (f.NAMES_KEY,)
    return (feature, *names, *(f"{feature}/{name}" for name in f.edited(command)))


def _name_keys(command: f.Propose) -> tuple[str, ...]:
    return (f.NAMES_KEY,) if command.name else ()


def _owner(view: View, command: Any) -> str:
    feature = boundaries(view).rows.get(command.feature)
    return "" if feature is None else feature.owner


def _without_reach(body: dict[str, Any]) -> dict[str, Any]:
    """Before version 2 nobody computed what a shape reaches, and there was no wind: nothing is made up for it."""
    return body


SLICE = Slice(
    name="boundaries",
    state=f.Boundaries,
    state_v=3,
    events=(
        EventSpec(f.Proposed, 2, {1: _without_reach}),
        EventSpec(f.Agreed),
        EventSpec(f.Declined),
        EventSpec(f.Moved, 2, {1: _without_reach}),
        EventSpec(f.Measured),
        EventSpec(f.Withdrawn),
        EventSpec(f.Reviewed),
        EventSpec(f.Amended),
    ),
    commands=(
        CommandSpec(f.Propose, Conflict.GEOMETRY, Offline.QUEUED, keys=_name_keys),
        CommandSpec(f.Agree, Conflict.STATE, Offline.QUEUED, keys=_keys),
        CommandSpec(f.Decline, Conflict.STATE, Offline.QUEUED, keys=_keys),
        CommandSpec(f.Move, Conflict.GEOMETRY, Offline.QUEUED, keys=_keys, about=_owner),
        CommandSpec(f.Withdraw, Conflict.STATE, Offline.QUEUED, keys=_keys, about=_owner),
        CommandSpec(f.Review, Conflict.APPEND, Offline.ALLOWED),
        CommandSpec(f.Amend, Conflict.FIELD, Offline.QUEUED, keys=_edit_keys, about=_owner),
    ),
    decide=decide,
    evolve=evolve,
    sentence=sentence,
    boards=(BOARD,),
    version=version,
    label=label,
    addressed=addressed,
    invariants=invariants,
)
