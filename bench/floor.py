"""The floor: what a server costs that does nothing but the two things nobody can leave out.

A bare SQLite group commit (WAL, FULL, one table, one insert a command) in a writer thread, and a bare broadcast
of one shared frame a group to every watcher. It listens with the same library and settings, and its frames are
as large as the real ones; it decodes nothing, checks nothing, remembers nothing and hashes nothing.

    python -m bench.floor FILE     prints the port it listens on
"""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import struct
import sys
import threading
from collections.abc import Sequence
from typing import Any

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from bench.scene import ID, typical_record
from incident.kernel import protocol
from incident.kernel.protocol import Records

GROUP_MAX = 64
SUBMIT = '{"frame":"submit"'
WATCH = '{"frame":"watch"'
WELCOME = b'{"frame":"welcome"}'
WATCHING = b'{"frame":"watching"}'
ID_BYTES = len(ID)

Command = tuple[ServerConnection, str]


def framed(payload: bytes) -> bytes:
    """A server's text frame, whole."""
    size = len(payload)
    if size < 126:
        return struct.pack(">BB", 0x81, size) + payload
    if size < 65_536:
        return struct.pack(">BBH", 0x81, 126, size) + payload
    return struct.pack(">BBQ", 0x81, 127, size) + payload


class Floor:
    """One floor process."""

    def __init__(self, file: str) -> None:
        self.watchers: list[Any] = []
        self.seq = 0
        self.queue: queue.SimpleQueue[Command] = queue.SimpleQueue()
        self.file = file
        self.loop = asyncio.get_running_loop()
        self.record = protocol.encode(
            Records(stream="incident/" + ID, prev="0" * 64, records=[typical_record()])
        )
        # {"frame":"records",...,"records":[ RECORD ]}
        begin = self.record.index(b'"records":[') + len(b'"records":[')
        self.head, self.one, self.end = self.record[:begin], self.record[begin:-2], self.record[-2:]
        threading.Thread(target=self.write, daemon=True).start()

    def write(self) -> None:
        """The writer thread."""
        connection = sqlite3.connect(self.file, isolation_level=None)
        for pragma in ("journal_mode = WAL", "synchronous = FULL"):
            connection.execute(f"PRAGMA {pragma}").fetchall()
        connection.execute("CREATE TABLE log (seq INTEGER PRIMARY KEY, command BLOB NOT NULL)")
        while True:
            group = [self.queue.get()]
            while len(group) < GROUP_MAX:
                try:
                    group.append(self.queue.get_nowait())
                except queue.Empty:
                    break
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany("INSERT INTO log (command) VALUES (?)", [(text,) for _, text in group])
            connection.execute("COMMIT")
            self.loop.call_soon_threadsafe(self.durable, group)

    def durable(self, group: Sequence[Command]) -> None:
        """Acknowledge, joined; then one frame for all."""
        done: dict[ServerConnection, list[str]] = {}
        for author, text in group:
            self.seq += 1
            at = text.index('"command_id":"') + 14
            done.setdefault(author, []).append(
                f'{{"command_id":"{text[at : at + ID_BYTES]}","first":{self.seq},"last":{self.seq}}}'
            )
        for author, lines in done.items():
            answer = f'{{"frame":"accepted","stream":"incident/{ID}","done":[{",".join(lines)}]}}'
            author.transport.write(framed(answer.encode()))
        frame = framed(self.head + b",".join([self.one] * len(group)) + self.end)
        for transport in self.watchers:
            transport.write(frame)

    async def handle(self, connection: ServerConnection) -> None:
        """One peer."""
        try:
            async for message in connection:
                if not isinstance(message, str):
                    continue
                if message.startswith(SUBMIT):
                    self.queue.put((connection, message))
                elif message.startswith(WATCH):
                    self.watchers.append(connection.transport)
                    connection.transport.write(framed(WATCHING))
                else:
                    connection.transport.write(framed(WELCOME))
        except ConnectionClosed:
            pass
        finally:
            if connection.transport in self.watchers:
                self.watchers.remove(connection.transport)


async def main(file: str) -> None:
    """Serve until killed; the settings are those of the real gateway."""
    floor = Floor(file)
    server = await serve(
        floor.handle,
        "127.0.0.1",
        0,
        compression=None,
        server_header=None,
        max_size=(protocol.CLIENT_FRAME_BYTES_MAX, protocol.CLIENT_FRAME_BYTES_MAX),
        max_queue=16,
        write_limit=65_536,
        open_timeout=5,
        ping_interval=5,
        ping_timeout=7,
        close_timeout=3,
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.Future()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
