"""Mutual aid, the units: named by the lender, taken by the host, let go, and home. A unit moves by its own steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from incident.kernel.checks import nearest
from incident.kernel.slice import Context, Refusal, View
from incident.mutual_aid import commands as c
from incident.mutual_aid import events as e
from incident.mutual_aid import facts as f
from incident.mutual_aid.fold import mutual_aid
from incident.organisation import charter_of, organisation
from incident.permissions import is_exercise_control, is_system
from incident.resources import facts as r
from incident.resources import resources
from incident.resources.rules import UNAVAILABLE
from incident.statuses import STATUSES, legal, word_of
from incident.values import split_key, stop

_Answer = tuple[Any, ...] | Refusal

LENDER, HOST, EITHER = "lender", "host", "either"

UNIT_STEPS: dict[type, tuple[str, frozenset[str], str]] = {
    c.Mobilise: ("mobilised", frozenset({"named"}), LENDER),
    c.ReachRvp: ("at_rvp", frozenset({"named", "mobilised"}), EITHER),
    c.TakeUnits: ("committed", frozenset({"named", "mobilised", "at_rvp"}), HOST),
    c.RequestRecall: ("recalled", frozenset({"mobilised", "at_rvp", "committed"}), LENDER),
    c.AgreeRecall: ("returning", frozenset({"recalled"}), HOST),
    c.ReleaseUnits: ("returning", frozenset({"named", "mobilised", "at_rvp", "committed", "recalled"}), HOST),
    c.BringHome: ("home", frozenset({"named", "mobilised", "at_rvp", "returning"}), LENDER),
}
"""Step -> the state it leads a unit to, the states it may start from, and whose step it is."""


# -- naming ---------------------------------------------------------------------------------------------------


def name_units(view: View, request: f.Request, command: c.NameUnits, _ctx: Context) -> _Answer:
    """Each unit is committed to this incident, and so to no other; no two requests count on one unit."""
    if request.state not in f.ANSWERABLE:
        sentence = f"{request.number} is {request.state}: no units are named for it now."
        return Refusal("illegal_step", sentence, {"state": request.state})
    if len(request.units) + len(command.units) > f.NAMED_MAX:
        return Refusal("full", f"A request may have {f.NAMED_MAX} units.")
    if len(resources(view).units) + len(command.units) > r.UNITS_HELD_MAX:
        return Refusal("too_many", f"An incident may have {r.UNITS_HELD_MAX:,} units.")
    promised: list[e.Promised] = []
    commitments: list[r.Committed] = []
    for one in command.units:
        refusal = _fit(view, request, one)
        if refusal is None and any(one.unit == other.unit for other in promised):
            refusal = Refusal("given_twice", f"{one.unit} is named twice.")
        if refusal is not None:
            return refusal
        held = resources(view).units.get(one.unit)
        promised.append(
            e.Promised(
                one.unit,
                one.line,
                one.kind,
                one.eta_from,
                one.eta_to,
                one.crew_shift_end,
                "" if held is None else held.commitment,
            )
        )
        if held is None:
            commitments.append(_committed(view, request, one))
    named = e.UnitsNamed(request.id, tuple(promised), _accepting(request, command))
    return (named, *commitments)


def _committed(view: View, request: f.Request, one: c.Sent) -> r.Committed:
    rvp = request.terms.rvp
    return r.Committed(
        organisation(view).mode,
        r.Commitment(
            unit=one.unit,
            kind=one.kind,
            status=one.status,
            since=one.since,
            station=one.station,
            crew_shift_end=one.crew_shift_end,
            destination=rvp.words if rvp is not None else "",
        ),
        f"mutual aid {request.number}",
    )


def _fit(view: View, request: f.Request, one: c.Sent) -> Refusal | None:
    """Why this unit cannot be sent; None when it can, as far as this incident knows."""
    home = split_key(one.unit)[0]
    if home != request.lender:
        return Refusal("not_yours", f"{one.unit} is not a unit of {request.lender}, which was asked.")
    if one.line >= len(request.terms.lines):
        return Refusal("no_such_line", f"{request.number} has {len(request.terms.lines)} lines.")
    kinds = charter_of(view).kinds
    if kinds and one.kind not in kinds:
        return Refusal(
            "unknown_kind", stop(f"{one.unit}: {one.kind} is no kind of unit{nearest(one.kind, kinds)}")
        )
    if one.status not in STATUSES:
        return Refusal("unknown_status", f"{one.unit}: {one.status} is no status.")
    if one.status in UNAVAILABLE:
        sentence = f"{one.unit} is {word_of(one.status)}. Set it available first."
        return Refusal("not_available", sentence, {"unit": one.unit, "status": one.status})
    return _promised(view, one.unit) or _elsewhere(view, one.unit)


def _promised(view: View, unit: str) -> Refusal | None:
    for request in mutual_aid(view).rows.values():
        if request.state not in f.SETTLED and unit in request.units and request.units[unit].state != "home":
            state = f.UNIT_WORDS[request.units[unit].state]
            sentence = (
                f"{unit} is promised already: it is {state} for {request.number} of {request.requester}."
            )
            facts = {"unit": unit, "held_by": request.number, "since": str(request.units[unit].named_at)}
            return Refusal("already_committed", sentence, facts, conflict=True)
    return None


def _elsewhere(view: View, key: str) -> Refusal | None:
    """A unit that is here already can be named while its home trust controls it."""
    held = resources(view).units.get(key)
    if held is None or held.controlling == held.home:
        return None
    sentence = f"{key} is controlled by {held.controlling}: it is not {held.home}'s to send now."
    return Refusal("not_controlling", sentence, {"unit": key, "held_by": held.controlling})


def _accepting(request: f.Request, command: c.NameUnits) -> tuple[f.Answer, ...]:
    """The lines that are answered by naming units for them: as many as are named, or as were accepted before."""
    known = {answer.line: answer for answer in request.answers}
    found = []
    for line in sorted({one.line for one in command.units}):
        asked = request.terms.lines[line]
        before = known.get(line)
        out = sum(unit.line == line for unit in request.out)
        named = out + sum(one.line == line for one in command.units)
        if before is None:
            found.append(f.Answer(line, asked.kind, asked.quantity, min(named, 60)))
        elif before.accepted < named:
            found.append(f.Answer(line, before.kind, before.asked, min(named, 60), before.reason))
    return tuple(found)


# -- moving ---------------------------------------------------------------------------------------------------


def move(view: View, request: f.Request, command: Any, ctx: Context) -> _Answer:
    """One step of one or several units. Those that have taken it already are left out; all the others, or none."""
    target, sources, whose = UNIT_STEPS[type(command)]
    stranger = _stranger(view, request, whose, ctx)
    if stranger is not None:
        return stranger
    todo: list[f.AidUnit] = []
    for key in dict.fromkeys(command.units):
        unit = request.units.get(key)
        if unit is None:
            return Refusal("not_committed", f"{key} is not named for {request.number}.", {"unit": key})
        if unit.state == target:
            continue
        refusal = _step(request, unit, target, sources, ctx)
        if refusal is None and target in ("mobilised", "at_rvp", "committed"):
            refusal = _gone(view, unit)
        if refusal is not None:
            return refusal
        todo.append(unit)
    if not todo:
        return ()
    if target == "committed":
        taken = _take(view, request, todo)
        if isinstance(taken, Refusal):
            return taken
        return (e.UnitsCommitted(request.id, _keys(todo)), *taken)
    return (_event(request, command, _keys(todo)), *_follows(view, todo, target))


def _keys(units: list[f.AidUnit]) -> tuple[str, ...]:
    return tuple(unit.key for unit in units)


def _step(
    request: f.Request, unit: f.AidUnit, target: str, sources: frozenset[str], ctx: Context
) -> Refusal | None:
    facts = {"unit": unit.key, "state": unit.state, "since": str(unit.since)}
    if ctx.stale(f.unit_key(request.id, unit.key), unit.version):
        sentence = f"{unit.key} is {f.UNIT_WORDS[unit.state]} by now: that changed after you looked."
        return Refusal("changed_since", sentence, facts, conflict=True)
    if unit.state in sources:
        return None
    sentence = (
        f"{unit.key} is {f.UNIT_WORDS[unit.state]}; it cannot become {f.UNIT_WORDS[target]} from there."
    )
    if target == "home":
        sentence = f"{unit.key} is {f.UNIT_WORDS[unit.state]}: {request.requester} has to let it go first."
    return Refusal("illegal_step", sentence, facts)


def _stranger(view: View, request: f.Request, whose: str, ctx: Context) -> Refusal | None:
    actor = ctx.actor
    if is_system(actor) or is_exercise_control(charter_of(view), actor):
        return None
    lenders = {request.lender, *(split_key(key)[0] for key in request.units)}
    host = request.requester
    able = {LENDER: lenders, HOST: {host}, EITHER: {*lenders, host}}[whose]
    if actor.agency in able:
        return None
    sentence = f"Only {' or '.join(sorted(able))} can do this with the units of {request.number}."
    return Refusal("not_yours", sentence, {"request": request.number})


def present(view: View, unit: f.AidUnit) -> r.Resource | None:
    """The unit as it is committed here for this request; None when it was released past the request."""
    held = resources(view).units.get(unit.key)
    return held if held is not None and held.commitment == unit.commitment else None


def _gone(view: View, unit: f.AidUnit) -> Refusal | None:
    if present(view, unit) is not None:
        return None
    sentence = f"{unit.key} was released from this incident meanwhile. Book it home, and name another."
    return Refusal("not_committed", sentence, {"unit": unit.key}, conflict=True)


def _take(view: View, request: f.Request, units: list[f.AidUnit]) -> tuple[Any, ...] | Refusal:
    """By naming it for this request its home trust has agreed that the host controls it once it is committed."""
    host = request.requester
    taken = []
    for unit in units:
        held = present(view, unit)
        if held is None or held.controlling == host:
            continue
        if held.controlling != held.home:
            sentence = f"{unit.key} is controlled by {held.controlling} now."
            facts = {"unit": unit.key, "held_by": held.controlling}
            return Refusal("changed_since", sentence, facts, conflict=True)
        taken.append(r.ControlTaken(unit.key, host, held.controlling))
    return tuple(taken)


_EVENTS: dict[type, Callable[[str, Any, tuple[str, ...]], Any]] = {
    c.Mobilise: lambda id_, _command, units: e.UnitsMobilised(id_, units),
    c.ReachRvp: lambda id_, _command, units: e.UnitsAtRvp(id_, units),
    c.RequestRecall: lambda id_, command, units: e.RecallRequested(id_, units, command.reason.strip()),
    c.AgreeRecall: lambda id_, _command, units: e.RecallAgreed(id_, units),
    c.ReleaseUnits: lambda id_, command, units: e.UnitsReleased(id_, units, command.reason.strip()),
    c.BringHome: lambda id_, command, units: e.UnitsHome(id_, units, command.note.strip()),
}


def _event(request: f.Request, command: Any, units: tuple[str, ...]) -> Any:
    return _EVENTS[type(command)](request.id, command, units)


_STATUS = {"mobilised": "MOB", "at_rvp": "RVP", "returning": "RET"}


def _follows(view: View, units: list[f.AidUnit], target: str) -> tuple[Any, ...]:
    """What the step does to the unit itself: its status, who controls it, and in the end that it is free again.

    A status is set where it is the next one; a crew that is further on, or has a patient, keeps its own.
    """
    found: list[Any] = []
    mode = organisation(view).mode
    for unit in units:
        held = present(view, unit)
        if held is None:
            continue
        if target == "returning" and held.controlling != held.home:
            found.append(r.ControlTaken(unit.key, held.home, held.controlling))
        if target == "home":
            found.append(r.Released(mode, unit.key, held.status, "home"))
            continue
        code = _STATUS.get(target, "")
        if code and held.status != code and legal(held.status, code):
            found.append(r.StatusSet(unit.key, code, held.status))
    return tuple(found)
