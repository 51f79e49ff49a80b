"""Sharing: agreements by which an agency sees a stream that is not its own, for a purpose and a time.

In the field this is the telephone call after which a neighbour or a commissioner may look on: said by whom it
belongs to, written down, and over by itself. ``standing`` answers whether one holds now; whoever lets anything
be seen asks it then, with the time.
"""

from __future__ import annotations

from typing import Any

from incident.kernel.slice import CommandSpec, Conflict, EventSpec, Offline, Slice, View
from incident.sharing import facts, rules, words
from incident.sharing.board import BOARD
from incident.sharing.facts import Agreement, Sharing
from incident.sharing.rules import owner, shared_with, sharing, standing
from incident.sharing.shown import assists, marked, part_of

__all__ = [
    "SLICE",
    "Agreement",
    "Sharing",
    "assists",
    "marked",
    "owner",
    "part_of",
    "shared_with",
    "sharing",
    "standing",
]


def _key(command: Any) -> tuple[str, ...]:
    return (facts.key(command.agency),)


def _owner(view: View, _command: Any) -> str:
    return owner(view.organisation)


SLICE = Slice(
    name="sharing",
    state=Sharing,
    events=(EventSpec(facts.Shared), EventSpec(facts.Ended), EventSpec(facts.RanOut)),
    commands=(
        CommandSpec(facts.Share, Conflict.MEMBERSHIP, Offline.REFUSED, keys=_key, about=_owner),
        # Either side's: whose it is, the decision asks.
        CommandSpec(facts.End, Conflict.MEMBERSHIP, Offline.REFUSED),
        CommandSpec(facts.RunOut, Conflict.MEMBERSHIP, Offline.REFUSED),
    ),
    decide=rules.decide,
    evolve=rules.evolve,
    sentence=words.sentence,
    boards=(BOARD,),
    version=rules.version,
    label=rules.label,
    due=rules.due,
    invariants=rules.invariants,
)
