"""What is shared, at a real desk on the real hub: seen while the agreement stands, gone from screen and disk then."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from incident.kernel.protocol import Refused
from incident.kernel.replica import LinkWord
from incident.kernel.slice import Refusal
from incident.log.board import BOARD as DECISIONS
from incident.log.facts import Decide, Write
from incident.organisation.facts import Invite, Open, OpenOwn
from incident.sharing.board import BOARD as SHARING
from incident.sharing.facts import End, Share
from incident.state import MODELS
from incident.tasks.board import BOARD as TASKS
from incident.tasks.facts import Raise, Report
from incident_tui import lent
from incident_tui.grammar import Act, build
from incident_tui.papers import prepared
from incident_tui.session import Session
from server.hub import Hub
from tests.incident.given import INCIDENT_STREAM as INCIDENT
from tests.incident.given import MINUTE, T0, charter
from tests.on_disk import every_byte
from tests.running import run
from tests.server.house import Guest, House, house
from tests.tui.rooms import FAST, SetClock, asleep, at_desk, until
from tests.tui.world import local_time_is_utc

local_time_is_utc()

CANARY = "CANARY4d2e-relief-crews"
PART = f"{INCIDENT}/own/LAS"
LEAD = "tactical_commander"


class Scene:
    """A house with an incident of LAS, SCAS and NWAS, and LAS's own part with a line, a task and a decision in it."""

    def __init__(self, home: House, las: Guest, clock: list[int]) -> None:
        self.home, self.las, self.clock = home, las, clock

    async def do(self, command: Any, stream: str = INCIDENT) -> None:
        hub = self.home.hub
        base = hub.model(stream).base_for(hub.durable(stream).state, command)
        answer = await self.las.do(command, stream, models=MODELS, written_at=self.clock[0], base=base)
        assert not isinstance(answer, Refused), answer

    async def share(self, tier: str = "view", stream: str = PART, to: str = "SCAS") -> None:
        await self.do(Share(to, tier, 60, "to see which crews we asked for"), stream)  # type: ignore[arg-type]

    def token(self, agency: str = "SCAS") -> str:
        return self.home.book.token(agency, f"{agency} room", LEAD)


@asynccontextmanager
async def scene() -> AsyncIterator[Scene]:
    clock = [T0]
    async with (
        house(None, MODELS, charter(), now=lambda: clock[0]) as home,
        home.guest("LAS", role=LEAD) as las,
    ):
        made = Scene(home, las, clock)
        for command in (Open("M4/M25 coach", "exercise"), Invite(("SCAS", "NWAS")), Write("for the parties")):
            await made.do(command)
        for command in (
            OpenOwn(), Write(f"{CANARY} asked for"), Raise(f"call in {CANARY}", "LAS"),
            Decide(f"hold {CANARY}", "none to spare"),
        ):  # fmt: skip
            await made.do(command, PART)
        yield made


def seen(session: Session) -> str:
    """Everything that a room shows, lists and has to tell."""
    look = session.look()
    boards = [[column.cell(row, look).text for column in board.columns] + [str(board.detail(row, look))]
              for board in (TASKS, DECISIONS, SHARING) for row in board.rows(look).values()]  # fmt: skip
    return repr((look, session.log().lines, session.incidents, session.cards, session.notices, boards))


def on_disk(folder: Path) -> bool:
    """Whether a byte of it is in any file of a desk."""
    return CANARY.encode() in every_byte(folder)


def parts(session: Session) -> list[str]:
    """What stands in the log of LAS's own part, as it is read."""
    return [line.said for line in session.log().lines if line.part]


# -- seen while it stands, and gone with its end ------------------------------------------------------------------


@pytest.mark.parametrize("side", ["LAS", "SCAS", "time"])
def test_what_a_party_shares_of_its_own_part_is_seen_at_anothers_desk_until_either_side_ends_it(
    tmp_path: Path, side: str
) -> None:
    """In the log, among the tasks, under the agreements; then nowhere, and the incident stays as it was.

    Fails when `Session.arrange` does not take away what is over.
    """

    async def story() -> None:
        async with scene() as here, at_desk(here.home.url, tmp_path / "scas", here.token()) as scas:
            async with at_desk(here.home.url, tmp_path / "nwas", here.token("NWAS")) as nwas:
                await until(lambda: scas.settled)
                assert CANARY not in seen(scas)
                await here.share()
                await until(lambda: len(parts(scas)) >= 4, what="its lines are in the log")
                assert f"OWN of LAS · {CANARY} asked for" in parts(scas)
                look = scas.look()
                (task,) = TASKS.rows(look).values()
                assert TASKS.columns[1].cell(task, look).text == f"OWN of LAS · call in {CANARY}"
                assert (TASKS.count or len)(look) == 0, "it counts at its own desk, and not here"
                assert any(CANARY in row.text for row in DECISIONS.rows(look).values())
                assert list(SHARING.rows(look)) == ["LAS/SCAS"]
                await here.do(Write(f"{CANARY} on their way"), PART)
                await until(lambda: f"OWN of LAS · {CANARY} on their way" in parts(scas))
                await until(lambda: on_disk(tmp_path / "scas"))
                assert CANARY not in seen(nwas)
                await ends(here, scas, side)
                await until(lambda: CANARY not in seen(scas), what="it is gone from the screen")
                await until(lambda: not on_disk(tmp_path / "scas"), what="it is gone from the disk")
                assert [said for _, said in scas.notices if "LAS's own part" in said]
                assert scas.stream == INCIDENT
                assert any("for the parties" in line.text for line in scas.log().lines)
                await here.do(Write(f"{CANARY} not for you"), PART)
                await here.do(Write("for the parties again"))
                await until(lambda: any("again" in line.text for line in scas.log().lines))
                assert CANARY not in seen(scas) + seen(nwas)
                await here.share()
                await until(lambda: f"OWN of LAS · {CANARY} not for you" in parts(scas), what="shared again")
            assert not on_disk(tmp_path / "nwas")

    run(story())


