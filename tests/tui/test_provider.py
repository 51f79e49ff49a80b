"""The way to an identity provider and back: the right answer is taken, and nothing else that comes to the port."""

from __future__ import annotations

import asyncio
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

import pytest

from incident_tui.provider import ProviderError, id_token
from server.oidc import Oidc, Person, Provider
from tests.running import run
from tests.server.provider import CLIENT, TestProvider, provider

DESK = "d" * 64


def browse(address: str) -> tuple[int, str]:
    """What a browser shows in the end."""
    try:
        with urllib.request.urlopen(address, timeout=5) as page:  # noqa: S310 - our own
            return page.status, page.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args: Any, **_kwargs: Any) -> None:
        return None


def led_to(start: str) -> str:
    """Where the short address of this machine leads to."""
    with pytest.raises(urllib.error.HTTPError) as gone:
        urllib.request.build_opener(_Stay).open(start, timeout=5)
    gone.value.close()
    assert gone.value.code == 302
    assert len(start) < 40
    return str(gone.value.headers["Location"])


async def signed_in(idp: TestProvider, nonce: str, act: Any = browse, **more: Any) -> tuple[str, list[Any]]:
    shown: list[str] = []
    saw: list[Any] = []
    waiting = asyncio.create_task(
        id_token(
            more.pop("authorization", f"{idp.issuer}/authorize"),
            more.pop("token", f"{idp.issuer}/token"),
            CLIENT,
            "openid",
            nonce,
            show=shown.append,
            **more,
        )
    )
    while not shown and not waiting.done():  # noqa: ASYNC110 - it is told by a plain list
        await asyncio.sleep(0.01)
    if shown:
        saw.append(await asyncio.to_thread(act, shown[0]))
    return await waiting, saw


def test_a_person_signs_in_and_the_server_knows_them() -> None:
    async def scene() -> None:
        with provider() as idp:
            door = Oidc(
                Provider(idp.issuer, CLIENT, "openid", (), (Person("patel", "R Patel", "SCAS", "operator"),)),
                wall=lambda: idp.now,
            )
            offer = await door.offer(DESK)
            token, saw = await signed_in(idp, offer.nonce)
            assert (await door.person(token, DESK)).name == "R Patel"
            assert saw[0][0] == 200
            assert "You are signed in." in saw[0][1]

    run(scene())


def test_what_else_comes_to_the_port_changes_nothing() -> None:
    async def scene() -> None:
        with provider() as idp:

            def meddle(start: str) -> list[tuple[int, str]]:
                address = led_to(start)
                asked = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(address).query))
                back = asked["redirect_uri"]
                assert (asked["code_challenge_method"], asked["response_type"]) == ("S256", "code")
                return [
                    browse(f"{back}?code=stolen&state=guessed"),
                    browse(f"{back}?code=stolen"),
                    browse(back.replace("/callback", "/")),
                    browse(f"{back}?error=access_denied&state=guessed"),
                    browse(address),
                ]

            token, saw = await signed_in(idp, "n", meddle)
            assert token.count(".") == 2
            assert [status for status, _ in saw[0]] == [400, 400, 404, 400, 200]
            assert len(idp.codes) == 0

    run(scene())


def test_a_code_that_somebody_else_carries_off_is_worth_nothing_without_the_verifier() -> None:
    with provider() as idp:
        asked = {
            "code_challenge": "x",
            "code_challenge_method": "S256",
            "redirect_uri": "r",
            "client_id": CLIENT,
        }
        idp.codes["c"] = asked
        assert (
            idp.exchange({"code": "c", "redirect_uri": "r", "client_id": CLIENT, "code_verifier": "y"})
            is None
        )


@pytest.mark.parametrize(
    ("what", "sentence"),
    [
        ({"seconds": 0.1, "act": lambda _address: None}, "Nobody signed in"),
        ({"token": "file:///etc/passwd"}, "not one to be trusted"),
        ({"authorization": "http://evil.example/a"}, "not one to be trusted"),
        ({"token": "http://127.0.0.1:9/token"}, "did not give an answer"),
    ],
)
def test_what_does_not_work_is_one_sentence(what: dict[str, Any], sentence: str) -> None:
    async def scene() -> None:
        with provider() as idp:
            with pytest.raises(ProviderError, match=sentence) as told:
                await signed_in(idp, "n", **what)
            assert str(told.value).endswith(".")

    run(scene())


def test_the_providers_no_is_shown_and_cannot_act() -> None:
    async def scene() -> None:
        with provider() as idp:

            def refuse(start: str) -> Any:
                address = led_to(start)
                asked = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(address).query))
                said = {"error": "x", "error_description": "not\x1b[2Jyou", "state": asked["state"]}
                return browse(f"{asked['redirect_uri']}?{urllib.parse.urlencode(said)}")

            with pytest.raises(ProviderError, match="said no: not") as told:
                await signed_in(idp, "n", refuse)
            assert "\x1b" not in str(told.value)

    run(scene())
