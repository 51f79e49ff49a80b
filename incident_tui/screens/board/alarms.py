"""The alarms as a list: Enter leads to where one is cleared."""

from __future__ import annotations

from incident.alarms import FINDER
from incident.alarms.board import AlarmRow
from incident_tui.screens.board.screen import BoardPlace


class AlarmsPlace(BoardPlace):
    """As every list, but Enter goes on once the detail has been before somebody's eyes."""

    def enter(self) -> None:
        """To the row that the alarm is about; where the detail is not shown beside the list, first the detail."""
        seen, row = self._seen, self._table.row
        shown = self._opened or (seen is not None and self.beside(seen))
        if shown and isinstance(row, AlarmRow):
            self.post_message(self.Opened(FINDER.kinds[row.alarm.kind].board, row.alarm.row))
        else:
            super().enter()
