from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import stat
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from incident.kernel.protocol import Submit
from incident.kernel.record import Record, chained, encode_body, genesis
from incident.kernel.replica import SlicePart, StoreSnapshot
from incident.kernel.slice import Refusal
from incident_tui import disk as disk_module
from incident_tui.cache import Cache, CardItem
from incident_tui.cache_file import CacheFile
from incident_tui.seat import SEATS_MAX, Seat, SeatError, desk_folder, home_folder, take_seat
from tests.on_disk import bytes_of, database
from tests.running import run
from tests.tui.rooms import until

STREAM = "incident/x"


def submit(number: int, *, text: str = "") -> Submit:
    return Submit(
        stream=STREAM,
        command_id=f"00000000-0000-7000-8000-{number:012d}",
        type="log.write",
        body=encode_body({"text": text or f"entry {number}"}),
        written_at=number,
    )


def records(count: int, *, start: int = 1, prev: str = "", stream: str = STREAM) -> list[Record]:
    made: list[Record] = []
    prev = prev or genesis(stream)
    for seq in range(start, start + count):
        record = Record(
            seq=seq,
            command_id=f"00000000-0000-7000-9000-{seq:012d}",
            type="log.written",
            v=1,
            body=encode_body({"text": f"line {seq}"}),
            actor="Desk 1",
            agency="LAS",
            role="operator",
            written_at=seq,
            recorded_at=seq,
            salt="00" * 16,
        )
        prev = chained(prev, stream, record)
        made.append(msgspec.structs.replace(record, hash=prev))
    return made


@contextlib.asynccontextmanager
async def opened(folder: Path, wanted: int | None = None, **kwargs: Any) -> AsyncIterator[Cache]:
    cache = Cache(take_seat(folder, wanted), lambda: 1_000, **kwargs)
    await cache.open()
    try:
        yield cache
    finally:
        await cache.close()


async def keep(cache: Cache, *submits: Submit) -> None:
    done: list[str] = []
    for one in submits:
        cache.keep(one, lambda one=one: done.append(one.command_id))  # type: ignore[misc]
    await until(lambda: len(done) == len(submits), what="the disk has them")


def on_disk(folder: Path, sql: str, seat: int = 1) -> list[Any]:
    """What another program reads in the file at this moment."""
    with contextlib.closing(sqlite3.connect(folder / f"seat-{seat}.db")) as connection:
        return connection.execute(sql).fetchall()


# -- the outbox -----------------------------------------------------------------------------------------------


def test_a_command_is_kept_when_another_program_can_read_it_and_not_before(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with opened(tmp_path) as cache:
            seen: list[int] = []

            def kept() -> None:
                seen.append(on_disk(tmp_path, "SELECT count(*) FROM outbox")[0][0])

            cache.keep(submit(1), kept)
            assert seen == []
            await until(lambda: seen)
            assert seen == [1]
            assert cache.disk.file is not None
            assert await cache.disk.file.rows("PRAGMA synchronous") == [(2,)], "FULL"

    run(scenario())


def test_the_outbox_comes_back_whole_and_in_order(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with opened(tmp_path) as cache:
            await keep(cache, *(submit(number) for number in (3, 1, 2, 7)))
            cache.drop(submit(1).command_id)
        async with opened(tmp_path) as cache:
            assert list(cache.outbox.values()) == [submit(3), submit(2), submit(7)]
            assert bytes(cache.outbox[submit(7).command_id].body) == b'{"text":"entry 7"}'

    run(scenario())


@pytest.mark.parametrize("round_", range(6))
def test_what_was_said_to_be_kept_survives_kill_9(tmp_path: Path, round_: int) -> None:
    """P8: kill -9 of the client at random moments; one run continues where the one before was killed."""
    told = 0
    for attempt in range(3):
        writer = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("outbox_writer.py")), str(tmp_path)],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert writer.stdout is not None
        for _ in range(3 + 17 * round_ + 5 * attempt):
            told = int(writer.stdout.readline())
        writer.kill()
        told = max([told, *(int(line) for line in writer.stdout.read().split())])
        writer.wait()
        writer.stdout.close()

    async def scenario() -> None:
        async with opened(tmp_path) as cache:
            numbers = [one.written_at for one in cache.outbox.values()]
            assert numbers == list(range(1, len(numbers) + 1))
            assert len(numbers) >= told > 0
            assert cache.notices == []

    run(scenario())


