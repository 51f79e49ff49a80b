"""One seat at work: the line, the seat's own copy, and a replica of every stream that it looks at.

The screens and the headless commands know only this. What a person does is a command, submitted here and nowhere
else; what comes back from the replica is carried out in order: on the disk first, then on the line. Everything
runs in one event loop; `version` grows whenever something that may be shown has changed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final

from incident.catalogue import Charter
from incident.ground import Reach
from incident.kernel.board import Look
from incident.kernel.protocol import (
    PAGE_RECORDS_MAX,
    Listing,
)
from incident.kernel.replica import LinkWord, StateWord
from incident.kernel.slice import Refusal
from incident.organisation import organisation, untold
from incident.organisation.facts import Open
from incident.state import own_stream
from incident_tui.chores import is_automatic
from incident_tui.feed import LogFeed
from incident_tui.link import LinkState
from incident_tui.looking import incidents_of, is_part, look_of, named, parts_of, shown
from incident_tui.running import Running

FIRST_LINES: Final = 1_000


class Session(Running):
    """A person of one agency (or, as `observer`, a reader) at one server."""

    _looked: tuple[tuple[int, int], Look] | None = None

    # -- incidents --------------------------------------------------------------------------------------------

    @property
    def papers(self) -> Path:
        """The folder for what is printed at this desk."""
        return self.desk.papers

    @property
    def incidents(self) -> tuple[Listing, ...]:
        """The incidents we may see, running ones first, the newest first; also those that only this desk has."""
        return incidents_of(self.desk.listings, self.held(), self._models)

    def new_incident(self) -> str:
        """The name of a stream for an incident that is opened here."""
        return f"incident/{self.writer.ids.new()}"

    async def open_incident(self, stream: str) -> None:
        """Look at this incident from now on: it, our own part of it, our register, and what others share with us."""
        streams, me, cache = self._streams, self.me, self.desk.cache
        if streams is None or me is None or cache is None or stream == self.stream:
            return
        incident = await streams.hold(stream, me, self.charter)
        own = await streams.hold(own_stream(stream, me.agency), me, self.charter)
        if incident is None:
            self.say("caution", "There is no incident of that name.")
            return
        before, self.stream = self.stream, stream
        strands = [watched for watched in (incident, own) if watched is not None]
        self._feed = LogFeed([watched.replica for watched in strands], self._ask_older, lambda: self.version)
        for watched in strands:
            await self._older(watched.stream, watched.replica.cursor + 1, FIRST_LINES)
        if before:
            for name in [name for name in self.held() if before in (name, self._models.parent(name))]:
                streams.leave(name)
        if self.stream == stream:  # it was not closed to us meanwhile
            cache.note("view", "incident", stream)
        await self.take_up_parts()
        self.touch()

    async def take_up_parts(self) -> None:
        """Look at what other agencies share with us of their own parts of the open incident."""
        streams, me, stream = self._streams, self.me, self.stream
        if streams is None or me is None or not stream:
            return
        listed = {listing.stream for listing in self.desk.listings}
        for name in parts_of(stream, me, listed, streams.cache.streams):
            if self.stream == stream and name not in streams.held:
                await streams.hold(name, me, self.charter)
        for name in [name for name in streams.held if is_part(name, stream, me) and name not in listed]:
            if not streams.held[name].replica.cursor:
                streams.leave(name)  # it was ended before anything of it came
        self.arrange()

    def arrange(self) -> None:
        """In the log are exactly those own parts of others that are shared with us now."""
        if self._feed is None:
            return
        parts = shown(self.held(), self.stream, self.me, self.now())
        codes = {self._models.agency(name) or "": name for name in parts}
        new = self._feed.shows({code: parts[name].replica for code, name in codes.items()})
        for code in new:
            self._errands.add(partial(self._first_page, codes[code]))
        if new:
            self.touch()

    async def _first_page(self, stream: str) -> None:
        if self._feed is not None and (floor := self._feed.floor(stream)) > 1:
            await self._older(stream, floor, FIRST_LINES)

    async def choose_incident(self) -> None:
        """Look at the incident asked for, else at the last one, else at the only one; at none that is over for us."""
        asked = None if self._link.up else self._streams  # with a line, the server says what is over
        over = () if asked is None else asked.lent.over(self.now())
        incidents = tuple(listing for listing in self.incidents if listing.stream not in over)
        last = "" if self.desk.cache is None else self.desk.cache.views.get("incident", "")
        if self.asked_for:
            found = named(incidents, self.asked_for)
        else:
            found = [listing.stream for listing in incidents if listing.stream == last]
            found = found or [listing.stream for listing in incidents if not listing.summary.get("closed")]
        if len(found) == 1:
            await self.open_incident(found[0])

    def look_away(self, streams: Collection[str]) -> None:
        """The open incident is none any more, when it is among these: the screens go back to the list.

        What another agency shared with us of its own part leaves the incident as it is.
        """
        if self.stream in streams:
            self.stream, self._feed = "", None
            if self.desk.cache is not None:
                self.desk.cache.note("view", "incident", "")
        self.arrange()
        self.touch()

    def preview(
        self, command: Any, *, stream: str = "", happened_at: int | None = None, on_behalf_of: str = ""
    ) -> Refusal | None:
        """The no that `submit` would give to this at once, said before a person is asked for the second key."""
        command = self.placer.completed(command, self._charter_of(stream or self.stream))
        return self.writer.preview(
            stream or self.stream, command, happened_at=self._real(happened_at), on_behalf_of=on_behalf_of
        )

    def _real(self, happened_at: int | None) -> int | None:
        incident = self.held().get(self.stream)
        if happened_at is None or incident is None:
            return happened_at
        return incident.model.real(incident.replica.projected, happened_at)

    def submit(
        self,
        command: Any,
        *,
        stream: str = "",
        base: Mapping[str, str] | None = None,
        happened_at: int | None = None,
        on_behalf_of: str = "",
        depends_on: Sequence[str] = (),
    ) -> Refusal | str:
        """Take a command on; answers its id, or why not. `stream` "" is the open incident, and for
        `organisation.Open` a new one, which is looked at from then on.

        `base` is what the person has seen of what it touches, as versions; left out: what is on the screen now.
        `happened_at` (UTC ms, by the clock of the incident) is when it happened, as claimed.
        """
        opening = self.new_incident() if not stream and isinstance(command, Open) else ""
        command = self.placer.completed(command, self._charter_of(opening or stream or self.stream))
        happened_at = self._real(happened_at)
        answer = self.writer.submit(
            opening or stream or self.stream,
            command,
            base=base,
            happened_at=happened_at,
            on_behalf_of=on_behalf_of,
            depends_on=depends_on,
        )
        if opening and isinstance(answer, str):
            self._errands.add(lambda: self.open_incident(opening))
        if isinstance(answer, str) and self.me is not None:
            proposal = self.placer.proposal(command, self.me.agency) or self._reached(command, stream)
            if proposal:
                self.say("caution", proposal)
        return answer

    def _reached(self, command: Any, stream: str) -> str:
        """What the ground that was just laid asks of this room: its neighbours who are not told; "" for nothing."""
        reach: Reach | None = getattr(command, "reach", None)
        watched = self.held().get(stream or self.stream)
        if reach is None or watched is None or watched.model.name != "incident":
            return ""
        missing = " ".join(code for code in untold(watched.replica.projected) if code in reach.tells)
        return f"Its ground reaches {missing}, not told yet. The word tell invites them." if missing else ""

    def _charter_of(self, stream: str) -> Charter | None:
        """The catalogue that holds in a stream: the one frozen when it was opened, else the server's present one."""
        watched = self.held().get(stream)
        if watched is None or watched.model.name != "incident":
            return self.charter
        state = organisation(watched.replica.projected)
        return state.charter if state.opened else self.charter

    # -- what is seen -----------------------------------------------------------------------------------------

    @property
    def link(self) -> LinkState:
        """The line: its word, round trip, and a sentence when there is something to say."""
        state = self._link.state
        watched = self.held().get(self.stream)
        if watched is None:
            return state
        cursor = watched.replica.cursor
        head = max(cursor, self._link.heads.get(self.stream, 0))
        sentence = state.sentence
        if watched.diverged:
            sentence = f"HISTORY DIVERGED: {watched.diverged}"
        elif self._link.up and not watched.live and not watched.absent:
            sentence = f"Catching up: {cursor:,} of {head:,}." if head > cursor else "Catching up."
        return replace(state, head=head, sentence=sentence)

    async def changed(self, since: int) -> int:
        """Wait until `version` is another than that; answers it."""
        while self.version == since:
            self._moved.clear()
            await self._moved.wait()
        return self.version

    @property
    def settled(self) -> bool:
        """Whether the line is up, and everything that is looked at is here to the server's head."""
        return (
            self._link.up
            and self._directory_here
            and self._errands.done
            and all(watched.live or watched.absent or watched.diverged for watched in self.held().values())
        )

    @property
    def unsent(self) -> int:
        """How many commands of persons here the server has not confirmed."""
        waiting = [] if self._streams is None else list(self._streams.pending())
        return sum(
            entry.word is not StateWord.CONFIRMED and not is_automatic(entry.submit.command_id)
            for _, entry in waiting
        )

    def look(self) -> Look:
        """What this seat sees. The same object until something changes or a second has passed."""
        now = self.now()
        key = (self.version, now // 1000)
        if self._looked is None or self._looked[0] != key:
            here = self.present if self.link.word is LinkWord.LIVE else None
            names = self.placer.gazetteer
            made = look_of(
                self.held(), self.stream, self.me, self.charter, now, self.desk.listings, here, names
            )
            self._looked = (key, made)
        return self._looked[1]

    def log(self) -> LogFeed:
        """The log of the open incident, of our own part of it, and of what others share with us of theirs."""
        return NO_LINES if self._feed is None else self._feed

    def redial(self) -> None:
        """Dial now instead of waiting for the next attempt."""
        self._link.redial()

    def _ask_older(self, stream: str, before: int, limit: int) -> bool:
        self._errands.add(lambda: self._older(stream, before, limit))
        return True

    async def _older(self, stream: str, before: int, limit: int) -> None:
        """Older lines: from the disk, else from the server."""
        if self._feed is None or self.desk.cache is None or self._streams is None:
            return
        records = await self.desk.cache.before(stream, before, limit)
        if records:
            self._feed.add_older(stream, records, "")
        elif before == 1 or not self._streams.page(stream, before, min(limit, PAGE_RECORDS_MAX)):
            self._feed.forget_asked(stream)
        self.touch()


NO_LINES: Final = LogFeed((), lambda _stream, _before, _limit: False, lambda: 0)
