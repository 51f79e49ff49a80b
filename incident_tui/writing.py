"""How a person's act becomes a command of this seat: stamped here and nowhere else, and followed to its end."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from incident.kernel.protocol import BODY_BYTES_MAX, Submit
from incident.kernel.receipts import Acknowledge
from incident.kernel.record import encode_body
from incident.kernel.replica import Card
from incident.kernel.slice import Refusal
from incident_tui.cache import CardItem
from incident_tui.cards import Cards, Outcome
from incident_tui.chores import SUBJECTS_MAX, Chores, is_automatic
from incident_tui.clock import Clock
from incident_tui.desk import Desk
from incident_tui.ids import Ids
from incident_tui.streams import Streams
from incident_tui.watched import Watched


class Writer:
    """Everything that this seat writes."""

    def __init__(self, desk: Desk, clock: Clock, streams: Callable[[], Streams | None]) -> None:
        self.cards = Cards()
        self.chores = Chores(self._submit_chore, lambda: desk.me, clock.now)
        self.ids = Ids(clock.wall_ms)
        self._desk = desk
        self._clock = clock
        self._streams = streams

    def submit(
        self,
        stream: str,
        command: Any,
        *,
        base: Mapping[str, str] | None,
        happened_at: int | None,
        on_behalf_of: str,
        depends_on: Sequence[str],
    ) -> Refusal | str:
        """Take a person's command on; answers its id, or why not. See `Session.submit`."""
        streams = self._streams()
        watched = self._writable(streams, stream)
        if streams is None or isinstance(watched, Refusal):
            return watched if isinstance(watched, Refusal) else NOBODY
        hangs_on = list(depends_on)
        if watched.model.name in ("own", "excon"):
            opening = self.chores.open_own(watched)
            if isinstance(opening, Refusal):
                return opening
            hangs_on += [opening] if opening else []
        frame = self._frame(watched, command, self.ids.new(), base, happened_at, on_behalf_of, hangs_on)
        if isinstance(frame, Refusal):
            return frame
        return streams.submit(watched, frame) or frame.command_id

    def preview(
        self, stream: str, command: Any, *, happened_at: int | None, on_behalf_of: str
    ) -> Refusal | None:
        """The no that this would get at once; None where only the server knows. Nothing is kept of it."""
        watched = self._writable(self._streams(), stream)
        if isinstance(watched, Refusal):
            return watched
        if watched.model.name in ("own", "excon"):
            return None  # it may have to be opened first
        frame = self._frame(watched, command, self.ids.new(), None, happened_at, on_behalf_of)
        return frame if isinstance(frame, Refusal) else watched.replica.preview(frame)

    def acknowledge(self, stream: str, things: Sequence[str]) -> Refusal | str:
        """A person acknowledges what was sent to the agency of these things."""
        watched = self._writable(self._streams(), stream)
        if isinstance(watched, Refusal):
            return watched
        subjects = self.chores.asked_of_us(watched, things)
        if not subjects:
            return Refusal("nothing_asked", "There is nothing here that asks you for an acknowledgement.")
        command = Acknowledge(subjects[:SUBJECTS_MAX])
        return self.submit(stream, command, base={}, happened_at=None, on_behalf_of="", depends_on=())

    def see(self, stream: str, things: Sequence[str]) -> None:
        """These were before a person's eyes. Reported once."""
        watched = self._writable(self._streams(), stream)
        if isinstance(watched, Watched):
            self.chores.seen(watched, things)

    def refused(self, watched: Watched, card: Card, words: str) -> None:
        """The server said no. What a person wrote becomes a card; a chore leaves only its outcome."""
        cache = self._desk.cache
        if cache is None:
            return
        if is_automatic(card.submit.command_id):
            cache.drop(card.submit.command_id)
            self.cards.end(card.submit.command_id, Outcome(refusal=card.refusal))
        else:
            self.cards.refuse(cache, card, self._clock.now(), words)

    def _writable(self, streams: Streams | None, stream: str) -> Watched | Refusal:
        """The stream, if this seat may write to it at all."""
        me = self._desk.me
        if self._desk.observer:
            return Refusal("observer", "This is an observer's session: it writes nothing.")
        if self._desk.sitting is not None and (locked := self._desk.sitting.refusal) is not None:
            return locked
        if self._desk.trouble:
            return Refusal("no_seat", self._desk.trouble)
        if streams is None or me is None:
            return NOBODY
        if not stream:
            return Refusal("no_incident", "No incident is open.")
        watched = streams.held.get(stream) or streams.begin(stream, me, self._desk.charter)
        if watched is None:
            return Refusal("not_held", "This is not open here. Open it first.")
        if watched.diverged:
            return Refusal(
                "diverged", f"HISTORY DIVERGED: {watched.diverged} The copy here can only be read."
            )
        return watched

    def _frame(
        self,
        watched: Watched,
        command: Any,
        command_id: str,
        base: Mapping[str, str] | None = None,
        happened_at: int | None = None,
        on_behalf_of: str = "",
        depends_on: Sequence[str] = (),
    ) -> Submit | Refusal:
        try:
            body = encode_body(command)
        except UnicodeEncodeError:  # bytes that are no UTF-8, from a command line or a paste
            return Refusal("bad_text", "The text holds half of a broken character: write it again.")
        if len(bytes(body)) > BODY_BYTES_MAX:
            return Refusal(
                "too_large", f"This is longer than the {BODY_BYTES_MAX:,} bytes that one command may have."
            )
        seen = watched.model.base_for(watched.replica.projected, command) if base is None else dict(base)
        type_ = watched.model.name_of(command)
        return Submit(
            stream=watched.stream,
            command_id=command_id,
            type=type_,
            v=watched.model.spec_of(type_).v,
            body=body,
            written_at=max(0, self._clock.wall_ms()),
            happened_at=happened_at,
            on_behalf_of=on_behalf_of,
            base=seen,
            depends_on=list(depends_on),
            clock_offset=self._clock.offset_ms,
        )

    def _submit_chore(self, watched: Watched, command: Any, command_id: str) -> Refusal | None:
        streams = self._streams()
        if streams is None or self._desk.observer or self._desk.trouble or watched.diverged:
            return NOBODY
        frame = self._frame(watched, command, command_id)
        return frame if isinstance(frame, Refusal) else streams.submit(watched, frame)


