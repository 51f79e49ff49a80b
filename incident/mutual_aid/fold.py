"""Mutual aid, the fold: what each event makes of a request, and what follows from the state alone."""

from __future__ import annotations

from typing import Any, cast

import msgspec

from incident.kernel.record import Record, thing_id
from incident.kernel.slice import Due, View
from incident.mutual_aid import commands as c
from incident.mutual_aid import events as e
from incident.mutual_aid import facts as f
from incident.mutual_aid.words import not_taken_words

_REPLACE = msgspec.structs.replace


def mutual_aid(view: View) -> f.MutualAid:
    """The mutual aid of an incident."""
    return cast("f.MutualAid", view.mutual_aid)


def evolve(state: f.MutualAid, event: Any, record: Record) -> f.MutualAid:
    """The requests after one event. One about a request that is not here (a newer server's) changes nothing."""
    if isinstance(event, e.Raised):
        return _raised(state, event, record)
    if isinstance(event, e.PressureReported):
        pressure = f.Pressure(
            event.reap, record.at, record.actor, event.note, event.floors, record.command_id
        )
        return _REPLACE(state, pressures={**state.pressures, event.agency: pressure})
    request = state.rows.get(event.request)
    if request is None:
        return state
    return _REPLACE(state, rows={**state.rows, request.id: _evolved(request, event, record)})


def _raised(state: f.MutualAid, event: e.Raised, record: Record) -> f.MutualAid:
    # Numbers are minted by the server only: two rooms that are cut off do not share one.
    provisional = record.seq == 0
    count = state.counts.get(record.agency, 0) + (not provisional)
    request = f.Request(
        id=thing_id(record),
        number=f"{record.agency}-A{'?' if provisional else count}",
        requester=record.agency,
        requester_role=record.role,
        person=record.actor,
        raised_at=record.at,
        lender=event.lender,
        terms=event.terms,
        state="requested",
        since=record.at,
        version=record.command_id,
        terms_version=record.command_id,
        basis=event.basis,
        answer_minutes=event.answer_minutes,
        next=event.next,
        transit=event.transit,
        follows=event.follows,
    )
    if event.approved:
        request = _sent(request, event.lender, record, approving=True)
    return _REPLACE(
        state, rows={**state.rows, request.id: request}, counts={**state.counts, record.agency: count}
    )


def _sent(request: f.Request, lender: str, record: Record, *, approving: bool = False) -> f.Request:
    """The lender is asked now. The time to answer is counted by the server's clock, whatever its author's says."""
    approval = (
        {"approved_by": f"{record.actor}, {record.role}", "approved_at": record.at} if approving else {}
    )
    return _REPLACE(
        _to(request, "sent", record),
        lender=lender,
        offer=record.command_id,
        offered_at=record.recorded_at,
        told=record.command_id,
        unread=True,
        answers=(),
        reply="",
        replied_by="",
        replied_at=None,
        proposed="",
        **approval,
    )


def _to(request: f.Request, state: str, record: Record) -> f.Request:
    since = request.since if request.state == state else record.at
    return _REPLACE(request, state=state, since=since, version=record.command_id)


def _evolved(request: f.Request, event: Any, record: Record) -> f.Request:
    match event:
        case e.Approved():
            return _sent(request, event.lender, record, approving=True)
        case e.Amended():
            return _amended(request, event, record)
        case e.Replied():
            return _answered(request, event.answers, record)
        case e.CounterAccepted():
            answers = tuple(_taken(answer) for answer in request.answers)
            return _REPLACE(_to(request, outcome(request.terms.lines, answers), record), answers=answers)
        case e.CounterDeclined():
            answers = tuple(
                _REPLACE(answer, counter=None, not_taken=answer.counter, reason=event.reason)
                if answer.counter is not None
                else answer
                for answer in request.answers
            )
            state = outcome(request.terms.lines, answers)
            return _REPLACE(_to(request, state, record), answers=answers, proposed=proposal(request))
        case e.Expired():
            return _REPLACE(_to(request, "expired", record), proposed=event.proposed)
        case e.OfferedNext():
            before = f.Asked(request.lender, request.offered_at, request.state, refusal_words(request))
            asked = (*request.asked, before)[-f.ASKED_KEPT :]
            return _REPLACE(_sent(request, event.lender, record), asked=asked)
        case e.PassedOn():
            return _REPLACE(_to(request, "accepted", record), passed_on=event.lender, proposed="")
        case e.Cancelled():
            units = {key: _home(unit, record, event.reason) for key, unit in request.units.items()}
            return _REPLACE(_to(request, "cancelled", record), reason=event.reason, units=units)
        case e.Closed():
            return _REPLACE(_to(request, "closed", record), reason=event.note or request.reason)
        case _:
            return _moved(request, event, record)


