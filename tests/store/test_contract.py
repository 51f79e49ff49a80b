"""The contract of a store, on every backend."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.store import Append, Unavailable
from server.store.memory import Fate, MemoryDisk, MemoryStore
from server.store.sqlite import SqliteStore, open_sqlite
from tests.running import run
from tests.store.contract import Listener, StoreContract
from tests.store.pen import Pen


class TestSqlite(StoreContract):
    def open_store(self, folder: Path) -> SqliteStore:
        return open_sqlite(folder / "log.db", mode="exercise")


class TestMemory(StoreContract):
    @pytest.fixture(autouse=True)
    def _disk(self) -> None:
        self.disk = MemoryDisk()

    def open_store(self, folder: Path) -> MemoryStore:
        return MemoryStore(self.disk)


@pytest.mark.parametrize(("fate", "kept"), [("lost", 64), ("kept", 100)])
def test_a_failing_commit_of_the_memory_store_is_the_last(fate: Fate, kept: int) -> None:
    """What the simulator plants: the second commit fails, and did or did not reach the disk."""

    async def scene() -> None:
        commits = 0

        def second_fails(group: object) -> Fate | None:
            nonlocal commits
            commits += 1
            return fate if commits == 2 else None

        disk = MemoryDisk()
        store = MemoryStore(disk, fault=second_fails)
        heard, pen = Listener(store), Pen()
        for _ in range(100):
            store.append(pen.write())
        await heard.until(lambda: bool(heard.failures))
        assert (len(heard.answered), store.read_only) == (64, True)
        assert len(await store.read("incident/one", 0, 500)) == 64, "what nobody was told of is not read"
        with pytest.raises(Unavailable):
            store.append(pen.write())
        assert MemoryStore(disk).heads() == {"incident/one": kept}

    run(scene())


def test_the_simulator_decides_when_the_memory_store_commits() -> None:
    jobs: list[object] = []
    groups: list[list[Append]] = []
    store = MemoryStore(schedule=jobs.append)
    store.on_group(lambda group: groups.append(list(group)))
    pen = Pen()
    store.append(pen.write())
    store.append(pen.write())
    assert (len(jobs), groups) == (1, [])
    store.flush()
    assert [len(group) for group in groups] == [2]
