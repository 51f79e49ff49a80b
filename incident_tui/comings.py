"""The words of the command line that let a desk in and out: enrol, sign-in, sign-out, password, break-glass.

Passwords are asked for without showing them, or read from a file or a pipe for scripts; never from the command line,
where others may see them. A desk that is only half enrolled is never left behind.
"""

from __future__ import annotations

import argparse
import asyncio
import getpass
import sys
import urllib.parse
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from incident.kernel.door import PASSWORD_MAX, BreakGlass, Code, SignedIn, password_flaw, read_code
from incident.kernel.text import safe_text
from incident_tui import door
from incident_tui.clock import Clock, long_day, short_time
from incident_tui.door import DoorError
from incident_tui.endings import server_url
from incident_tui.keyring import Kept, Ring, rings, sweep
from incident_tui.printing import complain, put
from incident_tui.seat import home_folder, home_words
from incident_tui.sitting import Sitting
from incident_tui.trust import TrustError

DONE: Final = 0
REFUSED: Final = 1
NO_SERVER: Final = 3
TRIES: Final = 5
"""How often somebody is asked again at the terminal."""
PASSWORD_BYTES_MAX: Final = 1_024
REASON_LEAST: Final = 3
ROLE: Final = "In which role (such as operator, tactical commander, strategic commander): "
TWO: Final = "Two persons are needed: that is the same desk twice."
REASON_MOST: Final = 300


class Stopped(Exception):
    """Ends the program with a sentence for a person, and an exit code."""

    def __init__(self, sentence: str, code: int = 2) -> None:
        super().__init__(sentence)
        self.code = code


# -- asking ---------------------------------------------------------------------------------------------------


class Asker:
    """Where passwords come from: the terminal, or lines of a file (`-`: standard input)."""

    def __init__(self, file: Path | None) -> None:
        self._lines = None if file is None else _lines(file)
        self._secret: Callable[[str], str] = getpass.getpass

    @property
    def asks(self) -> bool:
        """Whether there is a person who can be asked again."""
        return self._lines is None

    def secret(self, question: str) -> str:
        """A password. Raises Stopped when there is none to be had."""
        if self._lines is not None:
            if not self._lines:
                raise Stopped("The password file has too few lines: one for each password.")
            return self._lines.pop(0)
        return _from_terminal(lambda: self._secret(question))

    def words(self, question: str) -> str:
        """An answer that may be seen."""
        return _from_terminal(lambda: input(question)).strip()


