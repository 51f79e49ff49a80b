"""Receipts: delivered, seen and acknowledged are three facts, each once per agency, each with its time.

Every inquiry found messages that had reached one room and went no further. *Delivered* means: durably in the
cache of an authenticated, non-observer session of that agency. *Seen* means: opened, or uncovered on a screen
while a key was pressed after it was painted. *Acknowledged* means: a person pressed the key for it. A "seen"
that nobody saw is false evidence, so headless readers write none of them, a subject names the very offer or shape
that was sent (``tasks/<id>@<command>``), and only what was sent to an agency can be received by it. The time of a
receipt is the server's (``recorded_at``): nobody can claim to have seen something earlier.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from incident.kernel.record import Record
from incident.kernel.slice import (
    CommandSpec,
    Conflict,
    Context,
    EventSpec,
    Line,
    Names,
    Offline,
    Refusal,
    Slice,
    View,
)

SUBJECTS_KEPT = 20_000
"""Subjects of one stream whose receipts the state keeps; past it the oldest go, and stand in the log alone."""
_TOGETHER = 1_000

Subject = Annotated[str, Meta(min_length=3, max_length=120)]
Subjects = Annotated[tuple[Subject, ...], Meta(min_length=1, max_length=50)]


class Receipt(msgspec.Struct, frozen=True, gc=False):
    """What one agency has done with one subject; each a UTC ms, or None, and who acknowledged."""

    delivered: int | None = None
    seen: int | None = None
    acknowledged: int | None = None
    by: str = ""


class Receipts(msgspec.Struct, frozen=True):
    """Receipts by subject (``tasks/<id>@<command that asked>``), then by agency."""

    rows: dict[str, dict[str, Receipt]] = {}


# -- events -------------------------------------------------------------------------------------------------


class Delivered(msgspec.Struct, frozen=True):
    """These subjects are durably in a cache of the recording agency."""

    subjects: Subjects


class Seen(msgspec.Struct, frozen=True):
    """A person of the recording agency had these before their eyes."""

    subjects: Subjects


class Acknowledged(msgspec.Struct, frozen=True):
    """A person of the recording agency acknowledged these."""

    subjects: Subjects


# -- commands -----------------------------------------------------------------------------------------------


class Deliver(msgspec.Struct, frozen=True):
    """Say that these subjects are in our cache. Written by the session, not by a person."""

    subjects: Subjects


class See(msgspec.Struct, frozen=True):
    """Say that these subjects were seen here."""

    subjects: Subjects


class Acknowledge(msgspec.Struct, frozen=True):
    """Acknowledge these subjects for our agency."""

    subjects: Subjects


_FIELD = {Deliver: "delivered", See: "seen", Acknowledge: "acknowledged"}
_EVENT = {Deliver: Delivered, See: Seen, Acknowledge: Acknowledged}


def decide(view: View, command: Any, ctx: Context) -> tuple[Any, ...] | Refusal:
    """Each receipt once per agency, of what is addressed to it now.

    What is known already changes nothing; nor does what was never sent to this agency, or what it has answered
    in the meantime: an answer says more than a receipt.
    """
    rows = view.receipts.rows
    name = _FIELD[type(command)]
    agency = ctx.actor.agency
    sent = frozenset(ctx.addressed())
    new = tuple(
        subject
        for subject in dict.fromkeys(command.subjects)
        if subject in sent and getattr(rows.get(subject, {}).get(agency, _NOTHING), name) is None
    )
    return (_EVENT[type(command)](new),) if new else ()


_NOTHING = Receipt()


def evolve(state: Receipts, event: Any, record: Record) -> Receipts:
    """Fill what is not yet filled. To have seen is to have been delivered; to acknowledge is to have seen."""
    rows = dict(state.rows)
    for subject in event.subjects:
        agencies = rows.get(subject, {})
        old = agencies.get(record.agency, _NOTHING)
        rows[subject] = {**agencies, record.agency: _filled(old, event, record)}
    return Receipts(_newest(rows) if len(rows) > SUBJECTS_KEPT else rows)


def _newest(rows: dict[str, dict[str, Receipt]]) -> dict[str, dict[str, Receipt]]:
    """Without those of which nobody has heard for longest: by time, since the order of a dict is no part of a state."""
    ages = sorted((max(map(_last, by.values())), subject) for subject, by in rows.items())
    gone = {subject for _, subject in ages[: len(rows) - SUBJECTS_KEPT + _TOGETHER]}
    return {subject: by for subject, by in rows.items() if subject not in gone}


def _last(receipt: Receipt) -> int:
    return max(receipt.delivered or 0, receipt.seen or 0, receipt.acknowledged or 0)


def _filled(old: Receipt, event: Any, record: Record) -> Receipt:
    at = record.recorded_at
    delivered = at if old.delivered is None else old.delivered
    match event:
        case Delivered():
            return msgspec.structs.replace(old, delivered=delivered)
        case Seen():
            return msgspec.structs.replace(
                old, delivered=delivered, seen=at if old.seen is None else old.seen
            )
        case _:
            seen = at if old.seen is None else old.seen
            return Receipt(
                delivered, seen, at if old.acknowledged is None else old.acknowledged, record.actor
            )


def sentence(event: Any, record: Record, names: Names) -> Line:
    """Delivered and seen are machine lines; an acknowledgement is an act."""
    what = ", ".join(subject_name(subject, names) for subject in event.subjects)
    match event:
        case Delivered():
            return Line(f"delivered to {record.agency}: {what}", "machine")
        case Seen():
            return Line(f"seen by {record.agency}: {what}", "machine")
        case _:
            return Line(f"acknowledges {what}", "act")


def subject_name(subject: str, names: Names) -> str:
    """A subject in words: its slice's own label for the key behind the stroke."""
    slice_name, _, key = subject.partition("/")
    return names(slice_name, key)


def receipt(state: Receipts, subject: str, agency: str) -> Receipt:
    """What one agency has done with one subject; an empty receipt when nothing."""
    return state.rows.get(subject, {}).get(agency, _NOTHING)


SLICE = Slice(
    name="receipts",
    state=Receipts,
    events=(EventSpec(Delivered), EventSpec(Seen), EventSpec(Acknowledged)),
    commands=(
        CommandSpec(Deliver, Conflict.APPEND, Offline.ALLOWED, by_machine=True),
        CommandSpec(See, Conflict.APPEND, Offline.ALLOWED),
        CommandSpec(Acknowledge, Conflict.APPEND, Offline.ALLOWED),
    ),
    decide=decide,
    evolve=evolve,
    sentence=sentence,
)
