"""Units committed to an incident, the rules: who may do what with one, and when."""

from __future__ import annotations

from typing import Any

from incident.kernel.checks import nearest
from incident.kernel.slice import Context, Refusal, View
from incident.organisation import charter_of, closed, is_party, organisation
from incident.permissions import is_exercise_control, is_system
from incident.resources import facts as f
from incident.resources.fold import edited, resources
from incident.statuses import STATUSES, judge, utc_clock, word_of
from incident.values import split_key, stop

UNAVAILABLE = frozenset({"OOS", "OFF"})
"""Nothing in these can be committed: make it available first."""

_Answer = tuple[Any, ...] | Refusal


def decide(view: View, command: Any, ctx: Context) -> _Answer:
    """What a command makes happen, or the reason why not."""
    if isinstance(command, f.Commit):
        return _commit(view, command, ctx)
    unit = resources(view).units.get(command.unit)
    if isinstance(command, f.ReportStatus):
        return _report(view, unit, command, ctx)
    if unit is None:
        gone = isinstance(command, f.Release) and command.unit in ctx.base and _gone(view, command.unit)
        return () if gone else _not_here(view, command.unit, ctx)
    match command:
        case f.AcceptControl() | f.DeclineControl():
            return _answer(view, unit, command, ctx)
        case f.Recall():
            return _recall(view, unit, command, ctx)
        case f.OfferControl():
            return _offer(view, unit, command, ctx)
    stranger = _stranger(view, unit, ctx)
    if stranger is not None:
        return stranger
    match command:
        case f.SetStatus() | f.CorrectStatus():
            return _status(unit, command, ctx)
        case f.Describe():
            return _describe(unit, command, ctx)
        case f.ConfirmDestination():
            return _confirm(unit, command)
        case f.Release():
            return _release(view, unit, command, ctx)
        case _:
            raise TypeError(type(command).__name__)


def _commit(view: View, command: f.Commit, ctx: Context) -> _Answer:
    about = organisation(view)
    shut = closed(view, ctx, "a unit is committed", late=False)
    if shut is not None:
        return shut
    home = split_key(command.units[0].unit)[0]
    if not is_party(view, home):
        return Refusal("not_party", f"{home} is not party to this incident.")
    if len(resources(view).units) + len(command.units) > f.UNITS_HELD_MAX:
        return Refusal("too_many", f"An incident may have {f.UNITS_HELD_MAX:,} units.")
    seen: set[str] = set()
    for one in command.units:
        refusal = _fit(view, home, one, ctx)
        if refusal is None and one.unit in seen:
            refusal = Refusal("given_twice", f"{one.unit} is named twice.")
        if refusal is not None:
            return refusal
        seen.add(one.unit)
    return tuple(f.Committed(about.mode, one, command.reason) for one in command.units)


def _fit(view: View, home: str, one: f.Commitment, ctx: Context) -> Refusal | None:
    """Why this unit cannot be committed now; None when it can, as far as this incident knows."""
    if split_key(one.unit)[0] != home:
        return Refusal("not_yours", f"{one.unit} is not a unit of {home}: only its home trust commits it.")
    kinds = charter_of(view).kinds
    if one.kind not in kinds:
        hint = nearest(one.kind, kinds)
        return Refusal("unknown_kind", stop(f"{one.unit}: {one.kind} is no kind of unit{hint}"))
    if one.status not in STATUSES:
        return Refusal("unknown_status", f"{one.unit}: {one.status} is no status.")
    if one.status in UNAVAILABLE:
        sentence = f"{one.unit} is {word_of(one.status)}. Set it available first."
        return Refusal("not_available", sentence, {"unit": one.unit, "status": one.status})
    held = resources(view).units.get(one.unit)
    if held is None:
        return None
    sentence = (
        f"{one.unit} is committed to this incident already, by {held.committed_by} of {held.home} "
        f"since {utc_clock(held.committed_at)}; {held.controlling} controls it."
    )
    facts = {"unit": one.unit, "held_by": held.controlling, "since": str(held.committed_at)}
    return Refusal("already_committed", sentence, facts, conflict=one.unit not in ctx.base)


