"""Mutual aid, the rules: who asks, who answers, and that no unit is promised twice."""

from __future__ import annotations

from typing import Any

from incident.kernel.checks import nearest
from incident.kernel.slice import Context, Refusal, View
from incident.mutual_aid import commands as c
from incident.mutual_aid import events as e
from incident.mutual_aid import facts as f
from incident.mutual_aid.fold import mutual_aid, proposal
from incident.mutual_aid.steps import UNIT_STEPS, move, name_units
from incident.organisation import charter_of, closed, is_party, organisation, parties
from incident.organisation.facts import PARTIES_MAX, AgenciesInvited
from incident.permissions import allowed, is_exercise_control
from incident.resources import resources
from incident.resources.facts import Released
from incident.values import stop

STATE_WORDS = {
    "requested": "waiting for approval",
    "sent": "not answered yet",
    "part": "accepted in part",
    "countered": "counter-offered",
}

_Answer = tuple[Any, ...] | Refusal


def decide(view: View, command: Any, ctx: Context) -> _Answer:
    """What somebody's act makes happen, or the reason why not."""
    asks = isinstance(command, c.Raise | c.Approve | c.OfferNext)
    if asks or isinstance(command, c.NameUnits):
        words = "aid is asked for" if asks else "a unit is named"
        shut = closed(view, ctx, words, late=False)
        if shut is not None:
            return shut
    if isinstance(command, c.Raise):
        return _raise(view, command, ctx)
    if isinstance(command, c.ReportPressure):
        return _pressure(view, command, ctx)
    request = mutual_aid(view).rows.get(command.request)
    if request is None:
        return Refusal("no_such_request", "There is no such request for aid here.")
    if type(command) in UNIT_STEPS:
        return move(view, request, command, ctx)
    match command:
        case c.Expire():
            return _expire(request, command, ctx)
        case c.Amend():
            return _amend(view, request, command, ctx)
        case c.Approve():
            return _approve(view, request, command, ctx)
        case c.Cancel():
            return _cancel(view, request, command, ctx)
        case c.Close():
            return _close(request, command, ctx)
        case c.NameUnits():
            return _overtaken(request, command, ctx) or name_units(view, request, command, ctx)
        case c.Reply():
            return _reply(view, request, command, ctx)
        case c.AnswerCounter():
            return _answer_counter(request, command, ctx)
        case _:
            return _offer_next(view, request, command, ctx)


# -- asking ---------------------------------------------------------------------------------------------------


def _raise(view: View, command: c.Raise, ctx: Context) -> _Answer:
    refusal = _full(view) or _askable(view, command.lender, ctx.actor.agency) or _fit(view, command.terms)
    if refusal is None:
        refusal = _known(view, (*command.next, *command.transit))
    if refusal is None and command.approve:
        refusal = allowed(view, ctx, "mutual_aid.approve", "")
    if refusal is not None:
        return refusal
    mine = ctx.actor.agency
    transit = tuple(a for a in dict.fromkeys(command.transit) if a not in (mine, command.lender))
    raised = e.Raised(
        lender=command.lender,
        terms=command.terms,
        basis=command.basis,
        approved=command.approve,
        next=tuple(a for a in dict.fromkeys(command.next) if a not in (mine, command.lender)),
        transit=transit,
        answer_minutes=command.answer_minutes,
    )
    if not command.approve:
        return (raised,)
    invited = _invited(view, (command.lender, *transit), inviting=isinstance(command, c.RaiseInviting))
    return invited if isinstance(invited, Refusal) else (raised, *invited)


def _approve(view: View, request: f.Request, command: c.Approve, ctx: Context) -> _Answer:
    if request.approved_at is not None and request.state not in f.SETTLED:
        return ()
    if request.state != "requested":
        return _overtaken(request, command, ctx) or _not_now(request, "approved")
    if ctx.stale(f.terms_key(request.id), request.terms_version):
        sentence = f"{request.number} is edition {request.edition} now: what you would approve was changed."
        return Refusal("changed_since", sentence, {"edition": str(request.edition)}, conflict=True)
    wanted = (request.lender, *request.transit)
    invited = _invited(view, wanted, inviting=isinstance(command, c.ApproveInviting))
    if isinstance(invited, Refusal):
        return invited
    return (e.Approved(request.id, request.lender), *invited)


def _offer_next(view: View, request: f.Request, command: c.OfferNext, ctx: Context) -> _Answer:
    """Another trust: for all of it, or, when the present one sends a part, for the rest in a new request."""
    if request.lender == command.lender and request.state == "sent":
        return ()
    refusal = _overtaken(request, command, ctx) or _askable(view, command.lender, request.requester)
    refusal = refusal or _brokered(request, ctx)
    if refusal is not None:
        return refusal
    if request.state not in f.UNFILLED | {"sent"}:
        return _not_now(request, "offered to another trust")
    inviting = isinstance(command, c.OfferNextInviting)
    invited = _invited(view, (command.lender,), inviting=inviting)
    if isinstance(invited, Refusal):
        return invited
    if request.state != "part" and not request.out:
        return (e.OfferedNext(request.id, command.lender, request.lender), *invited)
    rest = remainder(request)
    full = _full(view)
    if full is not None or not rest:
        return full or _not_now(request, "offered to another trust")
    raised = e.Raised(
        lender=command.lender,
        terms=_with_lines(request.terms, rest),
        basis=request.basis,
        approved=True,
        next=tuple(agency for agency in request.next if agency != command.lender),
        answer_minutes=request.answer_minutes,
        follows=request.id,
    )
    return (raised, e.PassedOn(request.id, command.lender), *invited)


