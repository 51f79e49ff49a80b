"""The terminal client, wired together: session, table of actions, themes, room, and what happens when it breaks.

Nothing is decided here. ``run_app`` runs it in the terminal and answers the exit code; a traceback never reaches
the operator: it is written to a file, and one sentence says so.
"""

from __future__ import annotations

import asyncio
import gc
import os
import random
import sys
import traceback
from collections import deque
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path, PurePath
from typing import Any, Final

from textual.app import App, SystemCommand
from textual.events import Event, Key, MouseEvent, Paste
from textual.filter import LineFilter, Monochrome, NoColor
from textual.screen import Screen

from incident.kernel.board import Board
from incident.kernel.text import safe_text
from incident.state import INCIDENT
from incident_tui import keymaps, themes
from incident_tui.actions import Actions
from incident_tui.clock import iso_time
from incident_tui.hangup import GONE, watching
from incident_tui.printing import complain
from incident_tui.probe import probing
from incident_tui.screens.conflicts.screen import Notice, conflicts_board
from incident_tui.screens.incidents.listing import incidents_board
from incident_tui.screens.room.screen import Room
from incident_tui.screens.room.typeahead import TypeAhead
from incident_tui.seat import private_folder
from incident_tui.session import Session
from incident_tui.settings import Settings
from incident_tui.widgets.keyboard import use_keyboard
from incident_tui.widgets.last_door import AsciiLook, LastDoor

BROKEN: Final = 70
"""The exit code of a bug (EX_SOFTWARE)."""
NOTICES_MAX: Final = 500
RESTART_SECONDS: Final = (0.5, 1.0, 2.0, 5.0, 15.0)
SCREENS: Final = Path(__file__).parent / "screens"
TROUBLE_FILE: Final = "trouble.log"
TROUBLE_BYTES_MAX: Final = 1_000_000


def stylesheets() -> list[str | PurePath]:
    """The stylesheet beside each screen."""
    return [*sorted(SCREENS.glob("*/style.tcss"))]


