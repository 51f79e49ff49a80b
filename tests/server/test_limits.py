"""Budgets by an injected clock: what is over them waits, is never lost, and keeps its order."""

from __future__ import annotations

import asyncio
import random
import sys

import pytest

from incident.kernel.slice import Actor
from server import limits, open_files
from server.counters import Tally
from server.entrance import ADDRESSES_MAX, ARRIVAL_BURST, ARRIVAL_RATE, HERE, Entrance, place_of
from server.limits import Accounts, Bucket, Limits
from server.pacing import Pace
from server.places import SILENT_SECONDS, Full, Places
from tests.running import run
from tests.server.house import submitted
from tests.server.toy import Take, Write

# -- buckets --------------------------------------------------------------------------------------------------


def test_a_burst_is_free_and_what_follows_comes_at_the_rate() -> None:
    bucket = Bucket(20, 60)
    assert [bucket.take(100.0) for _ in range(60)] == [0.0] * 60
    for number in range(1, 41):
        assert bucket.wait(100.0) == pytest.approx(number / 20)  # as it would be, and nothing is taken
        assert bucket.take(100.0) == pytest.approx(number / 20)
    assert bucket.take(102.0) == pytest.approx(0.05)  # two seconds later the forty are paid
    assert bucket.take(200.0) == 0.0
    assert [bucket.take(200.0) for _ in range(60)].count(0.0) == 59  # rest is not saved beyond the burst


def test_however_it_is_taken_never_more_than_burst_and_rate(seed: int) -> None:
    chance = random.Random(f"{seed} bucket")
    for _ in range(200):
        rate, burst = chance.uniform(0.5, 500), chance.uniform(1, 1_000)
        bucket, now, used = Bucket(rate, burst), 0.0, []
        for _ in range(200):
            now += chance.choice([0.0, 0.0, chance.expovariate(rate), chance.uniform(0, burst / rate)])
            amount = chance.choice([1.0, 1.0, chance.uniform(0, burst)])
            used.append((now + bucket.take(now, amount), amount))
        used.sort()
        for first in range(0, 200, 7):
            start, whole = used[first][0], 0.0
            for at, amount in used[first:]:
                whole += amount
                assert whole <= burst + (at - start) * rate + burst * 1e-6 + amount


def test_a_user_has_one_account_over_all_lines_and_roles_and_agencies_have_theirs() -> None:
    accounts = Accounts(
        Limits(
            per_user_rate=10,
            per_user_burst=5,
            per_user_backlog=0,
            per_agency_rate=20,
            per_agency_burst=8,
            per_agency_backlog=0,
        )
    )
    desk = accounts.of(Actor("Desk 1", "LAS", "operator"))
    assert accounts.of(Actor("Desk 1", "LAS", "loggist")) is desk
    assert accounts.of(Actor("Desk 1", "SCAS", "operator")) is not desk
    assert [desk.command(0.0) for _ in range(5)] == [0.0] * 5
    assert desk.command(0.0) == pytest.approx(0.1)
    other = accounts.of(Actor("Desk 2", "LAS", "operator"))
    assert [other.command(0.0) for _ in range(2)] == [0.0] * 2
    assert other.command(0.0) == pytest.approx(0.05)  # its own is full, the agency's is spent
    assert accounts.of(Actor("Desk 1", "SCAS", "operator")).command(0.0) == 0.0  # nobody else's is touched


def test_what_was_written_in_a_long_cut_is_caught_up_with_and_a_flood_is_not() -> None:
    accounts = Accounts(Limits())
    desk = accounts.of(Actor("Desk 1", "LAS", "operator"))
    at, waits = 0.0, []
    for _ in range(4_000):  # each is given when its turn has come, as a queue drains
        waits.append(desk.command(at))
        at += waits[-1]
    assert waits[:60] == [0.0] * 60
    taken = [sum(waits[:count]) for count in (2_000, 3_000, 4_000)]
    assert 15 < taken[0] < 30
    assert taken[2] - taken[1] == pytest.approx(
        1_000 / 20, rel=0.01
    )  # the backlog is used up: the rate alone
    assert desk.command(at + 10_000) == 0.0
    later = at + 10_000
    again = [desk.command(later) for _ in range(100)]
    assert again[:59] == [0.0] * 59
    assert again[-1] == pytest.approx(40 / 100, rel=0.05)


