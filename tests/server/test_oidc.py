"""Whose word of an identity provider is taken: one good token, and every way in which it can be wrong."""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from incident.kernel.checks import ConfigError
from server.oidc import SILENT_SECONDS, Oidc, OidcError, Person, Provider, fetch, read_provider
from tests.running import run
from tests.server.provider import CLIENT, TestProvider, provider

DESK = "d" * 64
PATEL = Person("patel", "R Patel", "SCAS", "operator")


def ours(idp: TestProvider, acr: tuple[str, ...] = ()) -> Oidc:
    return Oidc(
        Provider(idp.issuer, CLIENT, "openid", acr, (PATEL,)),
        wall=lambda: idp.now,
        clock=lambda: float(idp.now),
    )


def test_a_good_token_says_who_sits_there_once() -> None:
    async def scene() -> None:
        with provider() as idp:
            door = ours(idp)
            for alg in ("RS256", "PS256", "ES256"):
                offer = await door.offer(DESK)
                assert (offer.authorization, offer.client_id) == (f"{idp.issuer}/authorize", CLIENT)
                token = idp.token(idp.claims(offer.nonce), alg=alg)
                assert await door.person(token, DESK) == PATEL
                with pytest.raises(OidcError, match="not the answer"):
                    await door.person(token, DESK)
            several = await door.offer(DESK)
            wide = idp.claims(several.nonce, aud=[CLIENT, "other"], azp=CLIENT)
            assert await door.person(idp.token(wide), DESK) == PATEL

    run(scene())


Bad = Callable[[TestProvider, str], str]


def changed(**claims: Any) -> Bad:
    return lambda idp, nonce: idp.token(idp.claims(nonce, **claims))


def by(key: Any, alg: str = "RS256", **header: Any) -> Bad:
    return lambda idp, nonce: jwt.encode({"alg": alg, **header}, idp.claims(nonce), key, algorithms=[alg])


def unsigned(header: dict[str, Any]) -> Bad:
    def made(idp: TestProvider, nonce: str) -> str:
        parts = [json.dumps(part).encode() for part in (header, idp.claims(nonce))]
        return ".".join([*map(b64, parts), ""])

    return made


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def with_public_key_as_secret(idp: TestProvider, nonce: str) -> str:
    """The oldest trick: a verifier that lets the token choose takes the published key for the shared secret."""
    parts = [json.dumps({"alg": "HS256", "kid": "one"}), json.dumps(idp.claims(nonce))]
    signed = ".".join(b64(part.encode()) for part in parts)
    return f"{signed}.{b64(hmac.digest(idp.rsa.as_pem(private=False), signed.encode(), 'sha256'))}"


def meddled(idp: TestProvider, nonce: str) -> str:
    head, _, tail = idp.token(idp.claims(nonce)).split(".")
    body = (
        base64.urlsafe_b64encode(json.dumps(idp.claims(nonce, sub="patel ")).encode()).rstrip(b"=").decode()
    )
    return f"{head}.{body}.{tail}"


