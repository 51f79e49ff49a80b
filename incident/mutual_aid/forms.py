"""Mutual aid, the forms: what was answered becomes what is asked of the rules, with defaults from what is seen."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from incident.fleet import fleet
from incident.kernel.board import Arg, Look
from incident.mutual_aid import commands as c
from incident.mutual_aid import facts as f
from incident.mutual_aid.cover import cover_left, free_units
from incident.mutual_aid.lookup import (
    line_for,
    methane_version,
    read_lines,
    rvp_of,
    suggested_units,
)
from incident.mutual_aid.steps import UNIT_STEPS
from incident.mutual_aid.words import lines_words
from incident.organisation import is_party
from incident.permissions import grants_now
from incident.values import as_minutes, as_words, read_callsign, read_due, split_key

_Values = Mapping[str, Any]


def text(values: _Values, name: str) -> str:
    return str(values.get(name) or "").strip()


# -- asking ---------------------------------------------------------------------------------------------------


def _inviting(look: Look, *agencies: str) -> bool:
    """Whether asking these makes any of them party, which cannot wait for the line."""
    return not all(is_party(look.state, agency) for agency in agencies)


def _may_approve(look: Look) -> bool:
    return look.me is not None and "mutual_aid.approve" in grants_now(look.state, look.me, look.now)[0]


def raise_(_row: Any, values: _Values, look: Look) -> c.Raise:
    lender = text(values, "agency").upper()
    transit = as_words(values.get("transit") or ())
    approve = _may_approve(look)
    cls = c.RaiseInviting if approve and _inviting(look, lender, *transit) else c.Raise
    answer = values.get("answer")
    return cls(
        lender=lender,
        terms=_terms(values, look),
        basis="planned" if text(values, "basis") == "planned" else "immediate",
        approve=approve,
        next=tuple(agency for agency in as_words(values.get("next") or ()) if agency != lender),
        transit=transit,
        answer_minutes=min(240, max(1, as_minutes(answer))) if answer else f.ANSWER_MINUTES,
    )


def _terms(values: _Values, look: Look) -> f.Terms:
    needed, expected = text(values, "needed"), text(values, "expected")
    return f.Terms(
        lines=read_lines(text(values, "lines")),
        reason=text(values, "reason"),
        needed_by=read_due(needed, look.now, look.offset_minutes) if needed else None,
        expected_minutes=max(1, min(10_080, as_minutes(expected))) if expected else None,
        rvp=rvp_of(text(values, "rvp"), look),
        access=text(values, "access"),
        egress=text(values, "egress"),
        hazards=text(values, "hazards") or f.UNKNOWN,
        ppe=text(values, "ppe"),
        reports_to=text(values, "reports_to"),
        talkgroup=text(values, "talkgroup"),
        contact=text(values, "contact"),
        methane=methane_version(look),
    )


def amend(request: f.Request, values: _Values, look: Look) -> c.Amend:
    """What was written replaces what stood there; a field left blank is as it was, and the METHANE is the newest."""
    old = request.terms
    needed = text(values, "needed")
    rvp = text(values, "rvp")
    lines = text(values, "lines")
    same_rvp = not rvp or (old.rvp is not None and rvp == old.rvp.words)
    return c.Amend(
        request.id,
        f.Terms(
            lines=read_lines(lines) if lines and lines != lines_words(old.lines) else old.lines,
            reason=text(values, "reason") or old.reason,
            needed_by=read_due(needed, look.now, look.offset_minutes) if needed else old.needed_by,
            expected_minutes=old.expected_minutes,
            rvp=old.rvp if same_rvp else rvp_of(rvp, look),
            access=text(values, "access") or old.access,
            egress=text(values, "egress") or old.egress,
            hazards=text(values, "hazards") or old.hazards,
            ppe=text(values, "ppe") or old.ppe,
            reports_to=text(values, "reports_to") or old.reports_to,
            talkgroup=text(values, "talkgroup") or old.talkgroup,
            contact=text(values, "contact") or old.contact,
            methane=methane_version(look) or old.methane,
        ),
    )


def approve(request: f.Request, _values: _Values, look: Look) -> c.Approve:
    inviting = _inviting(look, request.lender, *request.transit)
    return (c.ApproveInviting if inviting else c.Approve)(request.id)


def offer_next(request: f.Request, values: _Values, look: Look) -> c.OfferNext:
    lender = text(values, "agency").upper()
    return (c.OfferNextInviting if _inviting(look, lender) else c.OfferNext)(request.id, lender)


# -- answering ------------------------------------------------------------------------------------------------


def open_lines(request: f.Request) -> tuple[int, ...]:
    """The lines that are not accepted as a whole."""
    full = {answer.line for answer in request.answers if answer.full}
    return tuple(number for number in range(len(request.terms.lines)) if number not in full)


def accept(request: f.Request, _values: _Values, _look: Look) -> c.Reply:
    lines = request.terms.lines
    return c.Reply(request.id, tuple(c.LineReply(n, lines[n].quantity) for n in open_lines(request)))


def decline(request: f.Request, values: _Values, _look: Look) -> c.Reply:
    reason = text(values, "reason")
    named = {unit.line for unit in request.out}
    return c.Reply(
        request.id, tuple(c.LineReply(n, 0, reason) for n in open_lines(request) if n not in named)
    )


def part(request: f.Request, values: _Values, _look: Look) -> c.Reply:
    """So many of each line: "2", or "2 1" for two lines; what is not said is none, with the reason."""
    counts = [int(number) for number in re.findall(r"\d{1,2}", text(values, "counts"))]
    open_ = open_lines(request)
    if not counts or len(counts) > len(open_):
        raise ValueError(f"Write how many of each: {lines_words(request.terms.lines[n] for n in open_)}.")
    reason = text(values, "reason")
    pairs = zip(open_, [*counts, *[0] * len(open_)], strict=False)
    return c.Reply(request.id, tuple(c.LineReply(n, min(count, 60), reason) for n, count in pairs))


def have(look: Look, request: f.Request) -> str:
    """What we could send of each open line: the free ones, at most as many as are asked."""
    free = {cover.kind: cover.free for cover in cover_left(look, request)}
    lines = request.terms.lines
    return " ".join(str(min(free.get(lines[n].kind, 0), lines[n].quantity)) for n in open_lines(request))


def counter(request: f.Request, values: _Values, _look: Look) -> c.Reply:
    line = int(text(values, "line") or "0")
    offered = read_lines(text(values, "instead"))
    if len(offered) != 1:
        raise ValueError("Offer one kind instead of one line, such as 2 RRV.")
    minutes = values.get("eta")
    counter = f.Counter(
        offered[0].kind,
        offered[0].quantity,
        min(1440, as_minutes(minutes)) if minutes else None,
        text(values, "note"),
    )
    return c.Reply(request.id, (c.LineReply(line, counter=counter),))


# -- units ----------------------------------------------------------------------------------------------------


def name(request: f.Request, values: _Values, look: Look) -> c.NameUnits:
    typed = as_words(values.get("units") or ())
    low, high = _eta(text(values, "eta"))
    agency = request.lender
    register = fleet(look.registers[agency]).units if agency in look.registers else {}
    lines = dict(suggested_units(request, look))
    sent = []
    for word in typed:
        key = read_callsign(word, agency)
        unit = register.get(key)
        if unit is None:
            raise ValueError(f"{word.upper()} is not one of our units.")
        line = lines.get(key, line_for(request, unit.kind))
        sent.append(
            c.Sent(
                key, unit.kind, line, low, high, unit.status, unit.since, unit.station, unit.crew_shift_end
            )
        )
    if not sent:
        raise ValueError("Name the units that go, such as A201 A202.")
    if len(sent) > f.UNITS_MAX:
        raise ValueError(f"At most {f.UNITS_MAX} units at once.")
    return c.NameUnits(request.id, tuple(sent))


_ETA = re.compile(r"(\d{1,4})(?:\s*(?:-|–|to)\s*(\d{1,4}))?\s*(?:m|min)?")


def _eta(written: str) -> tuple[int | None, int | None]:
    """Minutes until they are there: "18-25", "20" or nothing."""
    if not written:
        return None, None
    found = _ETA.fullmatch(written.lower())
    if found is None:
        raise ValueError("Write in how many minutes they are there: 20 or 18-25.")
    low = min(1440, int(found[1]))
    return low, low if found[2] is None else max(low, min(1440, int(found[2])))


def free(look: Look, request: Any) -> Sequence[tuple[str, str]]:
    """Our free units, those that fit what is asked first; beside each what it is."""
    if request is None:
        return ()
    fitting = [key for key, _line in suggested_units(request, look)]
    free = free_units(look)
    return [(key, f"{split_key(key)[1]} {free[key]}") for key in dict.fromkeys((*fitting, *sorted(free)))]


def suggested(look: Look, request: Any) -> str:
    return "" if request is None else " ".join(key for key, _line in suggested_units(request, look))


def able(request: f.Request, command: type) -> tuple[str, ...]:
    """The units that can take this step now."""
    sources = UNIT_STEPS[command][1]
    found = tuple(unit.key for unit in request.units.values() if unit.state in sources)
    return found[: f.UNITS_MAX]


def those(command: type) -> Arg:
    """Which units: all that can take the step, unless fewer are named."""

    def choices(_look: Look, request: Any) -> Sequence[tuple[str, str]]:
        return [] if request is None else [(key, key) for key in able(request, command)]

    def default(_look: Look, request: Any) -> str:
        return "" if request is None else " ".join(able(request, command))

    return Arg("units", "Which units", "choices", False, choices, default)


def chosen(request: f.Request, values: _Values, command: type) -> tuple[str, ...]:
    return as_words(values.get("units") or ()) or able(request, command)


def step(command: type, said: str = "") -> Callable[[Any, _Values, Look], Any]:
    def build(request: f.Request, values: _Values, _look: Look) -> Any:
        units = chosen(request, values, command)
        if not units:
            raise ValueError(f"No unit of {request.number} is at that step.")
        return command(request.id, units, text(values, said)) if said else command(request.id, units)

    return build


# -- pressure -------------------------------------------------------------------------------------------------


def _floors(written: str) -> tuple[f.Floor, ...]:
    return tuple(f.Floor(line.kind, line.quantity) for line in read_lines(written)) if written else ()


def pressure(_row: Any, values: _Values, look: Look) -> c.ReportPressure:
    return c.ReportPressure(
        look.me.agency, int(values["reap"]), text(values, "note"), _floors(text(values, "floors"))
    )
