"""Who sits at an enrolled desk, and whether they still do: the sign-in of a running client, its lock and its end.

After some minutes without a key the desk is locked: everything is shown and goes on, nothing can be written, and
every draft stays. The password opens it again: the server looks at it while there is a line; while there is none,
this desk does, by a verifier of its own, and what is written then waits to be sent as always. A sign-in ends after
twelve hours, or when it is revoked: the same seat goes on as soon as somebody has signed in again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from incident.kernel.door import BreakGlass, SignedIn
from incident.kernel.protocol import Lock, Welcome
from incident.kernel.slice import Refusal
from incident.kernel.text import safe_text
from incident_tui import door
from incident_tui.clock import Clock, long_day, short_time
from incident_tui.door import DoorError
from incident_tui.keyring import Kept, Ring
from incident_tui.link import Link

MINUTE_MS: Final = 60_000
WARN_MS: Final = 15 * MINUTE_MS
"""The end of a sign-in is told so long before."""
CERTIFICATE_WARN_MS: Final = 30 * 24 * 60 * MINUTE_MS
FREE_TRIES: Final = 3
"""Wrong passwords in a row at this desk's own verifier before each further one has to wait."""
WAIT_MS_MAX: Final = 60_000
UNREACHED: Final = ""
"""The code of a DoorError whose server said nothing: only then this desk decides by itself."""
OVER: Final = "over"
"""The code of a DoorError when the sign-in that was to be unlocked has ended."""
NOTED_MS: Final = MINUTE_MS
"""How often it is written down that somebody is here."""
GLASS: Final = "break glass"
"""How the name of a session begins that two persons have opened."""
SLACK_MS: Final = 60_000
"""A sign-in that ends so close to its time has run out; any other was revoked."""

_hasher: Final = PasswordHasher(time_cost=3, memory_cost=65_536, parallelism=1)


def verifier(password: str) -> str:
    """What this desk keeps of a password: argon2id, 64 MiB."""
    return _hasher.hash(password)


def fits(kept: str, password: str) -> bool:
    """Whether a password is the one of this verifier."""
    try:
        return bool(kept) and _hasher.verify(kept, password)
    except (Argon2Error, InvalidHashError):
        return False


