"""This seat's own copy: what the server confirmed, what waits to be sent, what was refused, drafts and view.

What a person wrote (outbox, cards) goes to the disk at once and in order, and only then may a command be sent.
What can be fetched again (records, snapshots) is written in groups, off the way of a keystroke: a crash only
costs asking for it once more. A file that cannot be used is set aside, never deleted; what a person wrote is
saved from it as far as it can be read, and the client goes on with a new one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final

import msgspec

from incident.kernel.protocol import Submit
from incident.kernel.record import Record, first_break, genesis
from incident.kernel.replica import StoreSnapshot
from incident.kernel.slice import Refusal
from incident_tui import cache_file
from incident_tui.cache_file import CacheFile, Statement, Unreadable
from incident_tui.disk import FAULTS, GROUP_MAX, NOT_OURS, RETRY_SECONDS, Disk, Job, is_broken, why
from incident_tui.seat import Seat


class CardItem(msgspec.Struct, frozen=True):
    """A refused command on its card, kept until a person clears it. `text` says in words what was meant.

    `at` is when the refusal came (UTC ms); `dependants` are the commands that hung on it.
    """

    submit: Submit
    refusal: Refusal
    at: int
    text: str
    dependants: tuple[Submit, ...] = ()

    @property
    def command_id(self) -> str:
        """The id of the refused command."""
        return self.submit.command_id

    @property
    def stream(self) -> str:
        """Where it was meant to go."""
        return self.submit.stream


BESIDE_MAX: Final = 1_000
"""Streams at the seats beside that are asked about; what is over it is found once those are gone."""
HELD_ON: Final = "held on to "
"""With the name of a stream: the fact that its copy here may be the last."""
_TABLES: Final = {"draft": "drafts", "view": "views", "meta": "meta"}
_PUT: Final = {table: f"INSERT OR REPLACE INTO {table} VALUES (?, ?)" for table in _TABLES}  # noqa: S608
_NO_META: Final = "DELETE FROM meta WHERE name = ?"
_NOTHING: Final[Mapping[str, tuple[int, str]]] = {}
_encode = msgspec.json.Encoder().encode
_pack = msgspec.msgpack.Encoder().encode
_submit = msgspec.json.Decoder(Submit)
_record = msgspec.json.Decoder(Record)
_card = msgspec.json.Decoder(CardItem)
_snapshot = msgspec.msgpack.Decoder(StoreSnapshot)


class Cache:
    """The copy of one seat. `seat` None: in memory only, for observers, which leave nothing behind."""

    def __init__(
        self, seat: Seat | None, now: Callable[[], int], *, retry_seconds: float = RETRY_SECONDS
    ) -> None:
        """`now` answers UTC ms, for the names of files that are set aside."""
        self.seat = seat
        self.notices: list[tuple[str, str]] = []
        """What a person should know of this copy, to be taken out and shown: (severity, sentence)."""
        self._written: dict[str, Submit] = {}
        self.outbox = self._written
        """What waits to be sent from here, by id: nothing in a copy that is only read."""
        self.cards: dict[str, CardItem] = {}
        self.drafts: dict[str, str] = {}
        self.views: dict[str, str] = {}
        self.meta: dict[str, str] = {}
        self.streams: set[str] = set()
        self.disk = Disk(self._reopen, retry_seconds=retry_seconds)
        self.disk.on_wipe = self._say
        self._now = now
        self._loaded = False
        self._only_read = False

    def only_read(self) -> None:
        """Before `open`: whoever looks on sends nothing that waits here, and takes over nothing of other seats."""
        self._only_read = True
        self.outbox = {}

    # -- opening and closing --------------------------------------------------------------------------------

    async def open(self) -> None:
        """Open the file, or begin a new one, and start writing. A bad disk is `trouble`, never an exception."""
        file, trouble = None, ""
        try:
            file = await self._opened()
        except FAULTS as error:
            trouble = why(error)
            if is_broken(error):
                try:
                    file, trouble = await self._begin_anew(trouble, rescue=True), ""
                except FAULTS as again:
                    trouble = why(again)
        if file is not None and not self._only_read:
            await self._adopt(file)
        self.disk.start(file, trouble)
        if cache_file.WIPE in self.meta and not self._only_read:
            self.wipe()  # what was deleted last time was not overwritten to its end

    async def close(self) -> None:
        """Write what waits, close the file and give the seat back."""
        try:
            await self.disk.close()
        finally:
            if self.seat is not None:
                self.seat.lock.free()

    async def _opened(self) -> CacheFile:
        file = await CacheFile.open(None if self.seat is None else self.seat.file)
        try:
            for table, name in _TABLES.items():
                getattr(self, name).update(await file.rows(f"SELECT name, value FROM {table}"))  # noqa: S608
            self.streams.update(name for (name,) in await file.rows("SELECT name FROM stream"))
            left = self._take_up(*await _written(file))
        except BaseException:
            await file.close()
            raise
        self._loaded = True
        if left:
            self._say(
                f"{left} waiting commands were written by another version of this client. They are kept."
            )
        return file

    async def _begin_anew(self, reason: str, *, rescue: bool) -> CacheFile:
        """Set the broken file aside and open a new one with what a person wrote. Raises one of FAULTS.

        `rescue`: memory does not have it yet, so it is read from the broken file, as far as that can be done.
        """
        if self.seat is None:
            raise Unreadable("a copy in memory has no second place")
        aside = cache_file.set_aside(self.seat.file, self._now())
        if rescue:
            outbox, cards, drafts = await asyncio.to_thread(cache_file.rescue, aside)
            self._take_up(outbox, cards)
            self.drafts.update(drafts)
        file = await self._filled(self.seat)
        self._loaded = True
        saved = (
            f"{len(self._written)} waiting commands were saved."
            if self._written
            else "No command was waiting."
        )
        self._say(
            f"The copy on this desk cannot be used: {reason}. It was set aside as {aside.name}. {saved}"
        )
        return file

    async def _reopen(self, broken: bool) -> CacheFile:
        """A file after a failure. Raises one of FAULTS while the disk still says no."""
        if broken:
            file = await self._begin_anew("it was damaged", rescue=not self._loaded)
            self.disk.give_up_records()
            return file
        known = set(self._written)
        file = await self._opened()
        if late := len(self._written.keys() - known):
            self._say(f"{late} commands from earlier were found on this desk. Start again to send them.")
        return file

    async def _filled(self, seat: Seat) -> CacheFile:
        """A new file with everything that a person wrote, as memory has it."""
        file = await CacheFile.open(seat.file)
        statements = [_outbox_row(submit) for submit in self._written.values()]
        statements += [_card_row(card) for card in self.cards.values()]
        for table, name in _TABLES.items():
            statements.append((_PUT[table], list(getattr(self, name).items())))
        try:
            await file.write(statements)
        except BaseException:
            await file.close()
            raise
        return file

    def _take_up(self, outbox: list[bytes], cards: list[bytes]) -> int:
        """What a file held, into memory; answers how many commands could not be understood."""
        left = 0
        for blob in outbox:
            try:
                submit = _submit.decode(blob)
            except NOT_OURS:
                left += 1
            else:
                self._written[submit.command_id] = submit
        for blob in cards:
            try:
                card = _card.decode(blob)
            except NOT_OURS:
                left += 1
            else:
                self.cards[card.command_id] = card
        return left

    async def _adopt(self, ours: CacheFile) -> None:
        """Take over what seats that nobody sits at have left unsent."""
        for other in () if self.seat is None else self.seat.others():
            try:
                if not other.lock.take():
                    continue
                theirs = await CacheFile.open(other.file)
                try:
                    outbox, cards = await _written(theirs)
                    if outbox or cards:
                        # First into our file, then out of theirs: a command sent from both is still one command.
                        await ours.write(_adoption(outbox, cards))
                        self._take_up(outbox, cards)
                        await theirs.write([("DELETE FROM outbox", [()]), ("DELETE FROM card", [()])])
                        self._say(
                            f"Seat {other.number} of this desk was left with {len(outbox)} waiting commands"
                            f" and {len(cards)} refused ones. This seat has taken them over."
                        )
                finally:
                    await theirs.close(properly=True)
            except (*FAULTS, KeyError, TypeError) as error:
                self._say(
                    f"The copy of seat {other.number} cannot be read: {why(error)}. It is left as it is."
                )
            finally:
                other.lock.free()

    def _say(self, sentence: str) -> None:
        self.notices.append(("caution", sentence))

    # -- what is kept, without waiting ------------------------------------------------------------------------

    def keep(self, submit: Submit, kept: Callable[[], None]) -> None:
        """Write a command to the outbox; `kept` is called when the disk has it."""
        self.outbox[submit.command_id] = submit
        self.disk.put(Job([_outbox_row(submit)], kept), urgent=True)

    def drop(self, command_id: str) -> None:
        """The outbox row has done its work. Not urgent: a command sent twice is one command."""
        if self.outbox.pop(command_id, None) is not None:
            self.disk.put(Job([_gone("outbox", command_id)]), urgent=False)

    def refuse(self, card: CardItem) -> None:
        """A card instead of its outbox row, in one breath: there is no moment without either."""
        self.cards[card.command_id] = card
        self.outbox.pop(card.command_id, None)
        self.disk.put(Job([_card_row(card), _gone("outbox", card.command_id)]), urgent=True)

    def clear(self, command_id: str) -> None:
        """A person has dealt with this card."""
        if self.cards.pop(command_id, None) is not None:
            self.disk.put(Job([_gone("card", command_id)]), urgent=True)

    def note(self, table: str, name: str, value: str) -> None:
        """A draft, a piece of view state, or a fact about this copy: `table` is draft, view or meta. "" removes."""
        known: dict[str, str] = getattr(self, _TABLES[table])
        if known.get(name, "") == value:
            return
        row: Statement
        if value:
            known[name] = value
            row = (_PUT[table], [(name, value)])
        else:
            del known[name]
            row = (f"DELETE FROM {table} WHERE name = ?", [(name,)])  # noqa: S608
        self.disk.put(Job([row]), urgent=False)

    def store(self, stream: str, records: Sequence[Record], stored: Callable[[], None] | None = None) -> None:
        """Confirmed records of a stream (or older ones, as history); `stored` is called when the disk has them."""
        for start in range(0, len(records), GROUP_MAX):
            some = records[start : start + GROUP_MAX]
            rows = [(stream, record.seq, _encode(record)) for record in some]
            then = stored if start + GROUP_MAX >= len(records) else None
            self._put_of(stream, (cache_file.ADD_RECORD, rows), then)

    def store_snapshot(
        self, stream: str, snapshot: StoreSnapshot, stored: Callable[[], None] | None = None
    ) -> None:
        """The confirmed state of a stream at one moment, from which the next opening starts."""
        row = (stream, snapshot.seq, _pack(snapshot))
        self._put_of(stream, ("INSERT OR REPLACE INTO snapshot VALUES (?, ?, ?)", [row]), stored)

    def _put_of(self, stream: str, statement: Statement, then: Callable[[], None] | None) -> None:
        # With every job, not with the first alone: any job may be given up while the disk is full.
        statements = [statement, (cache_file.ADD_STREAM, [(stream,)])]
        self.streams.add(stream)
        self.disk.put(Job(statements, then, len(statement[1]), fetchable=True), urgent=False)

    # -- what is not ours to keep any more -------------------------------------------------------------------

    def discard(self, streams: Sequence[str], words: Callable[[CardItem], CardItem]) -> None:
        """Delete the copy of these streams: records, states, and what cards said of them in others' words.

        What a person wrote stays: their outbox rows, drafts and cards; `words` makes a card that says no more than
        that. It is in the file until the disk has done it, which is told by nothing: tried until it is done.
        """
        self.streams.difference_update(streams)
        for stream in streams:
            self.meta.pop(f"{cache_file.LENT}{stream}", None)
        rewritten = [words(card) for card in self.cards.values() if card.stream in streams]
        self.cards.update((card.command_id, card) for card in rewritten)
        for card in rewritten:
            self.disk.put(Job([_card_row(card)]), urgent=True)
        self.wipe(streams)

    def wipe(self, streams: Sequence[str] = ()) -> None:
        """Delete the copy of these, and leave no byte in the file of whatever was deleted or overwritten before."""
        self.disk.put(Job(cache_file.deletion(streams), wipe=True), urgent=False)

    def hold_on(self, stream: str) -> None:
        """The server's history lacks this, or is another: it may be the last copy, so it is not to be deleted."""
        self.note("meta", f"{HELD_ON}{stream}", "yes")

    def let_go(self, stream: str) -> None:
        """The server has all of it as it is here."""
        self.note("meta", f"{HELD_ON}{stream}", "")

    def holds_on(self, stream: str) -> bool:
        """Whether that may be the last copy, as far as is known here, also from an earlier time."""
        return f"{HELD_ON}{stream}" in self.meta

    # -- the seats beside, at which nobody sits; where somebody does, it is theirs to clean ---------------------

    async def discard_elsewhere(
        self, streams: Sequence[str], proven: Mapping[str, tuple[int, str]] = _NOTHING
    ) -> None:
        """Delete them there, too, but what is held on to: that goes only where its newest record is the one `proven`.

        That is the record that the server was told of when it said that the stream is closed to us.
        """

        async def clear(theirs: CacheFile) -> None:
            facts = {name for (name,) in await theirs.rows("SELECT name FROM meta")}
            gone = [
                stream
                for stream in streams
                if f"{HELD_ON}{stream}" not in facts or proven.get(stream) == await _newest(theirs, stream)
            ]
            if not gone:
                return
            unlisted = await cache_file.unlisting(theirs, lambda name: name not in gone)
            facts_gone: Statement = (_NO_META, [(f"{HELD_ON}{stream}",) for stream in gone])
            await theirs.write([*cache_file.deletion(gone), *unlisted, facts_gone])
            await theirs.wipe()

        await self.at_free_seats(clear, "cleared")

    async def beside(self, listed: frozenset[str]) -> dict[str, tuple[int, str]]:
        """The streams that lie there and neither here nor on the server's list: the newest record of each.

        What a list kept there names and the server's does not goes from it, with its title, as it does here.
        """
        found: dict[str, tuple[int, str]] = {}

        async def read(theirs: CacheFile) -> None:
            for (name,) in await theirs.rows("SELECT name FROM stream"):
                if name not in listed and name not in self.streams and len(found) < BESIDE_MAX:
                    found[name] = max(found.get(name, (0, "")), await _newest(theirs, name))
            if unlisted := await cache_file.unlisting(theirs, listed.__contains__):
                await theirs.write([*unlisted, cache_file.DUE_WIPE])
                await theirs.wipe()

        await self.at_free_seats(read)
        return found

    async def hold_on_beside(self, stream: str) -> None:
        """As `hold_on`, where it lies there."""

        async def note(theirs: CacheFile) -> None:
            if await theirs.rows("SELECT name FROM stream WHERE name = ?", (stream,)):
                await theirs.write([(_PUT["meta"], [(f"{HELD_ON}{stream}", "yes")])])

        await self.at_free_seats(note)

    async def at_free_seats(self, work: Callable[[CacheFile], Awaitable[None]], failed: str = "") -> None:
        """Do this with each file. `failed`: what could not be done with one, to be said; "" says nothing."""
        for other in () if self.seat is None or self._only_read else self.seat.others():
            try:
                if not other.lock.take():
                    continue
                theirs = await CacheFile.open(other.file)
                try:
                    await work(theirs)
                finally:
                    await theirs.close(properly=True)
            except (*FAULTS, KeyError, TypeError) as error:
                if failed:
                    self._say(f"The copy of seat {other.number} cannot be {failed}: {why(error)}.")
            finally:
                other.lock.free()

    # -- what is read -----------------------------------------------------------------------------------------

    async def stream(self, name: str) -> tuple[StoreSnapshot | None, list[Record]]:
        """The last snapshot of a stream and the unbroken run of records after it; nothing when there is none."""
        await self.disk.flush()
        if self.disk.file is None or name not in self.streams:
            return None, []
        try:
            rows = await self.disk.file.rows("SELECT snapshot FROM snapshot WHERE stream = ?", (name,))
            snapshot = _snapshot.decode(rows[0][0]) if rows else None
            seq, prev = (snapshot.seq, snapshot.hash) if snapshot is not None else (0, genesis(name))
            sql = "SELECT record FROM record WHERE stream = ? AND seq > ? ORDER BY seq"
            records = [_record.decode(blob) for (blob,) in await self.disk.file.rows(sql, (name, seq))]
        except FAULTS as error:
            self._say(f"The copy of {name} cannot be read: {why(error)}. It is fetched again.")
            return None, []
        if records and records[0].seq != seq + 1:
            return snapshot, []
        broken = first_break(prev, name, records)
        return snapshot, records if broken is None else [record for record in records if record.seq < broken]

    async def newest(self, name: str) -> tuple[int, str]:
        """The number and the chain hash of the newest record that is held of a stream; 0 when there is none."""
        await self.disk.flush()
        try:
            return (0, "") if self.disk.file is None else await _newest(self.disk.file, name)
        except FAULTS:
            return 0, ""

    async def before(self, name: str, seq: int, limit: int) -> list[Record]:
        """Up to `limit` records that end right below `seq`, without gaps, oldest first."""
        await self.disk.flush()
        if self.disk.file is None:
            return []
        sql = "SELECT record FROM record WHERE stream = ? AND seq < ? ORDER BY seq DESC LIMIT ?"
        try:
            found = [_record.decode(blob) for (blob,) in await self.disk.file.rows(sql, (name, seq, limit))]
        except FAULTS:
            return []
        run = [record for below, record in enumerate(found, 1) if record.seq == seq - below]
        return run[::-1]


