"""Commanders: who holds which role for which agency, which key role is vacant, and every recorded handover.

In the field this is the list on the wall: strategic, tactical and operational commander, the officers at the
scene, the control room's one manager, the operators at their desks. Only an agency itself fills its roles.
"""

from __future__ import annotations

from typing import Any

from incident.commanders import facts, rules, words
from incident.commanders.board import BOARD
from incident.commanders.facts import ROLES, Brief, Commanders, Post
from incident.commanders.rules import Held, Vacancy, at_work, commanders, held, holder, key_roles, vacant
from incident.kernel.slice import CommandSpec, Conflict, EventSpec, Offline, Slice, View

__all__ = [
    "ROLES",
    "SLICE",
    "Brief",
    "Commanders",
    "Held",
    "Post",
    "Vacancy",
    "at_work",
    "commanders",
    "held",
    "holder",
    "key_roles",
    "vacant",
]


def _post(command: Any) -> tuple[str, ...]:
    return (rules.version_key(command),)


def _deputy(command: Any) -> tuple[str, ...]:
    return (rules.deputy_key(command),)


def _whose(_view: View, command: Any) -> str:
    return str(command.agency)


SLICE = Slice(
    name="commanders",
    state=Commanders,
    events=(
        EventSpec(facts.RoleTaken),
        EventSpec(facts.HandedOver),
        EventSpec(facts.RoleGivenUp),
        EventSpec(facts.DeputyNamed),
        EventSpec(facts.DeskHandedOver),
    ),
    commands=(
        CommandSpec(facts.TakeRole, Conflict.CLAIM, Offline.REQUEST, keys=_post, about=_whose),
        CommandSpec(facts.HandOver, Conflict.CLAIM, Offline.REQUEST, keys=_post, about=_whose),
        CommandSpec(facts.GiveUpRole, Conflict.STATE, Offline.QUEUED, keys=_post, about=_whose),
        CommandSpec(facts.NameDeputy, Conflict.FIELD, Offline.QUEUED, keys=_deputy, about=_whose),
        # A shift change is an observation: it happened, whether or not the line is up.
        CommandSpec(facts.HandOverDesk, Conflict.APPEND, Offline.ALLOWED, about=_whose),
    ),
    decide=rules.decide,
    evolve=rules.evolve,
    sentence=words.sentence,
    boards=(BOARD,),
    version=rules.version,
    label=rules.label,
    invariants=rules.invariants,
)
