"""Signing in by an organisation's own identity provider (OpenID Connect) instead of the desk's password.

The desk opens the provider's page, gets an ID token for a number that this server chose for it (authorization code
with PKCE on loopback: RFC 8252, RFC 7636) and shows it at the door. The desk's key is asked for all the same: a
token proves who sits there, not where. Who that is here stands in ``oidc.yaml``, by the provider's ``sub``.
"""

from __future__ import annotations

import asyncio
import secrets
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

from config.reader import read_yaml
from incident.kernel.checks import (
    Bad,
    Check,
    ConfigError,
    Marked,
    MarkedList,
    MarkedMap,
    MarkedScalar,
    Problem,
    optional,
    parsed,
    record,
    required,
    sequence,
    text,
)
from incident.kernel.door import ID_TOKEN_MAX, PROVIDER_SECONDS
from server.identity import flaws_of

LEEWAY_SECONDS: Final = 60
"""How far the provider's clock and ours may differ."""

FRESH_SECONDS: Final = 600
"""An ID token issued longer ago is not the answer to what was asked just now."""

NONCES_MAX: Final = 256
KEYS_SECONDS: Final = 3_600.0
ASK_AGAIN_SECONDS: Final = 30.0
"""A key that is not known makes the provider be asked again, at most this often."""

SILENT_SECONDS: Final = 10.0
"""A provider that did not answer is not asked again for so long: who waits behind is told at once."""

FETCH_SECONDS: Final = 5.0
FETCH_BYTES_MAX: Final = 262_144
ALGORITHMS: Final = ("RS256", "PS256", "ES256", "EdDSA")
"""Signatures by a private key. One made with a secret that both sides know proves nothing about who made it."""


class OidcError(Exception):
    """The provider's word is not taken; ``str`` is a plain sentence that repeats nothing of the token."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody the provider knows as ``subject``, and who they are here."""

    subject: str
    name: str
    agency: str
    role: str


@dataclass(frozen=True, slots=True)
class Provider:
    """``oidc.yaml`` of a data folder. ``acr``: the assurance levels that are enough; empty: any."""

    issuer: str
    client_id: str
    scope: str
    acr: tuple[str, ...]
    people: tuple[Person, ...]

    def person(self, subject: str) -> Person | None:
        """Who this is here; None: nobody."""
        return next((one for one in self.people if one.subject == subject), None)


@dataclass(frozen=True, slots=True)
class Offer:
    """What a desk needs to ask the provider. ``nonce`` is good once, for that desk."""

    authorization: str
    token: str
    client_id: str
    scope: str
    nonce: str


def safe_url(written: str) -> str:
    """An address that nobody on the way can change what is read from.

    Raises:
        ValueError: it is none.
    """
    try:
        parts = urllib.parse.urlsplit(written)
        inside = parts.hostname in ("127.0.0.1", "::1", "localhost")
    except ValueError:
        raise ValueError("must be an address such as https://login.example/realm") from None
    if not parts.hostname or parts.scheme not in ("https", "http") or parts.username or parts.fragment:
        raise ValueError("must be an address such as https://login.example/realm")
    if parts.scheme != "https" and not inside:
        raise ValueError("must begin with https://")
    return written


def _provider(issuer: str, client_id: str, scope: str, acr: list[str], people: list[Person]) -> Provider:
    return Provider(issuer, client_id, scope, tuple(acr), tuple(people))


_PERSON: Final[Check[Person]] = record(
    {
        "subject": required(text(200)),
        "name": required(text(40)),
        "agency": required(text(12)),
        "role": required(text(40)),
    },
    into=Person,
)
SCHEMA: Final[Check[Provider]] = record(
    {
        "issuer": required(parsed(text(300), safe_url)),
        "client_id": required(text(200)),
        "scope": optional(text(200), "openid"),
        "acr": optional(sequence(text(200)), []),
        "people": required(sequence(_PERSON)),
    },
    into=_provider,
)


def read_provider(path: Path, agencies: Iterable[str], roles: Mapping[str, str]) -> Provider | None:
    """The provider of a data folder; None when there is no such file.

    Raises:
        ConfigError: with every problem of the file, and its line where it has one.
    """
    if not path.is_file():
        return None
    tree = read_yaml(path)
    problems: list[Problem] = []
    provider = SCHEMA.run(tree, "", problems)
    told = {(problem.line, problem.path) for problem in problems}
    problems += (one for one in _nobodies(tree, tuple(agencies), roles) if (one.line, one.path) not in told)
    if problems or isinstance(provider, Bad):
        raise ConfigError(sorted(problems, key=lambda problem: problem.line))
    return provider


