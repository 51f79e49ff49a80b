"""What a session does by itself: a unit that an incident has released tells its own register how it stood."""

from __future__ import annotations

from typing import Any

from incident.fleet import facts as g
from incident.kernel.receipts import Deliver
from incident.kernel.replica import Replica
from incident.kernel.slice import Actor, Refusal
from incident.resources import facts as f
from incident.state import REGISTER
from incident_tui.chores import Chores
from incident_tui.watched import Watched
from tests.incident.given import MINUTE, REGISTER_STREAM, T0, Given, charter, opened

KIM = Actor("Kim", "LAS", "operator")
A101 = "LAS/A101"


class Desk:
    """An incident and the register of LAS as one desk of LAS holds them; what its chores submit is taken down."""

    def __init__(self, me: Actor | None = KIM) -> None:
        self.incident = opened().did(f.Commit((f.Commitment(A101, "DCA", "AVB"),)))
        self.register = Given(REGISTER, REGISTER_STREAM).system().did(g.OpenRegister("exercise", "LAS"))
        self.register.did(g.EnterUnits((g.Entry("A101", "DCA", status="AVB"),))).by("LAS")
        self.submitted: list[tuple[str, Any, str]] = []
        self.chores = Chores(self._submit, lambda: me, lambda: self.incident.now)

    def _submit(self, watched: Watched, command: Any, command_id: str) -> Refusal | None:
        self.submitted.append((watched.stream, command, command_id))
        return None

    def held(self) -> dict[str, Watched]:
        found = {}
        for given in (self.incident, self.register):
            replica = Replica(given.model, given.stream, KIM, charter())
            replica.restore(None, given.records, ())
            found[given.stream] = Watched(replica)
            found[given.stream].live = True
        return found

    def released(self) -> None:
        self.incident.did(f.SetStatus(A101, "MOB")).later(5).did(f.Release(A101))


def test_a_unit_that_came_home_tells_its_register_once_and_at_the_time_of_its_release() -> None:
    desk = Desk()
    desk.chores.come_home(desk.held())
    assert desk.submitted == [], "it is still out"
    desk.released()
    desk.chores.come_home(desk.held())
    desk.chores.come_home(desk.held())
    ((stream, command, command_id),) = desk.submitted
    assert stream == REGISTER_STREAM
    desk.register.later(60).did(command)
    unit = desk.register.view.fleet.units[A101]
    assert (unit.status, unit.since, unit.heard_at) == ("MOB", T0 + 5 * MINUTE, T0 + 5 * MINUTE)
    other = Desk()
    other.released()
    other.chores.come_home(other.held())
    assert other.submitted[0][2] == command_id, "two desks of a room do it once"


def test_nothing_is_told_before_both_are_up_to_date_or_by_another_agency() -> None:
    desk = Desk()
    desk.released()
    for one in desk.held():
        halfway = desk.held()
        halfway[one].live = False
        desk.chores.come_home(halfway)
    only = desk.held()
    del only[REGISTER_STREAM]
    desk.chores.come_home(only)
    for me in (None, Actor("Sam", "SCAS", "operator")):
        stranger = Desk(me)
        stranger.released()
        stranger.chores.come_home(stranger.held())
        desk.submitted += stranger.submitted
    assert desk.submitted == []


def test_two_rooms_that_report_the_delivery_of_one_thing_write_two_commands() -> None:
    ids = []
    for agency in ("LAS", "SCAS", "LAS"):
        desk = Desk(Actor("Kim", agency, "operator"))
        desk.chores._once(desk.held()[desk.incident.stream], Deliver(("tasks/x",)), "deliver", "tasks/x")
        ((_, _, command_id),) = desk.submitted
        ids.append(command_id)
    assert ids[0] != ids[1]
    assert ids[0] == ids[2], "two desks of one room write one"