async def _newest(file: CacheFile, name: str) -> tuple[int, str]:
    seq, digest = 0, ""
    sql = "SELECT record FROM record WHERE stream = ? ORDER BY seq DESC LIMIT 1"
    for (blob,) in await file.rows(sql, (name,)):
        record = _record.decode(blob)
        seq, digest = record.seq, record.hash
    # a state may be large: it is read only where it is newer than every record
    newer = "SELECT snapshot FROM snapshot WHERE stream = ? AND seq > ?"
    for (blob,) in await file.rows(newer, (name, seq)):
        snapshot = _snapshot.decode(blob)
        seq, digest = snapshot.seq, snapshot.hash
    return seq, digest


async def _written(file: CacheFile) -> tuple[list[bytes], list[bytes]]:
    """What a person wrote, as it stands in a file: the outbox and the cards, each in its order."""
    outbox = [blob for (blob,) in await file.rows("SELECT submit FROM outbox ORDER BY place")]
    cards = [blob for (blob,) in await file.rows("SELECT card FROM card ORDER BY place")]
    return outbox, cards


def _gone(table: str, command_id: str) -> Statement:
    return (f"DELETE FROM {table} WHERE command_id = ?", [(command_id,)])  # noqa: S608


def _outbox_row(submit: Submit) -> Statement:
    return (
        "INSERT OR IGNORE INTO outbox (command_id, submit) VALUES (?, ?)",
        [(submit.command_id, _encode(submit))],
    )


def _card_row(card: CardItem) -> Statement:
    return (
        "INSERT OR REPLACE INTO card (command_id, card) VALUES (?, ?)",
        [(card.command_id, _encode(card))],
    )


def _adoption(outbox: list[bytes], cards: list[bytes]) -> list[Statement]:
    """Rows of another file for ours; what this version cannot understand is taken over all the same, untouched."""
    submits = [(msgspec.json.decode(blob)["command_id"], blob) for blob in outbox]
    refused = [(msgspec.json.decode(blob)["submit"]["command_id"], blob) for blob in cards]
    return [
        ("INSERT OR IGNORE INTO outbox (command_id, submit) VALUES (?, ?)", submits),
        ("INSERT OR IGNORE INTO card (command_id, card) VALUES (?, ?)", refused),
    ]
