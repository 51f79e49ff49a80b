"""A person signs in at their organisation's identity provider, at an enrolled desk: on real sockets, end to end."""

from __future__ import annotations

import asyncio
import urllib.request
from pathlib import Path
from typing import Any

import msgspec
import pytest

from incident.kernel import door
from incident.kernel.door import Denied, ProviderAsk, ProviderOffer, ProviderToken, SignedIn, SignIn
from incident_tui import door as desk_door
from incident_tui.keyring import Badge, Ring
from tests.running import run
from tests.server.doorway import T0, Clock, Place, doorway, hear, say
from tests.server.provider import TestProvider, provider

PEOPLE = """
  - {subject: patel, name: R Patel, agency: SCAS, role: tactical_commander}
  - {subject: jones, name: A Jones, agency: LAS, role: operator}
"""


def named(root: Path, idp: TestProvider, people: str = PEOPLE) -> None:
    idp.now = T0 // 1000
    root.mkdir(exist_ok=True)
    (root / "oidc.yaml").write_text(f"issuer: {idp.issuer}\nclient_id: incident-tui\npeople:{people}")


async def asked(place: Place, idp: TestProvider, account: str, **more: Any) -> SignedIn | Denied:
    async with place.at(door.SIGN_IN_PATH, account) as socket:
        await say(socket, ProviderAsk())
        offer = await hear(socket)
        if isinstance(offer, Denied):
            return offer
        assert isinstance(offer, ProviderOffer)
        claims = idp.claims(offer.nonce, **more.pop("claims", {}))
        await say(socket, ProviderToken(id_token=idp.token(claims), **more))
        answer = await hear(socket)
        assert isinstance(answer, SignedIn | Denied)
        return answer


def refused(answer: SignedIn | Denied, code: str, words: str = "") -> None:
    assert isinstance(answer, Denied), answer
    assert answer.code == code
    assert words in answer.sentence


def test_a_person_comes_in_under_their_own_name_and_role(tmp_path: Path) -> None:
    async def scene() -> None:
        with provider() as idp:
            async with doorway(tmp_path / "rooms") as place:
                named(place.folder.root, idp)
                account = await place.desk()
                signed = await asked(place, idp, account)
                assert isinstance(signed, SignedIn), signed
                assert (signed.name, signed.role) == ("R Patel", "tactical_commander")
                async with place.session(signed.token) as guest:
                    welcome = await guest.hello()
                    assert (welcome.name, welcome.agency, welcome.role) == (
                        "R Patel",
                        "SCAS",
                        "tactical_commander",
                    )
                    ended = await place.people.revoke({"name": "R Patel", "agency": "SCAS"})
                    assert ended == {"desk": False, "token": False, "codes": 0, "person": True}
                    assert await guest.closed() == 4001

    run(scene())


def test_who_may_not_come_in_by_it(tmp_path: Path) -> None:
    async def scene() -> None:
        with provider() as idp:
            async with doorway(tmp_path / "rooms") as place:
                account = await place.desk()
                refused(await asked(place, idp, account), "no_provider")
                named(place.folder.root, idp)
                idp.subject = "jones"
                refused(await asked(place, idp, account), "provider", "a desk of SCAS")
                idp.subject = "nobody"
                refused(await asked(place, idp, account), "provider", "this server does not")
                idp.subject = "patel"
                refused(await asked(place, idp, account, claims={"aud": "other"}), "provider")
                refused(await asked(place, idp, ""), "not_enrolled")
                named(
                    place.folder.root,
                    idp,
                    "\n  - {subject: patel, name: R Patel, agency: SCAS, role: emperor}\n",
                )
                refused(await asked(place, idp, account), "no_provider")
                named(place.folder.root, idp)
                assert isinstance(await asked(place, idp, account), SignedIn)
                await place.token(account)
                ended = await place.people.revoke({"name": "EOC desk 3", "agency": "SCAS"})
                assert (ended["desk"], ended["person"]) == (True, False)
                answer = await asked(place, idp, account)
                assert isinstance(answer, Denied)
                assert answer.code in ("revoked", "not_enrolled")

    run(scene())


