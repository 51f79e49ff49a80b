"""Two persons, a desk of their agency, an hour: it opens, everybody concerned is told, and nobody is guessed by it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from incident.kernel.door import Denied, SignedIn
from incident.kernel.protocol import Done
from incident.organisation.facts import Invite, Open
from incident.state import MODELS
from server.admin import AdminError
from server.admission import WRONG_TWO
from tests.running import run
from tests.server.doorway import HOUR, OTHER, PASSWORD, T0, Counting, Place, doorway
from tests.server.house import Guest

STREAM = "incident/00000000-0000-4000-8000-00000000000%d"


async def staffed(place: Place) -> tuple[str, str, str]:
    """Three desks of SCAS."""
    return (
        await place.desk("Desk A"),
        await place.desk("Desk B", password=PASSWORD),
        await place.desk("Desk C", password="of no use to anyone"),
    )


class Noting(Counting):
    """A hasher that knows which password was tried against what."""

    def __init__(self) -> None:
        super().__init__()
        self.pairs: list[tuple[str, str]] = []

    def verify(self, kept: str, password: str) -> bool:
        self.pairs.append((kept, password))
        return super().verify(kept, password)


async def do(guest: Guest, command: Any, stream: str) -> None:
    done = await guest.do(command, stream, models=MODELS)
    assert isinstance(done, Done), done


def told(guest: Guest, stream: str) -> list[dict[str, Any]]:
    return [
        msgspec.json.decode(record.body)
        for record in guest.records.get(stream, ())
        if record.type == "delegation.glass_broken"
    ]


def test_two_persons_get_in_for_an_hour_and_every_party_is_told(tmp_path: Path) -> None:
    async def scene() -> None:
        async with doorway(tmp_path / "rooms", models=MODELS) as place:
            _, _, third = await staffed(place)
            las = await place.token(await place.desk("Duty", "LAS"))
            async with place.session(las) as guest:
                await guest.hello()
                for number in (1, 2):
                    await do(guest, Open(title=f"Incident {number}", mode="exercise"), STREAM % number)
                    if number == 1:
                        await do(guest, Invite(("SCAS",)), STREAM % number)
                    await guest.watch(STREAM % number)
                signed = await place.break_glass(third, "desk a", "Desk B ", role="tactical_commander")
                assert isinstance(signed, SignedIn), signed
                assert signed.until == T0 + HOUR
                async with place.session(signed.token) as inside:
                    welcome = await inside.hello()
                    assert (welcome.name, welcome.agency) == ("break glass: Desk A + Desk B", "SCAS")
                    assert (welcome.role, welcome.until) == ("tactical_commander", T0 + HOUR)
                    while not told(guest, STREAM % 1):
                        await guest.next()
                    place.clock.at += HOUR
                    assert await inside.closed() == 4001
            (record,) = told(guest, STREAM % 1)
            assert (record["agency"], record["first"], record["second"]) == ("SCAS", "Desk A", "Desk B")
            assert (record["role"], record["reason"]) == ("tactical_commander", "nobody else is here")
            assert not told(guest, STREAM % 2), "SCAS has no part in it"
            (written,) = [r for r in guest.records[STREAM % 1] if r.type == "delegation.glass_broken"]
            assert (written.actor, written.role) == ("system", "system")

    run(scene())


def test_it_takes_two_known_persons_of_this_agency_and_a_role_that_people_have(tmp_path: Path) -> None:
    async def scene() -> None:
        async with doorway(tmp_path / "rooms", models=MODELS) as place:
            _, second, third = await staffed(place)
            await place.desk("Of LAS", "LAS")
            for first, other, more, code in (
                ("Desk A", "desk a", {}, "one_person"),
                ("Desk A", "Of LAS", {}, "wrong_password"),
                ("Desk A", "Desk X", {}, "wrong_password"),
                ("Desk A", "Desk B", {"second_password": "wrong"}, "wrong_password"),
                ("Desk A", "Desk B", {"role": "system"}, "no_role"),
                ("Desk A", "Desk B", {"role": "nothing"}, "no_role"),
                # An exercise server; these would see every exercise of everybody, or act for other trusts.
                ("Desk A", "Desk B", {"role": "excon"}, "no_role"),
                ("Desk A", "Desk B", {"role": "evaluator"}, "no_role"),
                ("Desk A", "Desk B", {"role": "nacc"}, "no_role"),
            ):
                place.clock.at += HOUR
                answer = await place.break_glass(third, first, other, **more)
                assert isinstance(answer, Denied)
                assert answer.code == code
                if code == "wrong_password":
                    assert answer.sentence == WRONG_TWO, "which of the four was wrong is not said"
            await place.people.revoke({"name": "Desk B", "agency": "SCAS"})
            place.clock.at += HOUR
            answer = await place.break_glass(third, "Desk A", "Desk B")
            assert isinstance(answer, Denied)
            assert answer.code == "wrong_password"
            answer = await place.break_glass(second, "Desk A", "Desk C")
            assert isinstance(answer, Denied)
            assert answer.code == "revoked", "a revoked machine opens nothing"
            answer = await place.break_glass("0" * 16, "Desk A", "Desk C")
            assert isinstance(answer, Denied)
            assert answer.code == "not_enrolled"

    run(scene())


def test_whether_somebody_is_known_costs_the_same_to_say(tmp_path: Path) -> None:
    async def scene() -> None:
        async with doorway(tmp_path / "rooms", models=MODELS) as place:
            _, _, third = await staffed(place)
            for first in ("Desk A", "Nobody"):
                place.clock.at += HOUR
                before = len(place.hasher.tried)
                await place.break_glass(third, first, "Nobody else", first_password="guessed")
                assert len(place.hasher.tried) - before == 2

    run(scene())


def test_a_revocation_of_either_person_or_of_the_machine_ends_it(tmp_path: Path) -> None:
    async def scene() -> None:
        async with doorway(tmp_path / "rooms", models=MODELS) as place:
            _, _, third = await staffed(place)
            for name in ("Desk A", "Desk C"):
                signed = await place.break_glass(third, "Desk A", "Desk B")
                assert isinstance(signed, SignedIn), signed
                async with place.session(signed.token) as inside:
                    await inside.hello()
                    await place.people.revoke({"name": name, "agency": "SCAS"})
                    assert await inside.closed() == 4001
                await place.desk("Desk A", again=True)

    run(scene())


@pytest.mark.parametrize("password", [PASSWORD, "of no use to anyone"])
def test_behind_a_broken_glass_the_persons_unlock_and_the_machines_password_does_not(
    password: str, tmp_path: Path
) -> None:
    async def scene() -> None:
        async with doorway(tmp_path / "rooms", models=MODELS) as place:
            _, _, third = await staffed(place)
            signed = await place.break_glass(third, "Desk A", "Desk B")
            assert isinstance(signed, SignedIn)
            answer = await place.sign_in(third, password, token=signed.token)
            assert isinstance(answer, SignedIn) is (password == PASSWORD)
            changed = await place.sign_in(
                third, PASSWORD, token=signed.token, new_password="nine new and long words"
            )
            assert isinstance(changed, Denied)
            assert changed.code == "glass"

    run(scene())


@pytest.mark.parametrize("role", ["excon", "evaluator", "nacc"])
def test_nobody_is_let_in_as_what_only_another_agencys_people_are(tmp_path: Path, role: str) -> None:
    async def scene() -> None:
        async with doorway(tmp_path / "rooms", models=MODELS) as place:
            asked = {"name": "Desk X", "agency": "SCAS", "role": role}
            for operation in (place.people.enrol, place.people.token):
                with pytest.raises(AdminError, match="alone"):
                    await operation(asked)
            asked["agency"] = "NACC" if role == "nacc" else "EXCON"
            assert (await place.people.enrol(asked))["code"]

    run(scene())


def test_one_machine_does_not_shut_the_glass_for_two_persons_at_the_others(tmp_path: Path) -> None:
    async def scene() -> None:
        async with doorway(tmp_path / "rooms", models=MODELS) as place:
            _, _, third = await staffed(place)
            other = await place.desk("Desk D")
            for _ in range(40):
                place.clock.at += 20_000
                await place.break_glass(third, "Desk A", "Desk B", first_password="a", second_password="b")
            answer = await place.break_glass(third, "Desk A", "Desk B")
            assert isinstance(answer, Denied)
            assert answer.code == "slow"
            slipped = await place.break_glass(other, "Desk A", "Desk B", first_password="fingers slip")
            assert isinstance(slipped, Denied)
            assert (slipped.code, slipped.wait_ms) == ("wrong_password", 0)
            assert isinstance(await place.break_glass(other, "Desk A", "Desk B"), SignedIn)

    run(scene())


def test_at_a_glass_at_an_unlocking_and_in_all_a_password_is_guessed_ten_times_by_one_machine(
    tmp_path: Path,
) -> None:
    """Whoever is one of the two, and has the machine, gets no more guesses at the other by giving their own between."""

    async def scene() -> None:
        hasher = Noting()
        async with doorway(tmp_path / "rooms", models=MODELS, hasher=hasher) as place:
            _, second, third = await staffed(place)
            assert isinstance(await place.sign_in(second, new_password=OTHER), SignedIn)
            signed = await place.break_glass(third, "Desk A", "Desk B", second_password=OTHER)
            assert isinstance(signed, SignedIn)
            victim = place.people.identity.desk(second)
            assert victim is not None
            for _ in range(29):
                place.clock.at += 15_000
                await place.sign_in(third, "a guess at it", token=signed.token)
                assert isinstance(await place.sign_in(third, PASSWORD, token=signed.token), SignedIn | Denied)
                place.clock.at += 15_000
                await place.break_glass(third, "Desk A", "Desk B", second_password="a guess at it")
            assert hasher.pairs.count((victim.password, "a guess at it")) == 10
            place.clock.at += HOUR // 4
            assert isinstance(await place.sign_in(second, OTHER), SignedIn)

    run(scene())


def test_guesses_at_the_glass_are_slowed_and_slow_no_desk_of_its_own(tmp_path: Path) -> None:
    async def scene() -> None:
        async with doorway(tmp_path / "rooms", models=MODELS) as place:
            first, _, third = await staffed(place)
            accounts = {place.people.identity.desk(first)}
            kept = {desk.password for desk in accounts if desk is not None}
            answers = []
            for _ in range(40):
                place.clock.at += 20_000  # 40 guesses within a quarter of an hour
                answers.append(await place.break_glass(third, "Desk A", "Desk B", first_password="guess"))
            assert sum(one in kept for one in place.hasher.tried) <= 10
            assert {answer.code for answer in answers if isinstance(answer, Denied)} == {
                "wrong_password",
                "slow",
            }
            assert isinstance(await place.sign_in(first), SignedIn), "Desk A itself is not slowed by it"
            place.clock.at += HOUR
            assert isinstance(await place.break_glass(third, "Desk A", "Desk B"), SignedIn)

    run(scene())
