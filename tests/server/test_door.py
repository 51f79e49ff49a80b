"""The door on real sockets: a code is good once, a sign-in with one key alone, and out is out within a second."""

from __future__ import annotations

import asyncio
import io
import logging
import secrets
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from websockets.exceptions import InvalidStatus

from incident.kernel import door, protocol
from incident.kernel.door import (
    Denied,
    EnrolAsk,
    EnrolClaim,
    Enrolled,
    EnrolOffer,
    SignedIn,
    SignedOut,
    SignIn,
    SignOut,
)
from server import admission, doorkeeper, enrolment, identity, logs
from server.admin import AdminError
from tests.running import run
from tests.server.doorway import (
    HOUR,
    OTHER,
    PASSWORD,
    T0,
    Clock,
    Counting,
    Place,
    claimed,
    data_folder,
    doorway,
    hear,
    new_key,
    say,
)
from tests.server.house import BOARD, soon
from tests.server.toy import Open, Write

MINUTE = 60_000


def pem_of(key: Any) -> str:
    return key.public_bytes(  # type: ignore[no-any-return]
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    ).decode()


def denied(answer: Any, code: str) -> Denied:
    assert isinstance(answer, Denied), answer
    assert answer.code == code, answer
    return answer


async def refused_at_once(place: Place, token: str) -> str:
    """The sentence with which a token is turned away."""
    with pytest.raises(InvalidStatus) as caught:
        async with place.session(token):
            pass
    assert caught.value.response.status_code == 401
    return (caught.value.response.body or b"").decode()


# -- a code ---------------------------------------------------------------------------------------------------


def test_one_call_lets_a_desk_in(tmp_path: Path) -> None:
    async def scene() -> None:
        async with doorway(tmp_path / "rooms") as place:
            enrolled = await place.claim(await place.code())
            assert isinstance(enrolled, Enrolled)
            assert (enrolled.name, enrolled.agency, enrolled.role) == ("EOC desk 3", "SCAS", "operator")
            assert (enrolled.server, enrolled.mode) == ("test", "exercise")
            signed = await place.sign_in(enrolled.account)
            assert isinstance(signed, SignedIn)
            assert signed.until == T0 + 12 * HOUR
            async with place.session(signed.token) as guest:
                welcome = await guest.hello()
                assert (welcome.name, welcome.agency, welcome.role) == ("EOC desk 3", "SCAS", "operator")
                assert (welcome.until, welcome.locked) == (T0 + 12 * HOUR, False)

    run(scene())


def test_what_is_kept_opens_nothing(tmp_path: Path) -> None:
    async def scene() -> None:
        async with doorway(tmp_path / "rooms") as place:
            written = await place.code()
            code = door.read_code(written)
            if place.folder.codes.stat().st_mode & 0o777 != 0o600:
                assert place.folder.codes.drive, "only where the system knows no such thing"
            assert code.secret not in place.folder.codes.read_text()
            token = await place.token(await place.desk("Desk 2"))
            for path in (place.folder.codes, place.folder.tokens, place.folder.signins):
                text = path.read_text()
                assert code.secret not in text
                assert written not in text
                assert token not in text

    run(scene())


def test_a_code_is_good_once_whoever_comes_first(tmp_path: Path) -> None:
    async def scene() -> None:
        async with doorway(tmp_path / "rooms") as place:
            code = await place.code()
            answers = await asyncio.gather(*(place.claim(code) for _ in range(6)))
            assert sum(isinstance(answer, Enrolled) for answer in answers) == 1
            for answer in answers:
                if not isinstance(answer, Enrolled):
                    assert answer.code in ("wrong_code", "taken")
            denied(await place.claim(code), "wrong_code")
            assert len(place.people.identity.desks()) == 1

    run(scene())


