"""Alarms about casualties: figures that contradict each other, and people who are nowhere in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from incident.alarms.agreement import first_declared
from incident.alarms.engine import Rule
from incident.alarms.facts import Alarm, Kind
from incident.casualties import Span, casualties, disagreements, totals, unexplained_since
from incident.casualties.words import where_words
from incident.kernel.slice import View
from incident.organisation import with_units
from incident.values import MINUTE_MS

UNEXPLAINED_MS: Final = 5 * MINUTE_MS
"""Counts of different moments never agree at once: a difference is an alarm when it stays."""
COUNT_MS: Final = 15 * MINUTE_MS

DIFFER = Kind("counts_differ", "Two agencies count differently", (12,), "casualties", "pick")
UNEXPLAINED = Kind(
    "casualties_unexplained", "The casualty totals do not add up", (12, 20), "casualties", "count"
)
NO_COUNT = Kind("no_count", "Nobody has counted the casualties", (12,), "casualties", "count", rings=False)


def _differ(view: View) -> Iterator[Alarm]:
    for slot in disagreements(view):
        rivals = slot.rivals
        said = ", ".join(f"{one.agency} {one.counts.everyone}" for one in rivals)
        words = f"Casualties {where_words(slot.stage, slot.place)}: {said}"
        key = f"counts/{slot.stage}/{slot.place}"[:200]
        yield Alarm(key, DIFFER.name, words, slot.disputed_at, "")


def _unexplained(view: View) -> Iterator[Alarm]:
    every = totals(view)[-1]
    figure = every.unexplained
    if figure is None or figure.low <= 0 <= figure.high:
        return
    since = unexplained_since(view)
    if since is None:
        return
    missing = figure.low > 0
    many = (figure if missing else Span(-figure.high, -figure.low)).words()
    one = many == "1"
    if missing:
        words = f"{many} {'casualty is' if one else 'casualties are'} in no count"
    else:
        words = f"{many} more {'casualty' if one else 'casualties'} counted than expected"
    yield Alarm("counts/unexplained", UNEXPLAINED.name, words, since + UNEXPLAINED_MS, "")


def _uncounted(view: View) -> Iterator[Alarm]:
    since = first_declared(view)
    if since is not None and not casualties(view).slots:
        yield Alarm("counts/none", NO_COUNT.name, "Nobody has counted the casualties", since + COUNT_MS, "")


def rules() -> Iterable[Rule]:
    """What this file finds."""
    return (
        Rule(
            (DIFFER, UNEXPLAINED),
            ("casualties", "methane"),
            lambda view: (*_differ(view), *_unexplained(view)),
        ),
        Rule((NO_COUNT,), ("casualties", "organisation", with_units), _uncounted),
    )