STRANGE_RSA = RSAKey.generate_key(2048, {"kid": "one"}, private=True)
STRANGE_EC = ECKey.generate_key("P-256", {"kid": "two"}, private=True)
NOW = 1_800_000_000
BAD: dict[str, Bad] = {
    "another issuer": changed(iss="https://evil.example"),
    "issuer with a slash more": lambda idp, nonce: idp.token(idp.claims(nonce, iss=idp.issuer + "/")),
    "no issuer": changed(iss=None),
    "another audience": changed(aud="other"),
    "audiences without ours": changed(aud=["other", "another"]),
    "several audiences and no azp": changed(aud=[CLIENT, "other"]),
    "azp of another": changed(azp="other"),
    "no audience": changed(aud=None),
    "audience of a strange kind": changed(aud={"is": CLIENT}),
    "over": changed(exp=NOW - 61),
    "no end": changed(exp=None),
    "an end in words": changed(exp="tomorrow"),
    "an end that is true": changed(exp=True),
    "made in the future": changed(iat=NOW + 120),
    "made long ago": changed(iat=NOW - 1_000),
    "no date": changed(iat=None),
    "not yet good": changed(nbf=NOW + 120),
    "another nonce": changed(nonce="somebody else's"),
    "no nonce": changed(nonce=None),
    "a nonce that is a list": changed(nonce=["x"]),
    "no subject": changed(sub=None),
    "a subject that is a number": changed(sub=7),
    "a subject nobody knows": changed(sub="o'neill"),
    "level of assurance too low": changed(acr="password"),
    "no level of assurance": changed(acr=None),
    "unsigned": unsigned({"alg": "none"}),
    "unsigned, with the key named": unsigned({"alg": "none", "kid": "one"}),
    "a signature left out": unsigned({"alg": "RS256", "kid": "one"}),
    "signed by a stranger under our kid": by(STRANGE_RSA, kid="one"),
    "signed by a stranger, elliptic": by(STRANGE_EC, "ES256", kid="two"),
    "a key of its own in the header": by(STRANGE_RSA, jwk=STRANGE_RSA.as_dict(private=False)),
    "signed with the public key as a secret": with_public_key_as_secret,
    "claims changed afterwards": meddled,
    "an access token": lambda idp, nonce: idp.token(idp.claims(nonce), typ="at+jwt"),
    "not a token": lambda _idp, _nonce: "patel",
    "three parts of nothing": lambda _idp, _nonce: "..",
    "five parts": lambda idp, nonce: idp.token(idp.claims(nonce)) + ".a.b",
    "too long": lambda idp, nonce: idp.token(idp.claims(nonce, more="x" * 9_000)),
    "signs that are not of it": lambda idp, nonce: idp.token(idp.claims(nonce)) + "é",
}


def test_no_bad_token_is_taken_and_none_is_repeated_in_the_answer() -> None:
    async def scene() -> None:
        with provider() as idp:
            idp.more = {"acr": "mfa"}
            door = ours(idp, acr=("mfa",))
            good = await door.offer(DESK)
            assert await door.person(idp.token(idp.claims(good.nonce)), DESK) == PATEL
            assert len(BAD) >= 30
            for name, make in BAD.items():
                offer = await door.offer(DESK)
                token = make(idp, offer.nonce)
                with pytest.raises(OidcError) as told:
                    await door.person(token, DESK)
                assert str(told.value).endswith("."), name
                assert "evil" not in str(told.value), name
            other = await door.offer(DESK)
            with pytest.raises(OidcError, match="not the answer"):
                await door.person(idp.token(idp.claims(other.nonce)), "e" * 64)
            late = await door.offer(DESK)
            idp.now += 301
            with pytest.raises(OidcError, match="not the answer"):
                await door.person(idp.token(idp.claims(late.nonce)), DESK)

    run(scene())


def test_a_new_key_of_the_provider_is_fetched_and_a_flood_of_strange_ones_is_not() -> None:
    async def scene() -> None:
        with provider() as idp:
            door = ours(idp)
            await door.offer(DESK)
            idp.rsa = RSAKey.generate_key(2048, {"kid": "three", "use": "sig"}, private=True)
            idp.published = [idp.rsa]
            idp.now += 31
            offer = await door.offer(DESK)
            assert await door.person(idp.token(idp.claims(offer.nonce)), DESK) == PATEL
            before = len(idp.asked)
            for _ in range(20):
                with pytest.raises(OidcError):
                    await door.person(by(STRANGE_RSA, kid="one")(idp, "x"), DESK)
            assert len(idp.asked) == before

    run(scene())


@pytest.mark.parametrize(
    "said",
    [
        {"issuer": "https://evil.example"},
        {"jwks_uri": "http://evil.example/keys"},
        {"token_endpoint": "file:///etc/passwd"},
        {"authorization_endpoint": 7},
        {"jwks_uri": None},
    ],
)
def test_a_provider_that_describes_itself_wrongly_is_not_used(said: dict[str, Any]) -> None:
    async def scene() -> None:
        with provider() as idp:

            def lies(url: str) -> dict[str, Any]:
                return {**fetch(url), **said} if url.endswith("openid-configuration") else fetch(url)

            door = Oidc(Provider(idp.issuer, CLIENT, "openid", (), (PATEL,)), fetch=lies)
            with pytest.raises(OidcError, match="description of itself"):
                await door.offer(DESK)

    run(scene())


