"""Alarms about who came in: two persons broke the glass, and every party is to know it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from incident.alarms.engine import Rule
from incident.alarms.facts import Alarm, Kind
from incident.delegation import delegations, glass_words, role_title
from incident.kernel.slice import View

GLASS: Final = Kind(
    "glass_broken", "Somebody came in past the usual sign-in", (26,), "alarms", "acknowledge", by_all=True
)


def _glass(view: View) -> Iterator[Alarm]:
    """It rings once in every room, and is listed until each party has said that it knows, however late that is."""
    for one in delegations(view).glass.values():
        words = glass_words(one, role_title(view, one.role), view)
        yield Alarm(f"glass/{one.id}", GLASS.name, words, one.at)


def rules() -> Iterable[Rule]:
    """What this file finds."""
    return (Rule((GLASS,), ("delegation", "organisation"), _glass),)
