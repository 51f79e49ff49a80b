from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from incident.kernel.protocol import Accepted, Done, Error
from incident.kernel.receipts import Receipt, receipt
from incident.kernel.replica import LinkWord
from incident.kernel.slice import Actor, Refusal
from incident.log.facts import Strike, Write
from incident.organisation.facts import Declare, Invite, Open
from incident.state import INCIDENT, own_stream
from incident.tasks.facts import Raise
from incident_tui import streams as streams_module
from incident_tui import watched as watched_module
from incident_tui.chores import is_automatic
from incident_tui.session import Session
from tests.on_disk import bytes_of, database
from tests.running import run
from tests.tui.rooms import SetClock, asleep, at_desk, texts, until
from tests.tui.toy_server import INCIDENT_STREAM, LAS_REGISTER, OTHER_STREAM, ToyServer

SCAS_DESK = Actor("Desk 1", "SCAS", "operator")
OWN = own_stream(INCIDENT_STREAM, "LAS")


def must(answer: Refusal | str) -> str:
    assert isinstance(answer, str), answer
    return answer


async def quiet(session: Session) -> None:
    await until(
        lambda: session.settled and not session.unsent and _nothing_waits(session), what="nothing waits"
    )


async def numbered(session: Session) -> None:
    await until(lambda: session.look().state.organisation.number, what="the incident has its number")
    await quiet(session)


def _nothing_waits(session: Session) -> bool:
    assert session._streams is not None
    return not list(session._streams.pending())


def words(session: Session) -> list[str]:
    return [line.word for line in session.log().lines if line.word]


# -- the way of one command -----------------------------------------------------------------------------------


def test_a_command_is_saving_then_queued_then_sent_then_a_number_and_everybody_sees_it(
    tmp_path: Path,
) -> None:
    async def scenario() -> None:
        async with ToyServer() as toy:
            toy.furnish()
            async with (
                at_desk(toy.url, tmp_path / "las") as las,
                at_desk(toy.url, tmp_path / "s", "tok-scas") as scas,
            ):
                await numbered(las)
                seen: list[str] = []
                before = las.version
                written = must(las.submit(Write("Bus requested")))
                while word := las.word(written):
                    if word not in seen:
                        seen.append(word)
                    before = await las.changed(before)
                assert seen == ["SAVING", "SENT – NO ANSWER"], (
                    "QUEUED lasts less than a step while the line is up"
                )
                outcome = await las.outcome(written, 5)
                assert outcome is not None
                seq = 1 + [one.command_id for one in toy.records[INCIDENT_STREAM]].index(written)
                assert outcome.seq == seq
                assert las.lately()[written] == seq
                await until(lambda: texts(scas)[-1:] == ["Bus requested"])
                assert texts(las) == texts(scas)
                line = next(line for line in scas.log().lines if line.command_id == written)
                assert (line.seq, line.agency, line.actor, line.word, line.own) == (
                    seq,
                    "LAS",
                    "Desk 1",
                    "",
                    False,
                )
                assert las.unsent == 0

    run(scenario())


