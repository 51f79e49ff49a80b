"""What the app itself does: going somewhere, the lines at the foot, finding, themes, and what is kept of it all."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from incident.kernel.slice import Refusal
from incident_tui import bringing, papers, themes
from incident_tui.actions import Act
from incident_tui.feed import LogLine
from incident_tui.looking import named
from incident_tui.nearest import near, offer
from incident_tui.screens.boundaries.screen import BoundariesPlace
from incident_tui.screens.log.lines import lines_shown
from incident_tui.screens.log.screen import LogPlace
from incident_tui.screens.palette.screen import Palette, search, search_lines
from incident_tui.screens.room.doing import BEHALF, HAPPENED, Deed
from incident_tui.screens.room.jump import Jump
from incident_tui.screens.room.typed import Typed
from incident_tui.widgets.command_line import CommandLine
from incident_tui.widgets.composer import Composer, is_command, line_of
from incident_tui.widgets.filter import FilterLine
from incident_tui.widgets.prompt import Prompt

if TYPE_CHECKING:
    from incident_tui.screens.room.screen import Room

LINES: Final = ("-command", "-filter", "-palette")
"""The lines of which one at most is open."""
LOG_DRAFT: Final = "log"
ENTRY: Final = "decisions.log"
"""The verb that the composer does."""


class Words:
    """The acts of the app, by name."""

    def __init__(self, room: Room) -> None:
        self.room = room
        self._warned = False  # that leaving now would lose something
        self.typed = Typed(room)

    # -- acts -----------------------------------------------------------------------------------------------

    def act(self, name: str, value: str) -> None:
        """Do one act of the app, with what stood behind its word."""
        self.room.sight.tried(name)
        simple: dict[str, Callable[[], Any]] = {
            "app.command": lambda: self.open_line("-command", CommandLine),
            "app.palette": self.palette,
            "app.compose": self.compose,
            "app.jump": self.room.query_one(Jump).start,
            "app.acknowledge": self.room.sight.acknowledge,
            "app.next": self.room.sight.next,
            "app.unread": self.room.sight.line,
            "app.alarm": self.room.sight.alarm,
            "app.unmute": self.room.voice.unmute,
            "app.help": lambda: self.room.go("help"),
            "app.back": self.room.go_back,
            "app.lock": self.room.locking.ask,
            "app.glass": self.room.locking.glass,
            "app.quit": self.quit,
            "app.ascii": self.ascii,
            "log.weight": self.machine,
            "log.older": self.older,
            "casualties.hospitals": lambda: self.room.go("places"),
        }
        asking: dict[str, Callable[[str], Any]] = {
            "app.mute": self.room.voice.mute,
            "app.filter": self.filter,
            "app.find": self.find,
            "app.theme": self.theme,
            "app.print": self.print,
            "app.bring": self.bring,
            "app.incident": self.incident,
            "go.to": self.go_to,
        }
        if name in simple:
            simple[name]()
        elif name in asking:
            asking[name](value)
        elif name.startswith("go."):
            self.room.go(name.removeprefix("go."))
        elif name.startswith("map."):
            self.map(name.removeprefix("map."), value)

    def map(self, name: str, value: str) -> None:
        """An act of the map, which is gone to first."""
        place = self.room.places.get("boundaries")
        if isinstance(place, BoundariesPlace):
            if self.room.front is not place:
                self.room.go("boundaries")
            place.map_act(name, value)

    def quit(self) -> None:
        """Leave; once again asked for when the disk has not taken what was written, since it would be gone."""
        session = self.room.session
        if session.disk_trouble and session.unsent and not self._warned:
            self._warned = True
            self.room.say(
                f"{session.unsent} not sent, and the disk does not keep them: what you leave now may be lost. "
                f"Quit again to leave all the same. {session.disk_trouble}",
                "alarm",
            )
            return
        self.room.keeping.moment()
        self.room.app.exit()

    def go_to(self, where: str) -> None:
        """``go 3``, ``go tasks``: a screen by its digit or the beginning of its name."""
        wanted = where.strip().casefold()
        keys = {key: action.name for action in self.room.actions.all if action.name.startswith("go.")
                for key in action.keys}  # fmt: skip
        name = keys.get(wanted, "").removeprefix("go.")
        fitting = [place for place in self.room.places if wanted and place.startswith(wanted)]
        if not name and fitting:
            name = fitting[0]
        if not name or not self.room.go(name):
            names = [place for place in self.room.places if place != "help"]
            known, hint = ", ".join(names), offer(near(wanted, names))
            self.room.say(
                f"There is no screen {where}.{hint or f' There are: {known}.'}"
                if wanted
                else f"Say where: {known}."
            )

    def incident(self, wanted: str) -> None:
        """``inc 03``: enter an incident by its number or words of its title."""
        if not wanted.strip():
            self.room.go("incidents")
            return
        found = named(self.room.session.incidents, wanted.strip())
        if len(found) == 1:
            self.enter(found[0])
        else:
            many = f"{len(found)} incidents are called {wanted}."
            self.room.say(many if found else f"There is no incident {wanted}.")
            self.room.go("incidents")

    def enter(self, stream: str) -> None:
        """Look at this incident from now on."""
        session = self.room.session

        async def opening() -> None:
            with self._told("entering an incident"):
                await session.open_incident(stream)
                self.room.go("picture")

        self.room.run_worker(opening(), name="enter", group="enter", exclusive=True, exit_on_error=False)

    @contextmanager
    def _told(self, what: str) -> Iterator[None]:
        """A bug in what goes on beside the screen is told: silence would be taken for done."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 - whatever it is, the room stays open
            self.room.app.trouble(error, what)  # type: ignore[attr-defined]

    def find(self, wanted: str) -> None:
        """``find hart``: to the only row or line of the log that fits, else the palette with what was found."""
        look = self.room.session.look()
        hits = (
            [hit for hit in search(wanted, self.room.actions, look, None, "") if hit.row]
            if wanted.strip()
            else []
        )
        log = self.room.places["log"]
        machine = isinstance(log, LogPlace) and log.machine
        lines = lines_shown(self.room.session.log().lines, machine=machine)
        said = search_lines(wanted, lines, look) if wanted.strip() else []
        if len(hits) == 1 or (len(said) == 1 and not hits):
            hit = (hits or said)[0]
            self.room.go(hit.board, hit.row)
        elif hits or said:
            self.palette(lines)
            self.room.query_one(Palette).query_one(Prompt).put(wanted)
        else:
            self.room.say(f"Nothing is called {wanted}." if wanted.strip() else "Say what to find: find hart")

    def theme(self, wanted: str) -> None:
        """The theme of this name (or whose name begins so), else the next one."""
        known = themes.names()
        fitting = [name for name in known if wanted.strip() and name.startswith(wanted.strip().casefold())]
        if wanted.strip() and not fitting:
            hint = offer(near(wanted, known)) or f" There are: {', '.join(known)}."
            self.room.say(f"There is no theme {wanted.strip()}.{hint}")
            return
        now = self.room.app.theme
        after = known[(known.index(now) + 1) % len(known)] if now in known else known[0]
        self.room.keeping.kept.theme = self.room.app.theme = fitting[0] if fitting else after
        self.room.keeping.keep()
        self.room.say(f"Theme: {themes.load(self.room.app.theme).title}.", "dim")

    def print(self, what: str) -> None:
        """A paper into a file: the board, or what is named. It needs no line to the server."""

        async def printing() -> None:
            session = self.room.session
            with self._told("printing"):
                try:
                    name, text = papers.prepared(what, session)
                    path = await asyncio.to_thread(papers.write, session.papers, name, text)
                except papers.PaperError as error:
                    self.room.say(str(error))
                else:
                    self.room.say(f"Written: {path}", "good")

        self.room.run_worker(printing(), name="print", group="print", exit_on_error=False)

    def bring(self, file: str) -> None:
        """What a file holds, shown in a form before any of it is proposed."""

        async def reading() -> None:
            with self._told("reading a file"):
                try:
                    bundle = await asyncio.to_thread(bringing.read, file)
                except bringing.CannotBring as error:
                    self.room.say(str(error))
                else:
                    self.room.doing.bring(bundle, file)

        self.room.run_worker(reading(), name="bring", group="bring", exclusive=True, exit_on_error=False)

    def ascii(self) -> None:
        """Signs of plain ASCII only, or all of them again."""
        self.room.keeping.kept.ascii = self.room.app.ascii_look = not self.room.app.ascii_look  # type: ignore[attr-defined]
        self.room.keeping.keep()

    def machine(self) -> None:
        """The machine's own lines of the log, or without them."""
        log = self.room.places["log"]
        if isinstance(log, LogPlace):
            log.toggle_machine()
            self.room.keeping.kept.machine = log.machine
            self.room.keeping.keep()
            self.room.say(
                "Every line, the machine's too." if log.machine else "Decisions and acts only.", "dim"
            )

    def older(self) -> None:
        """Fetch the page before the first line that is here."""
        if not self.room.session.log().older():
            self.room.say("There is nothing older, or nobody can be asked now.", "dim")

    # -- the lines at the foot ------------------------------------------------------------------------------

    def open_line(self, which: str, kind: type[Prompt]) -> None:
        """Open one of the lines, and close the others."""
        for line in LINES:
            self.room.set_class(line == which, line)
        prompt = self.room.query_one(kind)
        if kind is CommandLine:
            prompt.put("")
            self.room.query_one(CommandLine).shape(self.room.actions)
        self.room.set_focus(prompt.field)  # at once: `focus()` would let the next key overtake it

    def begin_line(self, words: str) -> None:
        """Open the command line with its first words written, for what must still be said."""
        self.open_line("-command", CommandLine)
        line = self.room.query_one(CommandLine)
        line.put(words)
        line.shape(self.room.actions)

    def close_line(self) -> None:
        """Close whatever line is open; the keys go back to the place."""
        for line in (*LINES, "-composing"):
            self.room.set_class(False, line)
        self.room.voice.reads(())
        self.typed.asked_of = ""
        self.room.recount()
        self.room.take_focus()

    def palette(self, lines: Mapping[str, LogLine] | None = None) -> None:
        """Everything, by a few letters; or, of these lines of the log and of all rows, what is to be found."""
        for line in LINES:
            self.room.set_class(line == "-palette", line)
        front = self.room.front
        self.room.query_one(Palette).open(
            self.room.actions, self.room.session.look(), front.row(), front.scope, lines
        )

    def compose(self) -> None:
        """Write in the log, from wherever one is."""
        self.room.set_class(True, "-composing")
        composer = self.room.query_one(Composer)
        self.room.set_focus(composer.field)  # at once: the entry may follow the key in one breath
        composer.shape(self.room.session.look())
        self.room.foot()

    def filter(self, text: str) -> None:
        """Filter by this, or open the line to type it in."""
        front = self.room.front
        if front.filter_text is None:
            self.room.say("There is nothing to filter here.", "dim")
        elif text:
            self._narrow(text)
        else:
            self.open_line("-filter", FilterLine)
            line = self.room.query_one(FilterLine)
            line.put(front.filter_text or "")
            line.count(*front.counts())

    def _narrow(self, text: str) -> None:
        self.room.front.narrow(text)
        self.room.keeping.keep_filter()

    def changed(self, prompt: Prompt, text: str) -> None:
        """Something was typed into a line."""
        match prompt:
            case Composer():
                self.room.session.keep_draft(LOG_DRAFT, text)
                prompt.shape(self.room.session.look())
                self.room.voice.reads(self.typed.reading(line_of(text)) if is_command(text) else ())
            case CommandLine():
                prompt.shape(self.room.actions)
                self.room.voice.reads(self.typed.reading(text))
            case FilterLine() if self.room.has_class("-filter"):
                self._narrow(text)
                prompt.count(*self.room.front.counts())

    def left(self, prompt: Prompt) -> None:
        """Escape on a line."""
        if isinstance(prompt, FilterLine):
            prompt.put("")
            self._narrow("")
        elif isinstance(prompt, Composer) and is_command(prompt.text):
            self.written()  # a command that is not done is no draft of the log
            self.room.say("")
        self.close_line()

    def entered(self, prompt: Prompt, text: str) -> None:
        """Enter on a line."""
        match prompt:
            case Composer() if is_command(text):
                self.typed.command(line_of(text))
            case Composer():
                self.write(prompt)
            case CommandLine():
                self.typed.line(prompt, text)
            case _:
                self.close_line()

    # -- the log --------------------------------------------------------------------------------------------

    def write(self, composer: Composer) -> None:
        """Write what stands in the composer; the draft goes only when it is on its way to the disk."""
        look = self.room.session.look()
        entry = composer.shape(look)
        action = self.room.actions.by_name.get(ENTRY)
        if not entry.text or action is None:
            return
        if entry.problem:
            self.room.say(entry.problem)
            return
        if entry.late:
            happened = look.clock(entry.happened_at or look.now)
            answers = {"text": entry.text, HAPPENED: happened, BEHALF: entry.on_behalf_of}
            self.room.doing.open_form(Deed(action, composed=True), answers, focus="late_reason")
            return
        values = {"text": entry.text, "late_reason": ""}
        act = Act("decisions", "log", None, values, entry.happened_at, entry.on_behalf_of)
        answer = self.room.doing.submit(act)
        if isinstance(answer, Refusal):
            self.room.say(answer.sentence)
            return
        self.written()
        self.room.done(action)
        self.room.doing.did((answer,), entry.text)

    def written(self) -> None:
        """What stood in the composer is on its way to the disk: empty it, and forget the draft."""
        self.room.query_one(Composer).put("")
        self.room.session.keep_draft(LOG_DRAFT, "")
