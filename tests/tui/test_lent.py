"""What is lent to us goes at its moment while we are cut off, also when nobody looks at it: read in the files, byte
for byte, by the moment that is kept beside each copy.
"""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from incident.exercises.facts import Follow, Segment
from incident.kernel.protocol import Listing, Records
from incident.kernel.record import chained
from incident.kernel.replica import StoreSnapshot
from incident.log.facts import Write
from incident.organisation.facts import OpenOwn
from incident.sharing.facts import End, Share
from incident.state import OWN
from incident_tui.cache_file import LENT
from incident_tui.lent import BESIDE_SECONDS, CUT_SECONDS, LOOK_MS, end
from incident_tui.watched import load
from tests.incident.given import INCIDENT_STREAM, MINUTE, OWN_STREAM, T0, Given, charter, cid
from tests.on_disk import every_byte
from tests.running import run
from tests.tui.test_closing import CANARY, ELSEWHERE, ME, OTHER, Desk, cut, history

UNTIL = T0 + 60 * MINUTE
LEAD = "tactical_commander"


def part(words: str = CANARY) -> Given:
    """LAS's own part, shared with SCAS for an hour."""
    given = Given(OWN, OWN_STREAM).by("LAS", LEAD).did(OpenOwn()).did(Share("SCAS", "view", 60, "relief"))
    for number in range(20):
        given.did(Write(f"{words} {number}"))
    return given


async def left(desk: Desk, given: Given, *, snapshot: bool = True) -> None:
    """It was looked at, and is not any more."""
    await desk.holds(given, snapshot=snapshot)
    desk.streams.leave(given.stream)
    assert given.stream not in desk.streams.held
    await desk.wiped()


async def passes(desk: Desk, now: int) -> None:
    """A second of the client's at this moment, long without a line; what it does aside is done, too."""
    cut(desk, BESIDE_SECONDS)
    desk.streams.close_what_is_over(now)
    while desk.told.asides:
        await desk.told.asides.pop(0)()
    await desk.wiped()


# -- gone at its moment ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("snapshot", [False, True])
@pytest.mark.parametrize("restarted", [False, True])
def test_cut_off_what_nobody_looks_at_goes_at_its_moment_to_the_last_byte(
    tmp_path: Path, restarted: bool, snapshot: bool
) -> None:
    """Another incident is open, which stays. Fails when only what is held is asked."""

    async def scene() -> None:
        async with Desk(tmp_path) as desk:
            await desk.holds(history(OTHER, 5, ELSEWHERE))
            await left(desk, part(), snapshot=snapshot)
            if not restarted:
                await passes(desk, UNTIL - 1)
                assert CANARY.encode() in every_byte(tmp_path)
                await passes(desk, UNTIL)
                assert desk.told.closings == [(OWN_STREAM,)]
                assert desk.told.said[-1].startswith("LAS's own part of an incident is no longer open")
                assert list(desk.streams.held) == [ELSEWHERE]
        if restarted:
            assert CANARY.encode() in every_byte(tmp_path)
            async with Desk(tmp_path) as desk:
                await passes(desk, UNTIL - 1)
                assert desk.told.closings == []
                await passes(desk, UNTIL)
                assert desk.told.closings == [(OWN_STREAM,)]
                await passes(desk, UNTIL + 1)
                assert desk.told.closings == [(OWN_STREAM,)], "it is told once"
        found = every_byte(tmp_path)
        assert CANARY.encode() not in found
        assert LENT.encode() not in found
        assert OTHER.encode() in found

    run(scene())


def test_cut_off_an_incident_that_we_only_look_on_at_goes_with_the_parts_of_it(tmp_path: Path) -> None:
    async def scene() -> None:
        given = history(CANARY, 5).by("LAS", LEAD).did(Share("NWAS", "view", 60, "standby"))
        async with Desk(tmp_path) as desk:
            desk.streams.sign_in(ME, charter())
            watched = await desk.holds(given)
            watched.replica.actor = msgspec.structs.replace(ME, agency="NWAS")
            desk.streams.lent.note(watched)
            desk.streams.leave(given.stream)
            await left(desk, part())
            await passes(desk, given.view.sharing.agreements["NWAS"].until)
            assert [set(one) for one in desk.told.closings] == [{INCIDENT_STREAM, OWN_STREAM}]
            assert CANARY.encode() not in every_byte(tmp_path)

    run(scene())


