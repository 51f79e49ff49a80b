"""Delegation: a role lent to a named colleague for some hours, with the reason; and a glass that was broken.

Permission reads it whenever it is asked (``incident.permissions.allowed``), so what is over opens nothing. Both
stand in the log of the incident, for every party to read: who acts for whom is what the next room asks.
"""

from __future__ import annotations

from typing import Any

from incident.delegation import facts, rules, words
from incident.delegation.board import BOARD
from incident.delegation.facts import Delegation, Delegations, Glass, RecordGlass
from incident.delegation.rules import delegations, glass_broken
from incident.delegation.words import glass_words, role_title
from incident.kernel.slice import CommandSpec, Conflict, EventSpec, Offline, Slice, View

__all__ = [
    "SLICE",
    "Delegation",
    "Delegations",
    "Glass",
    "RecordGlass",
    "delegations",
    "glass_broken",
    "glass_words",
    "role_title",
]


def _lent(command: Any) -> tuple[str, ...]:
    return (rules.version_key(command),)


def _whose(_view: View, command: Any) -> str:
    return str(command.agency)


SLICE = Slice(
    name="delegation",
    state=Delegations,
    events=(
        EventSpec(facts.Delegated),
        EventSpec(facts.DelegationEnded),
        EventSpec(facts.GlassBroken),
    ),
    commands=(
        # A right is given where it is asked for, which is the server: none is promised while cut off.
        CommandSpec(facts.Delegate, Conflict.MEMBERSHIP, Offline.REFUSED, keys=_lent, about=_whose),
        # To give up a right is never put off: it goes as soon as there is a line.
        # Nor for what changed meanwhile: no version is asked for.
        CommandSpec(facts.EndDelegation, Conflict.STATE, Offline.QUEUED, about=_whose),
        CommandSpec(facts.RecordGlass, Conflict.APPEND, Offline.ALLOWED, about=_whose),
    ),
    decide=rules.decide,
    evolve=rules.evolve,
    sentence=words.sentence,
    state_v=2,
    boards=(BOARD,),
    version=rules.version,
    label=rules.label,
    invariants=rules.invariants,
    wants=("organisation",),
)