def _amended(request: f.Request, event: e.Amended, record: Record) -> f.Request:
    """A new edition, and who is asked has to read it. What was acted on before stays."""
    old = request.terms
    before = f.Earlier(
        request.edition,
        record.at,
        old.lines,
        old.needed_by,
        old.rvp.words if old.rvp else "",
        old.talkgroup,
    )
    return _REPLACE(
        request,
        terms=event.terms,
        edition=request.edition + 1,
        earlier=(*request.earlier, before)[-f.EARLIER_KEPT :],
        told=record.command_id if request.told else "",
        unread=bool(request.told),
        terms_version=record.command_id,
    )


def _answered(request: f.Request, answers: tuple[f.Answer, ...], record: Record) -> f.Request:
    known = {answer.line: answer for answer in (*request.answers, *answers)}
    merged = tuple(known[line] for line in sorted(known))
    state = outcome(request.terms.lines, merged)
    if state == "part" and request.passed_on:
        state = "accepted"
    return _REPLACE(
        _to(request, state, record),
        answers=merged,
        unread=False,
        reply=record.command_id,
        replied_by=f"{record.actor}, {record.role}",
        replied_at=record.at,
        proposed=proposal(request) if state in f.UNFILLED else "",
    )


def _taken(answer: f.Answer) -> f.Answer:
    """A counter-offer that was taken is what the line is about from now on."""
    if answer.counter is None:
        return answer
    quantity = answer.counter.quantity
    return _REPLACE(answer, kind=answer.counter.kind, accepted=quantity, asked=quantity, counter=None)


def outcome(lines: tuple[f.Line, ...], answers: tuple[f.Answer, ...]) -> str:
    """What the answers to the lines come to, as one state."""
    if any(answer.counter is not None for answer in answers):
        return "countered"
    if len(answers) == len(lines) and all(answer.full for answer in answers):
        return "accepted"
    return "part" if any(answer.accepted for answer in answers) else "declined"


def proposal(request: f.Request) -> str:
    """The trust to be asked next: the first the requester named that has not been asked; "" when there is none."""
    done = {request.requester, request.lender, *(before.agency for before in request.asked)}
    return next((agency for agency in request.next if agency not in done), "")


def refusal_words(request: f.Request) -> str:
    """Why the present lender does not send it, in its own words."""
    reasons = (
        answer.reason if answer.not_taken is None else not_taken_words(answer) for answer in request.answers
    )
    return "; ".join(dict.fromkeys(reason for reason in reasons if reason))


# -- the units ------------------------------------------------------------------------------------------------

_TARGETS: dict[type, tuple[str, str]] = {
    e.UnitsMobilised: ("mobilised", "mobilised_at"),
    e.UnitsAtRvp: ("at_rvp", "at_rvp_at"),
    e.UnitsCommitted: ("committed", "committed_at"),
    e.RecallRequested: ("recalled", ""),
    e.RecallAgreed: ("returning", "released_at"),
    e.UnitsReleased: ("returning", "released_at"),
    e.UnitsHome: ("home", "home_at"),
}
"""Event -> the state it leads a unit to, and the time it fills."""


def _moved(request: f.Request, event: Any, record: Record) -> f.Request:
    if isinstance(event, e.UnitsNamed):
        return _named(request, event, record)
    state, at = _TARGETS[type(event)]
    reason = getattr(event, "reason", "") or getattr(event, "note", "")
    units = dict(request.units)
    for key in event.units:
        if key in units:
            times: dict[str, Any] = {at: record.at} if at else {}
            units[key] = _REPLACE(
                units[key],
                state=state,
                since=record.at,
                version=record.command_id,
                reason=reason or units[key].reason,
                **times,
            )
    return _REPLACE(request, units=units)


