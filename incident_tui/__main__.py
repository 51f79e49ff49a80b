"""The client's command line. Every failure is one plain sentence on standard error, and the way on.

Exit codes: 0 done; 1 refused; 2 not understood; 3 no server, or not confirmed in time (the command is kept);
4 not allowed. Widgets are loaded for `connect` alone.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from config.command_line import PlainParser
from incident.kernel.checks import ConfigError
from incident_tui import __doc__ as about
from incident_tui import comings, identity
from incident_tui.endings import server_url
from incident_tui.printing import complain
from incident_tui.seat import HOME, SEATS_MAX, home_folder, home_words
from incident_tui.trust import TrustError

if TYPE_CHECKING:
    from incident_tui.session import Session
    from incident_tui.settings import Settings
    from incident_tui.sitting import Sitting

URL: Final = "INCIDENT_TUI_URL"
TOKEN: Final = "INCIDENT_TUI_TOKEN"  # noqa: S105 - the name of a variable
USAGE: Final = 2
INTERRUPTED: Final = 130
TOKEN_BYTES_MAX: Final = 4_096
EXITS: Final = (
    "exit codes: 0 done; 1 refused; 2 not understood; 3 no server, or not confirmed in time: the command is kept on "
    "this desk and sent when the client is next opened; 4 not allowed"
)


class Said(Exception):
    """Ends the program with a sentence for a person."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; answers the exit code."""
    logging.getLogger().addHandler(logging.NullHandler())  # nothing may write across the screen
    asked = _understood(arguments)
    try:
        return int(asked.run(asked))
    except Said as said:
        complain(str(said))
        return USAGE
    except comings.Stopped as stopped:
        complain(str(stopped))
        return stopped.code
    except TrustError as error:
        complain(str(error))
        return USAGE
    except ConfigError as error:
        complain(str(error))
        return USAGE
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # whoever read us has gone, which is how `tail | head` ends; nothing may be written at the end either
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _understood(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The arguments, with the words of `do` told apart: its line alone, or the address before it."""
    parser = _parser()
    asked, more = parser.parse_known_args(arguments)
    words: list[str] | None = getattr(asked, "words", None)
    if words is not None:
        # argparse gives the second word back as unknown when options stand between the two
        while more and len(words) < 2 and not more[0].startswith("-"):
            words.append(more.pop(0))
        more = words[2:] + more
        asked.url, asked.line = (words[0], words[1]) if len(words) > 1 else (None, words[0])
    if more:
        parser.error(f"unrecognized arguments: {' '.join(more)}")
    return asked


def _parser() -> PlainParser:
    parser = PlainParser(prog="incident-tui", description=about, epilog=EXITS)
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    common = _common()
    known = f"the server; left out: {URL}, else the one that connect reached from this folder"

    made = commands.add_parser("connect", parents=[common], help="open the screen", epilog=EXITS)
    made.add_argument("url", metavar="URL", nargs="?", help=f"{known}, or the only one enrolled with")
    _looks(made)
    made.set_defaults(run=_connect)

    comings.add_words(commands)
    glass = commands.choices["break-glass"]
    _looks(glass)
    glass.set_defaults(run=_break_glass, config=None, incident="", seat=None, token=None, token_file=None)

    made = commands.add_parser(
        "tail", parents=[common], help="print the log as it grows; leaves no receipts", epilog=EXITS
    )
    made.add_argument("url", metavar="URL", nargs="?", help=known)
    made.add_argument("--json", action="store_true", help="one JSON object a line")
    made.add_argument("--lines", type=int, default=20, metavar="N", help="begin with the last N lines (20)")
    made.set_defaults(run=_tail)

    made = commands.add_parser("state", parents=[common], help="print the picture once", epilog=EXITS)
    made.add_argument("url", metavar="URL", nargs="?", help=known)
    made.add_argument("--json", action="store_true", help="one JSON object")
    made.set_defaults(run=_state)

    _report_parser(commands, common, known)
    _bring_parser(commands, common, known)

    made = commands.add_parser("do", parents=[common], help="do what one command line says", epilog=EXITS)
    made.usage = "incident-tui do [options] [URL] 'COMMAND LINE'"
    made.add_argument(
        "words",
        metavar="WORD",
        nargs="+",
        help=f"the command line as one word, such as 's A101 scn' or 'log bus requested'; before it {known}",
    )
    made.add_argument(
        "--yes",
        action="store_true",
        help="the second key that declare, stand down, release and the lead ask for",
    )
    made.set_defaults(run=_do)
    return parser


def _looks(made: argparse.ArgumentParser) -> None:
    """How the screen is opened."""
    made.add_argument("--theme", help="dark, light, high-contrast ..., instead of that in the settings")
    made.add_argument("--keymap", help="default, vim or function-keys, instead of that in the settings")
    made.add_argument("--ascii", action="store_true", help="signs of plain ASCII only")
    made.add_argument("--first-run", action="store_true", help="a line that names the next useful key")


def _report_parser(commands: Any, common: PlainParser, known: str) -> None:
    made = commands.add_parser(
        "report",
        parents=[common],
        help="print the board, the log, a sitrep, a blank form or the map",
        epilog=EXITS,
    )
    made.add_argument(
        "what",
        metavar="WHAT",
        choices=("picture", "log", "sitrep", "iimarch", "methane-form", "log-form", "map"),
        help="picture, log, sitrep, iimarch, methane-form, log-form or map",
    )
    made.add_argument("url", metavar="URL", nargs="?", help=known)
    made.add_argument(
        "--format",
        default="",
        choices=("text", "csv", "json", "geojson", "kml", "cap"),
        help="text, csv (log), json; the map is geojson, kml or cap",
    )
    made.add_argument("--out", type=Path, metavar="FILE", help="write it there; what is there is left alone")
    made.set_defaults(run=_report)


def _bring_parser(commands: Any, common: PlainParser, known: str) -> None:
    made = commands.add_parser(
        "import-features",
        parents=[common],
        help="propose what is drawn in a file (GeoJSON, KML)",
        epilog=EXITS,
    )
    made.add_argument("file", metavar="FILE")
    made.add_argument("url", metavar="URL", nargs="?", help=known)
    made.add_argument("--kind", default="", help="what those are that do not say, such as outer_cordon")
    made.add_argument("--scheme", default="", help="the scheme of zones: plato, cbrn, fire or other")
    made.add_argument("--yes", action="store_true", help="propose them; else they are only shown")
    made.set_defaults(run=_bring)


def _common() -> PlainParser:
    common = PlainParser(add_help=False)
    tokens = common.add_mutually_exclusive_group()
    tokens.add_argument(
        "--token-file", type=Path, metavar="FILE", help="a file that holds the token and nothing else"
    )
    tokens.add_argument(
        "--token", help=f"the token itself; others may see it in the list of programs. Or: {TOKEN}"
    )
    common.add_argument(
        "--incident", default="", metavar="X", help="which one: its number, or words of its title"
    )
    common.add_argument(
        "--home", type=Path, metavar="DIR", help=f"where this desk keeps its copy. Or: {HOME}"
    )
    common.add_argument(
        "--seat",
        type=int,
        choices=range(1, SEATS_MAX + 1),
        metavar="N",
        help="the seat to take, if it is free (1)",
    )
    common.add_argument(
        "--agency",
        default="",
        metavar="X",
        help="whose desk, where several share a folder: the one connect last opened",
    )
    common.add_argument(
        "--config",
        type=Path,
        metavar="DIR",
        help="look for client.yaml, areas.geojson, speeds.yaml and gazetteer.yaml here first",
    )
    common.add_argument(
        "--timeout", type=float, default=10.0, metavar="SECONDS", help="how long to wait (10)"
    )
    return common


def _connect(asked: argparse.Namespace) -> int:
    settings = _settings(asked)
    return _screen(_session(asked, screen=True), settings)


def _break_glass(asked: argparse.Namespace) -> int:
    from incident_tui.session import Session

    settings = _settings(asked)
    sitting = comings.broken_glass(asked, idle_minutes=settings.idle_minutes)
    home = home_folder(asked.home)
    session = Session(sitting.ring.badge.url, "", home=home, sitting=sitting, clock=sitting.clock)
    return _screen(session, settings)


def _settings(asked: argparse.Namespace) -> Settings:
    """How the screen is to look; and that there is a terminal for it at all."""
    from incident_tui.settings import read_settings, shipped

    settings = read_settings(asked.config)
    for name, folder in (("theme", "themes"), ("keymap", "keymaps")):
        wanted, known = getattr(asked, name), shipped(folder)
        if wanted is not None and wanted not in known:
            raise Said(f"There is no {name} of that name. There are: {', '.join(known)}.")
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise Said("The screen needs a terminal. Without one there are tail, state and do.")
    return replace(
        settings,
        theme=asked.theme or settings.theme,
        keymap=asked.keymap or settings.keymap,
        ascii="always" if asked.ascii else settings.ascii,
        first_run=asked.first_run,
    )


def _screen(session: Session, settings: Settings) -> int:
    from incident_tui import typed_bytes
    from incident_tui.app import run_app

    typed_bytes.forgive()
    code: int = run_app(session, settings)
    return code


def _tail(asked: argparse.Namespace) -> int:
    from incident_tui import headless

    session = _session(asked, observer=True, copy=False)
    return asyncio.run(
        headless.tail(
            session,
            json=asked.json,
            lines=max(0, asked.lines),
            seconds=asked.timeout,
            put=headless.put,
            complain=headless.complain,
        )
    )


def _state(asked: argparse.Namespace) -> int:
    from incident_tui import headless

    session = _session(asked, observer=True)
    return asyncio.run(
        headless.state(
            session, json=asked.json, seconds=asked.timeout, put=headless.put, complain=headless.complain
        )
    )


def _report(asked: argparse.Namespace) -> int:
    from incident_tui import headless

    words = f"{asked.what} {asked.format}".strip()
    session = _session(asked, observer=True)
    return asyncio.run(
        headless.report(
            session,
            words,
            out=asked.out,
            seconds=asked.timeout,
            put=headless.put,
            complain=headless.complain,
        )
    )


def _bring(asked: argparse.Namespace) -> int:
    from incident_tui import bringing, headless

    return asyncio.run(
        bringing.headless(
            _session(asked),
            asked.file,
            kind=asked.kind,
            scheme=asked.scheme,
            yes=asked.yes,
            seconds=asked.timeout,
            put=headless.put,
            complain=headless.complain,
        )
    )


def _do(asked: argparse.Namespace) -> int:
    from incident_tui import headless

    session = _session(asked)
    if session.sitting is not None and sys.stdin.isatty():
        session.sitting.somebody()
    return asyncio.run(
        headless.do(
            session,
            asked.line,
            yes=asked.yes,
            seconds=asked.timeout,
            put=headless.put,
            complain=headless.complain,
        )
    )


def _session(
    asked: argparse.Namespace,
    *,
    observer: bool = False,
    copy: bool = True,
    screen: bool = False,
) -> Session:
    """The session that the arguments describe. With `screen`, where it was let in is remembered."""
    from incident_tui.session import Session

    home = home_folder(asked.home)
    typed = asked.url or os.environ.get(URL, "").strip()
    last = _last(asked, home) if not typed else None
    typed = typed or (last.url if last is not None else "")
    if not typed and (only := comings.ring_of(home, "", asked.agency)) is not None:
        typed = only.badge.url
    if not typed:
        whose = f" for {asked.agency}" if asked.agency else ""
        raise Said(
            f"No server is known here yet{whose}: name its address, or set {URL}, or enrol this desk with "
            f"incident-tui enrol URL CODE{home_words(home)}."
        )
    try:
        url = server_url(typed)
    except ValueError as error:
        raise Said(str(error)) from None
    sitting, token = _sitting(asked, home, url, screen=screen, reads=observer), ""
    if sitting is None:
        token = _token(asked, home, lambda: _last(asked, home, url))
    where = None
    if screen:
        file = "" if asked.token_file is None else str(asked.token_file.expanduser().absolute())
        where = identity.Last(url, file)
    return Session(
        url,
        token,
        home=home,
        incident=asked.incident,
        seat=asked.seat,
        observer=observer,
        copy=copy,
        last=where,
        config=asked.config,
        sitting=sitting,
        clock=None if sitting is None else sitting.clock,
    )


def _sitting(asked: argparse.Namespace, home: Path, url: str, *, screen: bool, reads: bool) -> Sitting | None:
    """The sign-in of the enrolled desk that is meant; None when a token was named, or no desk is enrolled.

    What only ``reads`` goes on at a locked desk, and with settings that cannot be read.
    """
    if asked.token or asked.token_file or os.environ.get(TOKEN):
        return None
    ring = comings.ring_of(home, url, asked.agency)
    if ring is None:
        return None
    from incident_tui.clock import Clock
    from incident_tui.settings import DEFAULTS, read_settings
    from incident_tui.sitting import Sitting

    idle_minutes = (DEFAULTS if reads else read_settings(asked.config)).idle_minutes
    sitting = Sitting(ring, Clock(), idle_minutes=idle_minutes, watched=screen)
    good = sitting.resume()
    if screen and not (good and not sitting.locked):
        comings.let_in(sitting, comings.Asker(None))
    elif not good:
        raise Said(
            f"Nobody is signed in at {comings.who(ring)}. Sign in first: incident-tui sign-in {comings.host(ring)}"
            f"{home_words(home)}"
        )
    return sitting


def _last(asked: argparse.Namespace, home: Path, url: str = "") -> identity.Last | None:
    """The desk that is meant, of those whose screen was let in from this folder."""
    try:
        return identity.last(home, url, asked.agency)
    except identity.Several as several:
        raise Said(str(several)) from None


def _token(asked: argparse.Namespace, home: Path, remembered: Callable[[], identity.Last | None]) -> str:
    """The bearer token, from where it was said to be, else from the file that is remembered for this server."""
    token = str(asked.token or ("" if asked.token_file else os.environ.get(TOKEN)) or "").strip()
    file = asked.token_file
    if not token and file is None and (last := remembered()) is not None and last.token_file:
        file = Path(last.token_file)  # a token is shown only to the server that it was for
    if file is not None:
        token = _read(file)
    if not token:
        raise Said(
            "No desk is enrolled here for this server. Ask whoever runs it for a code, then: incident-tui enrol "
            f"URL CODE{home_words(home)}. For a token: name its file with --token-file, or set {TOKEN}."
        )
    if not token.isascii() or not token.isprintable() or " " in token:
        raise Said("That is no token: it has signs in it that no token has.")
    return token


def _read(path: Path) -> str:
    """What stands in a token's file."""
    try:
        with path.open("rb") as opened:
            return opened.read(TOKEN_BYTES_MAX).decode("utf-8", "replace").strip()
    except OSError as error:
        raise Said(f"The token file cannot be read: {(error.strerror or str(error)).lower()}.") from None


if __name__ == "__main__":
    sys.exit(main())
