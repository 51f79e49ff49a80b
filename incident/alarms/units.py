"""Units as one rule sees them: the same object for as long as what it reads of each of them is the same.

Of 2,000 units one changes its status several times a second, and for most rules nothing has changed then. Each rule
says what it reads of a unit; while that is the same for all, so is its answer, and nobody walks over 2,000 of them.
``tests/incident/test_alarms_units.py`` changes every field and compares with an answer that remembers nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import compress
from operator import is_not
from typing import Any, Final

from incident.kernel.slice import View
from incident.resources import Resource, Resources
from incident.statuses import SCENE, WORKING, status

KEPT: Final = 8
"""Incidents that are remembered: a seat looks at one, a server at several."""


class UnitsBy:
    """What a rule reads of units, for ``Rule.reads``: ``of`` answers it for one unit. The released are read, too."""

    def __init__(self, of: Callable[[Resource], object]) -> None:
        self._of = of
        self._known: dict[str, tuple[Resources, Resources]] = {}

    def __call__(self, view: View) -> Resources:
        """The units as they were when what is read of them last was another."""
        state: Resources = view.resources
        incident = view.organisation.incident_id
        seen, answer = self._known.pop(incident, (None, state))
        if seen is not state and (seen is None or not self._same(seen, state)):
            answer = state
        self._known[incident] = (state, answer)
        while len(self._known) > KEPT:
            self._known.pop(next(iter(self._known)), None)
        return answer

    def _same(self, old: Resources, new: Resources) -> bool:
        if len(old.units) != len(new.units) or old.released != new.released:
            return False
        there: list[Any] = list(map(new.units.get, old.units))
        changed = compress(
            zip(old.units.values(), there, strict=True), map(is_not, old.units.values(), there)
        )
        return all(now is not None and self._of(was) == self._of(now) for was, now in changed)


def at_scene(unit: Resource) -> bool:
    """Whether it is at the scene; a status that nobody knows is not."""
    return status(unit.status).group == SCENE


BY_SCENE: Final = UnitsBy(lambda unit: (unit.home, unit.controlling, at_scene(unit), unit.scene_at))
"""Who is at the scene, whose, and since when; or until when."""

BY_DESTINATION: Final = UnitsBy(lambda unit: (unit.destination, unit.sent_at))

BY_KIND: Final = UnitsBy(lambda unit: unit.kind)

BY_DUTY: Final = UnitsBy(
    lambda unit: (
        unit.controlling,
        (unit.sent_at, unit.crew_told_at),
        unit.crew_shift_end is not None
        and (unit.crew_shift_end, unit.committed_at, status(unit.status).group in WORKING),
        unit.reports and (unit.reports, unit.status),
    )
)
"""Where it is sent, whether its crew knows, when their shift ends, and who says otherwise."""
