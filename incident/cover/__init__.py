"""Cover: a stretch of one trust's area that another covers for a time; asked or offered, accepted, over by the clock.

It is in the incident's stream, so every party sees it. It changes nobody's area and nobody's lead.
"""

from __future__ import annotations

from typing import Any

from incident.cover import facts as f
from incident.cover import rules
from incident.cover.board import BOARD
from incident.cover.facts import Cover, Covers
from incident.cover.rules import covers, standing
from incident.cover.words import sentence
from incident.kernel.slice import CommandSpec, Conflict, EventSpec, Offline, Slice

__all__ = ["SLICE", "Cover", "Covers", "covers", "standing"]


def _keys(command: Any) -> tuple[str, ...]:
    return (f.key_of(command.cover),)


SLICE = Slice(
    name="cover",
    state=Covers,
    events=(
        EventSpec(f.Asked),
        EventSpec(f.Offered),
        EventSpec(f.Accepted),
        EventSpec(f.Declined),
        EventSpec(f.Withdrawn),
        EventSpec(f.Ended),
    ),
    commands=(
        # A proposal binds nobody until it is accepted. Whose it is to answer, the decision asks: it has two sides.
        CommandSpec(f.Ask, Conflict.GEOMETRY, Offline.QUEUED),
        CommandSpec(f.Offer, Conflict.GEOMETRY, Offline.QUEUED),
        CommandSpec(f.Accept, Conflict.STATE, Offline.QUEUED, keys=_keys),
        CommandSpec(f.Decline, Conflict.STATE, Offline.QUEUED, keys=_keys),
        CommandSpec(f.Withdraw, Conflict.STATE, Offline.QUEUED, keys=_keys),
        CommandSpec(f.End, Conflict.STATE, Offline.QUEUED, keys=_keys),
    ),
    decide=rules.decide,
    evolve=rules.evolve,
    sentence=sentence,
    boards=(BOARD,),
    version=rules.version,
    label=rules.label,
    addressed=rules.addressed,
    lapsed=rules.lapsed,
    invariants=rules.invariants,
)