def test_a_code_is_over_after_a_quarter_of_an_hour_and_outlives_a_restart(tmp_path: Path) -> None:
    async def scene() -> None:
        clock = Clock()
        async with doorway(tmp_path / "rooms", clock=clock) as place:
            code, late = await place.code(), await place.code("Desk 2")
        clock.at += 15 * MINUTE - 1
        async with doorway(tmp_path / "rooms", clock=clock) as place:
            assert isinstance(await place.claim(code), Enrolled)
            clock.at += 1
            assert denied(await place.claim(late), "wrong_code") == admission.WRONG_CODE
        async with doorway(tmp_path / "rooms", clock=clock) as place:
            denied(await place.claim(code), "wrong_code")

    run(scene())


def test_who_asks_for_a_code_that_is_none_learns_nothing(tmp_path: Path) -> None:
    """The same frames, the same words; what differs is chance."""

    async def scene() -> None:
        async with doorway(tmp_path / "rooms") as place:
            real = door.read_code(await place.code())
            unreal = door.Code("000" if real.lookup != "000" else "111", real.secret)
            _, pem = new_key()
            heard = []
            for code in (real, unreal):
                async with place.at(door.ENROL_PATH) as socket:
                    await say(socket, EnrolAsk(lookup=code.lookup, nonce=secrets.token_hex(32), device=pem))
                    offer = await hear(socket)
                    assert isinstance(offer, EnrolOffer)
                    await say(socket, EnrolClaim(proof="00" * 32, password=PASSWORD))
                    answer = await hear(socket)
                    await socket.wait_closed()
                    heard.append(
                        (len(offer.nonce), len(offer.proof), offer.authority, answer, socket.close_code)
                    )
            assert heard[0] == heard[1]

    run(scene())


def test_a_code_that_let_nobody_in_leaves_a_line_without_the_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A desk that is shown a false proof goes without a word: that is what a code misheard looks like from here."""
    told: list[tuple[str, dict[str, Any]]] = []
    monkeypatch.setattr(logs, "security", lambda event, **facts: told.append((event, facts)))

    async def scene() -> None:
        async with doorway(tmp_path / "rooms") as place:
            real = door.read_code(await place.code())
            unreal = door.Code("000" if real.lookup != "000" else "111", real.secret)
            _, pem = new_key()
            whose = {"agency": "SCAS", "name": "EOC desk 3"}
            for code, fact in ((unreal, {"code": "unknown_code"}), (real, {"code": "left", **whose})):
                told.clear()
                async with place.at(door.ENROL_PATH) as socket:
                    await say(socket, EnrolAsk(lookup=code.lookup, nonce=secrets.token_hex(32), device=pem))
                    assert isinstance(await hear(socket), EnrolOffer)
                await soon(lambda: len(told) == 1)
                assert told == [("enrolment denied", fact)]
            told.clear()
            async with place.at(door.ENROL_PATH) as socket:
                denied(await claimed(socket, real, PASSWORD, pem, key=b"guessed"), "wrong_code")
            async with place.at(door.ENROL_PATH) as socket:
                denied(await claimed(socket, real, "short", pem), "weak_password")
            assert told == [
                ("enrolment denied", {"code": "wrong_code", **whose}),
                ("enrolment denied", {"code": "weak_password", **whose}),
            ]

    run(scene())


def test_a_hundred_wrong_proofs_end_a_code_and_ninety_nine_do_not(tmp_path: Path) -> None:
    async def scene() -> None:
        async with doorway(tmp_path / "rooms") as place:
            _, pem = new_key()
            for wrong, good in ((99, True), (100, False)):
                code = await place.code(f"Desk {wrong}")
                for _ in range(wrong):
                    async with place.at(door.ENROL_PATH) as socket:
                        denied(
                            await claimed(socket, door.read_code(code), PASSWORD, pem, key=b"guessed"),
                            "wrong_code",
                        )
                assert isinstance(await place.claim(code), Enrolled) is good

    run(scene())


def test_a_proof_for_another_certificate_key_or_nonce_is_none(tmp_path: Path) -> None:
    """Somebody in the middle shows another certificate: then neither side's proof holds."""

    async def scene() -> None:
        async with doorway(tmp_path / "rooms") as place:
            code = door.read_code(await place.code())
            async with place.at(door.ENROL_PATH) as socket:
                denied(await claimed(socket, code, PASSWORD, new_key()[1], bound=b"\1" * 32), "wrong_code")
            async with place.at(door.ENROL_PATH) as socket:
                _, pem = new_key()
                ask = EnrolAsk(lookup=code.lookup, nonce=secrets.token_hex(32), device=pem)
                await say(socket, ask)
                offer = await hear(socket)
                script = door.Transcript(
                    door.PLAIN, code.lookup, ask.nonce, offer.nonce, new_key()[1], offer.authority
                )
                assert not script.holds(door.code_key(code), "server", offer.proof)
                await say(
                    socket, EnrolClaim(proof=script.proof(door.code_key(code), "desk"), password=PASSWORD)
                )
                denied(await hear(socket), "wrong_code")

    run(scene())


