"""What a lender would have left: its own register by kind, less what it is asked for. Nothing here is a rule.

Only the lender's own room has its register; to anybody else its cover is what it says itself (REAP and its floors).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from incident.fleet import claim_key, fleet
from incident.kernel.board import Look
from incident.mutual_aid import facts as f
from incident.mutual_aid.fold import mutual_aid
from incident.resources import resources
from incident.values import unit_key

READY = frozenset({"AVB", "AVS", "CLR"})
"""States in which a unit can be sent at once."""


@dataclass(frozen=True, slots=True)
class Cover:
    """One kind: units free now, asked for and not yet named, left after that, and the least that is kept (or None)."""

    kind: str
    free: int
    asked: int
    floor: int | None

    @property
    def left(self) -> int:
        """What would be left."""
        return max(0, self.free - self.asked)

    @property
    def short(self) -> bool:
        """Whether it would be fewer than the trust keeps for itself, or more is asked than it has."""
        return self.asked > self.free or (self.floor is not None and self.left < self.floor)


def free_units(look: Look) -> Mapping[str, str]:
    """Our own units that could be sent now, by key, with their kind."""
    if look.me is None or look.me.agency not in look.registers:
        return {}
    agency = look.me.agency
    register = fleet(look.registers[agency])
    here = resources(look.state).units
    found = {}
    for callsign_key, unit in register.units.items():
        key = unit_key(agency, unit.callsign)
        held = look.claims.get(claim_key(register.mode, callsign_key), "")
        if unit.status in READY and key not in here and not held:
            found[key] = unit.kind
    return found


def cover_left(look: Look, request: f.Request) -> tuple[Cover, ...]:
    """What accepting all of a request would leave us, for each kind it asks for; empty when it does not ask us."""
    if look.me is None or request.lender != look.me.agency or look.me.agency not in look.registers:
        return ()
    kinds = list(free_units(look).values())
    pressure = mutual_aid(look.state).pressures.get(look.me.agency)
    floors = {} if pressure is None else {floor.kind: floor.count for floor in pressure.floors}
    asked: dict[str, int] = {}
    for number, line in enumerate(request.terms.lines):
        named = sum(unit.line == number for unit in request.out)
        asked[line.kind] = asked.get(line.kind, 0) + max(0, line.quantity - named)
    return tuple(Cover(kind, kinds.count(kind), count, floors.get(kind)) for kind, count in asked.items())


def cover_words(cover: Cover) -> str:
    """One kind in a line: DCA: 5 free, 3 asked, 2 left (keep 4)."""
    keep = "" if cover.floor is None else f" (keep {cover.floor})"
    lacking = cover.asked - cover.free
    left = f"{lacking} lacking" if lacking > 0 else f"{cover.left} left"
    return f"{cover.kind}: {cover.free} free, {cover.asked} asked, {left}{keep}"
