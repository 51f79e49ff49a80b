"""How the behaviour of an agency that nobody plays is written in a scenario, with its checks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from incident.commanders.facts import MUST, NO, ROLES
from incident.kernel.checks import (
    Bad,
    Check,
    Field,
    Marked,
    MarkedMap,
    Problem,
    boolean,
    choice,
    nearest,
    optional,
    parsed,
    record,
    required,
    sequence,
    text,
)
from incident.organisation.facts import DECLARATIONS
from incident.scenario.facts import (
    AidHabit,
    Appointment,
    Behaviour,
    ChannelHabit,
    Declaring,
    FeatureHabit,
    LeadHabit,
    Movement,
    Participant,
    RivalPoint,
    Sending,
    TaskHabit,
    Unit,
)
from incident.scenario.words import PER_CENT, PLACE, WAIT, WAIT_OR_NEVER, at, or_never, say

LINE: Final = text(200)
TOLD: Final = text(600)
WHO: Final = ("agency", "played", "invited", "spoc")
"""What is said of every agency; the rest is behaviour."""

_REASONS: Final = parsed(sequence(LINE, 0, 12), tuple)
_TASKS: Final = record(
    {
        "answers": optional(WAIT, TaskHabit().answers),
        "begins": optional(WAIT, TaskHabit().begins),
        "finishes": optional(WAIT, TaskHabit().finishes),
        "declines": optional(PER_CENT, 0),
        "reasons": optional(_REASONS, ()),
        "evidence": optional(_REASONS, ()),
    },
    into=TaskHabit,
)
_FEATURES: Final = record(
    {
        "answers": optional(WAIT, FeatureHabit().answers),
        "declines": optional(PER_CENT, 0),
        "reasons": optional(_REASONS, ()),
    },
    into=FeatureHabit,
)
_CHANNELS: Final = record(
    {
        "tests": optional(WAIT, ChannelHabit().tests),
        "fails": optional(PER_CENT, 0),
        "reasons": optional(_REASONS, ()),
    },
    into=ChannelHabit,
)
_MOVES: Final = record(
    {
        **{
            name: optional(WAIT, default)
            for name, default in msgspec.structs.asdict(Movement()).items()
            if name != "destination"
        },
        "destination": optional(text(120), ""),
    },
    into=Movement,
)


def participant(
    agencies: Mapping[str, Any], fleets: Mapping[str, Mapping[str, Unit]], length: int | None
) -> Check[Participant]:
    """The check of one agency that takes part. ``fleets`` are the units of each agency by callsign."""

    def run(node: Marked, path: str, problems: list[Problem]) -> Participant | Bad:
        agency = written(node, "agency")
        units = _units(agency, fleets.get(agency, {}))
        fields: dict[str, Field] = {
            "agency": required(agency_of(agencies)),
            "played": required(choice("virtual", "person", "absent")),
            "invited": optional(boolean(), default=True),
            **_habits(units, length),
        }
        made = record(fields, into=_participant).run(node, path, problems)
        if not isinstance(made, Bad) and made.played != "virtual" and isinstance(node, MarkedMap):
            for key, _ in node.entries:
                if key.text not in WHO:
                    words = f"is a habit, and {agency} has none: it is not played by the program"
                    say(problems, key, f"{path}.{key.text}", words)
        return made

    return Check(run)


def written(node: Marked, name: str) -> str:
    """The text behind a key, before anything is checked; "" when there is none."""
    if isinstance(node, MarkedMap):
        for key, value in node.entries:
            if key.text == name:
                return str(getattr(value, "text", ""))
    return ""


def agency_of(agencies: Mapping[str, Any]) -> Check[str]:
    """The code of an agency that the catalogue has."""
    return _known(agencies, "the catalogue has no agency")


def _known(known: Mapping[str, Any], there_is_no: str) -> Check[str]:
    def parse(value: str) -> str:
        if value not in known:
            raise ValueError(f"is {value}: {there_is_no} of that name{nearest(value, known)}")
        return value

    return parsed(text(40), parse)


def _units(agency: str, fleet: Mapping[str, Unit]) -> Check[tuple[Unit, ...]]:
    named = _known(fleet, f"the fleet of {agency or 'this agency'} has no unit")
    callsigns = sequence(named, 1, 40, unique=lambda callsign: callsign)
    return parsed(callsigns, lambda found: tuple(fleet[callsign] for callsign in found))


def _habits(units: Check[tuple[Unit, ...]], length: int | None) -> dict[str, Field]:
    usual = Behaviour()
    declaring = record(
        {
            "at": required(at(length)),
            "state": required(choice(*DECLARATIONS)),
            "reason": optional(TOLD, ""),
        },
        into=Declaring,
    )
    sending = record(
        {"at": required(at(length)), "units": required(units), "reason": optional(TOLD, "")}, into=Sending
    )
    return {
        "joins": optional(WAIT_OR_NEVER, usual.joins),
        "spoc": optional(LINE, usual.spoc),
        "reads": optional(WAIT, usual.reads),
        "acknowledges": optional(WAIT_OR_NEVER, usual.acknowledges),
        "declares": optional(parsed(sequence(declaring, 0, 12), tuple), ()),
        "appoints": optional(parsed(sequence(_appointing(length), 0, 20), tuple), ()),
        "stands_down": optional(WAIT_OR_NEVER, usual.stands_down),
        "tasks": optional(or_never(_TASKS), usual.tasks),
        "features": optional(or_never(_FEATURES), usual.features),
        "channels": optional(or_never(_CHANNELS), usual.channels),
        "aid": optional(_aid(units)),
        "lead": optional(_lead(length)),
        "rival_rvp": optional(_rival(length)),
        "sends": optional(parsed(sequence(sending, 0, 12), tuple), ()),
        "movement": optional(_MOVES, usual.movement),
    }


def _appointing(length: int | None) -> Check[Appointment]:
    return record(
        {
            "at": required(at(length)),
            "role": required(choice(*ROLES)),
            "holder": required(text(80)),
            "contact": optional(text(80), ""),
            "label": optional(text(40), ""),
        },
        into=_appointment,
    )


def _appointment(**fields: Any) -> Appointment:
    made = Appointment(**fields)
    role = ROLES[made.role]
    if role.labels == MUST and not made.label:
        raise ValueError(f"say with a label which {role.words}: the sector, hospital or desk")
    if role.labels == NO and made.label:
        raise ValueError(f"there is one {role.words} only, so it has no label")
    return made


def _aid(units: Check[tuple[Unit, ...]]) -> Check[AidHabit]:
    return record(
        {
            "answers": optional(WAIT, AidHabit().answers),
            "names": optional(WAIT, AidHabit().names),
            "declines": optional(PER_CENT, 0),
            "counters": optional(PER_CENT, 0),
            "reasons": optional(_REASONS, ()),
            "less": optional(_REASONS, ()),
            "units": optional(units, ()),
        },
        into=AidHabit,
    )


def _lead(length: int | None) -> Check[LeadHabit]:
    return record(
        {
            "answer": optional(choice("accept", "decline"), "accept"),
            "answers": optional(WAIT, LeadHabit().answers),
            "reason": optional(LINE, LeadHabit().reason),
            "claims_at": optional(at(length)),
        },
        into=LeadHabit,
    )


def _rival(length: int | None) -> Check[RivalPoint]:
    return record(
        {
            "at": required(at(length)),
            "name": required(text(80)),
            "place": required(PLACE),
            "note": optional(TOLD, ""),
            "withdrawn_at": optional(at(length)),
        },
        into=_rival_point,
    )


def _rival_point(**fields: Any) -> RivalPoint:
    made = RivalPoint(**fields)
    if made.withdrawn_at is not None and made.withdrawn_at <= made.at:
        raise ValueError("it is taken back before it is proposed")
    return made


def _participant(agency: str, played: Any, invited: bool, **habits: Any) -> Participant:
    return Participant(agency, played, Behaviour(**habits), invited)
