"""Letting a person in on the word of an identity provider, at a desk that is enrolled here.

The desk's key says where somebody sits, the provider says who it is. They come in under their own name, in the role
that ``oidc.yaml`` gives them, at desks of their own agency alone. The file is read anew for each sign-in, so whoever
is struck out of it stays out from then on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

from incident.kernel.checks import ConfigError
from incident.kernel.door import Denied, ProviderOffer, ProviderToken, SignedIn
from incident.kernel.slice import Actor
from server import logs
from server.identity import Desk
from server.oidc import Oidc, OidcError, Person, Provider, read_provider
from server.people import People
from server.signins import PROVIDER

NONE: Final = Denied(
    code="no_provider",
    sentence="This server works with no identity provider. Sign in by this desk's password.",
)
OVER: Final = Denied(code="over", sentence="This sign-in is over. Sign in again.")


class ByProvider:
    """The provider's half of the door, when the data folder names one."""

    def __init__(
        self,
        people: People,
        path: Path,
        *,
        fresh: Callable[[Desk], Awaitable[str]],
    ) -> None:
        """``fresh`` gives a desk's new certificate when it is time for one.

        Raises:
            ConfigError: the file that names the provider is not as it should be.
        """
        self._people = people
        self._path = path
        self._fresh = fresh
        self._oidc: Oidc | None = None
        self._take(self._read())

    def _read(self) -> Provider | None:
        return read_provider(self._path, self._people.charter.agencies, self._people.roles())

    def _take(self, provider: Provider | None) -> Oidc | None:
        if provider is None:
            self._oidc = None
        elif self._oidc is None or self._oidc.provider != provider:
            self._oidc = Oidc(provider, wall=lambda: self._people.now() / 1000)
        return self._oidc

    async def _now(self) -> Oidc | None:
        """As the file says now; one that has become wrong lets nobody in, and is said in the log."""
        try:
            return self._take(await asyncio.to_thread(self._read))
        except ConfigError as error:
            logs.fault("oidc.yaml is not as it should be", error)
            return None

    async def offer(self, desk: Desk) -> ProviderOffer | Denied:
        """What this desk is to ask the provider for."""
        if self._people.standing(desk.account) is None:
            return Denied(code="revoked", sentence="This desk was revoked. Ask whoever runs the server.")
        oidc = await self._now()
        if oidc is None:
            return NONE
        try:
            offer = await oidc.offer(desk.account)
        except OidcError as error:
            return Denied(code="provider", sentence=str(error))
        return ProviderOffer(
            authorization=offer.authorization,
            token=offer.token,
            client_id=offer.client_id,
            scope=offer.scope,
            nonce=offer.nonce,
        )

    async def let_in(self, desk: Desk, ask: ProviderToken, *, plain: bool) -> SignedIn | Denied:
        """Who the provider says this is, for a new sign-in or to unlock their own."""
        people = self._people
        before = self._oidc
        oidc = await self._now()
        if before is None or oidc is None:
            return NONE
        try:
            person = await before.person(ask.id_token, desk.account)
        except OidcError as error:
            logs.security("sign-in by provider denied", agency=desk.agency, desk=desk.name)
            return Denied(code="provider", sentence=str(error))
        # By the file and the desk of this moment: whoever was struck out while they were on their way stays out.
        found = people.standing(desk.account)
        if oidc.provider.person(person.subject) != person or found is None:
            return Denied(
                code="provider", sentence="You may not come in here any more. Ask whoever runs the server."
            )
        if person.agency != desk.agency:
            logs.security("sign-in by provider denied", agency=desk.agency, desk=desk.name)
            return Denied(
                code="provider", sentence=f"You are of {person.agency}, and this is a desk of {desk.agency}."
            )
        if people.identity.named(person.agency, person.name) or people.identity.has_token(
            person.agency, person.name
        ):
            logs.security("sign-in by provider denied", agency=desk.agency, desk=desk.name)
            return Denied(
                code="provider",
                sentence="A desk or a token of your agency has your name, so nobody could tell who wrote what. Ask "
                "whoever runs the server to choose another in oidc.yaml.",
            )
        return await self._begin(found, person, ask, plain=plain)

    async def _begin(
        self, desk: Desk, person: Person, ask: ProviderToken, *, plain: bool
    ) -> SignedIn | Denied:
        people = self._people
        by = PROVIDER + person.subject
        if ask.token:
            token, signin = ask.token, people.signins.of(ask.token, people.now())
            if signin is None or signin.account != desk.account or signin.open_line is not plain:
                return OVER
            if signin.given_by != (by,):
                return Denied(
                    code="provider", sentence="Somebody else is signed in here; it is theirs to unlock."
                )
            people.signins.lock(signin.digest, locked=False)
        else:
            actor = Actor(person.name, person.agency, person.role)
            token, signin = people.signins.begin(desk, actor, people.now(), open_line=plain, given_by=(by,))
        await people.keep_signins()
        logs.security(
            "unlocked by provider" if ask.token else "signed in by provider",
            agency=desk.agency,
            desk=desk.name,
            name=person.name,
        )
        return SignedIn(
            token=token,
            until=signin.until,
            name=signin.name,
            agency=signin.agency,
            role=signin.role,
            certificate=await self._fresh(desk),
        )
