"""Mutual aid, the words: each record as a line of the log, and what states and times mean on a screen."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from incident.kernel.board import Cell, Look
from incident.kernel.receipts import receipt
from incident.kernel.record import Record, thing_id
from incident.kernel.slice import Line, Names
from incident.mutual_aid import events as e
from incident.mutual_aid import facts as f
from incident.values import length_words, sentences, span, utc_words

DECISION, ACT = "decision", "act"


# -- the log --------------------------------------------------------------------------------------------------


def sentence(event: Any, record: Record, names: Names) -> Line:
    """A record of this slice as one line of the log. The agency stands in a column of its own."""
    match event:
        case e.Raised():
            return Line(_raised(event, record, names), DECISION if event.approved else ACT)
        case e.PressureReported():
            return Line(_pressure(event, record))
    number = names("mutual_aid", event.request)
    match event:
        case e.Approved():
            return Line(f"approves {number}: {event.lender} is asked", DECISION)
        case e.Amended():
            return Line(f"changes {number}: {'; '.join(_changes(event, record))}")
        case e.Replied():
            return Line(_replied(event.answers, number), DECISION)
        case e.UnitsNamed():
            return Line(_named(event, number), DECISION)
        case e.CounterAccepted():
            return Line(f"takes what is offered instead for {number}", DECISION)
        case e.CounterDeclined():
            return Line(
                sentences(f"does not take what is offered instead for {number}", _because(event)), DECISION
            )
        case e.Expired():
            return Line(_expired(event, number))
        case e.OfferedNext():
            return Line(f"asks {event.lender} instead of {event.was} for {number}", DECISION)
        case e.PassedOn():
            return Line(f"asks {event.lender} for what is lacking of {number}")
        case e.Cancelled():
            return Line(sentences(f"cancels {number}", _because(event)), DECISION)
        case e.Closed():
            return Line(sentences(f"closes {number}", event.note))
        case _:
            return Line(_moved(event, number))


def _because(event: Any) -> str:
    return f"Reason: {event.reason}" if event.reason else ""


def lines_words(lines: Iterable[f.Line]) -> str:
    """What is asked, as people say it: 3 DCA, 1 HART (water)."""
    return ", ".join(
        f"{line.quantity} {line.kind}" + (f" ({line.skills})" if line.skills else "") for line in lines
    )


def _raised(event: e.Raised, record: Record, names: Names) -> str:
    number = names("mutual_aid", thing_id(record))
    terms = event.terms
    by = f"by {utc_words(terms.needed_by, record.recorded_at)}" if terms.needed_by else "as soon as possible"
    where = f" at {terms.rvp.words}" if terms.rvp is not None and terms.rvp.words else ""
    what = f"{lines_words(terms.lines)} {by}{where}"
    planned = ", planned aid" if event.basis == "planned" else ""
    follows = f", for what is lacking of {names('mutual_aid', event.follows)}" if event.follows else ""
    if event.approved:
        first = f"asks {event.lender} for {what} ({number}{planned}{follows})"
    else:
        first = f"wants to ask {event.lender} for {what} ({number}{planned}{follows}), to be approved"
    hazards = "Hazards not known" if terms.hazards == f.UNKNOWN else f"Hazards: {terms.hazards}"
    told = f"Through the area of {', '.join(event.transit)}" if event.transit else ""
    return sentences(first, _because(terms), hazards, told)


def _changes(event: e.Amended, record: Record) -> Iterable[str]:
    for name in event.changed:
        value = getattr(event.terms, name)
        if name == "lines":
            words = lines_words(value)
        elif name == "needed_by":
            words = "as soon as possible" if value is None else utc_words(value, record.recorded_at)
        elif name == "expected_minutes":
            words = "" if value is None else length_words(value * 60_000)
        elif name == "rvp":
            words = "" if value is None else value.words
        else:
            words = str(value or "")
        title = f.FIELDS[name]
        yield f"{title} is now {words}" if words else f"no {title}"


def _replied(answers: Iterable[f.Answer], number: str) -> str:
    """Each line by itself: accepts 2 of 3 DCA; declines 1 HART."""
    said: list[str] = []
    reasons: list[str] = []
    for answer in answers:
        what = f"{answer.asked} {answer.kind}"
        if answer.counter is not None:
            said.append(f"offers {counter_words(answer.counter)} instead of {what}")
        elif answer.full:
            said.append(f"accepts {what}")
        elif answer.accepted:
            said.append(f"accepts {answer.accepted} of {what}")
        else:
            said.append(f"declines {what}")
        if answer.reason:
            reasons.append(answer.reason)
    why = f"Reason: {'; '.join(dict.fromkeys(reasons))}" if reasons else ""
    return sentences(f"{', '.join(said)} for {number}", why)


def not_taken_words(answer: f.Answer) -> str:
    """That the lender offered something else, and that the requester did not take it, with the requester's reason."""
    counter = answer.not_taken
    if counter is None:
        return ""
    why = f": {answer.reason}" if answer.reason else ""
    return f"offered {counter_words(counter)}, not taken{why}"


def counter_words(counter: f.Counter) -> str:
    """What could be done instead, in a few words."""
    parts = [f"{counter.quantity} {counter.kind}"]
    if counter.minutes is not None:
        parts.append(f"in {counter.minutes} min")
    return " ".join(parts) + (f" ({counter.note})" if counter.note else "")


def eta_words(first: int | None, last: int | None) -> str:
    """When a unit is there, as a range: 18-25 min; "" when nothing is said."""
    low, high = (last, first) if first is None else (first, last)
    if low is None:
        return ""
    return f"{low} min" if high is None or high == low else f"{min(low, high)}-{max(low, high)} min"