def test_with_a_line_nothing_goes_by_the_clock(tmp_path: Path) -> None:
    """The server says it, who alone knows whether the agreement was made longer meanwhile."""

    async def scene() -> None:
        async with Desk(tmp_path) as desk:
            await left(desk, part(OTHER))
            desk.streams.close_what_is_over(UNTIL + 10**9)
            assert desk.told.closings == []
            assert desk.told.asides == []
            assert OTHER.encode() in every_byte(tmp_path)

    run(scene())


def test_what_a_wrong_clock_destroyed_is_fetched_again(tmp_path: Path) -> None:
    async def scene() -> None:
        given = part(OTHER)
        async with Desk(tmp_path) as desk:
            await left(desk, given)
            await passes(desk, UNTIL + 10**12)
            assert OTHER.encode() not in every_byte(tmp_path)
            desk.line.up = True
            await left(desk, given)
            await passes(desk, UNTIL - 1)
            assert OTHER.encode() in every_byte(tmp_path)
            await passes(desk, UNTIL)
            assert OTHER.encode() not in every_byte(tmp_path)

    run(scene())


def test_nothing_goes_by_the_clock_at_a_start_and_at_short_drops(tmp_path: Path) -> None:
    """The agreement may have been made longer, and the server may be about to say so."""

    async def scene() -> None:
        async with Desk(tmp_path) as desk:
            await left(desk, part(OTHER))
            for _ in range(5):
                cut(desk, CUT_SECONDS - 1)
                desk.streams.close_what_is_over(UNTIL)
                desk.line.up = True
                desk.streams.line_up()  # and gone again before the next second
            assert desk.told.closings == []
        async with Desk(tmp_path) as desk:
            cut(desk, CUT_SECONDS - 1)
            desk.streams.close_what_is_over(UNTIL)
            assert desk.told.said == []
            assert OTHER.encode() in every_byte(tmp_path)
            desk.now += 1
            desk.streams.close_what_is_over(UNTIL)
            assert desk.told.closings == [(OWN_STREAM,)]

    run(scene())


# -- kept -----------------------------------------------------------------------------------------------------------


def test_what_was_made_longer_stays_as_long_as_the_copy_says(tmp_path: Path) -> None:
    async def scene() -> None:
        given = part(OTHER)
        async with Desk(tmp_path) as desk:
            await desk.holds(given)
            seen = len(given.records)
            given.later(30).did(Share("SCAS", "view", 60, "relief, longer"))
            new = given.records[seen:]
            desk.streams.receive(Records(stream=OWN_STREAM, prev=given.records[seen - 1].hash, records=new))
            desk.streams.leave(OWN_STREAM)
            await passes(desk, UNTIL)
            assert OTHER.encode() in every_byte(tmp_path)
            await passes(desk, UNTIL + 30 * MINUTE)
            assert OTHER.encode() not in every_byte(tmp_path)

    run(scene())


def test_a_party_keeps_all_that_it_has_copies_of(tmp_path: Path) -> None:
    async def scene() -> None:
        async with Desk(tmp_path) as desk:
            await left(desk, history(OTHER, 5))
            await passes(desk, T0 + 10**12)
            assert desk.told.closings == []
            assert not [name for name in desk.cache.meta if name.startswith(LENT)]

    run(scene())


def test_a_copy_that_this_client_cannot_read_to_its_end_is_kept_although_it_is_not_open(
    tmp_path: Path,
) -> None:
    async def scene() -> None:
        given = part(OTHER)
        newer = msgspec.structs.replace(
            given.records[-1], seq=len(given.records) + 1, command_id=cid(9_999), type="sharing.prolonged"
        )
        newer = msgspec.structs.replace(newer, hash=chained(given.records[-1].hash, OWN_STREAM, newer))
        async with Desk(tmp_path) as desk:
            watched = await desk.holds(given, snapshot=False)
            desk.streams.receive(Records(stream=OWN_STREAM, prev=given.records[-1].hash, records=[newer]))
            assert watched.replica.frozen_slices
            desk.streams.leave(OWN_STREAM)
            await passes(desk, UNTIL + 10**9)
            assert desk.told.closings == []
            assert OTHER.encode() in every_byte(tmp_path)

    run(scene())


