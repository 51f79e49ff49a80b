"""What a virtual agency does when it is asked for aid: answers, names units, sends them, and brings them home."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from incident.kernel.slice import Act
from incident.mutual_aid import commands as c
from incident.mutual_aid.facts import SETTLED, AidUnit, Answer, Counter, Request
from incident.mutual_aid.fold import mutual_aid
from incident.scenario.facts import AidHabit, Unit, Wait
from incident.values import unit_key
from incident.virtual.mind import Mind

NO_MORE: Final = "None can be spared"
NOT_ALL: Final = "The rest is needed for our own cover"
LATER: Final = "At another job until then"
LATER_MINUTES: Final = 30
ASKS_BACK: Final = Wait(30, 120)
MINUTE_SECONDS: Final = 60


def lends(mind: Mind) -> Iterator[Act]:
    """Takes each request that is addressed to the agency one step on."""
    habit = mind.habit.aid
    if habit is None or not mind.joined:
        return
    for request in mutual_aid(mind.view).rows.values():
        if request.lender != mind.agency or request.state in SETTLED:
            continue
        if request.state == "sent":
            yield from _answers(mind, habit, request)
        elif request.state in ("accepted", "part") and not mind.leaving:
            yield from _names(mind, habit, request)
        for unit in request.out:
            yield from _moves(mind, request, unit)


def lent(mind: Mind) -> frozenset[str]:
    """Units that go by the steps of a request: their status is none of the wheels' business."""
    return frozenset(
        unit.key
        for request in mutual_aid(mind.view).rows.values()
        if request.state not in SETTLED
        for unit in request.out
        if unit.state != "committed" or mind.leaving
    )


def _free(mind: Mind, habit: AidHabit) -> list[Unit]:
    """What it has left to lend: neither here nor promised."""
    promised = {
        unit.key
        for request in mutual_aid(mind.view).rows.values()
        if request.state not in SETTLED
        for unit in request.out
    }
    taken = promised | set(mind.view.resources.units)
    return [unit for unit in habit.units if unit_key(mind.agency, unit.callsign) not in taken]


def _answers(mind: Mind, habit: AidHabit, request: Request) -> Iterator[Act]:
    """Yes, in part, something else, or no; each line by itself."""
    key = f"{request.number} {request.offered_at}"
    at = mind.after(mind.since(request.offered_at), habit.answers, f"aid {key}")
    no = mind.says_no(habit.declines, f"aid {key}") or mind.over
    left = [unit.kind for unit in _free(mind, habit)]
    lines: list[c.LineReply] = []
    for number, line in enumerate(request.terms.lines):
        can = 0 if no else min(left.count(line.kind), line.quantity)
        said = f"{key} {number}"
        reason = mind.word(habit.less, said, NOT_ALL) if can else mind.word(habit.reasons, said, NO_MORE)
        if can and mind.says_no(habit.counters, f"counter {key} {number}"):
            some = max(1, can // 2)
            later = some == line.quantity
            counter = Counter(
                line.kind, some, LATER_MINUTES if later else None, LATER if later else reason[:200]
            )
            lines.append(c.LineReply(number, counter=counter))
        else:
            lines.append(c.LineReply(number, can, "" if can == line.quantity else reason))
        for _ in range(can):
            left.remove(line.kind)
    yield from mind.act(at, f"aid/{request.told}", c.Reply(request.id, tuple(lines)))


def _names(mind: Mind, habit: AidHabit, request: Request) -> Iterator[Act]:
    """The units for what it has said yes to."""
    free = _free(mind, habit)
    sent: list[c.Sent] = []
    for answer in request.answers:
        wanted = answer.accepted - sum(unit.line == answer.line for unit in request.units.values())
        for unit in [unit for unit in free if unit.kind == answer.kind][: max(0, wanted)]:
            free.remove(unit)
            sent.append(_sent(mind, unit, answer))
    if sent:
        since = request.replied_at or request.since
        at = mind.after(max(since, request.since), habit.names, f"name {request.number} {len(request.units)}")
        key = f"aid-names/{request.id}/{len(request.units)}"
        yield from mind.act(at, key, c.NameUnits(request.id, tuple(sent)))


def _sent(mind: Mind, unit: Unit, answer: Answer) -> c.Sent:
    way = mind.habit.movement.travels
    return c.Sent(
        unit_key(mind.agency, unit.callsign),
        unit.kind,
        answer.line,
        eta_from=way.least // MINUTE_SECONDS,
        eta_to=-(-way.most // MINUTE_SECONDS),
        status="AVB",
        station=unit.station,
    )


def _moves(mind: Mind, request: Request, unit: AidUnit) -> Iterator[Act]:
    """The next step of one unit that is its home trust's to take."""
    habit, one = mind.habit.movement, (unit.key,)
    key, what = f"aid-unit/{unit.key}/{unit.version}", f"{request.number} {unit.key} {unit.state}"
    if mind.leaving and unit.state in ("named", "mobilised", "at_rvp"):
        home = c.BringHome(request.id, one, "Turned round")
        yield from mind.act(mind.after(unit.since, habit.mobilises, what), key, home)
    elif mind.leaving and unit.state == "committed":
        recall = c.RequestRecall(request.id, one, "We have stood down")
        since = mind.view.organisation.parties[mind.agency].declared_at or unit.since
        yield from mind.act(mind.after(since, ASKS_BACK, what), key, recall)
    elif unit.state == "named":
        yield from mind.act(mind.after(unit.since, habit.mobilises, what), key, c.Mobilise(request.id, one))
    elif unit.state == "mobilised":
        yield from mind.act(mind.after(unit.since, habit.travels, what), key, c.ReachRvp(request.id, one))
    elif unit.state == "returning":
        yield from mind.act(mind.after(unit.since, habit.travels, what), key, c.BringHome(request.id, one))
