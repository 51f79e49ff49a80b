"""Mutual aid: from the request to the last unit home; no unit is promised twice, and nobody answers for another."""

from __future__ import annotations

from typing import Any

from incident.kernel.board import Look
from incident.kernel.receipts import Acknowledge, Deliver, See
from incident.kernel.slice import Actor
from incident.mutual_aid import BOARD, mutual_aid
from incident.mutual_aid import commands as c
from incident.mutual_aid import facts as f
from incident.resources import resources
from incident.state import INCIDENT
from incident.values import Location
from tests.incident.given import INCIDENT_STREAM, MINUTE, T0, Given, charter, opened

A201, A202, H1 = "SCAS/A201", "SCAS/A202", "SCAS/H1"
OTHER_STREAM = "incident/01a80000-0000-7000-8000-000000000002"
RVP = f.Rvp("RVP B", "", Location("Colnbrook by-pass"))
TERMS = f.Terms(
    lines=(f.Line("DCA", 3), f.Line("HART", 1, "water")),
    needed_by=T0 + 50 * MINUTE,
    rvp=RVP,
    talkgroup="IC01",
    methane=2,
)
SENT = (
    c.Sent(A201, "DCA", 0, 18, 22, "AVB", T0 - 60 * MINUTE, "Slough", T0 + 300 * MINUTE),
    c.Sent(A202, "DCA", 0, 20, 25, "AVB"),
)


def asked(terms: f.Terms = TERMS, **more: Any) -> Given:
    """LAS has asked SCAS; the next to write is SCAS."""
    return opened().did(c.Raise(lender="SCAS", terms=terms, approve=True, **more)).by("SCAS")


def only(given: Given) -> f.Request:
    return list(mutual_aid(given.view).rows.values())[-1]


def named(units: tuple[c.Sent, ...] = SENT, **more: Any) -> Given:
    """SCAS has named its units; the next to write is SCAS."""
    given = asked(**more)
    return given.did(c.NameUnits(only(given).id, units))


def committed() -> Given:
    """Both units of SCAS are under the command of LAS, which is the next to write."""
    given = named()
    id_ = only(given).id
    given.did(c.Mobilise(id_, (A201, A202))).later(20).did(c.ReachRvp(id_, (A201, A202)))
    return given.by("LAS").did(c.TakeUnits(id_, (A201, A202)))


def lines(given: Given, count: int) -> list[str]:
    return [given.line(-n).text for n in range(count, 0, -1)]


def states(given: Given) -> dict[str, str]:
    return {key: unit.state for key, unit in only(given).units.items()}


def look(given: Given, agency: str, register: Any = None, **more: Any) -> Look:
    registers = {} if register is None else {agency: register}
    return Look(
        given.view,
        Actor("Sam", agency, "operator"),
        given.now,
        INCIDENT_STREAM,
        registers=registers,
        charter=charter(),
        clock=lambda at: f"{at // MINUTE % 1440 // 60:02}:{at // MINUTE % 60:02}",
        **more,
    )


def cell(given: Given, agency: str, column: str) -> str:
    found = next(one for one in BOARD.columns if one.name == column)
    return found.cell(only(given), look(given, agency)).text


# -- the whole path -------------------------------------------------------------------------------------------


def test_three_ambulances_from_the_request_to_home() -> None:
    given = asked()
    request = only(given)
    assert (request.number, request.state, request.approved_by) == ("LAS-A1", "sent", "Sam, operator")
    assert given.line().text == (
        "asks SCAS for 3 DCA, 1 HART (water) by 14:50 UTC at RVP B (LAS-A1). Hazards not known."
    )
    offer = (f.offer_subject(request),)
    assert INCIDENT.addressed(given.view, "SCAS")[-1:] == offer
    given.did(Deliver(offer)).later(1).did(See(offer)).did(Acknowledge(offer))
    assert cell(given, "LAS", "told") == "acknowledged 14:01"
    given.did(c.NameUnits(request.id, SENT))
    assert lines(given, 3) == [
        "accepts 2 of 3 DCA for LAS-A1: SCAS/A201, SCAS/A202, at RVP in 18-25 min",
        "commits SCAS/A201 (DCA) to RVP B, available. Reason: mutual aid LAS-A1.",
        "commits SCAS/A202 (DCA) to RVP B, available. Reason: mutual aid LAS-A1.",
    ]
    given.did(c.Reply(request.id, (c.LineReply(1, reason="both teams are out"),)))
    assert given.line().text == "declines 1 HART for LAS-A1. Reason: both teams are out."
    assert only(given).state == "part"
    given.did(c.Mobilise(request.id, (A201, A202)))
    assert resources(given.view).units[A201].status == "MOB"
    given.later(20).by("LAS").did(c.ReachRvp(request.id, (A201, A202)))
    assert resources(given.view).units[A201].status == "RVP"
    given.did(c.TakeUnits(request.id, (A201, A202)))
    assert lines(given, 3) == [
        "takes SCAS/A201, SCAS/A202 under its control for LAS-A1",
        "takes control of SCAS/A201 from SCAS",
        "takes control of SCAS/A202 from SCAS",
    ]
    unit = resources(given.view).units[A201]
    assert (unit.home, unit.controlling, unit.commitment) == (
        "SCAS",
        "LAS",
        only(given).units[A201].commitment,
    )
    given.by("SCAS").later(60).did(c.RequestRecall(request.id, (A202,), "cover in Slough"))
    given.by("LAS").did(c.AgreeRecall(request.id, (A202,)))
    given.did(c.ReleaseUnits(request.id, (A201,), "enough here"))
    assert lines(given, 3) == [
        "releases SCAS/A201 from LAS-A1. Reason: enough here.",
        "gives control of SCAS/A201 back to SCAS",
        "SCAS/A201 returning",
    ]
    given.by("SCAS").later(30).did(c.BringHome(request.id, (A201, A202), "64 miles, 2 oxygen"))
    assert lines(given, 3)[0] == "books SCAS/A201, SCAS/A202 home from LAS-A1. 64 miles, 2 oxygen."
    assert resources(given.view).units == {}
    given.by("LAS").did(c.Close(request.id))
    request = only(given)
    assert request.state == "closed"
    unit_times = request.units[A202]
    assert (unit_times.mobilised_at, unit_times.at_rvp_at, unit_times.home_at) == (
        T0 + MINUTE, T0 + 21 * MINUTE, T0 + 111 * MINUTE,
    )  # fmt: skip
    given.check()
