"""A small world for the screens: real records folded by real models, behind a session that has no line and no disk.

`World` is the server's side: histories written through the rules. `FakeSession` is a seat: real replicas of those
histories, the real log, the real Look; what is submitted goes into the replica and waits with its state word
until `confirm` (or `refuse`) answers for the server. Time stands still until `later`.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest

from incident.boundaries import facts as b
from incident.casualties import facts as k
from incident.commanders import facts as c
from incident.fleet import facts as g
from incident.kernel.board import Look
from incident.kernel.protocol import Accepted, Done, Listing, Records, Refused
from incident.kernel.receipts import Acknowledge, Deliver, See
from incident.kernel.record import genesis
from incident.kernel.replica import Card, LinkWord, Replica
from incident.kernel.slice import Actor, Refusal
from incident.log import facts as n
from incident.methane import facts as m
from incident.organisation import facts as o
from incident.resources import facts as f
from incident.state import INCIDENT, MODELS, OWN, REGISTER, own_stream
from incident.tasks import facts as t
from incident.values import Location
from incident_tui.app import IncidentApp
from incident_tui.cache import CardItem
from incident_tui.feed import LogFeed
from incident_tui.ids import Ids
from incident_tui.link import LinkState
from incident_tui.looking import look_of, shown
from incident_tui.placer import Placer
from incident_tui.settings import Settings
from incident_tui.watched import Watched
from tests.incident.given import INCIDENT_STREAM, MINUTE, OWN_STREAM, REGISTER_STREAM, T0, Given, cid, opened

SECOND = 1_000
UNITS = (
    ("A101", "DCA", "SCN"), ("A102", "DCA", "SCN"), ("A103", "DCA", "MOB"), ("A104", "DCA", "LFT"),
    ("A105", "DCA", "HOS"), ("R301", "RRV", "SCN"), ("H101", "HART", "SCN"), ("O201", "OFF", "SCN"),
)  # fmt: skip
SPARE = (("A106", "DCA", "AVB"), ("A107", "DCA", "AVB"), ("A108", "DCA", "BRK"), ("R302", "RRV", "AVS"))
THEIRS = (("A204", "DCA", "SCN"), ("A205", "DCA", "MOB"), ("H01", "HART", "MOB"))
STEPS = {
    "SCN": ("MOB", "SCN"),
    "MOB": ("MOB",),
    "LFT": ("MOB", "SCN", "LFT"),
    "HOS": ("MOB", "SCN", "LFT", "HOS"),
}


def local_time_is_utc() -> None:
    """Clocks on the screens must not depend on where the tests run."""
    os.environ["TZ"] = "UTC"
    if hasattr(time, "tzset"):
        time.tzset()


def busy_incident() -> Given:
    """The coach on the M25, forty minutes in: three trusts, units, boundaries, tasks and a log."""
    world = opened("SCAS", "SECAMB")
    world.did(o.Invite(("LFB",)))
    world.later(2).by("LAS", "tactical_commander").did(o.Declare("LAS", "declared"))
    world.later(4).by("SCAS").did(o.Declare("SCAS", "standby"))
    world.by("LAS").did(o.OfferLead("SCAS", "the scene lies in their area"))
    world.later(1).by("SCAS", "tactical_commander").did(o.AcceptLead(world.view.organisation.lead_offer.id))
    _units(world, "LAS", UNITS)
    _units(world, "SCAS", THEIRS)
    _ground(world)
    _tasks(world)
    _reports(world)
    _log(world)
    return world.by("LAS")


def _units(world: Given, home: str, units: tuple[tuple[str, str, str], ...]) -> None:
    since = world.now - 30 * MINUTE
    station = {"LAS": "Hillingdon", "SCAS": "Slough"}[home]
    commitments = tuple(
        f.Commitment(f"{home}/{callsign}", kind, "AVB", since, ("paramedic",), station)
        for callsign, kind, _ in units
    )
    world.later(1).by(home).did(f.Commit(commitments, "nearest"))
    for callsign, _, status in units:
        for step in STEPS[status]:
            world.did(f.SetStatus(f"{home}/{callsign}", step))
            world.now += 20 * SECOND


def _ground(world: Given) -> None:
    def shape(words: str, grid: str, radius: float | None = None) -> b.Shape:
        return b.Shape(Location(words, grid), radius)

    world.later(1).by("SCAS").did(b.Propose("rvp", shape("Colnbrook west", "TQ 0227 7759")))
    world.by("LAS").did(b.Propose("rvp", shape("Colnbrook by-pass", "TQ 0240 7770")))
    rvp = world.last
    world.later(1).by("SCAS").did(b.Agree(rvp))
    world.by("LAS").did(b.Propose("inner_cordon", shape("scene", "TQ 0402 7829", 500.0)))
    cordon = world.last
    for agency in ("SCAS", "SECAMB"):
        world.by(agency).did(b.Agree(cordon))
    due = world.now + 20 * MINUTE
    world.by("SCAS").did(b.Propose("ccp", shape("hard shoulder", "TQ 0400 7826"), review_due=due))


def _tasks(world: Given) -> None:
    world.later(1).by("LAS").did(
        t.Raise("Open RVP B", "SCAS", priority="immediate", due=world.now + 5 * MINUTE)
    )
    task = world.last
    world.by("SCAS").did(See(sent_to("SCAS", world, task)))
    world.by("SCAS").did(t.Accept(task))
    world.later(1).by("SCAS").did(
        t.Raise("Two buses for P3, first at RVP B", "LAS", due=world.now + 25 * MINUTE)
    )
    world.by("SCAS").did(t.Raise("Close slip road at J4b", "SECAMB", priority="urgent"))
    world.by("LAS").did(t.Raise("Relief for HART by 16:00", "SECAMB", due=world.now + 90 * MINUTE))


def _reports(world: Given) -> None:
    """METHANE in two versions, casualties at three stages, and who commands."""
    first = m.Report(
        Location("M25 J15 northbound", "TQ 0402 7829", 51.494, -0.503),
        "rtc",
        "coach and HGV",
        (m.Hazard("fuel", "present"),),
        rvp="RVP B, Colnbrook by-pass",
        total=40,
        present=(m.Service("LAS"), m.Service("SCAS")),
        required=(m.Service("LFB"),),
    )
    world.later(1).by("LAS").did(m.Publish(first))
    world.later(5)
    hazards = (m.Hazard("fuel", "present"), m.Hazard("fire", "suspected"))
    second = msgspec.structs.replace(
        first,
        location=msgspec.structs.replace(first.location, confirmed=True),
        hazards=hazards,
        total=48,
        p1=6,
        p2=14,
        p3=26,
        dead=2,
    )
    world.did(m.Publish(second))
    world.by("SCAS").did(See((m.subject(world.view.methane.versions[-1]),)))
    world.by("SECAMB").did(Deliver((m.subject(world.view.methane.versions[-1]),)))
    for agency, role, name in (
        ("LAS", "tactical", "R Okafor"),
        ("LAS", "operational", "J Smith"),
        ("LAS", "room", "P Lee"),
    ):
        world.by(agency).did(c.TakeRole(agency, role, name))
    world.by("LAS").did(k.Count("total", k.Counts(6, 14, 26, 2)))
    world.did(k.Count("at_scene", k.Counts(3, 9, 17, 2), counted=True))
    world.did(k.Count("en_route", k.Counts(2, 3, 4)))
    world.did(k.Count("at_hospital", k.Counts(1, 2, 3)))
    world.later(2).did(
        n.Decide("P3 by bus to Hillingdon UTC", "frees four DCA", review_at=world.now + 30 * MINUTE)
    )


def sent_to(agency: str, world: Given, thing: str = "") -> tuple[str, ...]:
    """The subjects that ask this agency for a receipt now, of one thing or of all."""
    return tuple(subject for subject in INCIDENT.addressed(world.view, agency) if thing in subject)


def _log(world: Given) -> None:
    entries = (
        ("LAS", "999 calls report a coach and an HGV, northbound"),
        ("SCAS", "fuel spill across three lanes, no fire seen"),
        ("SECAMB", "offers 2 ambulances, at RVP B in 18 to 25 min"),
        ("LAS", "LFB has not answered two calls"),
    )
    for agency, text in entries:
        world.later(0.5).by(agency).did(n.Write(text))
    world.by("LAS", "tactical_commander").did(
        n.Decide("P3 by bus to Hillingdon", "frees four ambulances", review_at=world.now + 15 * MINUTE)
    )
    world.later(0.5).by("SCAS").did(
        n.Write("second coach confirmed empty"), happened_at=world.now - 9 * MINUTE
    )


def own_part() -> Given:
    """LAS's own part: its own log and a task of its own."""
    world = Given(OWN, OWN_STREAM, now=T0 + 10 * MINUTE).by("LAS").did(o.OpenOwn())
    world.did(n.Write("relief crews asked for at Waterloo"))
    return world.did(t.Raise("Call in the night shift", "LAS", due=world.now + 40 * MINUTE))