def test_the_moment_stays_with_a_copy_that_this_version_cannot_read(tmp_path: Path) -> None:
    """Its state has another shape, and no records lie beside it: whoever wrote it knew the moment."""

    async def scene() -> None:
        given = part()
        async with Desk(tmp_path) as desk:
            await left(desk, given)
            parts = [msgspec.structs.replace(one, state_v=999) for one in OWN.snapshot(given.view)]
            desk.cache.store_snapshot(
                OWN_STREAM, StoreSnapshot(parts, len(given.records), given.records[-1].hash)
            )
            await desk.cache.disk.flush()
            assert desk.cache.disk.file is not None
            await desk.cache.disk.file.write([("DELETE FROM record", [()])])
        async with Desk(tmp_path) as desk:
            watched = await desk.streams.hold(OWN_STREAM, ME, charter())
            assert watched is not None
            assert watched.replica.cursor == 0
            desk.streams.leave(OWN_STREAM)
            await passes(desk, UNTIL - 1)
            assert desk.cache.streams == {OWN_STREAM}
            await passes(desk, UNTIL)
            assert desk.told.closings == [(OWN_STREAM,)]
            assert b"relief" not in every_byte(tmp_path)

    run(scene())


def test_the_moment_that_a_newer_version_wrote_stays_beside_what_only_that_can_read(tmp_path: Path) -> None:
    async def scene() -> None:
        given = part(OTHER)
        newer = msgspec.structs.replace(
            given.records[-1], seq=len(given.records) + 1, command_id=cid(9_999), type="sharing.prolonged"
        )
        newer = msgspec.structs.replace(newer, hash=chained(given.records[-1].hash, OWN_STREAM, newer))
        given.records.append(newer)
        async with Desk(tmp_path) as desk:
            await left(desk, given, snapshot=False)
            desk.cache.note("meta", f"{LENT}{OWN_STREAM}", str(UNTIL + 30 * MINUTE))
        async with Desk(tmp_path) as desk:
            watched = await desk.streams.hold(OWN_STREAM, ME, charter())
            assert watched is not None
            assert watched.replica.frozen_slices
            assert desk.cache.meta[f"{LENT}{OWN_STREAM}"] == str(UNTIL + 30 * MINUTE)

    run(scene())


@pytest.mark.parametrize("code", ["unknown_stream", "diverged"])
def test_what_may_be_the_last_copy_is_kept_although_it_is_over(tmp_path: Path, code: str) -> None:
    async def scene() -> None:
        async with Desk(tmp_path) as desk:
            await left(desk, part(OTHER))
            desk.closes(OWN_STREAM, code)
            await passes(desk, UNTIL)
            assert desk.told.closings == []
        async with Desk(tmp_path, seat=2) as desk:
            await passes(desk, UNTIL)
            assert OTHER.encode() in every_byte(tmp_path), "from the seat beside, too"
        async with Desk(tmp_path, seat=4) as fourth:
            await left(fourth, part(CANARY))
        async with Desk(tmp_path) as desk:
            await passes(desk, UNTIL)
            assert f"{CANARY} 19".encode() in every_byte(tmp_path), (
                "what was told here holds for the seat beside"
            )

    run(scene())


# -- the seat beside ------------------------------------------------------------------------------------------------


def test_cut_off_it_goes_from_the_seat_beside_at_which_nobody_sits(tmp_path: Path) -> None:
    """At its moment, and what lies there and is not over stays. Fails without `Lent.clear_beside`."""

    async def scene() -> None:
        async with Desk(tmp_path, seat=4) as fourth:
            listed = [
                Listing(OWN_STREAM, 1, {"title": CANARY}),
                Listing(ELSEWHERE, 2, {"title": "the barge is adrift"}),
            ]
            fourth.cache.note("meta", "directory", msgspec.json.encode(listed).decode())
            await left(fourth, part())
            await left(fourth, history(OTHER, 5, ELSEWHERE))
        async with Desk(tmp_path, seat=1) as desk:
            await passes(desk, UNTIL - 1)
            assert CANARY.encode() in every_byte(tmp_path)
            await passes(desk, UNTIL)
            found = every_byte(tmp_path)
            assert CANARY.encode() not in found
            assert OTHER.encode() in found
        async with Desk(tmp_path, seat=4) as fourth:
            kept = msgspec.json.decode(fourth.cache.meta["directory"], type=list[Listing])
            assert kept == listed[1:], "a start there without a line opens what is left"

    run(scene())


def test_a_list_at_the_seat_beside_that_cannot_be_read_goes_with_what_is_over(tmp_path: Path) -> None:
    async def scene() -> None:
        async with Desk(tmp_path, seat=4) as fourth:
            fourth.cache.note("meta", "directory", f'[{{"stream":"{OWN_STREAM}","title":"{CANARY}"}}]')
            await left(fourth, part())
        async with Desk(tmp_path, seat=1) as desk:
            await passes(desk, UNTIL)
            assert CANARY.encode() not in every_byte(tmp_path)
            assert b"directory" not in every_byte(tmp_path)

    run(scene())


