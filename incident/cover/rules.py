"""Cover, the rules: who may ask, offer, accept and end; and what stands at a moment."""

from __future__ import annotations

from typing import Any, Final, cast

from msgspec.structs import replace

from incident.boundaries.corners import PAIRS_MAX, flaw
from incident.cover import facts as f
from incident.cover.facts import Cover, Covers, Terms
from incident.ground import measured
from incident.kernel.record import Record, thing_id
from incident.kernel.slice import Context, Refusal, View
from incident.organisation import charter_of, closed, organisation, parties
from incident.values import MINUTE_MS

Answer = tuple[Any, ...] | Refusal


def covers(view: View) -> Covers:
    """The stretches of an incident, asked for, offered, agreed and over."""
    return cast("Covers", view.cover)


def standing(view: View, now: int) -> tuple[Cover, ...]:
    """The stretches that one trust covers for another at this moment (UTC ms on the incident's clock)."""
    return tuple(one for one in covers(view).rows.values() if one.stands(now))


def decide(view: View, command: Any, ctx: Context) -> Answer:
    """The events of one command, none when it is so already, or a refusal."""
    if not organisation(view).opened:
        return Refusal("not_open", "This incident is not open.")
    if isinstance(command, f.Ask | f.Offer):
        return closed(view, ctx, "no cover is agreed") or _begin(view, command, ctx)
    cover = covers(view).rows.get(command.cover)
    if cover is None:
        return Refusal("no_such_cover", "There is no such stretch here.")
    if ctx.actor.agency not in cover.sides:
        sides = " and ".join(cover.sides)
        return Refusal("not_yours", f"{cover.number} is between {sides}.", {"agency": cover.covered})
    return _move_on(cover, command, ctx)


def _begin(view: View, command: f.Ask | f.Offer, ctx: Context) -> Answer:
    agency, terms = ctx.actor.agency, command.terms
    other = command.by if isinstance(command, f.Ask) else command.covered
    refusal = _unfit_sides(view, agency, other) or _unfit_terms(terms, ctx)
    if refusal is not None:
        return refusal
    if len(covers(view).rows) >= f.ROWS_MAX:
        return Refusal("full", f"This incident has its {f.ROWS_MAX} stretches.", {"limit": str(f.ROWS_MAX)})
    terms = replace(
        terms,
        stretch=" ".join(terms.stretch.split()),
        reason=terms.reason.strip(),
        resources=terms.resources.strip(),
        reach=measured(terms.reach, charter_of(view).areas_digest),
    )
    return (f.Asked(other, terms) if isinstance(command, f.Ask) else f.Offered(other, terms),)


def _unfit_sides(view: View, agency: str, other: str) -> Refusal | None:
    """Cover is between two trusts that both take part."""
    if other == agency:
        return Refusal("own_agency", "Cover is agreed with another trust: this one is yours.")
    known = charter_of(view).agencies
    for code in (agency, other):
        if code not in known:
            return Refusal("unknown_agency", f"The catalogue has no agency {code!r}.", {"agency": code})
        if known[code].type != "ambulance":
            sentence = f"{code} is no ambulance trust: only their areas are covered, and only by each other."
            return Refusal("not_a_trust", sentence, {"agency": code})
    if other not in parties(view):
        sentence = f"{other} is not party to this incident: invite it first."
        return Refusal("not_party", sentence, {"agency": other})
    return None


def _unfit_terms(terms: Terms, ctx: Context) -> Refusal | None:
    if terms.begins + terms.minutes * MINUTE_MS <= ctx.now:
        return Refusal("bad_time", "The time of that cover is over already.")
    if terms.begins > ctx.now + f.AHEAD_MAX_MS:
        return Refusal("bad_time", "Cover begins within two days. Agree later what is to come later.")
    wrong = flaw(terms.shape.polygon, PAIRS_MAX) if terms.shape.polygon else ""
    return Refusal("bad_shape", wrong) if wrong else None


_LEADS_TO: Final = {"Accept": "agreed", "Decline": "declined", "Withdraw": "withdrawn", "End": "ended"}


def _move_on(cover: Cover, command: Any, ctx: Context) -> Answer:
    """Its next step. Somebody who saw it as it was before is told; the same step twice is one."""
    agency = ctx.actor.agency
    raced = ctx.stale(f.key_of(cover.id), cover.version)
    if cover.step == _LEADS_TO[type(command).__name__]:
        return ()
    answering = isinstance(command, f.Accept | f.Decline)
    if answering and agency != cover.answers:
        return Refusal("not_yours", f"{cover.answers} answers this, nobody else.", {"agency": cover.answers})
    if isinstance(command, f.Withdraw) and agency != cover.begun_by:
        return Refusal("not_yours", f"Only {cover.begun_by} can take this back.", {"agency": cover.begun_by})
    legal = cover.step == "agreed" if isinstance(command, f.End) else cover.step in f.OPEN
    if not legal:
        facts = {"step": cover.step, "by": cover.ended_by or cover.answered_by}
        return Refusal("wrong_step", f"{cover.number} is {f.STEPS[cover.step]}.", facts, conflict=raced)
    if ctx.now >= cover.until and not isinstance(command, f.Decline | f.Withdraw):
        return Refusal("bad_time", f"The time of {cover.number} is over.")
    if raced:
        return Refusal("stale", f"{cover.number} was changed since you saw it. Look again.", conflict=True)
    match command:
        case f.Accept():
            return (f.Accepted(cover.id),)
        case f.Decline():
            return (f.Declined(cover.id, command.reason.strip()),)
        case f.Withdraw():
            return (f.Withdrawn(cover.id, command.reason.strip()),)
        case _:
            return (f.Ended(cover.id, command.reason.strip()),)


