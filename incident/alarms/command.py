"""Alarms about who is in charge and how the rooms reach each other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from incident.alarms.engine import Rule
from incident.alarms.facts import Alarm, Kind
from incident.commanders import ROLES, vacant
from incident.kernel.slice import View
from incident.values import MINUTE_MS

VACANT_MS: Final = 5 * MINUTE_MS
"""How long an agency at work may leave a key role unfilled."""

VACANT = Kind("role_vacant", "A key role is vacant", (13,), "commanders", "fill")


def _vacant(view: View) -> Iterator[Alarm]:
    """Manchester: a service stood by until midnight with nobody in command of it."""
    for one in vacant(view):
        words = f"{one.agency} has no {ROLES[one.role].words}"
        key = f"vacant/{one.agency}/{one.role}"
        row = f"{one.agency}/{one.role}"
        yield Alarm(key, VACANT.name, words, one.since + VACANT_MS, row, (one.agency,))


def rules() -> Iterable[Rule]:
    """What this file finds."""
    return (Rule((VACANT,), ("organisation", "commanders", "resources"), _vacant),)