def _gone(view: View, key: str) -> f.PastCommitment | None:
    """The last commitment of a unit that has ended here."""
    gone = [past for past in resources(view).released.values() if past.unit == key]
    return max(gone, key=lambda past: past.released_at) if gone else None


def _not_here(view: View, key: str, ctx: Context) -> Refusal:
    """The unit is not (or no longer) committed here. Who had seen it here was overtaken by its release."""
    last = _gone(view, key)
    if last is None:
        home = split_key(key)[0]
        sentence = f"{key} is not committed to this incident. Only {home} can commit it."
        return Refusal("not_committed", sentence, {"unit": key})
    sentence = f"{key} was released by {last.released_by} at {utc_clock(last.released_at)}."
    facts = {"unit": key, "released_by": last.released_by, "since": str(last.released_at)}
    overtaken = key in ctx.base or f.control_key(key) in ctx.base
    return Refusal("not_committed", sentence, facts, conflict=overtaken)


def keepers(view: View, unit: f.Resource) -> tuple[str, ...]:
    """Who may act on a unit: its home and its controlling trust; when both have left, the lead trust."""
    here = tuple(a for a in dict.fromkeys((unit.home, unit.controlling)) if is_party(view, a))
    return here or (organisation(view).lead,)


def _stranger(view: View, unit: f.Resource, ctx: Context) -> Refusal | None:
    able = keepers(view, unit)
    actor = ctx.actor
    if actor.agency in able or is_system(actor) or is_exercise_control(charter_of(view), actor):
        return None
    who = " or ".join(able)
    sentence = f"Only {who} can do this with {unit.key}. What you saw of it you can report."
    facts = {"unit": unit.key, "home": unit.home, "controlling": unit.controlling}
    return Refusal("not_yours", sentence, facts)


def _status(unit: f.Resource, command: f.SetStatus | f.CorrectStatus, ctx: Context) -> _Answer:
    correcting = isinstance(command, f.CorrectStatus)
    verdict = judge(unit, unit.key, command.status, ctx, correcting=correcting, doubted=unit.disputed)
    if isinstance(verdict, Refusal):
        return verdict
    if verdict == "confirm":
        return (f.StatusConfirmed(unit.key, command.status),)
    if verdict == "same":
        return ()
    if isinstance(command, f.CorrectStatus):
        return (f.StatusCorrected(unit.key, command.status, unit.status, command.reason.strip()),)
    return (f.StatusSet(unit.key, command.status, unit.status),)


def _report(view: View, unit: f.Resource | None, command: f.ReportStatus, ctx: Context) -> _Answer:
    """An observation is never refused for lateness or conflict; the fold decides what it still means.

    So it stands in the log, too, when the unit was released meanwhile, or control of it passed to the reporter.
    """
    key = command.unit
    if command.status not in STATUSES:
        return Refusal("unknown_status", f"{command.status} is no status.")
    if unit is None:
        if key not in ctx.base and _gone(view, key) is None:
            return _not_here(view, key, ctx)
    elif ctx.actor.agency in (unit.home, unit.controlling) and not ctx.stale(
        f.control_key(key), unit.control_version
    ):
        sentence = f"{key} is yours to set: set its status, or correct it with a reason."
        return Refusal("set_it", sentence, {"unit": key})
    return (f.StatusReported(key, command.status, command.note.strip()),)


def _describe(unit: f.Resource, command: f.Describe, ctx: Context) -> _Answer:
    """Different fields merge; of the same field the later author is told what stands there now."""
    news = {
        name: value for name in f.said(command) if (value := getattr(command, name)) != getattr(unit, name)
    }
    for name in news:
        if ctx.stale(f.field_key(unit.key, name), edited(unit, name)):
            now = getattr(unit, name) or "blank"
            sentence = stop(
                f"The {f.LABELS[name]} of {unit.key} was changed after you looked; it is now: {now}"
            )
            return Refusal("field_changed", sentence, {"unit": unit.key, "field": name}, conflict=True)
    return (f.Described(unit.key, **news),) if news else ()


