"""The room: what stands on every screen, the pump that keeps it true, and where keys go.

Status lines, tabs, foot and the lines to type in are here once; the places take turns in the middle. The pump
looks at ``session.version`` some eighteen times a second: nothing changed, nothing done.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any, Final

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.geometry import Size

from incident.kernel.board import Look
from incident_tui.actions import Actions
from incident_tui.screens.board.screen import BoardPlace
from incident_tui.screens.conflicts.screen import Notice
from incident_tui.screens.help.screen import HelpPlace
from incident_tui.screens.incidents.screen import IncidentsPlace
from incident_tui.screens.log.screen import LogPlace
from incident_tui.screens.palette.screen import Palette
from incident_tui.screens.picture.blocks import LOOKED_THROUGH, log_view
from incident_tui.screens.picture.screen import PicturePlace
from incident_tui.screens.place import Place, Seen
from incident_tui.screens.room.calls import LOOKED_AT, Calls
from incident_tui.screens.room.doing import Deed, Doing
from incident_tui.screens.room.foot import SMALL_HEIGHT, SMALL_WIDTH, TOO_SMALL
from incident_tui.screens.room.jump import Jump
from incident_tui.screens.room.keeping import Keeping
from incident_tui.screens.room.keyed import Keyed
from incident_tui.screens.room.kinds import KINDS
from incident_tui.screens.room.locking import Locking
from incident_tui.screens.room.pace import Pace
from incident_tui.screens.room.proposing import Proposing
from incident_tui.screens.room.sight import ALARMS, Sight
from incident_tui.screens.room.telling import (
    Counts,
    alarms_of,
    held_of,
    marks_of,
    stale_words,
    standing_of,
    tabs_of,
    wire_of,
)
from incident_tui.screens.room.voice import Voice, heard_of
from incident_tui.screens.room.words import Words
from incident_tui.session import Session
from incident_tui.settings import Settings
from incident_tui.widgets.command_line import CommandLine
from incident_tui.widgets.composer import Composer
from incident_tui.widgets.confirm import Confirm
from incident_tui.widgets.filter import FilterLine
from incident_tui.widgets.footer import FooterLine
from incident_tui.widgets.form import Form
from incident_tui.widgets.lines import Lines
from incident_tui.widgets.paint import Span
from incident_tui.widgets.prompt import Line, Prompt
from incident_tui.widgets.quick import QuickBar
from incident_tui.widgets.status import StatusLines
from incident_tui.widgets.table import VirtualTable
from incident_tui.widgets.tabs import TabLine

NARROW, WALL, LOW = 100, 160, 30
COUNT_SECONDS: Final = 0.5
"""Counts look at whole boards, so they are made anew twice a second at most."""
COMPOSED: Final = frozenset({"picture", "log"})
"""Places that always show the composer."""


class Room(Keyed):
    """The one screen."""

    AUTO_FOCUS = None

    def __init__(
        self,
        session: Session,
        settings: Settings,
        actions: Actions,
        boards: Sequence[Any],
        kept: deque[Notice],
    ) -> None:
        super().__init__(id="room")
        self.session = session
        self.settings = settings
        self.actions = actions
        self.voice = Voice(self, kept)
        self.doing = Doing(self)
        self.proposing = Proposing(self)
        self.words = Words(self)
        self.keeping = Keeping(self)
        self.locking = Locking(self)
        self.places: dict[str, Place] = {}
        by_name = {board.name: board for board in boards}
        self.places["picture"] = PicturePlace(by_name)
        for board in boards:
            self.places[board.name] = KINDS.get(board.name, BoardPlace)(board)
        self.places["log"] = LogPlace()
        self.places["help"] = HelpPlace()
        self._front = "picture"
        self._came_from = "picture"
        self._version = -1
        self._second = -1
        self._pace, self._busy = Pace(), False
        self._form: Form | None = None
        self._count_due = False
        self._tail = Size(0, 0)
        self._counted = float("-inf")
        self.alarms: Mapping[str, int] = {}
        """How many alarms each board has."""
        self._unread = self._heard = 0
        self.sight = Sight(self)
        self.calls = Calls(lambda text: self.voice.notice("call", text))

    def compose(self) -> ComposeResult:
        """Top to bottom, as it stands on the screen."""
        yield StatusLines(id="status")
        yield TabLine(id="tabs")
        with Horizontal(id="body"):
            with Vertical(id="places"):
                yield from self.places.values()
            yield Vertical(id="side")
            yield Lines(id="tail")
        yield Lines(id="small")
        yield Lines(id="hint")
        yield Lines(id="said")
        yield Palette()
        yield Confirm(id="confirm")
        yield QuickBar(id="quick")
        yield Composer(id="composer")
        yield CommandLine(id="command")
        yield FilterLine(id="filter")
        yield Jump(self)
        yield FooterLine(id="footer")

    def on_mount(self) -> None:
        """Everything in its place, then the pump begins."""
        self.query_one("#small", Lines).show([(Span(TOO_SMALL, "caution"),)])
        self.query_one(Composer).put(self.session.draft("log"))
        self.keeping.restore()
        self.sight.hint()
        self.set_interval(1 / max(1, self.settings.pump), self.pump, name="pump")
        self.pump()

    def on_resize(self, event: events.Resize) -> None:
        """What fits decides what is shown."""
        width, height = event.size
        self.query_one(Jump).stop()
        self.set_class(width < NARROW, "-narrow")
        self.set_class(width >= WALL, "-wall")
        self.set_class(height < LOW, "-low")
        self.set_class(width < SMALL_WIDTH or height < SMALL_HEIGHT, "-small")
        self._version = -1
        self.fit(width)

    # -- the pump -------------------------------------------------------------------------------------------

    def pump(self) -> None:
        """One stroke. A bug in what is shown is told and written down; it never ends the room."""
        try:
            self._stroke()
        except Exception as error:  # noqa: BLE001 - the screen must outlive any one of its parts
            self.app.trouble(error, "the pump")  # type: ignore[attr-defined]

    def _stroke(self) -> None:
        self.voice.stroke()
        self.locking.stroke()
        self.proposing.stroke()
        second = self.session.now() // 1000
        tail_resized = self.query_one("#tail", Lines).size != self._tail
        changed = self.session.version != self._version or second != self._second or tail_resized
        if changed and not self._pace.due():
            return
        busy, self._busy = self._busy, changed
        old = time.monotonic() - self._counted >= COUNT_SECONDS
        if changed and busy and old and self._counted > 0:
            # Changes at every stroke: counts have one of their own, so that no key waits for both; the next one shows.
            self._busy = False
            self._count(self.seen())
            return
        if changed:
            if second != self._second:
                self.keeping.moment()
            self._version, self._second = self.session.version, second
            self.feed()
            self._pace.done()
        elif self._count_due and old:
            self.feed()
        self.front.tick()

    def feed(self) -> None:
        """Show this moment everywhere it is looked at; what is broken is told, and the rest is shown."""
        seen = self.seen()
        look = seen.look
        try:
            self.front.feed(seen)
        except Exception as error:  # noqa: BLE001 - one place that is broken must not take the frame with it
            self.app.trouble(error, self._front)  # type: ignore[attr-defined]
        self._count_due = time.monotonic() - self._counted < COUNT_SECONDS
        if not self._count_due:
            self._count(seen)
        standing = standing_of(look, self.session)
        wire = wire_of(
            look,
            self.session,
            self.alarms.get(ALARMS, 0),
            self._heard,
            self._unread,
            self.sight.keys(),
            self.voice.bell.muted,
            held_of(self.session, self.locking.key, look, demo=self.settings.first_run),
        )
        self.query_one(StatusLines).tell(standing, wire)
        self.foot(seen)
        self.query_one(Composer).shape(look)
        tail = self.query_one("#tail", Lines)
        if tail.size.width:
            self._tail = tail.size
            lines = self.session.log().last(LOOKED_THROUGH)
            view = log_view(lines, look, tail.size.width - 1, tail.size.height, wrapped=True, brief=True)
            tail.show([view.head, *(item.line for item in view.items)])

    def seen(self) -> Seen:
        """This moment."""
        look = self.session.look()
        wide = not self.has_class("-narrow") and not self.has_class("-small")
        marks, stale = marks_of(look, self.session), stale_words(self.session, look)
        wall, waiting = self.has_class("-wall"), self.sight.things
        return Seen(look, self.session, self.actions, marks, stale, wide, wall, waiting)

    def _count(self, seen: Seen) -> None:
        self._counted = time.monotonic()
        boards = self.actions.boards
        self.alarms = alarms_of(boards, seen.look)
        self._heard = heard_of(boards, seen.look)
        self._unread = self.sight.look(seen.look)
        self.voice.hear(seen.look)
        self.calls.hear(self.session.log().last_own(LOOKED_AT), seen.look.stream, self.session.now())
        filtered = frozenset(name for name, place in self.places.items() if place.filter_text)
        counts = Counts(self.alarms, self.sight.by_board(), filtered)
        tabs = tabs_of(boards, seen.look, self.session, counts, self._front)
        self.query_one(TabLine).tell(tabs, self._front)

    def recount(self) -> None:
        """Counts are made anew at the next stroke."""
        self._counted = float("-inf")
        self._version = -1

    def foot(self, seen: Seen | None = None) -> None:
        """The keys that make sense now."""
        keys = self.keys_of_a_line()
        if keys:
            self.query_one(FooterLine).tell_keys(keys, self._mode(self.session.look()))
            return
        look = self.session.look() if seen is None else seen.look
        found = self.front.row()
        hints = self.actions.hints(self.front.scope, None if found is None else found[1], look)
        hints = self.actions.due_first(hints, self.front.scope, due=self.sight.due)
        if self._front in ("help", "refused", "incidents"):
            back = self.actions.by_name["app.back"]
            hints = [*(a for a in self.actions.verbs(self.front.scope) if a.keys), *hints[-3:], back]
        self.query_one(FooterLine).tell(hints, self._mode(look), len(self.front.selected()))

    def _mode(self, look: Look) -> str:
        return str(look.state.organisation.mode) if look.state.organisation.opened else self.session.mode

    def say(self, sentence: str, tone: str = "caution") -> None:
        """Say one sentence above the foot; "" takes it away. The next key does, too."""
        self.voice.say(sentence, tone)

    # -- places ---------------------------------------------------------------------------------------------

    @property
    def front(self) -> Place:
        """The place that is shown."""
        return self.places[self._front]

    def go(self, place: str, key: str = "") -> bool:
        """Show a place, and put its cursor on a row; False when there is none of that name."""
        if place not in self.places:
            return False
        if self.form is not None and not self.locking.shut:
            self.doing.close_form()
        self.query_one(Jump).close()
        self.keeping.moment()
        if self._front not in (place, "help"):
            self._came_from = self._front
        if self._front != place:
            self.sight.leave()
        if place == "help":
            help_place = self.places["help"]
            if isinstance(help_place, HelpPlace):
                help_place.of(self.front.scope)
        self._front = place
        self.sight.tried(f"go.{place}")
        for name, one in self.places.items():
            one.display = name == place
        self.set_class(place in COMPOSED, "-composed")
        self.set_class(isinstance(self.front, BoardPlace) and self.front.tailed, "-tailed")
        self._counted = float("-inf")
        self.feed()
        if key and not self.front.go_to(key):
            self.say("That row is not here any more.")
        self.keeping.keep_filter()
        self.take_focus()
        self.keeping.keep_place(place)
        return True

    def go_back(self) -> None:
        """Escape: one step back, whatever there is to step back from."""
        if self.front.back():
            self.keeping.keep_filter()
            self.foot()
        elif self._front in ("help", "refused"):
            self.go(self._came_from)
        else:
            before = self.focused
            self.take_focus()
            if self.focused is before:
                self.sight.skip()

    def take_focus(self) -> None:
        """The keys go to the place in front; where there is no room for one, to the line that is all there is."""
        if self.has_class("-small") and not self.locking.shut:
            self.fit(self.size.width)
        else:
            self.front.take_focus()

    # -- form, quick line, second key -----------------------------------------------------------------------

    @property
    def form(self) -> Form | None:
        """The form that is open, or None."""
        return self._form

    @property
    def ready(self) -> bool:
        """Whether the next key would go where a person means it: a form that opens has the focus first."""
        jump = self.query_one_optional(Jump)
        if jump is None:  # the screen is being taken down
            return True
        if jump.due:
            return False
        if self.locking.shut or not self.is_current:
            return True
        if self._form is None:
            return self.front.settled
        return self._form.has_focus_within or self.has_class("-asking") or self.has_class("-small")

    def show_form(self, form: Form) -> None:
        """Put a form beside the list, or over it when it is narrow."""
        side = self.query_one("#side", Vertical)
        side.remove_children()
        side.mount(form)
        self._form = form
        self.set_class(form.wide, "-long")
        self.set_class(True, "-form")
        self.call_after_refresh(self.foot)

    def hide_form(self) -> None:
        """Take the form away; the keys go back to the place."""
        if self._form is not None:
            self._form.put_away()
        self.query_one("#side", Vertical).remove_children()
        self._form = None
        self.set_class(False, "-form")
        self.take_focus()
        self.call_after_refresh(self.foot)

    def ask_letter(
        self, title: str, subject: str, letters: Sequence[tuple[str, str]], known: Sequence[str], deed: Deed
    ) -> None:
        """Show the quick line."""
        self._ask("-quick")
        self.query_one(QuickBar).ask(title, subject, letters, known, deed)

    def ask_confirm(self, question: str, yes: str, deed: Deed, against: str = "") -> None:
        """Ask for the second key; what stands against it is read first."""
        self._ask("-confirm")
        self.query_one(Confirm).ask(question, yes, deed, against)

    def _ask(self, what: str) -> None:
        self.set_class(what == "-quick", "-quick")
        self.set_class(what == "-confirm", "-confirm")
        self.set_class(bool(what), "-asking")
        if not what:
            if self.form is not None and not self.has_class("-small"):
                self.form.focus_first()
            else:
                self.take_focus()

    def drop_question(self) -> None:
        """Whatever waits for one more key is not done."""
        if self.has_class("-asking"):
            self._ask("")

    @on(QuickBar.Picked)
    def _letter(self, event: QuickBar.Picked) -> None:
        self._ask("")
        self.doing.letter(event.letter, event.what)

    @on(QuickBar.Left)
    def _no_letter(self) -> None:
        self._ask("")

    @on(Confirm.Answered)
    def _confirmed(self, event: Confirm.Answered) -> None:
        self._ask("")
        if event.yes:
            self.doing.finish(event.what)
        else:
            self.say("Not done.", "dim")

    @on(Form.Sent)
    def _form_sent(self, event: Form.Sent) -> None:
        self.doing.sent(event.values)

    @on(Form.Written)
    def _form_written(self, event: Form.Written) -> None:
        self.doing.written(event.answers)

    @on(Form.Left)
    def _form_left(self) -> None:
        self.doing.close_form()

    # -- what the parts tell --------------------------------------------------------------------------------

    @on(Line.Pasted)
    def _pasted(self, event: Line.Pasted) -> None:
        self.say(event.sentence, "caution" if "left out" in event.sentence else "dim")

    @on(Prompt.Changed)
    def _typed(self, event: Prompt.Changed) -> None:
        if not isinstance(event, (Prompt.Entered, Prompt.Left)):
            self.words.changed(event.prompt, event.text)

    @on(Prompt.Entered)
    def _entered(self, event: Prompt.Entered) -> None:
        self.words.entered(event.prompt, event.text)

    @on(Prompt.Left)
    def _line_left(self, event: Prompt.Left) -> None:
        self.words.left(event.prompt)

    @on(Lines.Acted)
    def _clicked(self, event: Lines.Acted) -> None:
        action = self.actions.by_name.get(event.act)
        if action is not None:
            self.act(action)

    @on(Place.Opened)
    def _opened(self, event: Place.Opened) -> None:
        self.go(event.place, event.key)

    @on(Place.Asked)
    def _asked(self, event: Place.Asked) -> None:
        action = self.actions.by_name[event.action]
        if not self.locking.forbids(action):
            self.doing.fill(action, event.answers)

    @on(Place.Begun)
    def _begun(self, event: Place.Begun) -> None:
        self.words.begin_line(event.words)

    @on(IncidentsPlace.Chosen)
    def _chosen(self, event: IncidentsPlace.Chosen) -> None:
        self.words.enter(event.stream)

    @on(VirtualTable.Moved)
    def _row_moved(self, event: VirtualTable.Moved) -> None:
        if event.by_hand:
            self.sight.key_pressed()
            self.voice.did("")
        self.foot()

    @on(VirtualTable.Broken)
    def _broken(self, event: VirtualTable.Broken) -> None:
        self.app.trouble(event.error, event.where)  # type: ignore[attr-defined]

    @on(Palette.Picked)
    def _picked(self, event: Palette.Picked) -> None:
        self.words.close_line()
        hit = event.hit
        if hit.action is not None:
            self.act(hit.action)
        elif hit.board == "incidents":
            self.words.enter(hit.row)
        else:
            self.go(hit.board, hit.row)

    @on(Palette.Left)
    def _no_pick(self) -> None:
        self.words.close_line()