@pytest.mark.parametrize(
    "key",
    [
        pem_of(rsa.generate_private_key(65_537, 2_048).public_key()),
        pem_of(ec.generate_private_key(ec.SECP384R1()).public_key()),
        pem_of(ec.generate_private_key(ec.SECP256K1()).public_key()),
        "-----BEGIN PUBLIC KEY-----\nMFkw\n-----END PUBLIC KEY-----\n",
        "no key",
        "é",
        "",
    ],
)
def test_a_key_of_another_kind_is_refused_before_anything_is_proved(key: str, tmp_path: Path) -> None:
    async def scene() -> None:
        async with doorway(tmp_path / "rooms") as place:
            code = await place.code()
            ask = EnrolAsk(lookup=door.read_code(code).lookup, nonce=secrets.token_hex(32), device=key)
            denied(await place.asked(ask, door.ENROL_PATH), "bad_key")
            assert isinstance(await place.claim(code), Enrolled)

    run(scene())


def test_both_kinds_of_key_that_are_taken_have_one_digest_however_they_are_written() -> None:
    for private in (ec.generate_private_key(ec.SECP256R1()), ed25519.Ed25519PrivateKey.generate()):
        pem = pem_of(private.public_key())
        assert enrolment.device_of_key(pem) == enrolment.device_of_key(pem.replace("\n", "\r\n") + "\n")


def test_a_weak_password_is_told_and_the_code_stays_good(tmp_path: Path) -> None:
    async def scene() -> None:
        async with doorway(tmp_path / "rooms") as place:
            code = await place.code()
            for weak in ("short", "passwordpassword", "EOC desk 3 EOC desk 3", "SCASSCASSCASSCAS"):
                denied(await place.claim(code, weak), "weak_password")
            assert isinstance(await place.claim(code), Enrolled)

    run(scene())


def test_a_full_disk_at_enrolment_is_told_and_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_path: Path, _data: bytes) -> None:
        raise OSError(28, "No space left on device")

    async def scene() -> None:
        async with doorway(tmp_path / "rooms") as place:
            first = await place.desk("Desk 1")
            code = await place.code("Desk 2")
            before = place.folder.tokens.read_bytes()
            for module in (enrolment, identity):
                with monkeypatch.context() as broken:
                    broken.setattr(module, "write_private", full)
                    answer = denied(await place.claim(code), "not_written")
                    assert "the same code is good" in answer.sentence
                assert place.folder.tokens.read_bytes() == before
                assert [desk.account for desk in place.people.identity.desks()] == [first]
            with monkeypatch.context() as broken:
                broken.setattr(enrolment, "write_private", full)
                with pytest.raises(AdminError, match="cannot be written down"):
                    await place.code("Desk 3")
            assert isinstance(await place.claim(code), Enrolled)

    run(scene())


