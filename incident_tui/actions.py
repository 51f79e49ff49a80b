"""The one table: what can be done, by which key, under which word, with what help.

Keys, footer, palette, ``?`` and the command line all read it, so they cannot disagree, and a verb that a slice
adds is in all of them at once. It holds the acts of the app itself and every verb of every board. It imports no
widgets: the headless mode uses the same words. The grammar of a command line is in ``grammar``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from incident.kernel.board import Board, Look, Verb
from incident_tui import keymaps
from incident_tui.grammar import Act, AppAct, build, parse, usage
from incident_tui.keymaps import Keymap

__all__ = [
    "APP",
    "FREQUENT",
    "HINTS_MAX",
    "Act",
    "Action",
    "Actions",
    "AppAct",
    "build",
    "key_words",
    "parse",
]

FREQUENT: Final = "mdltras"
"""The letters of the frequent acts: METHANE, declare, log, task, request aid, acknowledge, status. Each means the
same on every screen, so a board may use one only for its own form of the same thing (see ``SAME``)."""

SAME: Final[Mapping[str, tuple[str, ...]]] = {
    "m": ("methane",),
    "d": ("declare",),
    "l": ("log", "entry", "write"),
    "t": ("raise", "task"),
    "r": ("request", "aid"),
    "a": ("acknowledge", "accept", "agree", "answer"),
    "s": ("status",),
}
"""What a verb under a frequent letter may be called."""

COMPOSED: Final = "log"
"""The word of the verb that the composer does."""

HINTS_MAX: Final = 8
"""More keys than this are not read; the rest is in ``?``."""
ELSEWHERE_MAX: Final = 2
"""So many boards are named on which a key has a meaning; the rest is told as such."""

SHOWN: Final = {
    "enter": "enter", "escape": "esc", "pageup": "pgup", "pagedown": "pgdn", "space": "space", "up": "↑",
    "down": "↓", "left": "←", "right": "→",
}  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Action:
    """One thing that can be done.

    ``scope`` says where its keys hold: ``app`` everywhere but in a text field, ``list`` in any list, else the
    name of one board. ``words`` open its command line. ``verb`` and ``board`` are set when a slice offers it.
    """

    name: str
    title: str
    words: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    scope: str = "app"
    group: str = "Everywhere"
    help: str = ""
    example: str = ""
    board: Board | None = None
    verb: Verb | None = None


APP: Final[tuple[Action, ...]] = (
    Action(
        "go.picture", "Picture", group="Screens", help="Who has declared, units, boundaries, tasks, the log."
    ),
    Action("go.log", "Log", group="Screens", help="Every line of the incident, and the composer."),
    Action(
        "go.incidents", "Incidents", ("incidents",), group="Screens", help="Open one, or enter another.",
        example="incidents",
    ),
    Action(
        "go.refused", "Conflicts and notices", ("refused", "conflicts", "notices"), group="Screens",
        help="What the server said no to, what two agencies see differently, and every notice.", example="conflicts",
    ),
    Action("go.to", "Go to a screen", ("go",), group="Screens", help="By digit or name.", example="go 3"),
    Action(
        "app.incident", "Enter an incident", ("inc", "incident"), help="By its number, or words of its title.",
        example="inc 03",
    ),
    Action(
        "app.find", "Find a row anywhere", ("find",), help="Jumps to the first unit, task or place that fits.",
        example="find hart",
    ),
    Action("app.command", "Command line", help="Words instead of keys: s A101 scn."),
    Action("app.filter", "Filter", ("filter",), help="Words, or trust:LAS status:mobile.", example="filter hart"),
    Action("app.palette", "Palette", ("palette",), help="Every act and every row, by a few letters.",
           example="palette"),
    Action("app.compose", "Write in the log", help="The draft stays until it is written."),
    Action("app.acknowledge", "Acknowledge", ("ack",), help="What is under the cursor was sent to us: we have it.",
           example="ack"),
    Action("app.jump", "Jump", ("jump",), help="A letter at every tab, block and row; the letter goes there.",
           example="jump"),
    Action("app.next", "Next to acknowledge", ("next",), help="Goes to the next row that was sent to us.",
           example="next"),
    Action("app.unread", "Next unread line of our own", ("unread",), example="unread",
           help="A call, or what a colleague wrote in our own part of the log, that was not read at this desk."),
    Action("app.alarm", "Next alarm", ("alarm",), help="Goes to the alarms.", example="alarm"),
    Action("app.help", "Help", ("help", "keys"), help="The keys of this screen, and every word.", example="help"),
    Action("app.mute", "Mute the alarm bell", ("mute",), help="Asks why, for our log. Alarms are still shown.",
           example="mute testing the line with SCAS"),
    Action("app.unmute", "Let the alarm bell ring", ("unmute",), help="And writes it in our log.", example="unmute"),
    Action("app.theme", "Theme", ("theme",), help="The next one, or by name.", example="theme high-contrast"),
    Action("app.print", "Write to a file", ("print",), example="print log csv",
           help="The board and the end of the log, for paper; or log, sitrep, iimarch, methane-form, log-form, map."),
    Action("app.bring", "Propose what a file holds", ("import-features",), example="import-features cordon.kml",
           help="GeoJSON or KML: what is drawn in it is shown first, and then proposed."),
    Action("app.ascii", "ASCII look", ("ascii",), help="Signs of plain ASCII only, for terminals without others.",
           example="ascii"),
    Action("app.lock", "Lock, unlock, sign in", ("lock", "unlock"), example="lock",
           help="At an enrolled desk: the board stays readable, nothing is written before the password."),
    Action("app.glass", "Break the glass", ("break-glass",), example="break-glass",
           help="Two persons of this agency open the desk in a role for an hour; every party is alarmed."),
    Action("app.back", "Back", help="Out of a form, a filter or a detail; drafts are kept."),
    Action("app.quit", "Quit", ("quit", "q", "exit"), help="What is not sent is kept and sent next time.",
           example="quit"),
    Action("log.weight", "Machine lines too", ("machine",), scope="log", group="Log",
           help="The log opens on decisions and acts; this shows every line.", example="machine"),
    Action("log.older", "Older lines", ("older",), scope="log", group="Log", help="Fetches the page before.",
           example="older"),
    Action("casualties.hospitals", "Hospitals", scope="casualties", group="Casualties",
           help="Their room, and what is allocated to them.", example="places"),
    Action("map.other", "Between list and map", scope="boundaries", group="Map",
           help="Narrow: shows the one or the other."),
    Action("map.in", "Nearer", scope="boundaries", group="Map", help="About the crosshair, else the middle."),
    Action("map.out", "Farther", scope="boundaries", group="Map", help="About the crosshair, else the middle."),
    Action("map.all", "Everything of the incident", scope="boundaries", group="Map",
           help="Once more: every trust's area."),
    Action("map.fit", "The row on the map", scope="boundaries", group="Map", help="As large as fits."),
    Action("map.follow", "Follow the row", scope="boundaries", group="Map", help="It stays in the middle."),
    Action("map.look", "Crosshair", scope="boundaries", group="Map",
           help="Says where it is: grid reference, latitude and longitude, whose area, how far the next."),
    Action("map.goto", "Go to a place", ("goto",), scope="boundaries", group="Map", example="goto TQ 0402 7829",
           help="A grid reference, latitude,longitude, or a name in the list."),
    Action("map.cordon", "Draw a cordon", scope="boundaries", group="Map",
           help="Type a radius and Enter, or set corners with Enter and c closes it; then its form."),
    Action("map.measure", "Measure", ("measure",), scope="boundaries", group="Map", example="measure the scene; RVP B",
           help="Distance and bearing to the crosshair; typed, from each place to the next, and through whose areas."),
    Action("map.identify", "What is here", scope="boundaries", group="Map",
           help="Everything under the crosshair."),
    Action("map.layers", "Layers", scope="boundaries", group="Map", help="Then a digit shows or hides one."),
    Action("map.legend", "Legend", scope="boundaries", group="Map", help="What lines and hatches mean."),
    Action("map.signs", "Signs of the map", scope="boundaries", group="Map",
           help="Braille, half blocks for typefaces without it, plain ASCII."),
    Action("map.nearest", "Nearest units, hospitals", ("nearest",), scope="boundaries", group="Map",
           example="nearest hart", help="Across borders, with minutes as a range: hart, hospital, hospital p1, usar."),
    Action("map.up", "Move the map up", scope="map", group="Map", help="With the crosshair, that."),
    Action("map.down", "Move the map down", scope="map", group="Map", help="With the crosshair, that."),
    Action("map.left", "Move the map left", scope="map", group="Map", help="With the crosshair, that."),
    Action("map.right", "Move the map right", scope="map", group="Map", help="With the crosshair, that."),
    Action("map.up-half", "Half a screen up", scope="map", group="Map", help="With the crosshair, a quarter."),
    Action("map.down-half", "Half a screen down", scope="map", group="Map", help="With the crosshair, a quarter."),
    Action("map.left-half", "Half a screen left", scope="map", group="Map", help="With the crosshair, a quarter."),
    Action("map.right-half", "Half a screen right", scope="map", group="Map", help="With the crosshair, a quarter."),
    Action("map.enter", "To its row in the list", scope="map", group="Map",
           help="Of several, the next; once there, its detail. While drawing: a corner."),
    Action("map.undo", "Take back a corner", scope="map", group="Map", help="The last one that was set."),
    Action("list.up", "Up", scope="list", group="Lists"),
    Action("list.down", "Down", scope="list", group="Lists"),
    Action("list.page_up", "Page up", scope="list", group="Lists"),
    Action("list.page_down", "Page down", scope="list", group="Lists"),
    Action("list.half_up", "Half a page up", scope="list", group="Lists"),
    Action("list.half_down", "Half a page down", scope="list", group="Lists"),
    Action("list.top", "First row", scope="list", group="Lists"),
    Action("list.bottom", "Last row", scope="list", group="Lists"),
    Action("list.enter", "Open the row", scope="list", group="Lists"),
    Action("list.select", "Select the row", scope="list", group="Lists",
           help="What is done next is done to all that are selected."),
    Action("list.settle", "Put rows in order", scope="list", group="Lists",
           help="Rows never move under the cursor; this moves them now."),
    Action("list.sort", "Order by the next column", scope="list", group="Lists"),
    Action("list.reverse", "Turn the order round", scope="list", group="Lists"),
)  # fmt: skip


def key_words(key: str) -> str:
    """A key as it is shown: ctrl+q, F1, esc, ?."""
    *held, last = key.split("+") if len(key) > 1 else [key]
    word = SHOWN.get(last, last.upper() if len(last) > 1 and last[0] == "f" and last[1:].isdigit() else last)
    return "+".join((*held, word))


class Actions:
    """The table for the boards of one client and one keymap."""

    def __init__(self, boards: Sequence[Board], keymap: Keymap | None = None) -> None:
        self.boards = tuple(boards)
        self.keymap = keymap or keymaps.load("default")
        self.all: tuple[Action, ...] = tuple(self._everything())
        self.by_name: dict[str, Action] = {action.name: action for action in self.all}
        self._keys: dict[tuple[str, str], Action] = {}
        self._frequent: dict[str, Action] = {}
        for action in self.all:
            for key in action.keys:
                self._keys.setdefault((action.scope, key), action)
                if action.verb is not None and key in FREQUENT:
                    self._frequent.setdefault(key, action)

    def _everything(self) -> Iterable[Action]:
        keys = self.keymap.keys
        for action in APP:
            yield _with_keys(action, keys.get(action.name, ()))
        own = {action.name for action in APP}
        for board in self.boards:
            named = f"go.{board.name}"
            digit = (board.digit,) if board.digit else ()
            if named not in own:
                found = keys.get(named, digit)
                yield Action(named, board.title, (board.name,), found, "app", "Screens", example=board.name)
            for verb in board.verbs:
                yield _of_verb(board, verb, keys)

    # -- looking up -----------------------------------------------------------------------------------------

    def for_key(self, key: str, *scopes: str) -> Action | None:
        """What a key does where these scopes hold: the boards of the screen in front; none in a text field.

        The app's keys come first, then the board's own, then the frequent acts of other boards; a frequent letter
        is the board's own form of the act, if it has one.
        """
        own = next((self._keys[scope, key] for scope in scopes if (scope, key) in self._keys), None)
        if key in FREQUENT and own is not None:
            return own
        return self._keys.get(("app", key)) or own or (self._frequent.get(key) if any(scopes) else None)

    def elsewhere(self, key: str) -> str:
        """On which boards a key that does nothing here is an act, and its word; "" for none, and for the map's keys."""
        if key in self.moves():
            return ""
        found = [
            f'on {action.group} it is "{action.title}" (:{action.words[0]})'
            for action in self.all
            if action.verb is not None and action.words and key in action.keys
        ]
        more = "; and it is in use on other screens" if len(found) > ELSEWHERE_MAX else ""
        said = f"{'; '.join(found[:ELSEWHERE_MAX])}{more}"
        return f"{key_words(key)} does nothing here; {said}." if found else ""

    def moves(self) -> dict[str, str]:
        """Movement in lists: key -> movement."""
        movements = (action for action in self.all if action.scope == "list")
        return {key: action.name.removeprefix("list.") for action in movements for key in action.keys}

    def keys_of(self, name: str) -> tuple[str, ...]:
        """The keys of an act, by its name."""
        action = self.by_name.get(name)
        return () if action is None else action.keys

    def key_of(self, board: Board, verb: Verb) -> str:
        """The key that asks for everything a verb needs, as it is shown; "" when there is none."""
        action = self.by_name.get(f"{board.name}.{verb.name}")
        keys = () if action is None else action.keys
        return key_words(keys[0]) if keys else ""

    def verbs(self, board: str) -> tuple[Action, ...]:
        """The verbs of a board, in its own order."""
        return tuple(action for action in self.all if action.verb is not None and action.scope == board)

    def hints(self, board: str, row: Any, look: Look | None, most: int = HINTS_MAX) -> list[Action]:
        """What the footer shows: what can be done to this row, the frequent acts, and the ways to everything."""
        ways = [self.by_name[name] for name in ("app.command", "app.filter", "app.help")]
        found: list[Action] = []
        if look is not None:
            here = [action for action in self.verbs(board) if action.keys and applies(action, row, look)]
            frequent = [a for letter in FREQUENT if (a := self._frequent.get(letter)) is not None]
            with_row = [action for action in here if action.verb is not None and action.verb.row]
            found = [
                *with_row[:4],
                self.by_name["app.compose"],
                *(a for a in frequent if a.verb and not a.verb.row),
            ]
            found += [action for action in here if action not in found]
        return [*dict.fromkeys(found)][: most - len(ways)] + ways if found else ways

    def due_first(self, found: Sequence[Action], board: str, *, due: bool) -> list[Action]:
        """``due``: the row waits for our acknowledgement, so the key that gives it stands before all others."""
        key = next(iter(self.keys_of("app.acknowledge")), "")
        does = self.for_key(key, board) if key and due else None
        if does is None:
            return list(found)
        return [does, *(action for action in found if action is not does)]

    # -- checking -------------------------------------------------------------------------------------------

    def clashes(self) -> tuple[str, ...]:
        """Sentences about keys and words that mean two things where they could be meant; empty when all is well."""
        return (*self._key_clashes(), *self._word_clashes(), *self._strange_letters(), *self._unknown_names())

    def _key_clashes(self) -> Iterable[str]:
        taken: dict[tuple[str, str], Action] = {}
        lists = {key: action for action in self.all if action.scope == "list" for key in action.keys}
        app = {key: action for action in self.all if action.scope == "app" for key in action.keys}
        for action in self.all:
            for key in action.keys:
                other = taken.setdefault((action.scope, key), action)
                if other is action and action.scope not in ("app", "list"):
                    # Where the map has the keys no list has them: arrows and Enter mean the map's own.
                    listed = None if action.scope == "map" else lists.get(key)
                    other = (None if key in FREQUENT else app.get(key)) or listed or action
                elif other is action and action.scope == "list":
                    other = app.get(key, action)
                if other is not action:
                    yield f"{key_words(key)} is {other.name} and {action.name}."

    def _word_clashes(self) -> Iterable[str]:
        taken: dict[str, Action] = {}
        for action in self.all:
            for word in action.words:
                other = taken.setdefault(word, action)
                # The row that is named tells two verbs of different boards apart.
                apart = (
                    action.verb
                    and other.verb
                    and action.verb.row
                    and other.verb.row
                    and action.scope != other.scope
                )
                # Alone the word goes to the screen, with answers behind it is the verb's.
                own = action.verb and action.board and action.board.name == word == other.name[3:]
                if other is not action and not apart and not own:
                    yield f"The word {word} is {other.name} and {action.name}."

    def _strange_letters(self) -> Iterable[str]:
        for action in self.all:
            for key in action.keys:
                if action.verb is None or key not in FREQUENT:
                    continue
                said = f"{action.verb.name} {action.verb.word} {action.verb.title}".lower()
                if not any(word in said for word in SAME[key]):
                    yield f"{key} is kept for {SAME[key][0]} on every screen, and {action.name} has taken it."

    def _unknown_names(self) -> Iterable[str]:
        for name in self.keymap.keys:
            if name not in self.by_name and name.partition(".")[0] in ("app", "list", "log", "map"):
                yield f"The keymap {self.keymap.name} names {name}, and there is no such act."


def applies(action: Action, row: Any, look: Look) -> bool:
    """Whether an act makes sense for this row now; acts of the app always do."""
    verb = action.verb
    if verb is None or (row is None and not verb.row):
        return verb is None or bool(verb.applies(None, look))
    if row is None:
        return False
    return bool(verb.applies(row, look)) if verb.row else bool(verb.applies(None, look))


def _with_keys(action: Action, keys: tuple[str, ...]) -> Action:
    return Action(
        action.name, action.title, action.words, keys, action.scope, action.group, action.help, action.example
    )


def _of_verb(board: Board, verb: Verb, keys: Mapping[str, tuple[str, ...]]) -> Action:
    name = f"{board.name}.{verb.name}"
    # The composer is the form of this verb that is always open, so its key goes there.
    own = (verb.key,) if verb.key and verb.word != COMPOSED else ()
    return Action(
        name,
        verb.title,
        tuple(word for word in (verb.word, *verb.aliases) if word),
        keys.get(name, own),
        board.name,
        board.title,
        verb.help,
        verb.example or usage(board, verb),
        board,
        verb,
    )
