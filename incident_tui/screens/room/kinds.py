"""Which boards have a screen of their own kind; every other has the same one: list and detail."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from incident.kernel.board import Board
from incident_tui.screens.aid.screen import AidPlace
from incident_tui.screens.board.alarms import AlarmsPlace
from incident_tui.screens.board.screen import BoardPlace
from incident_tui.screens.boundaries.screen import BoundariesPlace
from incident_tui.screens.casualties.screen import CasualtiesPlace
from incident_tui.screens.conflicts.screen import ConflictsPlace
from incident_tui.screens.exercise.screen import ExercisePlace
from incident_tui.screens.incidents.screen import IncidentsPlace
from incident_tui.screens.methane.screen import MethanePlace

KINDS: Final[Mapping[str, Callable[[Board], BoardPlace]]] = {
    "alarms": AlarmsPlace,
    "boundaries": BoundariesPlace,
    "casualties": CasualtiesPlace,
    "exercise": ExercisePlace,
    "incidents": IncidentsPlace,
    "methane": MethanePlace,
    "mutual_aid": AidPlace,
    "refused": ConflictsPlace,
}
