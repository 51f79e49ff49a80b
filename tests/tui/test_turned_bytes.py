"""A byte that a disk has turned, in a file of a desk: it is no letter then, and not only no JSON of ours.

SQLite finds no such thing, since it looks at its pages and not at what they hold; msgspec has no error of its own
for it. Each test fails when `UnicodeDecodeError` is let through: the client would not start.
"""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

from incident.kernel.slice import Actor, Refusal
from incident_tui import identity, keyring
from incident_tui.cache import CardItem
from tests.running import run
from tests.tui.test_cache import STREAM, keep, opened, records, submit

TURNED = b"\xff\xfe"


def turn(folder: Path, table: str, column: str, word: bytes) -> None:
    """Turn a word that stands in what a table holds."""
    with contextlib.closing(sqlite3.connect(folder / "seat-1.db")) as file, file:
        rows = file.execute(f"SELECT rowid, {column} FROM {table}").fetchall()
        assert any(word in blob for _, blob in rows)
        for row, blob in rows:
            turned = blob.replace(word, TURNED + word[2:])
            file.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (turned, row))


def test_a_waiting_command_and_a_card_in_which_a_byte_is_turned_are_kept_and_the_desk_opens(
    tmp_path: Path,
) -> None:
    async def scene() -> None:
        async with opened(tmp_path) as cache:
            await keep(cache, submit(1), submit(2, text="the other"))
            cache.refuse(CardItem(submit(3), Refusal("no", "Not so."), 1, "meant"))
        turn(tmp_path, "outbox", "submit", b"000000000001")
        turn(tmp_path, "card", "card", b"meant")
        async with opened(tmp_path) as cache:
            assert [one.command_id for one in cache.outbox.values()] == [submit(2).command_id]
            assert cache.cards == {}
            assert any(
                said.startswith("2 waiting commands were written by another") for _, said in cache.notices
            )
        with contextlib.closing(sqlite3.connect(tmp_path / "seat-1.db")) as file:
            assert file.execute("SELECT count(*) FROM outbox").fetchone() == (2,)
            assert file.execute("SELECT count(*) FROM card").fetchone() == (1,)

    run(scene())


def test_a_record_in_which_a_byte_is_turned_is_fetched_again(tmp_path: Path) -> None:
    async def scene() -> None:
        async with opened(tmp_path) as cache:
            cache.store(STREAM, records(3))
        turn(tmp_path, "record", "record", b"operator")
        async with opened(tmp_path) as cache:
            assert await cache.stream(STREAM) == (None, [])
            assert await cache.newest(STREAM) == (0, "")
            assert await cache.before(STREAM, 4, 10) == []
            ((_, said),) = cache.notices
            assert said.startswith(
                f"The copy of {STREAM} cannot be read: it holds something that is not ours."
            )

    run(scene())


def test_who_was_here_and_who_signed_in_are_nobody_when_a_byte_is_turned(tmp_path: Path) -> None:
    identity.remember(
        tmp_path, "token", identity.Known(Actor("Sam", "LAS", "operator"), "exercise", "s", "e")
    )
    identity.remember_last(tmp_path, identity.Last("ws://x", agency="LAS"))
    (desk,) = [path for path in tmp_path.iterdir() if path.name.startswith("who-")]
    for path in (desk, tmp_path / identity.LAST):
        path.write_bytes(path.read_bytes().replace(b"LAS", TURNED + b"S"))
    assert identity.known(tmp_path, "token") is None
    assert identity.lasts(tmp_path) == ()
    ring = tmp_path / "server" / f"{keyring.PREFIX}1"
    ring.mkdir(parents=True)
    for name in (keyring.DESK, keyring.SIGN_IN):
        (ring / name).write_bytes(b'{"url": "%s", "token": "%s"}' % (TURNED, TURNED))
    assert keyring.rings(tmp_path) == []
