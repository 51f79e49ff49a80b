"""From a key, a word or a click to a command: which row, which answers, one more key, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, TypeVar

import msgspec

from incident.interchange.features import Bundle
from incident.kernel.board import Arg, Board, Look
from incident.kernel.slice import Refusal
from incident.organisation.facts import GiveLocation, Open
from incident.values import read_clock, stop
from incident_tui import bringing
from incident_tui.actions import Act, Action, applies, build
from incident_tui.answers import choices_of, places_in
from incident_tui.screens.palette.screen import row_words
from incident_tui.screens.room.telling import LIVE
from incident_tui.widgets.filter import plural
from incident_tui.widgets.form import Form

if TYPE_CHECKING:
    from incident_tui.screens.room.screen import Room

WHICH: Final = "which-row"
HAPPENED: Final = "happened-at"
BEHALF: Final = "on-behalf"
ENVELOPE: Final = (
    Arg(HAPPENED, "Happened (14:05, or 5m ago; blank is now)", "time", required=False, limit=20),
    Arg(BEHALF, "On behalf of", "agency", required=False),
)
"""What can be said of an entry beside its words: when it happened, and for whom it is written."""
WRITERS: Final = frozenset({"log", "own-log", "decide", "own-decide"})
"""The verbs of the log, which ask for both."""
PROPOSAL: Final = "parties.tell"
"""The form that is put up when a place concerns others."""
LABELS_MAX: Final = 300
NEEDS_REASON: Final = "reason_needed"
"""The refusal of an act that lacks only its reason."""
LOOKED_AT: Final = 12
"""Lines at the end of the log among which the one that an act has made is looked for."""


Given = TypeVar("Given")


@dataclass(frozen=True, slots=True)
class Deed:
    """What is about to be done: a verb, to these rows, with these answers."""

    action: Action
    rows: tuple[str, ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict)
    happened_at: int | None = None
    on_behalf_of: str = ""
    passed: tuple[str, ...] = ()
    """Rows that were selected, too, and that it makes no sense for."""
    form: bool = False
    """It comes out of a form, whose draft ends when it is done."""
    known: Mapping[str, str] = field(default_factory=dict)
    """What its form was filled in with by the place in front: what was drawn or pointed at."""
    composed: bool = False
    """It was begun in the composer, which is emptied when it is done."""


class Doing:
    """The doer of one room."""

    def __init__(self, room: Room) -> None:
        self.room = room
        self.form_deed: Deed | None = None
        self._draft = ""
        self._brought: tuple[Board, ...] = ()

    @property
    def look(self) -> Look:
        """What is seen now."""
        return self.room.session.look()

    # -- beginning ------------------------------------------------------------------------------------------

    def start(self, action: Action, rows: Sequence[str] | None = None) -> None:
        """A verb's key was pressed: do it, or ask what is missing."""
        verb, board = action.verb, action.board
        if verb is None or board is None:
            return
        look = self.look
        if rows is None:
            rows = self.room.front.chosen() if self.room.front.scope == board.name else ()
        keys = tuple(rows) if verb.row else ()
        here = board.rows(look) if keys else {}
        able = tuple(key for key in keys if key in here and applies(action, here[key], look))
        # Of several, those it makes sense for; what was left out is said when it is done.
        keys = able or keys
        row = here.get(keys[0]) if keys else None
        if (row is not None or not verb.row) and not applies(action, row, look):
            what = row_words(board, row, look) if row is not None else ""
            self.room.say(verb.not_now(row if verb.row else None, look, what))
            return
        deed = Deed(action, keys, passed=tuple(key for key in rows if key not in keys) if verb.row else ())
        if verb.quick and (row is not None or not verb.row):
            self._ask_letter(deed, row, look)
        elif verb.args or (verb.row and row is None):
            known = self.room.front.answers(action)
            if known:
                self.fill(action, known, deed.rows)
            else:
                self.open_form(deed)
        else:
            self.go_on(deed)

    def _ask_letter(self, deed: Deed, row: Any, look: Look) -> None:
        """The quick line: letters whose answers make sense now."""
        verb, board = deed.action.verb, deed.action.board
        assert verb is not None and board is not None  # noqa: S101, PT018 - start() asked
        words: dict[str, str] = {}
        for arg in verb.args:
            for value, label in choices_of(arg, look, row):
                words[f"{arg.name}={value}"] = label
        letters = []
        for letter, answers in verb.quick.items():
            labels = [words.get(f"{name}={value}") for name, value in answers.items()]
            if all(labels):
                letters.append((letter, " ".join(label for label in labels if label)))
        subject = row_words(board, row, look).split("  ")[0] if row is not None else ""
        self.room.ask_letter(verb.title, several(deed) or subject, letters, tuple(verb.quick), deed)

    def letter(self, letter: str, deed: Deed) -> None:
        """A letter of the quick line, or "" for the whole form."""
        verb = deed.action.verb
        if verb is None:
            return
        if not letter:
            self.open_form(deed)
        else:
            self.go_on(replace(deed, values=dict(verb.quick[letter])))

    # -- forms ----------------------------------------------------------------------------------------------

    def open_form(self, deed: Deed, answers: Mapping[str, str] | None = None, focus: str = "") -> None:
        """Ask for everything; a draft of the same form is taken up again."""
        verb, board = deed.action.verb, deed.action.board
        if verb is None or board is None:
            return
        look = self.look
        rows = board.rows(look) if verb.row else {}
        row = rows.get(deed.rows[0]) if deed.rows else None
        args = list(verb.args)
        if verb.row and row is None:
            # What an answer would be without being asked is known of a row only.
            args = [_which(board, deed.action), *(replace(arg, default=None) for arg in args)]
        if verb.name in WRITERS:
            args += ENVELOPE
        self._draft = self._draft_name(deed)
        kept = {} if answers and not deed.known else _read_draft(self.room.session.draft(self._draft))
        if deed.known and any(kept.get(name, "") != text for name, text in deed.known.items()):
            kept = {}  # what was begun of another place
        begun = {name for name, text in kept.items() if deed.known.get(name) != text}
        draft = kept or dict(answers or {})
        subject = row_words(board, row, look) if row is not None else ""
        self.form_deed = deed
        if deed.action.name == PROPOSAL:
            self.room.proposing.done()
        self.room.show_form(
            Form(
                verb.title,
                several(deed) or subject,
                args,
                look,
                row,
                draft,
                help=verb.help,
                first=focus,
                kept=bool(begun),
                understand=self._understood,
            )
        )

    def bring(self, bundle: Bundle, file: str) -> None:
        """What was read from a file, in a form: sent, each thing in it is a proposal like any other."""
        standing = bringing.standing_of(bundle, self.look)
        board = bringing.board_of(bundle, file, standing)
        self._brought = (board,)
        action = Action("app.bring", board.title, board=board, verb=board.verbs[0])
        rows = tuple(board.rows(self.look))
        wanted = ",".join(key for key in rows if key not in standing)
        self.open_form(Deed(action, rows), {bringing.THINGS: wanted})  # no draft of another file

    def _understood(self, written: str, loosely: bool) -> Sequence[tuple[str, str]]:
        """How a place is understood while it is typed."""
        return self.room.session.placer.understood(written, self.look, loosely=loosely)

    def fill(self, action: Action, answers: Mapping[str, str], rows: Sequence[str] = ()) -> None:
        """The form of a verb with what is known filled in, and with what was begun of it for just that.

        It is a draft of its own: what was begun without the map neither comes into it nor goes.
        """
        self.open_form(Deed(action, tuple(rows), known=answers), answers)
        kept = _read_draft(self.room.session.draft(self._draft))
        if self.room.form is not None and any(kept.get(name, "") != text for name, text in answers.items()):
            self.written(answers)

    def _draft_name(self, deed: Deed) -> str:
        place = "/map" if deed.known else ""
        return f"form/{self.look.stream}/{deed.action.name}/{' '.join(deed.rows)}{place}"

    def written(self, answers: Mapping[str, str]) -> None:
        """Something was typed into the form: keep it."""
        kept = {name: text for name, text in answers.items() if text}
        self.room.session.keep_draft(self._draft, msgspec.json.encode(kept).decode() if kept else "")

    def sent(self, values: Mapping[str, Any]) -> None:
        """The form is filled in."""
        deed = self.form_deed
        if deed is None:
            return
        answers = dict(values)
        which = str(answers.pop(WHICH, ""))
        behalf = str(answers.pop(BEHALF, ""))
        happened = str(answers.pop(HAPPENED, ""))
        look = self.look
        at = read_clock(happened, look.now, look.offset_minutes) if happened else None
        wanted = tuple(answers.pop(bringing.THINGS, ()))
        rows = (which,) if which else wanted or deed.rows
        self.go_on(replace(deed, rows=rows, values=answers, happened_at=at, on_behalf_of=behalf, form=True))

    # -- doing ----------------------------------------------------------------------------------------------

    def go_on(self, deed: Deed) -> None:
        """All answers are there: ask for the second key where it is due, then do it."""
        verb, board = deed.action.verb, deed.action.board
        if verb is None or board is None:
            return
        if not verb.confirm:
            self.finish(deed)
            return
        look = self.look
        keys = deed.rows or (None,)
        tried = {key: self.preview(self._act(deed, key)) for key in keys}
        refused = {key: answer for key, answer in tried.items() if answer is not None}
        if len(refused) == len(keys):  # nobody is asked whether what is refused anyway should be done
            self._refused(deed, refused, 0)
            return
        rows = board.rows(look) if verb.row else {}
        names = ", ".join(
            row_words(board, rows[key], look).split("  ")[0] for key in deed.rows if key in rows
        )
        said = ", ".join(_answer_words(arg, deed.values, look, rows.get(deed.rows[0]) if deed.rows else None)
                         for arg in verb.args if arg.kind != "lines" and deed.values.get(arg.name))  # fmt: skip
        question = f"{stop(' · '.join(part for part in (verb.title, names, said) if part))}  {verb.help}"
        against = dict.fromkeys(
            sentence for key in keys for sentence in verb.against(rows.get(key or ""), deed.values, look)
        )
        yes = f"yes, {verb.title.split(',')[0].lower()}"
        self.room.ask_confirm(question.strip(), yes, deed, " ".join(against))

    def preview(self, act: Act) -> Refusal | None:
        """The no that is known before anything is sent: it cannot be written down, or a rule stands against it."""
        return self._built(act, self.room.session.preview)

    def _act(self, deed: Deed, key: str | None) -> Act:
        board, verb = deed.action.board, deed.action.verb
        assert board is not None and verb is not None  # noqa: S101, PT018 - who calls has asked
        return Act(board.name, verb.name, key, deed.values, deed.happened_at, deed.on_behalf_of)

    def finish(self, deed: Deed) -> None:
        """Submit it, once for each row; say what is refused at once."""
        board, verb = deed.action.board, deed.action.verb
        if board is None or verb is None:
            return
        answers: dict[str | None, Refusal | str] = {}
        for key in deed.rows or (None,):
            answers[key] = self.submit(self._act(deed, key))
        taken = {key: answer for key, answer in answers.items() if not isinstance(answer, Refusal)}
        # The ticks go with the act: the next one must not meet rows that nobody has in mind any more.
        if set(deed.rows) & set(self.room.front.selected()):
            self.room.front.unselect(keep=[key for key in answers if key is not None and key not in taken])
        if len(taken) < len(answers):
            self._refused(deed, answers, len(taken))
            return
        if not deed.form:
            self._warn_of_places(deed)
        if deed.composed:
            self.room.words.written()
        if deed.form or (self.form_deed is not None and not deed.composed):
            self.room.session.keep_draft(self._draft, "")
            self.close_form()
        if deed.known:
            self.room.front.taken(deed.known)
        self.room.done(deed.action, tuple(taken.values()))
        rows = board.rows(self.look) if deed.rows else {}
        names = [
            row_words(board, rows[key], self.look).split("  ")[0] for key in deed.rows[:1] if key in rows
        ]
        self.did(tuple(taken.values()), " ".join((verb.title, *names)), several(deed))
        if verb.command is Open:
            self.room.proposing.opened(self.look.stream)
        elif verb.command is GiveLocation:
            self.room.proposing.placed()

    def _warn_of_places(self, deed: Deed) -> None:
        """What a form says of a place while one types, a line says when it is done."""
        board, verb, look = deed.action.board, deed.action.verb, self.look
        if board is None or verb is None or not any(arg.kind == "location" for arg in verb.args):
            return
        row = board.rows(look).get(deed.rows[0]) if deed.rows else None
        session = self.room.session
        for written in places_in(verb, deed.values, look, row):
            for sentence in session.placer.warnings(written, look):
                session.say("caution", sentence)

    def did(self, ids: Sequence[str], words: str, many: str = "") -> None:
        """Say that it was done: as the log says it, else in these words."""
        lines = self.room.session.log().last(LOOKED_AT)
        ours = [line for line in lines if line.command_id in ids]
        # One command may do two things, as telling a trust and offering it the lead.
        said = "; ".join(line.text for line in ours[:2] if line.command_id == ours[0].command_id) or words
        live = str(self.room.session.link.word) == LIVE
        self.room.voice.did(f"{'sent' if live else 'kept'}{f', {many}' if many else ''}: {said}")

    def submit(self, act: Act) -> Refusal | str:
        """One act as a command; answers its id, or why not."""
        if act.board == "refused":
            self.room.session.clear_card(act.row or "")
            return act.row or ""
        return self._built(act, self.room.session.submit)

    def _built(self, act: Act, give: Callable[..., Given]) -> Refusal | Given:
        """The command of an act, given to the session to try or to keep; or why there is none."""
        made = build(act, self.look, (*self.room.actions.boards, *self._brought))
        if isinstance(made, Refusal):
            return made
        command, stream = made
        return give(command, stream=stream, happened_at=act.happened_at, on_behalf_of=act.on_behalf_of)

    def _refused(self, deed: Deed, answers: Mapping[str | None, Refusal | str], taken: int) -> None:
        """The first no, and of how many; what is asked again is asked for those only."""
        left = {key: answer for key, answer in answers.items() if isinstance(answer, Refusal)}
        refusal = next(iter(left.values()))
        said = f"{taken} done, {len(left)} not. " if len(answers) > 1 else ""
        form = (
            self.room.form if deed.form or not deed.composed else None
        )  # a line is no answer to what lies open
        free = self.room.form is None and not self.room.has_class("-small")
        if form is None and free and refusal.code == NEEDS_REASON and _asks_reason(deed):
            # A letter has answered all but that: what is there stays, and the reason is typed at once.
            rest = replace(deed, rows=tuple(key for key in left if key is not None))
            self.open_form(rest, {name: str(value) for name, value in deed.values.items()}, focus="reason")
            if self.room.form is not None:
                self.room.form.say(said + refusal.sentence, "reason")
            return
        if form is None:
            self.room.say(said + refusal.sentence)
            return
        self.form_deed = replace(deed, rows=tuple(key for key in left if key is not None))
        name = refusal.facts.get("arg") or refusal.facts.get("missing") or ""
        form.refuse(said + refusal.sentence, name)

    def close_form(self) -> None:
        """Put the form away."""
        self.form_deed = None
        self.room.hide_form()