def register() -> Given:
    """The register of LAS: what is committed, and what could be."""
    world = (
        Given(REGISTER, REGISTER_STREAM, now=T0 - 60 * MINUTE).system().did(g.OpenRegister("exercise", "LAS"))
    )
    entries = tuple(
        g.Entry(callsign, kind, ("paramedic",), "Hillingdon", status)
        for callsign, kind, status in (*UNITS, *SPARE)
    )
    return world.by("LAS").did(g.EnterUnits(entries))


class FakeSession:
    """A seat of LAS that needs no server. `live` histories are what the server would have."""

    def __init__(
        self,
        *,
        me: Actor | None = None,
        opened_one: bool = True,
        more: Mapping[str, Given] | None = None,
    ) -> None:
        self.home = Path("/nowhere")
        self.url = "wss://nowhere/"
        self.sitting: Any = None
        self.papers = Path("/nowhere/papers")
        self.me = me or Actor("EOC desk 2", "LAS", "operator")
        self.world = {INCIDENT_STREAM: busy_incident()}
        if self.me.agency == "LAS":
            self.world |= {OWN_STREAM: own_part(), REGISTER_STREAM: register()}
        self.world |= more or {}
        self.charter = self.world[INCIDENT_STREAM].charter
        self.server_name, self.mode = "demo server", "exercise"
        self.at = max(given.now for given in self.world.values()) + 30 * SECOND
        self.version = 0
        self.stream = INCIDENT_STREAM if opened_one else ""
        self.notices: deque[tuple[str, str]] = deque()
        self.closings = 0
        self.present: dict[str, tuple[str, ...]] = {"LAS": ("EOC desk 2",), "SCAS": ("EOC",)}
        self.state = LinkState(LinkWord.LIVE, rtt_ms=12, since_ms=T0)
        self.disk_trouble = ""
        self.drafts: dict[str, str] = {}
        self.views: dict[str, str] = {}
        self.cards: tuple[CardItem, ...] = ()
        self.submitted: list[tuple[str, Any, dict[str, Any]]] = []
        self.seen: list[str] = []
        self.confirmed: dict[str, int] = {}
        self.entered: list[str] = []
        self.placer = with_areas(Placer(None, lambda *told: self.notices.append(told)))
        self._ids = Ids(lambda: self.at)
        self.held = {stream: self._watched(stream, given) for stream, given in self.world.items()}
        self.feed = LogFeed((), lambda *_: False, lambda: 0)
        if opened_one:
            self.feed = self._feed()

    def _watched(self, stream: str, given: Given) -> Watched:
        replica = Replica(given.model, stream, self.me, self.charter)
        replica.receive(Records(stream=stream, prev=genesis(stream), records=list(given.records)))
        replica.caught_up()
        watched = Watched(replica)
        watched.live = True
        return watched

    def _feed(self) -> LogFeed:
        ours = (INCIDENT_STREAM, own_stream(INCIDENT_STREAM, self.me.agency))
        strands = [self.held[stream].replica for stream in ours if stream in self.held]
        feed = LogFeed(strands, lambda *_: False, lambda: self.version)
        parts = shown(self.held, INCIDENT_STREAM, self.me, self.at)
        feed.shows({MODELS.agency(name) or "": watched.replica for name, watched in parts.items()})
        for stream in (*ours, *parts):
            if stream in self.held:
                feed.add_older(stream, self.world[stream].records, "")
        return feed

    # -- what the screens ask --

    def look(self) -> Look:
        names = self.placer.gazetteer
        made = look_of(
            self.held, self.stream, self.me, self.charter, self.at, self.incidents, self.present, names
        )
        return replace(made, clock=_clock, offset_minutes=0)

    def now(self) -> int:
        return self.at

    @property
    def incidents(self) -> tuple[Listing, ...]:
        here = {stream: given for stream, given in self.world.items() if given.model is INCIDENT}
        return tuple(
            Listing(stream, len(given.records), given.model.summary(given.view))
            for stream, given in here.items()
        )

    @property
    def link(self) -> LinkState:
        head = self.held[self.stream].replica.cursor if self.stream else 0
        return replace(self.state, head=head)

    @property
    def unsent(self) -> int:
        return sum(len(watched.replica.pending) for watched in self.held.values())

    def log(self) -> LogFeed:
        return self.feed

    def draft(self, name: str) -> str:
        return self.drafts.get(name, "")

    def keep_draft(self, name: str, text: str) -> None:
        self.drafts[name] = text
        if not text:
            del self.drafts[name]

    def view_state(self, name: str) -> str:
        return self.views.get(name, "")

    def keep_view_state(self, name: str, text: str) -> None:
        self.views[name] = text

    def lately(self, seconds: float = 10.0) -> dict[str, int]:
        return dict(self.confirmed)

    def say(self, severity: str, sentence: str) -> None:
        self.notices.append((severity, sentence))
        self.touch()

    def touch(self) -> None:
        self.version += 1

    def see(self, subjects: list[str], *, stream: str = "") -> None:
        self.seen += subjects

    def acknowledge(self, subjects: list[str], *, stream: str = "") -> Refusal | str:
        return self.submit(Acknowledge(tuple(subjects)), stream=stream)

    def clear_card(self, command_id: str) -> None:
        self.cards = tuple(card for card in self.cards if card.command_id != command_id)
        self.touch()

    async def open_incident(self, stream: str) -> None:
        self.entered.append(stream)
        self.stream, self.feed = stream, self._feed()
        self.touch()

    async def run(self) -> None:
        await asyncio.Event().wait()

    async def open(self) -> None: ...

    async def close(self) -> None: ...

    # -- writing --

    def preview(
        self, command: Any, *, stream: str = "", happened_at: int | None = None, on_behalf_of: str = ""
    ) -> Refusal | None:
        stream = stream or self.stream
        frame = self.world[stream].submit(
            command, happened_at=happened_at, written_at=self.at, on_behalf_of=on_behalf_of
        )
        return self.held[stream].replica.preview(_with_id(frame, self._ids.new()))

    def submit(
        self,
        command: Any,
        *,
        stream: str = "",
        happened_at: int | None = None,
        on_behalf_of: str = "",
        **_: Any,
    ) -> Refusal | str:
        stream = stream or self.stream
        envelope = {"happened_at": happened_at, "on_behalf_of": on_behalf_of}
        self.submitted.append((stream, command, envelope))
        watched = self.held[stream]
        given = self.world[stream]
        frame = given.submit(command, happened_at=happened_at, written_at=self.at, on_behalf_of=on_behalf_of)
        frame = _with_id(frame, self._ids.new())
        answer = watched.replica.submit(frame)
        self.touch()
        return answer if isinstance(answer, Refusal) else frame.command_id

    def kept(self) -> None:
        """The disk has what was written: SAVING becomes QUEUED, or is sent when the line is up."""
        for watched in self.held.values():
            for command_id in list(watched.replica.pending):
                watched.replica.kept(command_id)
        self.touch()

    def confirm(self) -> None:
        """The server takes everything that waits."""
        for stream, watched in self.held.items():
            given = self.world[stream].by(self.me.agency, self.me.role, self.me.name)
            given.now = self.at
            for command_id, entry in list(watched.replica.pending.items()):
                before = len(given.records)
                for part, event in enumerate(given._ask(entry.submit).events):
                    given._record(entry.submit, event, part)
                prev = given.records[before - 1].hash
                watched.replica.receive(Records(stream=stream, prev=prev, records=given.records[before:]))
                done = Done(command_id, before + 1, len(given.records))
                watched.replica.accepted(Accepted(stream=stream, done=[done]))
                self.confirmed[command_id] = before + 1
                self.feed.add(stream, given.records[before:])
        self.touch()

    def refuse(self, sentence: str, **facts: str) -> None:
        """The server says no to everything that waits."""
        for stream, watched in self.held.items():
            for command_id in list(watched.replica.pending):
                frame = Refused(
                    stream=stream,
                    command_id=command_id,
                    code="claim_held",
                    sentence=sentence,
                    facts=facts,
                    conflict=True,
                )
                for effect in watched.replica.refused(frame):
                    if isinstance(effect, Card):
                        words = effect.submit.type.partition(".")[2].replace("_", " ").capitalize()
                        self.cards += (
                            CardItem(effect.submit, effect.refusal, self.at, words, effect.dependants),
                        )
        self.touch()

    def happens(
        self,
        agency: str,
        command: Any,
        role: str = "operator",
        stream: str = INCIDENT_STREAM,
        name: str = "Sam",
        having_seen: Any = None,
    ) -> str:
        """Another room does something, and it arrives here. ``having_seen``: it had seen no more than at this mark."""
        given = self.world[stream].by(agency, role, name).having_seen(having_seen)
        given.now = self.at
        before = len(given.records)
        given.did(command)
        prev = given.records[before - 1].hash
        self.held[stream].replica.receive(Records(stream=stream, prev=prev, records=given.records[before:]))
        self.feed.add(stream, given.records[before:])
        self.touch()
        return given.last

    def cut(self) -> None:
        """The line is gone."""
        for watched in self.held.values():
            watched.replica.link_lost()
        self.state = LinkState(
            LinkWord.ISLAND, since_ms=self.at, retry_in_s=4.0, sentence="The server does not answer."
        )
        self.touch()

    def later(self, seconds: float) -> None:
        self.at += int(seconds * SECOND)


@cache
def placer() -> Placer:
    """What a desk computes of places, with the areas read."""
    made = Placer(None, lambda _severity, _sentence: None)
    made._load()
    return made


def with_areas(made: Placer) -> Placer:
    """The areas are there from the start: in here no map appears a moment later."""
    warm = placer()
    made._areas, made.speeds, made.loaded = warm._areas, warm.speeds, True
    return made


def _with_id(frame: Any, command_id: str) -> Any:
    return msgspec.structs.replace(frame, command_id=command_id)


def _clock(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%H:%M")


def app_of(session: Any = None, **settings: Any) -> IncidentApp:
    """The real app on a made-up seat."""
    made = Settings(**{"ascii": "never", "bell": False, **settings})
    return IncidentApp(session or FakeSession(), made)


def text_of(app: IncidentApp) -> list[str]:
    """What stands on the screen, line by line."""
    return [strip.text.rstrip() for strip in app.screen._compositor.render_strips()]


@pytest.fixture(autouse=True)
def _utc() -> None:
    local_time_is_utc()


__all__ = ["FakeSession", "app_of", "busy_incident", "cid", "local_time_is_utc", "text_of"]
