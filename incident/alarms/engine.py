"""Alarms, computed: pure functions of the state and the time, remembered by the identity of what they read.

A rule reads some slices and answers every alarm that they hold, the coming ones too, each with the moment it begins.
So a rule needs no clock, and what it answered holds for as long as those slices are the same objects: when one unit
changes its status, only the rules that read units are asked again. Time then merely picks those that have begun.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from msgspec.structs import replace

from incident.alarms.facts import Alarm, Heard, Kind
from incident.kernel.slice import View
from incident.kernel.text import clip
from incident.organisation import parties

WORDS_MAX: Final = 200
"""Cells of an alarm's words: it names a thing, and what was written of that stands with the thing."""
KEPT: Final = 8
"""Answers kept for one rule: a seat looks at one incident, a server at several."""


@dataclass(frozen=True, slots=True)
class Rule:
    """How alarms of some kinds are found: what it reads, and the finding.

    It reads slices, by name, and answers that are the same object as long as they are the same
    (``incident.organisation.with_units``), so that it is not asked anew for every unit that changes its status.
    """

    kinds: tuple[Kind, ...]
    reads: tuple[str | Callable[[View], object], ...]
    find: Callable[[View], Iterable[Alarm]]


class Finder:
    """The rules with what they answered last."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.rules = tuple(rules)
        self.kinds: dict[str, Kind] = {kind.name: kind for rule in rules for kind in rule.kinds}
        self._kept: list[list[tuple[tuple[Any, ...], tuple[Alarm, ...]]]] = [[] for _ in rules]
        self.asked = 0
        """How often a rule had to look anew; for tests."""

    def all(self, view: View) -> Iterable[Alarm]:
        """Every alarm of this state, those that have not begun, too."""
        for index, rule in enumerate(self.rules):
            yield from self._found(index, rule, view)

    def now(self, view: View, now: int) -> tuple[Alarm, ...]:
        """The alarms at this moment (UTC ms on the incident's clock), the oldest first; none once it is closed."""
        state = view.organisation
        if not state.opened or state.closed:
            return ()
        found = [alarm for alarm in self.all(view) if alarm.rings_at(now) and not self._answered(alarm, view)]
        return tuple(sorted(found, key=lambda alarm: (alarm.since, alarm.key)))

    def _answered(self, alarm: Alarm, view: View) -> bool:
        by: dict[str, Heard] = view.alarms.heard.get(alarm.key, {})
        kind = self.kinds[alarm.kind]
        if not by or not (kind.answered or kind.by_all):
            return False
        agencies = {agency for agency, one in by.items() if one.at >= alarm.since}
        if kind.by_all:
            return agencies.issuperset(parties(view))
        return any(map(alarm.concerns, agencies))

    def next(self, view: View, now: int) -> int | None:
        """When the next alarm begins if nothing changes (UTC ms); None when none will."""
        return min((alarm.since for alarm in self.all(view) if alarm.since > now), default=None)

    def _found(self, index: int, rule: Rule, view: View) -> tuple[Alarm, ...]:
        inputs = tuple(getattr(view, one, None) if isinstance(one, str) else one(view) for one in rule.reads)
        kept = self._kept[index]
        for place, (seen, answer) in enumerate(kept):
            if all(old is new for old, new in zip(seen, inputs, strict=True)):
                if place:
                    kept.insert(0, kept.pop(place))
                return answer
        self.asked += 1
        answer = tuple(map(_brief, rule.find(view)))
        kept.insert(0, (inputs, answer))
        del kept[KEPT:]
        return answer


def _brief(alarm: Alarm) -> Alarm:
    """In one line of some length: a message or a decision may have thousands of characters."""
    words = clip(" ".join(alarm.words.split()), WORDS_MAX)
    return alarm if words == alarm.words else replace(alarm, words=words)
