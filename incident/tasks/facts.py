"""Tasks, the facts: what a task is, what can have happened to it, and what can be asked of it.

A task has one accountable agency; supporting agencies stand beside it. It goes raised → sent → delivered →
seen → accepted or declined → in progress ↔ blocked → done → verified and closed by the agency that raised it.
*Sent* is a durable record, *delivered* and *seen* are receipts of the accountable agency: they are computed,
not set. A task that was split stays open, and its raiser's, until the raiser verifies the whole. Practice:
numbered actions with one owner, a due time and a review (strategic and tactical groups).
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

Words = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"\S")]
Detail = Annotated[str, Meta(max_length=2000)]
Reason = Annotated[str, Meta(min_length=1, max_length=500, pattern=r"\S")]
Code = Annotated[str, Meta(min_length=2, max_length=20)]
Person = Annotated[str, Meta(max_length=80)]
TaskId = Annotated[str, Meta(min_length=36, max_length=40)]
Millis = Annotated[int, Meta(ge=0, le=4_102_444_800_000)]
"""UTC milliseconds, up to the year 2100."""
Waits = Annotated[tuple[TaskId, ...], Meta(max_length=8)]
Priority = Literal["immediate", "urgent", "routine"]
TaskState = Literal[
    "raised", "accepted", "declined", "in_progress", "blocked", "done", "closed", "cancelled", "split"
]
CATEGORIES = {
    "command": "command and control",
    "safety": "safety",
    "communication": "communication",
    "assessment": "assessment",
    "triage": "triage",
    "treatment": "treatment",
    "transport": "transport",
    "humanitarian": "humanitarian",
    "recovery": "recovery",
    "other": "other",
}
"""CSCATTT, with the humanitarian and recovery lanes of the councils beside it from the first minute."""

Category = Literal[
    "command",
    "safety",
    "communication",
    "assessment",
    "triage",
    "treatment",
    "transport",
    "humanitarian",
    "recovery",
    "other",
]
SETTLED = frozenset({"closed", "cancelled"})
OPEN = frozenset({"raised", "accepted", "declined", "in_progress", "blocked", "done", "split"})
"""A task that was split is open until its raiser verifies or cancels the whole of it."""
UPDATES_KEPT = 20
ASKED_KEPT = 20
TASKS_MAX = 5_000
"""Tasks of one incident, the settled ones too: more are refused with a sentence."""


class Update(msgspec.Struct, frozen=True, gc=False):
    """One note on a task: when it was said (UTC ms), by which agency and person, and what."""

    at: int
    agency: str
    actor: str
    text: str


class Stamp(msgspec.Struct, frozen=True, gc=False):
    """Who took a step and when (UTC ms)."""

    at: int
    agency: str
    actor: str


STAMPED = {"accepted": "accepted", "began": "begun", "done": "done", "closed": "verified"}
"""The steps of which a task keeps who took them last, and how its detail calls them."""


class Task(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One task. ``agency`` is accountable, ``raised_by`` verifies and closes. Times are UTC ms.

    ``called`` is the title as raised, which log lines use: it never changes. ``offered_at`` is when the present
    agency was asked, ``offer`` the id of the command that asked it; ``named`` holds that of each supporting agency.
    ``since`` is when the present state began. ``version`` is the id of the command that last changed state or
    owner; ``edits`` those that last changed each ordinary field. ``parts`` is how many it was split into.
    """

    id: str
    number: str
    title: str
    called: str
    raised_by: str
    raised_by_role: str
    person: str
    agency: str
    offer: str
    offered_at: int
    since: int
    version: str
    state: TaskState = "raised"
    detail: str = ""
    assigned_role: str = ""
    assignee: str = ""
    supporting: tuple[str, ...] = ()
    named: dict[str, str] = {}
    priority: Priority = "routine"
    due: int | None = None
    category: Category = "other"
    place: str = ""
    origin: str = ""
    depends_on: tuple[str, ...] = ()
    parent: str = ""
    parts: int = 0
    reason: str = ""
    suggested: str = ""
    evidence: str = ""
    closing: str = ""
    updates: tuple[Update, ...] = ()
    updates_count: int = 0
    edits: dict[str, str] = {}
    rung: int = 0
    """How far up the ladder the system has told of it, for the cause ``rung_cause`` (see ``tasks.ladder``)."""
    rung_cause: str = ""
    asked: tuple[str, ...] = ()
    """The agencies that were accountable, in order, the present one last; the last ASKED_KEPT of them."""
    stamps: dict[str, Stamp] = {}
    """Who took each step of STAMPED, by its name. What was done before it was sent back or asked anew is no more."""


