"""Units that came back: what their own register has not heard yet of how they stood at their release.

While a unit is committed its register is left alone, so at the release it still says what was true before. The
release is then the latest word about the unit: boards show it, and a session of its home trust hands it on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from incident.fleet import facts as g
from incident.fleet import fleet
from incident.kernel.slice import View
from incident.resources.facts import PastCommitment
from incident.resources.fold import resources
from incident.statuses import utc_clock, word_of


def _same(at: int) -> int:
    return at


def returned(view: View, register: Any, timed: Callable[[int], int] = _same) -> dict[str, PastCommitment]:
    """The units of a register whose release from this incident is the last that was heard of them.

    A register keeps real time; ``timed`` says what the incident's clock showed then.
    """
    here = resources(view)
    units = fleet(register).units
    last: dict[str, PastCommitment] = {}
    for past in here.released.values():
        unit = units.get(past.unit)
        known = last.get(past.unit)
        if unit is None or past.unit in here.units or not _later(past, unit.heard_at, timed):
            continue
        if known is None or known.released_at < past.released_at:
            last[past.unit] = past
    return last


def _later(past: PastCommitment, heard_at: int, timed: Callable[[int], int]) -> bool:
    """While the clock of an exercise stands, all that happens has one time: then the release counts as the later."""
    heard = timed(heard_at)
    return past.released_at > heard or (past.released_at == heard != heard_at)


def correction(past: PastCommitment, status: str, since: int | None = None) -> g.CorrectStatus:
    """A status for the register of a unit that came back: any step from what it says is a correction.

    ``since`` is when it began (UTC ms), None: now.
    """
    how = f"released from an incident at {utc_clock(past.released_at)}, {word_of(past.status)}"
    return g.CorrectStatus(past.unit, status, how, since)


def homecomings(
    view: View, register: Any, timed: Callable[[int], int] = _same, real: Callable[[int], int] = _same
) -> tuple[tuple[str, g.CorrectStatus], ...]:
    """What the register must hear, each with the id of the release it follows from (for an id of its own).

    It is so since the release, however long after that the register hears of it. ``timed`` and ``real`` turn the
    register's time into the incident's, and back.
    """
    found = returned(view, register, timed).values()
    return tuple((past.version, correction(past, past.status, real(past.released_at))) for past in found)
