"""One websocket between a client and the server, as chance would have it: late, cut, half dead.

Each direction keeps its order. A cut loses what is on its way from some frame on; what was sent before it may
still reach the server, and much later, even after the client has come back on another wire. No frame of a cut
wire reaches a client that has noticed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.sim.world import World


@dataclass(slots=True)
class Frame:
    """One message on its way; ``binary`` is a snapshot page."""

    data: bytes
    binary: bool
    due: int
    lost: bool = False


class Pipe:
    """One direction of a wire."""

    def __init__(self, world: World, deliver: Callable[[bytes, bool], None], delays: tuple[int, int]) -> None:
        self.world = world
        self._deliver = deliver
        self._delays = delays
        self._flying: list[Frame] = []
        self._last = 0
        self.cut = False

    def send(self, data: bytes, *, binary: bool = False) -> None:
        if self.cut:
            return
        world = self.world
        self._last = max(self._last, world.now + world.between(*self._delays))
        frame = Frame(data, binary, self._last)
        self._flying.append(frame)
        world.after(frame.due - world.now, self._arrive, frame)

    def break_off(self, late_ms_max: int) -> None:
        """Nothing more gets in; of what flies, a drawn number still arrives, by a drawn delay later."""
        world = self.world
        self.cut = True
        arriving = world.between(0, len(self._flying))
        late = world.between(0, late_ms_max)
        for place, frame in enumerate(self._flying):
            if place >= arriving:
                frame.lost = True
                world.counts["frame lost"] += 1
            else:
                frame.due += late
                world.counts["frame late"] += late > 0

    def _arrive(self, frame: Frame) -> None:
        if not frame.lost and frame.due > self.world.now:  # made late by a cut
            self.world.after(frame.due - self.world.now, self._arrive, frame)
            return
        self._flying.remove(frame)
        if not frame.lost:
            self._deliver(frame.data, frame.binary)


class Wire:
    """Both directions. ``client`` and ``server`` hear what arrives as long as they hold the wire open."""

    def __init__(self, world: World, client: Any, server: Any, delays: tuple[int, int]) -> None:
        self.world = world
        self.client = client
        self.server = server
        self.client_open = True
        self.server_open = True
        self.up = Pipe(world, self._to_server, delays)
        self.down = Pipe(world, self._to_client, delays)

    def cut(self, *, late_ms_max: int = 0, up: bool = True, down: bool = True) -> None:
        """The network is gone, in one direction or both. Nobody has noticed yet."""
        if up and not self.up.cut:
            self.up.break_off(late_ms_max)
        if down and not self.down.cut:
            self.down.break_off(0)

    def close_client(self) -> None:
        """The client lets go (it has noticed, or it has died)."""
        self.client_open = False

    def close_server(self) -> None:
        """The server lets go."""
        self.server_open = False

    def _to_server(self, data: bytes, _binary: bool) -> None:
        if self.server_open:
            self.server.hear(self, data)

    def _to_client(self, data: bytes, binary: bool) -> None:
        if self.client_open:
            self.client.hear(self, data, binary)
