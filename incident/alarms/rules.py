"""Alarms, the slice: acknowledging one, and what that leaves in the state."""

from __future__ import annotations

from typing import Any

from incident.alarms import facts
from incident.alarms.engine import Finder
from incident.alarms.facts import Alarm, Alarms, Heard
from incident.kernel.record import Record
from incident.kernel.slice import Context, Line, Names, Refusal, View
from incident.kernel.text import clip

WORDS_MAX = 4_000
"""Room to name every alarm that is acknowledged at once: the line is evidence of who knew what, and when."""


def heard_by(state: Alarms, alarm: Alarm, agency: str) -> Heard | None:
    """Who of this agency has acknowledged this alarm since it began; None when nobody has."""
    found = state.heard.get(alarm.key, {}).get(agency)
    return found if found is not None and found.at >= alarm.since else None


def decide(finder: Finder, view: View, command: facts.Acknowledge, ctx: Context) -> tuple[Any, ...] | Refusal:
    """Never refused: who heard of it, heard of it, even if its cause is gone by the time that this lands."""
    state: Alarms = view.alarms
    agency = ctx.actor.agency
    standing = {alarm.key: alarm for alarm in finder.now(view, ctx.now)}
    new = []
    for key in dict.fromkeys(command.keys):
        alarm = standing.get(key)
        known = state.heard.get(key, {}).get(agency) if alarm is None else heard_by(state, alarm, agency)
        if known is None:
            new.append(key)
    if not new:
        return ()
    said = [standing[key].words for key in new if key in standing]
    return (facts.Acknowledged(tuple(new), clip("; ".join(said) or command.words.strip(), WORDS_MAX)),)


def evolve(state: Alarms, event: Any, record: Record) -> Alarms:
    """Remember who has heard which alarm. The newest acknowledgement stands; too many, and the oldest go.

    Which is the oldest is asked of the times, since the order of a dict is not part of a state.
    """
    heard = dict(state.heard)
    for key in event.keys:
        heard[key] = {**heard.get(key, {}), record.agency: Heard(record.actor, record.at)}
    while len(heard) > facts.ACKNOWLEDGED_MAX:
        del heard[min(heard, key=lambda key: (max(one.at for one in heard[key].values()), key))]
    return Alarms(heard)


def sentence(event: Any, record: Record, names: Names) -> Line:
    """An acknowledgement is an act: it says what was known, and when."""
    many = len(event.keys)
    if event.words:
        return Line(f"acknowledges {'the alarm' if many == 1 else f'{many} alarms'}: {event.words}", "act")
    return Line(f"acknowledges {'an alarm' if many == 1 else f'{many} alarms'} whose cause had gone", "act")


def invariants(view: View) -> tuple[str, ...]:
    """Nothing is acknowledged by nobody, and no more is kept than is promised."""
    state: Alarms = view.alarms
    found = [f"the alarm {key} was heard by nobody" for key, by in state.heard.items() if not by]
    if len(state.heard) > facts.ACKNOWLEDGED_MAX:
        found.append("more acknowledgements are kept than promised")
    return tuple(found)
