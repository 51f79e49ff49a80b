"""What is decided at the door: whether a code is claimed, a password is right, two persons may break the glass.

No socket in here: frames in, one frame out. Nothing is computed for a line that is not a known desk's, and each desk
is slowed by its own wrong passwords alone, so that nobody keeps a room out from elsewhere.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from incident.kernel.door import (
    BreakGlass,
    Denied,
    EnrolClaim,
    Enrolled,
    SignedIn,
    SignedOut,
    SignIn,
    SignOut,
    password_flaw,
)
from incident.kernel.slice import Actor
from server import logs
from server.enrolment import Pending, ends_at
from server.identity import Desk, DeskGone, IdentityError
from server.passwords import ANYBODY, BUSY_MS, Busy
from server.people import People
from server.signins import GLASS_SECONDS, PROVIDER
from server.signins import SignIn as Kept

RENEW_MS: Final = 60 * 86_400_000
"""A desk whose certificate ends sooner than this gets a fresh one with its sign-in."""

CLIPPED: Final = 30
"""Of each name, so that both together stay within the length of a name on the wire."""

NOT_ENROLLED: Final = Denied(
    code="not_enrolled",
    sentence="This machine is not enrolled here, or was enrolled anew since. Ask whoever runs the server for a code "
    "(incident-server enrol), then: incident-tui enrol URL CODE",
)
REVOKED: Final = Denied(
    code="revoked", sentence="This desk was revoked. Ask whoever runs the server, who can enrol it again."
)
WRONG_CODE: Final = Denied(
    code="wrong_code",
    sentence="This code is not good: it was used, is over, or a sign of it was misheard. Ask for it again, or for a "
    "new one (incident-server enrol).",
)
FULL: Final = Denied(
    code="busy",
    sentence="Very many are signing in at this moment. Nothing was tried; try again in a moment.",
    wait_ms=BUSY_MS,
)
ONE_PERSON: Final = Denied(
    code="one_person", sentence="To break the glass takes two persons, each with their own desk's name."
)
WRONG_TWO: Final = "That did not open it: check both names and both passwords."
CHANGED: Final = Denied(
    code="changed", sentence="The password of this desk was changed a moment ago. Sign in by the new one."
)
NOT_CHANGED: Final = Denied(
    code="not_written",
    sentence="The server could not write the new password down: tell whoever runs it to look at its disk. The old one "
    "is good as before.",
)
SIGN_IN_OVER: Final = Denied(code="over", sentence="This sign-in is over. Sign in again.")

BY_PROVIDER: Final = Denied(
    code="by_provider",
    sentence="Whoever sits here signed in by the identity provider, and unlocks by it, too: incident-tui sign-in "
    "--provider.",
)

Glass = Callable[[str, str, str, str, str, int], Awaitable[None]]
"""Write into every incident of an agency that two persons broke the glass: agency, both, role, reason, until."""


@dataclass(frozen=True, slots=True)
class Check:
    """One password against what is kept of it, and of whose account that is."""

    kept: str
    password: str
    whose: str = ANYBODY


class Admission:
    """Decides for one data folder's people. ``name`` and ``mode`` are the server's, as a new desk is told them."""

    def __init__(self, people: People, *, name: str, mode: str, glass: Glass) -> None:
        self._people = people
        self._name = name
        self._mode = mode
        self._glass = glass
        self._dummy = ""

    # -- enrolment ------------------------------------------------------------------------------------------

    async def claim(self, pending: Pending, key: str, device: str, claim: EnrolClaim) -> Enrolled | Denied:
        """A desk has proved that it knows a code: let it in, once. Whatever is in the way, the code stays good."""
        people = self._people
        old = people.identity.named(pending.agency, pending.name)
        flaw = password_flaw(claim.password, pending.name, pending.agency)
        if flaw is not None:
            return Denied(code="weak_password", sentence=flaw)
        known = people.identity.desk_of(device)
        if (known is not None and known is not old) or (old is not None and not pending.again):
            return Denied(
                code="taken",
                sentence="This key, or the name that the code is for, belongs to a desk already. Ask for a code that "
                "puts this one in its place (incident-server enrol --again).",
            )
        if not people.codes.claim(pending):
            return WRONG_CODE
        desk = Desk(
            account=secrets.token_hex(8),
            name=pending.name,
            agency=pending.agency,
            role=pending.role,
            key=key,
            device=device,
            password="",
            enrolled_at=people.now(),
        )
        try:
            return await self._enrol(pending, desk, claim.password, old)
        except (OSError, IdentityError, Busy, ValueError) as error:
            people.codes.give_back(pending)
            return await self._not_enrolled(error)

    async def _enrol(self, pending: Pending, desk: Desk, password: str, old: Desk | None) -> Enrolled:
        """Raises OSError, IdentityError, Busy; ValueError: no certificate can be made for such a key."""
        people = self._people
        certificate = ""
        if people.issuer is not None:
            certificate = people.issuer.certify(desk.key, desk.account, desk.enrolled_at)
        kept = await people.pool.run(lambda: people.hasher.hash(password), 0)
        desk = msgspec.structs.replace(desk, password=kept, certificate_until=ends_at(certificate))
        await people.pool.run(people.codes.writer())  # used up first: then no crash makes it good twice
        await people.pool.run(lambda: self._write_down(pending, desk, old))
        people.codes.written_down(pending)
        if old is not None:
            people.signins.forget(old.account)
            people.guesses.end(old.account, old.account, right=True)
            await people.keep_signins()
        logs.security(
            "desk enrolled", agency=desk.agency, role=desk.role, name=desk.name, again=old is not None
        )
        return Enrolled(
            account=desk.account,
            name=desk.name,
            agency=desk.agency,
            role=desk.role,
            certificate=certificate,
            server=self._name,
            mode=self._mode,
        )

    def _write_down(self, pending: Pending, desk: Desk, old: Desk | None) -> None:
        """Blocks, in the pool's thread. Raises DeskGone when the name was revoked since the code was claimed."""
        if not self._people.codes.claimed(pending):
            raise DeskGone("The code is not good any more.")
        self._people.identity.add_desk(desk, old.account if old is not None else "")

    async def _not_enrolled(self, error: Exception) -> Denied:
        try:
            await self._people.pool.run(self._people.codes.writer())
        except OSError as again:
            logs.fault("code not written", again)
        if isinstance(error, DeskGone):
            return WRONG_CODE
        if isinstance(error, Busy):
            return FULL
        if isinstance(error, ValueError):
            return Denied(
                code="bad_key", sentence="No certificate can be made for this key: it must be P-256."
            )
        logs.fault("desk not enrolled", error)
        return Denied(
            code="not_written",
            sentence="The server could not write this desk down: tell whoever runs it to look at its disk. Nothing is "
            "lost, and the same code is good until it is over.",
        )

    # -- sign-in and unlocking ------------------------------------------------------------------------------

    async def sign_in(self, desk: Desk, ask: SignIn, *, plain: bool) -> SignedIn | Denied:
        """The password of the desk whose key holds the line, for a new sign-in or to unlock one."""
        people = self._people
        found = people.standing(desk.account)
        if found is None:
            return REVOKED
        desk = found  # as it is now, and not when the line was opened
        if ask.new_password:
            flaw = password_flaw(ask.new_password, desk.name, desk.agency)
            if flaw is not None:
                return Denied(code="weak_password", sentence=f"The new one will not do. {flaw}")
        signin = people.signins.of(ask.token, people.now()) if ask.token else None
        if ask.token and (signin is None or signin.account != desk.account or signin.open_line is not plain):
            return SIGN_IN_OVER
        given_by = signin.given_by if signin is not None else (desk.account,)
        if given_by[0].startswith(PROVIDER):
            return BY_PROVIDER
        if given_by != (desk.account,) and ask.new_password:
            return Denied(code="glass", sentence="Behind a broken glass no password is changed.")
        holders = [found for one in given_by if (found := people.identity.desk(one)) is not None]
        if not holders:
            return SIGN_IN_OVER
        denied = await self._one_of(desk, [Check(one.password, ask.password, one.account) for one in holders])
        if denied is not None:
            logs.security("sign-in denied", agency=desk.agency, name=desk.name, code=denied.code)
            return denied
        return await self._let_in(desk, ask, signin, plain=plain)

    async def sign_out(self, desk: Desk, ask: SignOut) -> SignedOut:
        """End one sign-in of this desk. Whether there was one is not told."""
        people = self._people
        if people.signins.end_token(ask.token, desk.account):
            await people.keep_signins()
            logs.security("signed out", agency=desk.agency, name=desk.name)
        return SignedOut()

    async def _let_in(
        self, desk: Desk, ask: SignIn, signin: Kept | None, *, plain: bool
    ) -> SignedIn | Denied:
        """The password was right; much may have happened while it was computed, and while a new one is."""
        people = self._people
        if signin is None or signin.given_by == (desk.account,):
            denied = await self._kept_anew(desk, ask, but=signin.digest if signin is not None else "")
            if denied is not None:
                return denied
        now = people.standing(desk.account)
        if now is None:
            return REVOKED
        if signin is not None:
            token = ask.token
            if people.signins.of(token, people.now()) is None:
                return SIGN_IN_OVER
            people.signins.lock(signin.digest, locked=False)
        else:
            actor = Actor(now.name, now.agency, now.role)
            token, signin = people.signins.begin(now, actor, people.now(), open_line=plain)
        await people.keep_signins()
        logs.security("unlocked" if ask.token else "signed in", agency=desk.agency, name=desk.name)
        return SignedIn(
            token=token,
            until=signin.until,
            name=signin.name,
            agency=signin.agency,
            role=signin.role,
            certificate=await self.fresh_certificate(now),
        )

    async def _kept_anew(self, desk: Desk, ask: SignIn, *, but: str) -> Denied | None:
        """Keep a changed password, or the same by the parameters of today. Other sign-ins end with a change.

        ``desk`` is as it was when the password was computed: what was changed since is not written over, and who
        gave the password of before is not let in by it.
        """
        people = self._people
        wanted = ask.new_password or ask.password
        if ask.new_password or people.hasher.outdated(desk.password):
            kept = await people.pool.run(lambda: people.hasher.hash(wanted))

            def change(now: Desk) -> Desk:
                return msgspec.structs.replace(now, password=kept) if now.password == desk.password else now

            try:
                fresh = await people.change_desk(desk.account, change)
            except DeskGone:
                return REVOKED
            except IdentityError as error:
                logs.fault("password not written", error)
                if ask.new_password:
                    return NOT_CHANGED
            else:
                if fresh.password != kept:
                    return CHANGED
                if ask.new_password:
                    people.signins.end_of(desk.account, but=but)
                    logs.security("password changed", agency=desk.agency, name=desk.name)
                return None
        found = people.standing(desk.account)
        if found is None:
            return REVOKED
        return None if found.password == desk.password else CHANGED

    async def fresh_certificate(self, desk: Desk) -> str:
        """A new certificate for a desk whose own ends soon; "" when it does not, or none can be made."""
        people = self._people
        now = people.now()
        if people.issuer is None or desk.certificate_until - now >= RENEW_MS:
            return ""
        try:
            certificate = people.issuer.certify(desk.key, desk.account, now)
            until = ends_at(certificate)
            await people.change_desk(
                desk.account, lambda found: msgspec.structs.replace(found, certificate_until=until)
            )
        except (IdentityError, ValueError) as error:  # the old one is good for weeks
            logs.fault("certificate not renewed", error)
            return ""
        logs.security("desk certificate renewed", agency=desk.agency, name=desk.name)
        return certificate

    # -- two persons ----------------------------------------------------------------------------------------

    async def break_glass(self, desk: Desk, ask: BreakGlass, *, plain: bool) -> SignedIn | Denied:
        """Two persons of the desk's agency open it for an hour, and everybody concerned is told.

        Wrong tries count for the desk that the line belongs to, and for whoever is named, apart from what their own
        desks give: two passwords of others cannot be guessed here, and no room is slowed by it.
        """
        people = self._people
        if people.standing(desk.account) is None:
            return REVOKED
        if ask.first.strip().lower() == ask.second.strip().lower():
            return ONE_PERSON
        allowed = people.roles_of(desk.agency)
        if ask.role not in allowed:
            return Denied(code="no_role", sentence=f"A role here is one of {', '.join(allowed)}."[:600])
        first, second = (self._person(desk.agency, name) for name in (ask.first, ask.second))
        if not self._dummy:
            self._dummy = await people.pool.run(lambda: people.hasher.hash(secrets.token_hex(16)))
        denied = await self._both(
            desk, [self._check(first, ask.first_password), self._check(second, ask.second_password)]
        )
        if denied is None and first is not None and second is not None:
            return await self._broken(desk, first, second, ask, plain=plain)
        logs.security(
            "glass not broken", agency=desk.agency, name=desk.name, code=denied.code if denied else ""
        )
        if denied is None or denied.code == "wrong_password":
            return Denied(code="wrong_password", sentence=WRONG_TWO, wait_ms=denied.wait_ms if denied else 0)
        return denied

    def _person(self, agency: str, name: str) -> Desk | None:
        found = self._people.identity.named(agency, name.strip())
        return None if found is None or self._people.revoked(found) else found

    def _check(self, desk: Desk | None, password: str) -> Check:
        """Whether somebody is known takes as long to say as whether a password is right."""
        return Check(self._dummy, password) if desk is None else Check(desk.password, password, desk.account)

    async def _broken(
        self, desk: Desk, first: Desk, second: Desk, ask: BreakGlass, *, plain: bool
    ) -> SignedIn | Denied:
        people = self._people
        if (denied := self._not_now(desk, first, second)) is not None:
            return denied
        now = people.now()
        until = now + GLASS_SECONDS * 1000
        logs.security(
            "glass broken",
            agency=desk.agency,
            at=desk.name,
            first=first.name,
            second=second.name,
            role=ask.role,
        )
        await self._glass(desk.agency, first.name, second.name, ask.role, ask.reason, until)
        if (denied := self._not_now(desk, first, second)) is not None:  # telling everybody may take its time
            return denied
        name = f"break glass: {first.name[:CLIPPED].strip()} + {second.name[:CLIPPED].strip()}"
        token, signin = people.signins.begin(
            desk,
            Actor(name, desk.agency, ask.role),
            now,
            seconds=GLASS_SECONDS,
            open_line=plain,
            given_by=(first.account, second.account),
        )
        await people.keep_signins()
        return SignedIn(token=token, until=signin.until, name=name, agency=desk.agency, role=ask.role)

    def _not_now(self, desk: Desk, *persons: Desk) -> Denied | None:
        """Why this desk may not be opened by these two any more, whose passwords were right a moment ago."""
        if self._people.standing(desk.account) is None:
            return REVOKED
        for person in persons:
            found = self._people.standing(person.account)
            if found is None or found.password != person.password:
                logs.security("glass not broken", agency=desk.agency, name=desk.name, code="changed")
                return Denied(code="wrong_password", sentence=WRONG_TWO)
        return None

    # -- passwords ------------------------------------------------------------------------------------------

    async def _one_of(self, line: Desk, checks: Sequence[Check]) -> Denied | None:
        """None when one of the passwords is right. Of whom too many were wrong of late, none is computed."""
        guesses, now = self._people.guesses, self._people.now()
        waits = [guesses.wait_ms(line.account, one.whose, now) for one in checks]
        checks = [one for one, wait in zip(checks, waits, strict=True) if not wait]
        if not checks:
            return _slow(min(waits))
        whose = [one.whose for one in checks]
        right = await self._computed(line, whose, checks)
        if right is None:
            return FULL
        for one, good in zip(whose, right, strict=True):
            if any(right) and not good:
                guesses.untried(line.account, one)  # somebody gave their own, which is no guess at another's
            else:
                guesses.end(line.account, one, right=good)
        return None if any(right) else self._wrong(line, whose)

    async def _both(self, line: Desk, checks: Sequence[Check]) -> Denied | None:
        """None when all of the passwords are right; nothing tells which was not. Counted for the line, too."""
        guesses, now = self._people.guesses, self._people.now()
        whose = list(dict.fromkeys((ANYBODY, *(one.whose for one in checks))))
        wait = max(guesses.wait_ms(line.account, one, now) for one in whose)
        if wait:
            return _slow(wait)
        right = await self._computed(line, whose, checks)
        if right is None:
            return FULL
        for one in whose:
            guesses.end(line.account, one, right=all(right))
        return None if all(right) else self._wrong(line, whose)

    async def _computed(
        self, line: Desk, whose: Sequence[str], checks: Sequence[Check]
    ) -> Sequence[bool] | None:
        """Which are right, counted before they are computed; None when they were not, since too many wait."""
        people = self._people
        guesses, now, verify = people.guesses, people.now(), people.hasher.verify
        wrong = max(guesses.wrong(line.account, one, now) for one in whose)
        for one in whose:
            guesses.begin(line.account, one, now)
        try:
            return await people.pool.run(lambda: [verify(one.kept, one.password) for one in checks], wrong)
        except Busy:
            for one in whose:
                guesses.untried(line.account, one)
            return None
        except BaseException:
            for one in whose:
                guesses.end(line.account, one, right=False)
            raise

    def _wrong(self, line: Desk, whose: Sequence[str]) -> Denied:
        now = self._people.now()
        wait = max(self._people.guesses.wait_ms(line.account, one, now) for one in whose)
        more = f" The next try is taken in {_seconds(wait)}." if wait else ""
        return Denied(
            code="wrong_password", sentence=f"That is not the password of this desk.{more}", wait_ms=wait
        )


def _slow(wait_ms: int) -> Denied:
    return Denied(
        code="slow",
        sentence=f"Wait {_seconds(wait_ms)} and try again: too many wrong passwords were given here.",
        wait_ms=wait_ms,
    )


def _seconds(wait_ms: int) -> str:
    seconds = -(-wait_ms // 1000)
    return f"{seconds} s" if seconds < 120 else f"{-(-seconds // 60)} minutes"
