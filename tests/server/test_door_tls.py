"""The door over TLS, with the desk's own half of it: what is signed in with one key is worth nothing with another."""

from __future__ import annotations

import contextlib
import ssl
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from incident.kernel import door
from incident.kernel.door import BreakGlass, Denied, SignedIn, SignIn, read_code
from incident_tui.door import DoorError, break_glass, enrol, knows, sign_in
from incident_tui.keyring import Ring
from incident_tui.trust import desk_context, enrolling_context
from server.certificates import DAY_MS
from server.doorkeeper import GONE, NOBODY, STRANGER
from tests.running import run
from tests.server.doorway import HOUR, OTHER, PASSWORD, Clock, Place, doorway, hear, say
from tests.server.house import Guest


async def ring(place: Place, home: Path, name: str = "EOC desk 3", agency: str = "SCAS", **more: Any) -> Ring:
    """A desk as `incident-tui enrol` makes it."""
    code = read_code(await place.code(name, agency, **more))
    await knows(place.home.url, code, home)
    return await enrol(place.home.url, code, PASSWORD, home)


@asynccontextmanager
async def line(
    place: Place, context: ssl.SSLContext | None, path: str = "/", **headers: str
) -> AsyncIterator[Any]:
    opening = connect(
        place.home.url + path,
        ssl=context,
        additional_headers=headers,
        proxy=None,
        compression=None,
        max_size=2**20,
    )
    try:
        socket = await opening
    except InvalidStatus as error:
        said = (error.response.status_code, b"incident-tui" in (error.response.body or b""))
        raise (Refused if said == (401, True) else AssertionError)(said) from None
    async with socket:
        yield socket


class Refused(Exception):
    """401, with a sentence that says what to do."""


async def let_in(place: Place, context: ssl.SSLContext | None, token: str) -> bool:
    """Whether a token opens a session on a line with these papers."""
    with contextlib.suppress(Refused):
        async with line(place, context, Authorization=f"Bearer {token}") as socket:
            await Guest(socket).hello()
            return True
    return False


def without_papers(desk: Ring) -> ssl.SSLContext:
    return desk_context((desk.folder / "authority.pem").read_text())


def test_a_token_is_good_with_its_own_key_alone(tmp_path: Path) -> None:
    async def scene() -> None:
        async with doorway(tmp_path / "rooms", tls=True) as place:
            mine, other = await ring(place, tmp_path / "a"), await ring(place, tmp_path / "b", "Desk 2")
            token = (await sign_in(mine, PASSWORD)).token
            assert await let_in(place, mine.context(), token)
            for thief in (other.context(), without_papers(mine)):
                assert not await let_in(place, thief, token)
            plain = (await place.people.token({"name": "Script", "agency": "LAS", "role": "operator"}))[
                "token"
            ]
            for context in (mine.context(), without_papers(mine)):
                assert not await let_in(place, context, plain), (
                    "a token of the command line is for one machine"
                )
            assert await let_in(place, mine.context(), token)

    run(scene())


def test_what_was_signed_in_without_tls_is_worth_nothing_over_it_and_the_other_way_round(
    tmp_path: Path,
) -> None:
    async def scene() -> None:
        clock = Clock()
        async with doorway(tmp_path / "rooms", tls=True) as place:
            clock.at = place.clock.at
            mine = await ring(place, tmp_path / "a")
            sealed = (await sign_in(mine, PASSWORD)).token
        async with doorway(tmp_path / "rooms", clock=clock) as place:
            assert not await let_in(place, None, sealed)
            bare = await place.token(mine.badge.account)
            assert await let_in(place, None, bare)
        async with doorway(tmp_path / "rooms", clock=clock, tls=True) as place:
            assert not await let_in(place, mine.context(), bare)
            assert await let_in(place, mine.context(), sealed)

    run(scene())


def test_guesses_from_elsewhere_are_never_computed_and_slow_no_desk(tmp_path: Path) -> None:
    """From a line without a desk's certificate, and from another desk that names this one."""

    async def scene() -> None:
        async with doorway(tmp_path / "rooms", tls=True) as place:
            mine, other = (
                await ring(place, tmp_path / "a"),
                await ring(place, tmp_path / "b", "Desk 2", "LAS"),
            )
            kept = {desk.name: desk.password for desk in place.people.identity.desks()}
            named = {"Authorization": f"Desk {mine.badge.account}"}
            codes = Counter[str]()
            for context in (without_papers(mine), enrolling_context(), other.context()):
                for number in range(25):
                    async with line(place, context, door.SIGN_IN_PATH, **named) as socket:
                        await say(socket, SignIn(password=f"guess {number}"))
                        answer = await hear(socket)
                    assert isinstance(answer, Denied)
                    codes[answer.code] += 1
            assert codes["not_enrolled"] == 50
            glass = BreakGlass(
                first="EOC desk 3",
                first_password="guess",
                second="Desk 2",
                second_password=PASSWORD,
                role="operator",
                reason="to get in",
            )
            with pytest.raises(DoorError):
                await break_glass(other, glass)
            assert place.hasher.tried.count(kept["EOC desk 3"]) == 0
            assert 0 < place.hasher.tried.count(kept["Desk 2"]) <= 10
            assert isinstance(await sign_in(mine, PASSWORD), SignedIn)

    run(scene())