def test_a_name_is_enrolled_again_only_when_it_was_said(tmp_path: Path) -> None:
    async def scene() -> None:
        async with doorway(tmp_path / "rooms") as place:
            with pytest.raises(AdminError, match="no desk 'EOC desk 3' yet"):
                await place.code(again=True)
            old = await place.desk()
            with pytest.raises(AdminError, match="say --again"):
                await place.code(name="eoc DESK 3")
            token = await place.token(old)
            async with place.session(token) as guest:
                await guest.hello()
                code = await place.code(again=True)
                assert isinstance(await place.sign_in(old), SignedIn), (
                    "the old one works until the code is used"
                )
                new = await place.claim(code, OTHER)
                assert isinstance(new, Enrolled)
                assert await guest.closed() == 4001
            await refused_at_once(place, token)
            denied(await place.sign_in(old, PASSWORD), "not_enrolled")
            assert isinstance(await place.sign_in(new.account, OTHER), SignedIn)
            assert len(place.people.identity.desks()) == 1
            assert set(place.people.signins.last) == {new.account}

    run(scene())


def test_a_key_belongs_to_one_desk(tmp_path: Path) -> None:
    async def scene() -> None:
        async with doorway(tmp_path / "rooms") as place:
            _, pem = new_key()
            assert isinstance(await place.claim(await place.code("Desk 1"), pem=pem), Enrolled)
            denied(await place.claim(await place.code("Desk 2"), pem=pem), "taken")

    run(scene())


# -- a sign-in ------------------------------------------------------------------------------------------------


def test_a_sign_in_outlives_a_restart_and_ends_after_twelve_hours(tmp_path: Path) -> None:
    async def scene() -> None:
        clock = Clock()
        async with doorway(tmp_path / "rooms", clock=clock) as place:
            token = await place.token(await place.desk())
        clock.at += 12 * HOUR - 1
        async with doorway(tmp_path / "rooms", clock=clock) as place, place.session(token) as guest:
            await guest.hello()
            clock.at += 1
            assert await guest.closed() == 4001
            assert "sign in again" in guest.socket.close_reason.lower()  # type: ignore[union-attr]
            assert "incident-tui" in await refused_at_once(place, token)

    run(scene())


def test_a_revoked_desk_is_out_at_once_and_stays_out(tmp_path: Path) -> None:
    async def scene() -> None:
        async with doorway(tmp_path / "rooms") as place:
            account, other = await place.desk(), await place.desk("Desk 2")
            token, others = await place.token(account), await place.token(other)
            pending = await place.code("Desk 4")
            async with place.session(token) as guest, place.session(others) as unharmed:
                await guest.hello()
                await unharmed.hello()
                # a desk that is not yet greeted is out, too
                async with place.session(token) as silent:
                    await place.people.revoke({"name": "eoc desk 3", "agency": "SCAS"})
                    assert await guest.closed() == 4001
                    assert guest.socket.close_reason == doorkeeper.REVOKED
                    await silent.say(protocol.Hello(protocol=protocol.PROTOCOL))
                    assert await silent.closed() == 4001
                await unharmed.say(protocol.Heartbeat(sent_at=T0))
                await unharmed.until(protocol.Heartbeat, lambda frame: frame.echo == T0)
            await refused_at_once(place, token)
            denied(await place.sign_in(account), "revoked")
            await place.people.revoke({"name": "Desk 4", "agency": "SCAS"})
            denied(await place.claim(pending), "wrong_code")
            with pytest.raises(AdminError, match="revoked already"):
                await place.people.revoke({"name": "EOC desk 3", "agency": "SCAS"})
            with pytest.raises(AdminError, match=r"no desk and no token called 'EOC desc 3'.*EOC desk 3"):
                await place.people.revoke({"name": "EOC desc 3", "agency": "SCAS"})
        async with doorway(tmp_path / "rooms") as place:
            await refused_at_once(place, token)
            denied(await place.sign_in(account), "revoked")
            assert isinstance(await place.sign_in(other), SignedIn)

    run(scene())