class IncidentApp(App[int]):
    """The app of one session."""

    TITLE = "incident-tui"
    ENABLE_COMMAND_PALETTE = False
    ALLOW_SELECT = False
    ESCAPE_TO_MINIMIZE = False

    def __init__(self, session: Session, settings: Settings, trouble_file: Path | None = None) -> None:
        """``trouble_file`` is where a bug is written down; None keeps it in memory only (tests)."""
        super().__init__(css_path=stylesheets())
        self.session = session
        self.settings = settings
        self.trouble_file = trouble_file
        self.kept: deque[Notice] = deque(maxlen=NOTICES_MAX)
        self.boards: tuple[Board, ...] = (
            *INCIDENT.boards,
            incidents_board(lambda: session.incidents),
            conflicts_board(lambda: session.cards, lambda: tuple(self.kept)),
        )
        self.actions = Actions(self.boards, keymaps.load(settings.keymap))
        self._ascii = AsciiLook(enabled=ascii_wanted(settings.ascii, os.environ, sys.stdout.encoding))
        self._door = LastDoor()
        self._no_color = NoColor()
        self._told: set[str] = set()
        self.keys = TypeAhead(self, super().on_event, lambda: self.room.ready)
        self.room = Room(session, settings, self.actions, self.boards, self.kept)
        for name in themes.names():
            self.register_theme(themes.for_textual(themes.load(name)))
        self.theme = "mono" if self.no_color else settings.theme

    # -- life -----------------------------------------------------------------------------------------------

    def get_default_screen(self) -> Screen[Any]:
        """The room."""
        return self.room

    def on_mount(self) -> None:
        """The session runs beside the screen, and comes back when it falls."""
        for clash in self.actions.clashes():
            self.session.say("caution", f"Keys: {clash}")
        self.run_worker(self.typing(), name="keys", group="keys", exit_on_error=False)
        self.run_worker(self.supervise(), name="session", group="session", exit_on_error=False)

    async def supervise(self) -> None:
        """Keep the session running. A bug in it is told and written down, and it starts again a little later."""
        for attempt in range(1_000_000):
            try:
                await self.session.run()
            except asyncio.CancelledError:
                raise
            except Exception as error:  # noqa: BLE001 - whatever it is, the room stays open
                self.trouble(error, "the session")
            wait = RESTART_SECONDS[min(attempt, len(RESTART_SECONDS) - 1)]
            await asyncio.sleep(wait * random.uniform(0.8, 1.2))

    async def on_event(self, event: Event) -> None:
        """Keys wait for their turn; everything else is done as it comes."""
        if isinstance(event, Key | Paste | MouseEvent):
            self.room.locking.touched()
        if isinstance(event, MouseEvent) and self.room.proposing.mouse_comes(event):
            return
        if isinstance(event, Key | Paste) and not event.is_forwarded:
            self.room.proposing.key_comes()
            self.keys.put(event)
        else:
            await super().on_event(event)

    async def typing(self) -> None:
        """Do keys one at a time; a bug in one of them ends the app as it would anywhere."""
        try:
            await self.keys.run()
        except Exception as error:  # noqa: BLE001 - told as every other bug is
            self._handle_exception(error)

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Every painted segment goes through the ASCII look and the last door."""
        filters = [one for one in super().get_line_filters() if not isinstance(one, Monochrome)]
        if themes.load(self.theme).colourless:
            filters.append(self._no_color)
        if self._ascii.enabled:
            filters.append(self._ascii)
        return [*filters, self._door]

    @property
    def ascii_look(self) -> bool:
        """Signs of plain ASCII only."""
        return self._ascii.enabled

    @ascii_look.setter
    def ascii_look(self, wanted: bool) -> None:
        if wanted != self._ascii.enabled:
            self._ascii = AsciiLook(enabled=wanted)
            self.refresh_css(animate=False)
            self.screen.refresh(layout=True)

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """None: everything is in the one table."""
        return ()

    async def action_quit(self) -> None:
        """Ctrl+Q from anywhere: leave as ``:quit`` does."""
        self.room.words.act("app.quit", "")

    def action_help_quit(self) -> None:
        """Ctrl+C copies in a field and does nothing here: say how one leaves."""
        self.notify("Ctrl+Q leaves. What is not sent is kept.", markup=False)

    # -- when something breaks ------------------------------------------------------------------------------

    def trouble(self, error: Exception, where: str) -> None:
        """A bug somewhere that does not end the app: write it down, and say so once."""
        self._write_down(error, where)
        name = f"{where}: {type(error).__name__}"
        if name not in self._told:
            self._told.add(name)
            self.session.say(
                "alarm", f"Something here is broken ({name}). {self._where_written()} Nothing is lost."
            )

    def _handle_exception(self, error: Exception) -> None:
        """A bug that ends the app. Textual would print a traceback over the operator's screen; we do not."""
        self._return_code = BROKEN
        self._write_down(error, "the app")
        if self._exception is None:
            self._exception = error
            me: Any = self  # the type of this event is not told by Textual
            me._exception_event.set()  # noqa: SLF001 - as Textual does here itself
        self._close_messages_no_wait()

    def _print_error_renderables(self) -> None:
        """Nothing of Textual's own reaches the terminal after the end."""
        self._exit_renderables.clear()

    def _write_down(self, error: Exception, where: str) -> None:
        if self.trouble_file is None:
            return
        with suppress(OSError):
            private_folder(self.trouble_file.parent)
            full = self.trouble_file.exists() and self.trouble_file.stat().st_size > TROUBLE_BYTES_MAX
            how = os.O_WRONLY | os.O_CREAT | (os.O_TRUNC if full else os.O_APPEND)
            # for this user alone: the words of an error may quote what somebody wrote
            handle = os.open(self.trouble_file, how, 0o600)
            with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
                told = "".join(traceback.format_exception(error))
                file.write(f"{iso_time(self.session.now())} {where}\n{safe_text(told, lines=True)}")

    def _where_written(self) -> str:
        return f"It is written down in {self.trouble_file}." if self.trouble_file is not None else ""

    @property
    def last_words(self) -> str:
        """One sentence for the operator after a bug has ended the app; "" when none has."""
        if self._exception is None:
            return ""
        return (
            f"The client has stopped because of a bug. {self._where_written()} "
            "Everything you wrote is kept on this desk: start it again."
        )


def ascii_wanted(setting: str, environ: Any, encoding: str | None) -> bool:
    """Whether to keep to ASCII: asked for, or a terminal that is known to have nothing else."""
    if setting in ("always", "never"):
        return setting == "always"
    plain_encoding = encoding is not None and "utf" not in encoding.lower()
    return plain_encoding or environ.get("TERM") in ("linux", "dumb", "vt100", "vt220")


def _settle() -> None:
    """What was loaded stays: the garbage collector need not walk over it, nor come for every few painted lines.

    A line on the screen is some forty small objects, so it came hundreds of times a second under load, and a full
    round over everything stopped the screen for a tenth of a second.
    """
    gc.freeze()
    gc.set_threshold(5_000, 20, 20)


def run_app(session: Session, settings: Settings, trouble_file: Path | None = None) -> int:
    """Run the client in this terminal until the operator leaves; answers the exit code.

    ``trouble_file`` is where a bug is written down; left out, beside this desk's own copy.
    """
    trouble_file = trouble_file or session.home / TROUBLE_FILE
    app = IncidentApp(session, settings, trouble_file)
    use_keyboard()

    async def running() -> None:
        await session.open()
        _settle()
        preparing = asyncio.create_task(session.placer.prepare())
        try:
            with probing(), watching(lambda: app.exit(GONE, return_code=GONE)):
                await app.run_async()
        finally:
            preparing.cancel()
            await session.close()

    asyncio.run(running())
    if app.last_words:
        complain(app.last_words)
        return BROKEN
    return app.return_code or 0