async def ends(here: Scene, scas: Session, side: str) -> None:
    if side == "LAS":
        await here.do(End("SCAS"), PART)
    elif side == "time":
        here.clock[0] += 61 * MINUTE
    else:
        look = scas.look()
        row = SHARING.named("LAS", look)
        made = build(act_of("end-sharing", row), look, (SHARING,))
        assert not isinstance(made, Refusal), made
        command, stream = made
        assert isinstance(scas.submit(command, stream=stream), str)


def act_of(verb: str, row: str | None, **values: Any) -> Any:
    board = {"end-sharing": "sharing", "report": "tasks", "part-log": "decisions"}[verb]
    return Act(board, verb, row, values)


# -- to look at, and to assist --------------------------------------------------------------------------------------


def test_to_look_at_means_that_nothing_is_written_there_and_no_receipt_is_left(tmp_path: Path) -> None:
    async def story() -> None:
        async with scene() as here, at_desk(here.home.url, tmp_path, here.token()) as scas:
            await here.share()
            await until(lambda: len(parts(scas)) >= 4)
            look = scas.look()
            ((key, task),) = TASKS.rows(look).items()
            assert [verb.name for verb in TASKS.verbs if verb.row and verb.applies(task, look)] == []
            for command in (Write("x"), Report(key, "x"), Share("NWAS", "view", 60, "on to a friend")):
                answer = scas.submit(command, stream=PART)
                assert isinstance(answer, Refusal), command
                assert answer.code == "no_grant"
            scas.see([f"tasks/{key}"], stream=PART)
            await asyncio.sleep(0.2)
            hub: Hub = here.home.hub
            records = await hub.store.read(PART, 0, 1_000)
            assert {record.agency for record in records} == {"LAS"}
            assert scas.cards == ()

    run(story())


def test_who_assists_writes_in_the_others_log_and_notes_on_its_tasks(tmp_path: Path) -> None:
    async def story() -> None:
        async with scene() as here, at_desk(here.home.url, tmp_path, here.token()) as scas:
            await here.share("assist")
            await until(lambda: len(parts(scas)) >= 4)
            look = scas.look()
            ((key, task),) = TASKS.rows(look).items()
            assert [verb.name for verb in TASKS.verbs if verb.row and verb.applies(task, look)] == ["report"]
            acts = (
                act_of("report", key, text="two are ours"),
                act_of("part-log", None, part="LAS", text="and we asked"),
            )
            for act in acts:
                made = build(act, look, (TASKS, DECISIONS))
                assert not isinstance(made, Refusal), made
                assert made[1] == PART
                assert isinstance(scas.submit(made[0], stream=made[1]), str)
            await until(lambda: not scas.unsent)
            records = await here.home.hub.store.read(PART, 0, 1_000)
            assert [one.type for one in records if one.agency == "SCAS"] == ["tasks.updated", "log.written"]
            wrong = build(act_of("part-log", None, part="NWAS", text="x"), look, (DECISIONS,))
            assert isinstance(wrong, Refusal)
            await here.share("view")
            await until(
                lambda: isinstance(build(acts[1], scas.look(), (DECISIONS,)), Refusal), what="only to look at"
            )

    run(story())


def test_what_is_shared_with_us_is_printed_on_no_paper_of_ours(tmp_path: Path) -> None:
    """A paper outlasts the agreement. Fails when `papers.made` takes every line."""

    async def story() -> None:
        async with scene() as here, at_desk(here.home.url, tmp_path, here.token()) as scas:
            await here.share()
            await until(lambda: len(parts(scas)) >= 4)
            papers = "".join(
                prepared(words, scas)[1]
                for words in ("picture", "picture json", "log", "log csv", "log json", "sitrep", "iimarch")
            )
            assert "for the parties" in papers
            assert CANARY not in papers

    run(story())


# -- at a desk that is cut off ----------------------------------------------------------------------------------------