class Sitting:
    """One sign-in at one desk. Without a link (before the screen opens) it can be opened, and nothing is posted."""

    def __init__(self, ring: Ring, clock: Clock, *, idle_minutes: int = 15, watched: bool = True) -> None:
        """``watched``: a person is at the keys, so that minutes without one lock the desk."""
        self.ring = ring
        self.token = ""
        self.until = 0
        """When the sign-in ends (UTC ms, the server's clock); 0: not known."""
        self.locked = False
        self.out = ""
        """Why nobody is signed in any more, as a sentence; "" while somebody is."""
        self.glass = ""
        """The two persons who broke the glass, while it is broken."""
        self.server_certificate_until = 0
        self.clock = self._clock = clock
        self._idle_ms = idle_minutes * MINUTE_MS
        self._watched = watched
        self._kept = ring.sign_in()
        self._verifiers: tuple[str, ...] = ()
        self._owed = ""
        """A password that this desk found right while the server could not be asked: it is shown it later."""
        self._wrong = self._not_before = 0
        self._touched = (clock.monotonic(), clock.wall_ms())
        self._locked_at = self._opened_at = 0
        self._noted = 0
        self._warned = False
        self._told_certificates = False
        self._paying: asyncio.Task[None] | None = None
        self._link: Link | None = None
        self._say: Callable[[str, str], None] = lambda _severity, _sentence: None
        self._changed: Callable[[], None] = lambda: None
        self._again: Callable[[], None] = lambda: None
        self._waits: Callable[[], bool] = lambda: False
        self._told_lock = False
        """Whether the server knows that this desk is locked."""
        if self._kept is not None:
            self._wrong, self._not_before = self._kept.wrong, self._kept.not_before

    def join(
        self,
        link: Link,
        *,
        say: Callable[[str, str], None],
        changed: Callable[[], None],
        again: Callable[[], None],
        waits: Callable[[], bool],
    ) -> None:
        """From now on there is a line. ``again`` sends once more what was held up by the lock; ``waits`` says whether
        anything that was written before it is still on its way.
        """
        self._link, self._say, self._changed, self._again, self._waits = link, say, changed, again, waits

    # -- what is known of it ----------------------------------------------------------------------------------

    @property
    def word(self) -> str:
        """LOCKED, SIGNED OUT, or "" while one can write."""
        return "SIGNED OUT" if self.out else "LOCKED" if self.locked else ""

    @property
    def by_provider_now(self) -> bool:
        """Whether whoever sits here signed in at the identity provider, so that no password opens the lock."""
        return bool(self.token) and not self.glass and not any(self._verifiers)

    @property
    def refusal(self) -> Refusal | None:
        """Why nothing can be written now."""
        if self.out:
            return Refusal(
                "signed_out", "Nobody is signed in at this desk: sign in to write. What you typed is kept."
            )
        if self.locked:
            return Refusal("locked", "This desk is locked: unlock it to write. What you typed is kept.")
        return None

    @property
    def ends_soon(self) -> bool:
        """Whether the sign-in ends within a quarter of an hour."""
        return 0 < self.until <= self._clock.now() + WARN_MS and not self.out

    def certificates(self) -> list[tuple[str, int]]:
        """Certificates that end within 30 days: whose, and when (UTC ms)."""
        ends = [
            ("the server's", self.server_certificate_until),
            ("this desk's", self.ring.certificate_until()),
        ]
        return [(whose, at) for whose, at in ends if 0 < at <= self._clock.now() + CERTIFICATE_WARN_MS]

    # -- before there is a line -------------------------------------------------------------------------------

    def resume(self) -> bool:
        """Go on with the sign-in that is kept, if it is still good and was not left alone for too long."""
        kept = self._kept
        if kept is None:
            return False
        self.token, self.until, self._verifiers = kept.token, kept.until, (kept.verifier,)
        self._opened_at = kept.opened_at
        wall = self._clock.wall_ms()
        # Either way: a clock that was set back hides nothing.
        left = abs(wall - kept.touched_at) if kept.touched_at else 0
        self.locked = kept.locked or left > self._idle_ms
        return kept.until > self._clock.now()

    def reuse(self) -> None:
        """Let the next ``open`` unlock the sign-in that is kept, if a password opens it and it is good for a while.

        The server keeps a few sign-ins of a desk and ends the oldest for another one: maybe the room's own screen.
        """
        kept = self._kept
        if kept is not None and kept.verifier and kept.until > self._clock.now() + WARN_MS:
            self.token, self.until = kept.token, kept.until

    # -- keys and time ----------------------------------------------------------------------------------------

    def touched(self) -> None:
        """A key was pressed, or the mouse moved."""
        self._touched = (self._clock.monotonic(), self._clock.wall_ms())

    def somebody(self) -> None:
        """Somebody has typed a command beside the screen: that is noted at once."""
        if not self.word:
            self.touched()
            self._write()

    def tick(self) -> None:
        """Once a second: lock when nobody has been here, warn before the end."""
        now, wall = self._clock.now(), self._clock.wall_ms()
        # Both clocks: a machine that slept has a monotonic clock that knows nothing of it.
        idle = max((self._clock.monotonic() - self._touched[0]) * 1000, wall - self._touched[1])
        if self._watched and not self.word and idle >= self._idle_ms and not self._somebody_else(wall):
            self.lock()
        if self.ends_soon and not self._warned:
            self._warned = True
            at = short_time(self.until)
            self._say(
                "caution", f"This sign-in ends at {at}. Sign in again then; everything you wrote stays here."
            )
        over = 0 < self.until <= now
        if over and not (self.word or self._owed) and (self._link is None or not self._link.up):
            self.lock()  # the server would close the line now, and cannot
        self._tell_lock()
        if self.word:
            self._from_beside()
        if self._watched and not self.word and wall - self._noted >= NOTED_MS:
            self._noted = wall
            self._write()

    def _from_beside(self) -> None:
        """Somebody has signed in at this desk in another terminal (``incident-tui sign-in``): go on with that."""
        self._enrolled_anew()
        kept, before = self.ring.sign_in(), "" if self._kept is None else self._kept.token
        if kept is None or not kept.token or kept.locked or kept.until <= self._clock.now():
            return
        same = kept.token == self.token
        given = self.locked and kept.opened_at > self._locked_at > 0
        if kept.token in (before, self.token) and not (same and given):
            return  # of the same sign-in only a password that was given since the lock opens it
        self._kept, self.token, self.until, self._verifiers = kept, kept.token, kept.until, (kept.verifier,)
        self.glass, self._owed, self._warned = "", "", False
        self._opened()
        self._enter(same=same)
        self._changed()

    def _enrolled_anew(self) -> None:
        """Take up the key of this desk when it was enrolled once more: nothing of the old one opens anything now."""
        ring = self.ring.present()
        if ring is not self.ring:
            self.ring, self._kept = ring, None
            self.token, self.glass, self._owed, self._verifiers = "", "", "", ()

    def _somebody_else(self, wall: int) -> bool:
        """Whether a key was pressed at another client of this desk: one sign-in is locked for all of them."""
        kept = self.ring.sign_in()
        if kept is None or kept.token != self.token or kept.touched_at <= self._touched[1]:
            return False
        if wall - kept.touched_at >= self._idle_ms:
            return False
        ago = (wall - kept.touched_at) / 1000
        self._touched = (self._clock.monotonic() - ago, kept.touched_at)
        return True

    def lock(self) -> None:
        """Nobody is here: nothing is written from now on. The server is told, so that it holds there, too."""
        if self.word or not self._watched:
            return
        self._shut()
        self._write()
        self._tell_lock()
        self._changed()

    def _shut(self) -> None:
        self.locked, self._locked_at = True, self._clock.wall_ms()

    def _tell_lock(self) -> None:
        """Tell the server, once all that was written before has been answered: that was written by who sat here."""
        due = self.locked and self._watched and not self._told_lock
        if due and self._link is not None and self._link.up and not self._waits():
            self._told_lock = self._link.post(Lock())

    # -- what the line says -----------------------------------------------------------------------------------

    async def welcomed(self, frame: Welcome) -> None:
        """The server has let this sign-in in, and says how it stands with it."""
        self.out = ""
        self.until = frame.until or self.until
        self.server_certificate_until = frame.certificate_until
        self.glass = safe_text(frame.name) if frame.name.lower().startswith(GLASS) else ""
        self._told_lock = frame.locked
        if not frame.locked:
            self._owed = ""
        elif not await self._pay() and not self.locked:
            self._shut()
        self._tell_certificates()
        self._changed()

    def _tell_certificates(self) -> None:
        if self._told_certificates:
            return
        self._told_certificates = True
        for whose, at in self.certificates():
            day = long_day(at)
            way = (
                "Whoever runs the server renews it."
                if "server" in whose
                else "Sign in again to get a fresh one."
            )
            self._say("caution", f"{whose[0].upper()}{whose[1:]} certificate ends on {day}. {way}")

    def ended(self, sentence: str) -> None:
        """The server has closed the line for good: the sign-in is over, or was revoked."""
        if self._owed:
            self._paying = asyncio.get_running_loop().create_task(self._pay_again(sentence))
            return
        self._out(sentence)

    def _out(self, sentence: str) -> None:
        self.out = sentence or "The sign-in is over."
        ran_out = 0 < self.until <= self._clock.now() + SLACK_MS
        if self.glass:
            self.glass = ""
            self._verifiers = () if self._kept is None else (self._kept.verifier,)
        elif not ran_out:  # it was taken from this desk: nothing of it is good for anything any more
            self.token, self._verifiers, self._kept = "", (), None
            self.ring.keep(None)
        self.locked = self._told_lock = False
        self._say("caution", self.out)
        self._changed()

    def found_locked(self) -> None:
        """The server refused a command because of the lock: what we took for open is not."""
        if not self.word:
            self._shut()
            self._told_lock = True
            self._changed()

    # -- opening it again -------------------------------------------------------------------------------------

    async def open(self, password: str, *, new_password: str = "") -> str:
        """Unlock, or sign in again; answers "" when it is open, else why not, as a sentence."""
        self._enrolled_anew()
        unlocking = bool(self.token) and not self.out and not 0 < self.until <= self._clock.now()
        try:
            answer = await self._signed_in(password, new_password, self.token if unlocking else "")
        except DoorError as error:
            if error.code != UNREACHED:
                return str(error)
            return await self._by_ourselves(password, str(error))
        await self.take(answer, (new_password or password,), glass=self.glass if unlocking else "")
        return ""

    async def _signed_in(self, password: str, new_password: str, token: str) -> SignedIn:
        """Unlock a sign-in; one that has come to its end meanwhile is begun anew. Raises DoorError."""
        try:
            return await door.sign_in(self.ring, password, new_password=new_password, token=token)
        except DoorError as error:
            if not token or error.code != OVER:
                raise
        return await door.sign_in(self.ring, password, new_password=new_password)

    async def by_provider(self, show: Callable[[str], None]) -> str:
        """Unlock, or sign in again, at the organisation's identity provider; answers as ``open``.

        Without the server nobody can tell who that is: this desk keeps nothing to look at, as it does of a password.
        """
        self._enrolled_anew()
        unlocking = (
            self.locked and bool(self.token) and not self.out and not 0 < self.until <= self._clock.now()
        )
        try:
            answer = await door.by_provider(self.ring, show, token=self.token if unlocking else "")
        except DoorError as error:
            return str(error)
        await self.take(answer, ())
        return ""

    async def break_glass(self, asked: BreakGlass) -> str:
        """Two persons open this desk for a while; answers as ``open``."""
        self._enrolled_anew()
        try:
            answer = await door.break_glass(self.ring, asked)
        except DoorError as error:
            return str(error)
        await self.take(answer, (asked.first_password, asked.second_password), glass=safe_text(answer.name))
        return ""

    async def take(
        self, answer: SignedIn, passwords: tuple[str, ...], *, glass: str = "", somebody: bool = True
    ) -> None:
        """The server has let us in: keep it, and go on where this desk stopped.

        Without ``somebody`` at the keys, for a password that was given before, a lock stays.
        """
        verifiers = await asyncio.to_thread(lambda: tuple(verifier(one) for one in passwords))
        same = answer.token == self.token
        self.token, self.until, self.glass, self._verifiers = answer.token, answer.until, glass, verifiers
        self._wrong = self._not_before = 0
        self._warned, self._owed = False, ""
        self._opened(somebody=somebody)
        self._enter(same=same)
        self._changed()

    def _enter(self, *, same: bool) -> None:
        """Go on with this token; on the line that is up, when it is the ``same``."""
        if self._link is None:
            return
        stays = same and self._link.up
        self._link.enter(self.token, self.ring.context(), stays=stays)
        if stays:
            self._again()

    async def _by_ourselves(self, password: str, unreached: str) -> str:
        """The server cannot be asked: whoever knows the password of this desk may go on, on its own copy."""
        if not any(self._verifiers):
            return f"{unreached} Only the server can let somebody in here now."
        wait = self._not_before - self._clock.wall_ms()
        if wait > 0:
            return f"{unreached} Wrong passwords were tried here: wait {wait / 1000:.0f} seconds."
        right = await asyncio.to_thread(lambda: any(fits(one, password) for one in self._verifiers))
        if not right:
            self._wrong += 1
            if self._wrong >= FREE_TRIES:
                pause = min(WAIT_MS_MAX, 1_000 * 2 ** (self._wrong - FREE_TRIES + 1))
                self._not_before = self._clock.wall_ms() + pause
            self._write()
            return "That is not the password of this desk."
        self._wrong = self._not_before = 0
        self._owed = password
        self._opened()
        if self._link is not None:
            self._link.redial()
        self._changed()
        return ""

    async def _pay(self) -> bool:
        """Show the server the password that opened this desk without it; False when it says no to it."""
        password, self._owed = self._owed, ""
        if not password:
            return False
        try:
            await door.sign_in(self.ring, password, token=self.token)
        except DoorError as error:
            if error.code == UNREACHED:
                self._owed = password
            return False
        self._opened(somebody=False)
        return True

    async def _pay_again(self, sentence: str) -> None:
        """The sign-in ended while the line was cut; somebody has given the password since."""
        password, self._owed = self._owed, ""
        try:
            answer = await door.sign_in(self.ring, password)
        except DoorError as error:
            self._out(str(error) if error.code != UNREACHED else sentence)
            return
        await self.take(answer, (password,), somebody=False)

    def _opened(self, *, somebody: bool = True) -> None:
        self.locked = self.locked and not somebody
        self.out, self._told_lock = "", False
        if somebody:
            self._opened_at = self._clock.wall_ms()
            self.touched()
        self._write()

    # -- keeping ----------------------------------------------------------------------------------------------

    def leave(self) -> None:
        """The client is being closed."""
        if self._watched and not self.out:  # without a screen one knows less of the lock than the disk does
            self._write()

    def _write(self) -> None:
        """Keep the sign-in for the next opening; one of two persons with broken glass is kept nowhere."""
        kept = self._kept
        if not self.glass and self.token:
            first = self._verifiers[0] if self._verifiers else ""
            kept = Kept(
                self.token,
                self.until,
                first,
                self.locked,
                self._touched[1],
                self._wrong,
                self._not_before,
                self._opened_at,
            )
        if kept is not None and kept != self._kept:
            self._kept = kept
            self.ring.keep(kept)
