"""The register of one agency's units: what a unit is, what can have happened to it, what can be asked.

Each agency keeps one register per mode, ``register/live/LAS`` and ``register/exercise/LAS``; a drill can never
touch a live unit. From commitment to release a unit's status lives in the incident; otherwise it lives here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from incident.catalogue import KindCode
from incident.values import AgencyCode, Millis, Mode

_LOCAL: Final = r"[A-Z0-9](?:(?:[A-Z0-9.-]| (?! )){0,14}[A-Z0-9])?"
"""A callsign: at most one space at a time, so that two that look the same are the same."""
CAPABILITY_PATTERN: Final = r"^[a-z0-9][a-z0-9+-]{0,23}$(?!\n)"
UNITS_MAX: Final = 200
"""Units in one command."""

REGISTER_UNITS_MAX: Final = 20_000
NUMBERS_MAX: Final = 20_000
"""Units and incident numbers in one register."""

PART_BYTES_MAX: Final = 40_000
"""Bytes of units in one command: with its envelope, below the bound of a body on the wire."""

Callsign = Annotated[str, Meta(pattern=f"^{_LOCAL}$(?!\\n)")]
UnitKey = Annotated[str, Meta(pattern=f"^[A-Z][A-Z0-9]{{1,11}}/{_LOCAL}$(?!\\n)")]
Capability = Annotated[str, Meta(pattern=CAPABILITY_PATTERN)]
Capabilities = Annotated[tuple[Capability, ...], Meta(max_length=12)]
Station = Annotated[str, Meta(max_length=60)]
StatusCode = Annotated[str, Meta(max_length=3)]
Reason = Annotated[str, Meta(min_length=1, max_length=500, pattern=r"\S")]
Incident = Annotated[
    str, Meta(pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$(?!\n)")
]


class Unit(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One unit of the agency's own. Times are UTC ms.

    ``since`` is when the status began, ``heard_at`` when somebody last said that it is so. ``entered_status`` is
    the status the last table gave: importing that table again does not overwrite what was heard since.
    ``version`` is the last command of any kind, ``status_version`` the last that changed the status, ``described``
    the last that entered or described it.
    """

    callsign: str
    kind: str
    status: str
    since: int
    heard_at: int
    version: str
    status_version: str
    capabilities: tuple[str, ...] = ()
    station: str = ""
    crew_shift_end: int | None = None
    entered_status: str = ""
    described: str = ""


class Fleet(msgspec.Struct, frozen=True):
    """One agency's register: its units by ``LAS/A101``, and the incident numbers it has given out.

    ``numbers`` maps an incident's id to its number, ``counts`` a month (``2611``) to how many it has seen.
    """

    opened: bool = False
    mode: str = ""
    agency: str = ""
    units: dict[str, Unit] = {}
    numbers: dict[str, str] = {}
    counts: dict[str, int] = {}


class Entry(msgspec.Struct, frozen=True, omit_defaults=True):
    """A unit as it is entered: a line of the agency's table.

    ``status`` "" and ``crew_shift_end`` None leave what the register has; the rest replaces it.
    """

    callsign: Callsign
    kind: KindCode
    capabilities: Capabilities = ()
    station: Station = ""
    status: StatusCode = ""
    crew_shift_end: Millis | None = None


Entries = Annotated[tuple[Entry, ...], Meta(min_length=1, max_length=UNITS_MAX)]


# -- events ---------------------------------------------------------------------------------------------------


class RegisterOpened(msgspec.Struct, frozen=True):
    """This agency keeps its register of this mode here."""

    mode: str
    agency: str


class UnitsEntered(msgspec.Struct, frozen=True):
    """These units are new, or are described otherwise than before.

    The status of an entry counts for a new unit only; of one that was there see ``StatusEntered``.
    """

    units: tuple[Entry, ...]


class StatusEntered(msgspec.Struct, frozen=True):
    """The agency's table gives a unit another status than it did before.

    Left out while an incident holds the unit: then its status is the incident's business, not that of a table.
    """

    mode: str
    unit: str
    status: str
    was: str


class UnitRemoved(msgspec.Struct, frozen=True):
    """A unit left the register."""

    mode: str
    unit: str
    reason: str


class StatusSet(msgspec.Struct, frozen=True):
    """A legal step of a unit that is not committed."""

    mode: str
    unit: str
    status: str
    was: str


class StatusConfirmed(msgspec.Struct, frozen=True):
    """The status had grown stale, and somebody said that it still is so."""

    mode: str
    unit: str
    status: str


class StatusCorrected(msgspec.Struct, frozen=True, omit_defaults=True):
    """The status was something else, for a reason. ``since`` is when it began (UTC ms), where that is known."""

    mode: str
    unit: str
    status: str
    was: str
    reason: str
    since: int | None = None


class NumberTaken(msgspec.Struct, frozen=True):
    """An incident got the next number of this month (``2611``)."""

    incident: str
    month: str


# -- commands -------------------------------------------------------------------------------------------------


class OpenRegister(msgspec.Struct, frozen=True):
    """Open an agency's register. Only on the server: a register exists once."""

    mode: Mode
    agency: AgencyCode


class EnterUnits(msgspec.Struct, frozen=True):
    """Enter units, or describe them anew. What did not change is not recorded.

    One unit alone is a person's form: it does not overwrite what that person had not seen. A table of several is
    the agency's own list, and replaces what stands there.
    """

    units: Entries


class RemoveUnit(msgspec.Struct, frozen=True):
    """Take a unit out of the register; not while it is committed."""

    unit: UnitKey
    reason: Reason


class SetStatus(msgspec.Struct, frozen=True):
    """Set the status of a unit that is not committed: a legal step."""

    unit: UnitKey
    status: StatusCode


class CorrectStatus(msgspec.Struct, frozen=True, omit_defaults=True):
    """Set any status, because what stands there is wrong. ``since``: when it began (UTC ms), None: now."""

    unit: UnitKey
    status: StatusCode
    reason: Reason
    since: Millis | None = None


class TakeNumber(msgspec.Struct, frozen=True):
    """Give an incident its number (``LAS-2611-03``). Asked again, it is the same number."""

    incident: Incident


def described_key(callsign: str) -> str:
    """What describing one unit anew is compared with; its own key is what a change of status is."""
    return f"described/{callsign}"


def claim_key(mode: str, unit: str) -> str:
    """The key by which a unit is held: one holder across all incidents of a mode."""
    return f"{mode}/unit/{unit}"


def register_stream(mode: str, agency: str) -> str:
    """The name of an agency's register."""
    return f"register/{mode}/{agency}"


def in_parts(units: Iterable[Entry]) -> Iterator[EnterUnits]:
    """Any number of units as commands that fit the wire: at most 200 units and 40,000 bytes each."""
    part: list[Entry] = []
    size = 0
    for unit in units:
        weight = len(msgspec.json.encode(unit)) + 1
        if part and (len(part) == UNITS_MAX or size + weight > PART_BYTES_MAX):
            yield EnterUnits(tuple(part))
            part, size = [], 0
        part.append(unit)
        size += weight
    if part:
        yield EnterUnits(tuple(part))