class Tasks(msgspec.Struct, frozen=True):
    """All tasks by id, and how many each agency has raised (its numbers never change)."""

    rows: dict[str, Task] = {}
    counts: dict[str, int] = {}


# -- events -------------------------------------------------------------------------------------------------


class Raised(msgspec.Struct, frozen=True, omit_defaults=True):
    """A task was raised and the agency asked. ``parent`` is the task it was split from."""

    title: str
    agency: str
    detail: str = ""
    assigned_role: str = ""
    assignee: str = ""
    supporting: tuple[str, ...] = ()
    priority: Priority = "routine"
    due: int | None = None
    category: Category = "other"
    place: str = ""
    origin: str = ""
    depends_on: tuple[str, ...] = ()
    parent: str = ""


class Accepted(msgspec.Struct, frozen=True):
    """The accountable agency took the task on."""

    task: str


class Declined(msgspec.Struct, frozen=True, omit_defaults=True):
    """The agency asked will not do it, for this reason; it may suggest who could."""

    task: str
    reason: str
    suggested: str = ""


class Began(msgspec.Struct, frozen=True):
    """Work on the task is under way (again, after it was blocked)."""

    task: str


class Blocked(msgspec.Struct, frozen=True):
    """Work cannot go on, for this reason."""

    task: str
    reason: str


class Finished(msgspec.Struct, frozen=True, omit_defaults=True):
    """The accountable agency says it is done; the raiser has yet to verify."""

    task: str
    evidence: str = ""


class Closed(msgspec.Struct, frozen=True, omit_defaults=True):
    """The raiser verified that it is done."""

    task: str
    note: str = ""


class Returned(msgspec.Struct, frozen=True):
    """The raiser looked and it is not done: back to in progress."""

    task: str
    reason: str


class Cancelled(msgspec.Struct, frozen=True):
    """The raiser no longer wants it."""

    task: str
    reason: str


class Reassigned(msgspec.Struct, frozen=True, omit_defaults=True):
    """Another agency is asked instead: a new offer, with its own receipts."""

    task: str
    agency: str
    reason: str = ""


class Assigned(msgspec.Struct, frozen=True, omit_defaults=True):
    """Inside the accountable agency: a role or a person has it."""

    task: str
    assignee: str = ""
    assigned_role: str = ""


class Split(msgspec.Struct, frozen=True):
    """The task was split into this many child tasks, which follow as records of the same command.

    The whole stays with its raiser, who verifies or cancels it.
    """

    task: str
    children: int


class Supported(msgspec.Struct, frozen=True):
    """Who else helps. The accountable agency stays one."""

    task: str
    supporting: tuple[str, ...]


class Updated(msgspec.Struct, frozen=True):
    """A note on progress."""

    task: str
    text: str


class Amended(msgspec.Struct, frozen=True, omit_defaults=True):
    """Ordinary fields were changed: those given, and only those. ``due`` None: it has no due time any more."""

    task: str
    title: str | None = None
    detail: str | None = None
    priority: Priority | None = None
    due: int | UnsetType | None = UNSET
    category: Category | None = None
    place: str | None = None
    depends_on: tuple[str, ...] | None = None


class Escalated(msgspec.Struct, frozen=True):
    """Time alone brought it one rung up the ladder: 1 tactical, 2 strategic commander, 3 coordinating group."""

    task: str
    cause: str
    rung: int


# -- commands -----------------------------------------------------------------------------------------------


class Raise(msgspec.Struct, frozen=True, omit_defaults=True):
    """Raise a task for one accountable agency. ``due`` is UTC ms."""

    title: Words
    agency: Code
    detail: Detail = ""
    assigned_role: Person = ""
    assignee: Person = ""
    supporting: Annotated[tuple[Code, ...], Meta(max_length=12)] = ()
    priority: Priority = "routine"
    due: Millis | None = None
    category: Category = "other"
    place: Words | Literal[""] = ""
    origin: Annotated[str, Meta(max_length=120)] = ""
    depends_on: Waits = ()


