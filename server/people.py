"""The people of one data folder: what an administrator asks about them, and whom a token stands for.

Whatever blocks, or writes a file, is done in the pool's one thread, so that it is done one after the other and holds
up nothing else. Without a server the same is done by ``at_rest``, under the folder's lock.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from incident.catalogue import Charter
from incident.kernel.checks import nearest
from incident.kernel.slice import Actor
from incident.permissions import for_people, for_people_of, only_of
from server import logs
from server.admin import AdminError, Answer, Operation
from server.datafolder import DataFolder
from server.doorkeeper import OVER, REVOKED
from server.enrolment import Codes, Issuer, set_aside
from server.identity import Desk, DeskGone, Identity, IdentityError, check_who
from server.passwords import Argon2, Guesses, Hasher, Pool
from server.signins import Badge, SignIns


class People:
    """Desks, tokens, codes and sign-ins of one data folder. Used from one event loop."""

    def __init__(
        self,
        folder: DataFolder,
        charter: Charter,
        *,
        issuer: Issuer | None = None,
        hasher: Hasher | None = None,
        now: Callable[[], int] = logs.clock,
    ) -> None:
        """Read what the folder holds. Raises IdentityError when that cannot be."""
        self.charter = charter
        self.url = ""
        """Where the server is reached, while one runs."""
        self.issuer = issuer
        self.now = now
        self.hasher = hasher or Argon2()
        self.pool = Pool()
        self.identity = Identity(folder.tokens)
        aside = set_aside(folder.codes)
        if aside is not None:
            logs.warn("codes set aside", file=str(aside), why="damaged: make new ones with enrol")
        self.codes = Codes(folder.codes, now())
        self.signins = SignIns(folder.signins, now())
        self.guesses = Guesses()
        self._writing: set[asyncio.Future[None]] = set()
        self._revoked: set[str] = set()
        """Accounts, and names of tokens, that are good for nothing whether or not the disk has it."""

    def close(self) -> None:
        """Compute and write nothing more."""
        self.pool.close()

    # -- for the gateway ------------------------------------------------------------------------------------

    def actor(self, token: str, device: str, plain: bool) -> Badge | None:
        """What a token is good for on a line of this key; ``plain``: a line within one machine, without TLS."""
        badge = self.signins.badge(token, device, plain=plain, now=self.now())
        if badge is not None:
            return badge if self._rests(badge) else None
        if not plain:
            return None
        entry = self.identity.token(token)
        if entry is None or _label(entry.agency, entry.name) in self._revoked:
            return None
        return Badge(Actor(entry.name, entry.agency, entry.role), token=entry.digest)

    def over(self, badge: Badge) -> bool:
        """Nobody may go on by this badge."""
        if badge.token:
            struck = _label(badge.actor.agency, badge.actor.name) in self._revoked
            return struck or not self.identity.has(badge.token)
        return badge.over(self.now()) or not self._rests(badge)

    def why_over(self, badge: Badge) -> str:
        """What somebody is told who may not go on by this badge: a desk or token that is gone cannot sign in again."""
        if badge.token:
            return REVOKED
        return OVER if self._rests(badge) else REVOKED

    def _rests(self, badge: Badge) -> bool:
        """A second wall behind the ending of sign-ins: the desks themselves are looked at."""
        return all(self.standing(account) is not None for account in badge.accounts)

    def lock(self, badge: Badge) -> bool:
        """Nobody is at this desk; False when it has no sign-in."""
        if not badge.digest:
            return False
        if not badge.locked:
            self.signins.lock(badge.digest, locked=True)
            written = asyncio.ensure_future(self.keep_signins())
            self._writing.add(written)
            written.add_done_callback(self._writing.discard)
        return True

    # -- who it is ------------------------------------------------------------------------------------------

    def desk(self, device: str, account: str, *, plain: bool) -> Desk | None:
        """The desk whose key holds a line; without TLS, that whose account is named."""
        return self.identity.desk(account) if plain else self.identity.desk_of(device)

    def revoked(self, desk: Desk) -> bool:
        """Also when the disk would not have it."""
        return desk.revoked_at > 0 or desk.account in self._revoked

    def gone(self, device: str) -> bool:
        """Whether the key that holds a line is that of a desk which was revoked."""
        desk = self.identity.desk_of(device)
        return desk is not None and self.revoked(desk)

    def standing(self, account: str) -> Desk | None:
        """The desk of an account as it is at this moment; None when it is gone or revoked. Good in any thread."""
        desk = self.identity.desk(account)
        return None if desk is None or self.revoked(desk) else desk

    async def change_desk(self, account: str, change: Callable[[Desk], Desk]) -> Desk:
        """Change what is kept of a desk that is good at that moment. Raises DeskGone, IdentityError."""

        def changed() -> Desk:
            def checked(desk: Desk) -> Desk:
                if self.revoked(desk):
                    raise DeskGone("This desk was revoked.")
                return change(desk)

            return self.identity.change_desk(account, checked)

        return await self.pool.run(changed)

    def roles(self) -> dict[str, str]:
        """The roles that people may have, each with the one agency whose people have it, "" for any."""
        return {code: only_of(self.charter.roles[code]) for code in for_people(self.charter)}

    def roles_of(self, agency: str) -> tuple[str, ...]:
        """The roles in which somebody of this agency may come in."""
        return for_people_of(self.charter, agency)

    async def keep_signins(self) -> None:
        """Put the sign-ins on the disk. One that is not there goes on until the server ends, which is logged."""
        try:
            await self.pool.run(self.signins.writer())
        except OSError as error:
            logs.fault("sign-ins not written", error)

    # -- for the administrator ------------------------------------------------------------------------------

    async def enrol(self, asked: Mapping[str, Any]) -> Answer:
        """Make a code for a desk. Raises AdminError."""
        name, agency, role = _who(asked)
        again = asked.get("again") is True
        try:
            check_who(name, agency, role, tuple(self.charter.agencies), self.roles())
            self._check_free(name, agency, again=again)
            code, key = await self.pool.run(self.codes.make)
            pending = self.codes.add(code, key, name, agency, role, again=again, now=self.now())
        except IdentityError as error:
            raise AdminError(str(error)) from None
        try:
            await self.pool.run(self.codes.writer())
        except OSError as error:
            self.codes.take(pending)
            raise AdminError(
                f"The code cannot be written down ({error.strerror}); no code is good."
            ) from None
        logs.security("code made", agency=agency, role=role, name=name, again=again)
        return {"code": code.written(), "until": pending.until, "url": self.url}

    def _check_free(self, name: str, agency: str, *, again: bool) -> None:
        if self.identity.has_token(agency, name):
            raise IdentityError(
                f"{agency} has a token for {name!r}; choose another name, or revoke that first."
            )
        desk = self.identity.named(agency, name)
        if desk is not None and not again:
            how = "was revoked" if self.revoked(desk) else "is enrolled"
            raise IdentityError(
                f"{agency} has a desk {desk.name!r} already; it {how}. To put another machine in its place, say "
                "--again: then the old key and password are good for nothing as soon as the new code is used."
            )
        if desk is None and again:
            raise IdentityError(f"{agency} has no desk {name!r} yet; leave out --again, or correct the name.")

    async def accounts(self, _asked: Mapping[str, Any]) -> Answer:
        """Who could come in: every desk, every token, and the codes that wait to be used."""
        last, now = self.signins.last, self.now()
        desks = [
            {
                "name": desk.name,
                "agency": desk.agency,
                "role": desk.role,
                "enrolled": desk.enrolled_at,
                "last": last.get(desk.account, 0),
                "revoked": desk.revoked_at or (now if self.revoked(desk) else 0),
            }
            for desk in self.identity.desks()
        ]
        tokens = [
            {"name": one.name, "agency": one.agency, "role": one.role, "made": one.created_at}
            for one in self.identity.tokens()
        ]
        codes = [
            {"name": one.name, "agency": one.agency, "role": one.role, "until": one.until}
            for one in self.codes.waiting(now)
        ]
        return {"desks": desks, "tokens": tokens, "codes": codes}

    async def token(self, asked: Mapping[str, Any]) -> Answer:
        """Make a token. Raises AdminError."""
        name, agency, role = _who(asked)

        def made() -> str:
            agencies, roles = self.charter.agencies, self.roles()
            return self.identity.add(name, agency, role, agencies=agencies, roles=roles, now=self.now())

        try:
            token = await self.pool.run(made)
        except IdentityError as error:
            raise AdminError(str(error)) from None
        logs.security("token made", agency=agency, role=role, name=name)
        return {"token": token}

    async def revoke(self, asked: Mapping[str, Any]) -> Answer:
        """End everything by which somebody of this name comes in, at once. Raises AdminError.

        What is in memory counts first: should the disk say no, they are out all the same, until the next start.
        """
        name, agency, _ = _who(asked)
        desk = self.identity.named(agency, name)
        known = desk is not None and not desk.revoked_at
        codes = self.codes.drop(agency, name)
        token = self.identity.has_token(agency, name)
        person = self.signins.end_named(agency, name) > 0 and not known
        if desk is not None:
            self._cut(desk)
        if not (known or codes or token or person):
            raise AdminError(self._nobody(agency, name, desk))
        if token:
            self._revoked.add(_label(agency, name))
        try:
            struck = await self.pool.run(lambda: self._strike(agency, name))
            if struck is not None:  # perhaps one that was being enrolled
                known = True
                self._cut(struck)
            await self.pool.run(self.codes.writer())
            await self.pool.run(self.signins.writer())
        except (IdentityError, OSError) as error:
            logs.fault("revoked in memory alone", error)
            why = getattr(error, "strerror", None) or str(error)
            raise AdminError(
                f"{name!r} of {agency} is signed out and kept out, but that could not be written down ({why}). "
                "Make room on the disk and revoke again before the server is started anew."
            ) from None
        self._revoked.discard(_label(agency, name))
        logs.security(
            "revoked", agency=agency, name=name, desk=known, token=token, codes=codes, person=person
        )
        return {"desk": known, "token": token, "codes": codes, "person": person}

    def _cut(self, desk: Desk) -> None:
        """From now on it is good for nothing here, whatever the disk has."""
        self._revoked.add(desk.account)
        self.signins.end_of(desk.account)

    def _strike(self, agency: str, name: str) -> Desk | None:
        """Answers the desk that was revoked by it. Blocks, in the pool's thread."""
        desk = struck = self.identity.named(agency, name)
        if desk is not None:
            self._revoked.add(desk.account)
            struck = None
            if not desk.revoked_at:
                at = self.now()
                struck = self.identity.change_desk(
                    desk.account, lambda now: msgspec.structs.replace(now, revoked_at=at)
                )
        rest = [
            one for one in self.identity.tokens() if (one.agency, one.name.lower()) != (agency, name.lower())
        ]
        if len(rest) < len(self.identity.tokens()):
            self.identity.put(tokens=rest)
        return struck

    def _nobody(self, agency: str, name: str, desk: Desk | None) -> str:
        if desk is not None:
            return f"{desk.name!r} of {agency} is revoked already."
        if agency not in self.charter.agencies:
            return f"There is no agency {agency!r} in agencies.yaml{nearest(agency, self.charter.agencies) or '.'}"
        names = [desk.name for desk in self.identity.desks() if desk.agency == agency]
        names += [entry.name for entry in self.identity.tokens() if entry.agency == agency]
        return f"{agency} has no desk and no token called {name!r}{nearest(name, names) or '.'}"


def _label(agency: str, name: str) -> str:
    return f"{agency}/{name.lower()}"


def _who(asked: Mapping[str, Any]) -> tuple[str, str, str]:
    name, agency, role = (str(asked.get(key, "")) for key in ("name", "agency", "role"))
    return name, agency, role


OPERATIONS: Final[Mapping[str, Callable[[People], Operation]]] = {
    "enrol": lambda people: people.enrol,
    "accounts": lambda people: people.accounts,
    "revoke": lambda people: people.revoke,
    "token": lambda people: people.token,
}
"""What is asked through the admin door, or of a folder at rest."""


async def at_rest(folder: DataFolder, charter: Charter, do: str, asked: Mapping[str, Any]) -> Answer:
    """One of OPERATIONS while no server runs. For who holds the folder's lock. Raises AdminError, IdentityError."""
    people = People(folder, charter)
    try:
        return await OPERATIONS[do](people)(asked)
    finally:
        people.close()
