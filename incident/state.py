"""The registry: which slices make up each kind of stream, openly listed, and what a stream's name means.

``incident/<uuid>`` is an incident, for its parties. ``incident/<uuid>/own/<AGENCY>`` is one agency's own part of
it. ``incident/<uuid>/excon`` is exercise control's: scenario, injects and evaluators' notes, which no player sees.
``register/<mode>/<AGENCY>`` is an agency's standing register. To add a slice: its field in
the state, and its line in the list of its model.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

import msgspec

from incident import (
    alarms,
    automation,
    boundaries,
    casualties,
    commanders,
    comms,
    cover,
    delegation,
    exercises,
    fleet,
    injects,
    log,
    messages,
    methane,
    mutual_aid,
    organisation,
    places,
    reports,
    resources,
    sharing,
    tasks,
)
from incident.alarms.facts import Alarms
from incident.boundaries.facts import Boundaries
from incident.casualties.facts import Casualties
from incident.catalogue import Charter
from incident.commanders import Commanders
from incident.comms import Comms
from incident.cover.facts import Covers
from incident.delegation import Delegations
from incident.drill import Drill
from incident.exercises.facts import Play
from incident.fleet.facts import Fleet
from incident.injects import Injects
from incident.kernel import receipts
from incident.kernel.checks import Problem
from incident.kernel.model import Model
from incident.kernel.receipts import Receipts
from incident.kernel.record import Record
from incident.kernel.slice import Act, Actor, Refusal, View
from incident.log import Log
from incident.messages import Messages
from incident.methane import Methane
from incident.mutual_aid.facts import MutualAid
from incident.organisation import Organisation
from incident.permissions import (
    EXERCISE_CONTROL,
    NOT_PARTY,
    is_exercise_control_seat,
    is_member,
    is_system,
    permit,
    permit_register,
)
from incident.places.facts import Places
from incident.reports.facts import Reports
from incident.resources import Resources
from incident.sharing import Sharing
from incident.tasks.facts import Tasks

_ID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_AGENCY = r"[A-Z][A-Z0-9]{1,11}"
_INCIDENT: Final = re.compile(rf"incident/{_ID}")
_OWN: Final = re.compile(rf"(incident/{_ID})/own/({_AGENCY})")
_EXCON: Final = re.compile(rf"(incident/{_ID})/excon")
_REGISTER: Final = re.compile(rf"register/(?:live|exercise)/({_AGENCY})")


class State(msgspec.Struct, frozen=True):
    """An incident: one field per slice."""

    organisation: Organisation = Organisation()
    log: Log = Log()
    methane: Methane = Methane()
    messages: Messages = Messages()
    resources: Resources = Resources()
    boundaries: Boundaries = Boundaries()
    cover: Covers = Covers()
    casualties: Casualties = Casualties()
    places: Places = Places()
    tasks: Tasks = Tasks()
    mutual_aid: MutualAid = MutualAid()
    alarms: Alarms = Alarms()
    reports: Reports = Reports()
    receipts: Receipts = Receipts()
    commanders: Commanders = Commanders()
    exercises: Play = Play()
    comms: Comms = Comms()
    delegation: Delegations = Delegations()
    sharing: Sharing = Sharing()


class OwnState(msgspec.Struct, frozen=True):
    """One agency's own part of an incident: its own log and tasks, which no other agency sees."""

    organisation: Organisation = Organisation()
    log: Log = Log()
    tasks: Tasks = Tasks()
    exercises: Play = Play()
    receipts: Receipts = Receipts()
    delegation: Delegations = Delegations()
    sharing: Sharing = Sharing()


class ExconState(msgspec.Struct, frozen=True):
    """Exercise control's own part of an exercise: an own part like any agency's, and its papers."""

    organisation: Organisation = Organisation()
    log: Log = Log()
    tasks: Tasks = Tasks()
    exercises: Play = Play()
    receipts: Receipts = Receipts()
    injects: Injects = Injects()


class RegisterState(msgspec.Struct, frozen=True):
    """An agency's standing register of units and kit, one for each mode."""

    fleet: Fleet = Fleet()


def may_watch(view: View, actor: Actor) -> Refusal | None:
    """Whether somebody may see this stream at all. Who may not, is not even told that it exists."""
    state: Organisation = view.organisation
    return None if state.opened and is_member(state, actor) else NOT_PARTY


def may_watch_own(view: View, actor: Actor) -> Refusal | None:
    """As ``may_watch``; before it is opened, the stream's name alone says whose it is (``MODELS.agency``)."""
    state: Organisation = view.organisation
    if not state.opened or is_member(state, actor):
        return None
    return NOT_PARTY


def may_watch_excon(view: View, actor: Actor) -> Refusal | None:
    """Exercise control and its evaluators, and nobody else of whatever agency."""
    return may_watch_own(view, actor) if is_system(actor) or is_exercise_control_seat(actor) else NOT_PARTY


def summary(view: View) -> dict[str, Any]:
    """What the list of incidents shows of one. Times are UTC ms."""
    state: Organisation = view.organisation
    return {
        "title": state.title,
        "mode": state.mode,
        "number": state.number,
        "kind": state.kind,
        "lead": state.lead,
        "opened_at": state.opened_at,
        "opened_by": state.opened_by,
        "closed": state.closed,
        "place": state.location.words(),
        "own": state.own,
        "declared": {code: state.parties[code].declared for code in organisation.parties(view)},
        "asked": organisation.asked(state),
    }


