"""The operator's grammar: one line of words becomes one act, or one sentence that says what is missing.

    [14:05] [@MPS] word [row] [answers in the order of the form] [name=answer]

``s A101 scn`` · ``t SCAS "open RVP B" 15m`` · ``decline LAS-T3 no vehicle free`` · ``14:05 log bus requested``.
The row is what people call it. A choice is its value or the beginning of its words. Text of several words may
stand without quotes where no doubt is left: the words that fit the last answers are read from the end. A time
in front says when it happened; ``@MPS`` on whose behalf it is written. The same for keys, palette and headless.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from incident.kernel.board import Arg, Board, Look, Verb
from incident.kernel.slice import Refusal
from incident.values import read_clock
from incident_tui.answers import CHOICES_SHOWN, choices_of, choose, read_answer
from incident_tui.nearest import likeness, near, offer
from incident_tui.tokens import CLOCK, Token, by_shape, one_word, time_first, tokens_of, with_grids

LINE_MAX: Final = 2000
TYPED: Final = frozenset({"choice", "agency", "minutes", "time", "number", "flag"})
"""Kinds of answers that can be told from plain text."""
SHORT: Final = 20
"""A text of at most so many characters is one word, such as 500m."""
WORD_LEAST: Final = 3
"""Letters from which on a further word may be the beginning of one of a choice."""
SEVERAL: Final = frozenset({"choices", "agencies"})

APP_WORDS: Final[Mapping[str, str]] = {
    "go": "go.to", "inc": "app.incident", "incident": "app.incident", "find": "app.find",
    "filter": "app.filter", "palette": "app.palette", "help": "app.help", "keys": "app.help",
    "theme": "app.theme", "ascii": "app.ascii", "print": "app.print", "quit": "app.quit", "q": "app.quit",
    "exit": "app.quit", "incidents": "go.incidents", "refused": "go.refused", "notices": "go.refused",
    "conflicts": "go.refused", "lock": "app.lock", "unlock": "app.lock", "break-glass": "app.glass",
    "ack": "app.acknowledge", "next": "app.next", "unread": "app.unread", "jump": "app.jump", "alarm": "app.alarm",
    "machine": "log.weight", "older": "log.older", "mute": "app.mute", "unmute": "app.unmute",
    "import-features": "app.bring",
    "goto": "map.goto", "nearest": "map.nearest", "measure": "map.measure",
}  # fmt: skip
"""Words of the app itself; all else belongs to the boards."""


@dataclass(frozen=True, slots=True)
class Act:
    """A verb to be done: which, to which row, with which answers. ``happened_at`` is UTC ms, as claimed."""

    board: str
    verb: str
    row: str | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    happened_at: int | None = None
    on_behalf_of: str = ""


@dataclass(frozen=True, slots=True)
class AppAct:
    """Something the app itself does, with what stood behind the word."""

    name: str
    value: str = ""


_SIGNS = re.compile(r"^[^\w]+")
"""A glyph before a name is no part of it."""
VERY_LIKE: Final = 0.7
ROWS_MAX: Final = 2_000
"""Rows looked through for the nearest name."""
OFFERED: Final = 3
_UNMISTAKABLE = re.compile(r"\d{1,2}:\d{2}|\+?(?:\d{1,4}[dhms])+(?:\d{1,2})?|\+?\d{1,4}(?:min|mins|hrs?)")
BY_NAME: Final = {"places": ("hospitals",), "comms": ("talkgroups", "channels"), "mutual_aid": ("requests",)}
"""What the field calls a board that has another name here."""


def find_verb(boards: Sequence[Board], board: str, verb: str) -> tuple[Board, Verb] | None:
    """A verb by the name of its board and its own."""
    for known in boards:
        if known.name == board:
            for candidate in known.verbs:
                if candidate.name == verb:
                    return known, candidate
    return None


KeyOf = Callable[[Board, Verb], str]
"""Answers the key that asks for everything a verb needs."""


def parse(
    line: str,
    look: Look,
    boards: Sequence[Board],
    here: tuple[str, str] | None = None,
    key_of: KeyOf = lambda _board, verb: verb.key,
) -> Act | AppAct | Refusal:
    """The act of one line. ``here`` is (board, row key) under the cursor, meant when no row is named."""
    if len(line) > LINE_MAX:
        return Refusal("too_long", f"A line may have {LINE_MAX} characters.")
    try:
        happened_at, behalf, tokens = _preface(time_first(tokens_of(line)), look)
    except ValueError as error:
        return Refusal("bad_value", str(error))
    if not tokens:
        return Refusal("empty", "Write a word, such as log, or press ? for all of them.")
    tokens = one_word(tokens, {verb.word for board in boards for verb in board.verbs})
    word = tokens[0].text.casefold()
    found = [(board, verb) for board in boards for verb in board.verbs if word in (verb.word, *verb.aliases)]
    if not found or (len(tokens) == 1 and any(board.name == word for board, _ in found)):
        # A word that is a screen's, too, goes there when it stands alone: METHANE with answers is sent.
        return _app_act(line, word, tokens, boards)
    refused = []
    for board, verb in sorted(found, key=lambda pair: here is None or pair[0].name != here[0]):
        outcome = _Reading(line, look, board, verb, here, key_of(board, verb)).read(tokens[1:])
        if not isinstance(outcome, Refusal):
            return Act(board.name, verb.name, outcome.row, outcome.values, happened_at, behalf)
        refused.append(outcome)
    return _likeliest(refused, tokens)


def _likeliest(refused: Sequence[Refusal], tokens: tuple[Token, ...]) -> Refusal:
    """Of the refusals of several boards that have one word: what is wrong with a row that there is, else the nearest.

    With no row that is like it, all of them are named.
    """
    if len(refused) > 1 and all(refusal.facts.get("missing") == "row" for refusal in refused):
        return _which(refused)
    known = [refusal for refusal in refused if refusal.code != "unknown_row"]
    if known or len(refused) == 1:
        return (known or list(refused))[-1]
    written = tokens[1].text
    close = [refusal for refusal in refused if refusal.facts.get("nearest")]
    if close:
        return max(close, key=lambda refusal: likeness(written, refusal.facts["nearest"]))
    nouns = " or ".join(dict.fromkeys(refusal.facts["noun"] for refusal in refused))
    return Refusal("unknown_row", f"There is no {nouns} {written}.")


def _which(refused: Sequence[Refusal]) -> Refusal:
    """Several boards have the word, and no row of any of them was named: all of them are said."""

    def each(name: str, between: str) -> str:
        return between.join(dict.fromkeys(r.facts[name] for r in refused if r.facts[name]))

    press = f" and press {each('key', ' or ')}" if each("key", "") else ""
    sentence = f"Say which {each('noun', ' or ')}: {each('usage', ', or ')}. Or put the cursor on it{press}."
    return Refusal("missing", sentence, {"missing": "row"})


def _preface(tokens: tuple[Token, ...], look: Look) -> tuple[int | None, str, tuple[Token, ...]]:
    """What stands before the word: when it happened and on whose behalf. Raises ValueError with a sentence."""
    happened_at, behalf = None, ""
    while tokens and not tokens[0].quoted:
        text = tokens[0].text
        if CLOCK.fullmatch(text):
            happened_at = read_clock(text, look.now, look.offset_minutes)
        elif text.startswith("@") and len(text) > 1:
            behalf = _agency_code(text[1:], look)
        else:
            break
        tokens = tokens[1:]
    return happened_at, behalf, tokens


def _agency_code(written: str, look: Look) -> str:
    known: Mapping[str, Any] = getattr(look.charter, "agencies", None) or {}
    code = written.upper()
    if known and code not in known:
        raise ValueError(f"There is no agency {written}.{offer(near(code, known))}")
    return code


def _app_act(line: str, word: str, tokens: tuple[Token, ...], boards: Sequence[Board]) -> AppAct | Refusal:
    rest = line[tokens[1].start :].strip().strip('"') if len(tokens) > 1 else ""
    if word in APP_WORDS:
        return AppAct(APP_WORDS[word], rest)
    for board in boards:
        if word in names_of(board):
            return AppAct("go.to", board.name)
    found = nearest_words(word, boards)
    hint = offer(found) or " Press ? for all words."
    return Refusal(
        "unknown_word", f"There is no word {tokens[0].text}.{hint}", {"nearest": found[0] if found else ""}
    )


def names_of(board: Board) -> tuple[str, ...]:
    """The words that lead to a board: its name, its title, and what people call it."""
    named = (board.name, board.title.casefold().replace(" ", "-"), *BY_NAME.get(board.name, ()))
    return tuple(dict.fromkeys(named))


def nearest_words(word: str, boards: Sequence[Board]) -> tuple[str, ...]:
    """The words that a mistyped one is nearest to; else those that begin so."""
    known = sorted({
        *APP_WORDS,
        *(w for board in boards for verb in board.verbs for w in (verb.word, *verb.aliases) if w),
        *(name for board in boards for name in names_of(board)),
    })  # fmt: skip
    return (
        near(word, known, cutoff=0.5)
        or tuple(other for other in known if word and other.startswith(word))[:1]
    )


@dataclass(frozen=True, slots=True)
class _Read:
    row: str | None
    values: dict[str, Any]


class _Wrong(Exception):
    """A line that cannot be read, as the refusal that says so."""

    def __init__(self, code: str, sentence: str, **facts: str) -> None:
        super().__init__(sentence)
        self.refusal = Refusal(code, sentence, facts)


class _Reading:
    """One line read for one verb."""

    def __init__(
        self,
        line: str,
        look: Look,
        board: Board,
        verb: Verb,
        here: tuple[str, str] | None = None,
        key: str = "",
    ) -> None:
        self.line = line
        self.key = key
        """The key that asks for everything; named where something is missing."""
        self.look = look
        self.board = board
        self.verb = verb
        self.here = here
        self.row: Any = None
        self.meant = False
        """No row is named, so the one under the cursor is meant."""
        self.whole = True
        """No answer was given by name, so that what is left stands in the line as it was written."""

    def read(self, tokens: tuple[Token, ...]) -> _Read | Refusal:
        """The row and the answers, or why not."""
        written = tokens
        try:
            key, tokens = self._row(tokens)
            self.meant = key is not None and tokens is written
            if key is not None:
                self.row = self.board.rows(self.look).get(key)
            if any(arg.kind == "location" for arg in self.verb.args):
                tokens = with_grids(tokens)
            shaped, tokens = by_shape(self.verb.args, tokens)
            named, tokens = self._named(tokens)
            named, self.whole = {**shaped, **named}, self.whole and not shaped
            args = [arg for arg in self.verb.args if arg.name not in named]
            values = {**self._defaults(), **named, **self._answers(args, tokens)}
            self._demand(values)
        except _Wrong as wrong:
            return self._misspelt_row(written) or wrong.refusal
        return _Read(key, values)

    def _misspelt_row(self, written: tuple[Token, ...]) -> Refusal | None:
        """The row under the cursor was taken to be meant, but what stands there is very like the name of another."""
        if not self.meant or not written:
            return None
        close = self._near(written[0].text)
        like = bool(close) and likeness(written[0].text, close[0]) > VERY_LIKE
        return self._no_row(written[0].text, close) if like else None

    def _row(self, tokens: tuple[Token, ...]) -> tuple[str | None, tuple[Token, ...]]:
        if not self.verb.row:
            return None, tokens
        most = 1 if tokens and tokens[0].quoted else min(4, len(tokens))
        for count in range(most, 0, -1):
            name = " ".join(token.text for token in tokens[:count])
            if (key := self.board.named(name, self.look)) is not None:
                return key, tokens[count:]
        if self.here is not None and self.here[0] == self.board.name:
            return self.here[1], tokens
        if not tokens:
            press = f" and press {self.key}" if self.key else ""
            raise _Wrong(
                "missing",
                f"Say which {self.board.noun}: {self.usage()}. Or put the cursor on it{press}.",
                missing="row",
                noun=self.board.noun,
                usage=self.usage(),
                key=self.key,
            )
        refusal = self._no_row(tokens[0].text, self._near(tokens[0].text))
        raise _Wrong(refusal.code, refusal.sentence, **refusal.facts)

    def _no_row(self, written: str, close: tuple[str, ...]) -> Refusal:
        noun = self.board.noun
        facts = {"nearest": close[0] if close else "", "noun": noun}
        return Refusal("unknown_row", f"There is no {noun} {written}.{offer(close)}", facts)

    def _near(self, written: str) -> tuple[str, ...]:
        """What rows are called, as far as it is like this and a line may name them so."""
        worthy = sorted(self.board.columns, key=lambda column: column.priority)[:3]
        rows = list(self.board.rows(self.look).values())[:ROWS_MAX]
        names = (_SIGNS.sub("", column.cell(row, self.look).text) for row in rows for column in worthy)
        close = near(written, (name for name in names if name), most=8)
        return tuple(name for name in close if self.board.named(name, self.look) is not None)[:OFFERED]

    def _named(self, tokens: tuple[Token, ...]) -> tuple[dict[str, Any], tuple[Token, ...]]:
        """Answers given by name: ``due=15m``, ``note="on foot"``."""
        values: dict[str, Any] = {}
        left: list[Token] = []
        names = {arg.name: arg for arg in self.verb.args}
        for token in tokens:
            name, equals, text = token.text.partition("=")
            if equals and not token.quoted and name in names:
                values[name] = self._value(names[name], text)
            elif (
                equals
                and not token.quoted
                and name.isidentifier()
                and (close := near(name, names, cutoff=0.7))
            ):
                raise _Wrong("unknown_answer", f"There is no answer {name}=.{offer(f'{n}=' for n in close)}")
            else:
                left.append(token)
        self.whole = len(left) == len(tokens)
        return values, tuple(left)

    def _answers(self, args: list[Arg], tokens: tuple[Token, ...]) -> dict[str, Any]:
        if not tokens:
            return {}
        if not args:
            raise _Wrong("too_much", f"Nothing more is needed behind {self.verb.word}: {self.usage()}.")
        found = self._assign(args, tokens)
        if found is not None:
            return found
        for arg in args:  # say what is wrong with the first answer that is asked for
            if arg.required and arg.kind in TYPED:
                self._value(arg, tokens[0].text)
                break
        for at, arg in enumerate(args[: len(tokens)]):
            if arg.kind == "location" and arg.default is None:
                self._value(arg, " ".join(token.text for token in tokens[at:]))
        sentence = f"{tokens[-1].text} was not understood. Write {self.usage()}; quote text of several words."
        raise _Wrong("not_understood", sentence)

    def _assign(
        self, args: list[Arg], tokens: tuple[Token, ...], *, sure: bool = False
    ) -> dict[str, Any] | None:
        """Every token to an answer, in order; None when that cannot be done.

        ``sure``: plain text stands before, so a word leaves it for an answer only when it can be nothing else.
        """
        if not tokens:
            return {}
        if not args:
            return None
        arg, later = args[0], args[1:]
        if arg.kind == "location" and not arg.required and not arg.rest and arg.default is None:
            # What can be nothing but a later answer is not where it is: a zone by its corners, and its scheme.
            without = self._assign([arg for arg in later if arg.kind in TYPED], tokens, sure=True)
            if without is not None:
                return without
        for count in self._lengths(arg, tokens):
            value = self._taken(arg, tokens[:count], sure=sure)
            if value is None:
                continue
            loose = arg.kind not in TYPED | SEVERAL and not tokens[0].quoted
            rest = self._assign(later, tokens[count:], sure=sure or loose)
            if rest is not None:
                return {arg.name: value, **rest}
        return None if arg.required else self._assign(later, tokens, sure=sure)

    def _lengths(self, arg: Arg, tokens: tuple[Token, ...]) -> Sequence[int]:
        """How many tokens an answer may take, the likeliest first."""
        every = len(tokens)
        if arg.rest:
            return (every,)
        if arg.kind in TYPED:
            return range(min(3, every), 0, -1) if arg.kind == "choice" else (1,)
        if arg.kind in SEVERAL:
            return range(every, 0, -1)
        if tokens[0].quoted or arg.kind == "word":
            return (1,)
        if arg.required or (arg.kind == "location" and arg.default is None):
            return range(1, every + 1)
        # Plain text that is not asked for must be quoted or named, or it would swallow what is misspelt.
        return (1,) if arg.limit <= SHORT else ()

    def _taken(self, arg: Arg, tokens: tuple[Token, ...], *, sure: bool) -> Any | None:
        """The answer these tokens give, or None when they cannot."""
        if tokens[0].grid and arg.kind != "location":
            return None
        if arg.shape and not re.fullmatch(arg.shape, " ".join(token.text for token in tokens), re.IGNORECASE):
            return None
        if sure and arg.kind in TYPED and not self._certain(arg, " ".join(token.text for token in tokens)):
            return None
        if arg.rest and arg.kind not in SEVERAL | TYPED:
            if len(tokens) == 1:
                return tokens[0].text
            joined = " ".join(token.text for token in tokens)
            return self.line[tokens[0].start :].strip() if self.whole else joined
        try:
            if arg.kind in SEVERAL:
                parts = [part for token in tokens for part in token.text.split(",") if part]
                return tuple(self._one_of(arg, part) for part in parts)
            value = self._value(arg, " ".join(token.text for token in tokens))
        except _Wrong:
            return None
        return None if arg.kind == "choice" and self._initial(arg, tokens) else value

    def _initial(self, arg: Arg, tokens: tuple[Token, ...]) -> bool:
        """Whether the last word is somebody's initial: ``operational C Dale`` names no operational c(ommander)."""
        written = " ".join(token.text for token in tokens).casefold()
        short = len(tokens) > 1 and len(tokens[-1].text) < WORD_LEAST
        exact = any(written in (v.casefold(), w.casefold()) for v, w in self._choices(arg))
        return short and not exact and written not in arg.also

    def _certain(self, arg: Arg, written: str) -> bool:
        """Whether words behind plain text are this answer and no part of the text: 15m is, a bare 15 is not."""
        wanted = written.casefold()
        if arg.kind in ("time", "minutes"):
            return _UNMISTAKABLE.fullmatch(wanted) is not None
        if arg.kind in ("number", "flag"):
            return False
        return any(wanted in (value.casefold(), words.casefold()) for value, words in self._choices(arg))

    def _choices(self, arg: Arg) -> Sequence[tuple[str, str]]:
        return choices_of(arg, self.look, self.row)

    def _value(self, arg: Arg, written: str) -> Any:
        try:
            return read_answer(arg, written, self.look, self.row)
        except ValueError as error:
            raise _Wrong("bad_value", f"{arg.title}: {error}", arg=arg.name) from None

    def _one_of(self, arg: Arg, written: str) -> str:
        try:
            return choose(written, self._choices(arg))
        except ValueError as error:
            raise _Wrong("bad_value", f"{arg.title}: {error}", arg=arg.name) from None

    def _defaults(self) -> dict[str, Any]:
        """What the form would show filled in, so that a line without it means the same as the form."""
        return {
            arg.name: value
            for arg in self.verb.args
            if arg.default is not None and (value := arg.default(self.look, self.row))
        }

    def _demand(self, values: Mapping[str, Any]) -> None:
        for arg in self.verb.args:
            if arg.required and values.get(arg.name) in (None, "", ()):
                few = [words for _, words in self._choices(arg)[:CHOICES_SHOWN]]
                which = f" ({', '.join(few)})" if few else ""
                key = f" Or press {self.key}." if self.key else ""
                raise _Wrong(
                    "missing", f"{arg.title}{which} is missing: {self.usage()}.{key}", missing=arg.name
                )

    def usage(self) -> str:
        """The shape of the line: ``t AGENCY TITLE [due]``."""
        return usage(self.board, self.verb)