def test_a_provider_that_is_away_is_said_so_and_one_that_was_there_goes_on() -> None:
    async def scene() -> None:
        with provider() as idp:
            door = ours(idp)
            await door.offer(DESK)
        idp.now += 4_000
        offer = await door.offer(DESK)
        assert await door.person(idp.token(idp.claims(offer.nonce)), DESK) == PATEL
        with pytest.raises(OidcError, match="does not answer"):
            await ours(idp).offer(DESK)

    run(scene())


def test_a_silent_provider_is_asked_once_for_all_who_wait() -> None:
    async def scene() -> None:
        asked: list[str] = []
        now = [0.0]

        def silent(url: str) -> dict[str, Any]:
            asked.append(url)
            raise OidcError("It does not answer.")

        known = Provider("https://login.example", CLIENT, "openid", (), (PATEL,))
        door = Oidc(known, fetch=silent, clock=lambda: now[0])
        told = await asyncio.gather(*(door.offer(DESK) for _ in range(5)), return_exceptions=True)
        assert [str(one) for one in told] == ["It does not answer."] * 5
        assert len(asked) == 1
        now[0] += SILENT_SECONDS
        with pytest.raises(OidcError):
            await door.offer(DESK)
        assert len(asked) == 2

    run(scene())


def test_two_who_could_not_be_told_apart_are_a_problem_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "oidc.yaml"
    path.write_text(
        "issuer: https://login.example/realm\nclient_id: incident-tui\npeople:\n"
        "  - {subject: patel, name: R Patel, agency: SCAS, role: operator}\n"
        "  - {subject: patel, name: Else, agency: SCAS, role: operator}\n"
        "  - {subject: other, name: r patel, agency: SCAS, role: operator}\n"
        "  - {subject: third, name: R Patel, agency: LAS, role: operator}\n"
    )
    with pytest.raises(ConfigError) as told:
        read_provider(path, ("SCAS", "LAS"), {"operator": ""})
    assert len(told.value.problems) == 2
    assert "'patel': stands here twice" in str(told.value)
    assert "'r patel' of SCAS stands here twice" in str(told.value)


def test_the_file_is_read_with_every_problem_at_once(tmp_path: Path) -> None:
    path = tmp_path / "oidc.yaml"
    roles = {"operator": "", "excon": "EXCON"}
    assert read_provider(path, ("SCAS",), roles) is None
    path.write_text(
        "issuer: https://login.example/realm\nclient_id: incident-tui\n"
        "people:\n  - {subject: patel, name: R Patel, agency: SCAS, role: operator}\n"
    )
    assert read_provider(path, ("SCAS",), roles) == Provider(
        "https://login.example/realm", CLIENT, "openid", (), (PATEL,)
    )
    path.write_text("issuer: http://login.example\npeople:\n  - {subject: patel}\n")
    with pytest.raises(ConfigError) as told:
        read_provider(path, ("SCAS",), roles)
    assert len(told.value.problems) == 5
    assert "must begin with https://" in str(told.value)
    path.write_text(
        "issuer: https://login.example/realm\nclient_id: incident-tui\n"
        "people:\n  - {subject: patel, name: R Patel, agency: SCAS, role: excon}\n"
    )
    with pytest.raises(ConfigError, match="EXCON alone"):
        read_provider(path, ("SCAS",), roles)


def test_mistakes_of_form_and_of_meaning_are_told_in_one_round_each_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "oidc.yaml"
    path.write_text(
        "issuer: http://login.example\nclient_id: incident-tui\npeople:\n"
        "  - {subject: patel, name: R Patel, agency: SCSA, role: operator}\n"
        "  - subject: jones\n    name: Jones\n    agency: SCAS\n    role: operater\n"
        "  - {subject: short, name: Short, agency: SCAS}\n"
    )
    with pytest.raises(ConfigError) as told:
        read_provider(path, ("SCAS", "LAS"), {"operator": ""})
    lines = str(told.value).splitlines()
    assert [line.split(":")[1] for line in lines] == ["1", "4", "8", "9"]
    assert "no agency 'SCSA' in agencies.yaml; did you mean 'SCAS'?" in lines[1]
    assert "no role 'operater' in roles.yaml; did you mean 'operator'?" in lines[2]
    assert "role" in lines[3]