def test_eight_desks_of_one_trust_catch_up_side_by_side() -> None:
    accounts = Accounts(Limits())
    done = []
    desks = [(0.0, number, accounts.of(Actor(f"Desk {number}", "LAS", "operator"))) for number in range(8)]
    left = dict.fromkeys(range(8), 2_000)
    while desks:
        at, number, desk = min(desks, key=lambda one: one[:2])
        desks.remove((at, number, desk))
        left[number] -= 1
        turn = at + desk.command(at)
        if left[number]:
            desks.append((turn, number, desk))
        else:
            done.append(turn)
    assert max(done) < 35


def test_large_frames_count_for_many() -> None:
    account = Accounts(Limits()).of(Actor("Desk", "LAS", "operator"))
    whole = limits.FRAME_BURST // 17
    assert [account.frames(0.0, 1, 65_536) for _ in range(whole)] == [0.0] * whole
    assert account.frames(0.0, 1, 65_536) > 0


def test_a_line_that_is_turned_away_for_haste_does_not_add_to_the_haste() -> None:
    account = Accounts(Limits()).of(Actor("Desk", "LAS", "operator"))
    assert not any(account.opened(0.0) for _ in range(8 * limits.OPEN_BURST))
    assert all(account.opened(0.0) for _ in range(1_000))
    assert account.opened(limits.OPEN_SECONDS / 8 + 0.001) == 0.0


# -- commands that wait ---------------------------------------------------------------------------------------


