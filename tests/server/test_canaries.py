"""P36: a non-party sees nothing. Three hundred random histories, a canary in every text, every byte searched.

Planted once, each alone, and found: `may_see` left out of a page, of the list, or of the watch; the time left out of
an agreement; a group published before it is asked who may still see it; a part shown to who is no party of the whole;
the state of the whole asked instead of that of the part.
"""

from __future__ import annotations

import asyncio
import io
import random
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from incident.kernel.ledger import Proposal
from incident.kernel.slice import Actor
from incident.log.facts import Write
from incident.organisation.facts import Invite, OpenOwn
from incident.sharing.facts import End, Share
from incident_tui import looking
from incident_tui.feed import LogFeed
from incident_tui.looking import shown
from incident_tui.papers import PaperError, prepared
from incident_tui.session import Session
from server import joining, logs, metrics
from server.directory import Lists
from server.hub import Hub
from server.joining import Joining
from server.pulse import Pulse
from server.sight import Sight
from tests.incident.given import MINUTE
from tests.on_disk import every_byte
from tests.running import run
from tests.server.histories import Histories, Leak, Part, trusts
from tests.server.house import soon
from tests.tui.rooms import at_desk

HISTORIES = 300
CHUNK = 50
HOUSE = 10
"""Histories in one house: a session may watch 64 streams."""

DONE = (
    "Open Invite Join Leave TakeBackInvitation Share End Write OpenOwn EnterUnits watch proof burst".split()
)
"""What must have happened in a few hundred histories, or they prove nothing."""


async def told(seed: str, count: int) -> tuple[Counter[str], int]:
    """So many histories; answers what happened in them, and how often a token was searched for."""
    rng = random.Random(seed)
    counts: Counter[str] = Counter()
    looked = 0
    written = io.StringIO()
    logs.start("debug", written, "json")
    for first in range(0, count, HOUSE):
        async with trusts(rng) as histories:
            for _ in range(min(HOUSE, count - first)):
                await histories.run()
            nothing_beside(histories, written.getvalue())
            counts += Counter(histories.counts)
            looked += histories.looked
    return counts, looked


def nothing_beside(histories: Histories, log: str) -> None:
    """Neither the figures for monitoring nor the log of the server have a word of any stream."""
    figures = metrics.written(histories.home.hub, Pulse(), 1, 1, 1)
    for token in histories.tokens.values():
        if token in figures or token in log:
            raise Leak("a canary is in the figures or in the log of the server")


@pytest.fixture(autouse=True)
def snapshots_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """A client is sent a snapshot when it lacks a few records, so that these are searched, too."""
    monkeypatch.setattr(joining, "FAR_BEHIND", 6)
    monkeypatch.setattr(joining, "SNAPSHOT_AGE_MAX", 3)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("chunk", range(0, HISTORIES, CHUNK))
def test_no_byte_reaches_a_trust_that_may_not_see_it(chunk: int, seed: int) -> None:
    counts, looked = run(told(f"{seed} canaries {chunk}", CHUNK), seconds=280)
    assert looked > 1_000
    missing = [name for name in DONE if not counts[name]]
    assert not missing, (missing, counts)


@pytest.mark.soak
@pytest.mark.timeout(7_200)
def test_no_byte_in_ten_thousand_histories(seed: int) -> None:
    counts, looked = run(told(f"{seed} canaries soak", 10_000), seconds=7_000)
    print(f"{sum(counts.values()):,} steps, {looked:,} searches: {dict(counts)}")


# -- at a desk ------------------------------------------------------------------------------------------------------


@pytest.mark.timeout(300)
def test_no_byte_stays_at_a_desk_that_may_not_see_it(tmp_path: Path, seed: int) -> None:
    """A real client of one trust: its files, what it shows, prints and lists, once it has heard the server's word."""

    async def scene() -> None:
        rng = random.Random(f"{seed} canaries desk")
        closings = parts = 0
        for number in range(9):
            async with trusts(rng) as histories:
                folder = tmp_path / str(number)
                token = histories.home.book.token("SCAS", "SCAS room", "tactical_commander")
                async with at_desk(histories.home.url, folder, token, ready=False) as session:
                    room = Room(session, histories)
                    for _ in range(4):
                        await histories.run(24, [room.step] * 8 + [room.shared_with] * 4)
                        await room.searched(folder)
                    closings += room.closings
                    parts += room.parts
        print(f"{closings} closings, {parts} own parts of others that were seen")
        assert closings >= 2
        assert parts >= 2

    run(scene(), seconds=280)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("fault", ["lines", "look"])