def test_cut_off_what_is_shared_is_seen_until_its_moment_and_then_neither_seen_nor_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Read by the copy itself: fails when `looking.shown` does not ask with the time."""
    monkeypatch.setattr(lent, "CUT_SECONDS", 0.0)

    async def story() -> None:
        async with scene() as here:
            token = here.token()
            async with at_desk(here.home.url, tmp_path, token) as scas:
                await here.share()
                await until(lambda: len(parts(scas)) >= 4)
            clock = SetClock()
            async with asleep(here.home.url, tmp_path, token, clock=clock) as scas:
                assert list(scas.look().shown) == [PART]
                await scas._first_page(PART)
                scas.arrange()
                clock.wall_ahead_ms += 61 * MINUTE
                assert scas.look().shown == {}
                scas.arrange()
                assert parts(scas) == []
                assert scas._streams is not None
                scas._streams.close_what_is_over(scas.now())
                await until(lambda: not on_disk(tmp_path))
                assert PART not in scas.held()
                assert scas.stream == INCIDENT

    run(story())


def test_without_a_line_what_is_not_open_goes_at_a_start_after_its_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another incident is open, and the server is not there. Fails when only what is looked at is asked.

    Then the clock was wrong, and the agreement stands: what went is fetched again.
    """
    monkeypatch.setattr(lent, "CUT_SECONDS", 0.0)

    async def story() -> None:
        other = INCIDENT.replace("01a8", "01b8")
        async with scene() as here:
            url, token = here.home.url, here.token()
            for command in (Open("Barge adrift", "exercise"), Invite(("SCAS",)), Write("KEPT at the other")):
                await here.do(command, other)
            async with at_desk(url, tmp_path, token, incident=INCIDENT) as scas:
                await here.share()
                await until(lambda: len(parts(scas)) >= 4)
                await scas.open_incident(other)
                await until(lambda: scas.settled)
                assert PART not in scas.held()
            assert on_disk(tmp_path)
            await without_a_line(tmp_path, url, token, other, 59)
            assert on_disk(tmp_path)
            await without_a_line(tmp_path, url, token, other, 61)
            assert not on_disk(tmp_path)
            assert b"KEPT at the other" in every_byte(tmp_path)
            async with at_desk(url, tmp_path, token, incident=INCIDENT) as scas:
                await until(lambda: len(parts(scas)) >= 4, what="it is fetched again")

    run(story())


async def without_a_line(home: Path, url: str, token: str, opens: str, minutes: int) -> None:
    """A client starts so many minutes on by its clock, reaches nobody, and runs for some seconds of its own."""
    clock = SetClock()
    clock.wall_ahead_ms = minutes * MINUTE
    cut_off = replace(FAST, open=0.0, backoff=60.0, backoff_max=60.0)
    async with at_desk(url, home, token, ready=False, clock=clock, timing=cut_off) as scas:
        assert await until(lambda: scas.stream) == opens
        ticks: list[int] = []
        tick = scas.arrange
        scas.arrange = lambda: (ticks.append(1), tick())[1]  # type: ignore[method-assign,func-returns-value]
        await until(lambda: len(ticks) >= 2, what="it has looked at the time")
        assert scas.link.word is LinkWord.ISLAND


def test_what_we_only_look_on_at_is_not_opened_at_a_start_after_its_moment(tmp_path: Path) -> None:
    """Not even for the second in which a line may come up. Fails when `choose_incident` does not ask."""

    async def story() -> None:
        async with scene() as here:
            token = here.token("EEAST")
            await here.do(Write(CANARY))
            await here.share(stream=INCIDENT, to="EEAST")
            async with at_desk(here.home.url, tmp_path, token):
                pass
            clock = SetClock()
            async with asleep(here.home.url, tmp_path, token, clock=clock) as first:
                assert first.stream == INCIDENT
            clock.wall_ahead_ms = 61 * MINUTE
            async with asleep(here.home.url, tmp_path, token, clock=clock) as second:
                assert second.stream == ""

    run(story())


# -- the seat beside ------------------------------------------------------------------------------------------------


def test_what_somebody_looked_at_from_another_seat_goes_though_this_client_never_held_it(
    tmp_path: Path,
) -> None:
    """`incident-tui do --seat 4`, and away; the client that runs is at seat 1. Fails without `Unlisted.look_beside`."""

    async def story() -> None:
        async with scene() as here:
            token = here.token("EEAST")
            await here.do(Write(CANARY))
            await here.share(stream=INCIDENT, to="EEAST")
            async with at_desk(here.home.url, tmp_path, token, seat=4) as fourth:
                await until(lambda: CANARY in seen(fourth))
            assert on_disk(tmp_path)
            async with at_desk(here.home.url, tmp_path, token, ready=False, incident="none") as first:
                await until(lambda: first.settled)
                assert (first.stream, first.desk.number, on_disk(tmp_path)) == ("", 1, True)
                assert INCIDENT not in first.held()
                await here.do(End("EEAST"))
                await until(lambda: not on_disk(tmp_path), what="the file of seat 4 has no byte of it")

    run(story())
