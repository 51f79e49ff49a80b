"""Casualties, the rules: a count always lands; a dispute is settled by a named role."""

from __future__ import annotations

from typing import Any

from incident.casualties.facts import (
    SLOTS_MAX,
    STAGES,
    TOTAL,
    Count,
    Counted,
    CountPicked,
    PickCount,
    slot_key,
    version_key,
)
from incident.casualties.fold import casualties
from incident.kernel.slice import Context, Refusal, View
from incident.organisation import organisation

Answer = tuple[Any, ...] | Refusal


def decide(view: View, command: Any, ctx: Context) -> Answer:
    """The events of one command, none when it is so already, or a refusal."""
    if not organisation(view).opened:
        return Refusal("not_open", "This incident is not open.")
    match command:
        case Count():
            return _count(view, command, ctx)
        case PickCount():
            return _pick(view, command, ctx)
        case _:
            raise AssertionError(f"no rule for {type(command).__name__}")


def _count(view: View, command: Count, ctx: Context) -> Answer:
    counts, place = command.counts, " ".join(command.place.split())
    if counts.everyone is None:
        return Refusal("nothing_counted", "Say how many: at least one number, and 0 for none.")
    if counts.altogether is not None and counts.altogether < counts.sorted:
        sentence = f"In all {counts.altogether} is fewer than the {counts.sorted} named by priority."
        return Refusal("sum_differs", sentence, {"sum": str(counts.sorted)})
    if command.stage == TOTAL and place:
        sentence = "The total is of the whole incident. For one place, say at which stage they are there."
        return Refusal("total_has_no_place", sentence)
    slots = casualties(view).slots
    if len(slots) >= SLOTS_MAX and slot_key(command.stage, place) not in slots:
        sentence = f"This incident has its {SLOTS_MAX} stages and places. Count at one that is there."
        return Refusal("full", sentence, {"limit": str(SLOTS_MAX)})
    source = " ".join(command.source.split()) or " ".join(ctx.on_behalf_of.split())[:80]
    return (Counted(command.stage, counts, place, command.counted, source),)


def _pick(view: View, command: PickCount, ctx: Context) -> Answer:
    slot = casualties(view).slots.get(slot_key(command.stage, command.place))
    where = STAGES[command.stage]
    if slot is None:
        return Refusal("no_such_count", f"Nothing was counted there: {where} {command.place}".rstrip() + ".")
    raced = ctx.stale(version_key(command.stage, command.place), slot.version)
    chosen = next((one for one in slot.standing if one.version == command.version), None)
    if chosen is None:
        return Refusal("count_gone", "That count does not stand any more: look again.", conflict=raced)
    if not slot.rivals:
        return ()
    if raced:
        said = ", ".join(f"{one.agency} {one.counts.words()}" for one in slot.rivals)
        sentence = f"Another count came in after you looked: {said}. Look again, and pick."
        return Refusal("count_came", sentence, {"agency": slot.rivals[0].agency}, conflict=True)
    return (CountPicked(command.stage, chosen.version, chosen.agency, chosen.counts, slot.place),)
