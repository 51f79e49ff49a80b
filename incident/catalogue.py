"""The charter: agencies, kinds of things and roles, as data, frozen into the record that opens an incident.

What affects meaning must be the same in every room and in every replay, so it travels in the opening record
and is changed only by another. The shells read the YAML files and check them with the descriptions below;
nothing here opens a file.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from incident.kernel.checks import (
    Check,
    boolean,
    choice,
    integer,
    number,
    optional,
    parsed,
    record,
    required,
    sequence,
    text,
)
from incident.values import AgencyCode, Mode

Name = Annotated[str, Meta(max_length=80)]
RoleCode = Annotated[str, Meta(pattern=r"^[a-z][a-z_]{1,39}$(?!\n)")]
KindCode = Annotated[str, Meta(pattern=r"^[A-Z][A-Z0-9_]{1,11}$(?!\n)")]
Grants = tuple[Annotated[str, Meta(max_length=80)], ...]

AGENCY_TYPES: Final = (
    "ambulance",
    "police",
    "fire",
    "council",
    "hospital",
    "health",
    "urgent_care",
    "voluntary",
    "transport",
    "environment",
    "military",
    "private",
    "coordination",
    "exercise",
)
PLACE_TYPES: Final = ("MTC", "ED", "UTC", "other")
"""Major trauma centre, emergency department, urgent treatment centre; anything else that takes people in."""
PLAN_STATES: Final = ("draft", "approved")
CAPACITY_MAX: Final = 10_000
KIND_GROUPS: Final = ("conveying", "response", "specialist", "command", "support", "community", "kit")


class Agency(msgspec.Struct, frozen=True, omit_defaults=True):
    """An organisation that can be party to an incident. ``short`` is what stands where room is scarce."""

    code: AgencyCode
    name: Name
    short: Name = ""
    type: Name = ""


class Kind(msgspec.Struct, frozen=True, omit_defaults=True):
    """A type of unit or kit in the common catalogue. ``conveys``: it can carry a patient to hospital.

    ``exchange`` is the NHS Data Dictionary code (Ambulance Call Response Type), "" where none fits.
    """

    code: KindCode
    title: Name
    group: Name = ""
    conveys: bool = False
    exchange: Name = ""


Capacity = Annotated[int, Meta(ge=0, le=CAPACITY_MAX)]


class Place(msgspec.Struct, frozen=True, omit_defaults=True):
    """A hospital, or another place that takes casualties, as the distribution plan knows it before any incident.

    ``agency`` is whose it is, "" when that agency is not in the catalogue. ``lat`` and ``lon`` are WGS 84 degrees,
    approximate. ``p1``, ``p2`` and ``p3`` are what it can take in the first hour; ``draft``: nobody has approved
    that, and it is shown as a draft.
    """

    code: AgencyCode
    name: Name
    type: Name = ""
    agency: Annotated[str, Meta(max_length=12)] = ""
    lat: Annotated[float, Meta(ge=-90, le=90)] | None = None
    lon: Annotated[float, Meta(ge=-180, le=180)] | None = None
    p1: Capacity = 0
    p2: Capacity = 0
    p3: Capacity = 0
    draft: bool = False


class Role(msgspec.Struct, frozen=True, omit_defaults=True):
    """What somebody in this role may do: command names, for own things and for other agencies' things."""

    code: RoleCode
    title: Name
    own: Grants = ()
    other: Grants = ()
    may_delegate: tuple[RoleCode, ...] = ()
    """The roles that somebody in this role may lend to a colleague; none where an incident was opened before that."""
    agency: Annotated[str, Meta(max_length=12)] = ""
    """The one agency whose people have this role, "" for any."""


class Charter(msgspec.Struct, frozen=True):
    """Everything that decides what words and rights mean in an incident.

    ``areas_digest`` names the set of trust areas that every room must use. ``version`` is a digest of the
    content (mode aside): equal charters have equal versions, wherever they were read.
    """

    mode: Mode = "exercise"
    agencies: dict[str, Agency] = {}
    kinds: dict[str, Kind] = {}
    roles: dict[str, Role] = {}
    areas_digest: Annotated[str, Meta(max_length=80)] = ""
    version: Annotated[str, Meta(max_length=80)] = ""
    places: dict[str, Place] = {}
    """Hospitals and other places that can be stood up; empty in an incident opened before they were known."""

    def agency_name(self, code: str) -> str:
        """The full name of an agency; its code when it is not in the catalogue."""
        agency = self.agencies.get(code)
        return code if agency is None else agency.name