def _from_terminal(ask: Callable[[], str]) -> str:
    if not sys.stdin.isatty():
        raise Stopped(
            "Something is asked for here, and there is no terminal. In a script, the code stands on the command line "
            "and passwords come with --password-file."
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", getpass.GetPassWarning)  # it would show what is typed
            return ask()
    except getpass.GetPassWarning:
        raise Stopped(
            "This terminal cannot hide what is typed. Give the password with --password-file."
        ) from None
    except (EOFError, UnicodeDecodeError):
        raise Stopped("Nothing was done.") from None


def _lines(file: Path) -> list[str]:
    try:
        if str(file) == "-":
            data = sys.stdin.buffer.read(PASSWORD_BYTES_MAX)
        else:
            with file.expanduser().open("rb") as opened:
                data = opened.read(PASSWORD_BYTES_MAX)
        return data.decode().splitlines()
    except OSError as error:
        raise Stopped(
            f"The password file cannot be read: {(error.strerror or str(error)).lower()}."
        ) from None
    except UnicodeDecodeError:
        raise Stopped("The password file is no text in UTF-8.") from None


# -- which desk -----------------------------------------------------------------------------------------------


def address(typed: str) -> str:
    """The address of a server. Raises Stopped."""
    try:
        return server_url(typed)
    except ValueError as error:
        raise Stopped(str(error)) from None


def ring_of(home: Path, url: str, agency: str) -> Ring | None:
    """The one enrolled desk that is meant; None when there is none. Raises Stopped when there are several."""
    sweep(home)
    found = rings(home, url, agency)
    if len(found) > 1:
        desks = ", ".join(
            f"{safe_text(ring.badge.name)} of {ring.badge.agency} at {host(ring)}" for ring in found[:4]
        )
        raise Stopped(f"Several desks are enrolled in this folder: {desks}. {_way(found)}.")
    return found[0] if found else None


def _way(found: Sequence[Ring]) -> str:
    """How to say which of several desks is meant."""
    own = "each a folder of its own with --home"
    if len({(ring.badge.url, ring.badge.agency) for ring in found}) < len(found):
        return f"Give {own}"
    agencies = {ring.badge.agency: f"--agency {ring.badge.agency}" for ring in found}
    ways = [next(iter(agencies.values()))] if len(agencies) > 1 else []
    ways += ["the address"] if len({ring.badge.url for ring in found}) > 1 else []
    return f"Say which, with {' or with '.join(ways)}, or give {own}"


def host(ring: Ring) -> str:
    """The server of a desk, for a person."""
    return urllib.parse.urlsplit(ring.badge.url).netloc


def who(ring: Ring) -> str:
    """A desk, for a person: EOC desk 3 (LAS)."""
    return f"{safe_text(ring.badge.name)} ({safe_text(ring.badge.agency)})"


def _meant(asked: argparse.Namespace) -> Ring:
    url, home = "" if asked.url is None else address(asked.url), home_folder(asked.home)
    ring = ring_of(home, url, asked.agency)
    if ring is None:
        raise Stopped(
            "No desk is enrolled here for that server. Ask whoever runs it for a code, then: incident-tui enrol URL "
            f"CODE{home_words(home)}."
        )
    return ring


# -- the words ------------------------------------------------------------------------------------------------


def add_words(commands: Any) -> None:
    """The words of the door, for the parser of the command line."""
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--home",
        type=Path,
        metavar="DIR",
        help="where this desk keeps its key and its copy (INCIDENT_TUI_HOME)",
    )
    common.add_argument("--agency", default="", metavar="X", help="whose desk, where several share a folder")
    common.add_argument(
        "--password-file",
        type=Path,
        metavar="FILE",
        help="for scripts: passwords, one a line; - is standard input",
    )
    made = commands.add_parser(
        "enrol", parents=[common], help="make this desk known to a server, with a code"
    )
    made.add_argument("url", metavar="URL", help="the server, such as wss://control.example:8765")
    made.add_argument(
        "code", metavar="CODE", nargs="*", default=[], help="as it was read out; left out: it is asked for"
    )
    made.set_defaults(run=_enrol)
    for name, run, words in (
        ("sign-in", _sign_in, "sign in or unlock, for what runs without a screen"),
        ("sign-out", _sign_out, "end the sign-in that is kept on this desk"),
        ("password", _password, "change the password of this desk"),
        ("break-glass", None, "two persons open this desk in a role, for an hour; every party is alarmed"),
    ):
        made = commands.add_parser(name, parents=[common], help=words)
        made.add_argument(
            "url", metavar="URL", nargs="?", help="the server; left out: the only one enrolled with"
        )
        if run is not None:
            made.set_defaults(run=run)
        if run is _sign_in:
            made.add_argument(
                "--provider",
                action="store_true",
                help="sign in at your organisation's identity provider, in a browser on this machine",
            )
    made.add_argument("--role", default="", metavar="R", help="left out: it is asked for")
    made.add_argument(
        "--reason", default="", metavar="TEXT", help="all parties are told; left out: it is asked for"
    )


