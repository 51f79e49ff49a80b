"""What we only see by another's agreement, and when that is over by our own copy: written down beside the copy.

A stream that is not looked at is in no memory, and folding every one of them to learn its time would stop the screen.
So that moment goes into the file before the records that say it, and is asked once a second while there is no line:
nobody else could tell us then. With a line, the server does. The clock is the one that all else here goes by, the
server's as best known; where that is wrong, what is deleted too early is fetched again from the server.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from incident.sharing import standing
from incident_tui import cache_file
from incident_tui.cache import HELD_ON, Cache
from incident_tui.cache_file import LENT, CacheFile
from incident_tui.link import Link
from incident_tui.watched import Watched

CUT_SECONDS: Final = 15.0
"""So long there has been no line before anything goes by the clock: every start and every short drop is without one
for some seconds, and the server may know that the agreement was made longer."""

BESIDE_SECONDS: Final = 40.0
"""And so long before the seats beside are looked through: they are locked meanwhile, and another client that starts
together with this one must find its seat free."""

LOOK_MS: Final = 10 * 60_000
"""The seats beside are looked through so often at least while there is no line: somebody may have left one."""


def end(watched: Watched) -> int | None:
    """From when on it is not ours to see, by our own copy (UTC ms of the server's clock); 0: it is so already.

    None: it is ours, or never comes to its end as the clock of the incident stands, or cannot be read to its end here.
    """
    replica, model = watched.replica, watched.model
    if watched.closed or not replica.cursor or replica.frozen_slices:
        return None
    state, me = replica.confirmed, replica.actor
    if model.may_watch(state, me) is None:
        return None
    agreement = standing(state, me.agency, 0)  # whatever time it is: one that nobody has ended
    if agreement is None:
        return 0
    moment = model.real(state, agreement.until)
    # while an exercise is paused, the agreement is, too
    return moment if model.now(state, moment) >= agreement.until else None


class Lent:
    """The moments at which what this desk has copies of is over."""

    def __init__(
        self, cache: Cache, held: Mapping[str, Watched], link: Link, now: Callable[[], float]
    ) -> None:
        """`held`: what the session looks at, which is asked itself. `now` answers monotonic seconds."""
        self._cache = cache
        self._held = held
        self._link = link
        self._now = now
        self._cut_at: float | None = None
        """Since when there is no line, as far as it was looked at (monotonic seconds)."""
        self._beside_at = 0
        """When the seats beside are looked through next (UTC ms)."""

    def note(self, watched: Watched, *, moved: bool = True) -> None:
        """Write down when it is over, as our copy has it now.

        A copy that cannot be read here says nothing: what is written down stays, by whichever version of this program
        it was. But where records have come (`moved`) that are not understood, it may have been made longer by them.
        """
        replica = watched.replica
        if not replica.cursor or (replica.frozen_slices and not moved):
            return
        moment = end(watched)
        self._cache.note("meta", f"{LENT}{watched.stream}", "" if moment is None else str(moment))

    def over(self, now: int) -> list[str]:
        """The streams whose copy here is over at this moment (UTC ms), but those that may be the last copy."""
        found = [
            name for name, one in self._held.items() if (moment := end(one)) is not None and now >= moment
        ]
        found += [name for name in _over(self._cache.meta.items(), now) if name not in self._held]
        here = self._cache.streams | self._held.keys()
        return [name for name in found if name in here and not self._cache.holds_on(name)]

    # -- the line ---------------------------------------------------------------------------------------------------

    def line_up(self) -> None:
        """The server tells it from now on; at the next cut it is looked anew."""
        self._cut_at = None
        self._beside_at = 0

    def cut_off(self) -> bool:
        """Asked once a second: whether there has been no line for long enough to go by the clock."""
        if self._link.up:
            self._cut_at = None
        elif self._cut_at is None:
            self._cut_at = self._now()
        return self._cut_for(CUT_SECONDS)

    def _cut_for(self, seconds: float) -> bool:
        return not self._link.up and self._cut_at is not None and self._now() - self._cut_at >= seconds

    # -- the seats beside, at which nobody sits -------------------------------------------------------------------

    def beside_due(self, now: int) -> bool:
        """Whether it is time to look there; answers yes once."""
        due = now >= self._beside_at and self._cut_for(BESIDE_SECONDS)
        if due:
            self._beside_at = now + LOOK_MS
        return due

    async def clear_beside(self, now: int) -> None:
        """Delete there what is over, unless the line is back. Takes as long as their files and the disk do."""
        if self._link.up:
            return

        async def clear(theirs: CacheFile) -> None:
            facts = await theirs.rows("SELECT name, value FROM meta")
            names = {name for name, _ in facts}
            gone = [
                name
                for name in _over(facts, now)
                if f"{HELD_ON}{name}" not in names and not self._cache.holds_on(name)
            ]
            if gone and not self._link.up:
                unlisted = await cache_file.unlisting(theirs, lambda name: name not in gone)
                await theirs.write([*cache_file.deletion(gone), *unlisted])
                await theirs.wipe()
            ends = [int(value) for _, value in _moments(facts) if int(value) > now]
            self._beside_at = min([self._beside_at, *ends])

        await self._cache.at_free_seats(clear, "cleared")


def _moments(facts: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """What a file says of the streams that are lent, as far as it can be read: names, and digits."""
    return [
        (name.removeprefix(LENT), value)
        for name, value in facts
        if name.startswith(LENT) and value.isascii() and value.isdigit()
    ]


def _over(facts: Iterable[tuple[str, str]], now: int) -> list[str]:
    return [name for name, value in _moments(facts) if now >= int(value)]