def test_a_token_of_the_command_line_is_revoked_too(tmp_path: Path) -> None:
    async def scene() -> None:
        async with doorway(tmp_path / "rooms") as place:
            asked = {"name": "Script", "agency": "LAS", "role": "operator"}
            token = (await place.people.token(asked))["token"]
            async with place.session(token) as guest:
                welcome = await guest.hello()
                assert (welcome.until, welcome.locked) == (0, False)
                await guest.say(protocol.Lock())
                assert (await guest.until(protocol.Error)).code == "no_sign_in"
                await place.people.revoke(asked)
                assert await guest.closed() == 4001
            await refused_at_once(place, token)

    run(scene())


def test_a_revocation_counts_at_once_even_when_the_disk_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_path: Path, _data: bytes) -> None:
        raise OSError(28, "No space left on device")

    async def scene() -> None:
        async with doorway(tmp_path / "rooms") as place:
            account = await place.desk()
            who = {"name": "EOC desk 3", "agency": "SCAS"}
            async with place.session(await place.token(account)) as guest:
                await guest.hello()
                with monkeypatch.context() as broken:
                    broken.setattr(identity, "write_private", full)
                    with pytest.raises(AdminError, match="kept out, but that could not be written"):
                        await place.people.revoke(who)
                assert await guest.closed() == 4001
            denied(await place.sign_in(account), "revoked")
            await place.people.revoke(who)  # again, once there is room
            assert place.people.identity.desks()[0].revoked_at == T0

    run(scene())


def test_a_fifth_sign_in_ends_the_first(tmp_path: Path) -> None:
    async def scene() -> None:
        async with doorway(tmp_path / "rooms") as place:
            account = await place.desk()
            tokens = [await place.token(account) for _ in range(5)]
            await refused_at_once(place, tokens[0])
            for token in tokens[1:]:
                async with place.session(token) as guest:
                    await guest.hello()

    run(scene())


def test_a_desk_that_signs_out_ends_its_own_sign_in_and_no_other(tmp_path: Path) -> None:
    async def scene() -> None:
        async with doorway(tmp_path / "rooms") as place:
            account, other = await place.desk(), await place.desk("Desk 2")
            mine, elsewhere = await place.token(account), await place.token(account)
            theirs = await place.token(other)
            async with place.session(mine) as guest:
                await guest.hello()
                for token in (theirs, "of nobody", ""):
                    answer = await place.asked(SignOut(token=token), door.SIGN_IN_PATH, account)
                    assert answer == SignedOut(), "whether there was one is not told"
                assert place.people.actor(theirs, "", plain=True) is not None
                assert place.people.actor(mine, "", plain=True) is not None
                assert await place.asked(SignOut(token=mine), door.SIGN_IN_PATH, account) == SignedOut()
                assert await guest.closed() == 4001
            await refused_at_once(place, mine)
            async with place.session(elsewhere) as guest:
                await guest.hello()
            denied(await place.asked(SignOut(token=theirs), door.SIGN_IN_PATH, "0" * 16), "not_enrolled")
        async with doorway(tmp_path / "rooms") as place:
            await refused_at_once(place, mine)

    run(scene())


def test_a_password_is_changed_and_the_other_sign_ins_end(tmp_path: Path) -> None:
    async def scene() -> None:
        async with doorway(tmp_path / "rooms") as place:
            account = await place.desk()
            mine, elsewhere = await place.token(account), await place.token(account)
            denied(await place.sign_in(account, PASSWORD, new_password="short"), "weak_password")
            denied(await place.sign_in(account, "wrong one here", new_password=OTHER), "wrong_password")
            assert isinstance(
                await place.sign_in(account, PASSWORD, new_password=OTHER, token=mine), SignedIn
            )
            await refused_at_once(place, elsewhere)
            async with place.session(mine) as guest:
                await guest.hello()
            denied(await place.sign_in(account, PASSWORD), "wrong_password")
        async with doorway(tmp_path / "rooms") as place:
            assert isinstance(await place.sign_in(account, OTHER), SignedIn)

    run(scene())


def test_a_password_is_hashed_anew_when_the_parameters_are_others(tmp_path: Path) -> None:
    async def scene() -> None:
        async with doorway(tmp_path / "rooms") as place:
            account = await place.desk()
        async with doorway(tmp_path / "rooms", hasher=Counting("v2")) as place:
            await place.token(account)
            desk = place.people.identity.desk(account)
            assert desk is not None
            assert desk.password.startswith("v2:")
            await place.token(account)

    run(scene())