def _confirm(unit: f.Resource, command: f.ConfirmDestination) -> _Answer:
    """An observation: it lands whatever was ordered meanwhile. It names what was confirmed, so that an answer to
    an older order confirms nothing newer.
    """
    destination = command.destination.strip()
    if destination == unit.destination and unit.crew_told_at:
        return ()
    return (f.DestinationConfirmed(unit.key, destination),)


def _overtaken(unit: f.Resource, ctx: Context) -> Refusal | None:
    """Control was offered, taken or taken back after the author looked."""
    if not ctx.stale(f.control_key(unit.key), unit.control_version):
        return None
    offered = f", offered to {unit.offer.to}" if unit.offer else ""
    sentence = f"{unit.key} is controlled by {unit.controlling}{offered}: that changed after you looked."
    facts = {"unit": unit.key, "held_by": unit.controlling, "home": unit.home}
    return Refusal("changed_since", sentence, facts, conflict=True)


def _offer(view: View, unit: f.Resource, command: f.OfferControl, ctx: Context) -> _Answer:
    offer = unit.offer
    same = offer is not None and offer.to == command.to and offer.by == ctx.actor.agency
    if same:
        return ()
    overtaken = _overtaken(unit, ctx)
    if overtaken is not None:
        return overtaken
    facts = {"unit": unit.key, "controlling": unit.controlling}
    exercising = is_exercise_control(charter_of(view), ctx.actor)
    if ctx.actor.agency != unit.controlling and not exercising:
        sentence = f"{unit.key} is controlled by {unit.controlling}: only they can hand it over."
        return Refusal("not_controlling", sentence, facts)
    if command.to == unit.controlling:
        return Refusal("controls_already", f"{command.to} controls {unit.key} already.", facts)
    if not is_party(view, command.to):
        return Refusal("not_party", f"{command.to} is not party to this incident. Invite them first.")
    return (f.ControlOffered(unit.key, command.to),)


def _answer(
    view: View, unit: f.Resource, command: f.AcceptControl | f.DeclineControl, ctx: Context
) -> _Answer:
    """Only the agency it was offered to is asked."""
    if isinstance(command, f.AcceptControl) and unit.controlling == ctx.actor.agency and not unit.offer:
        return ()
    overtaken = _overtaken(unit, ctx)
    if overtaken is not None:
        return overtaken
    if unit.offer is None:
        return Refusal("no_offer", f"Control of {unit.key} has not been offered to anybody.")
    if ctx.actor.agency != unit.offer.to and not is_exercise_control(charter_of(view), ctx.actor):
        sentence = f"Control of {unit.key} is offered to {unit.offer.to}: only they can answer."
        return Refusal("not_yours", sentence, {"unit": unit.key, "to": unit.offer.to})
    if isinstance(command, f.AcceptControl):
        return (f.ControlTaken(unit.key, unit.offer.to, unit.controlling),)
    return (f.ControlDeclined(unit.key, unit.offer.to, command.reason),)


def _recall(view: View, unit: f.Resource, command: f.Recall, ctx: Context) -> _Answer:
    agency = unit.home if is_exercise_control(charter_of(view), ctx.actor) else ctx.actor.agency
    if agency not in (unit.home, unit.controlling):
        sentence = f"Only {unit.home} can recall {unit.key}."
        return Refusal("not_yours", sentence, {"unit": unit.key, "home": unit.home})
    if agency == unit.home and unit.controlling != unit.home:
        return _overtaken(unit, ctx) or (f.Recalled(unit.key, unit.controlling, command.reason),)
    if unit.offer is None:
        if agency == unit.home:
            return ()
        return Refusal("not_yours", f"You control {unit.key}. Only {unit.home} can recall it.")
    return _overtaken(unit, ctx) or (f.OfferWithdrawn(unit.key, unit.offer.to),)


def _release(view: View, unit: f.Resource, command: f.Release, ctx: Context) -> _Answer:
    if ctx.stale(unit.key, unit.status_version):
        since = utc_clock(unit.since)
        sentence = f"{unit.key} is {word_of(unit.status)} since {since}: it changed after you looked."
        facts = {"unit": unit.key, "status": unit.status, "since": str(unit.since)}
        return Refusal("changed_since", sentence, facts, conflict=True)
    return (f.Released(organisation(view).mode, unit.key, unit.status, command.reason),)
