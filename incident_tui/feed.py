"""The log as lines: the incident's, our agency's own, and what others share with us of theirs, newest last.

Every record is a line; what waits to be confirmed stands at the end with its state word. Lines are made when
they are first asked for, and kept, so that a burst of records costs nothing until somebody looks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import msgspec

from incident.kernel.record import Record, first_break
from incident.kernel.replica import Pending, Replica
from incident.kernel.slice import Line
from incident.kernel.text import SafeText, safe_text
from incident.log import LATE_MS, lateness
from incident_tui.meaning import meaning

PAGE: Final = 200
NONE: Final = safe_text("")
LINES_MAX: Final = 20_000
"""Lines of one stream in memory; past it the oldest go, and are asked for again when somebody scrolls there."""


class LogLine(msgspec.Struct, frozen=True, gc=False):
    """One line. Times are UTC ms by the clock of the incident, `real_at` by the server's; texts are safe to show.

    `at` is when it happened as best known, `recorded_at` when the server wrote it (for a line that waits: when
    it was written here). `word` is the state word of a line that is not confirmed, "" otherwise; `late`: written
    more than two minutes after it happened; `own`: in our agency's own part; `part`: the agency in whose own part it
    stands, when that is another, which lets us look at it.
    """

    seq: int
    at: int
    recorded_at: int
    agency: SafeText
    actor: SafeText
    on_behalf_of: SafeText
    text: SafeText
    weight: str
    late: bool
    own: bool
    word: str
    struck: bool
    command_id: str
    stream: str
    type: str
    real_at: int = 0
    part: SafeText = NONE

    @property
    def said(self) -> str:
        """The words, with whose own part they stand in when that is not ours."""
        return f"OWN of {self.part} · {self.text}" if self.part else self.text


class _Strand:
    """The lines of one stream, oldest first, and what lies before them."""

    def __init__(self, replica: Replica, *, own: bool, part: SafeText = NONE) -> None:
        self.replica = replica
        self.own = own
        self.part = part
        self.fresh: list[Record] = []
        self.lines: list[tuple[int, LogLine]] = []
        # Everything from this number on is here; the hash before it, "" when not known.
        self.floor, self.floor_hash = replica.cursor + 1, replica.hash
        self.asked = False
        self.rewritten = 0
        """How often the lines became others than the same with more behind them."""
        self._corrections: Mapping[str, Any] = {}

    @property
    def held(self) -> int:
        """How many confirmed lines are here."""
        return len(self.lines) + len(self.fresh)

    def add(self, records: Sequence[Record]) -> None:
        """Newly confirmed records, which follow the last."""
        if records[0].seq != self.floor + self.held:
            # a snapshot has jumped over some: begin again from here, the rest is an older page
            self.lines, self.fresh = [], []
            self.rewritten += 1
            self.floor, self.floor_hash = records[0].seq, ""
        self.fresh.extend(records)
        if len(self.fresh) > LINES_MAX:  # nobody looks
            self.lines, self.fresh = [], self.fresh[-PAGE:]
            self.rewritten += 1
            self.floor, self.floor_hash = self.fresh[0].seq, ""

    def add_older(self, records: Sequence[Record], prev: str) -> bool:
        """A page right before the first line; False when it does not fit the chain."""
        self.asked = False
        if not records or records[-1].seq != self.floor - 1:
            return True  # an answer that came twice, or too late
        if self.floor_hash and records[-1].hash != self.floor_hash:
            return False
        if prev and first_break(prev, self.replica.stream, records) is not None:
            return False
        self.floor, self.floor_hash = records[0].seq, prev
        self.lines = [*self._made(records, 0), *self.lines]
        self.rewritten += 1
        return True

    def current(self) -> list[tuple[int, LogLine]]:
        """All lines with the moment that orders them, those struck through since marked."""
        if self.fresh:
            fresh, self.fresh = self.fresh, []
            self.lines += self._made(fresh, self.lines[-1][0] if self.lines else 0)
            if len(self.lines) > LINES_MAX:
                gone = len(self.lines) - LINES_MAX * 3 // 4
                self.lines, self.floor, self.floor_hash = self.lines[gone:], self.floor + gone, ""
                self.rewritten += 1
        corrections = _corrections(self.replica)
        if corrections is not self._corrections:
            self._corrections = corrections
            for key in corrections:
                place = int(key) - self.floor
                if 0 <= place < len(self.lines) and not self.lines[place][1].struck:
                    moment, line = self.lines[place]
                    self.lines[place] = (moment, msgspec.structs.replace(line, struck=True))
                    self.rewritten += 1
        return self.lines

    def _made(self, records: Sequence[Record], moment: int) -> list[tuple[int, LogLine]]:
        corrections = _corrections(self.replica)
        names = self.replica.model.names(self.replica.projected)
        made = []
        for record in records:
            moment = max(moment, record.recorded_at)  # a server's clock set back does not reorder its log
            struck = str(record.seq) in corrections
            said = self.replica.model.sentence(record, names)
            made.append((moment, _line(self, record, said, struck=struck)))
        return made

    def waiting(self) -> list[LogLine]:
        """What is not confirmed, each with its state word."""
        names = self.replica.model.names(self.replica.projected)
        lines = []
        for command_id, entry in self.replica.pending.items():
            word = str(self.replica.word(command_id) or "")
            said = [(record, self.replica.model.sentence(record, names)) for record in entry.records]
            if not said:  # it would be refused now, and so makes no record: it is shown all the same
                meant = Line(meaning(self.replica.model, entry.command))
                said = [(_placeholder(self.replica, entry), meant)]
            lines += [_line(self, record, line, word=word) for record, line in said]
        return lines


class LogFeed:
    """The log of the open incident."""

    def __init__(
        self, replicas: Sequence[Replica], ask: Callable[[str, int, int], bool], version: Callable[[], int]
    ) -> None:
        """The incident's replica, and our own part's. `version` tells when lines must be put together anew.

        `ask(stream, before, limit)` asks for older records, which come through `add_older`; False: it cannot.
        """
        self._strands = [_Strand(replica, own=place > 0) for place, replica in enumerate(replicas)]
        self._ask = ask
        self._version = version
        self._anew()

    def _anew(self) -> None:
        """Nothing is put together yet."""
        self._made: tuple[int, tuple[LogLine, ...]] = (-1, ())
        self._merged: list[LogLine] = []
        self._place = (0, 0)
        self._taken = [(-1, 0) for _ in self._strands]

    def shows(self, parts: Mapping[str, Replica]) -> list[str]:
        """Of other agencies' own parts exactly these are in the log from now on; answers which were not before.

        By the agency whose part it is. The lines of what is none any more are gone with this.
        """
        before = {str(strand.part): strand for strand in self._strands if strand.part}
        if {code: strand.replica for code, strand in before.items()} == parts:
            return []
        new = [
            code
            for code, replica in parts.items()
            if code not in before or before[code].replica is not replica
        ]
        kept = [one for one in self._strands if not one.part or (one.part in parts and one.part not in new)]
        self._strands = [*kept, *(_Strand(parts[code], own=False, part=safe_text(code)) for code in new)]
        self._anew()
        return new

    @property
    def parts(self) -> frozenset[str]:
        """The streams of others' own parts that are in the log."""
        return frozenset(strand.replica.stream for strand in self._strands if strand.part)

    def floor(self, stream: str) -> int:
        """The number of the first line of a stream that is here, or would be."""
        strand = self._of(stream)
        return 1 if strand is None else strand.floor

    @property
    def lines(self) -> tuple[LogLine, ...]:
        """Every line that is here, newest last, what waits at the end."""
        version = self._version()
        if self._made[0] != version:
            self._merge()
            self._made = (version, (*self._merged, *self._waiting()))
        return self._made[1]

    def _merge(self) -> None:
        """Bring what is confirmed up to date: as a rule by what is new alone, since the rest may be very long."""
        strands = [strand.current() for strand in self._strands]
        now = [(strand.rewritten, len(strand.lines)) for strand in self._strands]
        fresh = _placed(strands, [count for _, count in self._taken])
        anew = any(new != old for (new, _), (old, _) in zip(now, self._taken, strict=True))
        if anew or (fresh and fresh[0][:2] < self._place):
            fresh = _placed(strands, [0 for _ in strands])
            self._merged = []
        self._taken = now
        self._merged += [line for _, _, line in fresh]
        self._place = fresh[-1][:2] if fresh else self._place

    def last(self, count: int) -> list[LogLine]:
        """The newest lines, so many of them, and what waits: all that a window needs, however long the log is."""
        newest = [pair for strand in self._strands for pair in strand.current()[-count:]]
        newest.sort(key=lambda pair: pair[0])
        return [*(line for _, line in newest[-count:]), *self._waiting()]

    def last_own(self, count: int) -> list[LogLine]:
        """The newest confirmed lines of our own part, so many of them, whatever else has come."""
        return [line for strand in self._strands if strand.own for _, line in strand.current()[-count:]]

    def _waiting(self) -> list[LogLine]:
        waiting = [line for strand in self._strands for line in strand.waiting()]
        waiting.sort(key=lambda line: line.recorded_at)
        return waiting

    @property
    def total(self) -> int:
        """How many lines there are in all, here or not."""
        return sum(strand.replica.cursor + len(strand.replica.pending) for strand in self._strands)

    @property
    def more(self) -> bool:
        """Whether there are older lines that are not here."""
        return any(strand.floor > 1 for strand in self._strands)

    def older(self) -> bool:
        """Ask for a page of older lines of each stream; False when there are none, or nobody can be asked."""
        asked = False
        for strand in self._strands:
            if strand.floor > 1 and not strand.asked:
                strand.asked = self._ask(strand.replica.stream, strand.floor, PAGE)
                asked |= strand.asked
        return asked

    @property
    def short(self) -> bool:
        """Whether so few lines are here that the next page should be fetched unasked."""
        return any(strand.floor > 1 and strand.held < PAGE // 2 for strand in self._strands)

    def forget_asked(self, stream: str = "") -> None:
        """What was asked for (of this stream, or of all) will not be answered."""
        for strand in self._strands:
            if stream in ("", strand.replica.stream):
                strand.asked = False

    def add(self, stream: str, records: Sequence[Record]) -> None:
        """Newly confirmed records of a stream."""
        strand = self._of(stream)
        if strand is not None and records:
            strand.add(records)

    def add_older(self, stream: str, records: Sequence[Record], prev: str) -> bool:
        """Older records of a stream; False when they do not fit what is here."""
        strand = self._of(stream)
        return strand is None or strand.add_older(records, prev)

    def _of(self, stream: str) -> _Strand | None:
        return next((strand for strand in self._strands if strand.replica.stream == stream), None)


def _placed(
    strands: Sequence[list[tuple[int, LogLine]]], taken: Sequence[int]
) -> list[tuple[int, int, LogLine]]:
    """The lines of each strand behind those taken, in the order of their moments; of one moment, strand by strand."""
    found = [
        (moment, number, line)
        for number, (lines, count) in enumerate(zip(strands, taken, strict=True))
        for moment, line in lines[count:]
    ]
    return sorted(found, key=lambda one: one[:2])


def _placeholder(replica: Replica, entry: Pending) -> Record:
    """The envelope of a command that makes no record at the moment."""
    submit = entry.submit
    return Record(
        seq=0,
        command_id=submit.command_id,
        type=submit.type,
        v=submit.v,
        body=submit.body,
        actor=replica.actor.name,
        agency=replica.actor.agency,
        role=replica.actor.role,
        on_behalf_of=submit.on_behalf_of,
        happened_at=submit.happened_at,
        written_at=submit.written_at,
        recorded_at=submit.written_at + submit.clock_offset,
        clock_offset=submit.clock_offset,
    )


def _corrections(replica: Replica) -> Mapping[str, Any]:
    log = getattr(replica.projected, "log", None)
    found: Mapping[str, Any] = {} if log is None else log.corrections
    return found


def _line(strand: _Strand, record: Record, said: Line, *, word: str = "", struck: bool = False) -> LogLine:
    replica = strand.replica
    timed = replica.model.timed(replica.projected, record)
    return LogLine(
        seq=record.seq,
        at=timed.at,
        recorded_at=timed.recorded_at,
        agency=safe_text(record.agency),
        actor=safe_text(record.actor),
        on_behalf_of=safe_text(record.on_behalf_of),
        text=safe_text(said.text),
        weight=said.weight,
        late=lateness(timed) > LATE_MS,
        own=strand.own,
        word=word,
        struck=struck,
        command_id=record.command_id,
        stream=replica.stream,
        type=record.type,
        real_at=record.at,
        part=strand.part,
    )
