"""A revocation, or another machine in a desk's place, that meets an errand under way: who is out stays out."""

from __future__ import annotations

import asyncio
import secrets
import threading
from pathlib import Path

import pytest

from incident.kernel import door
from incident.kernel.door import BreakGlass, Enrolled, ProviderAsk, ProviderToken, SignedIn
from incident.kernel.slice import Actor
from incident.state import MODELS
from server import identity
from server.admission import Admission
from server.enrolment import Codes
from server.limits import Limits
from tests.running import run
from tests.server.doorway import OTHER, PASSWORD, T0, Counting, Place, doorway, hear, say
from tests.server.house import soon
from tests.server.provider import provider
from tests.server.test_break_glass import staffed
from tests.server.test_by_provider import named, refused
from tests.server.toy import Open, Write

DESK = {"name": "EOC desk 3", "agency": "SCAS"}


class Held(Counting):
    """A hasher that stops at one password, until it is let go on."""

    def __init__(self) -> None:
        super().__init__()
        self.at = ""
        self.stands = threading.Event()
        self.go_on = threading.Event()

    def hash(self, password: str) -> str:
        kept = super().hash(password)
        if password == self.at:
            self.stands.set()
            self.go_on.wait(60)
        return kept

    def stop_at(self, password: str) -> None:
        self.at = password
        self.stands.clear()
        self.go_on.clear()


def out(place: Place, account: str) -> None:
    """Nobody is in at this desk, and nobody can come in."""
    assert place.people.standing(account) is None
    assert not [one for one in place.people.signins.of_all() if account in (one.account, *one.given_by)]


@pytest.mark.parametrize("how", ["changed", "by the parameters of today", "unlocked"])
def test_a_desk_that_is_revoked_while_its_password_is_hashed_stays_out(how: str, tmp_path: Path) -> None:
    async def scene() -> None:
        hasher = Held()
        async with doorway(tmp_path / "rooms", hasher=hasher) as place:
            account = await place.desk()
            token = await place.token(account) if how == "unlocked" else ""
            if how == "by the parameters of today":
                hasher.mark = "v2"
            new = "" if how == "by the parameters of today" else OTHER
            hasher.stop_at(new or PASSWORD)
            signing = asyncio.ensure_future(place.sign_in(account, new_password=new, token=token))
            await soon(hasher.stands.is_set)
            revoking = asyncio.ensure_future(place.people.revoke(DESK))
            await soon(lambda: place.people.pool.waiting > 0)
            hasher.go_on.set()
            refused(await signing, "revoked")
            assert (await revoking)["desk"] is True
            out(place, account)
        async with doorway(tmp_path / "rooms") as place:
            out(place, account)
            refused(await place.sign_in(account), "revoked")
            refused(await place.sign_in(account, OTHER), "revoked")

    run(scene())


def test_a_desk_that_is_revoked_while_its_new_password_is_written_stays_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene() -> None:
        async with doorway(tmp_path / "rooms") as place:
            account = await place.desk()
            stands, go_on, write = threading.Event(), threading.Event(), identity.write_private

            def held(path: Path, data: bytes) -> None:
                stands.set()
                go_on.wait(60)
                write(path, data)

            monkeypatch.setattr(identity, "write_private", held)
            signing = asyncio.ensure_future(place.sign_in(account, new_password=OTHER))
            await soon(stands.is_set)
            revoking = asyncio.ensure_future(place.people.revoke(DESK))
            await soon(lambda: place.people.pool.waiting > 0)
            go_on.set()
            refused(await signing, "revoked")
            await revoking
            out(place, account)
            assert place.people.identity.desks()[0].revoked_at == T0

    run(scene())


def test_a_machine_that_is_replaced_while_its_password_is_hashed_does_not_come_back(tmp_path: Path) -> None:
    async def scene() -> None:
        hasher = Held()
        async with doorway(tmp_path / "rooms", hasher=hasher) as place:
            old = await place.desk()
            code = await place.code(again=True)
            hasher.stop_at("nine new and long words")
            claiming = asyncio.ensure_future(place.claim(code, "nine new and long words"))
            await soon(hasher.stands.is_set)
            signing = asyncio.ensure_future(place.sign_in(old, new_password=OTHER))
            await soon(lambda: place.people.pool.waiting > 0)
            hasher.go_on.set()
            enrolled, answer = await claiming, await signing
            assert isinstance(enrolled, Enrolled)
            refused(answer, "revoked")
            assert [desk.account for desk in place.people.identity.desks()] == [enrolled.account]
            out(place, old)

    run(scene())


def test_the_password_of_before_lets_nobody_in_beside_the_new_one(tmp_path: Path) -> None:
    """Who knows the old one and is at the door while it is changed is out, and does not bring it back."""

    async def scene() -> None:
        hasher = Held()
        async with doorway(tmp_path / "rooms", hasher=hasher) as place:
            account = await place.desk()
            hasher.mark = "v2"
            hasher.stop_at(OTHER)
            changing = asyncio.ensure_future(place.sign_in(account, new_password=OTHER))
            await soon(hasher.stands.is_set)
            late = asyncio.ensure_future(place.sign_in(account))
            await soon(lambda: place.people.pool.waiting > 0)
            hasher.go_on.set()
            assert isinstance(await changing, SignedIn)
            refused(await late, "changed")
            assert len(place.people.signins.of_all()) == 1
            assert isinstance(await place.sign_in(account, OTHER), SignedIn)

    run(scene())