def charter_from(
    agencies: Iterable[Agency],
    kinds: Iterable[Kind],
    roles: Iterable[Role],
    mode: str,
    areas_digest: str = "",
    places: Iterable[Place] = (),
) -> Charter:
    """The charter of checked data. ``mode`` is "live" or "exercise".

    Raises:
        ValueError: ``mode`` is neither.
    """
    if mode not in ("live", "exercise"):
        raise ValueError("must be live or exercise")
    content = (
        {agency.code: agency for agency in agencies},
        {kind.code: kind for kind in kinds},
        {role.code: role for role in roles},
        areas_digest,
    )
    known = {place.code: place for place in places}
    packed = msgspec.json.encode((*content, known), order="sorted")
    return Charter(mode, *content, version=hashlib.sha256(packed).hexdigest()[:16], places=known)


# -- the files -----------------------------------------------------------------------------------------


def _code(pattern: str, example: str) -> Check[str]:
    shape = re.compile(pattern)

    def parse(value: str) -> str:
        if not shape.fullmatch(value):
            raise ValueError(f"must be a code such as {example}")
        return value

    return parsed(text(40), parse)


def _agencies(agencies: list[Agency]) -> tuple[Agency, ...]:
    return tuple(
        agency if agency.short else msgspec.structs.replace(agency, short=agency.code) for agency in agencies
    )


AGENCIES_SCHEMA: Final[Check[tuple[Agency, ...]]] = record(
    {
        "agencies": required(
            parsed(
                sequence(
                    record(
                        {
                            "code": required(_code(r"^[A-Z][A-Z0-9]{1,11}$", "LAS")),
                            "name": required(text(80)),
                            "short": optional(text(24), ""),
                            "type": required(choice(*AGENCY_TYPES)),
                        },
                        into=Agency,
                    ),
                    1,
                    500,
                    unique=lambda agency: agency.code,
                ),
                _agencies,
            )
        )
    },
    into=lambda agencies: agencies,
)
"""``config/agencies.yaml``: every agency that can be invited."""

KINDS_SCHEMA: Final[Check[tuple[Kind, ...]]] = record(
    {
        "kinds": required(
            parsed(
                sequence(
                    record(
                        {
                            "code": required(_code(r"^[A-Z][A-Z0-9_]{1,11}$", "DCA")),
                            "title": required(text(80)),
                            "group": required(choice(*KIND_GROUPS)),
                            "conveys": optional(boolean(), default=False),
                            "exchange": optional(text(8), ""),
                        },
                        into=Kind,
                    ),
                    1,
                    300,
                    unique=lambda kind: kind.code,
                ),
                tuple,
            )
        )
    },
    into=lambda kinds: kinds,
)
"""``config/kinds.yaml``: the common catalogue of units and kit."""

_GRANTS = parsed(
    sequence(
        _code(r"^[a-z][a-z_]*\.[a-z][a-z_]*$", "organisation.declare"), 0, 500, unique=lambda grant: grant
    ),
    tuple,
)

_ROLES = parsed(
    sequence(_code(r"^[a-z][a-z_]{1,39}$", "tactical_commander"), 0, 50, unique=lambda role: role), tuple
)

ROLES_SCHEMA: Final[Check[tuple[Role, ...]]] = record(
    {
        "roles": required(
            parsed(
                sequence(
                    record(
                        {
                            "code": required(_code(r"^[a-z][a-z_]{1,39}$", "tactical_commander")),
                            "title": required(text(80)),
                            "own": optional(_GRANTS, ()),
                            "other": optional(_GRANTS, ()),
                            "may_delegate": optional(_ROLES, ()),
                            "agency": optional(_code(r"^[A-Z][A-Z0-9]{1,11}$", "NACC"), ""),
                        },
                        into=Role,
                    ),
                    1,
                    50,
                    unique=lambda role: role.code,
                ),
                tuple,
            )
        )
    },
    into=lambda roles: roles,
)
"""``config/roles.yaml``: who may do what. Whether each grant names a command is asked by ``permissions``."""


def _places(status: str, places: list[Place]) -> tuple[Place, ...]:
    return tuple(msgspec.structs.replace(place, draft=status == "draft") for place in places)


PLACES_SCHEMA: Final[Check[tuple[Place, ...]]] = record(
    {
        "status": required(choice(*PLAN_STATES)),
        "places": required(
            sequence(
                record(
                    {
                        "code": required(_code(r"^[A-Z][A-Z0-9]{1,11}$", "WEXHAM")),
                        "name": required(text(80)),
                        "type": required(choice(*PLACE_TYPES)),
                        "agency": optional(_code(r"^[A-Z][A-Z0-9]{1,11}$", "WEXHAM"), ""),
                        "lat": required(number(-90, 90)),
                        "lon": required(number(-180, 180)),
                        "p1": required(integer(0, CAPACITY_MAX)),
                        "p2": required(integer(0, CAPACITY_MAX)),
                        "p3": required(integer(0, CAPACITY_MAX)),
                    },
                    into=Place,
                ),
                0,
                500,
                unique=lambda place: place.code,
            )
        ),
    },
    into=_places,
)
"""``config/places.yaml``: the distribution plan, draft or approved as a whole, place by place."""
