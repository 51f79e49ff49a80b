"""One seed: a server, some control rooms, an hour of bad luck in two minutes, then calm, and the reckoning."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any
from unittest.mock import patch

import msgspec

from incident.casualties.facts import PickCount
from incident.catalogue import Charter
from incident.kernel import ledger as ledger_module
from incident.kernel import replica as replica_module
from incident.kernel.protocol import Done, Submit
from incident.kernel.record import encode_body
from incident.kernel.slice import Act, Actor, Refusal
from incident.organisation.facts import PickLocation
from incident.state import MODELS, glass_broken
from tests.incident.given import charter
from tests.sim.author import AGENCIES, Author
from tests.sim.client import Client
from tests.sim.reckoning import reckon, unsettled
from tests.sim.server import BEAT_MS, Server, Weather
from tests.sim.truth import Story, Truth
from tests.sim.world import START, Violation, World

COMMANDS_MAX = 120
AGAIN_MS = 60_000
"""What the rules refused the server itself, it tries again after so long, under another id."""

CLIENTS_MAX = 6
FORMS = 0.12
"""How often what somebody writes stood open for a while before it was sent."""

TICK_MS = 2_000
WAITING_MS = 20_000
"""How often it is asked what is due: while people work, and while only time passes."""

HEAL_MS = 60_000
"""Once everything is whole again, nothing may be pending or syncing for longer than this."""

CONTROL = ("Flo", "EXCON", "excon")
CAST = (
    ("Ann", "LAS", "operator"),
    ("Bob", "SCAS", "operator"),
    ("Cy", "LAS", "tactical_commander"),
    ("Dee", "SECAMB", "tactical_commander"),
    ("Eve", "SCAS", "loggist"),
    CONTROL,
    ("Gus", "SECAMB", "observer"),
    ("Hal", "SCAS", "tactical_commander"),
)
SYSTEM = Actor("system", "", "system")
GLASS = 0.002
"""How often, each time the server looks at a stream, two persons come in past the usual sign-in."""


@dataclass(slots=True)
class Outcome:
    """What a seed came to."""

    seed: int
    trace: str
    commands: int
    records: int
    truth: Truth
    counts: Counter[str]


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What the server itself has written. ``lasting``: its next life writes it again."""

    act: Act
    lasting: bool


class Automaton:
    """A hand of the server's own: what time brings, what automation does, what is there before anybody works."""

    def __init__(self, simulation: Simulation, actor: Actor = SYSTEM) -> None:
        self.simulation = simulation
        self.actor = actor
        self.wanted: dict[str, _Wanted] = {}
        """What was written and has no answer, by the id of the command."""
        self.refusals: dict[str, tuple[int, int]] = {}
        """By cause: how often it was refused, and when it may be tried again."""
        self.life = 0

    def accepted(self, stream: str, done: list[Done]) -> None:
        for one in done:
            self.simulation.truth.answered(stream, one.command_id, one)
            self._heard(self.wanted.pop(one.command_id, None), "")

    def refused(self, stream: str, command_id: str, refusal: Refusal) -> None:
        wanted = self.wanted.pop(command_id, None)
        self.simulation.truth.codes_seen.add(refusal.code)
        if wanted is not None:
            cause = f"{stream} {wanted.act.key}"
            count, _again = self.refusals.get(cause, (0, 0))
            self.refusals[cause] = count + 1, self.simulation.world.now + AGAIN_MS
        self._heard(wanted, refusal.sentence)

    def _heard(self, wanted: _Wanted | None, refused: str) -> None:
        then = None if wanted is None or wanted.act.told is None else wanted.act.told(refused)
        if then is not None:
            self.simulation.play(then)

    def begin(self) -> None:
        """Once a second: a server that has started again remembers nothing of what it wrote."""
        life = self.simulation.server.lives
        if life != self.life:
            self.life = life
            self.refusals.clear()
            lasting = [wanted.act for wanted in self.wanted.values() if wanted.lasting]
            self.wanted.clear()
            for act in lasting:
                self.submit(act, lasting=True)

    def submit(self, act: Act, *, lasting: bool = False) -> None:
        server, truth, world = self.simulation.server, self.simulation.truth, self.simulation.world
        stream, cause = act.stream, f"{act.stream} {act.key}"
        refused, again = self.refusals.get(cause, (0, 0))
        command_id = str(uuid.uuid5(uuid.UUID(int=world.seed), f"{cause} {refused}"))
        if world.now < again or command_id in self.wanted:
            return
        model = server.model(stream)
        sequencer = server._sequencer(stream)
        submit = Submit(
            stream=stream,
            command_id=command_id,
            type=model.name_of(act.command),
            body=encode_body(act.command),
            written_at=world.now,
            base=model.base_for(sequencer.ledger.durable.state, act.command),
        )
        if command_id not in truth.logged:
            truth.wrote(Story(submit, self.actor.name, self.actor))
        self.wanted[command_id] = _Wanted(act, lasting)
        sequencer.submit(self, submit)


