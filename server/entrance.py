"""The entrance: sockets that have come in and not said who they are, counted from the first moment, before any TLS.

They are bounded as a whole and for each address. When one too many comes, the oldest goes of whichever address has
most: silent sockets cannot keep anybody out, and whoever has few addresses can put out only their own. A client of
ours that goes with them tries again within its backoff (docs/adr/0025-what-is-bounded.md).
"""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from typing import Any, Final, Protocol

from server.counters import Tally
from server.limits import Bucket, Limits

ARRIVAL_RATE: Final = 20
ARRIVAL_BURST: Final = 120
"""Sockets one address may open each second, and at once: each costs a handshake of TLS."""

ADDRESSES_MAX: Final = 4_096
"""Addresses whose pace is remembered."""

HERE: Final = "here"
"""This machine itself: rooms over ssh, a demo, a proxy. They all have one address, so it is not counted by that."""

_HERE: Final = frozenset({"127.0.0.1", "::1"})


class Stranger(Protocol):
    """A socket that may be put out."""

    def put_out(self) -> None:
        """End it now, without a word."""
        ...


def place_of(peer: Any) -> str:
    """Whose socket that is, as far as its address tells: one of IPv4, or the /64 that a site of IPv6 has."""
    if not isinstance(peer, tuple) or not peer:
        return HERE
    try:
        address = ipaddress.ip_address(str(peer[0]).partition("%")[0])
    except ValueError:
        return HERE
    mapped = getattr(address, "ipv4_mapped", None)
    if mapped is not None:
        address = mapped
    if str(address) in _HERE:
        return HERE
    if address.version == 6:
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


class Entrance:
    """Who stands there, by address, each in the order of coming."""

    def __init__(self, limits: Limits, tally: Tally) -> None:
        self._limits = limits
        self._tally = tally
        self._standing: dict[str, dict[Stranger, None]] = {}
        self._place: dict[Stranger, str] = {}
        self._pace: OrderedDict[str, Bucket] = OrderedDict()

    def __len__(self) -> int:
        return len(self._place)

    def at(self, place: str) -> int:
        """How many of one address stand here."""
        return len(self._standing.get(place, ()))

    def came(self, stranger: Stranger, peer: Any, now: float) -> bool:
        """A socket has come in; False when it is to be put out at once, since its address sends too many."""
        place = place_of(peer)
        if place != HERE and self._too_fast(place, now):
            self._tally.unknown_put_out += 1
            return False
        self._place[stranger] = place
        self._standing.setdefault(place, {})[stranger] = None
        if place != HERE and self.at(place) > self._limits.unknown_per_address:
            self._oldest_goes(place)
        elif len(self._place) > self._limits.unknown_max:
            self._oldest_goes(max(self._standing, key=self.at))
        return True

    def left(self, stranger: Stranger) -> None:
        """It is known now, or gone."""
        place = self._place.pop(stranger, None)
        if place is None:
            return
        standing = self._standing[place]
        del standing[stranger]
        if not standing:
            del self._standing[place]

    def clear(self) -> None:
        """Put everybody out: the server is being stopped."""
        for stranger in tuple(self._place):
            self.left(stranger)
            stranger.put_out()

    def _oldest_goes(self, place: str) -> None:
        oldest = next(iter(self._standing[place]))
        self.left(oldest)
        self._tally.unknown_put_out += 1
        oldest.put_out()

    def _too_fast(self, place: str, now: float) -> bool:
        pace = self._pace.pop(place, None) or Bucket(ARRIVAL_RATE, ARRIVAL_BURST)
        self._pace[place] = pace
        if len(self._pace) > ADDRESSES_MAX:
            self._pace.popitem(last=False)
        # what is turned away is not counted, or who never pauses would never come in
        if pace.wait(now) > 0:
            return True
        pace.take(now)
        return False
