"""What every store promises. A backend's test class inherits from this and says how to open one."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from incident.kernel.claims import Holding
from server.store import GROUP_MAX, Append, OutOfOrder, Store, Unavailable
from tests.running import run
from tests.store.pen import NOW, Pen, whole


class Listener:
    """What a sequencer would hear: groups in order, and the failure."""

    def __init__(self, store: Store) -> None:
        self.groups: list[list[Append]] = []
        self.failures: list[Unavailable] = []
        self._changed = asyncio.Event()
        store.on_group(self._group)
        store.on_failure(self._failure)

    @property
    def answered(self) -> list[Append]:
        return [item for group in self.groups for item in group]

    def _group(self, group: Sequence[Append]) -> None:
        self.groups.append(list(group))
        self._changed.set()

    def _failure(self, failure: Unavailable) -> None:
        self.failures.append(failure)
        self._changed.set()

    async def until(self, ready: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not ready():
                self._changed.clear()
                await self._changed.wait()

    async def answers(self, count: int) -> None:
        await self.until(lambda: len(self.answered) >= count)


class StoreContract(ABC):
    """`open_store` opens the store of a folder: new the first time, the same one again after a close."""

    @abstractmethod
    def open_store(self, folder: Path) -> Any:
        """The store that is put to the test."""

    def play(self, folder: Path, scene: Callable[[Any, Listener], Any]) -> Any:
        """Open, play a scene, close."""

        async def played() -> Any:
            store = self.open_store(folder)
            try:
                return await scene(store, Listener(store))
            finally:
                await store.close()

        return run(played())

    def test_a_new_store_is_empty_and_has_an_epoch_and_a_mode(self, tmp_path: Path) -> None:
        async def scene(store: Store, heard: Listener) -> None:
            assert len(store.epoch) == 32
            assert (store.mode, store.read_only, store.failure) == ("exercise", False, None)
            assert (store.heads(), store.claims(), list(store.load("incident/one"))) == ({}, [], [])
            assert await store.read("incident/one", 0, 10) == []
            assert await store.read_back("incident/one", 0, 10) == []
            assert await store.command("incident/one", "x") is None
            assert store.refuses() is None

        self.play(tmp_path, scene)

    def test_what_was_appended_is_announced_and_read_exactly(self, tmp_path: Path) -> None:
        full: dict[str, Any] = {
            "base": {"tasks/1": "abc", "b": "ü"},
            "happened_at": NOW - 5,
            "clock_offset": -40,
            "on_behalf_of": "incident commander – SCAS",
        }

        async def scene(store: Store, heard: Listener) -> None:
            pen = Pen()
            items = [pen.write(), pen.write(parts=3, **full), pen.write(salt="")]
            for item in items:
                store.append(item)
            await heard.answers(3)
            written = [record for item in items for record in item.proposal.records]
            assert await store.read("incident/one", 0, 100) == written
            assert list(store.load("incident/one")) == written
            assert store.heads() == {"incident/one": 5}
            assert whole("incident/one", await store.read("incident/one", 0, 100))

        self.play(tmp_path, scene)

    def test_the_tag_comes_back(self, tmp_path: Path) -> None:
        async def scene(store: Store, heard: Listener) -> None:
            store.append(Pen().write(tag=("session", 7)))
            await heard.answers(1)
            assert heard.answered[0].tag == ("session", 7)

        self.play(tmp_path, scene)

    def test_pages_forward_end_with_a_whole_command(self, tmp_path: Path) -> None:
        async def scene(store: Store, heard: Listener) -> None:
            pen = Pen()
            for parts in (1, 3, 1, 1):
                store.append(pen.write(parts=parts))
            await heard.answers(4)

            async def seqs(after: int, limit: int) -> list[int]:
                return [record.seq for record in await store.read("incident/one", after, limit)]

            assert await seqs(0, 1) == [1]
            assert await seqs(0, 2) == [1, 2, 3, 4]
            assert await seqs(1, 2) == [2, 3, 4]
            assert await seqs(4, 1) == [5]
            assert await seqs(4, 9) == [5, 6]
            assert await seqs(6, 9) == []

        self.play(tmp_path, scene)

    def test_pages_back_are_in_ascending_order(self, tmp_path: Path) -> None:
        async def scene(store: Store, heard: Listener) -> None:
            pen = Pen()
            for _ in range(6):
                store.append(pen.write())
            await heard.answers(6)

            async def seqs(before: int, limit: int) -> list[int]:
                return [record.seq for record in await store.read_back("incident/one", before, limit)]

            assert await seqs(0, 2) == [5, 6]
            assert await seqs(5, 3) == [2, 3, 4]
            assert await seqs(3, 9) == [1, 2]
            assert await seqs(1, 9) == []
            assert await seqs(99, 1) == [6]

        self.play(tmp_path, scene)

    def test_a_command_is_found_by_its_id(self, tmp_path: Path) -> None:
        async def scene(store: Store, heard: Listener) -> None:
            pen = Pen()
            one, two = pen.write(), pen.write(parts=2)
            store.append(one)
            store.append(two)
            await heard.answers(2)
            found = await store.command("incident/one", two.proposal.command_id)
            assert found == (two.proposal.digest, two.proposal.done)
            assert await store.command("incident/other", two.proposal.command_id) is None
            assert await store.command("incident/one", "nobody's") is None

        self.play(tmp_path, scene)

    def test_streams_count_apart_and_ids_are_theirs(self, tmp_path: Path) -> None:
        async def scene(store: Store, heard: Listener) -> None:
            a, b = Pen("incident/a"), Pen("incident/b")
            for _ in range(3):
                store.append(a.write())
            store.append(b.write(command_id="the same"))
            store.append(a.write(command_id="the same"))
            await heard.answers(5)
            assert store.heads() == {"incident/a": 4, "incident/b": 1}
            assert whole("incident/b", await store.read("incident/b", 0, 9))
            found = await store.command("incident/b", "the same")
            assert found is not None
            assert found[1].first == 1

        self.play(tmp_path, scene)

    def test_groups_keep_the_order_and_are_bounded(self, tmp_path: Path) -> None:
        async def scene(store: Store, heard: Listener) -> None:
            pens = [Pen(f"incident/{n}") for n in range(3)]
            sent = [pens[n % 3].write() for n in range(500)]
            for item in sent:
                store.append(item)
            await heard.answers(500)
            assert heard.answered == sent
            assert max(map(len, heard.groups)) == GROUP_MAX

        self.play(tmp_path, scene)

    def test_nothing_is_read_before_it_is_announced(self, tmp_path: Path) -> None:
        async def scene(store: Store, heard: Listener) -> None:
            pen = Pen()
            seen_at_the_announcement: list[dict[str, int]] = []
            store.on_group(lambda group: seen_at_the_announcement.append(store.heads()))
            store.append(pen.write())
            assert store.heads() == {}
            assert list(store.load("incident/one")) == []
            await asyncio.sleep(0.05)
            assert seen_at_the_announcement == [{"incident/one": 1}]

        self.play(tmp_path, scene)

    def test_what_does_not_follow_is_refused_at_once_and_leaves_no_trace(self, tmp_path: Path) -> None:
        async def scene(store: Store, heard: Listener) -> None:
            pen = Pen()
            first, second, third = pen.write(), pen.write(), pen.write()
            store.append(first)
            for wrong in (first, third):
                with pytest.raises(OutOfOrder, match="expects record"):
                    store.append(wrong)
            store.append(second)
            store.append(third)
            await heard.answers(3)
            assert heard.answered == [first, second, third]
            assert not store.read_only

        self.play(tmp_path, scene)

    def test_claims_are_held_freed_and_taken_again(self, tmp_path: Path) -> None:
        async def scene(store: Store, heard: Listener) -> None:
            a, b = Pen("incident/a"), Pen("incident/b")
            key = "exercise/unit/LAS/A101"
            store.append(a.write(claims=(key, "exercise/unit/LAS/A102")))
            store.append(b.write(releases=(key,)))  # not b's to free
            store.append(a.write(releases=(key,), claims=(key,)))
            store.append(a.write(releases=(key,)))
            store.append(b.write(claims=(key,)))
            await heard.answers(5)

        self.play(tmp_path, scene)
        again = self.play(tmp_path, lambda store, _heard: _claims(store))
        assert again == [
            Holding(
                "exercise/unit/LAS/A101",
                "incident/b",
                2,
                NOW,
                "register/exercise/LAS",
                "LAS/exercise/unit/LAS/A101",
            ),
            Holding(
                "exercise/unit/LAS/A102",
                "incident/a",
                1,
                NOW,
                "register/exercise/LAS",
                "LAS/exercise/unit/LAS/A102",
            ),
        ]

    @pytest.mark.parametrize("wall", ["claim", "command", "number"])
    def test_the_last_walls_stop_the_store_before_anything_wrong_is_in_it(
        self, tmp_path: Path, wall: str
    ) -> None:
        """The layers above have checked all this. Had they not, the disk still would hold nothing wrong."""

        async def scene(store: Store, heard: Listener) -> None:
            a, b = Pen("incident/a"), Pen("incident/b")
            store.append(a.write(command_id="once", claims=("key",)))
            await heard.answers(1)
            match wall:
                case "claim":
                    store.append(b.write(claims=("key",)))
                case "command":
                    store.append(a.write(command_id="once"))
                case "number":
                    store.append(a.write(parts=2, seq=9))
            await heard.until(lambda: bool(heard.failures))
            assert len(heard.answered) == len(heard.failures) == 1
            assert store.read_only
            assert store.failure is heard.failures[0]
            with pytest.raises(Unavailable):
                store.append(Pen("incident/c").write())
            assert [record.seq for record in await store.read("incident/a", 0, 9)] == [1]

        self.play(tmp_path, scene)
        assert self.play(tmp_path, lambda store, _heard: _heads(store)) == {"incident/a": 1}

    def test_everything_is_there_after_a_restart(self, tmp_path: Path) -> None:
        async def first(store: Store, heard: Listener) -> tuple[str, str]:
            pen = Pen()
            for _ in range(100):
                store.append(pen.write())
            await heard.answers(100)
            return store.epoch, pen.hash

        async def second(store: Store, heard: Listener) -> str:
            pen = Pen.after(store, "incident/one")
            assert (pen.seq, pen.hash) == (100, last_hash)
            store.append(pen.write())
            await heard.answers(1)
            assert whole("incident/one", await store.read("incident/one", 0, 500))
            return store.epoch

        epoch, last_hash = self.play(tmp_path, first)
        assert self.play(tmp_path, second) == epoch
        assert self.play(tmp_path, lambda store, _heard: _heads(store)) == {"incident/one": 101}

    def test_closing_makes_durable_what_waits_and_announces_it(self, tmp_path: Path) -> None:
        async def scene(store: Store, heard: Listener) -> None:
            pen = Pen()
            for _ in range(10):
                store.append(pen.write())
            await store.close()
            await store.close()
            assert len(heard.answered) == 10
            with pytest.raises(Unavailable, match="closed"):
                store.append(pen.write())

        self.play(tmp_path, scene)
        assert self.play(tmp_path, lambda store, _heard: _heads(store)) == {"incident/one": 10}


async def _claims(store: Store) -> list[Holding]:
    return store.claims()


async def _heads(store: Store) -> dict[str, int]:
    return store.heads()
