"""The operator's script: thirty acts of a bad night, each as the keys an operator presses from the row selected.

One row here is one act: where one stands, on which row, what is pressed, and which command must come of it. What is
typed as words, numbers or times is written as `Typed` and counts nothing; choosing an agency or a kind does count.
`test_acts.py` presses every one of them in the real app; `make_acts.py` makes docs/acts.md of the same table.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Any, Final

from incident.alarms import facts as alarms
from incident.boundaries import facts as b
from incident.casualties import facts as k
from incident.commanders import facts as c
from incident.kernel.receipts import Acknowledge
from incident.log import facts as n
from incident.messages import facts as msg
from incident.methane import facts as m
from incident.mutual_aid import commands as aid
from incident.mutual_aid import facts as aid_facts
from incident.organisation import facts as o
from incident.places import facts as places
from incident.resources import facts as r
from incident.tasks import facts as t
from tests.tui.world import FakeSession


class Typed(str):
    """Words, a number or a time that a person types: how long that takes is not the tool's doing."""

    __slots__ = ()


Key = str | Typed
Setup = Callable[[FakeSession], None]


@dataclass(frozen=True, slots=True)
class Act:
    """One act. `row` is the key of the row it stands on, or how the row begins; "" is any, or none.

    `key` is the digit or word of the screen one stands on. `before` is what must have happened for it to make sense.
    """

    title: str
    place: str
    keys: tuple[Key, ...]
    command: type
    row: str = ""
    before: Setup = lambda _session: None
    role: str = "operator"

    @property
    def count(self) -> int:
        """How many keys it takes, without what is typed."""
        return sum(not isinstance(key, Typed) for key in self.keys)


def asked_of_us(session: FakeSession) -> None:
    """SCAS asks us for two ambulances."""
    terms = aid_facts.Terms(lines=(aid_facts.Line("DCA", 2),), talkgroup="IC01")
    session.happens("SCAS", aid.Raise(lender="LAS", terms=terms, approve=True), "tactical_commander")


def accepted(session: FakeSession) -> None:
    """And we have said yes."""
    asked_of_us(session)
    (request,) = session.look().state.mutual_aid.rows.values()
    session.happens("LAS", aid.Reply(request.id, (aid.LineReply(0, 2),)))


def lead_offered(session: FakeSession) -> None:
    """SCAS, who leads, offers us the lead."""
    session.happens("SCAS", o.OfferLead("LAS", "the scene is yours"), "tactical_commander")


def only_aware(session: FakeSession) -> None:
    """We have declared no more than that we are aware."""
    session.happens("LAS", o.Declare("LAS", "aware", "one coach only"), "tactical_commander")


def done_by_scas(session: FakeSession) -> None:
    """SCAS has done what we asked for."""
    task = next(task for task in session.look().state.tasks.rows.values() if task.agency == "SCAS")
    session.happens("SCAS", t.Finish(task.id))


def message_to_us(session: FakeSession) -> None:
    """SCAS writes to us and wants to know that we have it."""
    session.happens("SCAS", msg.Send("Where do your crews report?", "LAS"))


def hospitals(session: FakeSession) -> None:
    """The hospitals nearest to the scene stand by."""
    session.happens("LAS", places.OpenPlaces(tuple(session.charter.places)[:3]))


ACTS: Final[tuple[Act, ...]] = (
    Act("Unit mobile", "resources", ("s", "m"), r.SetStatus, "LAS/A101"),
    Act("Unit at scene", "resources", ("s", "s"), r.SetStatus, "LAS/A103"),
    Act("Commit a unit", "resources", ("c", "enter"), r.Commit, "LAS/A106"),
    Act("Release a unit", "resources", ("x", "enter", "y"), r.Release, "LAS/A105"),
    Act("Hand a unit over to a trust", "resources", ("h", "s", "c", "enter"), r.OfferControl, "LAS/A101"),
    Act("Send a unit somewhere", "resources", ("e", Typed("RVP B"), "enter"), r.Describe, "LAS/A103"),
    Act("Write in the log", "picture", ("l", Typed("second coach empty"), "enter"), n.Write),
    Act("Write in our own log", "log", ("L", Typed("relief at six"), "enter"), n.Write),
    Act(
        "Write down a decision with its reason", "log",
        ("D", Typed("P3 by bus"), "tab", Typed("frees four crews"), "enter"), n.Decide, role="tactical_commander",
    ),
    Act("Declare", "picture", ("d", "d", "y"), o.Declare, role="tactical_commander"),
    Act("Stand by", "picture", ("d", "s", "y"), o.Declare, "", only_aware, "tactical_commander"),
    Act("Accept the lead", "parties", ("A", "enter", "y"), o.AcceptLead, "", lead_offered, "tactical_commander"),
    Act("Invite an agency", "parties", ("i", "space", "enter"), o.Invite),
    Act("Ask an agency for something", "picture", ("t", "s", "c", "tab", Typed("open RVP C"), "enter"), t.Raise),
    Act("Accept a task", "tasks", ("y",), t.Accept, "SCAS-T1"),
    Act("Decline a task with a reason", "tasks", ("x", Typed("no crew free"), "enter"), t.Decline, "SCAS-T1"),
    Act("Verify what was done", "tasks", ("v", "enter"), t.Verify, "open rvp b", done_by_scas),
    Act("Acknowledge what was sent to us", "tasks", ("a",), Acknowledge, "SCAS-T1"),
    Act("Acknowledge the next thing, wherever it is", "picture", (".", "a"), Acknowledge),
    Act("Propose a rendezvous point", "boundaries", ("p", "r", "tab", Typed("Iver TQ 0370 8110"), "enter"), b.Propose),
    Act("Agree to a rendezvous point", "boundaries", ("y",), b.Agree, "RVP A"),
    Act("Disagree, with a reason", "boundaries", ("x", Typed("smoke"), "enter"), b.Decline, "RVP A"),
    Act("METHANE: a hazard has changed", "methane", ("h", Typed("fuel present"), "enter"), m.Publish),
    Act("METHANE: nothing has changed", "methane", ("u",), m.Publish),
    Act("Count casualties at the scene", "casualties", ("c", "tab", Typed("3"), "enter"), k.Count),
    Act("A patient for a hospital", "places", ("h", "2"), places.Allocate, "", hospitals),
    Act(
        "Ask a trust for ambulances", "picture", ("r", "s", "c", "tab", Typed("3 DCA"), "enter"), aid.Raise,
        role="tactical_commander",
    ),
    Act("Accept a request for aid", "mutual_aid", ("y",), aid.Reply, "", asked_of_us, "tactical_commander"),
    Act(
        "Name two units that we send", "mutual_aid", ("u", "space", "down", "space", "enter"), aid.NameUnits, "",
        accepted, "tactical_commander",
    ),
    Act("Answer a message", "messages", ("y", Typed("at RVP B"), "enter"), msg.Send, "", message_to_us),
    Act("Acknowledge an alarm", "picture", (",", "a"), alarms.Acknowledge),
    Act("Hand a role over", "commanders", ("h", "v", "tab", Typed("A Khan"), "enter"), c.HandOver, "LAS/tactical"),
)  # fmt: skip

MEDIAN_MAX: Final = 4
KEYS_MAX: Final = 8


def figures(acts: tuple[Act, ...] = ACTS) -> tuple[float, int]:
    """The median and the most keys."""
    counts = [act.count for act in acts]
    return median(counts), max(counts)


def names(value: Any) -> str:
    """An act's name, for the tests."""
    return str(value.title)
