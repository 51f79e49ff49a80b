"""Random histories of three trusts over the real hub on real sockets, with a canary in every text: who is told what.

Each stream has a token of its own that stands in every free text written into it, and each text a serial behind
that. The truth about who may see what is kept here once more, in the plainest words, from what was accepted; every
byte that reaches a trust while it may not see a stream is searched for the stream's token.
"""

from __future__ import annotations

import asyncio
import random
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
from websockets.asyncio.client import ClientConnection

from incident.catalogue import Charter
from incident.fleet.facts import EnterUnits, Entry, OpenRegister
from incident.kernel import protocol
from incident.kernel.protocol import (
    Accepted,
    Error,
    Heartbeat,
    Page,
    Records,
    Refused,
    Unwatch,
    Watch,
    Watching,
)
from incident.kernel.slice import Actor
from incident.log.facts import Decide, Write
from incident.messages.facts import Send
from incident.organisation import facts as o
from incident.sharing.facts import End, Share
from incident.state import MODELS
from incident.tasks.facts import Raise
from incident.values import Location
from server.conductor import Automaton
from server.store.memory import MemoryStore
from tests.incident.given import MINUTE, T0, charter
from tests.server.house import Guest, House, house, submitted

TRUSTS: Final = ("LAS", "SCAS", "NWAS")
STEPS: Final = 24
ABSENT: Final = "incident/01a80000-0000-7000-8000-00000000dead"


class Leak(AssertionError):
    """Something reached a trust that it may not see."""


def small_charter() -> Charter:
    """The roles as they are, and few agencies: the catalogue stands in every opening."""
    whole = charter()
    agencies = {code: whole.agencies[code] for code in (*TRUSTS, "EXCON")}
    return msgspec.structs.replace(whole, agencies=agencies, kinds={"DCA": whole.kinds["DCA"]}, places={})


# -- what is true ---------------------------------------------------------------------------------------------------


@dataclass
class Whole:
    """An incident: who takes part, how often each one's place in it has changed, with whom it is shared until when."""

    lead: str
    parties: set[str]
    places: dict[str, int] = field(default_factory=dict)
    shares: dict[str, tuple[int, int]] = field(default_factory=dict)

    def moved(self, agency: str, *, inside: bool) -> None:
        self.places[agency] = self.places.get(agency, 0) + 1
        (self.parties.add if inside else self.parties.discard)(agency)


@dataclass
class Part:
    """An agency's own part, and with whom it is shared until when."""

    owner: str
    shares: dict[str, int] = field(default_factory=dict)


class Truth:
    """Who may see what."""

    def __init__(self) -> None:
        self.now = T0
        self.wholes: dict[str, Whole] = {}
        self.parts: dict[str, Part] = {}
        self.registers: dict[str, str] = {f"register/exercise/{trust}": trust for trust in TRUSTS}

    def streams(self) -> list[str]:
        return [*self.wholes, *self.parts, *self.registers]

    def sees(self, agency: str, stream: str) -> bool:
        if stream in self.registers:
            return self.registers[stream] == agency
        if stream in self.parts:
            part, whole = self.parts[stream], self.wholes[stream.partition("/own/")[0]]
            if agency not in whole.parties:
                return False
            shown = part.owner in whole.parties and part.shares.get(agency, 0) > self.now
            return agency == part.owner or shown
        whole = self.wholes[stream]
        until, place = whole.shares.get(agency, (0, 0))
        return agency in whole.parties or (until > self.now and place == whole.places.get(agency, 0))


# -- who looks --------------------------------------------------------------------------------------------------------


