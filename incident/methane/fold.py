"""METHANE, the fold: a row of versions, which of them stand, and which is the current one."""

from __future__ import annotations

from typing import cast

from incident.kernel.record import Record, thing_id
from incident.kernel.slice import View
from incident.methane.facts import (
    KEY,
    STANDING_MAX,
    UNAWARE_MAX,
    VERSIONS_KEPT,
    Methane,
    Published,
    Version,
    subject,
)


def methane(view: View) -> Methane:
    """The METHANE of an incident, in all its versions."""
    return cast("Methane", view.methane)


def evolve(state: Methane, event: Published, record: Record) -> Methane:
    """The versions after one more. Never refuses."""
    count = state.count + (record.seq != 0)  # minted by the server only, as every number is
    new = Version(
        id=thing_id(record),
        number=count if record.seq else 0,
        kind=event.kind,
        agency=record.agency,
        actor=record.actor,
        role=record.role,
        at=record.at,
        recorded_at=record.recorded_at,
        report=event.report,
        major=event.major,
        major_at=event.major_at,
        on_behalf_of=record.on_behalf_of,
        unaware=event.unaware,
    )
    versions = (*state.versions, new)[-VERSIONS_KEPT:]
    return Methane(versions, count, _standing(state, new, record.base.get(KEY, "")))


def _standing(state: Methane, new: Version, seen: str) -> tuple[str, ...]:
    """What stands after a version whose author had seen this one last: what came after that, and the new one.

    One that says how it was before a version its author knew (off the paper form, typed in late) is a version like
    any other, and replaces nothing.
    """
    ids = [version.id for version in state.versions]
    known = ids[: ids.index(seen) + 1] if seen in ids else []
    if any(v.at > new.at for v in state.versions if v.id in known and v.id in state.standing):
        return state.standing
    return (*(id_ for id_ in state.standing if id_ not in known), new.id)[-STANDING_MAX:]


def unaware(state: Methane, seen: str) -> tuple[int, ...]:
    """The numbers of the versions that an author who had seen this one last did not know."""
    ids = [version.id for version in state.versions]
    known = ids.index(seen) + 1 if seen in ids else 0
    return tuple(version.number for version in state.versions[known:])[-UNAWARE_MAX:]


def standing(state: Methane) -> tuple[Version, ...]:
    """The versions that no later author had seen, oldest first. More than one: rooms wrote at once."""
    return tuple(version for version in state.versions if version.id in state.standing)


def current(state: Methane) -> Version | None:
    """The version to go by: of those that stand, the one that says how it was last; None when there is none.

    One that was written in a room without a line and came late stands, too, and does not push a newer one aside.
    """
    found = standing(state)
    return max(enumerate(found), key=lambda pair: (pair[1].at, pair[0]))[1] if found else None


def before(state: Methane, version: Version) -> Version | None:
    """The version that came before this one; None for the first, and where that is no longer kept."""
    ids = [other.id for other in state.versions]
    place = ids.index(version.id) if version.id in ids else 0
    return state.versions[place - 1] if place else None


def version_of(state: Methane, key: str) -> str:
    """The id of the command that wrote the last version; there is one key only."""
    return state.versions[-1].id if key == KEY and state.versions else ""


def addressed(state: Methane, agency: str) -> tuple[str, ...]:
    """Every version that stands is sent to every party but its author."""
    return tuple(subject(version) for version in standing(state) if version.agency != agency)


def label(state: Methane, key: str) -> str:
    """What log lines call a version: METHANE v3."""
    for version in state.versions:
        if version.id == key.partition("@")[0]:
            return f"{version.kind} {version.name}"
    return "an earlier METHANE"


def invariants(view: View) -> tuple[str, ...]:
    """Numbers rise and are never used twice; the last stands, or a newer one; nothing stands that is not there."""
    state = methane(view)
    found = []
    numbers = [version.number for version in state.versions if version.number]
    if numbers != sorted(set(numbers)) or (numbers and numbers[-1] > state.count):
        found.append("the numbers of the METHANEs do not rise")
    ids = [version.id for version in state.versions]
    if len(set(ids)) != len(ids):
        found.append("one METHANE is there twice")
    if not set(state.standing) <= set(ids):
        found.append("a METHANE stands that is not there")
    if ids and ids[-1] not in state.standing:
        last = state.versions[-1].at
        if not any(version.at > last for version in standing(state)):
            found.append("the last METHANE does not stand")
    return tuple(found)