NOBODY = Refusal(
    "not_signed_in", "The server has not been reached yet from this desk, so it is not known who writes."
)


class Writing(ABC):
    """What a session says of the commands written at it."""

    writer: Writer
    desk: Desk
    clock: Clock
    stream: str

    @abstractmethod
    def held(self) -> Mapping[str, Watched]:
        """The streams that are here, by name."""

    @abstractmethod
    def touch(self) -> None:
        """Something that may be shown has changed."""

    def see(self, things: Sequence[str], *, stream: str = "") -> None:
        """These (`tasks/<id>`) were before a person's eyes, and a key was pressed since. Reported once each."""
        self.writer.see(stream or self.stream, things)

    def acknowledge(self, things: Sequence[str], *, stream: str = "") -> Refusal | str:
        """A person acknowledges these (`tasks/<id>`) for the agency; answers the command's id, or why not."""
        return self.writer.acknowledge(stream or self.stream, things)

    def word(self, command_id: str) -> str:
        """The state word of a command of this seat that is not confirmed; "" otherwise."""
        words = (watched.replica.word(command_id) for watched in self.held().values())
        return next((str(word) for word in words if word is not None), "")

    def lately(self, seconds: float = 10.0) -> Mapping[str, int]:
        """This seat's commands that were confirmed so lately, each with the number of its record."""
        return self.writer.cards.lately(self.clock.monotonic() - seconds)

    async def outcome(self, command_id: str, seconds: float) -> Outcome | None:
        """What became of a command, waiting at most so long; None: it still waits."""
        return await self.writer.cards.outcome(command_id, seconds)

    @property
    def cards(self) -> tuple[CardItem, ...]:
        """The refused commands, kept until they are cleared."""
        return self.writer.cards.items(self.desk.cache)

    def clear_card(self, command_id: str) -> None:
        """A person has dealt with this card."""
        if self.desk.cache is not None:
            self.writer.cards.clear(self.desk.cache, command_id)
            self.touch()
