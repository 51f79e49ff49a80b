"""The alarm bell: once for each new alarm, and silent while somebody has muted it and said why. No widget in here."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

import msgspec

FORGET_SECONDS: Final = 60.0
"""An alarm that comes and goes within this time is the same alarm: it does not ring at every turn."""
REASON_MAX: Final = 200


class Muted(msgspec.Struct, frozen=True):
    """Why the bell is silent, and since when (UTC ms)."""

    reason: str
    at: int


class Bell:
    """The bell of one room. Give it the keys of what is wrong now, about once a second."""

    def __init__(self, ring: Callable[[], None]) -> None:
        """``ring`` sounds it once."""
        self._ring = ring
        self._known: dict[str, float] = {}
        self._where = ""
        self.muted: Muted | None = None

    def hear(self, keys: Iterable[str], now: float, where: str = "") -> bool:
        """These alarms stand now (``now``: seconds of any steady clock). Rings once if any is new; answers whether.

        ``where`` is the incident: in another one every alarm is new.
        """
        if where != self._where:
            self._where, self._known = where, {}
        here = dict.fromkeys(keys, now)
        kept = {key: at for key, at in self._known.items() if now - at < FORGET_SECONDS}
        new = here.keys() - kept.keys()
        self._known = {**kept, **here}
        if not new or self.muted is not None:
            return False
        self._ring()
        return True