def several(deed: Deed) -> str:
    """How many rows it is for, when it is more than one or some were left out: "6 of 8 units"."""
    noun = "row" if deed.action.board is None else deed.action.board.noun
    many, of = len(deed.rows), f" of {len(deed.rows) + len(deed.passed)}" if deed.passed else ""
    return f"{many}{of} {plural(noun, many + len(deed.passed))}" if many > 1 or deed.passed else ""


def _asks_reason(deed: Deed) -> bool:
    verb = deed.action.verb
    return verb is not None and any(arg.name == "reason" for arg in verb.args)


def _which(board: Board, action: Action) -> Arg:
    def rows(look: Look, _row: Any) -> list[tuple[str, str]]:
        found = [(key, row) for key, row in board.rows(look).items() if applies(action, row, look)]
        return [(key, row_words(board, row, look)) for key, row in found[:LABELS_MAX]]

    return Arg(WHICH, board.noun.capitalize(), "choice", True, rows)


def _answer_words(arg: Arg, values: Mapping[str, Any], look: Look, row: Any) -> str:
    value = values.get(arg.name)
    known = dict(choices_of(arg, look, row))
    parts = value if isinstance(value, (tuple, list)) else [value]
    return ", ".join(known.get(str(part), str(part)) for part in parts)


def _read_draft(kept: str) -> dict[str, str]:
    try:
        return msgspec.json.decode(kept, type=dict[str, str]) if kept else {}
    except msgspec.DecodeError:
        return {}
