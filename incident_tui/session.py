"""One seat at work: the line, the seat's own copy, and a replica of every stream that it looks at.

The screens and the headless commands know only this. What a person does is a command, submitted here and nowhere
else; what comes back from the replica is carried out in order: on the disk first, then on the line. Everything
runs in one event loop; `version` grows whenever something that may be shown has changed.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from incident.catalogue import Charter
from incident.kernel.board import Look
from incident.kernel.model import Models
from incident.kernel.protocol import (
    PAGE_RECORDS_MAX,
    PROTOCOL,
    Bye,
    Directory,
    Error,
    Heartbeat,
    Hello,
    Listing,
    Welcome,
)
from incident.kernel.record import Record
from incident.kernel.replica import Card, LinkWord, StateWord
from incident.kernel.slice import Actor, Refusal
from incident.kernel.text import SafeText, clip, safe_text
from incident.organisation.facts import Open
from incident.state import MODELS
from incident_tui.cache import Cache, CardItem
from incident_tui.cards import Outcome
from incident_tui.chores import is_automatic, own_stream, register_stream
from incident_tui.clock import Clock
from incident_tui.desk import Desk
from incident_tui.feed import LogFeed
from incident_tui.link import Incoming, Link, LinkState, Timing
from incident_tui.looking import incidents_of, look_of, named
from incident_tui.streams import Streams
from incident_tui.watched import Watched
from incident_tui.writing import Writer

NOTICES_MAX: Final = 100
TICK_SECONDS: Final = 1.0
FIRST_LINES: Final = 1_000


class Session:
    """A person of one agency (or, as `observer`, a reader) at one server."""

    def __init__(
        self,
        url: str,
        token: str,
        *,
        home: Path,
        incident: str = "",
        seat: int | None = None,
        observer: bool = False,
        copy: bool = True,
        models: Models = MODELS,
        timing: Timing | None = None,
        clock: Clock | None = None,
        chance: random.Random | None = None,
    ) -> None:
        """`url` as `endings.server_url` gives it; `incident`: the one to open, by stream, number or title.

        An `observer` only reads, and leaves no receipts; without `copy` it leaves nothing on the disk, either.
        """
        self.url = url
        self.home = home
        self.observer = observer
        self.version = 0
        self.stream = ""
        """The open incident; "" when none is."""
        self.present: Mapping[str, tuple[SafeText, ...]] = {}
        """Who is connected, by agency, of those who take part in what is open here."""
        self.notices: deque[tuple[str, str]] = deque(maxlen=NOTICES_MAX)
        """What a person should be told once: (info | caution | alarm, sentence). Whoever shows it takes it out."""
        self.clock = clock or Clock()
        self.desk = Desk(
            url, token, home, self.clock, self.say, seat=seat, observer=observer, copy=copy
        )
        self._asked_for = incident
        self._models = models
        self._link = Link(
            url,
            token,
            self.clock,
            hello=self._hello,
            receive=self._receive,
            changed=self._link_changed,
            timing=timing,
            chance=chance,
        )
        self._was_up = False
        self._directory_here = False
        self._streams: Streams | None = None
        self._writer = Writer(self.desk, self.clock, lambda: self._streams)
        self._feed: LogFeed | None = None
        self._looked: tuple[tuple[int, int], Look] | None = None
        self._errands: deque[Callable[[], Awaitable[None]]] = deque()
        self._woken = asyncio.Event()
        self._moved = asyncio.Event()
        self._opened = False

    # -- running ----------------------------------------------------------------------------------------------

    async def open(self) -> None:
        """Take up what this desk holds, before there is a line: the picture as it was last seen."""
        if not self._opened:
            self._opened = True
            actor = self.desk.who_was_here()
            if actor is not None:
                await self._sit_down(actor)
                await self._choose_incident()

    async def run(self) -> None:
        """Keep the line up, and do what there is to do, until cancelled. `close` comes after it."""
        await self.open()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._link.run(), name="link")
            group.create_task(self._work(), name="errands")
            group.create_task(self._tick(), name="tick")

    async def close(self) -> None:
        """Write what is not on the disk yet, and give the seat back."""
        streams, self._streams, self._feed, self.stream = self._streams, None, None, ""
        if streams is not None:
            streams.snap_all()
        await self.desk.leave()

    async def _work(self) -> None:
        """What takes longer than a step, one after the other."""
        while True:
            while self._errands:
                await self._errands[0]()
                self._errands.popleft()
                self.touch()
            self._woken.clear()
            await self._woken.wait()

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_SECONDS)
            if self._streams is not None:
                self._streams.tick()
                if not self.observer:
                    self._writer.chores.number(self._streams.held)
            if self._feed is not None and self._link.up and self._feed.short:
                self._feed.older()
            self._take_notices()

    def _soon(self, errand: Callable[[], Awaitable[None]]) -> None:
        self._errands.append(errand)
        self._woken.set()

    async def _sit_down(self, actor: Actor) -> None:
        await self.close()
        cache = await self.desk.sit_down(actor, self._prepare)
        self._streams = Streams(self, self._models, self._link, cache, self.clock.monotonic)
        waiting = dict.fromkeys(submit.stream for submit in cache.outbox.values())
        register = [register_stream(self.mode, actor.agency)] if self.mode else []
        for stream in (*waiting, *register):
            await self._streams.hold(stream, actor, self.charter)
        self._take_notices()

    def _prepare(self, cache: Cache) -> None:
        cache.disk.on_trouble = self._take_notices
        cache.disk.on_lost = lambda: None if self._streams is None else self._streams.snap_all()

    # -- what the line says -----------------------------------------------------------------------------------

    def _hello(self) -> Hello:
        desk = self.desk
        return Hello(
            protocol=PROTOCOL, client="incident-tui", seat=desk.name, epoch=desk.epoch, observer=self.observer
        )

    def _receive(self, frame: Incoming) -> None:
        match frame:
            case Welcome():
                self._soon(lambda: self._welcomed(frame))
            case Directory():
                self._soon(lambda: self._listed(frame))
            case Heartbeat():
                present = {names[0]: tuple(map(safe_text, names[1:])) for names in frame.present if names}
                if present != self.present:
                    self.present = present
                    self.touch()
            case Error(stream=""):
                self.say("caution", clip(safe_text(frame.sentence), 300))
            case Bye():
                pass  # the link has heard it
            case _:
                if self._streams is not None:
                    self._streams.receive(frame)

    async def _welcomed(self, frame: Welcome) -> None:
        """Who we are, as the server says; when that is somebody else than before, to their own seat."""
        actor = Actor(frame.name, frame.agency, frame.role)
        if self.desk.welcomed(frame):
            await self._sit_down(actor)
        await self.desk.remember(frame, actor)
        if self._streams is not None:
            self._streams.sign_in(actor, self.charter)
            await self._streams.hold(register_stream(self.mode, actor.agency), actor, self.charter)
            if self._link.up:
                self._streams.line_up()
        self.touch()

    async def _listed(self, frame: Directory) -> None:
        self.desk.listed(frame.streams)
        if self._streams is not None:
            self._streams.listed(listing.stream for listing in frame.streams)
        if not self.stream:
            await self._choose_incident()
        self._directory_here = self._link.up
        self.touch()

    def _link_changed(self) -> None:
        up = self._link.up and self._link.state.word is not LinkWord.ISLAND
        if self._was_up and not up:
            if self._streams is not None:
                self._streams.line_lost()
            if self._feed is not None:
                self._feed.forget_asked()
            self._directory_here = False
        self._was_up = up
        self.touch()

    # -- incidents --------------------------------------------------------------------------------------------

    @property
    def incidents(self) -> tuple[Listing, ...]:
        """The incidents we may see, running ones first, the newest first; also those that only this desk has."""
        return incidents_of(self.desk.listings, self._held(), self._models)

    def new_incident(self) -> str:
        """The name of a stream for an incident that is opened here."""
        return f"incident/{self._writer.ids.new()}"

    async def open_incident(self, stream: str) -> None:
        """Look at this incident from now on: it, our own part of it, and our register."""
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
            streams.leave(before)
            streams.leave(own_stream(before, me.agency))
        cache.note("view", "incident", stream)
        self.touch()

    async def _choose_incident(self) -> None:
        """Look at the incident asked for, else at the last one, else at the only one."""
        incidents = self.incidents
        last = "" if self.desk.cache is None else self.desk.cache.views.get("incident", "")
        if self._asked_for:
            found = named(incidents, self._asked_for)
        else:
            found = [listing.stream for listing in incidents if listing.stream == last]
            found = found or [listing.stream for listing in incidents if not listing.summary.get("closed")]
        if len(found) == 1:
            await self.open_incident(found[0])

    # -- writing ----------------------------------------------------------------------------------------------

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
        `happened_at` (UTC ms) is when it happened, as claimed.
        """
        opening = self.new_incident() if not stream and isinstance(command, Open) else ""
        answer = self._writer.submit(
            opening or stream or self.stream,
            command,
            base=base,
            happened_at=happened_at,
            on_behalf_of=on_behalf_of,
            depends_on=depends_on,
        )
        if opening and isinstance(answer, str):
            self._soon(lambda: self.open_incident(opening))
        return answer

    def see(self, subjects: Sequence[str], *, stream: str = "") -> None:
        """These subjects were before a person's eyes, and a key was pressed since. May be called at every key."""
        self._writer.see(stream or self.stream, subjects)

    def acknowledge(self, subjects: Sequence[str], *, stream: str = "") -> Refusal | str:
        """A person acknowledges these subjects for the agency; answers the command's id, or why not."""
        return self._writer.acknowledge(stream or self.stream, subjects)

    def word(self, command_id: str) -> str:
        """The state word of a command of this seat that is not confirmed; "" otherwise."""
        words = (watched.replica.word(command_id) for watched in self._held().values())
        return next((str(word) for word in words if word is not None), "")

    def lately(self, seconds: float = 10.0) -> Mapping[str, int]:
        """This seat's commands that were confirmed so lately, each with the number of its record."""
        return self._writer.cards.lately(self.clock.monotonic() - seconds)

    async def outcome(self, command_id: str, seconds: float) -> Outcome | None:
        """What became of a command, waiting at most so long; None: it still waits."""
        return await self._writer.cards.outcome(command_id, seconds)

    @property
    def cards(self) -> tuple[CardItem, ...]:
        """The refused commands, kept until they are cleared."""
        return self._writer.cards.items(self.desk.cache)

    def clear_card(self, command_id: str) -> None:
        """A person has dealt with this card."""
        if self.desk.cache is not None:
            self._writer.cards.clear(self.desk.cache, command_id)
            self.touch()

    # -- what is seen -----------------------------------------------------------------------------------------

    @property
    def me(self) -> Actor | None:
        """Who writes here; None until the server was reached once."""
        return self.desk.me

    @property
    def charter(self) -> Charter | None:
        """The server's present catalogue; an opened incident has its own, frozen."""
        return self.desk.charter

    @property
    def server_name(self) -> str:
        """What the server calls itself."""
        return self.desk.server_name

    @property
    def mode(self) -> str:
        """Live or exercise; "" until it is known."""
        return self.desk.mode

    @property
    def clock_offset(self) -> int:
        """Server's clock minus this desk's, in ms, as best known."""
        return self.clock.offset_ms

    def now(self) -> int:
        """UTC ms, by the server's clock as best known."""
        return self.clock.now()

    @property
    def link(self) -> LinkState:
        """The line: its word, round trip, and a sentence when there is something to say."""
        state = self._link.state
        watched = self._held().get(self.stream)
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
            and not self._errands
            and all(watched.live or watched.absent or watched.diverged for watched in self._held().values())
        )

    @property
    def unsent(self) -> int:
        """How many commands of persons here the server has not confirmed."""
        waiting = [] if self._streams is None else list(self._streams.pending())
        return sum(
            entry.word is not StateWord.CONFIRMED and not is_automatic(entry.submit.command_id)
            for _, entry in waiting
        )

    @property
    def disk_trouble(self) -> str:
        """Why what stands at SAVING cannot be saved, as a sentence; "" when all is well."""
        return self.desk.trouble or ("" if self.desk.cache is None else self.desk.cache.disk.trouble)

    def look(self) -> Look:
        """What this seat sees. The same object until something changes or a second has passed."""
        now = self.now()
        key = (self.version, now // 1000)
        if self._looked is None or self._looked[0] != key:
            made = look_of(self._held(), self.stream, self.me, self.charter, now, self.desk.listings)
            self._looked = (key, made)
        return self._looked[1]

    def log(self) -> LogFeed:
        """The log of the open incident, and of our own part of it."""
        return self._feed or NO_LINES

    def draft(self, name: str) -> str:
        """The draft kept under this name, "" when there is none."""
        return self.desk.draft(name)

    def keep_draft(self, name: str, text: str) -> None:
        """Keep what a person is writing; "" removes it. It survives the end of the program."""
        self.desk.keep_draft(name, text)

    def view_state(self, name: str) -> str:
        """A piece of what the screens keep for the next time (filter, widths, place)."""
        return "" if self.desk.cache is None else self.desk.cache.views.get(name, "")

    def keep_view_state(self, name: str, text: str) -> None:
        """Keep a piece of what the screens want to find again."""
        if self.desk.cache is not None:
            self.desk.cache.note("view", name, text)

    def redial(self) -> None:
        """Dial now instead of waiting for the next attempt."""
        self._link.redial()

    # -- what the streams tell --------------------------------------------------------------------------------

    def touch(self) -> None:
        """Something that may be shown has changed."""
        self.version += 1
        self._moved.set()

    def say(self, severity: str, sentence: str) -> None:
        """A person should know this: once, however often it is said in a row."""
        if not self.notices or self.notices[-1] != (severity, sentence):
            self.notices.append((severity, sentence))
        self.touch()

    def confirmed(self, watched: Watched, records: tuple[Record, ...]) -> None:
        """New records of a stream."""
        if self._feed is not None:
            self._feed.add(watched.stream, records)
        if watched.replica.frozen_slices and not watched.told_frozen:
            watched.told_frozen = True
            self.say("caution", "The server sends entries of a newer kind. Update this client to see them.")

    def older(self, stream: str, records: list[Record], prev: str) -> bool:
        """Older records that were asked for."""
        self.touch()
        return self._feed is None or self._feed.add_older(stream, records, prev)

    def stored(self, watched: Watched, state: Any) -> None:
        """The disk has everything up to this state: what is addressed to us in it is delivered."""
        if not self.observer:
            self._writer.chores.delivered(watched, state)

    def refused(self, watched: Watched, card: Card, words: str) -> None:
        """The server said no to a command."""
        self._writer.refused(watched, card, words)

    def done(self, command_id: str, seq: int) -> None:
        """A command is in the log."""
        self._writer.cards.end(command_id, Outcome(seq, at=self.clock.monotonic()))

    # -- inside -----------------------------------------------------------------------------------------------

    def _held(self) -> Mapping[str, Watched]:
        return {} if self._streams is None else self._streams.held

    def _ask_older(self, stream: str, before: int, limit: int) -> bool:
        self._soon(lambda: self._older(stream, before, limit))
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

    def _take_notices(self) -> None:
        """What the disk has to say."""
        cache = self.desk.cache
        if cache is not None:
            for severity, sentence in cache.notices:
                self.say(severity, sentence)
            cache.notices.clear()
        self.touch()


NO_LINES: Final = LogFeed((), lambda _stream, _before, _limit: False, lambda: 0)