def usage(board: Board, verb: Verb) -> str:
    """The shape of a verb's line: what is asked for in capitals, what may be left out in brackets."""
    parts = [verb.word]
    if verb.row:
        parts.append(board.noun.upper())
    parts += [arg.name.upper() if arg.required else f"[{arg.name}]" for arg in verb.args]
    return " ".join(parts)


# -- from an act to a command ---------------------------------------------------------------------------------


def build(act: Act, look: Look, boards: Sequence[Board]) -> tuple[Any, str] | Refusal:
    """The command of an act and the stream it goes to, or one plain sentence why there is none."""
    found = find_verb(boards, act.board, act.verb)
    if found is None:
        return Refusal("unknown_word", f"There is no {act.board}.{act.verb}.")
    board, verb = found
    row = None
    if verb.row:
        row = board.rows(look).get(act.row or "")
        if row is None:
            return Refusal("no_row", f"That {board.noun} is not here any more.")
    try:
        if not verb.applies(row, look):
            return Refusal("not_now", verb.not_now(row, look, f"this {board.noun}" if verb.row else ""))
        command = verb.build(row, act.values, look)
        return command, verb.into(row, act.values, look) if verb.into else verb.stream(row, look)
    except ValueError as error:
        return Refusal("bad_value", str(error))