class Accept(msgspec.Struct, frozen=True):
    """Take the task on for our agency."""

    task: TaskId


class Decline(msgspec.Struct, frozen=True, omit_defaults=True):
    """Say no, with the reason, and who could do it instead if known."""

    task: TaskId
    reason: Reason
    suggested: Code | Literal[""] = ""


class Begin(msgspec.Struct, frozen=True):
    """Begin, or go on after a block."""

    task: TaskId


class Block(msgspec.Struct, frozen=True):
    """Say why it cannot go on."""

    task: TaskId
    reason: Reason


class Finish(msgspec.Struct, frozen=True, omit_defaults=True):
    """Say it is done, with what shows it."""

    task: TaskId
    evidence: Detail = ""


class Verify(msgspec.Struct, frozen=True, omit_defaults=True):
    """Verify and close what we raised."""

    task: TaskId
    note: Detail = ""


class Return(msgspec.Struct, frozen=True):
    """Send back what was said to be done and is not."""

    task: TaskId
    reason: Reason


class Cancel(msgspec.Struct, frozen=True):
    """Cancel what we raised."""

    task: TaskId
    reason: Reason


class Reassign(msgspec.Struct, frozen=True, omit_defaults=True):
    """Ask another agency instead."""

    task: TaskId
    agency: Code
    reason: Annotated[str, Meta(max_length=500)] = ""


class Assign(msgspec.Struct, frozen=True, omit_defaults=True):
    """Give it to a role or a person of our own."""

    task: TaskId
    assignee: Person = ""
    assigned_role: Person = ""


class Child(msgspec.Struct, frozen=True, omit_defaults=True):
    """One part of a task that is split."""

    title: Words
    agency: Code


class SplitUp(msgspec.Struct, frozen=True):
    """Split into two to eight child tasks, each with its own accountable agency."""

    task: TaskId
    children: Annotated[tuple[Child, ...], Meta(min_length=2, max_length=8)]


class Support(msgspec.Struct, frozen=True):
    """Name the supporting agencies; replaces those named before."""

    task: TaskId
    supporting: Annotated[tuple[Code, ...], Meta(max_length=12)]


class Report(msgspec.Struct, frozen=True):
    """Add a note on progress. An observation: never refused for lateness."""

    task: TaskId
    text: Reason


class Escalate(msgspec.Struct, frozen=True):
    """Written by the system: nobody has answered, or it is overdue, and the next rung is told."""

    task: TaskId
    cause: Annotated[str, Meta(max_length=100)]
    rung: Annotated[int, Meta(ge=1, le=3)]


class Amend(msgspec.Struct, frozen=True, omit_defaults=True):
    """Change ordinary fields; those left out stay. Two rooms may change different fields at once.

    ``due`` None takes the due time away; a blank place or detail is cleared.
    """

    task: TaskId
    title: Words | None = None
    detail: Detail | None = None
    priority: Priority | None = None
    due: Millis | UnsetType | None = UNSET
    category: Category | None = None
    place: Annotated[str, Meta(max_length=200)] | None = None
    depends_on: Waits | None = None


FIELDS = {
    "title": "title",
    "detail": "detail",
    "priority": "priority",
    "due": "due time",
    "category": "kind",
    "place": "place",
    "depends_on": "waiting list",
}
"""The ordinary fields that can be amended, and what people call them."""

ASSIGNED = "assigned"
SUPPORTING = "supporting"
"""Two more that are compared and set by themselves: who has it inside its agency, and who helps."""


def key_of(task: str) -> str:
    """The key under which the state of a task is compared and set."""
    return f"tasks/{task}"


def field_key(task: str, name: str) -> str:
    """The key under which one ordinary field of a task is compared and set."""
    return f"tasks/{task}/{name}"


def offer_subject(task: Task) -> str:
    """What the receipts of the accountable agency are about: this offer, not an earlier one."""
    return f"tasks/{task.id}@{task.offer}"


def support_subject(task: Task, agency: str) -> str:
    """What the receipts of a supporting agency are about: that it was named."""
    return f"tasks/{task.id}@{task.named.get(agency, '')}"


def edited(command: Amend | Amended) -> tuple[str, ...]:
    """The fields an amendment changes. A due time that is given as None is taken away."""
    return tuple(
        name
        for name in FIELDS
        if (value := getattr(command, name)) is not UNSET and (value is not None or name == "due")
    )