def _named(request: f.Request, event: e.UnitsNamed, record: Record) -> f.Request:
    units = dict(request.units)
    made = 0
    for one in event.units:
        commitment = one.commitment
        if not commitment:
            made += 1  # the commitments follow this event, in its order
            commitment = f"{record.command_id}/{made}"
        units[one.unit] = f.AidUnit(
            key=one.unit,
            line=one.line,
            kind=one.kind,
            since=record.at,
            named_at=record.at,
            version=record.command_id,
            commitment=commitment,
            eta_from=one.eta_from,
            eta_to=one.eta_to,
            crew_shift_end=one.crew_shift_end,
        )
    answered = _answered(request, event.answers, record) if event.answers else request
    return _REPLACE(answered, units=units)


def _home(unit: f.AidUnit, record: Record, reason: str) -> f.AidUnit:
    if unit.state == "home":
        return unit
    version = record.command_id
    return _REPLACE(unit, state="home", since=record.at, home_at=record.at, version=version, reason=reason)


# -- what the kernel asks -------------------------------------------------------------------------------------


def version(state: f.MutualAid, key: str) -> str:
    """``aid/<id>`` for a request, ``aid/<id>@terms`` for what is asked, ``aid/<id>@<unit>``; ``pressure/<agency>``."""
    kind, _, rest = key.partition("/")
    if kind == "pressure":
        pressure = state.pressures.get(rest)
        return "" if pressure is None else pressure.version
    id_, _, what = rest.partition("@")
    request = state.rows.get(id_)
    if request is None:
        return ""
    if not what:
        return request.version
    if what == "terms":
        return request.terms_version
    unit = request.units.get(what)
    return "" if unit is None else unit.version


def due(state: f.MutualAid, _now: int) -> tuple[Due, ...]:
    """Every offer expires when nobody has answered it."""
    return tuple(
        Due(request.answer_by, f"aid-expires/{request.offer}", c.Expire(request.id, request.offer))
        for request in state.rows.values()
        if request.state == "sent"
    )


def addressed(state: f.MutualAid, agency: str) -> tuple[str, ...]:
    """What waits for an agency's eyes: offers and their new editions, answers, notices to trusts driven through."""
    found = []
    for request in state.rows.values():
        if request.state in f.SETTLED or not request.offer:
            continue
        if request.lender == agency:
            if request.unread:
                found.append(f.offer_subject(request))
        elif request.requester == agency and request.reply:
            found.append(f.reply_subject(request))
        elif agency in request.transit:
            found.append(f.transit_subject(request))
    return tuple(found)


def label(state: f.MutualAid, key: str) -> str:
    """What log lines call a request: its number. What the receipt is about stands behind it."""
    id_, _, rest = key.partition("@")
    request = state.rows.get(id_)
    if request is None:
        return "a request for aid"
    _, _, what = rest.rpartition("/")
    behind = {"answer": "the answer to ", "transit": "the notice of transit for "}
    return f"{behind.get(what, '')}{request.number}"


def promised_twice(state: f.MutualAid) -> tuple[str, ...]:
    """Units that two open requests count on. It cannot be; an alarm asks all the same."""
    seen: set[str] = set()
    twice: dict[str, None] = {}
    for request in state.rows.values():
        if request.state in f.SETTLED:
            continue
        for unit in request.out:
            if unit.key in seen:
                twice[unit.key] = None
            seen.add(unit.key)
    return tuple(twice)


def invariants(view: View) -> tuple[str, ...]:
    """Numbers never twice; no unit promised twice; a request is with a party; answers are to lines there are."""
    state = mutual_aid(view)
    found = [f"{unit} is promised to two requests" for unit in promised_twice(state)]
    numbers = [request.number for request in state.rows.values() if not request.number.endswith("?")]
    if len(set(numbers)) != len(numbers):
        found.append("two requests have one number")
    for request in state.rows.values():
        name = request.number
        if request.lender == request.requester:
            found.append(f"{name}: {request.lender} asks itself")
        if request.state != "requested" and not request.offer and request.state not in f.SETTLED:
            found.append(f"{name} is {request.state} and was never sent")
        if request.out and request.state in f.SETTLED:
            found.append(f"{name} is {request.state} and has units out")
        if any(answer.line >= len(request.terms.lines) for answer in request.answers):
            found.append(f"{name} has an answer to a line that it does not have")
        if any(key.partition("/")[0] not in _lenders(request) for key in request.units):
            found.append(f"{name} counts on a unit of a trust that was not asked")
        if [before.edition for before in request.earlier][-1:] not in ([], [request.edition - 1]):
            found.append(f"{name} has lost an edition")
    return tuple(found)


def _lenders(request: f.Request) -> set[str]:
    return {request.lender, *(before.agency for before in request.asked)}