class Simulation:
    """One run. ``server_class`` and ``client_class`` are where faults are planted."""

    def __init__(
        self,
        seed: int,
        server_class: type[Server] = Server,
        client_class: type[Client] = Client,
        about: frozenset[str] = frozenset(),
    ) -> None:
        self.world = world = World(seed)
        rng = world.rng
        rules = small_charter()
        self.truth = Truth(world, MODELS, rules)
        self.server = server_class(world, MODELS, rules, self.truth, _weather(world))
        self.automata: dict[Actor, Automaton] = {}
        self.author = Author(world, (*AGENCIES, "NACC", "NOBODY"), about)
        self.left = world.between(60, COMMANDS_MAX)
        self.calm = False
        self.rough = rng.random() ** 2
        self.clients: list[Client] = []
        world.after(0, self._furnish)
        count = world.between(2, CLIENTS_MAX)
        others = rng.sample(CAST[2:], count - 2)
        if self.author.focus & {"exercises", "injects"} and CONTROL not in others:
            others.append(CONTROL)
        for name, agency, role in (*CAST[:2], *others):
            habits = {
                "delays": rng.choice(((1, 8), (5, 60), (200, 900))),
                "skew": rng.choice((0, 0, -90_000, 4_000, 3_600_000)),
                "again": rng.choice((0.0, 0.1, 0.4)),
                "disk": rng.choice(((1, 5), (5, 80))),
            }
            client = client_class(world, self.server, self.truth, Actor(name, agency, role), habits)
            self.clients.append(client)
            world.after(world.between(1_000, 6_000), self._act, client)
            world.after(world.between(4_000, 20_000), self._misfortune, client)
        world.after(world.between(5_000, 40_000), self._server_misfortune)
        world.after(1_000, self._due)

    def _furnish(self) -> None:
        """What is there before anybody works."""
        for agency in AGENCIES:
            for stream, command in self.author.fleet_of(agency):
                self.play(Act(0, type(command).__name__, stream, SYSTEM, command), lasting=True)

    def play(self, act: Act, *, lasting: bool = False) -> None:
        """Somebody who is no person writes this."""
        self.automata.setdefault(act.actor, Automaton(self, act.actor)).submit(act, lasting=lasting)

    # -- what happens ---------------------------------------------------------------------------------------------

    def _act(self, client: Client) -> None:
        """A person does something, then waits a while; sometimes several things at once."""
        if self.left <= 0 or self.calm:
            return
        world = self.world
        for _ in range(world.rng.choice((1, 1, 1, 2, 5))):
            if client.alive and self.left > 0:
                drawn = self.author.draw(client)
                if drawn is not None:
                    self._begin(client, *drawn)
        for _ in range(world.between(0, 2) if client.alive else 0):
            mistake = self.author.draw_mistake(client)
            if mistake is not None:
                self._begin(client, *mistake)
        world.after(world.between(100, 6_000), self._act, client)

    def _begin(self, client: Client, stream: str, command: Any) -> None:
        """Written at once, mostly; else in a form that stands open for a while, and knows what stood there then."""
        world, seen = self.world, client.seen(stream, command)
        long = isinstance(command, (PickCount, PickLocation))  # who settles a dispute reads first
        if world.chance(0.6 if long else FORMS):
            world.after(world.between(1_000, 20_000), self._write, client, stream, command, seen)
        else:
            self._write(client, stream, command, seen)

    def _write(self, client: Client, stream: str, command: Any, seen: dict[str, str]) -> None:
        world, more = self.world, {}
        if not client.alive or self.calm:
            return
        if world.chance(0.2):
            ahead = 600_000 if world.chance(0.05) else 0
            more["happened_at"] = world.now - world.between(0, 1_800_000) + 4 * ahead
        if world.chance(0.1):
            more["on_behalf_of"] = "Tactical commander"
        if not isinstance(client.submit(stream, command, seen, **more), Refusal):
            self.left -= 1

    def _misfortune(self, client: Client) -> None:
        if self.calm:
            return
        world = self.world
        draw = world.rng.random()
        if draw < 0.55 * self.rough + 0.1:
            self._cut(client)
        elif draw < 0.75 * self.rough + 0.1 and client.alive:
            client.kill()
            world.after(world.between(0, 8_000), self._boot, client)
        elif client.alive:
            client.ask_history(world.rng.choice(list(client.replicas)))
            client.send_broken()
        world.after(world.between(4_000, 30_000), self._misfortune, client)

    def _cut(self, client: Client) -> None:
        """The network of this room is gone for a while; in both directions or in one."""
        world, wire = self.world, client.wire
        client.network = False
        world.after(world.between(100, 40_000), self._heal, client)
        if wire is not None:
            world.say("cut", client.name)
            both = world.chance(0.7)
            up = both or world.chance(0.5)
            wire.cut(late_ms_max=world.rng.choice((0, 3_000, 10_000)), up=up, down=both or not up)
            world.after(world.between(0, 9_000), client.noticed, wire)

    def _heal(self, client: Client) -> None:
        client.network = True

    def _boot(self, client: Client) -> None:
        if not client.alive:
            client.boot()

    def _server_misfortune(self) -> None:
        if self.calm:
            return
        world = self.world
        if self.server.up and world.chance(self.rough):
            if world.chance(0.5):
                self.server.kill()
            else:
                self.server.fate = world.rng.choice(("lost", "kept"))
        world.after(world.between(10_000, 60_000), self._server_misfortune)

    def _restart(self) -> None:
        if not self.server.up:
            self.server.start()

    def _due(self) -> None:
        """Time's door, and the one who restarts a server that has ended."""
        world = self.world
        world.after(TICK_MS if self.server.beat_ms == BEAT_MS else WAITING_MS, self._due)
        if not self.server.up:
            if self.calm or world.chance(0.3):
                self.server.start()
            return
        for automaton in list(self.automata.values()):
            automaton.begin()
        here = frozenset(seat.actor.agency for seat in self.server.seats.values())
        for stream, sequencer in list(self.server.sequencers.items()):
            model, state = sequencer.ledger.model, sequencer.ledger.durable.state
            at = model.now(state, world.now)
            for due in model.due(state, at):
                if due.at <= at:
                    self.play(Act(due.at, due.key, stream, SYSTEM, due.command))
            for act in self.server.models.acts(stream, self._state, world.now, here):
                self.play(act)
            if world.chance(GLASS):
                self._break_glass(stream, state)

    def _break_glass(self, stream: str, state: Any) -> None:
        agency, now = self.world.rng.choice(AGENCIES), self.world.now
        command = glass_broken(stream, state, agency, "Ann", "Bob", "operator", "no sign-in", now + 3_600_000)
        if command is not None:
            self.play(Act(now, f"glass/{agency}/{now}", stream, SYSTEM, command))

    def _state(self, stream: str) -> Any:
        """What the disk has of a stream."""
        sequencer = self.server.sequencers.get(stream)
        return None if sequencer is None else sequencer.ledger.durable.state

    # -- the whole ------------------------------------------------------------------------------------------------

    def run(self) -> Outcome:
        """Let it happen, make it whole, and check everything."""
        world = self.world
        while self.left > 0 and world.now - START < 240_000:
            world.run(world.now + 1_000)
        self._make_whole()
        if world.chance(0.3):
            self._wait_for_what_is_due()
        deadline = world.now + HEAL_MS
        while (waits := unsettled(self.server, self.clients, self.truth)) and world.now < deadline:
            world.run(world.now + 500)
        if waits:
            raise Violation(f"everything settles within {HEAL_MS // 1000} s: {waits}")
        reckon(self.server, self.clients, self.truth)
        records = sum(chronicle.head for chronicle in self.truth.chronicles.values())
        return Outcome(world.seed, world.trace, len(self.truth.stories), records, self.truth, world.counts)

    def _wait_for_what_is_due(self) -> None:
        """Nobody does anything until time itself has brought what it will bring within half an hour."""
        world, server = self.world, self.server
        world.run(world.now + 5_000)
        server.beat_ms = WAITING_MS
        waits = [0]
        for sequencer in server.sequencers.values():
            model, state = sequencer.ledger.model, sequencer.ledger.durable.state
            at = model.now(state, world.now)
            waits += (due.at - at for due in model.due(state, at) if due.at - at < 1_800_000)
        world.run(world.now + max(waits) + WAITING_MS)
        server.beat_ms = BEAT_MS

    def _make_whole(self) -> None:
        self.world.say("calm")
        self.calm = True
        self.server.fate = None
        self.server.weather.drop_publish = self.server.weather.kick = 0.0
        for client in self.clients:
            client.network = True
            client.again = 0.0
            self._boot(client)