def _nobodies(tree: Marked, agencies: tuple[str, ...], roles: Mapping[str, str]) -> Iterator[Problem]:
    """Whoever of the people could be nobody here, or stands there twice. What is missing is for the schema to tell."""
    subjects: set[str] = set()
    names: set[tuple[str, str]] = set()
    for number, person in enumerate(_people(tree)):
        given = {key.text: value for key, value in person.entries if isinstance(value, MarkedScalar)}
        if not {"subject", "name", "agency", "role"} <= given.keys():
            continue
        subject, name, agency, role = (given[key].text for key in ("subject", "name", "agency", "role"))
        flaws = list(flaws_of(name, agency, role, agencies, roles))
        if subject in subjects:
            flaws.append(("subject", "stands here twice"))
        if (agency, name.lower()) in names:
            flaws.append(("name", f"{name!r} of {agency} stands here twice"))
        subjects.add(subject)
        names.add((agency, name.lower()))
        for key, flaw in flaws:
            mark, where = given[key].mark, f"people[{number}].{key}"
            yield Problem(mark.file, mark.line, where, f"subject {subject!r}: {flaw}")


def _people(tree: Marked) -> Iterator[MarkedMap]:
    lists = (
        [node for key, node in tree.entries if key.text == "people"] if isinstance(tree, MarkedMap) else []
    )
    for node in lists:
        if isinstance(node, MarkedList):
            yield from (one for one in node.items if isinstance(one, MarkedMap))


# -- asking the provider --------------------------------------------------------------------------------------


class _Stay(urllib.request.HTTPRedirectHandler):
    """Keys are read from where the provider says they are, and from nowhere that this leads to."""

    def redirect_request(self, *_args: Any, **_kwargs: Any) -> None:
        return None


_opener = urllib.request.build_opener(_Stay)


def fetch(url: str) -> dict[str, Any]:
    """A JSON object from the provider. Blocks: for a thread.

    Raises:
        OidcError: there is none.
    """
    try:
        asked = urllib.request.Request(safe_url(url), headers={"Accept": "application/json"})  # noqa: S310 - safe_url
        with _opener.open(asked, timeout=FETCH_SECONDS) as answer:
            return msgspec.json.decode(answer.read(FETCH_BYTES_MAX), type=dict[str, Any])
    except (OSError, ValueError, msgspec.MsgspecError):
        raise OidcError("The identity provider does not answer as it should. Sign in by password.") from None


Fetch = Callable[[str], dict[str, Any]]


