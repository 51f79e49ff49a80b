"""Every stream this session holds, and the carrying out of what their replicas ask for, in order.

A command goes to the disk before it goes on the line; a card is on the disk before its outbox row is gone;
records are handed to the disk as they come. Nothing in here waits.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import Any, Final, Protocol

from incident.kernel.model import Models
from incident.kernel.protocol import (
    Accepted,
    Claims,
    Error,
    Page,
    Records,
    Refused,
    SnapshotPage,
    Submit,
    Unwatch,
    Watching,
)
from incident.kernel.record import Record, first_break
from incident.kernel.replica import (
    Card,
    Changed,
    Diverged,
    Drop,
    Effect,
    Keep,
    Pending,
    Replica,
    Resync,
    Send,
    StateWord,
    Store,
    StoreSnapshot,
)
from incident.kernel.slice import Actor, Refusal
from incident.kernel.text import clip, safe_text
from incident_tui.cache import Cache
from incident_tui.chores import is_automatic
from incident_tui.closing import LOST, NOT_DELETED, emptied, own_words, said, whose
from incident_tui.lent import Lent
from incident_tui.link import Link
from incident_tui.meaning import meant
from incident_tui.unlisted import Unlisted
from incident_tui.watched import SNAPSHOT_EVERY, SNAPSHOT_SECONDS, Watched, load

ANSWER_SECONDS: Final = 15.0
"""A command without an answer is sent again after this long: its id makes it one command. While the server answers
others it is at work on the queue, which may take it longer, and nothing is sent twice."""

BUSY_SECONDS: Final = 1.0
RESYNCS_MAX: Final = 3


class Owner(Protocol):
    """What the streams tell the session."""

    def touch(self) -> None:
        """Something that may be shown has changed."""

    def say(self, severity: str, sentence: str) -> None:
        """A person should know this."""

    def confirmed(self, watched: Watched, records: tuple[Record, ...]) -> None:
        """These records are new in a stream."""

    def closed(self, streams: tuple[str, ...], sentence: str) -> None:
        """These are not open to us any more, and their copies are being deleted; what a person should know of it."""

    def aside(self, errand: Callable[[], Awaitable[None]]) -> None:
        """Do this when it is its turn; nothing waits for it."""

    def older(self, stream: str, records: list[Record], prev: str) -> bool:
        """Older records that were asked for; False when they do not fit."""

    def stored(self, watched: Watched, state: Any) -> None:
        """The disk has everything of a stream up to this state."""

    def refused(self, watched: Watched, entry: Card, words: str) -> None:
        """The server said no."""

    def found_locked(self) -> bool:
        """The server refused a command since this desk is locked; True when it is to be sent again after that."""

    def done(self, command_id: str, seq: int) -> None:
        """A command of this seat is in the log, as the record of this number (0: it changed nothing)."""


class Streams:
    """The streams by name."""

    def __init__(self, owner: Owner, models: Models, link: Link, cache: Cache, now: Any) -> None:
        """`now` answers monotonic seconds."""
        self.held: dict[str, Watched] = {}
        self.cache = cache
        self._owner = owner
        self._models = models
        self._link = link
        self._now = now
        self.unlisted = Unlisted(cache, models, link, self.held)
        self.lent = Lent(cache, self.held, link, now)
        self._answered_at = float("-inf")
        """When the server last answered a command, of whatever stream (monotonic seconds)."""

    # -- coming and going -------------------------------------------------------------------------------------

    async def hold(self, stream: str, actor: Actor, charter: Any) -> Watched | None:
        """The stream, taken from the disk if it is not here yet, and asked for; None when its name means nothing."""
        model = self._models.of(stream)
        if model is None:
            return None
        watched = self.held.get(stream)
        if watched is None:
            watched = await load(self.cache, model, stream, actor, charter)
            watched = self.held.setdefault(stream, watched)
            self.lent.note(watched, moved=False)
            self._owner.stored(watched, watched.replica.confirmed)
            self._owner.touch()
        self.ask(watched)
        return watched

    def begin(self, stream: str, actor: Actor, charter: Any) -> Watched | None:
        """A stream that exists nowhere yet, or is new on this disk: the first command to it makes it."""
        model = self._models.of(stream)
        others = self._models.agency(stream) not in (None, actor.agency)
        if model is None or others or stream in self.cache.streams:
            return None
        watched = self.held[stream] = Watched(Replica(model, stream, actor, charter))
        self.ask(watched)
        return watched

    def leave(self, stream: str) -> None:
        """Look at it no more, unless commands still wait for it."""
        watched = self.held.get(stream)
        if watched is None or watched.replica.pending:
            return
        self._link.post(Unwatch(stream=stream))
        del self.held[stream]

    def ask(self, watched: Watched) -> None:
        """Ask the server for the stream, unless that has been done on this line."""
        if self._link.up and not watched.live and watched.asked_at is None and not watched.diverged:
            self._link.post(watched.watch(self._now()))

    def sign_in(self, actor: Actor, charter: Any) -> None:
        """Who writes, and by which catalogue, as the server says now."""
        for watched in self.held.values():
            watched.replica.actor, watched.replica.charter = actor, charter

    def line_up(self) -> None:
        """The server has said Welcome."""
        self.unlisted.line_up()
        self.lent.line_up()
        for watched in self.held.values():
            watched.line_lost()
            self.ask(watched)

    def line_lost(self) -> None:
        """The line is gone."""
        for watched in self.held.values():
            watched.line_lost()
            self._carry_out(watched, watched.replica.link_lost())

    # -- commands ---------------------------------------------------------------------------------------------

    def again(self) -> None:
        """Send what waits, in its order: what kept the server from taking it is over."""
        for watched in self.held.values():
            if watched.live:
                self._carry_out(watched, watched.replica.caught_up())

    def submit(self, watched: Watched, submit: Submit) -> Refusal | None:
        """Take a command on: on the screen now, on the disk next, then on the line. Or the reason why not."""
        answer = watched.replica.submit(submit)
        if isinstance(answer, Refusal):
            return answer
        self._carry_out(watched, answer)
        return None

    def pending(self) -> Iterable[tuple[Watched, Pending]]:
        """Everything that waits, in every stream."""
        return (
            (watched, entry) for watched in self.held.values() for entry in watched.replica.pending.values()
        )

    def tick(self) -> None:
        """Once a second: ask again for what was not answered."""
        if not self._link.up:
            return
        now = self._now()
        for watched in self.held.values():
            if watched.asked_at is not None and now - watched.asked_at > ANSWER_SECONDS and not watched.live:
                watched.asked_at = None
            if not watched.absent:
                self.ask(watched)
            for command_id, sent_at in list(watched.sent.items()):
                entry = watched.replica.pending.get(command_id)
                if entry is None or entry.word not in (StateWord.QUEUED, StateWord.SENT):
                    del watched.sent[command_id]
                elif now - sent_at > ANSWER_SECONDS and (
                    command_id in watched.busy or now - self._answered_at > ANSWER_SECONDS
                ):
                    self._send(watched, entry.submit)

    # -- frames -----------------------------------------------------------------------------------------------

    def receive(
        self, frame: Accepted | Refused | Records | Claims | Watching | Error | tuple[SnapshotPage, bytes]
    ) -> None:
        """One frame that concerns one stream."""
        stream = frame[0].stream if isinstance(frame, tuple) else frame.stream
        watched = self.held.get(stream)
        if watched is None:
            self._not_held(stream, frame)
            return
        replica = watched.replica
        match frame:
            case Records() if frame.history:
                if not watched.closed:
                    self._history(watched, frame)
            case Records():
                watched.closed = False
                self._carry_out(watched, replica.receive(frame))
            case Accepted():
                self._answered_at = self._now()
                self._carry_out(watched, replica.accepted(frame, closed=watched.closed))
                for done in frame.done:
                    watched.sent.pop(done.command_id, None)
                if not self._through(watched):
                    self.listed((stream,))
            case Refused():
                self._refused(watched, frame)
                self._through(watched)
            case Claims():
                watched.claims = tuple(frame.held)
                self._owner.touch()
            case Watching():
                watched.live, watched.absent, watched.asked_at = True, False, None
                watched.closed = False
                self.cache.let_go(stream)
                self._carry_out(watched, replica.caught_up())
            case Error():
                self._error(watched, frame)
            case (header, body):
                self._carry_out(watched, replica.receive_page(header, body))

    def listed(self, streams: Iterable[str]) -> None:
        """The server has these: what it did not know before can be asked for now, parts of them included."""
        known = set(streams)
        for watched in self.held.values():
            if watched.absent and (watched.stream in known or self._models.parent(watched.stream) in known):
                watched.absent, watched.asked_at = False, None
                self.ask(watched)

    def _error(self, watched: Watched, error: Error) -> None:
        match error.code:
            case "unknown_stream" if watched.live:
                pass  # to a page that was asked for in the moment before the stream was closed to us: that is said next
            case "unknown_stream":
                watched.absent, watched.asked_at = True, None
                if watched.replica.cursor == 0:
                    # Nothing to catch up with: the first command opens it.
                    self._carry_out(watched, watched.replica.caught_up())
                else:
                    self._knock(watched)
                    self.cache.hold_on(watched.stream)
                    self._owner.say("alarm", LOST)
            case "not_party":
                self.close(watched.stream)
            case "diverged":
                watched.diverge(clip(safe_text(error.sentence), 300))
                self._diverged(watched)
            case _:
                watched.asked_at = self._now() - ANSWER_SECONDS + BUSY_SECONDS
                self._owner.say("caution", clip(safe_text(error.sentence), 300))

    # -- what is closed to us -----------------------------------------------------------------------------------

    def close(self, stream: str) -> None:
        """The server has closed this to our agency: nothing of it and of its parts stays here.

        What a person wrote does: it waits for its answer as before, and cards keep the author's own words. So does
        what the server's history lacks, as far as that is known here: it may be the last copy of it.
        """
        known = dict.fromkeys((stream, *self.held, *self.cache.streams))
        of_it = [name for name in known if stream in (name, self._models.parent(name))]
        names = tuple(name for name in of_it if not self._may_be_the_last(name, stream))
        if not names:
            self._owner.say("alarm", NOT_DELETED)
            return
        for name in names:
            self.cache.let_go(name)
        gone = [watched for name in names if (watched := self.held.pop(name, None)) is not None]
        for watched in gone:
            for entry in watched.replica.pending.values():
                if entry.word is StateWord.CONFIRMED or is_automatic(entry.submit.command_id):
                    self.cache.drop(entry.submit.command_id)
            left = emptied(watched)
            if left is not None:
                self.held[watched.stream] = left
                self._knock(left)
        self._owner.closed(names, said(gone, whose=whose(self._models, stream), kept=len(of_it) - len(names)))
        self.cache.discard(names, partial(own_words, self._models))
        self._owner.touch()

    def _may_be_the_last(self, name: str, closed: str) -> bool:
        """Whether the server's history lacks what is here of it. *not_party* of itself says that it does not."""
        watched = self.held.get(name)
        if watched is not None and watched.diverged:
            return True
        return name != closed and self.cache.holds_on(name)

    def _through(self, watched: Watched) -> bool:
        """Whether a stream that is closed to us has been let go of: its last command has been answered."""
        if watched.closed and not watched.replica.pending:
            self.held.pop(watched.stream, None)
        return watched.closed

    def _not_held(self, stream: str, frame: object) -> None:
        """An answer to what was only asked whether it is closed to us."""
        match frame:
            case Error(code="not_party") if stream in self.cache.streams:
                self.close(stream)
            case Error(code="unknown_stream" | "diverged") if stream in self.cache.streams:
                self.cache.hold_on(stream)
            case Error(code="not_party") if stream in self.unlisted.beside:
                # Its parts are asked about, each by itself, and go on their own word.
                self._owner.closed((stream,), said((), whose=whose(self._models, stream)))
            case Error(code="unknown_stream" | "diverged") if stream in self.unlisted.beside:
                self._owner.aside(partial(self.cache.hold_on_beside, stream))
            case Watching():
                self._link.post(Unwatch(stream=stream))

    def close_what_is_over(self, now: int) -> None:
        """Cut off, what we only see by an agreement goes when that is over, by the copy itself (UTC ms)."""
        if not self.lent.cut_off():
            return
        for name in self.lent.over(now):
            if name in self.lent.over(now):  # with a whole, its parts have gone, too
                self.close(name)
        if self.lent.beside_due(now):
            self._owner.aside(partial(self.lent.clear_beside, now))

    def _knock(self, watched: Watched) -> None:
        """What waits for a stream that is closed to us is sent all the same: only the server's no makes a card."""
        self._carry_out(watched, watched.replica.caught_up())
        self._carry_out(watched, watched.replica.link_lost())

    def _diverged(self, watched: Watched) -> None:
        self._carry_out(watched, watched.replica.link_lost())
        self.cache.hold_on(watched.stream)
        self._owner.say(
            "alarm",
            f"HISTORY DIVERGED: {watched.diverged} The copy here is kept as it is and can only be read. "
            "Tell whoever runs the server.",
        )

    def _refused(self, watched: Watched, frame: Refused) -> None:
        entry = watched.replica.pending.get(frame.command_id)
        if entry is None:
            return
        if frame.code == "busy":
            # nothing was decided: the same again, a little later
            watched.busy.add(frame.command_id)
            watched.sent[frame.command_id] = self._now() - ANSWER_SECONDS + BUSY_SECONDS
            return
        if frame.code == "locked" and self._owner.found_locked():
            watched.sent.pop(frame.command_id, None)
            entry.word = StateWord.QUEUED
            return
        self._answered_at = self._now()
        words = meant(watched.model, watched.replica.projected, entry)
        for effect in watched.replica.refused(frame):
            if isinstance(effect, Card):
                self._owner.refused(watched, effect, words)
            elif not isinstance(effect, Drop):  # its row goes together with the card
                self._carry_out(watched, (effect,))

    def _history(self, watched: Watched, frame: Records) -> None:
        records = frame.records
        fits = first_break(frame.prev, watched.stream, records) is None
        if not fits or not self._owner.older(watched.stream, records, frame.prev):
            self._owner.say(
                "alarm", "An older page of the log does not fit what this desk has of it. It is not shown."
            )
        elif records:
            self.cache.store(watched.stream, records)

    def page(self, stream: str, before: int, limit: int) -> bool:
        """Ask the server for older records; False when it cannot be asked now."""
        watched = self.held.get(stream)
        return (
            watched is not None
            and watched.live
            and self._link.post(Page(stream=stream, before=before, limit=limit))
        )

    # -- effects ----------------------------------------------------------------------------------------------

    def _carry_out(self, watched: Watched, effects: tuple[Effect, ...]) -> None:
        numbers: dict[str, int] = {}
        for effect in effects:
            match effect:
                case Keep(submit):
                    self.cache.keep(submit, partial(self._kept, watched, submit.command_id))
                case Send(submit):
                    self._send(watched, submit)
                case Store(records):
                    numbers = {record.command_id: record.seq for record in records}
                    self._store(watched, records)
                case StoreSnapshot():
                    watched.unsnapped = 0
                    self.lent.note(watched)
                    then = partial(self._owner.stored, watched, watched.replica.confirmed)
                    self.cache.store_snapshot(watched.stream, effect, then)
                case Drop(command_id):
                    watched.sent.pop(command_id, None)
                    self.cache.drop(command_id)
                    self._owner.done(command_id, numbers.get(command_id, 0))
                case Changed(records):
                    if records:
                        self._owner.confirmed(watched, records)
                    self._owner.touch()
                case Resync():
                    self._resync(watched, effect)
                case Diverged():
                    watched.live = False
                    self._diverged(watched)
                case Card():
                    raise TypeError("a card comes with Refused alone")

    def _kept(self, watched: Watched, command_id: str) -> None:
        watched = self.held.get(watched.stream, watched)  # it may have been closed to us meanwhile
        self._carry_out(watched, watched.replica.kept(command_id))
        if watched.absent and (watched.replica.cursor or watched.closed) and self._link.up:
            self._knock(watched)
        self._owner.touch()

    def _send(self, watched: Watched, submit: Submit) -> None:
        watched.sent[submit.command_id] = self._now()
        entry = watched.replica.pending.get(submit.command_id)
        taken = self._link.post(submit)
        watched.busy.discard(submit.command_id)
        if not taken:
            watched.busy.add(submit.command_id)
        if entry is not None and entry.word in (StateWord.QUEUED, StateWord.SENT):
            entry.word = StateWord.SENT if taken else StateWord.QUEUED

    def _store(self, watched: Watched, records: tuple[Record, ...]) -> None:
        cursor = watched.replica.cursor
        if watched.unreported is None:
            watched.unreported = (cursor, watched.replica.confirmed)
        self.lent.note(watched)
        self.cache.store(watched.stream, records, partial(self._stored, watched, cursor))
        watched.unsnapped += len(records)
        rested = self._now() - watched.snapped_at >= SNAPSHOT_SECONDS
        if watched.unsnapped >= SNAPSHOT_EVERY and rested:
            self.snap(watched)

    def _stored(self, watched: Watched, cursor: int) -> None:
        """The disk has the records up to this one. One state waits for that at a time, however slow the disk is."""
        waiting = watched.unreported
        if waiting is None or waiting[0] > cursor:
            return
        replica = watched.replica
        watched.unreported = (replica.cursor, replica.confirmed) if replica.cursor > waiting[0] else None
        self._owner.stored(watched, waiting[1])

    def snap(self, watched: Watched) -> None:
        """Write the confirmed state down, so that the next opening is quick."""
        snapshot = watched.snapshot()
        watched.snapped_at = self._now()
        if snapshot is not None:
            self.cache.store_snapshot(watched.stream, snapshot)

    def snap_all(self) -> None:
        """Write down every state that has moved on since it was last written."""
        for watched in self.held.values():
            if watched.unsnapped:
                self.snap(watched)

    def _resync(self, watched: Watched, resync: Resync) -> None:
        watched.resyncs += 1
        if watched.resyncs > RESYNCS_MAX:
            self._owner.say("alarm", f"What is shown cannot be brought up to date: {resync.reason}.")
            return
        watched.with_snapshots = watched.with_snapshots and resync.snapshots
        self._link.post(watched.watch(self._now()))