class Eye(Guest):
    """One trust's line, with every byte that came over it."""

    def __init__(self, socket: ClientConnection, agency: str) -> None:
        super().__init__(socket)
        self.agency = agency
        self.raw: list[bytes] = []
        self.held: dict[str, tuple[int, str]] = {}
        """The newest record that it was sent of each stream, and its chain hash."""
        self.beats = 0

    async def next(self) -> Any:
        message = await self.socket.recv()
        frame: Any
        if isinstance(message, str):
            frame = protocol.read_server(message.encode())
            self.raw.append(message.encode())
        else:
            frame = header, body = protocol.read_page(message)
            self.raw.append(msgspec.json.encode(header) + body)
        if isinstance(frame, Records) and frame.records:
            last = frame.records[-1]
            if last.seq > self.held.get(frame.stream, (0, ""))[0]:
                self.held[frame.stream] = (last.seq, last.hash)
        self.heard.append(frame)
        return frame

    async def sync(self) -> None:
        """Everything that was on its way has been read."""
        self.beats += 1
        await self.say(Heartbeat(sent_at=self.beats))
        await self.until(Heartbeat, lambda frame: frame.echo == self.beats)

    def taken(self) -> bytes:
        raw, self.raw = b"\n".join(self.raw), []
        self.heard.clear()
        return raw