def test_a_card_takes_the_place_of_its_outbox_row_in_one_breath(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with opened(tmp_path) as cache:
            await keep(cache, submit(1), submit(2))
            cache.refuse(CardItem(submit(1), Refusal("claim_held", "Somebody was first."), 5, "commit A101"))
            await cache.disk.flush()
            both = "SELECT (SELECT count(*) FROM outbox), (SELECT count(*) FROM card)"
            assert on_disk(tmp_path, both) == [(1, 1)]
        async with opened(tmp_path) as cache:
            (card,) = cache.cards.values()
            assert (card.text, card.refusal.code, card.stream) == ("commit A101", "claim_held", STREAM)
            cache.clear(card.command_id)
        async with opened(tmp_path) as cache:
            assert cache.cards == {}

    run(scenario())


def test_drafts_and_view_state_are_on_the_disk_soon_without_closing(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with opened(tmp_path) as cache:
            cache.note("draft", "log", "bus req")
            cache.note("draft", "log", "bus requested from counc")
            cache.note("view", "tab", "tasks")
            await until(lambda: on_disk(tmp_path, "SELECT count(*) FROM draft, view") == [(1,)])
            assert on_disk(tmp_path, "SELECT * FROM draft") == [("log", "bus requested from counc")]
            cache.note("draft", "log", "")
        async with opened(tmp_path) as cache:
            assert (cache.drafts, cache.views) == ({}, {"tab": "tasks"})

    run(scenario())


# -- seats ----------------------------------------------------------------------------------------------------


def test_a_second_client_takes_the_next_free_seat_and_the_tenth_is_told_so(tmp_path: Path) -> None:
    seats = [take_seat(tmp_path) for _ in range(SEATS_MAX)]
    assert [seat.number for seat in seats] == list(range(1, SEATS_MAX + 1))
    with pytest.raises(SeatError, match=r"All 9 seats of this desk are taken\. Close a client"):
        take_seat(tmp_path)
    seats[3].lock.free()
    assert take_seat(tmp_path).number == 4
    for seat in seats:
        seat.lock.free()


def test_a_seat_can_be_asked_for_and_the_next_free_one_is_taken_when_it_is_not(tmp_path: Path) -> None:
    fifth = take_seat(tmp_path, 5)
    assert fifth.number == 5
    assert take_seat(tmp_path, 5).number == 1


def test_the_waiting_commands_of_an_abandoned_seat_are_taken_over_with_a_notice(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with opened(tmp_path, 1) as first, opened(tmp_path, 2) as second:
            await keep(first, submit(1))
            await keep(second, submit(2), submit(3))
            second.refuse(CardItem(submit(3), Refusal("x", "No."), 1, "three"))
        async with opened(tmp_path, 1) as first:
            assert list(first.outbox.values()) == [submit(1), submit(2)]
            assert list(first.cards) == [submit(3).command_id]
            ((_, sentence),) = first.notices
            assert sentence.startswith(
                "Seat 2 of this desk was left with 1 waiting commands and 1 refused ones."
            )
            assert on_disk(
                tmp_path, "SELECT (SELECT count(*) FROM outbox) + (SELECT count(*) FROM card)", 2
            ) == [(0,)]
        async with opened(tmp_path, 1) as first:
            assert list(first.outbox.values()) == [submit(1), submit(2)]
            assert first.notices == []

    run(scenario())


def test_a_seat_that_somebody_sits_at_is_left_alone(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with opened(tmp_path) as first:
            await keep(first, submit(1))
            async with opened(tmp_path) as second:
                assert second.seat is not None
                assert second.seat.number == 2
                assert second.outbox == {}
                assert second.notices == []

    run(scenario())


def test_a_crash_in_the_middle_of_an_adoption_leaves_the_command_in_both_and_it_is_still_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario() -> None:
        async with opened(tmp_path, 2) as second:
            await keep(second, submit(2))
        write = CacheFile.write

        async def broken(self: CacheFile, statements: Any) -> None:
            listed = list(statements)
            if (
                self.path is not None
                and self.path.name == "seat-2.db"
                and "DELETE FROM outbox" in listed[0][0]
            ):
                raise sqlite3.OperationalError("the power went")
            await write(self, listed)

        with monkeypatch.context() as patch:
            patch.setattr(CacheFile, "write", broken)
            async with opened(tmp_path, 1) as first:
                assert list(first.outbox.values()) == [submit(2)]
        async with opened(tmp_path, 1) as first:
            assert list(first.outbox.values()) == [submit(2)]
            assert len(on_disk(tmp_path, "SELECT * FROM outbox")) == 1

    run(scenario())


def test_the_copy_is_for_its_owner_alone(tmp_path: Path) -> None:
    async def scenario() -> None:
        folder = desk_folder(tmp_path, "ws://127.0.0.1:1/", "epoch", "LAS", "Desk 1")
        async with opened(folder) as cache:
            await keep(cache, submit(1))
            for path in folder.iterdir():
                assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
            assert stat.S_IMODE(folder.stat().st_mode) == 0o700

    if sys.platform != "win32":
        run(scenario())


def test_two_users_two_agencies_two_servers_and_two_histories_never_share_a_copy(tmp_path: Path) -> None:
    asked = [
        ("ws://127.0.0.1:1/", "e", "LAS", "Desk 1"),
        ("ws://127.0.0.1:2/", "e", "LAS", "Desk 1"),
        ("ws://127.0.0.1:1/", "f", "LAS", "Desk 1"),
        ("ws://127.0.0.1:1/", "e", "SCAS", "Desk 1"),
        ("ws://127.0.0.1:1/", "e", "LAS", "desk-1"),
        ("ws://127.0.0.1:1/", "e", "LAS", "../../x"),
    ]
    folders = {desk_folder(tmp_path, *one) for one in asked}
    assert len(folders) == len(asked)
    assert all(tmp_path in folder.resolve().parents for folder in folders)


def test_where_a_desk_keeps_its_copy() -> None:
    assert home_folder(Path("here"), {"INCIDENT_TUI_HOME": "there"}) == Path("here")
    assert home_folder(None, {"INCIDENT_TUI_HOME": "there"}) == Path("there")
    assert home_folder(None, {}).name == "incident-tui"
    if sys.platform not in ("win32", "darwin"):
        assert home_folder(None, {"XDG_DATA_HOME": "/srv/x"}) == Path("/srv/x/incident-tui")
        assert ".local" in home_folder(None, {"XDG_DATA_HOME": "not/absolute"}).parts


# -- what the server confirmed --------------------------------------------------------------------------------


def test_records_and_snapshot_come_back_and_only_an_unbroken_run_of_them(tmp_path: Path) -> None:
    async def scenario() -> None:
        made = records(30)
        snapshot = StoreSnapshot((SlicePart("log", 1, b"{}"),), 10, made[9].hash)
        async with opened(tmp_path) as cache:
            cache.store(STREAM, made[5:20])
            cache.store(STREAM, made[22:])
            cache.store_snapshot(STREAM, snapshot)
            assert await cache.stream(STREAM) == (snapshot, made[10:20])
            assert await cache.before(STREAM, 21, 100) == made[5:20]
            assert await cache.before(STREAM, 21, 4) == made[16:20]
            assert await cache.before(STREAM, 22, 4) == []
            assert await cache.stream("incident/unknown") == (None, [])
        async with opened(tmp_path) as cache:
            assert await cache.stream(STREAM) == (snapshot, made[10:20])

    run(scenario())


def test_a_record_that_does_not_follow_ends_the_run_and_is_fetched_again(tmp_path: Path) -> None:
    async def scenario() -> None:
        made = records(10)
        async with opened(tmp_path) as cache:
            cache.store(STREAM, [*made[:6], msgspec.structs.replace(made[6], actor="Mallory"), *made[7:]])
            assert await cache.stream(STREAM) == (None, made[:6])

    run(scenario())


def test_a_receipt_is_due_only_once_the_disk_has_every_record(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with opened(tmp_path) as cache:
            found: list[int] = []
            count = "SELECT count(*) FROM record"
            cache.store(STREAM, records(1_200), lambda: found.append(on_disk(tmp_path, count)[0][0]))
            await until(lambda: found)
            assert found == [1_200]

    run(scenario())


def test_an_urgent_command_does_not_wait_behind_a_flood_of_records(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with opened(tmp_path) as cache:
            cache.store(STREAM, records(6_000))
            await keep(cache, submit(1))
            assert on_disk(tmp_path, "SELECT count(*) FROM record")[0][0] < 6_000

    run(scenario())


# -- bad disks and bad files ----------------------------------------------------------------------------------


def _garbage(path: Path) -> None:
    path.write_bytes(b"this is no database at all\n" * 200)


def _damaged_records(path: Path) -> None:
    """Pages of the records' table are overwritten; the outbox is still readable."""
    with contextlib.closing(sqlite3.connect(path)) as connection:
        (root,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'record'").fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with path.open("r+b") as opened_file:
        opened_file.seek((root - 1) * size)
        opened_file.write(b"\xff" * size)


def _newer_format(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")


def _half_written(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:5_000])


@pytest.mark.parametrize(
    ("harm", "saved", "words"),
    [
        (_garbage, 0, "it is damaged"),
        (_damaged_records, 2, "it is damaged"),
        (_newer_format, 2, "it has format 99, and this client writes format 1"),
        (_half_written, None, "it is damaged"),
    ],
)
def test_a_file_that_cannot_be_used_is_set_aside_and_what_a_person_wrote_is_saved(
    tmp_path: Path, harm: Callable[[Path], None], saved: int | None, words: str
) -> None:
    async def scenario() -> None:
        cache = Cache(take_seat(tmp_path), lambda: 1_000)
        await cache.open()
        cache.store(STREAM, records(300))
        await keep(cache, submit(1), submit(2))
        # ends as a killed process does: nothing is closed properly, and the lock is gone
        assert cache.disk.file is not None
        await cache.disk.file.close()
        assert cache.seat is not None
        cache.seat.lock.free()
        file = tmp_path / "seat-1.db"
        harm(file)
        async with opened(tmp_path) as again:
            ((severity, sentence),) = again.notices
            assert severity == "caution"
            assert f"The copy on this desk cannot be used: {words}." in sentence
            assert "set aside as seat-1.aside-1000.db" in sentence
            if saved is not None:
                assert len(again.outbox) == saved
            await keep(again, submit(9))
        async with opened(tmp_path) as again:
            assert again.notices == []
            if saved is not None:
                assert len(again.outbox) == saved + 1
        assert (tmp_path / "seat-1.aside-1000.db").exists(), "nothing is deleted"
        if cache.disk._writer is not None:
            cache.disk._writer.cancel()
            await asyncio.gather(cache.disk._writer, return_exceptions=True)

    run(scenario())


async def _fill_up(cache: Cache) -> None:
    """From now on the disk has no more room (SQLite says SQLITE_FULL, as it does on a full disk)."""
    assert cache.disk.file is not None
    ((pages,),) = await cache.disk.file.rows("PRAGMA page_count")
    await cache.disk.file.rows(f"PRAGMA max_page_count = {pages}")


async def _make_room(cache: Cache) -> None:
    assert cache.disk.file is not None
    await cache.disk.file.rows("PRAGMA max_page_count = 1000000")


def test_on_a_full_disk_nothing_is_said_to_be_saved_and_all_is_saved_once_there_is_room(
    tmp_path: Path,
) -> None:
    async def scenario() -> None:
        async with opened(tmp_path, retry_seconds=0.05) as cache:
            told: list[str] = []
            cache.disk.on_trouble = lambda: told.append(cache.disk.trouble)
            await _fill_up(cache)
            kept: list[int] = []
            for number in range(1, 41):
                cache.keep(submit(number, text="x" * 2_000), lambda number=number: kept.append(number))  # type: ignore[misc]
            await until(lambda: cache.disk.trouble)
            assert cache.disk.trouble == (
                "Nothing can be saved on this desk: the disk is full. It is tried again all the time."
            )
            await asyncio.sleep(0.15)
            assert kept == []
            assert len(cache.outbox) == cache.disk.unsaved == 40
            await _make_room(cache)
            await until(lambda: len(kept) == 40)
            assert kept == sorted(kept)
            assert cache.disk.trouble == ""
            assert told[-1] == ""
        async with opened(tmp_path) as cache:
            assert len(cache.outbox) == 40

    run(scenario())


def test_on_a_full_disk_memory_stays_bounded_and_the_records_are_made_good_by_a_snapshot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk_module, "RECORDS_WAITING_MAX", 500)

    async def scenario() -> None:
        made = records(3_000)
        async with opened(tmp_path, retry_seconds=0.05) as cache:
            lost: list[int] = []
            seen = 0

            def on_lost() -> None:
                lost.append(seen)
                cache.store_snapshot(STREAM, StoreSnapshot((), seen, made[seen - 1].hash))

            cache.disk.on_lost = on_lost
            await _fill_up(cache)
            cache.note("draft", "log", "y" * 20_000)
            await until(lambda: cache.disk.trouble)
            for start in range(0, 3_000, 100):
                seen = start + 100
                cache.store(STREAM, made[start:seen])
                assert cache.disk._bulk_size <= 700
            assert lost
            await _make_room(cache)
            await until(lambda: not cache.disk.trouble)
        async with opened(tmp_path) as cache:
            snapshot, after = await cache.stream(STREAM)
            assert snapshot is not None
            assert snapshot.seq == lost[-1]
            assert [record.seq for record in after] == list(range(lost[-1] + 1, 3_001))
            assert len(cache.drafts["log"]) == 20_000

    run(scenario())


def test_after_a_failed_flush_the_file_is_never_trusted_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite goes on as if nothing had been lost (promises, finding 5); we do not."""

    async def scenario() -> None:
        write = CacheFile.write
        fail = False

        async def sometimes(self: CacheFile, statements: Any) -> None:
            nonlocal fail
            if fail:
                fail = False
                error = sqlite3.OperationalError("disk I/O error")
                error.sqlite_errorcode = sqlite3.SQLITE_IOERR_FSYNC
                raise error
            await write(self, statements)

        monkeypatch.setattr(CacheFile, "write", sometimes)
        async with opened(tmp_path, retry_seconds=0.01) as cache:
            await keep(cache, submit(1), submit(2))
            cache.note("draft", "log", "half a sentence")
            cache.drop(submit(1).command_id)
            await cache.disk.flush()
            fail = True
            await keep(cache, submit(3))
            assert [row[0] for row in on_disk(tmp_path, "SELECT command_id FROM outbox ORDER BY place")] == [
                submit(2).command_id,
                submit(3).command_id,
            ]
            assert (tmp_path / "seat-1.aside-1000.db").exists()
            assert any("It was set aside as" in sentence for _, sentence in cache.notices)
        async with opened(tmp_path) as cache:
            assert list(cache.outbox.values()) == [submit(2), submit(3)]
            assert cache.drafts == {"log": "half a sentence"}

    run(scenario())


def test_a_wipe_that_fails_holds_nothing_else_up_and_is_done_when_it_can_be(tmp_path: Path) -> None:
    """Another program reads the file (a backup, an indexer): the deleted copy cannot be overwritten meanwhile."""
    canary = "CANARY-deleted"

    def lies_there() -> bool:
        return canary.encode() in bytes_of(database(tmp_path / "seat-1.db"))

    async def scenario() -> None:
        async with opened(tmp_path, retry_seconds=0.02) as cache:
            cache.note("draft", "log", canary)
            await cache.disk.flush()
            assert cache.disk.file is not None
            await cache.disk.file.rows("PRAGMA busy_timeout = 20")
            with contextlib.closing(sqlite3.connect(tmp_path / "seat-1.db")) as reader:
                reader.execute("BEGIN")
                reader.execute("SELECT * FROM draft").fetchall()
                cache.note("draft", "log", "")
                cache.wipe([STREAM])
                await until(lambda: cache.notices)
                for number in range(5):
                    cache.note("draft", "log", f"half a sentence {number}")
                    await cache.disk.flush()
                await keep(cache, submit(1))
                assert on_disk(tmp_path, "SELECT value FROM draft") == [("half a sentence 4",)]
                assert on_disk(tmp_path, "SELECT value FROM meta WHERE name = 'wipe'") == [("due",)]
                cache.store(STREAM, records(3))  # fetched again: the next try deletes nothing
                await asyncio.sleep(1.0)  # several tries, and it is said once
                assert cache.disk.trouble == ""
                assert cache.notices == [
                    (
                        "caution",
                        "The deleted copy is not overwritten yet: another program holds the file. It is tried again.",
                    )
                ]
                assert lies_there()
            await until(lambda: not lies_there(), what="the wipe is done at last")
            await until(lambda: len(cache.notices) == 2)
            assert cache.notices[-1] == ("caution", "The deleted copy is overwritten now.")
            assert on_disk(tmp_path, "SELECT value FROM meta WHERE name = 'wipe'") == []
            assert len((await cache.stream(STREAM))[1]) == 3

    run(scenario())


def test_a_wipe_that_breaks_the_file_costs_the_file_and_nothing_that_was_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where the folder for temporary files cannot be written: once, and not again and again with each new file."""

    async def never(_self: CacheFile) -> None:
        error = sqlite3.OperationalError("disk I/O error")
        error.sqlite_errorcode = sqlite3.SQLITE_IOERR_WRITE
        raise error

    monkeypatch.setattr(CacheFile, "wipe", never)

    async def scenario() -> None:
        async with opened(tmp_path, retry_seconds=0.01) as cache:
            await keep(cache, submit(1))
            cache.wipe([STREAM])
            cache.note("draft", "log", "half a sentence")
            await until(lambda: len(cache.notices) == 2)
            await asyncio.sleep(0.6)
            await keep(cache, submit(2))
            assert len(cache.notices) == 2
            assert cache.disk.trouble == ""
            assert on_disk(tmp_path, "SELECT value FROM draft") == [("half a sentence",)]
            assert len(on_disk(tmp_path, "SELECT * FROM outbox")) == 2
            assert "It is in the file set aside." in cache.notices[0][1]
            assert "was set aside as" in cache.notices[1][1]

    run(scenario())


def test_a_folder_that_cannot_be_used_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(SeatError, match=r"The folder .* cannot be used: "):
        take_seat(tmp_path / "file" / "desk")


def test_a_cache_without_a_seat_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    async def scenario() -> None:
        cache = Cache(None, lambda: 0)
        await cache.open()
        cache.store(STREAM, records(3))
        await keep(cache, submit(1))
        assert (await cache.stream(STREAM))[1] == records(3)
        await cache.close()

    run(scenario())
    assert list(tmp_path.iterdir()) == []


def test_a_seat_names_its_file(tmp_path: Path) -> None:
    seat = take_seat(tmp_path, 3)
    assert isinstance(seat, Seat)
    assert seat.file == tmp_path / "seat-3.db"
    seat.lock.free()


def test_whoever_looks_on_sends_nothing_that_waits_and_takes_over_nothing(tmp_path: Path) -> None:
    async def scenario() -> None:
        for seat in (1, 2):
            async with opened(tmp_path, seat) as cache:
                cache.keep(submit(seat), lambda: None)
        looking = Cache(take_seat(tmp_path, 3), lambda: 1_000)
        looking.only_read()
        await looking.open()
        assert looking.outbox == {}
        await looking.close()
        async with opened(tmp_path, 2) as cache:
            assert submit(2).command_id in cache.outbox, "its own row is still there"

    run(scenario())


def test_after_a_normal_opening_a_broken_file_is_begun_anew_from_memory(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with opened(tmp_path) as cache:
            cache.keep(submit(1), lambda: None)
            await cache.disk.flush()
            cache.drop(submit(1).command_id)
            fresh = await cache._begin_anew("it was damaged", rescue=not cache._loaded)
            await fresh.close()
            assert cache.outbox == {}, "what was done with does not come back out of the broken file"

    run(scenario())


def test_a_mistake_of_ours_in_one_job_is_told_and_does_not_end_the_writing(
    tmp_path: Path,
) -> None:
    async def scenario() -> None:
        kept: list[int] = []
        told: list[str] = []
        async with opened(tmp_path, retry_seconds=0.01) as cache:
            disk = cache.disk
            disk.on_trouble = lambda: told.append(disk.given_up or disk.trouble)
            too_large = ("INSERT OR REPLACE INTO meta VALUES (?, ?)", [("x", 1 << 70)])
            disk.put(disk_module.Job([too_large], lambda: kept.append(0)), urgent=True)
            cache.keep(submit(1), lambda: kept.append(1))
            await until(lambda: kept == [1])
            assert "a mistake in this program (OverflowError)" in told[0]
            assert "not on the disk" in disk.given_up
            assert disk.trouble == "", "what came behind it is saved"
        async with opened(tmp_path) as cache:
            assert list(cache.outbox) == [submit(1).command_id]

    run(scenario())


@pytest.mark.skipif(sys.platform == "win32", reason="modes of POSIX")
def test_every_folder_on_the_way_to_a_seat_is_for_this_user_alone(tmp_path: Path) -> None:
    desk = tmp_path / "home" / "server" / "desk"
    take_seat(desk).lock.free()
    for folder in (desk, desk.parent, desk.parent.parent):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700, folder


def test_a_file_is_closed_also_when_its_client_is_ended_while_it_closes(tmp_path: Path) -> None:
    """Else its thread and its handle are left behind, which on Windows keeps the file locked."""

    async def scenario(turns: int) -> None:
        file = await CacheFile.open(tmp_path / f"{turns}.db")
        closing = asyncio.create_task(file.close(properly=True))
        for _ in range(turns):
            await asyncio.sleep(0)
        closing.cancel()
        await asyncio.gather(closing, return_exceptions=True)
        assert file._connection._connection is None

    for turns in range(1, 5):
        run(scenario(turns))


def test_a_desk_whose_end_is_cut_short_leaves_no_file_open_and_its_seat_free(tmp_path: Path) -> None:
    """Somebody closes the terminal while the last writes are under way: the seat is there for the next client."""

    async def scenario(turns: int) -> None:
        cache = Cache(take_seat(tmp_path, 1), lambda: 0)
        await cache.open()
        file = cache.disk.file
        cache.note("draft", "log", "half a sentence")
        closing = asyncio.create_task(cache.close())
        for _ in range(turns):
            await asyncio.sleep(0)
        closing.cancel()
        await asyncio.gather(closing, return_exceptions=True)
        assert file is not None
        assert file._connection._connection is None
        take_seat(tmp_path, 1).lock.free()

    for turns in range(1, 7):
        run(scenario(turns))