def _named(event: e.UnitsNamed, number: str) -> str:
    units = ", ".join(one.unit for one in event.units)
    firsts = [one.eta_from for one in event.units if one.eta_from is not None]
    lasts = [one.eta_to for one in event.units if one.eta_to is not None]
    eta = eta_words(min(firsts, default=None), max(lasts, default=None))
    tail = f"{units}, at RVP in {eta}" if eta else units
    if not event.answers:
        return f"names for {number}: {tail}"
    return f"{_replied(event.answers, number)}: {tail}"


def _expired(event: e.Expired, number: str) -> str:
    hint = f"Next: {event.proposed}" if event.proposed else "No other trust was named"
    return sentences(f"no answer from {event.lender} to {number} in {event.minutes} min", hint)


def _moved(event: Any, number: str) -> str:
    units = ", ".join(event.units)
    match event:
        case e.UnitsMobilised():
            return f"mobilises {units} for {number}"
        case e.UnitsAtRvp():
            return f"books {units} at RVP for {number}"
        case e.UnitsCommitted():
            return f"takes {units} under its control for {number}"
        case e.RecallRequested():
            return sentences(f"asks for {units} back from {number}", _because(event))
        case e.RecallAgreed():
            return f"agrees to the recall of {units} from {number}"
        case e.UnitsReleased():
            return sentences(f"releases {units} from {number}", _because(event))
        case e.UnitsHome():
            return sentences(f"books {units} home from {number}", event.note)
        case _:
            raise AssertionError(f"no sentence for {type(event).__name__}")


def _pressure(event: e.PressureReported, record: Record) -> str:
    who = "" if event.agency == record.agency else f" for {event.agency}"
    floors = ", ".join(f"{floor.count} {floor.kind}" for floor in event.floors)
    least = f"Keeps at least {floors}" if floors else ""
    return sentences(f"reports REAP {event.reap}, {f.REAP.get(event.reap, '')}{who}", event.note, least)


# -- the screen -----------------------------------------------------------------------------------------------

_WORDS = {
    "requested": ("to be approved", "caution"),
    "accepted": ("accepted", "accent"),
    "part": ("▲ part", "alarm"),
    "countered": ("▲ counter-offer", "alarm"),
    "declined": ("▲ declined", "alarm"),
    "expired": ("▲ no answer", "alarm"),
    "cancelled": ("cancelled", "dim"),
    "closed": ("closed", "dim"),
}


def state_cell(request: f.Request, look: Look) -> Cell:
    """The state in a word: while it waits how far it has got, then what the answer was, then where the units are."""
    if request.state == "sent":
        word = told(request, look)[0]
        return Cell(
            f"▲ {word}" if late(request, look.now) else word,
            "alarm" if late(request, look.now) else "caution",
        )
    text, tone = _WORDS.get(request.state, (request.state, "ink"))
    stages = units_words(request)
    if request.state == "accepted" and stages:
        done = not request.out
        return Cell("all home, close" if done else stages, "good" if done else "accent")
    return Cell(f"{text} · {stages}" if stages and request.state not in f.SETTLED else text, tone)


def units_words(request: f.Request) -> str:
    """How many units stand where: 2 at RVP, 1 mobilised; "" when none was named."""
    counts = dict.fromkeys(f.STAGES, 0)
    for unit in request.units.values():
        counts[unit.state] += 1
    return ", ".join(f"{count} {f.UNIT_WORDS[stage]}" for stage, count in counts.items() if count)


def told(request: f.Request, look: Look) -> tuple[str, int | None]:
    """How far it has got with the agency asked: not sent, sent, delivered, seen, acknowledged, answered; and when."""
    if request.version in look.unconfirmed:
        return "not sent yet", None
    if not request.offer:
        return "not sent", None
    if request.replied_at is not None and not request.unread:
        return "answered", request.replied_at
    got = receipt(look.state.receipts, f.offer_subject(request), request.lender)
    for word, at in (("acknowledged", got.acknowledged), ("seen", got.seen), ("delivered", got.delivered)):
        if at is not None:
            return word, at
    return "sent", request.offered_at


def late(request: f.Request, now: int) -> bool:
    """More than half of the time to answer has gone and nobody has: ring them."""
    half = request.answer_minutes * 30_000
    return request.state == "sent" and now - request.offered_at > half


def needed_cell(request: f.Request, look: Look) -> Cell:
    """By when it is needed, and how far off that is."""
    at = request.terms.needed_by
    if at is None:
        return Cell("as soon as poss.", "dim" if request.state in f.SETTLED else "ink")
    there = bool(request.units) and all(
        unit.state not in ("named", "mobilised") for unit in request.units.values()
    )
    if request.state in f.SETTLED or there:
        return Cell(look.clock(at), "dim")
    if look.now > at:
        return Cell(f"▲ {look.clock(at)} {span(look.now - at)} over", "alarm")
    return Cell(f"{look.clock(at)} in {span(at - look.now)}", "ink")


def to_answer(request: f.Request, agency: str) -> bool:
    """Whether this agency has to do something: answer as lender; approve, settle, ask on or agree as requester."""
    if request.lender == agency and request.state in ("sent", "expired"):
        return True
    if request.requester != agency:
        return False
    recalled = any(unit.state == "recalled" for unit in request.units.values())
    return recalled or request.state == "requested" or request.state in f.UNFILLED


def unanswered(request: f.Request, now: int) -> bool:
    """What an alarm asks: nobody has answered, or nobody will send what is lacking."""
    return late(request, now) or request.state in ("expired", "declined")
