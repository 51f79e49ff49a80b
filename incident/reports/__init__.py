"""Reports: sitrep and IIMARCH brief written from the state and signed by a person; and the same facts as documents."""

from __future__ import annotations

from incident.kernel.slice import CommandSpec, Conflict, EventSpec, Offline, Slice, View
from incident.reports import facts, rules
from incident.reports.board import BOARD
from incident.reports.facts import Report, Reports
from incident.reports.parties import PARTIES

__all__ = ["PARTIES", "SLICE", "Report", "Reports", "reports"]


def reports(view: View) -> Reports:
    """The signed reports."""
    state: Reports = view.reports
    return state


SLICE = Slice(
    name="reports",
    state=Reports,
    events=(EventSpec(facts.Signed),),
    # A signature is a fact, whenever it lands.
    commands=(CommandSpec(facts.Sign, Conflict.APPEND, Offline.ALLOWED),),
    decide=rules.decide,
    evolve=rules.evolve,
    sentence=rules.sentence,
    boards=(BOARD,),
    version=rules.version,
    label=rules.label,
    invariants=rules.invariants,
)
