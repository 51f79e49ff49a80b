"""Sign-ins: what a desk gets for its password, for twelve hours at most, good with that desk's key alone.

A token is 256 bits of chance and is kept as a digest. Sign-ins outlive the server's process, or a restart in the
middle of an incident would shut every room out at once.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from incident.kernel.door import SESSION_SECONDS
from incident.kernel.slice import Actor
from server.datafolder import write_private
from server.identity import TOKEN_CHARS_MAX, Desk, IdentityError, digest_of, why_unread

FORMAT: Final = 1
OF_ONE_DESK_MAX: Final = 4
"""Sign-ins of one desk at once; with one more, the oldest ends."""

GLASS_SECONDS: Final = 3600
PROVIDER: Final = "provider:"
"""Before the provider's name of a person, where otherwise the accounts stand whose passwords a sign-in rests on."""


class SignIn(msgspec.Struct, frozen=True, omit_defaults=True):
    """One sign-in, at the desk of ``account``. ``given_by``: the accounts whose passwords it rests on. UTC ms.

    ``open_line``: it was made without TLS, within one machine, and is good on no other line.
    """

    digest: str
    account: str
    device: str
    name: str
    agency: str
    role: str
    since: int
    until: int
    given_by: tuple[str, ...] = ()
    open_line: bool = False
    locked: bool = False


class _File(msgspec.Struct, frozen=True):
    format: int
    signins: list[SignIn]
    last: dict[str, int]


@dataclass(eq=False, slots=True)
class Badge:
    """What a session goes by, one for all sessions of a sign-in. ``until`` is UTC ms, 0: without an end.

    ``digest`` names the sign-in, "" when there is none; ``token`` the entry of a token, "" when there is none.
    """

    actor: Actor
    digest: str = ""
    token: str = ""
    until: int = 0
    locked: bool = False
    ended: bool = False
    accounts: tuple[str, ...] = ()
    """The desks that it rests on, each of which must be good for it to be so."""

    def over(self, now: int) -> bool:
        """Nobody comes in by it any more, and whoever did goes."""
        return self.ended or 0 < self.until <= now


class SignIns:
    """The sign-ins of one data folder. ``last`` says when each account last signed in (UTC ms).

    Memory is what counts, and is changed by one thread; ``writer`` answers the work that puts it on the disk.
    """

    def __init__(self, path: Path, now: int) -> None:
        self._path = path
        file = _read(path)
        self.last = file.last
        self._signins = {one.digest: one for one in file.signins if one.until > now}
        self._badges: dict[str, Badge] = {}

    def badge(self, token: str, device: str, *, plain: bool, now: int) -> Badge | None:
        """What a token is good for on a line of this key; None when it is good for nothing."""
        signin = self.of(token, now)
        if signin is None or signin.open_line is not plain or (signin.device != device and not plain):
            return None
        badge = self._badges.get(signin.digest)
        if badge is None:
            actor = Actor(signin.name, signin.agency, signin.role)
            by = (one for one in signin.given_by if not one.startswith(PROVIDER))
            accounts = tuple(dict.fromkeys((signin.account, *by)))
            badge = Badge(actor, signin.digest, until=signin.until, locked=signin.locked, accounts=accounts)
            self._badges[signin.digest] = badge
        return badge

    def of(self, token: str, now: int) -> SignIn | None:
        """The sign-in of a token, on whatever line."""
        signin = self._signins.get(digest_of(token)) if 0 < len(token) <= TOKEN_CHARS_MAX else None
        return None if signin is None or signin.until <= now else signin

    def of_all(self) -> tuple[SignIn, ...]:
        """All of them, the oldest first."""
        return tuple(self._signins.values())

    def begin(
        self,
        desk: Desk,
        actor: Actor,
        now: int,
        *,
        seconds: int = SESSION_SECONDS,
        open_line: bool = False,
        given_by: tuple[str, ...] = (),
    ) -> tuple[str, SignIn]:
        """A new sign-in at a desk, for an actor; answers its token, which is kept nowhere."""
        token = secrets.token_urlsafe(32)
        signin = SignIn(
            digest_of(token),
            desk.account,
            desk.device,
            actor.name,
            actor.agency,
            actor.role,
            now,
            now + seconds * 1000,
            given_by or (desk.account,),
            open_line,
        )
        self.sweep(now)
        earlier = [one for one in self._signins.values() if one.account == desk.account]
        for one in earlier[: max(0, len(earlier) - OF_ONE_DESK_MAX + 1)]:
            self._end(one)
        self._signins[signin.digest] = signin
        for account in signin.given_by:
            self.last[account] = now
        return token, signin

    def lock(self, digest: str, *, locked: bool) -> None:
        """From now on its commands are refused, or taken again."""
        signin = self._signins.get(digest)
        if signin is not None:
            self._signins[digest] = msgspec.structs.replace(signin, locked=locked)
        badge = self._badges.get(digest)
        if badge is not None:
            badge.locked = locked

    def end_of(self, account: str, *, but: str = "") -> int:
        """End every sign-in at this desk or by its password, but for one digest; answers how many."""
        found = [
            one
            for one in self._signins.values()
            if account in (one.account, *one.given_by) and one.digest != but
        ]
        for one in found:
            self._end(one)
        return len(found)

    def end_token(self, token: str, account: str) -> bool:
        """End the sign-in of this token, if it is one of this desk; answers whether it was."""
        signin = self._signins.get(digest_of(token)) if 0 < len(token) <= TOKEN_CHARS_MAX else None
        if signin is None or signin.account != account:
            return False
        self._end(signin)
        return True

    def forget(self, account: str) -> None:
        """An account that is no more: another stands in its place."""
        self.end_of(account)
        self.last.pop(account, None)

    def end_named(self, agency: str, name: str) -> int:
        """End every sign-in of a person of this name, at whatever desk; answers how many."""
        found = [
            one for one in self._signins.values() if (one.agency, one.name.lower()) == (agency, name.lower())
        ]
        for one in found:
            self._end(one)
        return len(found)

    def sweep(self, now: int) -> None:
        """Forget what has come to its end."""
        for one in [one for one in self._signins.values() if one.until <= now]:
            self._end(one)

    def _end(self, signin: SignIn) -> None:
        self._signins.pop(signin.digest, None)
        badge = self._badges.pop(signin.digest, None)
        if badge is not None:
            badge.ended = True

    def writer(self) -> Callable[[], None]:
        """Work that puts on the disk what is in memory now. It blocks, and raises OSError."""
        data = msgspec.json.encode(_File(FORMAT, list(self._signins.values()), dict(self.last)))
        return lambda: write_private(self._path, data)


def _read(path: Path) -> _File:
    try:
        found = msgspec.json.decode(path.read_bytes(), type=_File)
    except FileNotFoundError:
        return _File(FORMAT, [], {})
    except (OSError, ValueError) as error:
        raise IdentityError(
            f"{path} cannot be read ({why_unread(error)}). Move it away: then everybody must sign in again."
        ) from None
    if found.format != FORMAT:
        raise IdentityError(f"{path} was written by a newer version of this program; use that one.")
    return found
