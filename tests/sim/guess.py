"""A plausible command of any type, from its fields alone: their names where the field of work gives them a
meaning, their types otherwise. So a new slice is simulated from its first day, before anybody writes a line here.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import msgspec
from msgspec import inspect

from incident.boundaries.facts import Move, Propose, Shape, Wind
from incident.boundaries.wind import with_wedge
from incident.casualties.facts import STAGES, Counts, PickCount
from incident.commanders import Brief
from incident.cover.facts import Ask, Terms
from incident.delegation.facts import EndDelegation
from incident.ground import Reach
from incident.log import author
from incident.organisation.facts import DECLARATIONS
from incident.placing import Near, Placing
from incident.reports.facts import Part
from incident.scenario.facts import Scenario
from incident.statuses import STATUSES
from incident.values import Location
from tests.incident.papers import QUICK

OUTSIDE = ("NWAS", "EEAST", "YAS")
"""Agencies that take part in no run."""

WORDS = (
    "coach on its side",
    "two lanes closed",
    "smoke drifts south",
    "access by the slip road only",
    "relief at 23:00",
    "cafés closed – Straße gesperrt",
    "wind 12 kt NW",
    "second tanker reported",
)
PLACES = (
    Location("Colnbrook by-pass", "TQ 0227 7759", 51.487, -0.530),
    Location("A4 lay-by", "TQ 0402 7829", 51.494, -0.503, confirmed=True),
    Location("M4 J4b"),
    Location("verge", "", 51.49, -0.51, direction="westbound"),
)
HOSPITALS = ("WEXHAM", "HILLINGDON", "STMARYS", "EALING")
COLLEAGUES = ("Ann", "Bob", "Cy", "Dee", "Eve", "Gus", "Hal", "Ann Lee")
MINUTE = 60_000


@cache
def _shape(cls: type) -> inspect.StructType:
    info = inspect.type_info(cls)
    assert isinstance(info, inspect.StructType)
    return info


class GivenUp(Exception):
    """Nothing in what this author sees fits the field, so this is no moment for such a command."""


class Guess:
    """Makes values for one author at one moment."""

    def __init__(
        self,
        rng: random.Random,
        view: Any,
        agency: str,
        stream: str,
        now: int,
        agencies: Sequence[str],
        careless: float = 0.0,
    ) -> None:
        self.rng = rng
        self.view = view
        self.agency = agency
        self.stream = stream
        self.now = now
        self.agencies = agencies
        self.careless = careless
        """How often a thing is named that is not there."""

    def command(self, cls: type) -> Any:
        """One command of this type.

        Raises:
            GivenUp: no thing it could be about is in sight.
        """
        return self._struct(cls, cls.__name__)

    def _struct(self, cls: type, owner: str) -> Any:
        whole: Callable[[], Any] | None = getattr(self, f"_whole_{owner.lower()}", None)
        return self._plain(cls) if whole is None else whole()

    def _plain(self, cls: type) -> Any:
        """A struct from its fields alone."""
        owner = cls.__name__
        info = _shape(cls)
        values: dict[str, Any] = {}
        for one in info.fields:
            if not one.required and self.rng.random() < 0.4:
                continue
            values[one.name] = self._field(owner, one.name, one.type)
        return msgspec.convert(values, cls)

    def _field(self, owner: str, name: str, kind: inspect.Type) -> Any:
        known: Callable[[], Any] | None = getattr(self, f"_{owner.lower()}_{name}", None) or getattr(
            self, f"_{name}", None
        )
        return self._of(kind, owner, name) if known is None else known()

    # -- by type ------------------------------------------------------------------------------------------------

    def _of(self, kind: inspect.Type, owner: str, name: str) -> Any:
        rng = self.rng
        match kind:
            case inspect.StrType():
                fit = [
                    word[: kind.max_length] for word in (*WORDS, " ") if re.search(kind.pattern or "", word)
                ]
                if not fit:
                    raise AssertionError(
                        f"tests/sim/guess.py must learn what {owner}.{name} is: {kind.pattern}"
                    )
                return fit[-1] if self._slip() else rng.choice(fit)
            case inspect.IntType():
                low, high = kind.ge or 0, kind.le or 1_000
                return rng.choice(
                    (self.now + rng.randint(-30, 60) * MINUTE, rng.randint(low, min(high, low + 50)))
                )
            case inspect.FloatType():
                low, high = kind.ge or 0.0, kind.le or 1_000.0
                return round(rng.uniform(low, high), 1)
            case inspect.BoolType():
                return rng.random() < 0.5
            case inspect.LiteralType():
                return rng.choice(kind.values)
            case inspect.UnionType():
                return self._of(rng.choice(kind.types), owner, name)
            case inspect.NoneType():
                return None
            case inspect.VarTupleType() | inspect.ListType():
                low = kind.min_length or 0
                high = min(kind.max_length or 4, low + 3)
                return tuple(
                    self._field(owner, f"each_{name}", kind.item_type) for _ in range(rng.randint(low, high))
                )
            case inspect.TupleType():
                return tuple(self._field(owner, f"each_{name}", item) for item in kind.item_types)
            case inspect.StructType():
                return self._struct(kind.cls, kind.cls.__name__)
            case _:
                raise AssertionError(f"tests/sim/guess.py must learn to make a {type(kind).__name__}")

    # -- exercise control ------------------------------------------------------------------------------------------

    def _loadscenario_scenario(self) -> Scenario:
        twice = msgspec.structs.replace(QUICK, injects=QUICK.injects[:1] * 2)
        other = msgspec.structs.replace(QUICK, id="other", injects=QUICK.injects[1:])
        return twice if self._slip() else self.rng.choice((QUICK, QUICK, other))

    def _inject(self) -> int:
        return int(self._one(self._rows("injects"), "77"))

    def _objective(self) -> str:
        return "rpv" if self._slip() else self.rng.choice(("", "rvp"))

    # -- by name --------------------------------------------------------------------------------------------------

    def _slip(self) -> bool:
        return self.rng.random() < self.careless

    def _one(self, things: Sequence[Any], absent: str = "00000000-0000-7000-8000-000000000000") -> Any:
        if self._slip():
            return absent
        if not things:
            raise GivenUp
        return self.rng.choice(things)

    def _rows(self, slice_name: str, field: str = "rows") -> list[str]:
        return list(getattr(getattr(self.view, slice_name, None), field, {}))

    def _agency(self) -> str:
        organisation = getattr(self.view, "organisation", None)
        parties = list(organisation.parties) if organisation is not None else []
        likely = self.rng.random()
        if likely < 0.4 or not parties:
            return self.agency
        return self.rng.choice(parties if likely < 0.95 else self.agencies)

    _to = _suggested = _each_supporting = _each_members = _agency

    def _share_agency(self) -> str:
        if self._slip():
            return self.rng.choice(("EXCON", "NOBODY9", self.agency))
        parties = list(self.view.organisation.parties)
        return self.rng.choice((*OUTSIDE, "EXCON", *(self.rng.choices(parties, k=12) if parties else ())))

    def _share_minutes(self) -> int:
        return self.rng.choice((1, 2, 5, 60))

    def _end_agency(self) -> str:
        return str(self._one(self._rows("sharing", "agreements"), "NOBODY9"))

    _runout_agency = _end_agency

    def _runout_version(self) -> str:
        return str(self._one([one.version for one in self.view.sharing.agreements.values()]))

    def _each_agencies(self) -> str:
        return self.rng.choice(self.agencies)

    def _task(self) -> str:
        return str(self._one(self._rows("tasks")))

    def _amend_depends_on(self) -> tuple[str, ...]:
        return (self._task(),)

    _each_depends_on = _task

    def _message(self) -> str:
        return str(self._one(self._rows("messages")))

    def _reply_to(self) -> str:
        return self._message() if self._rows("messages") else ""

    def _feature(self) -> str:
        return str(self._one(self._rows("boundaries")))

    def _decision(self) -> str:
        return str(self._one(self._rows("log", "decisions")))

    def _unit(self) -> str:
        return str(self._one([*self._rows("resources", "units"), *self._rows("fleet", "units")], "LAS/Z999"))

    def _commitment_unit(self) -> str:
        return f"{self.agency}/{self._callsign()}"

    def _offer(self) -> str:
        return str(self._one([offer.id for offer in self.view.organisation.lead_offers]))

    def _version(self) -> str:
        return str(self._one([sighting.version for sighting in self.view.organisation.sightings]))

    def _seq(self) -> int:
        written = [seq for seq in range(1, 80) if author(self.view.log, seq) == self.agency]
        return self.rng.choice(written) if written and self.rng.random() < 0.8 else self.rng.randint(1, 60)

    def _status(self) -> str:
        return "QQQ" if self._slip() else self.rng.choice(list(STATUSES))

    def _entry_kind(self) -> str:
        return "SLEIGH" if self._slip() else self.rng.choice(("DCA", "RRV", "HART"))

    _commitment_kind = _entry_kind

    def _callsign(self) -> str:
        return f"A{self.rng.randint(101, 106)}"

    def _each_capabilities(self) -> str:
        return self.rng.choice(("bariatric", "hart", "als"))

    def _state(self) -> str:
        return self.rng.choice(DECLARATIONS)

    def _outcome(self) -> str:
        return self.rng.choice(("stands", "replaced", "ended"))

    def _open_kind(self) -> str:
        return self.rng.choice(("incident", "standby", "planned_event"))

    _changekind_kind = _open_kind

    def _mode(self) -> str:
        return "live" if self._slip() else "exercise"

    def _incident(self) -> str:
        return self.stream.split("/")[1] if self.stream.startswith("incident/") else self._nothing()

    def _takerole_role(self) -> str:
        return "" if self._slip() else self.rng.choice(("tactical", "operational", "room", "sector"))

    def _takerole_agency(self) -> str:
        return self.agency if self.rng.random() < 0.9 else self._agency()

    _handover_agency = _giveuprole_agency = _namedeputy_agency = _handoverdesk_agency = _takerole_agency
    _testchannel_agency = _giveroom_agency = _takerole_agency

    def _handover_role(self) -> str:
        held = [
            post.role
            for post in self.view.commanders.posts.values()
            if post.holder and post.agency == self.agency and not post.label
        ]
        return self.rng.choice(held) if held and self.rng.random() < 0.7 else self._takerole_role()

    _giveuprole_role = _namedeputy_role = _handover_role

    def _takerole_label(self) -> str:
        return self.rng.choice(("", "", "", "north"))

    _handover_label = _giveuprole_label = _namedeputy_label = _takerole_label

    def _delegate_agency(self) -> str:
        return self._agency() if self._slip() else self.agency

    _recordglass_agency = _agency

    def _delegate_role(self) -> str:
        return (
            self.rng.choice(("excon", "system")) if self._slip() else self.rng.choice(("loggist", "operator"))
        )

    _recordglass_role = _delegate_role

    def _delegate_to(self) -> str:
        return "virtual/LAS" if self._slip() else self.rng.choice(COLLEAGUES)

    def _delegate_until(self) -> int:
        return self.now + self.rng.choice((-1, 5, 60, 600, 721)) * MINUTE

    _recordglass_until = _delegate_until

    def _whole_enddelegation(self) -> EndDelegation:
        every = list(self.view.delegation.lent.values())
        lent = self._one([one for one in every if one.agency == self.agency] or every)
        if isinstance(lent, str):
            return EndDelegation(self._delegate_agency(), "Ann", "loggist")
        return EndDelegation(lent.agency, lent.to, lent.role, self.rng.choice(WORDS))

    def _reportunanswered_agency(self) -> str:
        return self.rng.choice(("", "", self._agency()))

    def _reportunanswered_channel(self) -> str:
        return "" if self.rng.random() < 0.6 else self._channel()

    def _addchannel_name(self) -> str:
        return self.rng.choice(("SHARER-4", "sharer-4", "Tactical call"))

    def _channel(self) -> str:
        return str(self._one(self._rows("comms", "channels")))

    def _handover_brief(self) -> Brief:
        return self.rng.choice((Brief(), Brief(information="two coaches", risk="fuel on the road")))

    def _number(self) -> str:
        return f"{self.agency}-2611-{self.rng.randint(1, 99):02}"

    def _location(self) -> Location:
        return Location() if self._slip() else self.rng.choice(PLACES)

    _shape_place = _location

    def _trust(self) -> str:
        return self.rng.choice(("", self.agency))

    def _placing(self) -> Placing | None:
        charter = getattr(getattr(self.view, "organisation", None), "charter", None)
        areas = "" if self._slip() or charter is None else charter.areas_digest
        near = (Near("LAS", 600), Near("SECAMB", 2_800))
        return self.rng.choice((None, Placing("border", areas, "SCAS", near, 3_000, indicative=True)))

    def _shape_polygon(self) -> tuple[tuple[float, float], ...]:
        if self._slip():
            return ((51.0, -0.5), (51.1, -0.4), (51.1, -0.5), (51.0, -0.4))
        ring = ((51.0, -0.5), (51.02, -0.5), (51.03, -0.48), (51.02, -0.46), (51.0, -0.46))
        return ring[: self.rng.choice((0, 3, 5))]

    def _shape_wind(self) -> Wind | None:
        """Most things have none, and one without a wind is none."""
        return self.rng.choice((None, None, None, Wind(225, 30, 2_000.0)))

    def _whole_propose(self) -> Propose:
        proposal: Propose = self._plain(Propose)
        if self._slip():
            wind = Shape(PLACES[0], wind=Wind(225))
            return msgspec.structs.replace(
                proposal, kind=self.rng.choice(("wind", "rvp")), shape=wind, scheme=""
            )
        if proposal.kind != "wind":
            return proposal
        wedge = Shape(PLACES[0], wind=Wind(self.rng.randrange(360), 30, 2_000.0))
        return msgspec.structs.replace(proposal, shape=with_wedge(wedge), scheme="")

    def _whole_move(self) -> Move:
        """Now and then our own, to where it lies already: by then what it reaches may be known."""
        move: Move = self._plain(Move)
        rows = self.view.boundaries.rows.values()
        ours = [row for row in rows if row.owner == self.agency and row.withdrawn_at is None]
        if not ours or self.rng.random() < 0.5:
            return move
        row, reach = self.rng.choice(ours), self._reach() or self._reach()
        if reach is not None:
            reach = msgspec.structs.replace(reach, radius_m=self.rng.randrange(1_000, 2_000))
        return msgspec.structs.replace(move, feature=row.id, shape=row.shape, reach=reach)

    def _reach(self) -> Reach | None:
        charter = getattr(getattr(self.view, "organisation", None), "charter", None)
        areas = "" if self._slip() or charter is None else charter.areas_digest
        near = (Near("SCAS", 0), Near("LAS", 0), Near("SECAMB", 2_800))
        return self.rng.choice((None, Reach(areas, ("SCAS", "LAS"), near, 1_200, 3_000, indicative=True)))

    # -- cover ------------------------------------------------------------------------------------------------------

    def _cover(self) -> str:
        return str(self._one(self._rows("cover")))

    def _ask_by(self) -> str:
        odd = self._slip() or self.rng.random() < 0.1
        return self.rng.choice(("NACC", "EXCON", "NOBODY9", self.agency)) if odd else self._agency()

    _offer_covered = _ask_by

    def _whole_ask(self) -> Ask:
        """Mostly as its fields say; of the mistakes, often one of time alone."""
        if not self._slip():
            return self._plain(Ask)  # type: ignore[no-any-return]
        begins = self.now + self.rng.choice((-30, -30, 49)) * 60 * MINUTE
        others = [code for code in self.view.organisation.parties if code != self.agency]
        terms = Terms("Iver", Shape(PLACES[0]), begins, 60, "the road is shut")
        return Ask(str(self._one(others)), terms)

    def _terms_begins(self) -> int:
        return self.now + self.rng.choice((0, 0, 10)) * MINUTE

    def _terms_minutes(self) -> int:
        return self.rng.choice((1, 3, 60, 240))

    def _tellandoffer_to(self) -> str:
        return self.rng.choice(("", "", self._agency()))

    def _total(self) -> int:
        return self.rng.randint(0, 60)

    _p1 = _p2 = _p3 = _dead = _untriaged = _total

    def _places(self) -> tuple[str, ...]:
        return ("NOWHERE",) if self._slip() else tuple(self.rng.sample(HOSPITALS, self.rng.randint(1, 3)))

    def _receiving(self) -> str:
        there = self._rows("places")
        return (
            str(self.rng.choice(there)) if there and self.rng.random() < 0.8 else self.rng.choice(HOSPITALS)
        )

    _declarecapacity_place = _allocate_place = _convey_place = _arrive_place = _receiving
    _cancelallocation_place = _receiving

    def _allocate_count(self) -> int:
        return self.rng.randint(1, 6)

    def _declarecapacity_p1(self) -> int | None:
        return None if self._slip() else self.rng.randint(0, 8)

    _declarecapacity_p2 = _declarecapacity_p3 = _declarecapacity_p1

    def _hold(self) -> str:
        rows = getattr(getattr(self.view, "places", None), "rows", {}).values()
        return str(self._one([hold for row in rows for hold in row.holds]))

    def _count_counts(self) -> Counts:
        return Counts() if self.rng.random() < 0.15 else self._struct(Counts, "Counts")  # type: ignore[no-any-return]

    def _altogether(self) -> int:
        return self.rng.randint(0, 48)

    def _count_stage(self) -> str:
        wrong = self.careless and self.rng.random() < 0.5
        return "total" if wrong else self.rng.choice(("at_scene", "at_scene", "at_hospital", *STAGES))

    def _count_place(self) -> str:
        return self.rng.choice(("", "", "", "WEXHAM", "wexham ", "sector A"))

    def _whole_pickcount(self) -> PickCount:
        slot = self._one(list(self.view.casualties.slots.values()))
        if isinstance(slot, str):
            raise GivenUp
        gone = not self._slip() and self._one([one.version for one in slot.latest.values()])
        stage = "discharged" if self._slip() else slot.stage
        return PickCount(stage, str(gone or self._nothing()), slot.place)

    def _nothing(self) -> str:
        return f"00000000-0000-7000-8000-{self.rng.getrandbits(48):012x}"

    # -- reports ----------------------------------------------------------------------------------------------------

    def _part_name(self) -> str:
        return self.rng.choice(("situation", "risks", "aid", "intent", "risk", "communications"))

    def _sign_parts(self) -> tuple[Part, ...]:
        parts = tuple(Part(self._part_name(), self.rng.choice(WORDS)) for _ in range(self.rng.randint(1, 3)))
        return self.rng.choice((parts[:1] * 2, (Part("risk", " "),))) if self._slip() else parts

    def _placing_state(self) -> str:
        return self.rng.choice(("inside", "border"))

    def _placing_trust(self) -> str:
        return self.rng.choice(self.agencies)

    _near_agency = _placing_trust

    # -- mutual aid -----------------------------------------------------------------------------------------------

    def _request(self) -> str:
        return str(self._one(self._rows("mutual_aid")))

    def _aided(self) -> str:
        """A unit that is sent on some request; most commands about it then name another."""
        rows = getattr(getattr(self.view, "mutual_aid", None), "rows", {})
        return str(self._one([key for request in rows.values() for key in request.units], "LAS/Z999"))

    _mobilise_each_units = _reachrvp_each_units = _takeunits_each_units = _requestrecall_each_units = _aided
    _agreerecall_each_units = _releaseunits_each_units = _bringhome_each_units = _aided

    def _raise_lender(self) -> str:
        return "NACC" if self.rng.random() < 0.2 else self._agency()

    _raiseinviting_lender = _raise_lender
    _lender = _each_next = _each_transit = _agency
    _line_kind = _counter_kind = _floor_kind = _sent_kind = _entry_kind
    _sent_unit = _commitment_unit

    def _line(self) -> int:
        return 9 if self._slip() else self.rng.choice((0, 0, 1))

    _minutes = _eta_from = _eta_to = _answer_minutes = _expected_minutes = _line

    def _quantity(self) -> int:
        return self.rng.randint(1, 3)

    _count = _accepted = _reap = _methane = _quantity

    def _subjects(self) -> tuple[str, ...]:
        found = [f"{name}/{key}" for name in ("tasks", "boundaries", "messages") for key in self._rows(name)]
        return tuple({self._one(found): None for _ in range(self.rng.randint(1, 3))})
