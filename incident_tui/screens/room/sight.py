"""What has been before somebody's eyes, what was acknowledged, and what a newcomer has tried.

*Seen* is written only for rows that stood on the screen when a key was pressed here: a "seen" that nobody saw is
false evidence.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from incident.kernel.board import Look
from incident.kernel.slice import Refusal
from incident_tui.actions import applies, key_words
from incident_tui.screens.board.screen import BoardPlace
from incident_tui.screens.log.screen import LogPlace
from incident_tui.screens.room.elsewhere import Asking, Elsewhere, elsewhere
from incident_tui.screens.room.hints import Trail, next_hint, next_step
from incident_tui.screens.room.telling import to_answer
from incident_tui.screens.room.unread import LOOKED_AT, Unread
from incident_tui.widgets.lines import Lines
from incident_tui.widgets.paint import Span

if TYPE_CHECKING:
    from incident_tui.screens.room.screen import Room

SHOWN_AT: Final = {"organisation": "parties"}
"""The board where what is kept under another name is answered."""
LEAD_ANSWERS: Final = {"parties.accept-lead": "accepts the lead", "parties.decline-lead": "declines"}
JOINING: Final = {"parties.join": "joins"}
"""An offer of the lead, or an invitation, is answered, not acknowledged: these verbs, and what their keys do."""
ANSWERS: Final = ("agree", "accept", "decline")
"""The verbs of any board that answer what is asked there. What none of them applies to is acknowledged."""
INCIDENTS: Final = "incidents"
"""The list of incidents, where another one waits that asks us."""
ALARMS: Final = "alarms"
"""The board that every alarm stands on."""


def thing_of(subject: str) -> str:
    """The thing a subject is about: ``resources/LAS/A101@offer`` is about ``resources/LAS/A101``."""
    return subject.partition("@")[0]


def board_of(subject: str) -> str:
    """The board where a subject is answered."""
    name = subject.partition("/")[0]
    return SHOWN_AT.get(name, name)


class Sight:
    """The eyes of one room."""

    def __init__(self, room: Room) -> None:
        self.room = room
        self.waiting: frozenset[str] = frozenset()
        """Subjects addressed to our agency that nobody here has acknowledged yet."""
        self.things: frozenset[str] = frozenset()
        """The things they are about: ``board/key``."""
        self.elsewhere: tuple[Asking, ...] = ()
        """Other incidents that ask something of us."""
        self.places: tuple[tuple[str, str], ...] = ()
        """Where that is answered, board and row, in the order of the tabs: every count and every way is of these."""
        self._hear = Elsewhere(lambda text: room.voice.notice("call", text))
        self.unread = Unread()
        session = room.session
        self.trail = Trail(session.view_state("tried"), lambda text: session.keep_view_state("tried", text))

    def look(self, look: Look) -> int:
        """Take up what is asked of us now; answers in how many places something waits for an answer."""
        me = self.room.session.me
        lines = self.room.session.log().last_own(LOOKED_AT)
        self.unread.look(lines, look.stream, "" if me is None else me.name, look.now)
        self.waiting = to_answer(look)
        self.elsewhere = elsewhere(self.room.session.incidents, look)
        if look.stream:  # who is in none has the list before them, and is taken to the only one there is
            self._hear.hear(self.elsewhere, self._way_there())
        self.places = self._places(look)
        things = frozenset(thing_of(subject) for subject in self.waiting)
        if things != self.things:
            self.things = things
            self.room.recount()  # the place in front has been shown the ones before
        return len(self.places)

    def _way_there(self) -> str:
        keys = self.room.actions.keys_of("go.incidents")
        return f"{key_words(keys[0]) if keys else ':incidents'} lists it, and enter goes there."

    def _about(self, keys: tuple[str, ...]) -> list[str]:
        """What waits and is about these rows of the place in front."""
        things = {f"{self.room.front.scope}/{key}" for key in keys}
        return [subject for subject in self.waiting if thing_of(subject) in things]

    def key_pressed(self) -> None:
        """What is on the screen now has been before somebody's eyes."""
        front = self.room.front
        if isinstance(front, LogPlace) and front.table.key is not None:
            self.unread.read((front.table.key,))
        if self.waiting and not self.room.has_class("-small"):
            seen = self._about(self.room.front.in_sight())
            if seen:
                self.room.session.see(seen)

    @property
    def due(self) -> bool:
        """Whether the row under the cursor waits for our acknowledgement."""
        found = self.room.front.row()
        return found is not None and f"{self.room.front.scope}/{found[0]}" in self.things

    def acknowledge(self) -> None:
        """``a``: acknowledge what is under the cursor, or say where something waits for it."""
        subjects = self._about(self.room.front.chosen())
        if not subjects:
            where = sorted({board for board, _ in self.places})
            here = f"Nothing here waits to be acknowledged. Look at: {', '.join(where)}."
            self.room.say(here if where else "Nothing waits to be acknowledged.", "dim")
            return
        answer = self.room.session.acknowledge(subjects)
        if isinstance(answer, Refusal):
            self.room.say(answer.sentence)
        else:
            self.room.doing.did((answer,), "acknowledged")
        self.room.recount()

    # -- the ways to what waits -----------------------------------------------------------------------------

    def by_board(self) -> dict[str, int]:
        """How much of it stands on each board; at the log, what is unread in our own part."""
        return {
            **Counter(board for board, _ in self.places),
            "log": len(self.unread.keys),
        }

    def keys(self) -> tuple[str, str]:
        """The keys that lead to the next alarm and to the next thing that waits, as they are shown."""
        found = [self.room.actions.keys_of(name) for name in ("app.alarm", "app.next")]
        first, second = (key_words(keys[0]) if keys else "" for keys in found)
        return first, second

    def next(self) -> None:
        """``.``: to the next row that waits for our answer, in the order of the tabs, round and round."""
        look = self.room.session.look()
        self.look(look)
        if not self.places:
            self.room.say("Nothing waits to be acknowledged.", "dim")
            return
        place, row = self._after(self.places)
        self.room.go(place, row)
        answers = self._answers(place, row, look)
        ways = [f"{key_words(key)} {words}" for name, words in {**answers, "app.next": "is the next"}.items()
                for key in self.room.actions.keys_of(name)[:1]]  # fmt: skip
        self.room.say(f"{len(self.places)} to answer: {', '.join(ways)}.", "dim")

    def _answers(self, place: str, key: str, look: Look) -> Mapping[str, str]:
        """The acts that answer what waits in a row, and what the key of each does."""
        if place == INCIDENTS:
            return {"list.enter": "goes there"}
        if place == "parties":
            me = self.room.session.me
            return JOINING if me is not None and key == me.agency else LEAD_ANSWERS
        actions = self.room.actions
        board = next((board for board in actions.boards if board.name == place), None)
        row = None if board is None else board.rows(look).get(key)
        found = [actions.by_name.get(f"{place}.{verb}") for verb in ANSWERS]
        able = {
            action.name: f"{action.verb.name}s"
            for action in found
            if row is not None
            and action is not None
            and action.verb is not None
            and applies(action, row, look)
        }
        return able or {"app.acknowledge": "acknowledges"}

    def line(self) -> None:
        """``'``: to the oldest line of our own part of the log that is unread here."""
        keys = self.unread.keys
        if not keys:
            self.room.say("No line of our own part of the log is unread.", "dim")
            return
        self.unread.read(keys[:1])
        self.room.go("log", keys[0])
        more = len(keys) - 1
        way = next((key_words(key) for key in self.room.actions.keys_of("app.unread")), ":unread")
        self.room.say(
            f"{more} more unread: {way} leads on." if more else "That was the last one unread.", "dim"
        )

    def leave(self) -> None:
        """Somebody goes elsewhere: what stood there of the log is read, and what was selected is so no more."""
        front = self.room.front
        if isinstance(front, LogPlace):
            self.unread.read(front.in_sight())
        front.unselect()

    def alarm(self) -> None:
        """``,``: to the alarms, and from there on to the one below, round and round."""
        front = self.room.front
        if front.place != ALARMS:
            self.room.go(ALARMS)
        elif isinstance(front, BoardPlace) and len(front.table.roll):
            front.table.put((front.table.roll.line + 1) % len(front.table.roll))

    def _places(self, look: Look) -> tuple[tuple[str, str], ...]:
        """The rows that ask us, board by board; a board that has no row for what it asks stands there itself."""
        things = frozenset(map(thing_of, self.waiting)) | self._asking(look)
        named = {board_of(subject) for subject in self.waiting}
        found: list[tuple[str, str]] = []
        for board in sorted(self.room.actions.boards, key=lambda board: board.digit or "~"):
            if board.name in named and board.name in self.room.places:
                rows = [(board.name, key) for key in board.rows(look) if f"{board.name}/{key}" in things]
                found += rows or [(board.name, "")]
        return (*found, *((INCIDENTS, one.stream) for one in self.elsewhere))

    def _asking(self, look: Look) -> frozenset[str]:
        """Who asks us on Parties: who claims our lead or offers us theirs; our own row while we are invited."""
        state = look.state.organisation
        asked = {subject.partition("/")[2] for subject in self.waiting if board_of(subject) == "parties"}
        lead = {offer.to if offer.claim else state.lead for offer in state.lead_offers if offer.id in asked}
        # Several are invited by one act, and their invitations have one id: only our own asks us.
        me = self.room.session.me
        ours = None if me is None else state.parties.get(me.agency)
        invited = {ours.agency} if ours is not None and ours.invitation in asked else set()
        return frozenset(f"parties/{code}" for code in lead | invited)

    def _after(self, places: Sequence[tuple[str, str]]) -> tuple[str, str]:
        """The one behind where the cursor is; the first when it is on none."""
        found = self.room.front.row()
        here = (self.room.front.scope, "" if found is None else found[0])
        return places[(places.index(here) + 1) % len(places)] if here in places else places[0]

    # -- the first run --------------------------------------------------------------------------------------

    def tried(self, name: str) -> None:
        """An act was done, perhaps for the first time: the first-run line goes on."""
        if self.trail.add(name):
            self.hint()

    def skip(self) -> None:
        """Escape, with nothing else to step back from: the sentence of the first run goes on untried."""
        room = self.room
        step = next_step(self.trail.done, room.actions)
        if room.settings.first_run and step is not None and not room.proposing.words:
            self.tried(step.done)

    def hint(self) -> None:
        """The line above the foot: that a form waits to come up, else, on the first run, the next useful key."""
        room = self.room
        words = room.proposing.words
        if not words and room.settings.first_run:
            words = next_hint(self.trail.done, room.actions)
        line = [(Span(" ▸ ", "accent bold"), Span(words, "accent"))] if words else []
        room.query_one("#hint", Lines).show(line)