class Histories:
    """A house with three trusts in it, one history after the other."""

    def __init__(
        self, home: House, eyes: dict[str, Eye], truth: Truth, rng: random.Random, slow: list[bool]
    ) -> None:
        self.home, self.eyes, self.truth, self.rng = home, eyes, truth, rng
        self.tokens: dict[str, str] = {}
        self.serial = 0
        self.counts: dict[str, int] = {}
        self.looked = 0
        """How often a token was searched for in what a trust was sent."""
        self.slow = slow
        self._seen = {trust: set[str]() for trust in TRUSTS}

    # -- texts ------------------------------------------------------------------------------------------------------

    def text(self, stream: str) -> str:
        """A text for a stream, with its canary and a serial."""
        self.serial += 1
        token = self.tokens.setdefault(stream, f"K{len(self.tokens)}Q{self.rng.getrandbits(40):010x}Z")
        return f"{token}.{self.serial}."

    # -- the search ---------------------------------------------------------------------------------------------------

    def visible(self) -> dict[str, set[str]]:
        streams = self.truth.streams()
        return {trust: {one for one in streams if self.truth.sees(trust, one)} for trust in TRUSTS}

    async def look(self, fresh: list[str] = []) -> None:  # noqa: B006 -- never changed
        """Search what each trust was sent since the last look. ``fresh``: written when some had been put out."""
        after = self.visible()
        for trust, eye in self.eyes.items():
            await eye.sync()
            raw = eye.taken()
            for stream, token in self.tokens.items():
                if stream in after[trust]:
                    continue
                self.looked += 1
                if stream not in self._seen[trust] and token.encode() in raw:
                    raise Leak(f"{trust} was sent a text of {stream}, which it may not see")
                if any(one.startswith(token) and one.encode() in raw for one in fresh):
                    raise Leak(f"{trust} was sent what was written in {stream} after its sight had ended")
        self._seen = after

    # -- steps --------------------------------------------------------------------------------------------------

    async def do(self, trust: str, command: Any, stream: str) -> bool:
        """Give a command; whether it was taken, and changed something."""
        eye = self.eyes[trust]
        answer = await eye.do(command, stream, models=MODELS, written_at=self.truth.now)
        name = type(command).__name__
        taken = not isinstance(answer, Refused) and answer.last > 0
        self.counts[name if taken else f"{name} refused"] = self.counts.get(name, 0) + 1
        return taken

    async def run(self, steps: int = STEPS, more: Sequence[Callable[[], Any]] = ()) -> None:
        """One history: an incident is opened, and anybody does anything; ``more`` are further steps."""
        await self._open()
        kinds: list[Callable[[], Any]] = [
            self._open, self._invite, self._invite, self._join, self._leave, self._take_back, self._take_back,
            self._share, self._share, self._share_part, self._end, self._later, self._write, self._write,
            self._write, self._own, self._own, self._register, self._watch, self._watch, self._watch_all,
            self._page, self._proof, self._outsider, self._nonsense, self._burst, self._burst, self._unwatch,
        ]  # fmt: skip
        kinds += more
        for _ in range(steps):
            before = self.visible()
            if await self.rng.choice(kinds)() or self.visible() != before:
                await self.look()
        await self.look()

    def _trust(self) -> str:
        return self.rng.choice(TRUSTS)

    def _whole(self) -> str:
        return self.rng.choice(list(self.truth.wholes)[-4:])

    def _any(self) -> str:
        return self.rng.choice(
            [*list(self.truth.wholes)[-4:], *list(self.truth.parts)[-4:], *self.truth.registers]
        )

    async def _open(self) -> None:
        trust, stream = self._trust(), f"incident/{uuid.UUID(int=self.rng.getrandbits(128), version=4)}"
        self.truth.wholes[stream] = Whole(trust, {trust}, {trust: 1})
        place = Location(self.text(stream), direction=self.text(stream))
        assert await self.do(trust, o.Open(self.text(stream), "exercise", place), stream)
        self.eyes[trust].held.pop(stream, None)

    async def _invite(self) -> None:
        stream, to = self._whole(), self._trust()
        whole = self.truth.wholes[stream]
        trust = self._likely(whole.parties)
        new = to not in whole.parties
        if await self.do(trust, o.Invite((to,)), stream) and new:
            whole.moved(to, inside=True)

    def _likely(self, able: set[str]) -> str:
        """One of those who could, as a rule; else anybody."""
        return self.rng.choice(sorted(able)) if able and self.rng.random() < 0.8 else self._trust()

    async def _join(self) -> None:
        stream = self._whole()
        whole = self.truth.wholes[stream]
        trust = self._likely(whole.parties - {whole.lead})
        if await self.do(trust, o.Join(self.text(stream)), stream):
            self.truth.wholes[stream].moved(trust, inside=True)

    async def _leave(self) -> None:
        stream = self._whole()
        whole = self.truth.wholes[stream]
        trust = self._likely(whole.parties - {whole.lead})
        await self.look()
        if await self.do(trust, o.Leave(self.text(stream)), stream):
            self.truth.wholes[stream].moved(trust, inside=False)

    async def _take_back(self) -> None:
        stream = self._whole()
        whole = self.truth.wholes[stream]
        trust, to = self._likely({whole.lead}), self._likely(whole.parties - {whole.lead})
        await self.look()
        if await self.do(trust, o.TakeBackInvitation(to, self.text(stream)), stream):
            self.truth.wholes[stream].moved(to, inside=False)

    async def _share(self) -> None:
        stream, to = self._whole(), self._trust()
        whole = self.truth.wholes[stream]
        minutes, tier = self.rng.choice((1, 30, 120)), self.rng.choice(("view", "assist"))
        by = whole.lead if self.rng.random() < 0.8 else self._trust()
        if await self.do(by, Share(to, tier, minutes, self.text(stream)), stream):
            whole.shares[to] = (self.truth.now + minutes * MINUTE, whole.places.get(to, 0))

    async def _share_part(self) -> None:
        if not self.truth.parts:
            return
        stream, to = self.rng.choice(list(self.truth.parts)[-4:]), self._trust()
        part, minutes = self.truth.parts[stream], self.rng.choice((1, 30, 120))
        by = part.owner if self.rng.random() < 0.8 else self._trust()
        if await self.do(by, Share(to, "view", minutes, self.text(stream)), stream):
            part.shares[to] = self.truth.now + minutes * MINUTE

    async def _end(self) -> None:
        shared = [s for s, w in self.truth.wholes.items() if w.shares] + [
            s for s, p in self.truth.parts.items() if p.shares
        ]
        if not shared:
            return
        stream = self.rng.choice(shared[-6:])
        shares: dict[str, Any] = (self.truth.wholes.get(stream) or self.truth.parts[stream]).shares
        to = self.rng.choice(list(shares))
        await self.look()
        if await self.do(self._likely({to}), End(to, self.text(stream)), stream):
            del shares[to]

    async def _later(self) -> bool:
        """Time passes. What is written just after an agreement is over, is forbidden to who saw by it."""
        await self.look()
        self.truth.now += self.rng.choice((1, 1, 31, 125)) * MINUTE
        stream = self._whole()
        written = self.text(stream)
        fresh = [written] if await self.do(self.truth.wholes[stream].lead, Write(written), stream) else []
        await self.look(fresh)
        return True

    async def _write(self) -> None:
        stream = self._whole()
        trust = self._likely(self.truth.wholes[stream].parties)
        parties = sorted(self.truth.wholes[stream].parties)
        to = self.rng.choice(parties)
        text = self.text(stream)
        await self.do(
            trust,
            self.rng.choice(
                (
                    Write(text),
                    Decide(text, text),
                    Raise(text, to, text),
                    Send(text, to),
                    o.Retitle(text),
                    o.Declare(trust, self.rng.choice(("declared", "aware")), text),
                    o.GiveLocation(Location(text)),
                    o.NameContact(trust, text),
                )
            ),
            stream,
        )

    async def _own(self) -> None:
        stream = self._whole()
        inside = sorted(self.truth.wholes[stream].parties)
        owner = self.rng.choice(inside)
        part = f"{stream}/own/{owner}"
        if part not in self.truth.parts:
            if not await self.do(owner, o.OpenOwn(), part):
                return
            self.truth.parts[part] = Part(owner)
        await self.do(owner, self.rng.choice((Write(self.text(part)), Raise(self.text(part), owner))), part)

    async def _register(self) -> None:
        trust = self._trust()
        stream = f"register/exercise/{self._likely({trust})}"
        entry = Entry(f"A{self.rng.randint(1, 99)}", "DCA", (), self.text(stream)[:38])
        await self.do(trust, EnterUnits((entry,)), stream)

    async def _watch(self) -> None:
        await self._ask(self._trust(), self._any())

    async def _watch_all(self) -> None:
        for trust in TRUSTS:
            await self._ask(trust, self._whole())

    async def _ask(self, trust: str, stream: str) -> None:
        """Watch, with a snapshot when it is far behind (here: after a few records)."""
        eye = self.eyes[trust]
        model = MODELS.of(stream)
        assert model is not None
        frame = Watch(stream=stream, states=model.state_versions())
        await eye.say(frame)
        await eye.until(Watching | Error, lambda said: said.stream == stream)  # type: ignore[arg-type]
        self.counts["watch"] = self.counts.get("watch", 0) + 1

    async def _unwatch(self) -> None:
        await self.eyes[self._trust()].say(Unwatch(stream=self._any()))

    async def _page(self) -> None:
        eye, stream = self.eyes[self._trust()], self._any()
        await eye.say(Page(stream=stream, limit=self.rng.choice((1, 50, 500))))

    async def _proof(self) -> None:
        """Who held a stream and may see it no longer is told so; a hash that is not its own tells nobody anything."""
        eye = self.eyes[self._trust()]
        gone = [one for one in eye.held if one in self.tokens and not self.truth.sees(eye.agency, one)]
        if not gone:
            return
        stream = self.rng.choice(gone)
        seq, digest = eye.held[stream]
        for hash_, code in ((digest, "not_party"), ("0" * 64, "unknown_stream")):
            await eye.say(Watch(stream=stream, cursor=seq, hash=hash_))
            # another that it is closed may be on its way; the one that is meant has to come
            async with asyncio.timeout(10):
                while (await eye.until(Error, lambda frame: frame.stream == stream)).code != code:
                    pass
        self.counts["proof"] = self.counts.get("proof", 0) + 1

    async def _outsider(self) -> None:
        """Everything that somebody may try on a stream that is not theirs."""
        trust, stream = self._trust(), self._any()
        if self.truth.sees(trust, stream):
            return
        eye = self.eyes[trust]
        for command in (Write("x"), o.Join("x"), Share(trust, "view", 60, "x"), End(trust), o.OpenOwn()):
            if MODELS.of(stream) is not None and type(command) in MODELS.of(stream).command_names:  # type: ignore[union-attr]
                for where in (stream, ABSENT):
                    if MODELS.of(where) is MODELS.of(stream):
                        eye_answer = await eye.do(command, where, models=MODELS, written_at=self.truth.now)
                        assert isinstance(eye_answer, Refused), (trust, stream, command)
        await eye.say(Watch(stream=stream, cursor=self.rng.randint(1, 9), hash="f" * 64))
        await eye.say(Page(stream=stream, before=self.rng.randint(0, 9)))

    async def _nonsense(self) -> None:
        """What is no frame, about a stream that there is."""
        eye, stream = self.eyes[self._trust()], self._any()
        await eye.socket.send(f'{{"frame":"watch","stream":"{stream}","cursor":"x"}}', text=True)
        await eye.say(
            submitted(Write("x"), self._whole(), models=MODELS, written_at=self.truth.now, base={"x": "y"})
        )
        await eye.sync()

    async def _burst(self) -> bool:
        """Who leads puts somebody out and writes on in one breath."""
        out = [
            (stream, to)
            for stream in list(self.truth.wholes)[-4:]
            for to in sorted(self.truth.wholes[stream].parties | self.truth.wholes[stream].shares.keys())
            if to != self.truth.wholes[stream].lead and self.truth.sees(to, stream)
        ]
        if not out:
            return False
        stream, to = self.rng.choice(out)
        whole = self.truth.wholes[stream]
        party = to in whole.parties
        removal = o.TakeBackInvitation(to, self.text(stream)) if party else End(to)
        await self._ask(to, stream)
        await self.look()
        eye, fresh = self.eyes[whole.lead], [self.text(stream) for _ in range(3)]
        self.slow[0] = True  # the disk takes its time, so that these share one commit
        ids = [
            await eye.submit(command, stream, models=MODELS, written_at=self.truth.now)
            for command in (removal, *map(Write, fresh))
        ]
        done: dict[str, bool] = {}
        while not set(ids) <= done.keys():
            frame = await eye.next()
            if isinstance(frame, Refused):
                done[frame.command_id] = False
            elif isinstance(frame, Accepted):
                done |= {one.command_id: one.last > 0 for one in frame.done}
        self.slow[0] = False
        if done[ids[0]]:
            if isinstance(removal, End):
                whole.shares.pop(to, None)
            else:
                whole.moved(to, inside=False)
            self.counts["burst"] = self.counts.get("burst", 0) + 1
        await self.look(fresh)
        return True


@asynccontextmanager
async def trusts(rng: random.Random) -> AsyncIterator[Histories]:
    """A house, its three registers, and three trusts at their desks."""
    truth = Truth()
    kept = small_charter()
    slow = [False]

    def schedule(flush: Callable[[], None]) -> None:
        asyncio.get_running_loop().call_later(0.01 if slow[0] else 0, flush)

    async with AsyncExitStack() as stack:
        home = await stack.enter_async_context(
            house(MemoryStore(schedule=schedule), MODELS, kept, now=lambda: truth.now)
        )
        for trust in TRUSTS:
            command = OpenRegister("exercise", trust)
            await Automaton(home.hub, Actor("system", trust, "system")).do(
                f"register/exercise/{trust}", command, str(uuid.UUID(int=rng.getrandbits(128), version=4))
            )
        eyes: dict[str, Eye] = {}
        for trust in TRUSTS:
            socket = await stack.enter_async_context(
                home.connected(trust, f"{trust} desk", "tactical_commander")
            )
            eyes[trust] = Eye(socket, trust)
            await eyes[trust].hello()
        yield Histories(home, eyes, truth, rng, slow)