def test_a_desk_that_was_enrolled_again_or_revoked_is_known_no_more(tmp_path: Path) -> None:
    async def scene() -> None:
        async with doorway(tmp_path / "rooms", tls=True) as place:
            old = await ring(place, tmp_path / "a")
            token = (await sign_in(old, PASSWORD)).token
            new = await ring(place, tmp_path / "b", again=True)
            assert not await let_in(place, old.context(), token)
            with pytest.raises(DoorError) as caught:
                await sign_in(old, PASSWORD)
            assert caught.value.code == "not_enrolled"
            fresh = (await sign_in(new, PASSWORD)).token
            await place.people.revoke({"name": "EOC desk 3", "agency": "SCAS"})
            assert not await let_in(place, new.context(), fresh)
            with pytest.raises(DoorError) as caught:
                await sign_in(new, PASSWORD)
            assert caught.value.code == "revoked"

    run(scene())


def test_only_the_key_of_a_revoked_desk_hears_that_it_was_revoked(tmp_path: Path) -> None:
    async def said(place: Place, context: ssl.SSLContext, token: str) -> str:
        with pytest.raises(InvalidStatus) as caught:
            await connect(
                place.home.url,
                ssl=context,
                additional_headers={"Authorization": f"Bearer {token}"} if token else {},
                proxy=None,
            )
        return (caught.value.response.body or b"").decode()

    async def scene() -> None:
        async with doorway(tmp_path / "rooms", tls=True) as place:
            mine = await ring(place, tmp_path / "a")
            other = await ring(place, tmp_path / "b", "Desk 2")
            token = (await sign_in(mine, PASSWORD)).token
            await place.people.revoke({"name": "EOC desk 3", "agency": "SCAS"})
            assert await said(place, mine.context(), token) == GONE
            assert await said(place, mine.context(), "") == NOBODY
            assert await said(place, other.context(), token) == STRANGER, (
                "with another desk's key it is a guess"
            )
            anybody = desk_context((mine.folder / "authority.pem").read_text())
            assert await said(place, anybody, token) == STRANGER

    run(scene())


def test_a_fresh_certificate_comes_with_the_sign_in_when_two_months_are_left(tmp_path: Path) -> None:
    async def scene() -> None:
        async with doorway(tmp_path / "rooms", tls=True) as place:
            mine = await ring(place, tmp_path / "a")
            desk = place.people.identity.desk(mine.badge.account)
            assert desk is not None
            assert desk.certificate_until == mine.certificate_until()
            place.clock.at = desk.certificate_until - 60 * DAY_MS
            assert not (await sign_in(mine, PASSWORD)).certificate
            place.clock.at += 1
            # what is issued now begins in the future of this machine's clock, so it is looked at and not used
            async with line(place, mine.context(), door.SIGN_IN_PATH) as socket:
                await say(socket, SignIn(password=PASSWORD))
                signed = await hear(socket)
            assert isinstance(signed, SignedIn)
            assert signed.certificate
            desk = place.people.identity.desk(mine.badge.account)
            assert desk is not None
            assert desk.certificate_until > place.clock.at + 300 * DAY_MS
            assert not (await sign_in(mine, PASSWORD)).certificate, "once is enough"

    run(scene())


def test_in_the_middle_nobody_passes_for_the_server(tmp_path: Path) -> None:
    """Another server of the same kind, to which every frame of the enrolment could be passed on."""

    async def scene() -> None:
        async with (
            doorway(tmp_path / "rooms", tls=True) as place,
            doorway(tmp_path / "evil", tls=True) as evil,
        ):
            code = read_code(await place.code())
            pending = place.people.codes.find(code.lookup, place.clock())
            assert pending is not None
            for known in (False, True):
                if known:  # it has even the code's lookup, with a key of its own
                    evil.people.codes.give_back(msgspec.structs.replace(pending, key=b"x" * 64))
                with pytest.raises(DoorError) as caught:
                    await enrol(evil.home.url, code, OTHER, tmp_path / "a")
                assert caught.value.code == "impostor"
            # a proof that the real server made over its own certificate is passed on: that is no proof here
            evil.people.codes.give_back(pending)
            evil.people.codes._pending[code.lookup] = pending
            right = evil.people.issuer
            assert right is not None
            real = place.people.issuer
            assert real is not None
            evil.people.issuer = _Passing(right, real)  # type: ignore[assignment]
            with pytest.raises(DoorError) as caught:
                await enrol(evil.home.url, code, OTHER, tmp_path / "a")
            assert caught.value.code == "impostor"
            assert not evil.hasher.made
            assert await enrol(place.home.url, code, PASSWORD, tmp_path / "a")

    run(scene())


class _Passing:
    """What somebody in the middle can pass on: everything but the certificate of their own line."""

    def __init__(self, own: Any, real: Any) -> None:
        self._own, self._real = own, real

    @property
    def pem(self) -> str:
        return str(self._real.pem)

    def leaf_digest(self, _connection: Any = None) -> bytes:
        return bytes(self._real.leaf_digest())

    def certify(self, *asked: Any) -> str:
        return str(self._own.certify(*asked))


def test_a_session_over_tls_says_when_it_and_the_certificate_end_and_goes_when_revoked(
    tmp_path: Path,
) -> None:
    async def scene() -> None:
        async with doorway(tmp_path / "rooms", tls=True) as place:
            mine = await ring(place, tmp_path / "a")
            signed = await sign_in(mine, PASSWORD)
            async with line(place, mine.context(), Authorization=f"Bearer {signed.token}") as socket:
                guest = Guest(socket)
                welcome = await guest.hello()
                assert welcome.until == signed.until == place.clock.at + 12 * HOUR
                await place.people.revoke({"name": "EOC desk 3", "agency": "SCAS"})
                assert await guest.closed() == 4001

    run(scene())
