"""What lies on this desk's disk and is not on the server's list: it may be closed to us since, so it is asked about.

In this seat's own file, and in those of the seats beside at which nobody sits: no client of theirs is there to ask.
The newest record is named with its chain hash, as only who has held it can; what is done on which answer stands in
`incident_tui.streams`. The files beside are read when the line is new and when the list has lost something.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from incident.kernel.model import Models
from incident.kernel.protocol import Watch
from incident_tui.cache import Cache
from incident_tui.link import Link
from incident_tui.watched import Watched

PROBES_MAX: Final = 8
"""Streams on this disk and not on the server's list that are asked about in one second."""


class Unlisted:
    """The questions of one session."""

    def __init__(self, cache: Cache, models: Models, link: Link, held: Mapping[str, Watched]) -> None:
        """`held`: what the session watches anyway, which is asked about by that."""
        self.beside: dict[str, tuple[int, str]] = {}
        """What lies at free seats and neither here nor on the list: its newest record, by number and chain hash."""
        self._cache = cache
        self._models = models
        self._link = link
        self._held = held
        self._listed: frozenset[str] | None = None
        self._due = False
        self._ours: list[str] = []
        self._theirs: list[str] = []

    def line_up(self) -> None:
        """The next list is the first on this line: what was closed to us meanwhile is told by nothing else."""
        self._listed = None

    def listed(self, streams: Iterable[str]) -> None:
        """The server's list as it is now."""
        names = frozenset(streams)
        self._due = self._due or self._listed is None or not self._listed <= names
        self._listed = names
        self._ours = self._asked(self._cache.streams - names)
        self._theirs = self._asked(set(self._theirs) - names)

    async def look_beside(self) -> None:
        """Read what lies at the seats beside, when that is due. Takes as long as their files and the disk do."""
        if not self._due or self._listed is None:
            return
        self._due = False
        found = await self._cache.beside(self._listed)
        self.beside = {name: newest for name, newest in found.items() if name not in self._listed}
        self._theirs = self._asked(self.beside)

    def _asked(self, names: Iterable[str]) -> list[str]:
        return sorted(name for name in names if name not in self._held and self._models.of(name) is not None)

    async def probe(self) -> None:
        """Ask about some of it."""
        left = PROBES_MAX
        while left and (self._ours or self._theirs) and self._link.up:
            left -= 1
            if self._ours:
                stream = self._ours.pop(0)
                seq, digest = await self._cache.newest(stream)
            else:
                stream = self._theirs.pop(0)
                seq, digest = self.beside.get(stream, (0, ""))
            if seq and stream not in self._held:
                self._link.post(Watch(stream=stream, cursor=seq, hash=digest))
