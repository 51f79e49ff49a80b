"""What is lent to us goes at its moment while we are cut off, also when nobody looks at it: read in the files, byte
for byte, by the moment that is kept beside each copy.
"""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from incident.exercises.facts import Follow, Segment
from incident.kernel.protocol import Records
from incident.kernel.record import chained
from incident.log.facts import Write
from incident.organisation.facts import OpenOwn
from incident.sharing.facts import End, Share
from incident.state import OWN
from incident_tui.cache_file import LENT
from incident_tui.lent import LOOK_MS, end
from incident_tui.watched import load
from tests.incident.given import INCIDENT_STREAM, MINUTE, OWN_STREAM, T0, Given, charter, cid
from tests.running import run
from tests.tui.test_closing import CANARY, ELSEWHERE, ME, OTHER, Desk, bytes_of, history

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
    """A second of the client's at this moment, without a line; what it does aside is done, too."""
    desk.line.up = False
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
                assert CANARY.encode() in bytes_of(tmp_path)
                await passes(desk, UNTIL)
                assert desk.told.closings == [(OWN_STREAM,)]
                assert desk.told.said[-1].startswith("LAS's own part of an incident is no longer open")
                assert list(desk.streams.held) == [ELSEWHERE]
        if restarted:
            assert CANARY.encode() in bytes_of(tmp_path)
            async with Desk(tmp_path) as desk:
                await passes(desk, UNTIL - 1)
                assert desk.told.closings == []
                await passes(desk, UNTIL)
                assert desk.told.closings == [(OWN_STREAM,)]
                await passes(desk, UNTIL + 1)
                assert desk.told.closings == [(OWN_STREAM,)], "it is told once"
        found = bytes_of(tmp_path)
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
            assert CANARY.encode() not in bytes_of(tmp_path)

    run(scene())


def test_with_a_line_nothing_goes_by_the_clock(tmp_path: Path) -> None:
    """The server says it, who alone knows whether the agreement was made longer meanwhile."""

    async def scene() -> None:
        async with Desk(tmp_path) as desk:
            await left(desk, part(OTHER))
            desk.streams.close_what_is_over(UNTIL + 10**9)
            assert desk.told.closings == []
            assert desk.told.asides == []
            assert OTHER.encode() in bytes_of(tmp_path)

    run(scene())


def test_what_a_wrong_clock_destroyed_is_fetched_again(tmp_path: Path) -> None:
    async def scene() -> None:
        given = part(OTHER)
        async with Desk(tmp_path) as desk:
            await left(desk, given)
            await passes(desk, UNTIL + 10**12)
            assert OTHER.encode() not in bytes_of(tmp_path)
            desk.line.up = True
            await left(desk, given)
            await passes(desk, UNTIL - 1)
            assert OTHER.encode() in bytes_of(tmp_path)
            await passes(desk, UNTIL)
            assert OTHER.encode() not in bytes_of(tmp_path)

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
            assert OTHER.encode() in bytes_of(tmp_path)
            await passes(desk, UNTIL + 30 * MINUTE)
            assert OTHER.encode() not in bytes_of(tmp_path)

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
            assert OTHER.encode() in bytes_of(tmp_path)

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
            assert OTHER.encode() in bytes_of(tmp_path), "from the seat beside, too"

    run(scene())


# -- the seat beside ------------------------------------------------------------------------------------------------


def test_cut_off_it_goes_from_the_seat_beside_at_which_nobody_sits(tmp_path: Path) -> None:
    """At its moment, and what lies there and is not over stays. Fails without `Lent.clear_beside`."""

    async def scene() -> None:
        async with Desk(tmp_path, seat=4) as fourth:
            fourth.cache.note("meta", "directory", f'[{{"stream":"{OWN_STREAM}","head":1}}]')
            await left(fourth, part())
            await left(fourth, history(OTHER, 5, ELSEWHERE))
        async with Desk(tmp_path, seat=1) as desk:
            await passes(desk, UNTIL - 1)
            assert CANARY.encode() in bytes_of(tmp_path)
            await passes(desk, UNTIL)
            found = bytes_of(tmp_path)
            assert CANARY.encode() not in found
            assert b"directory" not in found
            assert OTHER.encode() in found

    run(scene())


def test_a_seat_that_somebody_left_meanwhile_is_looked_at_within_ten_minutes(tmp_path: Path) -> None:
    async def scene() -> None:
        async with Desk(tmp_path, seat=1) as desk:
            async with Desk(tmp_path, seat=2) as second:
                await left(second, part())
                await passes(desk, UNTIL)
                assert CANARY.encode() in bytes_of(tmp_path), "whoever sits there cleans it"
            await passes(desk, UNTIL + LOOK_MS - 1)
            assert CANARY.encode() in bytes_of(tmp_path)
            await passes(desk, UNTIL + LOOK_MS)
            assert CANARY.encode() not in bytes_of(tmp_path)

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
            assert CANARY.encode() not in bytes_of(tmp_path)

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
            assert OTHER.encode() in bytes_of(tmp_path)

    run(scene())