def test_the_seats_beside_are_free_for_whoever_starts_together_with_us(tmp_path: Path) -> None:
    """Their locks are taken in order to look there: not in the first seconds without a line."""

    async def scene() -> None:
        async with Desk(tmp_path, seat=1) as desk:
            cut(desk, 0)
            for second in range(int(BESIDE_SECONDS)):
                desk.now = float(second)
                desk.streams.close_what_is_over(UNTIL)
            assert desk.told.asides == []
            desk.now = BESIDE_SECONDS
            desk.streams.close_what_is_over(UNTIL)
            assert len(desk.told.asides) == 1

    run(scene())


def test_nothing_goes_from_the_seat_beside_once_the_line_is_back(tmp_path: Path) -> None:
    """It was due, and other errands came first."""

    async def scene() -> None:
        async with Desk(tmp_path, seat=4) as fourth:
            await left(fourth, part(OTHER))
        async with Desk(tmp_path, seat=1) as desk:
            cut(desk, BESIDE_SECONDS)
            desk.streams.close_what_is_over(UNTIL)
            (errand,) = desk.told.asides
            desk.line.up = True
            await errand()
            assert OTHER.encode() in every_byte(tmp_path)

    run(scene())


def test_a_seat_that_somebody_left_meanwhile_is_looked_at_within_ten_minutes(tmp_path: Path) -> None:
    async def scene() -> None:
        async with Desk(tmp_path, seat=1) as desk:
            async with Desk(tmp_path, seat=2) as second:
                await left(second, part())
                await passes(desk, UNTIL)
                assert CANARY.encode() in every_byte(tmp_path), "whoever sits there cleans it"
            await passes(desk, UNTIL + LOOK_MS - 1)
            assert CANARY.encode() in every_byte(tmp_path)
            await passes(desk, UNTIL + LOOK_MS)
            assert CANARY.encode() not in every_byte(tmp_path)

    run(scene())


# -- the moment itself ----------------------------------------------------------------------------------------------


CLOCKS = {
    "real": (),
    "four times": (Segment(T0, T0, 4),),
    "paused": (Segment(T0, T0, 4), Segment(T0 + MINUTE, T0 + 4 * MINUTE, 0)),
    "paused, then over": (Segment(T0, T0, 8), Segment(T0 + 10 * MINUTE, T0 + 80 * MINUTE, 0)),
    "on again": (Segment(T0, T0, 0), Segment(T0 + 30 * MINUTE, T0, 3)),
}


@pytest.mark.parametrize("name", CLOCKS)
def test_the_moment_that_is_kept_is_the_one_at_which_it_is_over(tmp_path: Path, name: str) -> None:
    """By whatever clock an exercise runs: compared with what is asked at each reading, to the millisecond."""

    async def scene() -> None:
        given = part()
        if CLOCKS[name]:
            given.system().did(Follow(CLOCKS[name]))
        async with Desk(tmp_path) as desk:
            await left(desk, given)
            moment = end(await load(desk.cache, OWN, OWN_STREAM, ME, charter()))
            assert desk.cache.meta.get(f"{LENT}{OWN_STREAM}", "") == ("" if moment is None else str(moment))
            if moment is None:
                assert name == "paused"
                assert "SCAS" in OWN.shared(given.view, T0 + 10**12)
            else:
                assert "SCAS" in OWN.shared(given.view, moment - 1)
                assert "SCAS" not in OWN.shared(given.view, moment)

    run(scene())


def test_what_was_ended_is_over_at_once(tmp_path: Path) -> None:
    """The end was the last that came before the line went; whoever put us out has not been heard any more."""

    async def scene() -> None:
        given = part().did(End("SCAS"))
        async with Desk(tmp_path) as desk:
            await left(desk, given)
            await passes(desk, T0)
            assert desk.told.closings == [(OWN_STREAM,)]
            assert CANARY.encode() not in every_byte(tmp_path)

    run(scene())


def test_a_moment_that_is_no_number_and_one_of_what_is_not_here_do_nothing(tmp_path: Path) -> None:
    async def scene() -> None:
        async with Desk(tmp_path) as desk:
            await left(desk, part(OTHER))
            for value in ("", "-1", "soon", "1e3", "²"):
                desk.cache.note("meta", f"{LENT}{OWN_STREAM}", value)
                desk.cache.note("meta", f"{LENT}{ELSEWHERE}", "1")
                await passes(desk, UNTIL)
            assert desk.told.closings == []
            assert OTHER.encode() in every_byte(tmp_path)

    run(scene())
