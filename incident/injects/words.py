"""How exercise control speaks of its papers: the lines of its own log."""

from __future__ import annotations

from typing import Any, Final

from incident.injects import facts
from incident.kernel.record import Record
from incident.kernel.slice import Line, Names
from incident.values import sentences

DECISION, ACT, MACHINE = "decision", "act", "machine"
MARK_WORDS: Final = {"met": "met", "partly": "partly met", "not_met": "not met"}


def sentence(event: Any, _record: Record, _names: Names) -> Line:
    """One event as a line of exercise control's log."""
    match event:
        case facts.ScenarioLoaded():
            count = len(event.scenario.injects)
            return Line(
                f"loads the scenario {event.scenario.title} ({event.scenario.id}), {count} injects", DECISION
            )
        case facts.Noted():
            about = [f"inject {event.inject}"] if event.inject else []
            if event.objective:
                mark = MARK_WORDS.get(event.mark, "")
                about.append(f"objective {event.objective}" + (f" {mark}" if mark else ""))
            return Line(f"notes{' on ' + ', '.join(about) if about else ''}: {event.text}", ACT)
        case _:
            return _inject(event)


def _inject(event: Any) -> Line:
    name = f"inject {event.inject}"
    match event:
        case facts.FireAsked():
            return Line(f"fires {name} by hand", ACT)
        case facts.Fired():
            return Line(f"{name} goes out", ACT)
        case facts.Performed():
            done = f"was refused: {event.refused}" if event.refused else "is done"
            done = "is left to the person who is there" if event.left else done
            quiet = not event.refused and not event.left
            return Line(f"{name}, effect {event.place}, {done}", MACHINE if quiet else ACT)
        case facts.Hindered():
            return Line(f"{name} cannot do all it should: {event.problem}", ACT)
        case facts.HeldBack():
            return Line(sentences(f"holds {name}", _why(event.reason)), ACT)
        case facts.Skipped():
            return Line(sentences(f"skips {name}", _why(event.reason)), ACT)
        case facts.Actioned():
            done = f"Response: {event.response}" if event.response else ""
            return Line(sentences(f"marks {name} actioned", done), ACT)
        case _:
            return Line(f"reinstates {name}", ACT)


def _why(reason: str) -> str:
    return f"Reason: {reason}" if reason else ""
