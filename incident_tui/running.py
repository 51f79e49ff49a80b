"""A session at work: the line, the desk's copy and the streams, kept going; what they tell is told on.

`incident_tui.session` puts on top of this what the screens and the headless commands see.
"""

from __future__ import annotations

import asyncio
import random
from abc import abstractmethod
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Mapping
from pathlib import Path
from typing import Any, Final

from incident.fleet import register_stream
from incident.kernel.model import Models
from incident.kernel.protocol import PROTOCOL, Bye, Directory, Error, Heartbeat, Hello, Welcome
from incident.kernel.record import Record
from incident.kernel.replica import Card, LinkWord
from incident.kernel.slice import Actor
from incident.kernel.text import SafeText, clip, safe_text
from incident.state import MODELS
from incident_tui.cache import Cache
from incident_tui.cards import Outcome
from incident_tui.clock import Clock
from incident_tui.desk import AtDesk, Desk
from incident_tui.feed import LogFeed
from incident_tui.identity import Last
from incident_tui.link import Incoming, Link, Timing
from incident_tui.placer import Placer
from incident_tui.seat import home_words
from incident_tui.sitting import Sitting
from incident_tui.streams import Streams
from incident_tui.watched import Watched
from incident_tui.writing import Writer, Writing

NOTICES_MAX: Final = 100
TICK_SECONDS: Final = 1.0


class Errands:
    """What takes longer than a step, done one after the other."""

    def __init__(self) -> None:
        self._waiting: deque[Callable[[], Awaitable[None]]] = deque()
        self._woken = asyncio.Event()
        self._busy = False

    @property
    def done(self) -> bool:
        """Whether nothing is under way."""
        return not self._waiting and not self._busy

    def add(self, errand: Callable[[], Awaitable[None]]) -> None:
        """Do this when it is its turn."""
        self._waiting.append(errand)
        self._woken.set()

    async def run(self, after: Callable[[], None]) -> None:
        """Do them, for ever; `after` is called after each."""
        while True:
            while self._waiting:
                self._busy = True
                try:
                    await self._waiting.popleft()()
                finally:
                    self._busy = False
                after()
            self._woken.clear()
            await self._woken.wait()