def test_what_is_stamped_on_a_command(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with ToyServer() as toy:
            toy.furnish()
            clock = SetClock()
            clock.wall_ahead_ms = 600_000  # this desk's clock is ten minutes fast
            async with at_desk(toy.url, tmp_path, clock=clock) as las:
                must(las.submit(Declare("LAS", "standby")))
                await quiet(las)
                must(las.submit(Declare("LAS", "declared"), happened_at=5, on_behalf_of="MPS"))
                await quiet(las)
            first, second = (one for one in toy.submitted if one.type == "organisation.declare")
            assert first.written_at - clock.now() > 500_000
            assert abs(first.clock_offset + 600_000) < 2_000
            assert (second.happened_at, second.on_behalf_of) == (5, "MPS")
            assert second.base == {"declared/LAS": first.command_id}, "what was seen of it"
            assert first.command_id < second.command_id

    run(scenario())


def test_an_obvious_no_is_said_at_once_and_nothing_is_sent(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with ToyServer() as toy:
            toy.furnish()
            async with at_desk(toy.url, tmp_path) as las:
                await quiet(las)
                sent = len(toy.submitted)
                no = [
                    las.submit(Write("x\x1b[2J")),
                    las.submit(Write("x" * 60_000)),
                    las.submit(Strike(9_999, "no such line")),
                    las.submit(Write("x"), stream=OTHER_STREAM.replace("2", "9") + "/nonsense"),
                ]
                assert [one.code if isinstance(one, Refusal) else one for one in no][1:2] == ["too_large"]
                assert all(isinstance(one, Refusal) for one in no), no
                assert len(toy.submitted) == sent
                assert las.cards == ()

    run(scenario())


# -- cut off --------------------------------------------------------------------------------------------------


def test_work_goes_on_while_the_line_is_cut_and_is_sent_once_when_it_is_back(tmp_path: Path) -> None:
    """P8, P10: queued while cut, every one of them in the log once, in order."""

    async def scenario() -> None:
        async with ToyServer() as toy:
            toy.furnish()
            async with at_desk(toy.url, tmp_path) as las:
                await quiet(las)
                await toy.stop(abruptly=True)
                await until(lambda: las.link.word is LinkWord.ISLAND)
                written = [must(las.submit(Write(f"entry {number}"))) for number in range(50)]
                await until(lambda: set(words(las)) == {"QUEUED"})
                assert las.unsent == 50
                assert texts(las)[-1] == "entry 49", "it shows at once"
                no = las.submit(Invite(("SECAMB",)))
                assert isinstance(no, Refusal)
                assert no.code == "needs_link"
                await toy.start()
                await quiet(las)
                assert toy.ids(INCIDENT_STREAM)[-50:] == written
                assert las.cards == ()
                assert las.link.word is LinkWord.LIVE

    run(scenario())


def test_a_desk_opens_with_its_own_copy_before_there_is_a_line(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with ToyServer() as toy:
            toy.furnish()
            async with at_desk(toy.url, tmp_path) as las:
                must(las.submit(Write("seen before")))
                await quiet(las)
                las.keep_draft("log", "half a sent")
            shown = toy.state(INCIDENT_STREAM)
        async with asleep(toy.url, tmp_path) as las:
            assert las.stream == INCIDENT_STREAM
            assert las.me == Actor("Desk 1", "LAS", "operator")
            assert (las.mode, las.server_name) == ("exercise", "toy")
            assert las.look().state == shown
            assert texts(las)[-1] == "seen before"
            assert [one.summary["title"] for one in las.incidents] == ["Coach on the M25"]
            assert las.draft("log") == "half a sent"
            assert las.link.sentence.startswith("Not connected yet. Waiting for ws://127.0.0.1:")
            written = must(las.submit(Write("written without a line")))
            await until(lambda: las.word(written) == "QUEUED")

    run(scenario())


def test_a_desk_that_never_reached_the_server_opens_empty_says_so_and_keeps_the_draft(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with ToyServer() as toy:
            toy.furnish()
            await toy.stop()
            async with at_desk(toy.url, tmp_path, ready=False) as las:
                assert las.stream == ""
                assert las.look().me is None
                assert texts(las) == []
                no = las.submit(Write("x"), stream=INCIDENT_STREAM)
                assert isinstance(no, Refusal)
                assert no.code == "not_signed_in"
                las.keep_draft("log", "typed early")
                await until(lambda: "Is the server running?" in las.link.sentence)
                await toy.start()
                await until(lambda: las.stream)
                assert las.draft("log") == "typed early"
            async with asleep(toy.url, tmp_path) as las:
                assert las.draft("log") == "typed early"

    run(scenario())


@pytest.mark.parametrize("after", [1, 7, 40])
def test_a_killed_client_loses_nothing_that_was_queued_and_sends_it_once(tmp_path: Path, after: int) -> None:
    """P8: kill -9 of the client process with queued commands, twice; then a person opens it again."""

    async def scenario() -> None:
        async with ToyServer() as toy:
            toy.furnish()
            async with at_desk(toy.url, tmp_path):
                pass
            await toy.stop()
            told: list[str] = []
            for _ in range(2):
                client = subprocess.Popen(  # noqa: ASYNC220 - nothing else is to happen meanwhile
                    [
                        sys.executable,
                        str(Path(__file__).with_name("offline_client.py")),
                        toy.url,
                        str(tmp_path),
                    ],
                    stdout=subprocess.PIPE,
                    text=True,
                )
                assert client.stdout is not None
                told += [client.stdout.readline().strip() for _ in range(after)]
                client.kill()
                told += client.stdout.read().split()
                client.wait()
                client.stdout.close()
            assert len(told) >= 2 * after
            await toy.start()
            async with at_desk(toy.url, tmp_path) as las:
                await quiet(las)
            log = toy.ids(INCIDENT_STREAM)
            assert [one for one in log if one in set(told)] == told, (
                "each once, in the order in which it was written"
            )

    run(scenario())


def test_an_unanswered_command_is_resolved_by_its_id_when_the_line_is_back(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with ToyServer() as toy:
            toy.furnish()
            async with at_desk(toy.url, tmp_path) as las:
                await quiet(las)
                toy.mute_acks = True
                written = must(las.submit(Write("did it arrive?")))
                await until(lambda: las.word(written) == "SENT – NO ANSWER")
                await until(lambda: written in toy.ids(INCIDENT_STREAM))
                await toy.stop(abruptly=True)
                await until(lambda: las.link.word is LinkWord.ISLAND)
                assert las.word(written) == "SENT – NO ANSWER"
                toy.mute_acks = False
                await toy.start()
                await quiet(las)
                assert toy.ids(INCIDENT_STREAM).count(written) == 1

    run(scenario())


def test_a_command_without_an_answer_is_sent_again_on_the_same_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams_module, "ANSWER_SECONDS", 0.5)

    async def scenario() -> None:
        async with ToyServer() as toy:
            toy.furnish()
            async with at_desk(toy.url, tmp_path) as las:
                await quiet(las)
                toy.mute_acks = True
                written = must(las.submit(Write("lost answer")))
                await until(lambda: sum(one.command_id == written for one in toy.submitted) >= 2)
                assert toy.ids(INCIDENT_STREAM).count(written) == 1

    run(scenario())


def test_a_busy_server_has_decided_nothing_and_is_asked_again(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with ToyServer() as toy:
            toy.furnish()
            async with at_desk(toy.url, tmp_path) as las:
                await quiet(las)
                toy.busy = 1
                written = must(las.submit(Write("again, please")))
                await quiet(las)
                assert written in toy.ids(INCIDENT_STREAM)
                assert las.cards == ()

    run(scenario())


def test_only_what_is_missing_is_fetched_when_the_line_is_back(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with ToyServer() as toy:
            toy.furnish()
            async with at_desk(toy.url, tmp_path) as las:
                await quiet(las)
            toy.write(INCIDENT_STREAM, Write("while you were away"), SCAS_DESK)
            asked: list[int] = []
            watch = toy._watch

            def noted(connection: Any, actor: Actor, frame: Any) -> None:
                if frame.stream == INCIDENT_STREAM:
                    asked.append(frame.cursor)
                watch(connection, actor, frame)

            toy._watch = noted  # type: ignore[method-assign]
            async with at_desk(toy.url, tmp_path) as las:
                await until(lambda: texts(las)[-1:] == ["while you were away"])
            assert asked == [len(toy.records[INCIDENT_STREAM]) - 1]

    run(scenario())


def test_a_flapping_line_ends_with_equal_rooms(tmp_path: Path) -> None:
    """P10, P15, P21: liveness after faults."""

    async def scenario() -> None:
        async with ToyServer() as toy:
            toy.furnish()
            async with (
                at_desk(toy.url, tmp_path / "a") as las,
                at_desk(toy.url, tmp_path / "b", "tok-scas") as scas,
            ):
                for round_ in range(12):
                    must(las.submit(Write(f"las {round_}")))
                    must(scas.submit(Write(f"scas {round_}")))
                    if round_ % 3 == 0:
                        toy.cut()
                    await asyncio.sleep(0.03)
                await quiet(las)
                await quiet(scas)
                await until(
                    lambda: las.look().state == scas.look().state == toy.state(INCIDENT_STREAM),
                    what="equal rooms, the last receipts included",
                )
                assert sum(text.startswith(("las ", "scas ")) for text in texts(las)) == 24

    run(scenario())


# -- refused --------------------------------------------------------------------------------------------------


async def _conflict(toy: ToyServer, tmp_path: Path) -> tuple[str, str]:
    """Two desks of LAS close the incident's first decision differently while one of them is cut off."""
    async with at_desk(toy.url, tmp_path) as las:
        await quiet(las)
        await toy.stop(abruptly=True)
        await until(lambda: las.link.word is LinkWord.ISLAND)
        lost = must(las.submit(Declare("LAS", "declared")))
        hangs = must(las.submit(Write("as declared"), depends_on=(lost,)))
        toy.write(INCIDENT_STREAM, Declare("LAS", "standby"), Actor("Desk 2", "LAS", "operator"))
        await toy.start()
        await until(lambda: las.cards)
        await quiet(las)
        return lost, hangs


def test_a_refused_command_is_a_card_that_outlives_the_program_until_it_is_cleared(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with ToyServer() as toy:
            toy.furnish()
            lost, hangs = await _conflict(toy, tmp_path)
            async with asleep(toy.url, tmp_path) as las:
                (card,) = las.cards
                assert card.command_id == lost
                assert card.refusal.conflict
                assert card.refusal.sentence
                assert "LAS" in card.text
                assert [one.command_id for one in card.dependants] == [hangs], "on the same card"
                assert las.unsent == 0
                assert not {lost, hangs} & set(toy.ids(INCIDENT_STREAM))
                assert "as declared" not in texts(las), "the provisional change vanishes by itself"
                las.clear_card(lost)
                assert las.cards == ()
            async with asleep(toy.url, tmp_path) as las:
                assert las.cards == ()

    run(scenario())


def test_what_would_lose_is_marked_and_sent_all_the_same(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with ToyServer() as toy:
            toy.furnish()
            async with at_desk(toy.url, tmp_path) as las:
                await quiet(las)
                toy.mute_acks = True
                toy.write(INCIDENT_STREAM, Declare("LAS", "standby"), Actor("Desk 2", "LAS", "operator"))
                lost = must(las.submit(Declare("LAS", "declared")))
                await until(lambda: any(one.command_id == lost for one in toy.submitted))
                toy.mute_acks = False
                toy.busy = 1_000  # the server has not decided yet
                toy.cut()
                await until(lambda: las.word(lost) == "LIKELY REFUSED")
                line = next(line for line in las.log().lines if line.command_id == lost)
                assert line.word == "LIKELY REFUSED"
                assert line.text.startswith("Declare for our agency")
                toy.busy = 0
                await until(lambda: [card.command_id for card in las.cards] == [lost])

    run(scenario())


# -- the server's history -------------------------------------------------------------------------------------


def test_history_diverged_keeps_the_copy_and_takes_nothing_more(tmp_path: Path) -> None:
    """P27: the server's disk was rolled back under a client that had seen more."""

    async def scenario() -> None:
        async with ToyServer() as toy:
            toy.furnish()
            async with at_desk(toy.url, tmp_path) as las:
                must(las.submit(Write("this was confirmed")))
                await quiet(las)
            toy.forget(INCIDENT_STREAM, 2)
            toy.write(INCIDENT_STREAM, Write("another history"), SCAS_DESK)
            async with at_desk(toy.url, tmp_path, ready=False) as las:
                await until(lambda: las.link.sentence.startswith("HISTORY DIVERGED: Record 3 of your copy"))
                assert any(
                    severity == "alarm" and "HISTORY DIVERGED" in said for severity, said in las.notices
                )
                await asyncio.sleep(0.1)
                assert "this was confirmed" in texts(las)
                assert "another history" not in texts(las)
                no = las.submit(Write("x"))
                assert isinstance(no, Refusal)
                assert no.code == "diverged"
                assert "can only be read" in no.sentence
            async with asleep(toy.url, tmp_path) as las:
                assert "this was confirmed" in texts(las)

    run(scenario())


def test_a_chain_that_breaks_on_a_running_line_diverges_too(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with ToyServer() as toy:
            toy.furnish()
            async with at_desk(toy.url, tmp_path) as las:
                await quiet(las)
                head = toy.ledgers[INCIDENT_STREAM].tentative
                forged = msgspec.structs.replace(head, hash="00" * 32)
                toy.ledgers[INCIDENT_STREAM].tentative = toy.ledgers[INCIDENT_STREAM].durable = forged
                toy.write(INCIDENT_STREAM, Write("forged"), SCAS_DESK)
                await until(lambda: las.link.sentence.startswith("HISTORY DIVERGED"))
                assert "forged" not in texts(las)

    run(scenario())


def test_another_server_behind_the_same_address_gets_a_copy_of_its_own(tmp_path: Path) -> None:
    async def scenario() -> None:
        toy = ToyServer()
        async with toy:
            toy.furnish()
            async with at_desk(toy.url, tmp_path) as las:
                must(las.submit(Write("on the first server")))
                await quiet(las)
            await toy.stop()
            async with asleep(toy.url, tmp_path) as las:
                must(las.submit(Write("for the first server")))
        other = ToyServer()
        other.port, other.epoch = toy.port, "toy-2"
        async with other:
            other.furnish()
            async with at_desk(other.url, tmp_path) as las:
                assert any("another server than last time. 1 commands" in said for _, said in las.notices)
                await quiet(las)
                assert "on the first server" not in texts(las)
                assert not any("HISTORY DIVERGED" in said for _, said in las.notices)
        async with toy, at_desk(toy.url, tmp_path) as las:
            await until(lambda: "for the first server" in texts(las))
            await quiet(las)

    run(scenario())


def test_a_token_that_now_stands_for_somebody_else_gets_a_seat_of_its_own(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with ToyServer() as toy:
            toy.furnish()
            async with at_desk(toy.url, tmp_path) as las:
                await quiet(las)
            toy.actors["tok-las"] = Actor("Desk 9", "SCAS", "operator")
            async with at_desk(toy.url, tmp_path) as desk:
                await until(lambda: desk.me == Actor("Desk 9", "SCAS", "operator"))
                await until(lambda: desk.settled and desk.look().own_stream.endswith("/own/SCAS"))
                assert LAS_REGISTER not in desk.held()

    run(scenario())


def test_a_new_role_counts_from_the_next_welcome(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with ToyServer() as toy:
            toy.furnish()
            async with at_desk(toy.url, tmp_path) as las:
                await quiet(las)
            toy.actors["tok-las"] = Actor("Desk 1", "LAS", "observer")
            async with at_desk(toy.url, tmp_path) as las:
                await until(lambda: las.me is not None and las.me.role == "observer" and las.settled)
                no = las.submit(Write("x"))
                assert isinstance(no, Refusal)
                assert no.code == "no_grant"
                assert no.facts["grant"] == "log.write"

    run(scenario())


# -- joining --------------------------------------------------------------------------------------------------


def test_a_late_joiner_takes_a_snapshot_and_fetches_older_lines_when_asked(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with ToyServer() as toy:
            toy.furnish()
            for number in range(600):
                toy.write(INCIDENT_STREAM, Write(f"line {number}"), SCAS_DESK)
            toy.snapshots_from = 100
            async with at_desk(toy.url, tmp_path) as las:
                assert las.look().state == toy.state(INCIDENT_STREAM)
                assert las.log().total >= 602
                await until(lambda: len(texts(las)) >= 150, what="the first page comes by itself")
                assert las.log().more
                while las.log().more:
                    las.log().older()
                    have = len(las.log().lines)
                    await until(lambda have=have: len(las.log().lines) > have)
                assert "Coach on the M25" in texts(las)[0]
                assert [text for text in texts(las) if text.startswith("line ")] == [
                    f"line {n}" for n in range(600)
                ]
                assert not las.log().older()
            async with asleep(toy.url, tmp_path) as las:
                assert las.look().state == toy.state(INCIDENT_STREAM)
                assert len([text for text in texts(las) if text.startswith("line ")]) == 600, (
                    "all from the disk"
                )

    run(scenario())


def test_a_command_whose_record_came_inside_a_snapshot_does_not_wait_for_ever(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with ToyServer() as toy:
            toy.furnish()
            async with at_desk(toy.url, tmp_path) as las:
                await quiet(las)
                toy.mute_acks = True
                written = must(las.submit(Write("inside the snapshot")))
                await until(lambda: written in toy.ids(INCIDENT_STREAM))
                # the acknowledgement arrives, the records do not
                done = Done(written, len(toy.records[INCIDENT_STREAM]), len(toy.records[INCIDENT_STREAM]))
                las._receive(Accepted(stream=INCIDENT_STREAM, done=[done]))
                assert las.word(written) == "CONFIRMED"
                toy.snapshots_from = 1
                toy.mute_acks = False
                toy.cut()
                await until(lambda: las.settled and not las.word(written))
                assert las.look().state == toy.state(INCIDENT_STREAM), "and is not counted twice"

    run(scenario())


def test_the_state_is_written_down_now_and_then_so_that_opening_is_quick(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watched_module, "SNAPSHOT_EVERY", 50)
    monkeypatch.setattr(streams_module, "SNAPSHOT_EVERY", 50)

    async def scenario() -> None:
        async with ToyServer() as toy:
            toy.furnish()
            for number in range(240):
                toy.write(INCIDENT_STREAM, Write(f"line {number}"), SCAS_DESK)
            async with at_desk(toy.url, tmp_path) as las:
                await quiet(las)
                assert las.desk.cache is not None
                snapshot, after = await las.desk.cache.stream(INCIDENT_STREAM)
                assert snapshot is not None
                assert len(after) < 150
            async with asleep(toy.url, tmp_path) as las:
                assert las.look().state == toy.state(INCIDENT_STREAM)

    run(scenario())


def test_a_struck_line_is_marked_where_it_stands(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with ToyServer() as toy:
            toy.furnish()
            async with at_desk(toy.url, tmp_path) as las:
                must(las.submit(Write("12 casualties")))
                await quiet(las)
                seq = las.log().lines[-1].seq
                assert not las.log().lines[-1].struck
                must(las.submit(Strike(seq, "miscounted", "13 casualties")))
                await quiet(las)
                assert [line.text for line in las.log().lines if line.struck] == ["12 casualties"]
            async with asleep(toy.url, tmp_path) as las:
                assert [line.text for line in las.log().lines if line.struck] == ["12 casualties"]

    run(scenario())


def test_hostile_text_in_a_record_reaches_the_screen_harmless(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with ToyServer() as toy:
            toy.furnish()
            toy.actors["tok-scas"] = Actor("Desk\x1b]52;c;eA==\x07", "SCAS", "operator")
            toy.write(INCIDENT_STREAM, Write("a[@click=app.quit]b"), toy.actors["tok-scas"])
            async with at_desk(toy.url, tmp_path) as las:
                line = las.log().lines[-1]
                assert "\x1b" not in line.actor
                assert line.text == "a[@click=app.quit]b", "shown as it is; nothing parses it"

    run(scenario())


# -- what a session does by itself ----------------------------------------------------------------------------


def test_our_own_part_is_opened_before_the_first_entry_once_however_many_desks_write(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with ToyServer() as toy:
            toy.furnish()
            async with at_desk(toy.url, tmp_path) as one, at_desk(toy.url, tmp_path) as two:
                assert (one.desk.number, two.desk.number) == (1, 2)
                await toy.stop(abruptly=True)
                await until(lambda: one.link.word is two.link.word is LinkWord.ISLAND)
                must(one.submit(Write("from one"), stream=OWN))
                must(two.submit(Write("from two"), stream=OWN))
                await toy.start()
                await quiet(one)
                await quiet(two)
                await until(lambda: {"from one", "from two"} <= set(texts(one)) & set(texts(two)))
                assert len(toy.ids(OWN)) == 3
                assert one.cards == two.cards == ()
                assert [line.own for line in one.log().lines if line.text.startswith("from")] == [True, True]
            async with at_desk(toy.url, tmp_path / "scas", "tok-scas") as scas:
                assert not {"from one", "from two"} & set(texts(scas))

    run(scenario())


def test_an_incident_opened_while_cut_off_arrives_and_gets_its_number_by_itself(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with ToyServer() as toy:
            toy.furnish()
            async with at_desk(toy.url, tmp_path) as las:
                await until(
                    lambda: las.look().state.organisation.number == "LAS-2611-01",
                    what="the first is numbered",
                )
                await quiet(las)
                await toy.stop(abruptly=True)
                await until(lambda: las.link.word is LinkWord.ISLAND)
                must(las.submit(Open("Fire at the depot", "exercise")))
                await until(lambda: las.stream != INCIDENT_STREAM)
                must(las.submit(Write("first words of it")))
                assert las.look().state.organisation.title == "Fire at the depot"
                assert "Fire at the depot" in [one.summary["title"] for one in las.incidents]
                await toy.start()
                await until(lambda: las.look().state.organisation.number == "LAS-2611-02")
                await quiet(las)
                assert toy.state(las.stream).organisation.title == "Fire at the depot"
                assert texts(las)[:2][1:] == ["first words of it"]
                assert all(is_automatic(one.command_id) for one in toy.submitted if "number" in one.type)

    run(scenario())


def _receipt(toy: ToyServer, subject: str, agency: str) -> Receipt:
    return receipt(toy.state(INCIDENT_STREAM).receipts, subject, agency)


def test_delivered_is_written_when_the_disk_has_it_and_seen_and_acknowledged_only_by_a_person(
    tmp_path: Path,
) -> None:
    async def scenario() -> None:
        async with ToyServer() as toy:
            toy.furnish()
            toy.write(INCIDENT_STREAM, Raise(agency="LAS", title="Open RVP B"), SCAS_DESK)
            thing = f"tasks/{toy.ids(INCIDENT_STREAM)[-1]}"
            (subject,) = (
                one for one in INCIDENT.addressed(toy.state(INCIDENT_STREAM), "LAS") if thing in one
            )
            assert _receipt(toy, subject, "LAS").delivered is None
            async with at_desk(toy.url, tmp_path) as las:
                await until(lambda: _receipt(toy, subject, "LAS").delivered is not None)
                await quiet(las)
                assert _receipt(toy, subject, "LAS").seen is None
                for _ in range(3):
                    las.see([thing])
                await until(lambda: _receipt(toy, subject, "LAS").seen is not None)
                await quiet(las)
                assert _receipt(toy, subject, "LAS").acknowledged is None
                must(las.acknowledge([thing]))
                await until(lambda: _receipt(toy, subject, "LAS").acknowledged is not None)
                assert _receipt(toy, subject, "LAS").by == "Desk 1"
                await quiet(las)
                no = las.acknowledge(["tasks/nothing-of-the-kind"])
                assert isinstance(no, Refusal)
                assert no.code == "nothing_asked"
            of_it = [
                one
                for one in toy.submitted
                if one.type.startswith("receipts.") and thing.encode() in bytes(one.body)
            ]
            written = [one.type for one in of_it]
            assert written == ["receipts.deliver", "receipts.see", "receipts.acknowledge"], "each once"
            assert _receipt(toy, subject, "SCAS") == Receipt()

    run(scenario())


def test_no_receipt_is_written_before_the_disk_has_what_it_is_for(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with ToyServer() as toy:
            toy.furnish()
            async with at_desk(toy.url, tmp_path) as las:
                await quiet(las)
                assert las.desk.cache is not None
                file = las.desk.cache.disk.file
                assert file is not None
                ((pages,),) = await file.rows("PRAGMA page_count")
                await file.rows(f"PRAGMA max_page_count = {pages}")
                for _ in range(40):
                    toy.write(
                        INCIDENT_STREAM, Raise(agency="LAS", title="Open RVP B " + "x" * 100), SCAS_DESK
                    )
                await until(
                    lambda: las.disk_trouble.startswith(
                        "Nothing can be saved on this desk: the disk is full."
                    )
                )
                await asyncio.sleep(0.3)
                assert not any(one.type == "receipts.deliver" for one in toy.submitted)
                written = must(las.submit(Write("y" * 1_900)))
                await asyncio.sleep(0.1)
                assert las.word(written) == "SAVING"
                assert written not in toy.ids(INCIDENT_STREAM)
                await file.rows("PRAGMA max_page_count = 1000000")
                await until(lambda: any(one.type == "receipts.deliver" for one in toy.submitted))
                await quiet(las)
                assert las.disk_trouble == ""
                assert written in toy.ids(INCIDENT_STREAM)

    run(scenario())


def test_an_observer_writes_nothing_leaves_nothing_and_sees_everything(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with ToyServer() as toy:
            toy.furnish()
            toy.write(INCIDENT_STREAM, Raise(agency="LAS", title="Open RVP B"), SCAS_DESK)
            async with at_desk(toy.url, tmp_path / "home", observer=True, copy=False) as eye:
                await until(lambda: texts(eye))
                eye.see([f"tasks/{toy.ids(INCIDENT_STREAM)[-1]}"])
                no = eye.submit(Write("x"))
                assert isinstance(no, Refusal)
                assert no.code == "observer"
                await asyncio.sleep(1.2)
                assert toy.hellos[-1].observer
            assert toy.submitted == []
            assert not (tmp_path / "home").exists()

    run(scenario())


# -- seats ----------------------------------------------------------------------------------------------------


def test_a_second_client_at_one_desk_sits_beside_and_what_it_leaves_is_sent_by_the_next(
    tmp_path: Path,
) -> None:
    async def scenario() -> None:
        async with ToyServer() as toy:
            toy.furnish()
            async with at_desk(toy.url, tmp_path) as one:
                async with at_desk(toy.url, tmp_path) as two:
                    assert (
                        "info",
                        "Another client sits at this desk already. This is seat 2.",
                    ) in two.notices
                    await quiet(two)
                    await toy.stop(abruptly=True)
                    await until(lambda: two.link.word is LinkWord.ISLAND)
                    left = must(two.submit(Write("left at seat 2")))
                    await until(lambda: two.word(left) == "QUEUED")
                await quiet_offline(one)
            await toy.start()
            async with at_desk(toy.url, tmp_path) as one:
                assert any(
                    said.startswith("Seat 2 of this desk was left with 1 waiting") for _, said in one.notices
                )
                await quiet(one)
                assert toy.ids(INCIDENT_STREAM).count(left) == 1

    run(scenario())


@pytest.mark.parametrize("sat_at", [False, True])
def test_what_is_closed_to_us_goes_from_the_seat_beside_at_which_nobody_sits(
    tmp_path: Path, sat_at: bool
) -> None:
    """Its client is not there to do it; where one is, that does."""
    canary = b"CANARY-of-the-seat-beside"

    def beside() -> bool:
        (file,) = tmp_path.rglob("seat-2.db")
        return canary in bytes_of(database(file))

    async def scenario() -> None:
        async with ToyServer() as toy, contextlib.AsyncExitStack() as there:
            toy.furnish()
            toy.write(INCIDENT_STREAM, Write(canary.decode()))
            one = await there.enter_async_context(at_desk(toy.url, tmp_path))
            two = contextlib.AsyncExitStack()
            await two.enter_async_context(at_desk(toy.url, tmp_path))
            if not sat_at:
                await two.aclose()
                assert beside()
            closes_to_everybody(toy)
            await until(lambda: not beside(), what="the copy of seat 2 is gone to the last byte")
            await until(lambda: INCIDENT_STREAM not in one.held(), what="seat 1 has heard it, too")
            await quiet_offline(one)
            assert not any("cannot be cleared" in said for _, said in one.notices)
            await two.aclose()

    run(scenario())


def closes_to_everybody(toy: ToyServer) -> None:
    for connection in toy._watching:
        toy._post(connection, Error(code="not_party", sentence="No.", stream=INCIDENT_STREAM))


def test_what_waits_to_be_told_is_not_told_after_the_incident_was_closed_to_us(tmp_path: Path) -> None:
    """What was told before cannot be unsaid; the screen takes it away (`test_closed_screen`)."""

    async def scenario() -> None:
        async with ToyServer() as toy:
            toy.furnish()
            async with at_desk(toy.url, tmp_path) as one:
                one.say("caution", "the coach is blue")
                told = [one.notices.popleft()[1] for _ in tuple(one.notices)]
                one.say("caution", "the coach is red")
                assert "the coach is blue" in told
                closes_to_everybody(toy)
                # no wait lies between the two: what is looked away from and what is not told is one step
                await until(lambda: INCIDENT_STREAM not in one.held(), what="it was closed to us")
                said = [sentence for _, sentence in one.notices]
                assert "no longer open to your agency" in said[0], "the first that is told from then on"
                assert "the coach is red" not in said
                assert one.closings == 1, "by which a screen knows that what it shows of it goes"

    run(scenario())


async def quiet_offline(session: Session) -> None:
    assert session.desk.cache is not None
    await session.desk.cache.disk.flush()


# -- looking --------------------------------------------------------------------------------------------------


def test_a_look_is_the_same_object_until_something_changes(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with ToyServer() as toy:
            toy.furnish()
            async with at_desk(toy.url, tmp_path) as las:
                await quiet(las)
                await asyncio.sleep(0.3)
                looks = {id(las.look()) for _ in range(100)}
                assert len(looks) <= 2, "at most a second has turned"
                look = las.look()
                assert (look.stream, look.own_stream) == (INCIDENT_STREAM, OWN)
                assert look.register_streams == {"LAS": LAS_REGISTER}
                must(las.submit(Write("x")))
                assert las.look() is not look
                assert las.look().state.tasks is look.state.tasks, "what did not change is the same object"

    run(scenario())


def test_an_idle_session_is_still(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with ToyServer() as toy:
            toy.furnish()
            async with at_desk(toy.url, tmp_path) as las:
                await numbered(las)
                await asyncio.sleep(0.5)
                before = las.version
                await asyncio.sleep(1.5)
                # the round trip, in whole milliseconds, may change
                print(f"{las.version - before} changes in 1.5 s of nothing")
                assert las.version - before <= 20

    run(scenario())


def test_the_incident_asked_for_is_opened_by_number_or_title(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with ToyServer() as toy:
            toy.furnish()
            toy.write(OTHER_STREAM, Open("Train at Didcot", "exercise"))
            async with at_desk(toy.url, tmp_path, ready=False) as las:
                await until(lambda: las.settled)
                assert las.stream == "", "two are running, and none was asked for"
                await las.open_incident(OTHER_STREAM)
                await until(lambda: las.settled and texts(las))
            async with at_desk(toy.url, tmp_path) as las:
                assert las.stream == OTHER_STREAM, "the last one"
            async with at_desk(toy.url, tmp_path, incident="m25") as las:
                assert las.stream == INCIDENT_STREAM
            async with at_desk(toy.url, tmp_path, incident=OTHER_STREAM) as las:
                assert las.stream == OTHER_STREAM
                await las.open_incident(INCIDENT_STREAM)
                await quiet(las)
                assert "Coach on the M25" in texts(las)[0]
                assert OTHER_STREAM not in las.held()

    run(scenario())
