"""The register of one agency's units: what may be done with it, and what each event makes of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final, cast

import msgspec

from incident.fleet.facts import (
    NUMBERS_MAX,
    REGISTER_UNITS_MAX,
    CorrectStatus,
    EnterUnits,
    Entry,
    Fleet,
    NumberTaken,
    OpenRegister,
    RegisterOpened,
    RemoveUnit,
    SetStatus,
    StatusConfirmed,
    StatusCorrected,
    StatusEntered,
    StatusSet,
    TakeNumber,
    Unit,
    UnitRemoved,
    UnitsEntered,
    claim_key,
    described_key,
    register_stream,
)
from incident.kernel.checks import nearest
from incident.kernel.record import Record
from incident.kernel.slice import Context, Line, Names, Refusal, View
from incident.statuses import STATUSES, judge, known_words, word_of
from incident.values import sentences, stop, unit_key

UNNUMBERED: Final = "?"
"""What stands behind the agency while the server has not given the number yet."""

NAMED_MAX: Final = 12
"""Callsigns written out in a sentence; more of them are counted."""

_REPLACE = msgspec.structs.replace


def fleet(view: View) -> Fleet:
    """The register of a register stream."""
    return cast("Fleet", view.fleet)


# -- decide ---------------------------------------------------------------------------------------------------


def decide(view: View, command: Any, ctx: Context) -> tuple[Any, ...] | Refusal:
    """What a command makes happen, or the reason why not."""
    register = fleet(view)
    if isinstance(command, OpenRegister):
        return _open(register, command, ctx)
    if not register.opened:
        return Refusal("not_open", "This register has not been opened.")
    match command:
        case EnterUnits():
            return _enter(register, command, ctx)
        case RemoveUnit():
            if command.unit not in register.units:
                return _no_such(command.unit)
            return (UnitRemoved(register.mode, command.unit, command.reason.strip()),)
        case SetStatus() | CorrectStatus():
            return _status(register, command, ctx)
        case TakeNumber():
            if command.incident in register.numbers:
                return ()
            if len(register.numbers) >= NUMBERS_MAX:
                return Refusal("too_many", f"A register gives out {NUMBERS_MAX:,} incident numbers.")
            return (NumberTaken(command.incident, month_of(ctx.now)),)
        case _:
            raise TypeError(type(command).__name__)


def _open(register: Fleet, command: OpenRegister, ctx: Context) -> tuple[Any, ...] | Refusal:
    if ctx.stream != register_stream(command.mode, command.agency):
        return Refusal("wrong_stream", f"This is not the {command.mode} register of {command.agency}.")
    return () if register.opened else (RegisterOpened(command.mode, command.agency),)


def _no_such(unit: str) -> Refusal:
    return Refusal("no_such_unit", f"{unit} is not in the register.")


def _enter(register: Fleet, command: EnterUnits, ctx: Context) -> tuple[Any, ...] | Refusal:
    kinds = () if ctx.charter is None else ctx.charter.kinds
    seen: set[str] = set()
    for entry in command.units:
        if entry.callsign in seen:
            return Refusal("given_twice", f"{entry.callsign} is given twice.")
        seen.add(entry.callsign)
        if entry.kind not in kinds:
            hint = nearest(entry.kind, kinds)
            return Refusal("unknown_kind", stop(f"{entry.callsign}: {entry.kind} is no kind of unit{hint}"))
        if entry.status and entry.status not in STATUSES:
            hint = nearest(entry.status, known_words())
            return Refusal("unknown_status", stop(f"{entry.callsign}: {entry.status} is no status{hint}"))
    overtaken = _overtaken(register, command, ctx)
    if overtaken is not None:
        return overtaken
    news = tuple(entry for entry in command.units if _differs(_unit(register, entry), entry))
    if len(register.units) + sum(_unit(register, entry) is None for entry in news) > REGISTER_UNITS_MAX:
        return Refusal("too_many", f"A register may have {REGISTER_UNITS_MAX:,} units.")
    return (UnitsEntered(news), *_statuses(register, news)) if news else ()


def _overtaken(register: Fleet, command: EnterUnits, ctx: Context) -> Refusal | None:
    """One unit described by a person who had not seen how it was described last."""
    entry = command.units[0]
    unit = _unit(register, entry)
    if len(command.units) > 1 or ctx.actor.automatic or unit is None or not _differs(unit, entry):
        return None
    if not ctx.stale(described_key(entry.callsign), unit.described):
        return None
    now = ", ".join(filter(None, (unit.kind, " ".join(unit.capabilities), unit.station)))
    sentence = stop(f"{entry.callsign} was described anew after you looked: {now}")
    return Refusal(
        "changed_since", sentence, {"unit": unit_key(register.agency, entry.callsign)}, conflict=True
    )


def _statuses(register: Fleet, news: tuple[Entry, ...]) -> Iterator[StatusEntered]:
    """The statuses that are new in the table itself, of units that the register knows."""
    for entry in news:
        unit = _unit(register, entry)
        if unit is not None and entry.status not in ("", unit.entered_status, unit.status):
            key = unit_key(register.agency, entry.callsign)
            yield StatusEntered(register.mode, key, entry.status, unit.status)


def _unit(register: Fleet, entry: Entry) -> Unit | None:
    return register.units.get(unit_key(register.agency, entry.callsign))


def _differs(unit: Unit | None, entry: Entry) -> bool:
    """Whether an entry says anything new about a unit, measured against what the last table said of it."""
    if unit is None:
        return True
    described = (unit.kind, unit.capabilities, unit.station)
    return (
        described != (entry.kind, entry.capabilities, entry.station)
        or (entry.status not in ("", unit.entered_status))
        or (entry.crew_shift_end not in (None, unit.crew_shift_end))
    )


def _status(register: Fleet, command: SetStatus | CorrectStatus, ctx: Context) -> tuple[Any, ...] | Refusal:
    unit = register.units.get(command.unit)
    if unit is None:
        return _no_such(command.unit)
    correcting = isinstance(command, CorrectStatus)
    verdict = judge(unit, command.unit, command.status, ctx, correcting=correcting)
    if isinstance(verdict, Refusal):
        return verdict
    if verdict == "same":
        return ()
    if verdict == "confirm":
        return (StatusConfirmed(register.mode, command.unit, command.status),)
    if isinstance(command, CorrectStatus):
        return (
            StatusCorrected(
                register.mode,
                command.unit,
                command.status,
                unit.status,
                command.reason.strip(),
                command.since,
            ),
        )
    return (StatusSet(register.mode, command.unit, command.status, unit.status),)


# -- evolve ---------------------------------------------------------------------------------------------------


def evolve(state: Fleet, event: Any, record: Record) -> Fleet:
    """The register after one event."""
    match event:
        case RegisterOpened():
            return _REPLACE(state, opened=True, mode=event.mode, agency=event.agency)
        case UnitsEntered():
            units = dict(state.units)
            for entry in event.units:
                key = unit_key(state.agency, entry.callsign)
                units[key] = _entered(units.get(key), entry, record)
            return _REPLACE(state, units=units)
        case UnitRemoved():
            return _REPLACE(state, units={k: u for k, u in state.units.items() if k != event.unit})
        case StatusSet() | StatusEntered():
            return _heard(state, event.unit, event.status, record, record.at)
        case StatusCorrected():
            since = record.at if event.since is None else min(event.since, record.at)
            return _heard(state, event.unit, event.status, record, since)
        case StatusConfirmed():
            return _heard(state, event.unit, event.status, record, None)
        case NumberTaken():
            return _numbered(state, event, record)
        case _:
            raise TypeError(type(event).__name__)


def _heard(state: Fleet, key: str, status: str, record: Record, since: int | None) -> Fleet:
    """A unit's status, new since then (UTC ms), or confirmed (None).

    A unit this build has not heard of (a newer server) stays unknown.
    """
    unit = state.units.get(key)
    if unit is None:
        return state
    if since is not None:
        unit = _with_status(unit, status, record, since)
    else:
        unit = _REPLACE(unit, heard_at=max(record.at, unit.heard_at), version=record.command_id)
    return _REPLACE(state, units={**state.units, key: unit})


def _with_status(unit: Unit, status: str, record: Record, since: int) -> Unit:
    return _REPLACE(
        unit,
        status=status,
        since=since,
        heard_at=since,
        version=record.command_id,
        status_version=record.command_id,
    )


def _entered(unit: Unit | None, entry: Entry, record: Record) -> Unit:
    """A unit as entered. Of one that is known, a new status of the table comes as an event of its own."""
    if unit is None:
        return Unit(
            callsign=entry.callsign,
            kind=entry.kind,
            status=entry.status or "UNK",
            since=record.at,
            heard_at=record.at,
            version=record.command_id,
            status_version=record.command_id,
            capabilities=entry.capabilities,
            station=entry.station,
            crew_shift_end=entry.crew_shift_end,
            entered_status=entry.status,
            described=record.command_id,
        )
    end = unit.crew_shift_end if entry.crew_shift_end is None else entry.crew_shift_end
    return _REPLACE(
        unit,
        kind=entry.kind,
        capabilities=entry.capabilities,
        station=entry.station,
        crew_shift_end=end,
        version=record.command_id,
        entered_status=entry.status or unit.entered_status,
        described=record.command_id,
    )


def _numbered(state: Fleet, event: NumberTaken, record: Record) -> Fleet:
    ordinal = state.counts.get(event.month, 0) + 1
    # On a client that has not heard from the server (seq 0), another room's incident may come first.
    number = f"{state.agency}-{event.month}-{ordinal:02}" if record.seq else f"{state.agency}-{UNNUMBERED}"
    return _REPLACE(
        state,
        numbers={**state.numbers, event.incident: number},
        counts={**state.counts, event.month: ordinal},
    )


def month_of(at: int) -> str:
    """The month of a moment (UTC ms) in UTC, as it stands in incident numbers: 2611 is November 2026."""
    return f"{datetime.fromtimestamp(at / 1000, UTC):%y%m}"


# -- words ----------------------------------------------------------------------------------------------------


def sentence(event: Any, record: Record, names: Names) -> Line:
    """A record of the register as one line."""
    match event:
        case RegisterOpened():
            return Line(f"opens the register of {event.agency} ({event.mode})", "machine")
        case UnitsEntered():
            callsigns = [entry.callsign for entry in event.units]
            more = f" and {len(callsigns) - NAMED_MAX} more" if len(callsigns) > NAMED_MAX else ""
            return Line(f"enters in the register: {', '.join(callsigns[:NAMED_MAX])}{more}")
        case StatusEntered():
            was, now = word_of(event.was), word_of(event.status)
            return Line(f"{event.unit} {now} (was {was}), says the table")
        case UnitRemoved():
            return Line(sentences(f"takes {event.unit} out of the register", f"Reason: {event.reason}"))
        case StatusSet():
            return Line(f"{event.unit} {word_of(event.status)}")
        case StatusConfirmed():
            return Line(f"{event.unit} still {word_of(event.status)}")
        case StatusCorrected():
            was, now = word_of(event.was), word_of(event.status)
            return Line(sentences(f"corrects {event.unit} from {was} to {now}", f"Reason: {event.reason}"))
        case NumberTaken():
            return Line(f"numbers an incident {names('fleet', event.incident)}", "machine")
        case _:
            raise TypeError(type(event).__name__)


def label(state: Fleet, key: str) -> str:
    """What people call a thing of the register: a unit by its key, an incident by its number."""
    return state.numbers.get(key, key)


def version(state: Fleet, key: str) -> str:
    """The command that last changed a unit's status, or that described it last when the key asks for that."""
    what, _, callsign = key.partition("/")
    if what == "described":
        unit = state.units.get(unit_key(state.agency, callsign))
        return "" if unit is None else unit.described
    unit = state.units.get(key)
    return "" if unit is None else unit.status_version