def test_somebody_struck_out_while_at_the_provider_stays_out(tmp_path: Path) -> None:
    async def scene() -> None:
        with provider() as idp:
            async with doorway(tmp_path / "rooms") as place:
                named(place.folder.root, idp)
                account = await place.desk()
                async with place.at(door.SIGN_IN_PATH, account) as socket:
                    await say(socket, ProviderAsk())
                    offer = await hear(socket)
                    named(place.folder.root, idp, " []\n")
                    await say(socket, ProviderToken(id_token=idp.token(idp.claims(offer.nonce))))
                    refused(await hear(socket), "provider", "any more")

    run(scene())


@pytest.mark.parametrize("kind", ["desk", "token"])
def test_nobody_comes_in_under_the_name_of_a_desk_or_a_token(kind: str, tmp_path: Path) -> None:
    async def scene() -> None:
        with provider() as idp:
            async with doorway(tmp_path / "rooms") as place:
                named(place.folder.root, idp)
                account = await place.desk()
                who = {"name": "r patel", "agency": "SCAS", "role": "operator"}
                await (place.desk(who["name"]) if kind == "desk" else place.people.token(who))
                refused(await asked(place, idp, account), "provider", "has your name")
                await place.people.revoke(who)
                signed = await asked(place, idp, account)
                assert isinstance(signed, SignedIn) is (kind == "token"), "a revoked desk keeps its name"

    run(scene())


def test_the_answer_of_one_desk_is_worth_nothing_at_another(tmp_path: Path) -> None:
    async def scene() -> None:
        with provider() as idp:
            async with doorway(tmp_path / "rooms") as place:
                named(place.folder.root, idp)
                one, two = await place.desk("Desk 1"), await place.desk("Desk 2")
                async with (
                    place.at(door.SIGN_IN_PATH, one) as first,
                    place.at(door.SIGN_IN_PATH, two) as second,
                ):
                    await say(first, ProviderAsk())
                    offer = await hear(first)
                    await say(second, ProviderAsk())
                    await hear(second)
                    token = idp.token(idp.claims(offer.nonce))
                    await say(second, ProviderToken(id_token=token))
                    refused(await hear(second), "provider", "not the answer")

    run(scene())


def test_a_lock_is_opened_by_the_same_person_alone_and_by_no_password(tmp_path: Path) -> None:
    async def scene() -> None:
        with provider() as idp:
            async with doorway(tmp_path / "rooms") as place:
                named(place.folder.root, idp)
                account = await place.desk()
                signed = await asked(place, idp, account)
                assert isinstance(signed, SignedIn)
                badge = place.people.actor(signed.token, "", plain=True)
                assert badge is not None
                assert place.people.lock(badge)
                by_password = await place.asked(
                    SignIn(password="correct horse battery", token=signed.token), door.SIGN_IN_PATH, account
                )
                refused(by_password, "by_provider", "--provider")
                assert badge.locked
                again = await asked(place, idp, account, token=signed.token)
                assert isinstance(again, SignedIn)
                assert again.token == signed.token
                assert not badge.locked

    run(scene())


def test_the_desks_own_way_from_end_to_end(tmp_path: Path) -> None:
    """The client's half, with a browser that follows where the provider sends it."""

    async def scene() -> None:
        with provider() as idp:
            async with doorway(tmp_path / "rooms", clock=Clock()) as place:
                named(place.folder.root, idp)
                account = await place.desk()
                badge = Badge(place.home.url, account, "EOC desk 3", "SCAS", "operator", "test", "exercise")
                ring = Ring(tmp_path, badge)
                seen: list[asyncio.Future[None]] = []

                def browse(page: str) -> None:
                    work = lambda: urllib.request.urlopen(page, timeout=5).close()  # noqa: E731, S310
                    seen.append(asyncio.ensure_future(asyncio.to_thread(work)))

                signed = await desk_door.by_provider(ring, browse)
                await asyncio.gather(*seen)
                assert signed.name == "R Patel"
                idp.subject = "nobody"
                with pytest.raises(desk_door.DoorError, match="this server does not"):
                    await desk_door.by_provider(ring, browse)
                await asyncio.gather(*seen)

    run(scene())


def test_frames_of_the_provider_are_bounded() -> None:
    with pytest.raises(door.ProtocolError):
        door.read_ask(msgspec.json.encode({"frame": "provider_token", "id_token": "x" * 9_000}))