CRITICAL: Final = frozenset(
    {"methane.published", "organisation.declared", "exercises.no_duff_called", "delegation.glass_broken"}
)
"""What must not wait to be joined with other news on its way to the rooms."""


def is_critical(record: Record) -> bool:
    """A METHANE, a declaration, NO DUFF and a broken glass are sent the moment they are on the disk."""
    return record.type in CRITICAL


INCIDENT: Final = Model(
    "incident",
    State,
    (
        # Its board hands the lead over with a brief, whose text only the reports can draft.
        replace(organisation.SLICE, boards=(reports.PARTIES,)),
        log.SLICE,
        methane.SLICE,
        messages.SLICE,
        resources.SLICE,
        boundaries.SLICE,
        cover.SLICE,
        casualties.SLICE,
        places.SLICE,
        tasks.SLICE,
        mutual_aid.SLICE,
        alarms.SLICE,
        reports.SLICE,
        receipts.SLICE,
        commanders.SLICE,
        exercises.SLICE,
        comms.SLICE,
        delegation.SLICE,
        sharing.SLICE,
    ),
    permit,
    summary=summary,
    may_watch=may_watch,
    agencies=lambda view: frozenset(organisation.parties(view)),
    critical=is_critical,
    clock=exercises.CLOCK,
    shared=sharing.shared_with,
)

OWN: Final = Model(
    "own",
    OwnState,
    (
        organisation.SLICE,
        log.SLICE,
        tasks.SLICE,
        exercises.SLICE,
        receipts.SLICE,
        delegation.SLICE,
        sharing.SLICE,
    ),
    permit,
    summary=summary,
    may_watch=may_watch_own,
    agencies=lambda view: frozenset({view.organisation.own} - {""}),
    clock=exercises.CLOCK,
    shared=sharing.shared_with,
)

EXCON: Final = Model(
    "excon",
    ExconState,
    (organisation.SLICE, log.SLICE, tasks.SLICE, exercises.SLICE, receipts.SLICE, injects.SLICE),
    permit,
    summary=summary,
    may_watch=may_watch_excon,
    agencies=lambda view: frozenset({view.organisation.own} - {""}),
    clock=exercises.CLOCK,
)

REGISTER: Final = Model(
    "register",
    RegisterState,
    (fleet.SLICE,),
    permit_register,
    # Whose register it is stands in the stream's name: see MODELS.agency.
    agencies=lambda view: frozenset({view.fleet.agency} - {""}),
)


def own_stream(incident: str, agency: str) -> str:
    """An agency's own part of an incident, by the name of the incident's stream; exercise control has its papers."""
    return f"{incident}/excon" if agency == EXERCISE_CONTROL else f"{incident}/own/{agency}"


def glass_broken(
    stream: str, state: Any, agency: str, first: str, second: str, role: str, reason: str, until: int
) -> Any | None:
    """The command that the server gives in its own name in an incident when two persons broke the glass.

    None where that agency has no part, where the incident is closed, and where the stream is no incident. Asked for
    every incident that is open. ``until`` (UTC ms) is the end of that sign-in by the server's clock.
    """
    if not _INCIDENT.fullmatch(stream):
        return None
    return delegation.glass_broken(state, agency, first, second, role, reason, until)


class Streams:
    """What a stream's name means: its rules, its parent, its one agency."""

    def of(self, stream: str) -> Model | None:
        """The rules of a stream, by its name; None when the name is of no known kind."""
        if _INCIDENT.fullmatch(stream):
            return INCIDENT
        if _OWN.fullmatch(stream):
            return OWN
        if _EXCON.fullmatch(stream):
            return EXCON
        if _REGISTER.fullmatch(stream):
            return REGISTER
        return None

    def parent(self, stream: str) -> str | None:
        """The incident whose parties alone may have this stream, or None when it stands alone."""
        found = _OWN.fullmatch(stream) or _EXCON.fullmatch(stream)
        return found[1] if found else None

    def agency(self, stream: str) -> str | None:
        """The one agency a stream belongs to, or None when it is shared."""
        own = _OWN.fullmatch(stream)
        if own:
            return own[2]
        if _EXCON.fullmatch(stream):
            return EXERCISE_CONTROL
        register = _REGISTER.fullmatch(stream)
        return register[1] if register else None

    def acts(
        self, stream: str, view_of: Callable[[str], View | None], now: int, manned: frozenset[str]
    ) -> tuple[Act, ...]:
        """What automation would do now because of this stream. ``manned``: agencies of which a person is here."""
        if not _INCIDENT.fullmatch(stream):
            return ()
        return automation.acts(stream, self.of, view_of, now, manned)


MODELS: Final = Streams()
EVERY_COMMAND: Final = frozenset[str]().union(*(model.commands for model in (INCIDENT, OWN, EXCON, REGISTER)))
"""What a grant can name."""

Importer = Callable[[str, str, str, Charter], tuple[list[tuple[str, str, tuple[Any, ...]]], list[Problem]]]
"""Text, file name, agency ("": the text says) and charter in; out, for each agency, its code, the stream and the
commands in order, and what is wrong with the text."""

IMPORTS: Final[Mapping[str, Importer]] = {"register": fleet.import_table}
"""What can be taken up from a file, by the word of the command line."""

EXERCISES: Final = Drill(MODELS)
"""How the shell opens an exercise from the file of a scenario."""