def _brokered(request: f.Request, ctx: Context) -> Refusal | None:
    """A broker asks on for what nobody gives. What is still considered, or given in part, is the requester's."""
    if ctx.actor.agency == request.requester or (request.state in f.BROKERED and not request.out):
        return None
    sentence = (
        f"{request.number} is {word(request)}: {request.requester} says whom else to ask, and for what."
    )
    return Refusal("not_yours", sentence, {"state": request.state, "agency": request.requester})


def remainder(request: f.Request) -> tuple[f.Line, ...]:
    """What the present lender does not send of what was asked."""
    given = {answer.line: answer.accepted for answer in request.answers if answer.counter is None}
    left = [(line, line.quantity - given.get(number, 0)) for number, line in enumerate(request.terms.lines)]
    return tuple(f.Line(line.kind, count, line.skills) for line, count in left if count > 0)


def _with_lines(terms: f.Terms, lines: tuple[f.Line, ...]) -> f.Terms:
    values = {name: getattr(terms, name) for name in f.FIELDS}
    return f.Terms(**{**values, "lines": lines})


def _invited(view: View, wanted: tuple[str, ...], *, inviting: bool) -> tuple[Any, ...] | Refusal:
    """Being asked, or being told that others drive through, makes a trust party: recorded as such."""
    new = tuple(agency for agency in dict.fromkeys(wanted) if not is_party(view, agency))
    if not new:
        return ()
    if not inviting:
        known = ", ".join(parties(view))
        sentence = (
            f"{', '.join(new)} is not party to this incident yet, and would become it. Parties: {known}."
        )
        return Refusal("not_party", sentence, {"agency": new[0]})
    if len(organisation(view).parties) + len(new) > PARTIES_MAX:
        return Refusal("too_many", f"An incident may have {PARTIES_MAX} parties.")
    return (AgenciesInvited(new),)


def _full(view: View) -> Refusal | None:
    if len(mutual_aid(view).rows) < f.REQUESTS_MAX:
        return None
    return Refusal("full", f"This incident has its {f.REQUESTS_MAX:,} requests for aid.")


def _askable(view: View, lender: str, requester: str) -> Refusal | None:
    if lender == requester:
        return Refusal("own_agency", f"{lender} cannot ask itself for aid.")
    return _known(view, (lender,))


def _known(view: View, agencies: tuple[str, ...]) -> Refusal | None:
    known = charter_of(view).agencies
    for agency in agencies:
        if agency not in known:
            hint = nearest(agency, known) or "."
            return Refusal("unknown_agency", stop(f"The catalogue has no agency {agency}{hint}"))
    return None


def _fit(view: View, terms: f.Terms) -> Refusal | None:
    kinds = charter_of(view).kinds
    for line in terms.lines:
        if kinds and line.kind not in kinds:
            return Refusal("unknown_kind", stop(f"{line.kind} is no kind of unit{nearest(line.kind, kinds)}"))
    return None


def _amend(view: View, request: f.Request, command: c.Amend, ctx: Context) -> _Answer:
    """Who had not seen the present edition would take back what another changed in it."""
    changed = tuple(name for name in f.FIELDS if getattr(command.terms, name) != getattr(request.terms, name))
    if not changed:
        return ()
    if ctx.stale(f.terms_key(request.id), request.terms_version):
        sentence = f"{request.number} was changed after you looked: it is edition {request.edition} now."
        return Refusal("changed_since", sentence, {"edition": str(request.edition)}, conflict=True)
    if request.state in f.SETTLED:
        return _not_now(request, "changed")
    if "lines" in changed and request.state not in ("requested", "sent"):
        sentence = (
            f"{request.number} is {word(request)}: ask for more, or for something else, in a new request."
        )
        return Refusal("illegal_step", sentence, {"state": request.state})
    return _fit(view, command.terms) or (e.Amended(request.id, command.terms, changed),)


# -- answering ------------------------------------------------------------------------------------------------


def _reply(view: View, request: f.Request, command: c.Reply, ctx: Context) -> _Answer:
    answers: dict[int, f.Answer] = {}
    for said in command.lines:
        answer = _answer(view, request, said)
        if isinstance(answer, Refusal):
            return answer
        answers[said.line] = answer
    known = {answer.line: answer for answer in request.answers}
    new = tuple(answers[line] for line in sorted(answers) if answers[line] != known.get(line))
    if not new:
        return ()
    if ctx.stale(f.request_key(request.id), request.version):
        return moved_on(request)
    return (e.Replied(request.id, new),) if request.state in f.ANSWERABLE else _not_now(request, "answered")