def _enrol(asked: argparse.Namespace) -> int:
    url, home = address(asked.url), home_folder(asked.home)
    asker = Asker(asked.password_file)
    code = _code(" ".join(asked.code)) if asked.code else None
    try:
        if code is None:
            asyncio.run(door.reach(url))
            code = _code(asker.words("The code, as it was read out: "))
        if asker.asks:
            asyncio.run(door.knows(url, code, home))
            put("The server knows this code, and nobody stands in between.")
        ring, password = _claimed(url, code, asker, home)
    except DoorError as error:
        raise Stopped(str(error), REFUSED if error.code else NO_SERVER) from None
    except OSError as error:
        raise Stopped(
            f"The folder {home} cannot be used: {(error.strerror or str(error)).lower()}."
        ) from None
    badge = ring.badge
    put(
        f"Enrolled: {who(ring)}, {safe_text(badge.role).replace('_', ' ')}, at {safe_text(badge.server)} "
        f"({safe_text(badge.mode)})."
    )
    # At once, with everything checked: a wrong name in the server's certificate is told now and not on the night.
    try:
        asyncio.run(_opened(Sitting(ring, Clock()), password))
    except Stopped as stopped:
        raise Stopped(f"This desk is enrolled, but it cannot sign in: {stopped}", stopped.code) from None
    put(f"Signed in. Now: incident-tui connect {url}{home_words(home)}")
    return DONE


def _claimed(url: str, code: Code, asker: Asker, home: Path) -> tuple[Ring, str]:
    """The desk and its password; one that the server finds too easy for this desk is asked for again.

    Raises:
        DoorError, OSError: nothing was enrolled.
    """
    question = "A password for this desk (12 signs or more; three or four words do): "
    for left in reversed(range(TRIES)):
        password = _new_password(asker, question)
        try:
            return asyncio.run(door.enrol(url, code, password, home)), password
        except DoorError as error:
            if error.code != "weak_password" or not (asker.asks and left):
                raise
            complain(str(error))
    raise AssertionError  # the last one has been raised


def _code(typed: str) -> Code:
    try:
        return read_code(typed)
    except ValueError as error:
        raise Stopped(str(error)) from None


def _new_password(asker: Asker, question: str, *names: str) -> str:
    """A password that is good enough, given twice where it is typed. Raises Stopped."""
    for _ in range(TRIES):
        password = asker.secret(question)
        flaw = password_flaw(password, *names)
        if flaw is None and asker.asks and asker.secret("The same once more: ") != password:
            flaw = "The two are not the same."
        if flaw is None:
            return password
        if not asker.asks:
            raise Stopped(flaw)
        complain(flaw)
    raise Stopped("No password was set. Nothing was done.")


async def _opened(sitting: Sitting, password: str, new_password: str = "") -> None:
    """Sign in, by the server alone: nobody is let in here without it. Raises Stopped."""
    try:
        answer = await door.sign_in(sitting.ring, password, new_password=new_password)
    except DoorError as error:
        raise Stopped(str(error), REFUSED if error.code else NO_SERVER) from None
    try:
        await sitting.take(answer, (new_password or password,))
    except TrustError as error:
        raise Stopped(str(error)) from None


def _sign_in(asked: argparse.Namespace) -> int:
    ring = _meant(asked)
    sitting = Sitting(ring, Clock(), watched=False)
    if asked.provider:
        why = asyncio.run(sitting.by_provider(_show))
        if why:
            raise Stopped(why, REFUSED)
    else:
        sitting.reuse()
        let_in(sitting, Asker(asked.password_file))
    put(
        f"Signed in: {who(ring)} at {host(ring)}, until {short_time(sitting.until)} on {long_day(sitting.until)}."
    )
    return DONE


def _show(page: str) -> None:
    put(f"Open this page in a browser on this machine, and sign in there:\n\n  {safe_text(page)}\n")


def let_in(sitting: Sitting, asker: Asker) -> None:
    """Ask for the password until the desk is open: by the server, or by this desk while it cannot be reached.

    Raises:
        Stopped: it stays shut.
    """
    for _ in range(TRIES):
        password = asker.secret(f"Password for {who(sitting.ring)} at {host(sitting.ring)}: ")
        why = asyncio.run(sitting.open(password))
        if not why:
            return
        if not asker.asks:
            raise Stopped(why, REFUSED)
        complain(why)
    raise Stopped("This desk stays shut.", REFUSED)


def _sign_out(asked: argparse.Namespace) -> int:
    ring = _meant(asked)
    kept = ring.sign_in()
    try:
        lives_on = "" if kept is None else _ended(ring, kept)
    finally:  # whatever the server says to it
        gone = ring.keep(None)
    if not gone:
        raise Stopped("The sign-in cannot be taken from the disk.")
    put(f"Signed out: {who(ring)} at {host(ring)}.")
    if lives_on:
        complain(lives_on)
    return DONE


