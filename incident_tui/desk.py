"""Who sits here, on which seat, with which copy: taken when the actor is known, given back at the end.

What the server told this desk about itself (catalogue, list of incidents, its clock) is kept with the copy, so
that the next opening has it before there is a line.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Collection
from pathlib import Path

import msgspec

from incident.catalogue import Charter
from incident.kernel.protocol import Listing, Welcome
from incident.kernel.slice import Actor
from incident.kernel.text import safe_text
from incident_tui import identity
from incident_tui.cache import Cache
from incident_tui.clock import Clock
from incident_tui.seat import Seat, SeatError, desk_folder, device_name, server_folder, take_seat
from incident_tui.sitting import Sitting

_listings = msgspec.json.Decoder(list[Listing])


class Desk:
    """A place at one server. Until somebody sits there, `me` and `cache` are None."""

    def __init__(
        self,
        url: str,
        token: str,
        home: Path,
        clock: Clock,
        say: Callable[[str, str], None],
        *,
        seat: int | None = None,
        observer: bool = False,
        copy: bool = True,
        last: identity.Last | None = None,
        sitting: Sitting | None = None,
    ) -> None:
        """`say(severity, sentence)` tells the person; without `copy` everything is in memory only.

        `sitting` is the sign-in of an enrolled desk, None where a token is all there is. `last` is written down, once
        the server has let us in, for the commands that are given no address.
        """
        self.me: Actor | None = None
        self.cache: Cache | None = None
        self.mode = ""
        self.server_name = ""
        self.epoch = ""
        self.charter: Charter | None = None
        self.listings: list[Listing] = []
        self.number = 0
        self.trouble = ""
        """Why there is no seat, as a sentence: nothing can be written then."""
        self.observer = observer
        self._url = url
        self.sitting = sitting
        self._token = token
        self._home = home
        self._clock = clock
        self._say = say
        self._wanted = seat
        self._copy = copy
        self._last = last
        self._early: dict[str, str] = {}

    @property
    def _known_by(self) -> str:
        """An enrolled desk is remembered as itself: its tokens change every day, its account with each enrolment."""
        return self._token if self.sitting is None else f"desk {self.sitting.ring.badge.account}"

    @property
    def papers(self) -> Path:
        """Where what is printed here goes: this user's own folder, beside the copy."""
        return self._home / "papers"

    @property
    def name(self) -> str:
        """This desk in the server's eyes."""
        return f"{device_name()} {self.number}" if self.number else ""

    def who_was_here(self) -> Actor | None:
        """Who this token stood for the last time; None when the server was never reached with it."""
        known = identity.known(server_folder(self._home, self._url), self._known_by)
        if known is None:
            return None
        self.mode, self.server_name, self.epoch = known.mode, known.server, known.epoch
        return known.actor

    async def sit_down(self, actor: Actor, prepare: Callable[[Cache], None]) -> Cache:
        """Open this person's copy on a free seat. `prepare` sees the cache before it is opened."""
        seat: Seat | None = None
        self.trouble = ""
        if self._copy:
            folder = desk_folder(self._home, self._url, self.epoch, actor.agency, actor.name)
            try:
                seat = await asyncio.to_thread(take_seat, folder, self._wanted)
            except SeatError as error:
                self.trouble = str(error)
                self._say("alarm", self.trouble)
        cache = Cache(seat, self._clock.now)
        prepare(cache)
        await cache.open()
        self.me, self.cache = actor, cache
        self.number = 0 if seat is None else seat.number
        if seat is not None and seat.number != (self._wanted or 1):
            self._say("info", f"Another client sits at this desk already. This is seat {seat.number}.")
        for name, text in self._early.items():
            cache.note("draft", name, text)
        self._early.clear()
        self._take_up(cache.meta)
        return cache

    def _take_up(self, meta: dict[str, str]) -> None:
        """Facts about the server as of the last time, where it has not told us newer ones."""
        with contextlib.suppress(msgspec.MsgspecError, ValueError):
            if not self._clock.known:
                self._clock.remember(int(meta.get("clock_offset", "0")))
            if not self.listings and "directory" in meta:
                self.listings = _listings.decode(meta["directory"])
            if self.charter is None and "charter" in meta:
                self.charter = msgspec.json.decode(meta["charter"], type=Charter)

    def welcomed(self, frame: Welcome) -> bool:
        """The server has told us about itself. True: another copy than the one that is open belongs to it."""
        here = self.me is not None and (self.me.agency, self.me.name) == (frame.agency, frame.name)
        if self.cache is not None and frame.epoch != self.epoch:
            self.listings = []
            left = len(self.cache.outbox)
            waits = f" {left} commands that wait for the old one stay in its copy." if left else ""
            self._say("caution", f"Behind this address is another server than last time.{waits}")
        same = here and frame.epoch == self.epoch
        self.mode, self.server_name, self.epoch = frame.mode, safe_text(frame.server), frame.epoch
        try:
            self.charter = msgspec.json.decode(frame.charter, type=Charter)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            self._say("alarm", "The server's catalogue cannot be read by this client. Update the client.")
        return not same

    async def remember(self, frame: Welcome, actor: Actor) -> None:
        """Write down who we are to the server and what it is, for the next opening."""
        self.me = actor
        if self.cache is not None:
            with contextlib.suppress(UnicodeDecodeError):  # it cannot be read, which was said
                self.cache.note("meta", "charter", bytes(frame.charter).decode())
        if self._copy and not (self.sitting is not None and self.sitting.glass):
            who = identity.Known(actor, self.mode, self.server_name, self.epoch)
            folder = server_folder(self._home, self._url)
            await asyncio.to_thread(identity.remember, folder, self._known_by, who)
        if self._last is not None:
            here = msgspec.structs.replace(self._last, agency=actor.agency)
            await asyncio.to_thread(identity.remember_last, self._home, here)

    def listed(self, listings: list[Listing]) -> None:
        """The streams that the server lists for us. What it listed before and does not now leaves no title behind."""
        gone = {one.stream for one in self.listings} - {one.stream for one in listings}
        self.listings = listings
        if self.cache is not None:
            self.cache.note("meta", "directory", msgspec.json.encode(listings).decode())
            if gone:
                self.cache.wipe()

    def unlisted(self, streams: Collection[str]) -> None:
        """These are not open to us any more: what was listed of them goes, also from the disk."""
        self.listed([listing for listing in self.listings if listing.stream not in streams])

    async def leave(self) -> None:
        """Close the copy and give the seat back."""
        cache, self.cache, self.number = self.cache, None, 0
        if cache is not None:
            if self._clock.known:
                cache.note("meta", "clock_offset", str(self._clock.offset_ms))
            await cache.close()

    # -- drafts and view state: small texts that survive everything -------------------------------------------

    def draft(self, name: str) -> str:
        """The draft kept under this name, "" when there is none."""
        return (self._early if self.cache is None else self.cache.drafts).get(name, "")

    def keep_draft(self, name: str, text: str) -> None:
        """Keep a draft; "" removes it. It is on the disk within a fifth of a second."""
        if self.cache is not None:
            self.cache.note("draft", name, text)
        elif text:
            self._early[name] = text
        else:
            self._early.pop(name, None)


class AtDesk:
    """What a session knows by sitting at a desk."""

    desk: Desk
    clock: Clock

    @property
    def me(self) -> Actor | None:
        """Who writes here; None until the server was reached once."""
        return self.desk.me

    @property
    def sitting(self) -> Sitting | None:
        """The sign-in of an enrolled desk; None where a token is all there is."""
        return self.desk.sitting

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
    def disk_trouble(self) -> str:
        """Why what stands at SAVING cannot be saved, as a sentence; "" when all is well."""
        return self.desk.trouble or ("" if self.desk.cache is None else self.desk.cache.disk.trouble)

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