# -- a lock ---------------------------------------------------------------------------------------------------


def test_a_locked_desk_reads_and_does_not_write_until_its_password_is_given(tmp_path: Path) -> None:
    async def scene() -> None:
        async with doorway(tmp_path / "rooms") as place:
            account, other = await place.desk(), await place.desk("Desk 2")
            token = await place.token(account)
            async with place.session(token) as guest, place.session(await place.token(other)) as colleague:
                await guest.hello()
                await colleague.hello()
                assert (await guest.do(Open(("SCAS",)))).last > 0
                await guest.watch()
                before = await guest.do(Write("before"), command_id=IDS[0])
                await guest.say(protocol.Lock())
                refused = await guest.do(Write("while away"), command_id=IDS[1])
                assert isinstance(refused, protocol.Refused)
                assert refused.code == "locked"
                again = await guest.do(Write("before"), command_id=IDS[0])
                assert (again.first, again.last) == (before.first, before.last), (
                    "what was taken on keeps its answer"
                )
                assert (await colleague.do(Write("of a colleague"))).last > 0
                while len(guest.records[BOARD]) < 3:
                    await guest.next()
                async with place.session(token) as second:
                    assert (await second.hello()).locked
                    denied(await place.sign_in(account, "not the password", token=token), "wrong_password")
                    denied(await place.sign_in(other, PASSWORD, token=token), "over")
                    unlocked = await place.sign_in(account, PASSWORD, token=token)
                    assert isinstance(unlocked, SignedIn)
                    assert unlocked.token == token
                    assert (await second.do(Write("by the second"))).last > 0
                assert (await guest.do(Write("while away"), command_id=IDS[1])).last > 0

    run(scene())


def test_a_lock_outlives_a_restart(tmp_path: Path) -> None:
    async def scene() -> None:
        async with doorway(tmp_path / "rooms") as place:
            token = await place.token(await place.desk())
            async with place.session(token) as guest:
                await guest.hello()
                await guest.say(protocol.Lock())
                await soon(lambda: '"locked":true' in place.folder.signins.read_text())
        async with doorway(tmp_path / "rooms") as place, place.session(token) as guest:
            assert (await guest.hello()).locked

    run(scene())


IDS = ["00000000-0000-4000-8000-00000000000a", "00000000-0000-4000-8000-00000000000b"]


# -- what no peer can do --------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [door.ENROL_PATH, door.SIGN_IN_PATH])
@pytest.mark.parametrize(
    "sent",
    [
        b"not json",
        b"[" * 5_000,
        b'{"frame":"sign_in","password":"hunter2 hunter2","token":5}',
        b'{"frame":"enrol_claim","proof":"","password":"hunter2 hunter2"}',
        b'{"frame":"sign_in","password":"' + b"hunter2" * 2_000 + b'"}',
        b'{"frame":"sign_in","password":"' + b"hunter2" * 2_400 + b'"}',
        b'{"frame":"hello","protocol":1,"password":"hunter2 hunter2"}',
    ],
)
def test_a_bad_frame_ends_the_errand_and_is_repeated_nowhere(path: str, sent: bytes, tmp_path: Path) -> None:
    async def scene() -> None:
        async with doorway(tmp_path / "rooms") as place, place.at(path, await place.desk()) as socket:
            await socket.send(sent, text=True)
            answer = await socket.recv()
            assert isinstance(answer, str)
            assert "hunter2" not in answer
            await socket.wait_closed()
            assert socket.close_code == (1009 if len(sent) > door.DOOR_FRAME_BYTES_MAX else 1008)
            assert "hunter2" not in (socket.close_reason or "")

    written = io.StringIO()
    logs.start("debug", written)
    try:
        run(scene())
    finally:
        logging.getLogger("incident.server").handlers.clear()
    assert "hunter2" not in written.getvalue()