class Running(AtDesk, Writing):
    """Everything of a session that goes on by itself."""

    closings = 0
    """How often something was closed to us: what a screen has said of it by then goes from there."""

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
        last: Last | None = None,
        config: Path | None = None,
        sitting: Sitting | None = None,
        models: Models = MODELS,
        timing: Timing | None = None,
        clock: Clock | None = None,
        chance: random.Random | None = None,
    ) -> None:
        """`url` as `endings.server_url` gives it; `incident`: the one to open, by stream, number or title.

        An `observer` only reads, and leaves no receipts; without `copy` it leaves nothing on the disk, either.
        `last` is what is kept of where we were, once the server has let us in; `config` is where the areas are
        looked for first. `sitting` is the sign-in of an enrolled desk; it brings its token with it.
        """
        self.url = url
        self.home = home
        self.observer = observer
        self.version = 0
        self.stream = ""  # the open incident; "" when none is
        self.present: Mapping[str, tuple[SafeText, ...]] = {}
        """Who is connected, by agency, of those who take part in what is open here."""
        self.notices: deque[tuple[str, str]] = deque(maxlen=NOTICES_MAX)
        """What a person should be told once: (info | caution | alarm, sentence). Whoever shows it takes it out."""
        self.clock = clock or Clock()
        self.desk = Desk(url, token, home, self.clock, self.say, seat=seat, observer=observer, copy=copy,
                         last=last, sitting=sitting)  # fmt: skip
        self.asked_for = incident
        self.placer = Placer(config, self.say)
        self._models = models
        self._link = self._dialling(url, token, timing, chance)
        self._was_up = False
        self._directory_here = False
        self._streams: Streams | None = None
        self.writer = Writer(self.desk, self.clock, lambda: self._streams)
        self._feed: LogFeed | None = None
        self._errands = Errands()
        self._asides = Errands()
        self._moved = asyncio.Event()
        self._opened = False

    def _dialling(self, url: str, token: str, timing: Timing | None, chance: random.Random | None) -> Link:
        sitting = self.desk.sitting
        link = Link(
            url,
            token if sitting is None else sitting.token,
            self.clock,
            context=None if sitting is None else sitting.ring.context(),
            over=None if sitting is None else sitting.ended,
            folder=home_words(self.home),
            hello=self._hello,
            receive=self._receive,
            changed=self._link_changed,
            timing=timing,
            chance=chance,
        )
        if sitting is not None:
            sitting.join(
                link, say=self.say, changed=self.touch, again=self._again, waits=lambda: self.unsent > 0
            )
        return link

    # -- running ----------------------------------------------------------------------------------------------

    async def open(self) -> None:
        """Take up what this desk holds, before there is a line: the picture as it was last seen."""
        if not self._opened:
            self._opened = True
            actor = self.desk.who_was_here()
            if actor is not None:
                await self._sit_down(actor)
                await self.choose_incident()

    async def run(self) -> None:
        """Keep the line up, and do what there is to do, until cancelled. `close` comes after it."""
        await self.open()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._link.run(), name="link")
            group.create_task(self._errands.run(self.touch), name="errands")
            group.create_task(self._asides.run(self.touch), name="asides")
            group.create_task(self._tick(), name="tick")

    async def close(self) -> None:
        """Write what is not on the disk yet, and give the seat back."""
        streams, self._streams, self._feed, self.stream = self._streams, None, None, ""
        if streams is not None:
            streams.snap_all()
        if self.sitting is not None:
            self.sitting.leave()
        await self.desk.leave()

    def found_locked(self) -> bool:
        """The server refused a command because of the lock: it waits until this desk is unlocked."""
        if self.sitting is None or self.observer:
            return False
        self.sitting.found_locked()
        return True

    def _again(self) -> None:
        if self._streams is not None:
            self._streams.again()

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_SECONDS)
            if self.sitting is not None:
                self.sitting.tick()
            if self._streams is not None:
                self._streams.tick()
                self._streams.close_what_is_over(self.now())
                self._errands.add(self._streams.unlisted.probe)
                if not self.observer:
                    self.writer.chores.number(self._streams.held)
                    self.writer.chores.come_home(self._streams.held)
            self.arrange()
            if self._feed is not None and self._link.up and self._feed.short:
                self._feed.older()
            self._take_notices()

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
        if self.observer:
            cache.only_read()
        cache.disk.on_trouble = self._disk_changed
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
                self._errands.add(lambda: self._welcomed(frame))
            case Directory():
                self._errands.add(lambda: self._listed(frame))
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
        if self.sitting is not None:
            await self.sitting.welcomed(frame)
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
            unlisted = self._streams.unlisted
            self._streams.listed(listing.stream for listing in frame.streams)
            unlisted.listed(listing.stream for listing in frame.streams)
            self.aside(unlisted.look_beside)
            await unlisted.probe()
        if not self.stream:
            await self.choose_incident()
        await self.take_up_parts()
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
        if self._models.parent(watched.stream) is not None:
            self.arrange()
        if self._feed is not None:
            self._feed.add(watched.stream, records)
        if watched.replica.frozen_slices and not watched.told_frozen:
            watched.told_frozen = True
            self.say("caution", "The server sends entries of a newer kind. Update this client to see them.")

    def closed(self, streams: tuple[str, ...], sentence: str) -> None:
        """Not open to us any more: nothing of it is shown, listed, kept or told from now on.

        What was told before cannot be unsaid; what waits to be told may be of it, so it is dropped.
        """
        self.look_away(streams)
        self.desk.unlisted(streams)
        cache = self.desk.cache
        if cache is not None:
            proven = {} if self._streams is None else self._streams.unlisted.beside
            self.aside(lambda: cache.discard_elsewhere(streams, proven))
        self.notices.clear()
        self.closings += 1
        self.say("alarm", sentence)

    def aside(self, errand: Callable[[], Awaitable[None]]) -> None:
        """What may take long, such as another seat's file: neither the screen nor the other errands wait for it."""
        self._asides.add(errand)

    def older(self, stream: str, records: list[Record], prev: str) -> bool:
        """Older records that were asked for."""
        self.touch()
        return self._feed is None or self._feed.add_older(stream, records, prev)

    def stored(self, watched: Watched, state: Any) -> None:
        """The disk has everything up to this state: what is addressed to us in it is delivered."""
        if not self.observer:
            self.writer.chores.delivered(watched, state)

    def refused(self, watched: Watched, card: Card, words: str) -> None:
        """The server said no to a command."""
        self.writer.refused(watched, card, words)

    def done(self, command_id: str, seq: int) -> None:
        """A command is in the log."""
        self.writer.cards.end(command_id, Outcome(seq, at=self.clock.monotonic()))

    def held(self) -> Mapping[str, Watched]:
        """The streams that are here, by name."""
        return {} if self._streams is None else self._streams.held

    def _take_notices(self) -> None:
        """What the disk has to say."""
        cache = self.desk.cache
        if cache is not None:
            for severity, sentence in cache.notices:
                self.say(severity, sentence)
            cache.notices.clear()

    def _disk_changed(self) -> None:
        self._take_notices()
        cache = self.desk.cache
        if cache is not None and cache.disk.given_up:
            self.say("alarm", cache.disk.given_up)
        self.touch()

    # -- left to the session ------------------------------------------------------------------------------------

    @abstractmethod
    def look_away(self, streams: Collection[str]) -> None:
        """These may not be shown any more."""

    @abstractmethod
    def arrange(self) -> None:
        """Show of other agencies' own parts what is shared with us now, and nothing else."""

    @abstractmethod
    async def choose_incident(self) -> None:
        """Look at an incident, if it is clear which."""

    @abstractmethod
    async def take_up_parts(self) -> None:
        """Hold what other agencies share with us of the open incident."""

    @property
    @abstractmethod
    def unsent(self) -> int:
        """How many commands of persons here the server has not confirmed."""