@pytest.mark.parametrize("name", ["Desk A", "Desk C"])
def test_who_is_revoked_while_a_broken_glass_is_told_gets_nothing_by_it(name: str, tmp_path: Path) -> None:
    async def scene() -> None:
        async with doorway(tmp_path / "rooms", models=MODELS) as place:
            _, _, third = await staffed(place)
            told, go_on = asyncio.Event(), asyncio.Event()

            async def glass(*_: object) -> None:
                told.set()
                await go_on.wait()

            admission = Admission(place.people, name="test", mode="exercise", glass=glass)
            desk = place.people.identity.desk(third)
            assert desk is not None
            ask = BreakGlass(
                first="Desk A",
                first_password=PASSWORD,
                second="Desk B",
                second_password=PASSWORD,
                role="operator",
                reason="nobody else is here",
            )
            breaking = asyncio.ensure_future(admission.break_glass(desk, ask, plain=True))
            await told.wait()
            await place.people.revoke({"name": name, "agency": "SCAS"})
            go_on.set()
            refused(await breaking, "revoked" if name == "Desk C" else "wrong_password")
            assert not place.people.signins.of_all()

    run(scene())


def test_a_machine_that_is_replaced_while_somebody_is_at_the_provider_lets_nobody_in(tmp_path: Path) -> None:
    async def scene() -> None:
        with provider() as idp:
            async with doorway(tmp_path / "rooms") as place:
                named(place.folder.root, idp)
                old = await place.desk()
                async with place.at(door.SIGN_IN_PATH, old) as socket:
                    await say(socket, ProviderAsk())
                    offer = await hear(socket)
                    new = await place.desk(again=True)
                    await say(socket, ProviderToken(id_token=idp.token(idp.claims(offer.nonce))))
                    refused(await hear(socket), "provider", "any more")
                assert [desk.account for desk in place.people.identity.desks()] == [new]
                out(place, old)

    run(scene())


@pytest.mark.parametrize("again", [False, True])
def test_a_name_that_is_revoked_while_its_code_is_claimed_is_not_enrolled(
    again: bool, tmp_path: Path
) -> None:
    async def scene() -> None:
        hasher = Held()
        async with doorway(tmp_path / "rooms", hasher=hasher) as place:
            if again:
                await place.desk()
            code = await place.code(again=again)
            hasher.stop_at(OTHER)
            claiming = asyncio.ensure_future(place.claim(code, OTHER))
            await soon(hasher.stands.is_set)
            revoking = asyncio.ensure_future(place.people.revoke(DESK))
            await soon(lambda: place.people.pool.waiting > 0)
            hasher.go_on.set()
            refused(await claiming, "wrong_code")
            answer = await revoking
            assert (answer["desk"], answer["codes"]) == (again, 1)
            refused(await place.claim(code, OTHER), "wrong_code")
            assert [desk.revoked_at for desk in place.people.identity.desks()] == [T0] * again

    run(scene())


def test_a_code_that_was_dropped_while_it_was_claimed_is_not_given_back(tmp_path: Path) -> None:
    codes = Codes(tmp_path / "codes", T0)
    code, key = codes.make()
    for dropped in (False, True):
        pending = codes.add(code, key, "Desk 1", "SCAS", "operator", again=False, now=T0)
        assert codes.claim(pending)
        assert not codes.claim(pending)
        assert (codes.drop("SCAS", "desk 1") if dropped else 0) == dropped
        codes.give_back(pending)
        assert codes.find(code.lookup, T0) is (None if dropped else pending)


def test_commands_that_wait_for_their_users_budget_are_not_decided_after_a_revocation(tmp_path: Path) -> None:
    async def scene() -> None:
        limits = Limits(per_user_rate=20, per_user_burst=2)
        async with doorway(tmp_path / "rooms", limits=limits) as place:
            token = await place.token(await place.desk())
            async with place.session(token) as guest:
                await guest.hello()
                assert (await guest.do(Open(("SCAS",)))).last == 1
                hub, taken = place.home.hub, []
                submit = hub.submit
                hub.submit = lambda *given: (taken.append(given), submit(*given))[1]  # type: ignore[method-assign]
                for number in range(100):
                    await guest.submit(Write(f"note {number}"))
                await soon(lambda: len(taken) > 2 and hub.tally.slowed > 90)
                before = len(taken)
                await place.people.revoke(DESK)
                assert await guest.closed() == 4001
                await soon(lambda: not hub.sessions)
                assert len(taken) == before < 90

    run(scene())


def test_a_sign_in_that_was_left_over_rests_on_a_desk_that_is_good(tmp_path: Path) -> None:
    """The second wall: whatever ends sign-ins may miss one, and it is worth nothing all the same."""

    async def scene() -> None:
        async with doorway(tmp_path / "rooms") as place:
            accounts = [await place.desk(f"Desk {number}") for number in range(3)]
            people, held = place.people, {}
            for gone in accounts:
                at, *others = (one for one in accounts if one != gone)
                for where, by in ((gone, ()), (at, (gone, *others))):
                    desk = people.identity.desk(where)
                    assert desk is not None
                    actor = Actor(secrets.token_hex(4), "SCAS", "operator")
                    token, _ = people.signins.begin(desk, actor, T0, open_line=True, given_by=by)
                    badge = people.actor(token, "", plain=True)
                    assert badge is not None
                    held[token] = badge
            people.signins.end_of = lambda *_args, **_more: 0  # type: ignore[method-assign]
            people.signins.end_named = lambda *_args: 0  # type: ignore[method-assign]
            for number in range(3):
                await people.revoke({"name": f"Desk {number}", "agency": "SCAS"})
            for token, badge in held.items():
                assert people.over(badge)
                assert people.actor(token, "", plain=True) is None

    run(scene())