class Clock:
    """A loop's clock that goes on when everybody sleeps."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 0.0

        async def sleep(seconds: float) -> None:
            self.now += seconds
            await real(0)

        real = asyncio.sleep
        monkeypatch.setattr("server.pacing.asyncio.sleep", sleep)
        monkeypatch.setattr("server.pacing._now", lambda: self.now)


def test_two_thousand_commands_wait_in_order_and_none_is_lost_or_doubled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = Clock(monkeypatch)

    async def scene() -> None:
        given: list[tuple[float, str]] = []
        ready, tally, tasks = asyncio.Event(), Tally(), []
        said: list[float] = []
        account = Accounts(Limits()).of(Actor("Desk", "LAS", "operator"))
        pace = Pace(
            account,
            ready,
            lambda submit: given.append((clock.now, submit.command_id)),
            lambda work: tasks.append(asyncio.create_task(work)),
            tally,
            lambda: said.append(clock.now),
        )
        queue = [submitted(Write(f"{n}") if n % 3 else Take(f"{n}")) for n in range(2_000)]
        for submit in queue:
            pace.take(submit)
        for submit in queue[100:]:
            pace.take(submit)  # its client asks again: one answer will do
        assert len(given) == 60
        assert (account.held_commands, tally.slowed) == (1_940, 1_940)
        assert account.room.is_set()
        for _ in range(50):
            await asyncio.sleep(0)
        assert len(given) == 60  # the hub has too much of this session: nothing more is handed on
        ready.set()
        await asyncio.gather(*tasks)
        assert [command_id for _, command_id in given] == [submit.command_id for submit in queue]
        assert given[-1][0] == pytest.approx((2_000 - 60) / 100)  # 20 seconds: it is its backlog
        assert (account.held_commands, account.held_bytes, len(pace)) == (0, 0, 0)
        clock.now += 3
        pace.take(submitted(Write("at once again")))
        assert len(given) == 2_001
        assert said == [0.0], "told once, however many wait"

    run(scene())


def test_another_command_under_the_same_id_is_not_swallowed(monkeypatch: pytest.MonkeyPatch) -> None:
    Clock(monkeypatch)

    async def scene() -> None:
        given, ready, tasks = [], asyncio.Event(), []
        account = Accounts(Limits(per_user_burst=1, per_user_backlog=0)).of(Actor("Desk", "LAS", "operator"))
        pace = Pace(
            account, ready, given.append, lambda work: tasks.append(asyncio.create_task(work)), Tally()
        )
        first = submitted(Write("first"))
        same = submitted(Write("other"), command_id=first.command_id)
        for submit in (submitted(Write("free")), first, same, same, first):
            pace.take(submit)
        ready.set()
        await asyncio.gather(*tasks)
        assert given[1:3] == [first, same]

    run(scene())


def test_too_much_that_waits_stops_the_reading_and_an_end_frees_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "HELD_COMMANDS_MAX", 10)

    async def scene() -> None:
        account = Accounts(Limits(per_user_burst=1, per_user_backlog=0)).of(Actor("Desk", "LAS", "operator"))
        paces = [
            Pace(account, asyncio.Event(), lambda _submit: None, lambda work: work.close(), Tally())
            for _ in range(2)
        ]
        for number in range(12):
            assert account.room.is_set() is (number < 11)
            paces[number % 2].take(submitted(Write("x")))
        paces[0].end()
        assert account.room.is_set()
        paces[1].end()
        assert (account.held_commands, account.held_bytes) == (0, 0)
        paces[1].take(submitted(Write("too late")))
        assert account.held_commands == 0

    run(scene())


# -- places ---------------------------------------------------------------------------------------------------


class Seat:
    def __init__(self, heard_at: float) -> None:
        self.account = None
        self.heard_at = heard_at
        self.out = False

    def put_out(self) -> None:
        self.out = True


def test_a_living_line_keeps_its_place_and_a_silent_one_makes_way() -> None:
    async def scene() -> None:
        now = asyncio.get_running_loop().time()
        tally = Tally()
        places = Places(Limits(connections_per_user=2, connections_per_agency=4, connections_max=6), tally)
        desk = Actor("Desk", "LAS", "operator")
        alive, dead = Seat(now), Seat(now - SILENT_SECONDS - 1)
        assert places.take(alive, desk) is None
        assert places.take(dead, desk) is None
        third = Seat(now)
        assert places.take(third, desk) is None  # the desk is back before its old line is known to be dead
        assert (alive.out, dead.out) == (False, True)
        places.left(dead)  # its socket goes later
        full = places.take(Seat(now), desk)
        assert isinstance(full, Full)
        assert (full.status, full.sentence[:40]) == (429, "2 lines are open under this name already")
        for number in range(2):
            assert places.take(Seat(now), Actor(f"Other {number}", "LAS", "operator")) is None
        full = places.take(Seat(now), Actor("One more", "LAS", "operator"))
        assert isinstance(full, Full)
        assert (full.status, "Your agency" in full.sentence) == (429, True)
        for number in range(2):
            assert places.take(Seat(now), Actor(f"Other {number}", "SCAS", "operator")) is None
        full = places.take(Seat(now), Actor("One more", "KENT", "operator"))
        assert isinstance(full, Full)
        assert full.status == 503
        assert tally.no_room == 3
        places.left(third)
        assert places.take(Seat(now), Actor("One more", "KENT", "operator")) is None
        assert len(places) == 6

    run(scene())


# -- the entrance ---------------------------------------------------------------------------------------------


class Socket:
    def __init__(self) -> None:
        self.out = False

    def put_out(self) -> None:
        self.out = True


@pytest.mark.parametrize(
    ("peer", "place"),
    [
        (("10.1.2.3", 5), "10.1.2.3"),
        (("127.0.0.1", 5), HERE),
        (("127.0.0.2", 5), "127.0.0.2"),
        (("::1", 5, 0, 0), HERE),
        (("::ffff:10.1.2.3", 5, 0, 0), "10.1.2.3"),
        (("::ffff:127.0.0.1", 5, 0, 0), HERE),
        (("2001:db8:1:2:aaaa::1", 5, 0, 0), "2001:db8:1:2::/64"),
        (("2001:db8:1:2:bbbb::9", 5, 0, 0), "2001:db8:1:2::/64"),
        (("fe80::1%eth0", 5, 0, 2), "fe80::/64"),
        ("", HERE),
        (None, HERE),
    ],
)
def test_whose_socket_it_is(peer: object, place: str) -> None:
    assert place_of(peer) == place


def test_who_sends_most_loses_its_own_oldest_and_nobody_elses(seed: int) -> None:
    """One address floods; a room with a slow handshake stands there all the while."""
    chance = random.Random(f"{seed} entrance")
    entrance = Entrance(Limits(), Tally())
    room, flood, now = Socket(), [], 0.0
    assert entrance.came(room, ("10.0.0.1", 1), now)
    for number in range(2_000):
        now += 1 / ARRIVAL_RATE
        place = ("10.9.9.9", number) if chance.random() < 0.7 else (f"10.9.9.{number % 7}", number)
        flood.append(Socket())
        assert entrance.came(flood[-1], place, now)
        assert entrance.at("10.9.9.9") <= 8
        assert len(entrance) <= 64
    assert not room.out
    assert not flood[-1].out
    assert sum(not socket.out for socket in flood) == len(entrance) - 1


def test_the_whole_is_bounded_however_many_addresses_and_the_machine_itself_is_counted_in_it() -> None:
    tally = Tally()
    entrance = Entrance(Limits(), tally)
    here = [Socket() for _ in range(40)]
    for socket in here:
        assert entrance.came(socket, ("127.0.0.1", 1), 0.0)
    assert not any(socket.out for socket in here)
    for number in range(100):
        assert entrance.came(Socket(), (f"10.0.{number}.1", 1), 0.0)
        assert len(entrance) <= 64
    assert [socket.out for socket in here[:4]] == [True] * 4
    assert tally.unknown_put_out == 140 - 64


def test_more_sockets_a_second_than_any_site_needs_are_ended_before_their_handshake() -> None:
    entrance = Entrance(Limits(), Tally())
    came = [entrance.came(Socket(), ("10.0.0.1", n), 0.0) for n in range(500)]
    assert came.count(True) == ARRIVAL_BURST
    assert came[-1] is False
    assert entrance.came(Socket(), ("10.0.0.2", 1), 0.0)
    assert entrance.came(Socket(), ("10.0.0.1", 1), 1 / ARRIVAL_RATE + 0.001)
    for number in range(ADDRESSES_MAX + 100):
        entrance.came(Socket(), (f"10.{number >> 8}.{number & 255}.7", 1), 0.0)
    assert len(entrance._pace) == ADDRESSES_MAX


def test_a_stop_puts_out_whoever_still_stands_there() -> None:
    entrance = Entrance(Limits(), Tally())
    sockets = [Socket() for _ in range(5)]
    for socket in sockets:
        entrance.came(socket, ("127.0.0.1", 1), 0.0)
    entrance.left(sockets[0])
    entrance.left(sockets[0])
    entrance.clear()
    assert [socket.out for socket in sockets] == [False, True, True, True, True]
    assert len(entrance) == 0


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such bound")
@pytest.mark.parametrize(("hard", "becomes", "said"), [(99_999, 2_264, False), (1_500, 1_500, True)])
def test_the_system_is_asked_for_as_many_open_files_as_lines_may_come(
    hard: int, becomes: int, said: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, heard = (1_024, hard), []
    monkeypatch.setattr("resource.getrlimit", lambda _what: now)

    def setrlimit(_what: int, to: tuple[int, int]) -> None:
        nonlocal now
        now = to

    monkeypatch.setattr("resource.setrlimit", setrlimit)
    monkeypatch.setattr(open_files.logs, "warn", lambda event, **facts: heard.append((event, facts)))
    open_files.make_room(Limits())
    assert now == (becomes, hard)
    assert bool(heard) is said
