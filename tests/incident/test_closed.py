"""A closed incident: nothing new is begun in it, and what was seen and done is taken all the same."""

from __future__ import annotations

from typing import Any

import pytest

from incident.alarms.facts import Acknowledge as Hear
from incident.boundaries import facts as b
from incident.casualties import facts as k
from incident.kernel.receipts import Acknowledge, See
from incident.kernel.slice import Refusal
from incident.log import facts as lg
from incident.messages import facts as ms
from incident.methane import facts as m
from incident.mutual_aid import commands as a
from incident.mutual_aid import facts as af
from incident.organisation import facts as o
from incident.places import facts as h
from incident.resources import facts as r
from incident.tasks import facts as t
from incident.values import Location
from tests.incident.given import MINUTE, Given, opened

SHAPE = b.Shape(Location("A4 lay-by", "TQ 0402 7829", 51.494, -0.503))
METHANE = m.Publish(m.Report(Location("M25 J15"), "rtc"))
AID = af.Terms(lines=(af.Line("DCA", 3),))
NEW: tuple[Any, ...] = (
    METHANE,
    ms.Send("we need two more", "SCAS"),
    t.Raise("Open the slip road", "SCAS"),
    b.Propose("rvp", SHAPE),
    h.OpenPlaces(("WEXHAM",)),
    h.Allocate("EALING", "p1", 1, reason="nearest"),
    r.Commit((r.Commitment("LAS/A101", "DCA", "AVB"),)),
    a.Raise(lender="SCAS", terms=AID, approve=True),
    o.Invite(("SWASFT",)),
)
LATE = NEW[:6]
"""What a room that was cut off may have written before it heard of the closing."""


def closed() -> Given:
    """Closed with something open in every list."""
    given = opened().did(METHANE).did(ms.Send("gas", "SCAS")).did(t.Raise("Shut the A4", "SCAS"))
    given.did(b.Propose("ccp", SHAPE)).did(h.OpenPlaces(("EALING",)))
    given.did(a.Raise(lender="SCAS", terms=AID, approve=True))
    return given.later().did(o.Close("over")).later()


@pytest.mark.parametrize(
    "command", NEW, ids=lambda command: type(command).__module__ + type(command).__name__
)
def test_nothing_new_is_begun(command: Any) -> None:
    given = closed()
    refusal = given.when(command).refused("closed")
    assert refusal.sentence.startswith("This incident is closed: ")
    assert refusal.sentence.endswith(" in it no more. Reopen it, or write it into the log.")
    given.did(o.Reopen("a second coach")).did(command)


@pytest.mark.parametrize(
    "command", NEW, ids=lambda command: type(command).__module__ + type(command).__name__
)
def test_what_a_room_without_a_line_wrote_before_that_lands_but_no_unit_and_nobody_new(command: Any) -> None:
    given = closed()
    before = given.now - 2 * MINUTE
    if command in LATE:
        given.did(command, written_at=before)
    elif isinstance(command, o.Invite):
        given.when(command, written_at=before).then(o.AgenciesInvited(("SWASFT",)))
    else:
        given.when(command, written_at=before).refused("closed")


def test_what_was_seen_and_what_became_of_what_was_begun_is_taken() -> None:
    given = closed()
    message, task = (next(iter(rows)) for rows in (given.view.messages.rows, given.view.tasks.rows))
    given.did(lg.Write("the last patient is in"), happened_at=given.now - 9 * MINUTE)
    given.did(k.Count("at_hospital", k.Counts(p1=3)))
    given.did(Hear(("counts/none",), "nobody has counted"))
    subject = m.subject(given.view.methane.versions[-1])
    given.by("SCAS").did(See((subject,))).did(Acknowledge((subject,)))
    given.did(ms.Send("it was shut off", "LAS", reply_to=message))
    given.did(t.Accept(task)).did(t.Begin(task)).did(t.Finish(task))
    given.by("LAS").did(lg.Decide("hand over to recovery", "nobody is there any more"))
    given.did(o.Declare("LAS", "recovery"))
    given.check()


def test_a_request_that_was_open_draws_no_unit_any_more() -> None:
    given = closed()
    request = next(iter(given.view.mutual_aid.rows))
    given.by("SCAS").did(a.Reply(request, (a.LineReply(0, 3),)))
    given.when(a.NameUnits(request, (a.Sent("SCAS/A201", "DCA", 0, 18, 22, "AVB"),))).refused("closed")


def test_a_clock_that_is_wrong_or_a_closing_told_late_moves_nothing() -> None:
    command = ms.Send("the gas is shut off", "SCAS")
    given = closed()
    fast = 10 * MINUTE  # this desk's clock, and it is known
    truly = given.now - 2 * MINUTE
    submit = given.submit(command, written_at=truly + fast)
    assert isinstance(given.decided(submit, clock_offset=-fast), tuple)
    after = given.submit(command, written_at=given.now - fast)
    refusal = given.decided(after, clock_offset=fast)
    assert isinstance(refusal, Refusal)
    assert refusal.code == "closed"


def test_a_closing_that_is_said_to_have_been_earlier_shuts_out_nobody_who_wrote_before_it() -> None:
    given = opened().did(ms.Send("gas", "SCAS")).later(30)
    written = given.now - MINUTE  # in a room without a line, a minute before the lead closes it
    given.did(o.Close("over"), happened_at=given.now - 20 * MINUTE).later()
    given.did(ms.Send("a second coach", "SCAS"), written_at=written)