def _weather(world: World) -> Weather:
    rng = world.rng
    return Weather(
        commit_ms=rng.choice(((1, 10), (5, 60), (50, 400))),
        commit_slow=rng.choice((0.0, 0.05)),
        records_first=rng.random() < 0.5,
        page_bytes=rng.choice((600, 4_000, 100_000)),
        page_records=rng.choice((3, 40)),
        snapshot_lag=rng.choice((0, 5, 20, 10_000)),
        drop_publish=rng.choice((0.0, 0.0, 0.03)),
        kick=rng.choice((0.0, 0.0, 0.01)),
    )


@cache
def small_charter() -> Charter:
    """All the roles of config/, and as few agencies and kinds as will do: it stands in every state and snapshot."""
    whole = charter()
    return msgspec.structs.replace(
        whole,
        agencies={code: whole.agencies[code] for code in (*AGENCIES, "NACC", "EXCON")},
        kinds={code: whole.kinds[code] for code in ("DCA", "RRV", "HART")},
        areas_digest="areas-1",
    )


@contextmanager
def small_bounds() -> Iterator[None]:
    """Bounds so low that a run of a hundred commands meets them."""
    with ExitStack() as stack:
        stack.enter_context(patch.object(ledger_module, "RECENT_COMMANDS_MAX", 12))
        stack.enter_context(patch.object(replica_module, "PENDING_MAX", 12))
        yield


def run_seed(seed: int, **planted: Any) -> Outcome:
    """One seed, whole.

    Raises:
        Violation: a promise was broken; the text says which, and how to see it again.
    """
    with small_bounds():
        simulation = Simulation(seed, **planted)
        try:
            return simulation.run()
        except Exception as error:
            told = "\n  ".join(simulation.world.lines)
            again = f"SEED={seed} python -m pytest tests/sim -k one_seed"
            raise Violation(
                f"seed {seed}: {type(error).__name__}: {error}\nagain: {again}\n  {told}"
            ) from error
        finally:
            simulation.server.close()