def test_a_fault_planted_at_the_desk_is_found(
    fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """Of another's own part the lines stay in the log at the end of the agreement, or its state in the Look."""
    if fault == "lines":
        shows = LogFeed.shows
        monkeypatch.setattr(LogFeed, "shows", lambda self, parts: shows(self, parts) if parts else [])
    else:
        kept: dict[str, Any] = {}

        def for_ever(*asked: Any) -> Any:
            kept.update(found := shown(*asked))
            return {**kept, **found}

        monkeypatch.setattr(looking, "shown", for_ever)

    async def scene() -> None:
        async with trusts(random.Random(f"{seed} planted at the desk {fault}")) as histories:
            token = histories.home.book.token("SCAS", "SCAS room", "tactical_commander")
            async with at_desk(histories.home.url, tmp_path, token, ready=False) as session:
                room, truth = Room(session, histories), histories.truth
                await histories.run(0)
                ((stream, whole),) = truth.wholes.items()
                for trust in {"SCAS", "LAS"} - whole.parties:
                    assert await histories.do(whole.lead, Invite((trust,)), stream)
                    whole.moved(trust, inside=True)
                await soon(lambda: session.incidents)
                await session.open_incident(stream)
                await room.shared_with()
                assert room.parts == 1
                for stream, part in truth.parts.items():
                    if part.shares.pop("SCAS", None) is not None:
                        await histories.do(part.owner, End("SCAS"), stream)
                await room.searched(tmp_path, seconds=3)

    with pytest.raises(TimeoutError):
        run(scene(), seconds=280)


class Room:
    """A person of SCAS at the client, who opens what is listed and writes in it."""

    def __init__(self, session: Session, histories: Histories) -> None:
        self.session, self.histories = session, histories
        self.closings = self.parts = 0
        say = session.say

        def counted(severity: str, sentence: str) -> None:
            self.closings += "no longer open to your agency" in sentence
            say(severity, sentence)

        session.say = counted  # type: ignore[method-assign]

    async def step(self) -> None:
        """Open one of the incidents, or write something of one's own."""
        session, rng = self.session, self.histories.rng
        await asyncio.sleep(0.02)
        if session.incidents and rng.random() < 0.6:
            await session.open_incident(rng.choice(session.incidents).stream)
        elif session.stream:
            session.submit(Write("MINE, in my own words"))

    async def shared_with(self) -> None:
        """Another party of an incident shares its own part, with words of its own in it, and the room sees it."""
        session, histories = self.session, self.histories
        wholes = [
            one
            for one, it in histories.truth.wholes.items()
            if "SCAS" in it.parties and it.parties - {"SCAS"}
        ]
        if not wholes:
            return
        opened = histories.rng.choice(wholes)
        await soon(lambda: opened in [listing.stream for listing in session.incidents])
        await session.open_incident(opened)
        owner = histories.rng.choice(sorted(histories.truth.wholes[opened].parties - {"SCAS"}))
        stream = f"{opened}/own/{owner}"
        if stream not in histories.truth.parts:
            await histories.do(owner, OpenOwn(), stream)
            histories.truth.parts[stream] = Part(owner)
        text = histories.text(stream)
        assert await histories.do(owner, Write(text), stream)
        if await histories.do(owner, Share("SCAS", "view", 30, histories.text(stream)), stream):
            histories.truth.parts[stream].shares["SCAS"] = histories.truth.now + 30 * MINUTE

            def there() -> bool:
                return any(text in line.said for line in session.log().lines if line.part == owner)

            await soon(
                lambda: there() or session.stream != opened
            )  # or it was closed, and invited again, just before
            self.parts += there()

    async def searched(self, folder: Path, seconds: float = 20) -> None:
        """Nothing of what is closed to SCAS is in a file, on the screen, on paper or in a list, in the end."""
        truth = self.histories.truth
        hidden = {
            token: stream for stream, token in self.histories.tokens.items() if not truth.sees("SCAS", stream)
        }
        await soon(lambda: not self._found(folder, hidden), seconds=seconds)

    def _found(self, folder: Path, hidden: dict[str, str]) -> list[str]:
        session = self.session
        files = every_byte(folder)
        paper = ""
        with suppress(PaperError, ValueError):
            paper = prepared("log", session)[1]
        shown = repr((session.look(), session.log().lines, session.incidents, session.cards, session.notices))
        return [
            stream for token, stream in hidden.items() if token.encode() in files or token in shown + paper
        ]


# -- it bites -------------------------------------------------------------------------------------------------------


@pytest.mark.timeout(300)
@pytest.mark.parametrize("fault", ["page", "watch", "time", "group", "parent", "list"])
def test_a_planted_fault_is_found(fault: str, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    """Each defence taken out alone; the histories find each of them."""
    plant(fault, monkeypatch)
    with pytest.raises((Leak, AssertionError)):
        run(told(f"{seed} planted {fault}", 60), seconds=280)


def plant(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Take one defence out."""
    match fault:
        case "page" | "watch":
            _served_to_all(f"_{fault}", monkeypatch)
        case "time":
            is_shown = Sight._is_shown

            def for_ever(self: Sight, actor: Actor, stream: str, *, decided: bool) -> bool:
                now, self._now = self._now, lambda: 0
                try:
                    return is_shown(self, actor, stream, decided=decided)
                finally:
                    self._now = now

            monkeypatch.setattr(Sight, "_is_shown", for_ever)
        case "parent":

            def alone(self: Sight, actor: Actor, stream: str, *, decided: bool) -> bool:
                found = self._sequencers.get(stream)
                if found is None:
                    return False
                return actor.agency in found.ledger.model.shared(found.ledger.durable.state, self._now())

            monkeypatch.setattr(Sight, "_is_shown", alone)
        case "group":
            _published_first(monkeypatch)
        case _:
            made = Lists._list
            somebody = Actor("Sam", "LAS", "tactical_commander")
            monkeypatch.setattr(Lists, "_list", lambda self, _actor: made(self, somebody))


def _served_to_all(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    serve = getattr(Joining, name)

    async def open_to_all(self: Joining, session: object, asked: object) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(Sight, "may_see", lambda *_args, **_kwargs: True)
            await serve(self, session, asked)

    monkeypatch.setattr(Joining, name, open_to_all)


def _published_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """As it was before there were agreements: a group goes out, and then it is asked who may see the stream."""
    moved, publish = Hub._moved, Hub._publish

    def publish_first(self: Hub, stream: str, waited: Sequence[Proposal]) -> None:
        publish(self, stream, waited)
        if moved(self, stream):
            self.lists.refresh()

    monkeypatch.setattr(Hub, "_moved", lambda _self, _stream: False)
    monkeypatch.setattr(Hub, "_publish", publish_first)