def _answer(view: View, request: f.Request, said: c.LineReply) -> f.Answer | Refusal:
    if said.line >= len(request.terms.lines):
        return Refusal("no_such_line", f"{request.number} has {len(request.terms.lines)} lines.")
    line = request.terms.lines[said.line]
    if said.counter is not None:
        refusal = _fit(view, f.Terms(lines=(f.Line(said.counter.kind, said.counter.quantity),)))
        if refusal is not None:
            return refusal
    accepted = min(said.accepted, line.quantity)
    promised = sum(unit.line == said.line for unit in request.out)
    if accepted < promised:
        sentence = f"{promised} {line.kind} are named for {request.number}: turn them round first."
        return Refusal("still_active", sentence, {"units": str(promised)})
    if not accepted and said.counter is None and not said.reason.strip():
        return Refusal("reason_needed", f"Say why {line.quantity} {line.kind} cannot be sent.")
    return f.Answer(said.line, line.kind, line.quantity, accepted, said.reason.strip(), said.counter)


def _answer_counter(request: f.Request, command: c.AnswerCounter, ctx: Context) -> _Answer:
    refusal = _overtaken(request, command, ctx)
    if refusal is not None:
        return refusal
    if request.state != "countered":
        return _not_now(request, "settled: nothing else is offered")
    if command.accept:
        return (e.CounterAccepted(request.id),)
    return (e.CounterDeclined(request.id, command.reason.strip()),)


def _expire(request: f.Request, command: c.Expire, ctx: Context) -> _Answer:
    if request.state != "sent" or request.offer != command.offer:
        return ()
    if ctx.now < request.answer_by:
        return Refusal("too_early", f"{request.lender} still has time to answer.")
    return (e.Expired(request.id, request.lender, request.answer_minutes, proposal(request)),)


# -- ending ---------------------------------------------------------------------------------------------------


def _cancel(view: View, request: f.Request, command: c.Cancel, ctx: Context) -> _Answer:
    """Units that were named and are not on their way are free again at once."""
    if request.state == "cancelled":
        return ()
    refusal = _overtaken(request, command, ctx)
    if refusal is not None:
        return refusal
    if request.state == "closed":
        return _not_now(request, "cancelled")
    away = [unit.key for unit in request.out if unit.state != "named"]
    if away:
        sentence = f"{', '.join(away)} is on its way or here: release it instead."
        return Refusal("illegal_step", sentence, {"state": request.state})
    units = resources(view).units
    mode = organisation(view).mode
    freed = tuple(
        Released(mode, unit.key, units[unit.key].status, f"{request.number} cancelled")
        for unit in request.out
        if unit.key in units and units[unit.key].commitment == unit.commitment
    )
    return (e.Cancelled(request.id, command.reason.strip()), *freed)


def _close(request: f.Request, command: c.Close, ctx: Context) -> _Answer:
    if request.state == "closed":
        return ()
    refusal = _overtaken(request, command, ctx)
    if refusal is not None:
        return refusal
    if request.out:
        out = ", ".join(unit.key for unit in request.out)
        return Refusal("still_active", f"{out} of {request.number} is not home yet.", {"units": out})
    if request.state in ("requested", "sent", "cancelled"):
        return _not_now(request, "closed")
    return (e.Closed(request.id, command.note.strip()),)


# -- pressure -------------------------------------------------------------------------------------------------


def _pressure(view: View, command: c.ReportPressure, ctx: Context) -> _Answer:
    agency = command.agency
    if agency != ctx.actor.agency and not is_exercise_control(charter_of(view), ctx.actor):
        return Refusal("not_yours", f"Only {agency} says how hard pressed it is.")
    if not is_party(view, agency):
        return Refusal("not_party", f"{agency} is not party to this incident.")
    note = command.note.strip()
    known = mutual_aid(view).pressures.get(agency)
    if known is not None:
        if (known.reap, known.note, known.floors) == (command.reap, note, command.floors):
            return ()
        if ctx.stale(f.pressure_key(agency), known.version):
            sentence = f"{agency} is at REAP {known.reap}, said by {known.by}: that changed after you looked."
            return Refusal("changed_since", sentence, {"reap": str(known.reap)}, conflict=True)
    return (e.PressureReported(agency, command.reap, note, command.floors),)


# -- what is said ---------------------------------------------------------------------------------------------


def word(request: f.Request) -> str:
    """The state of a request, as it stands in a sentence."""
    return STATE_WORDS.get(request.state, request.state)


def moved_on(request: f.Request) -> Refusal:
    """Somebody else was first."""
    return Refusal(
        "stale",
        f"{request.number} has moved on: it is {word(request)}, with {request.lender}.",
        {"state": request.state, "agency": request.lender, "since": str(request.since)},
        conflict=True,
    )


def _overtaken(request: f.Request, _command: Any, ctx: Context) -> Refusal | None:
    return moved_on(request) if ctx.stale(f.request_key(request.id), request.version) else None


def _not_now(request: f.Request, what: str) -> Refusal:
    sentence = f"{request.number} is {word(request)}; it cannot be {what} now."
    return Refusal("illegal_step", sentence, {"state": request.state})