def unheld(event: Any) -> tuple[str, ...]:
    """While an incident holds a unit, its register neither changes its status nor lets it go."""
    match event:
        case UnitRemoved() | StatusSet() | StatusCorrected() | StatusConfirmed():
            return (claim_key(event.mode, event.unit),)
        case _:
            return ()


def yields(event: Any) -> tuple[str, ...]:
    """What a table says of the status of a unit that an incident holds is left out."""
    return (claim_key(event.mode, event.unit),) if isinstance(event, StatusEntered) else ()


def invariants(view: View) -> tuple[str, ...]:
    """What must never be true of a register and is; empty when all is well."""
    register = fleet(view)
    found = []
    for key, unit in register.units.items():
        if key != unit_key(register.agency, unit.callsign):
            found.append(f"{unit.callsign} stands in the register as {key}")
        if unit.status not in STATUSES:
            found.append(f"{key} has the status {unit.status}, which is none")
        if unit.heard_at < unit.since:
            found.append(f"{key} was heard of before its status began")
    given = [number for number in register.numbers.values() if not number.endswith(UNNUMBERED)]
    if len(set(given)) != len(given):
        found.append("two incidents have the same number")
    if sum(register.counts.values()) != len(register.numbers):
        found.append("the count of incident numbers is not the count of incidents")
    if not register.opened and register != Fleet():
        found.append("the register holds something and was never opened")
    return tuple(found)