def test_passwords_and_tokens_stand_in_no_log(tmp_path: Path) -> None:
    async def scene() -> list[str]:
        async with doorway(tmp_path / "rooms") as place:
            code = await place.code()
            enrolled = await place.claim(code)
            assert isinstance(enrolled, Enrolled)
            await place.sign_in(enrolled.account, "a wrong one of mine")
            token = await place.token(enrolled.account)
            await place.break_glass(
                enrolled.account, "EOC desk 3", "Nobody", first_password="wrong of the first"
            )
            return [code, PASSWORD, "a wrong one of mine", token, "wrong of the first"]

    written = io.StringIO()
    logs.start("debug", written)
    try:
        said = run(scene())
    finally:
        logging.getLogger("incident.server").handlers.clear()
    assert "signed in" in written.getvalue()
    assert not [one for one in said if one in written.getvalue()]


def test_who_says_nothing_at_the_door_is_sent_away(tmp_path: Path) -> None:
    async def scene() -> None:
        async with doorway(tmp_path / "rooms", step_seconds=0.05) as place:
            for path in (door.ENROL_PATH, door.SIGN_IN_PATH):
                async with place.at(path) as socket:
                    await socket.wait_closed()
                    assert socket.close_code == 1008

    run(scene())


def test_nobody_is_tried_who_is_not_enrolled(tmp_path: Path) -> None:
    async def scene() -> None:
        async with doorway(tmp_path / "rooms") as place:
            await place.desk()
            for account in ("", "0" * 16, "EOC desk 3", "../x"):
                denied(
                    await place.asked(SignIn(password=PASSWORD), door.SIGN_IN_PATH, account), "not_enrolled"
                )
            assert place.hasher.tried == []

    run(scene())


def test_whether_a_desk_is_still_known_is_asked_without_a_try_of_its_password(tmp_path: Path) -> None:
    async def scene() -> None:
        async with doorway(tmp_path / "rooms") as place:
            account = await place.desk()
            asked = SignIn(password="", token="none")
            denied(await place.asked(asked, door.SIGN_IN_PATH, account), "over")
            assert place.hasher.tried == []
            await place.people.revoke({"name": "EOC desk 3", "agency": "SCAS"})
            denied(await place.asked(asked, door.SIGN_IN_PATH, account), "revoked")
            assert place.hasher.tried == []

    run(scene())


def test_a_folder_of_format_one_is_read_and_written_on(tmp_path: Path) -> None:
    folder = data_folder(tmp_path / "rooms")
    digest = identity.digest_of("an old token")
    old = {"digest": digest, "name": "Old", "agency": "LAS", "role": "operator", "created_at": 1}
    folder.tokens.write_bytes(msgspec.json.encode({"format": 1, "tokens": [old]}))

    async def scene() -> None:
        async with doorway(tmp_path / "rooms") as place:
            async with place.session("an old token") as guest:
                assert (await guest.hello()).name == "Old"
            await place.desk()
            with pytest.raises(AdminError, match="has a token for 'old'"):
                await place.code("old", "LAS")
        assert '"format": 2' in folder.tokens.read_text()
        async with doorway(tmp_path / "rooms") as place, place.session("an old token") as guest:
            assert (await guest.hello()).name == "Old"

    run(scene())


@pytest.mark.parametrize("name", ["tokens", "codes", "signins"])
def test_a_broken_file_is_told_with_the_way_on(name: str, tmp_path: Path) -> None:
    """But for codes that are damaged, which are good for minutes: those are set aside."""
    folder = data_folder(tmp_path / "rooms")
    broken = [] if name == "codes" else ["{"]
    for text in (*broken, '{"format":9,"tokens":[],"pending":[],"signins":[],"last":{}}'):
        getattr(folder, name).write_text(text)
        with pytest.raises(identity.IdentityError, match=r"cannot be read|newer version"):
            run(_opened(folder.root))


async def _opened(root: Path) -> None:
    async with doorway(root):
        pass