class Oidc:
    """One provider: what desks are told of it, and what its tokens are worth. For one event loop."""

    def __init__(
        self,
        provider: Provider,
        *,
        fetch: Fetch = fetch,
        wall: Callable[[], float] = time.time,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.provider = provider
        self._fetch = fetch
        self._wall = wall
        self._clock = clock
        self._found: dict[str, Any] = {}
        self._keys: Any = None
        self._asked_at = float("-inf")
        self._silent_until = float("-inf")
        self._why = ""
        self._nonces: dict[str, tuple[str, float]] = {}
        self._asking = asyncio.Lock()

    async def offer(self, device: str) -> Offer:
        """What this desk is to ask the provider for. Raises OidcError."""
        await self._look(KEYS_SECONDS)
        now = self._clock()
        self._nonces = {nonce: at for nonce, at in self._nonces.items() if at[1] > now and at[0] != device}
        if len(self._nonces) >= NONCES_MAX:
            raise OidcError("Too many sign-ins are under way. Try again in a minute.")
        nonce = secrets.token_urlsafe(24)
        self._nonces[nonce] = (device, now + PROVIDER_SECONDS)
        found = self._found
        return Offer(
            found["authorization_endpoint"],
            found["token_endpoint"],
            self.provider.client_id,
            self.provider.scope,
            nonce,
        )

    async def person(self, id_token: str, device: str) -> Person:
        """Who the provider says sits at this desk.

        Raises:
            OidcError: the token is not one of that provider for this server, this desk and this moment.
        """
        claims = await self._claims(id_token)
        self._check(claims, device)
        person = self.provider.person(str(claims["sub"]))
        if person is None:
            raise OidcError("The identity provider knows you, this server does not. Ask whoever runs it.")
        return person

    def _check(self, claims: Mapping[str, Any], device: str) -> None:
        provider, now = self.provider, self._wall()
        nonce = claims.get("nonce")
        meant = self._nonces.pop(nonce, None) if isinstance(nonce, str) else None
        if meant is None or meant[0] != device or meant[1] <= self._clock():
            raise OidcError("This is not the answer to what this desk asked just now. Sign in once more.")
        audiences = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
        if claims.get("azp", provider.client_id) != provider.client_id or (
            len(audiences) > 1 and "azp" not in claims
        ):
            raise OidcError("The identity provider's answer was made for another program.")
        if claims["iat"] < now - FRESH_SECONDS - LEEWAY_SECONDS:
            raise OidcError("The identity provider's answer is too old. Sign in once more.")
        if provider.acr and claims.get("acr") not in provider.acr:
            raise OidcError(
                "The identity provider has not looked closely enough (acr). Sign in with a second factor."
            )

    async def _claims(self, id_token: str) -> dict[str, Any]:
        """What a token says, once its signature and its dates have been found good. Raises OidcError."""
        from joserfc import jwt  # noqa: PLC0415 - only where a provider is used
        from joserfc.errors import JoseError  # noqa: PLC0415

        refused = OidcError("The identity provider's answer is not one for this server. Sign in once more.")
        if not 0 < len(id_token) <= ID_TOKEN_MAX or not id_token.isascii() or id_token.count(".") != 2:
            raise refused
        rules = jwt.JWTClaimsRegistry(
            now=int(self._wall()),
            leeway=LEEWAY_SECONDS,
            iss={"essential": True, "value": self.provider.issuer},
            aud={"essential": True, "value": self.provider.client_id},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True},
        )
        await self._look(KEYS_SECONDS)
        for again in (False, True):
            if again:
                await self._look(ASK_AGAIN_SECONDS)
            try:
                token = jwt.decode(id_token, self._keys, algorithms=ALGORITHMS)
                if token.header.get("typ", "JWT") != "JWT":
                    raise refused
                rules.validate(token.claims)
            except (JoseError, ValueError, TypeError, KeyError, LookupError, RecursionError):
                continue
            return token.claims
        raise refused

    async def _look(self, seconds: float) -> None:
        """Have the provider's addresses and keys, not older than this. Raises OidcError when there are none at all."""
        async with self._asking:
            if self._clock() - self._asked_at < seconds:
                return
            if self._clock() >= self._silent_until:
                try:
                    found, keys = await asyncio.to_thread(self._ask)
                except OidcError as error:
                    self._silent_until, self._why = self._clock() + SILENT_SECONDS, str(error)
                else:
                    self._found, self._keys, self._asked_at = found, keys, self._clock()
            if self._keys is None:
                raise OidcError(self._why)  # what was known goes on to be known

    def _ask(self) -> tuple[dict[str, Any], Any]:
        from joserfc.errors import JoseError  # noqa: PLC0415 - only where a provider is used
        from joserfc.jwk import KeySet  # noqa: PLC0415

        found = self._fetch(self.provider.issuer.rstrip("/") + "/.well-known/openid-configuration")
        places = [found.get(key) for key in ("authorization_endpoint", "token_endpoint", "jwks_uri")]
        wrong = OidcError(
            "The identity provider's description of itself is not as it should be. Sign in by password."
        )
        if found.get("issuer") != self.provider.issuer or not all(isinstance(place, str) for place in places):
            raise wrong
        try:
            for place in places:
                safe_url(str(place))
            written = self._fetch(str(found["jwks_uri"]))
            return found, KeySet.import_key_set({"keys": list(_public(written))})
        except (JoseError, ValueError, TypeError, KeyError):
            raise wrong from None


def _public(written: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    """The keys that sign; what else a provider publishes is nothing to us."""
    for key in written.get("keys", []):
        if (
            isinstance(key, dict)
            and key.get("kty") in ("RSA", "EC", "OKP")
            and key.get("use", "sig") == "sig"
        ):
            yield key
