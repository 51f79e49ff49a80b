"""Mutual aid, the lookup: the requests a seat sees, which one a person means, and what a form starts from."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from incident.boundaries import agreed_by, boundaries
from incident.comms import comms, control_room_link
from incident.kernel.board import Look
from incident.methane import current, methane
from incident.methane.words import hazard_words
from incident.mutual_aid import facts as f
from incident.mutual_aid.cover import free_units
from incident.mutual_aid.fold import mutual_aid
from incident.organisation import charter_of, parties
from incident.whereabouts import as_location


def rows(look: Look) -> Mapping[str, f.Request]:
    """Every request of the incident, by id."""
    return mutual_aid(look.state).rows


def named(text: str, look: Look) -> str | None:
    """A request by its number: ``LAS-A3``, or ``A3`` when only one agency has a request of that number."""
    wanted = text.upper()
    everything = rows(look).values()
    exact = [request.id for request in everything if request.number == wanted]
    if not exact:
        exact = [request.id for request in everything if request.number.partition("-")[2] == wanted]
    return exact[0] if len(exact) == 1 else None


def mine(request: f.Request, look: Look) -> bool:
    """We asked."""
    return look.me is not None and request.requester == look.me.agency


def ours(request: f.Request, look: Look) -> bool:
    """We are asked."""
    return look.me is not None and request.lender == look.me.agency


# -- what a form starts from ----------------------------------------------------------------------------------


def last_terms(look: Look) -> f.Terms | None:
    """What we asked last: talkgroup, contact and hazards are likely the same."""
    own = [request for request in rows(look).values() if mine(request, look)]
    return max(own, key=lambda request: request.raised_at).terms if own else None


def talkgroup(look: Look, last: str) -> str:
    """The talkgroup we named last, unless it was withdrawn since; else the one that the control rooms share."""
    channels = comms(look.state).channels.values()
    gone = {channel.name for channel in channels if not channel.live}
    gone -= {channel.name for channel in channels if channel.live}
    if last and last not in gone:
        return last
    link = control_room_link(look.state)
    return "" if link is None else link.name[:40]


def rvps(look: Look) -> Sequence[Any]:
    """The rendezvous points on the ground, the one that most agencies agreed to first."""
    features = boundaries(look.state).rows.values()
    live = [feature for feature in features if feature.kind == "rvp" and feature.withdrawn_at is None]
    return sorted(live, key=lambda feature: (-agreed_by(look.state, feature)[0], feature.number))


def rvp_of(written: str, look: Look) -> f.Rvp | None:
    """The RVP a person means: a feature by its name or number, or else a place in words."""
    text = " ".join(written.split())
    if not text:
        return None
    for feature in rvps(look):
        if text.casefold() in (feature.name.casefold(), feature.number.casefold()):
            return f.Rvp(feature.name, feature.id, feature.shape.place)
    return f.Rvp(text, "", as_location(text, look))


def methane_version(look: Look) -> int:
    """The number of the newest METHANE version; 0 when there is none."""
    newest = current(methane(look.state))
    return 0 if newest is None else newest.number


def from_methane(look: Look, name: str) -> str:
    """What the newest METHANE says of hazards, access or egress, in words; "" when nothing."""
    newest = current(methane(look.state))
    if newest is None:
        return ""
    report = newest.report
    said = {"hazards": hazard_words(report.hazards), "access": report.routes_in, "egress": report.egress}
    return said.get(name, "")[:200]


def trusts(look: Look) -> tuple[str, ...]:
    """Agencies that could be asked: ambulance and voluntary services of the catalogue, parties first, never us."""
    own = "" if look.me is None else look.me.agency
    known = charter_of(look.state).agencies
    able = [
        code for code, agency in known.items() if agency.type in ("ambulance", "voluntary", "", "private")
    ]
    here = [code for code in parties(look.state) if code in able]
    return tuple(code for code in dict.fromkeys((*here, *able)) if code != own)


# -- line items -----------------------------------------------------------------------------------------------

_ITEM = re.compile(r"(\d{1,3})\s*x?\s*([A-Za-z][A-Za-z0-9_]*)\s*([^\d,;]*)")


def read_lines(written: str) -> tuple[f.Line, ...]:
    """What is asked, from "3 DCA", "3 DCA, 1 HART water" or "2 DCA 1 RRV": a number, a kind, and words for skills.

    Raises:
        ValueError: it is not that, or too much.
    """
    found = []
    left = _ITEM.sub("", written).strip(" ,;")
    for number, kind, skills in _ITEM.findall(written):
        count = int(number)
        if not 1 <= count <= 60:
            raise ValueError("Ask for 1 to 60 of a kind.")
        words = " ".join(skills.strip(" ()").split())
        found.append(f.Line(kind.upper()[:12], count, words[:80]))
    if left or not found:
        raise ValueError("Write how many of which kind, such as 3 DCA or 3 DCA, 1 HART.")
    if len(found) > f.LINES_MAX:
        raise ValueError(f"A request may have {f.LINES_MAX} lines.")
    return tuple(found)


def suggested_units(request: f.Request, look: Look) -> tuple[tuple[str, int], ...]:
    """Our own free units for each line, as many as are still lacking: (unit, line)."""
    free = dict(free_units(look))
    found: list[tuple[str, int]] = []
    for number, (kind, lacking) in enumerate(lacking_units(request)):
        fitting = [key for key in sorted(free) if free[key] == kind][:lacking]
        found += [(key, number) for key in fitting]
        for key in fitting:
            del free[key]
    return tuple(found[: f.UNITS_MAX])


def lacking_units(request: f.Request) -> tuple[tuple[str, int], ...]:
    """For each line the kind that is wanted, and how many are promised or asked and not named yet."""
    answers = {answer.line: answer for answer in request.answers}
    found = []
    for number, line in enumerate(request.terms.lines):
        answer = answers.get(number)
        kind = line.kind if answer is None else answer.kind
        wanted = line.quantity if answer is None else answer.accepted
        named = sum(unit.line == number for unit in request.out)
        found.append((kind, max(0, wanted - named)))
    return tuple(found)


def line_for(request: f.Request, kind: str) -> int:
    """The line a unit of this kind serves: the first that lacks its kind, else the first that lacks any, else 0."""
    lacking = lacking_units(request)
    for number, (wanted, count) in enumerate(lacking):
        if wanted == kind and count:
            return number
    same = [number for number, (wanted, _count) in enumerate(lacking) if wanted == kind]
    open_ = [number for number, (_wanted, count) in enumerate(lacking) if count]
    return (same or open_ or [0])[0]
