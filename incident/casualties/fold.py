"""Casualties, the fold: what each event makes of the counts, and what they come to."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, Final, cast

import msgspec
from msgspec.structs import replace

from incident.casualties.facts import (
    LATE_MS,
    PAST_KEPT,
    PRIORITIES,
    STAGES,
    TALLIES_KEPT,
    TOTAL,
    Casualties,
    Counted,
    CountPicked,
    Slot,
    Snapshot,
    Span,
    Tally,
    slot_key,
    version_key,
)
from incident.kernel.record import Record
from incident.kernel.slice import View
from incident.methane import Version, current, methane

COLUMNS: Final = {
    "scene": ("at_scene", "in_ccs"),
    "moving": ("loaded", "en_route"),
    "hospital": ("at_hospital",),
    "discharged": ("discharged",),
}
"""The columns in which stages are added up: at the scene, on the way, at hospital, gone home."""


def casualties(view: View) -> Casualties:
    """The casualty counts of an incident."""
    return cast("Casualties", view.casualties)


def evolve(state: Casualties, event: Any, record: Record) -> Casualties:
    """The counts after one event."""
    key = slot_key(event.stage, event.place)
    before = state.slots.get(key)
    match event:
        case Counted():
            after = _counted(before or Slot(event.stage, event.place), event, record)
        case CountPicked():
            if before is None:
                return state
            after = _picked(before, event, record)
        case _:
            raise AssertionError(f"no rule for {type(event).__name__}")
    if after is before:
        return state
    newest = max((snapshot.at for snapshot in after.rivals), default=0)
    after = replace(after, disputed_at=newest and (after.disputed_at or newest))
    slots = {**state.slots, key: after}
    return Casualties(slots, _tallied(state, Casualties(slots), record.at))


def _tallied(before: Casualties, after: Casualties, at: int) -> tuple[Tally, ...]:
    """One more when the sum or what is expected has changed; time goes forward, also for what is written down late.

    When there are too many, what stood for the shortest time goes, and what came after it takes its moment. So a
    difference may seem older than it is, by as little as that; it never gets younger by being counted often.
    """
    last = before.tallies[-1] if before.tallies else Tally(at)
    slot = after.slots.get(slot_key(TOTAL, ""))
    new = Tally(max(at, last.at), _known(after, "all"), None if slot is None else _span(slot, "all"))
    if before.tallies and (new.known, new.total) == (last.known, last.total):
        return before.tallies
    kept = [*before.tallies, new]
    while len(kept) > TALLIES_KEPT:
        _, short = min((after.at - one.at, place) for place, (one, after) in enumerate(pairwise(kept)))
        kept[short : short + 2] = [replace(kept[short + 1], at=kept[short].at)]
    return tuple(kept)


def _counted(slot: Slot, event: Counted, record: Record) -> Slot:
    """The newest count of an agency is its latest; one that is older, written late, joins those before it.

    Whoever had seen what stood replaces it. Who had not (cut off, or at the same moment) contradicts it, and both
    stand until a named role picks. What is expected in all does not move as casualties do: there, an agency
    replaces only what it said itself. Having seen a dispute does not settle it either. And who writes down late how
    many there were, having seen a newer count, does not put that aside: the newer one has replaced it already.
    """
    new = _snapshot(event, record)
    before = slot.latest.get(record.agency)
    if before is not None and new.at < before.at:
        late = replace(new, replaced=before.version)
        return replace(slot, past=_kept(slot, late))
    seen = record.base.get(version_key(event.stage, event.place), "")
    settled = not slot.rivals and event.stage != TOTAL
    newest = next(iter(slot.standing), None)
    if newest is not None and settled and newest.at > new.at and seen in (slot.version, newest.version):
        past = slot.past if before is None else _kept(slot, replace(before, replaced=new.version))
        known = replace(new, replaced=newest.version)
        return replace(slot, latest={**slot.latest, new.agency: known}, past=past)
    latest = {
        agency: _overtaken(snapshot, new, overtaken=settled and seen in (slot.version, snapshot.version))
        for agency, snapshot in slot.latest.items()
    }
    past = slot.past if before is None else _kept(slot, replace(before, replaced=new.version))
    return replace(slot, latest={**latest, new.agency: new}, past=past, version=new.version)


def _snapshot(event: Counted, record: Record) -> Snapshot:
    delay = record.recorded_at - record.at
    return Snapshot(
        agency=record.agency,
        stage=event.stage,
        place=event.place,
        counts=event.counts,
        counted=event.counted,
        source=event.source,
        actor=record.actor,
        at=record.at,
        late=delay if delay > LATE_MS else 0,
        version=record.command_id,
    )


def _overtaken(snapshot: Snapshot, new: Snapshot, *, overtaken: bool) -> Snapshot:
    return replace(snapshot, replaced=new.version) if overtaken and not snapshot.replaced else snapshot


def _kept(slot: Slot, snapshot: Snapshot) -> tuple[Snapshot, ...]:
    found = sorted((*slot.past, snapshot), key=lambda s: s.at)
    return tuple(found[-PAST_KEPT:])


def _picked(slot: Slot, event: CountPicked, record: Record) -> Slot:
    if not any(snapshot.version == event.version for snapshot in slot.standing):
        return slot
    latest = {
        agency: snapshot
        if snapshot.replaced or snapshot.version == event.version
        else replace(snapshot, replaced=record.command_id)
        for agency, snapshot in slot.latest.items()
    }
    return replace(slot, latest=latest, version=record.command_id)


def version(state: Casualties, key: str) -> str:
    """``casualties/<stage>/<place>``: the id of the command that last changed what stands there."""
    slot = state.slots.get(key.partition("/")[2])
    return "" if slot is None else slot.version


def label(_state: Casualties, key: str) -> str:
    """What people call a stage at a place."""
    stage, _, place = key.partition("/")
    return f"{STAGES.get(stage, stage)} {place}".strip()


def invariants(view: View) -> tuple[str, ...]:
    """Every count stands under its own stage and place; something stands in each; the history is bounded."""
    found = []
    for key, slot in casualties(view).slots.items():
        if slot_key(slot.stage, slot.place) != key:
            found.append(f"{key} holds counts of {slot.stage} {slot.place}")
        if not slot.standing:
            found.append(f"no count stands at {key}")
        if len(slot.past) > PAST_KEPT:
            found.append(f"{key} keeps {len(slot.past)} earlier counts")
    return tuple(found)


# -- what they come to --------------------------------------------------------------------------------------


class Totals(msgspec.Struct, frozen=True):
    """One row of the totals. ``name`` is p1, p2, p3, dead, untriaged or ``all``.

    None is *not said*. ``known`` is the sum of the stages, ``total`` what is expected in all, and ``unexplained``
    the total less what is known: above zero somebody is missing from the counts, below zero there are too many.
    """

    name: str
    scene: Span | None
    moving: Span | None
    hospital: Span | None
    discharged: Span | None
    known: Span | None
    total: Span | None
    unexplained: Span | None


def totals(view: View) -> tuple[Totals, ...]:
    """The totals: a row for each priority, and one for all together (``all``, the last)."""
    return tuple(_row(view, name) for name in (*PRIORITIES, "all"))


def reported(view: View) -> Version | None:
    """The METHANE whose number stands for what is expected in all, while nobody has said so in a count of its own.

    Before anything was counted there is nothing to compare it with: the METHANE says it by itself.
    """
    slots = casualties(view).slots
    if not slots or slot_key(TOTAL, "") in slots:
        return None
    version = current(methane(view))
    return None if version is None or version.report.casualties is None else version


def _expected(view: View, name: str) -> Span | None:
    slot = casualties(view).slots.get(slot_key(TOTAL, ""))
    if slot is not None:
        return _span(slot, name)
    version = reported(view)
    if version is None:
        return None
    report = version.report
    value: int | None = report.casualties if name == "all" else getattr(report, name)
    return None if value is None else Span(value, value)


def _row(view: View, name: str) -> Totals:
    state = casualties(view)
    columns = _columns(state, name)
    known = _sum(list(columns.values()))
    total = _expected(view, name)
    unexplained = None if total is None else total.minus(known or Span(0, 0))
    return Totals(name, **columns, known=known, total=total, unexplained=unexplained)


def _columns(state: Casualties, name: str) -> dict[str, Span | None]:
    return {
        column: _sum([_stage(state, stage, name) for stage in stages]) for column, stages in COLUMNS.items()
    }


def _known(state: Casualties, name: str) -> Span | None:
    return _sum(list(_columns(state, name).values()))


def unexplained_since(view: View) -> int | None:
    """Since when (UTC ms) the totals do not add up, however often was counted since then; None while they do."""
    if _explained(totals(view)[-1].unexplained):
        return None
    tallies, versions = casualties(view).tallies, methane(view).versions
    since: int | None = None
    moments = {tally.at for tally in tallies} | {version.at for version in versions}
    for at in sorted(moments, reverse=True):
        tally = next((one for one in reversed(tallies) if one.at <= at), None)
        if tally is None:  # nothing was counted yet: there was nothing to compare with
            break
        total = tally.total
        if total is None:
            version = max((one for one in versions if one.at <= at), key=lambda one: one.at, default=None)
            number = None if version is None else version.report.casualties
            total = None if number is None else Span(number, number)
        if since is not None and (total is None or _explained(total.minus(tally.known or Span(0, 0)))):
            break
        since = at
    return since


def _explained(difference: Span | None) -> bool:
    return difference is None or difference.low <= 0 <= difference.high


def _stage(state: Casualties, stage: str, name: str) -> Span | None:
    """A stage as a whole, or its places together where these are more: a figure for one hospital hides no other."""
    whole = state.slots.get(slot_key(stage, ""))
    said = None if whole is None else _span(whole, name)
    places = _sum([_span(slot, name) for slot in state.slots.values() if slot.stage == stage and slot.place])
    if said is None or places is None:
        return said or places
    return Span(max(said.low, places.low), max(said.high, places.high))


def _span(slot: Slot, name: str) -> Span | None:
    values = [
        value
        for snapshot in slot.standing
        if (value := snapshot.counts.everyone if name == "all" else getattr(snapshot.counts, name))
        is not None
    ]
    return Span(min(values), max(values)) if values else None


def _sum(spans: list[Span | None]) -> Span | None:
    found: Span | None = None
    for span in spans:
        if span is not None:
            found = span.plus(found)
    return found


def disagreements(view: View) -> tuple[Slot, ...]:
    """Where counts that stand contradict each other, with ``rivals`` saying which: the totals first."""
    found = [slot for slot in casualties(view).slots.values() if slot.rivals]
    order = list(STAGES)
    return tuple(sorted(found, key=lambda slot: (slot.stage != TOTAL, order.index(slot.stage), slot.place)))