def _ended(ring: Ring, kept: Kept) -> str:
    """End a sign-in at its server, too; answers "" when that is done, else until when it lives on there."""
    try:
        asyncio.run(door.sign_out(ring, kept.token))
    except DoorError as error:
        if error.code == "revoked" or kept.until <= Clock().now():
            return ""
        return (
            f"{error} The server could not be told: there this sign-in lives on until {short_time(kept.until)} on "
            f"{long_day(kept.until)}, good with this desk's key alone. Whoever runs the server can end it before "
            "(incident-server revoke)."
        )
    return ""


def _password(asked: argparse.Namespace) -> int:
    ring = _meant(asked)
    asker = Asker(asked.password_file)
    old = asker.secret(f"The password of {who(ring)} as it is: ")
    new = _new_password(asker, "The new one: ", ring.badge.name, ring.badge.agency)
    asyncio.run(_opened(Sitting(ring, Clock(), watched=False), old, new))
    put("The password is changed.")
    return DONE


def same_person(first: str, second: str) -> bool:
    """Whether one person has named himself twice."""
    return first.strip().lower() == second.strip().lower()


def glass_of(
    first: str, first_password: str, second: str, second_password: str, role: str, reason: str
) -> BreakGlass | str:
    """What two persons say to break the glass; or what is missing, as a sentence."""
    if not all((first, first_password, second, second_password)):
        return "Two persons are needed, each with their desk's name and password."
    if same_person(first, second):
        return TWO
    if not role.strip() or not REASON_LEAST <= len(reason.strip()) <= REASON_MOST:
        return f"A role is needed, and a reason of {REASON_LEAST} to {REASON_MOST} letters."
    return BreakGlass(
        first=first[:100],
        first_password=first_password[:PASSWORD_MAX],
        second=second[:100],
        second_password=second_password[:PASSWORD_MAX],
        role=role.strip().lower().replace(" ", "_")[:100],
        reason=reason.strip(),
    )


def broken_glass(asked: argparse.Namespace, *, idle_minutes: int) -> Sitting:
    """The sitting of two persons at this desk, asked for at the terminal. Raises Stopped."""
    ring = _meant(asked)
    asker = Asker(asked.password_file)
    try:
        asyncio.run(door.still_known(ring))
    except DoorError as error:
        raise Stopped(str(error), REFUSED if error.code else NO_SERVER) from None
    put(
        f"Breaking the glass at {who(ring)}: every party of every incident of {ring.badge.agency} is alarmed."
    )
    role = asked.role or asker.words(ROLE)
    reason = asked.reason or asker.words("The reason, which all of them are told: ")
    first = asker.words("The first person's desk (its name): ")
    first_password = asker.secret(f"The password of {first}: ")
    second = asker.words("The second person's desk (its name): ")
    if same_person(first, second):
        raise Stopped(TWO)
    second_password = asker.secret(f"The password of {second}: ")
    sitting = Sitting(ring, Clock(), idle_minutes=idle_minutes)
    answer = _let_in_by_two(ring, asker, [first, first_password, second, second_password, role, reason])
    asyncio.run(sitting.take(answer, (first_password, second_password), glass=safe_text(answer.name)))
    return sitting


def _let_in_by_two(ring: Ring, asker: Asker, said: list[str]) -> SignedIn:
    """Ask the server with what two persons said, as ``glass_of`` takes it; a role that it does not know, once more.

    Raises:
        Stopped: the glass is whole.
    """
    for left in reversed(range(TRIES)):
        glass = glass_of(*said)
        if isinstance(glass, str):
            raise Stopped(glass)
        try:
            return asyncio.run(door.break_glass(ring, glass))
        except DoorError as error:
            if error.code != "no_role" or not (asker.asks and left):
                raise Stopped(str(error), REFUSED if error.code else NO_SERVER) from None
            complain(str(error))  # it says which there are
            said[4] = asker.words(ROLE)
    raise AssertionError  # the last one has been raised