# -- what becomes of it ---------------------------------------------------------------------------------------


def evolve(state: Covers, event: Any, record: Record) -> Covers:
    """The stretches after one event. Never refuses, whatever came before."""
    if isinstance(event, f.Asked | f.Offered):
        return _begun(state, event, record)
    before = state.rows.get(event.cover)
    if before is None:
        return state
    return replace(state, rows={**state.rows, before.id: _evolved(before, event, record)})


def _begun(state: Covers, event: f.Asked | f.Offered, record: Record) -> Covers:
    provisional = record.seq == 0  # numbers are the server's: two rooms that are cut off share none
    count = state.counts.get(record.agency, 0) + (not provisional)
    asked, terms = isinstance(event, f.Asked), event.terms
    cover = Cover(
        id=thing_id(record),
        number=f"{record.agency}-C{'?' if provisional else count}",
        covered=record.agency if isinstance(event, f.Asked) else event.covered,
        by=event.by if isinstance(event, f.Asked) else record.agency,
        begun_by=record.agency,
        actor=record.actor,
        stretch=terms.stretch,
        shape=terms.shape,
        begins=terms.begins,
        until=terms.begins + terms.minutes * MINUTE_MS,
        reason=terms.reason,
        at=record.at,
        version=record.command_id,
        step="asked" if asked else "offered",
        resources=terms.resources,
        reach=terms.reach,
    )
    return Covers({**state.rows, cover.id: cover}, {**state.counts, record.agency: count})


def _evolved(cover: Cover, event: Any, record: Record) -> Cover:
    at, agency, version = record.at, record.agency, record.command_id
    match event:
        case f.Accepted():
            return replace(cover, step="agreed", answered_at=at, answered_by=agency, version=version)
        case f.Declined():
            return replace(
                cover,
                step="declined",
                answered_at=at,
                answered_by=agency,
                end_reason=event.reason,
                version=version,
            )
        case f.Withdrawn():
            return replace(
                cover,
                step="withdrawn",
                ended_at=at,
                ended_by=agency,
                end_reason=event.reason,
                version=version,
            )
        case _:
            return replace(
                cover, step="ended", ended_at=at, ended_by=agency, end_reason=event.reason, version=version
            )


def version(state: Covers, key: str) -> str:
    """The id of the command that last changed a stretch."""
    what, _, cover = key.partition("/")
    found = state.rows.get(cover)
    return found.version if what == "cover" and found is not None else ""


def label(state: Covers, key: str) -> str:
    """What log lines call a stretch: its words and its number, which never change."""
    cover = state.rows.get(key)
    return "a stretch" if cover is None else f"{cover.stretch} ({cover.number})"


def addressed(state: Covers, agency: str) -> tuple[str, ...]:
    """What this agency is asked for or offered, and has not answered."""
    return tuple(f.key_of(cover.id) for cover in state.rows.values() if to_answer(cover, agency))


def to_answer(cover: Cover, agency: str) -> bool:
    """Whether this agency has been asked for it or offered it, and has said neither yes nor no."""
    return cover.step in f.OPEN and cover.answers == agency


def lapsed(state: Covers, now: int) -> frozenset[str]:
    """The subjects of what was asked for or offered and is over by the clock (UTC ms): nobody need answer it."""
    rows = state.rows.values()
    return frozenset(f.key_of(cover.id) for cover in rows if cover.step in f.OPEN and cover.over(now))


def invariants(view: View) -> tuple[str, ...]:
    """What must never be true of cover, and is."""
    found = []
    rows = covers(view).rows
    numbers = [cover.number for cover in rows.values() if not cover.number.endswith("?")]
    if len(set(numbers)) != len(numbers):
        found.append("two stretches have one number")
    for key, cover in rows.items():
        if key != cover.id:
            found.append(f"{cover.number} is filed under another name")
        if cover.covered == cover.by:
            found.append(f"{cover.number}: {cover.by} covers itself")
        if not 0 < cover.until - cover.begins <= f.MINUTES_MAX * MINUTE_MS:
            found.append(f"{cover.number} is longer than it may be")
        if cover.step == "agreed" and cover.answered_by != cover.answers:
            found.append(f"{cover.number} was agreed by who was not asked")
    return tuple(found)
