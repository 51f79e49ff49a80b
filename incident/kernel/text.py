"""The one door for foreign text: what may be stored, what may be shown, and how wide it is.

Text written by another person can hold bytes that act on a terminal (write the clipboard, fake a title,
redraw the screen), turn the reading direction round or hide letters. Three layers stand against it, each
enough alone against what acts:

1. `text_problem` and `text_problems` refuse it at ingest, on both ends of the wire, with a plain sentence;
2. `safe_text` makes any text harmless before a widget sees it, and shows that something was there;
3. the line filter of the terminal client (`incident_tui.widgets.last_door`) cleans each painted segment.

Pure and total: nothing here raises on any `str`, however broken, and nothing here reads a clock or a file.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final, NewType, overload

SafeText = NewType("SafeText", str)
"""Text that has been through `safe_text`, or a literal of our own. The only kind a widget may be given."""

SUBSTITUTE: Final = "\ufffd"
"""What stands where a refused character stood."""

NEW_LINE: Final = " \u23ce "
"""What stands for a line break in one-line text."""

TAB: Final = "    "
MARKS_MAX: Final = 4
"""Combining marks allowed on one base character; more of them reach into the rows above and below."""

TEXT_LIMIT: Final = 4_000
"""The default bound of one text in a command, in characters."""

DEPTH_MAX: Final = 32
"""The default bound of nesting in `text_problems`."""

_CONTROL: Final = r"\x00-\x08\x0b-\x1f\x7f-\x9f"
_BIDI: Final = r"\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\u206a-\u206f"
_TAGS: Final = r"\U000e0000-\U000e007f"
_SURROGATES: Final = r"\ud800-\udfff"
# More than MARKS_MAX marks in a row lie inside a run like this, so no table of marks is needed.
_CROWD: Final = r"[^\x00-\u02ff]{5,}"

_REFUSED = re.compile(f"[{_CONTROL}{_BIDI}{_TAGS}{_SURROGATES}]|{_CROWD}")
# Printable by Unicode's own word, and still invisible or without a width of their own:
_ODD = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u2800\u3164\ufe00-\ufe0f\uffa0"
    "\U000e0100-\U000e01ef]|" + _CROWD
)

_BLANK: Final = frozenset("\u115f\u1160\u3164\uffa0")
_HIDDEN: Final = frozenset("\u034f\u17b4\u17b5\u180b\u180c\u180d\u180f")


def _is_mark(char: str) -> bool:
    """Whether a character has no cell of its own but joins the one before; Hangul vowels and tails do."""
    return char >= "\u0300" and (unicodedata.category(char)[0] == "M" or _joins_hangul(char))


def _joins_hangul(char: str) -> bool:
    return "\u1161" <= char <= "\u11ff" or "\ud7b0" <= char <= "\ud7c6" or "\ud7cb" <= char <= "\ud7fb"


# --- what is shown ---


def safe_text(value: str, *, lines: bool = False) -> SafeText:
    """Make any text harmless to show, in one line, or in several when `lines` is true.

    Control characters, reading direction controls, zero-width, tag, private-use, unassigned and broken
    characters become `SUBSTITUTE`; a crowd of combining marks is cut at `MARKS_MAX` with one `SUBSTITUTE` for
    the rest; a line break becomes a visible sign or stays; a tab and every other blank become spaces. One
    selector of emoji style is dropped, since terminals disagree about its width. Idempotent; never raises.
    """
    if value.isascii():
        if value.isprintable():
            return SafeText(value)
    elif value.isprintable() and _ODD.search(value) is None:
        # A mark at the very start would climb onto the cell before the field.
        return SafeText(value if not _is_mark(value[0]) else _rebuilt(value, lines))
    return SafeText(_rebuilt(value, lines))


def _rebuilt(value: str, lines: bool) -> str:
    """The slow and thorough way of `safe_text`, character by character."""
    out: list[str] = []
    marks = -1  # marks on the present base; -1: there is no base to stand on
    before = ""
    for char in value.replace("\r\n", "\n"):
        if "\x20" <= char < "\x7f":
            out.append(char)
            marks = 0
        elif char in "\n\u2028\u2029":
            out.append("\n" if lines else NEW_LINE)
            marks = -1
        elif char in "\ufe0e\ufe0f" and marks >= 0 and before not in "\ufe0e\ufe0f":
            pass  # dropped
        elif _is_mark(char) and char not in _HIDDEN and not _is_selector(char) and marks >= 0:
            marks += 1
            if marks <= MARKS_MAX:
                out.append(char)
            elif marks == MARKS_MAX + 1:
                out.append(SUBSTITUTE)
        else:
            out.append(_substitute(char))
            marks = 0
        before = char
    return "".join(out)


def safe_chars(value: str) -> SafeText:
    """As ``safe_text``, and one character for each: for a field in which a person types, so that the cursor stands
    where it seems to. What is typed stays as it is; this is only how it looks. Never raises.
    """
    if value.isascii() and value.isprintable():
        return SafeText(value)
    out: list[str] = []
    marks = -1
    for char in value:
        if char in "\n\u2028\u2029":
            out.append(NEW_LINE.strip())
            marks = -1
        elif _is_mark(char) and char not in _HIDDEN and not _is_selector(char) and marks >= 0:
            marks += 1
            out.append(char if marks <= MARKS_MAX else SUBSTITUTE)
        else:
            out.append(" " if char == "\t" else _substitute(char))
            marks = 0
    return SafeText("".join(out))


def _is_selector(char: str) -> bool:
    return "\ufe00" <= char <= "\ufe0f" or "\U000e0100" <= char <= "\U000e01ef"


def _substitute(char: str) -> str:
    """A printable character as it is, every kind of blank as a space, the rest as `SUBSTITUTE`."""
    if char == "\t":
        return TAB
    if char == "\u2800" or char in _BLANK or unicodedata.category(char) == "Zs":
        return " "
    if not char.isprintable() or char in _HIDDEN or _is_mark(char):
        return SUBSTITUTE
    return char


def brief(error: Exception, width: int = 160) -> SafeText:
    """What a parser says of foreign input, fit for a sentence: it may repeat that input, so made safe and cut."""
    return clip(safe_text(str(error)), width)


# --- what is refused at ingest ---


def text_problem(value: str, *, limit: int, lines: bool = False) -> str | None:
    """Say in a plain sentence why this text is refused; None when it may be stored.

    Refused: control characters except the tab and, when `lines` is true, the line break; reading direction
    controls; tag characters; broken surrogates; more than `MARKS_MAX` combining marks on one character; more
    than `limit` characters. The sentence never repeats the text.
    """
    flaw = text_flaw(value, limit=limit, lines=lines)
    return None if flaw is None else f"The text {flaw}."


def text_flaw(value: str, *, limit: int, lines: bool = False) -> str | None:
    """As `text_problem`, but only what follows the name: 'holds a control character (U+001B)'."""
    if len(value) > limit:
        return f"is {len(value):,} characters long, and {limit:,} are allowed"
    if value.isascii() and value.isprintable():
        return None
    if not lines and "\n" in value:
        return "holds a line break, and only one line is allowed here"
    for found in _REFUSED.finditer(value):
        run = found.group()
        if len(run) > 1 and _crowded(run):
            return f"holds more than {MARKS_MAX} combining marks on one character"
        for char in run:  # a run of foreign letters may hide a refused character
            if (flaw := _refused_char(char)) is not None:
                return flaw
    return None


def _crowded(run: str) -> bool:
    """Whether a run of characters has more than `MARKS_MAX` marks in a row."""
    marks = 0
    for char in run:
        marks = marks + 1 if _is_mark(char) else 0
        if marks > MARKS_MAX:
            return True
    return False


_REFUSED_CHAR = re.compile(
    f"(?P<control>[{_CONTROL}])|(?P<bidi>[{_BIDI}])|(?P<tag>[{_TAGS}])|[{_SURROGATES}]"
)
_KINDS: Final = {
    "control": "a control character",
    "bidi": "a hidden character that turns the reading direction",
    "tag": "a hidden tag character",
    None: "half of a broken character",
}


def _refused_char(char: str) -> str | None:
    found = _REFUSED_CHAR.match(char)
    return None if found is None else f"holds {_KINDS[found.lastgroup]} (U+{ord(char):04X})"


def text_problems(
    value: object, *, limit: int = TEXT_LIMIT, raw: bytes | None = None, depth_max: int = DEPTH_MAX
) -> str | None:
    """Find the first refused text in a decoded tree of structs, dicts, lists and plain values.

    The sentence names its field. `raw` is the JSON that `value` was decoded from: when it is short and plain,
    it settles the matter without a walk, which is the common case on the server. Line breaks are allowed,
    since the tree does not say which text is one line. Keys of dicts are judged like values. None: all well.
    """
    if raw is not None and len(raw) <= limit and _plain_json(raw):
        return None
    if _all_clean(value, limit, depth_max):
        return None
    return _first_problem(value, limit, "", depth_max)


def _plain_json(raw: bytes) -> bool:
    """Whether this valid JSON can only decode to printable ASCII, line breaks and tabs."""
    if not raw.isascii() or b"\x7f" in raw:
        return False
    return b"\\" not in raw or not (b"\\u" in raw or b"\\b" in raw or b"\\f" in raw or b"\\r" in raw)


def _all_clean(value: object, limit: int, depth: int) -> bool:
    """The fast walk: no paths, no sentences. False may be a false alarm; True is certain."""
    kind = type(value)
    if kind is str:
        text: str = value  # type: ignore[assignment]
        if len(text) > limit:
            return False
        return (text.isascii() and text.isprintable()) or _REFUSED.search(text) is None
    if value is None or kind is int or kind is bool or kind is float:
        return True
    if depth <= 0:
        return False
    if isinstance(value, dict):
        return all(_all_clean(k, limit, depth) and _all_clean(v, limit, depth - 1) for k, v in value.items())
    if isinstance(value, (list, tuple, set, frozenset)):
        return all(_all_clean(item, limit, depth - 1) for item in value)
    fields: tuple[str, ...] | None = getattr(kind, "__struct_fields__", None)
    if fields is None:
        return not isinstance(value, str)  # a subclass of str goes the slow way
    for name in fields:  # noqa: SIM110 - twice as fast as all(), and this is on the way of every command
        if not _all_clean(getattr(value, name), limit, depth - 1):
            return False
    return True


def _first_problem(value: object, limit: int, path: str, depth: int) -> str | None:
    """The slow walk of `text_problems`: the sentence, which opens with the path of the field."""
    if isinstance(value, str):
        flaw = text_flaw(value, limit=limit, lines=True)
        return None if flaw is None else f"{_named(path)} {flaw}."
    parts = _parts(value, path)
    if parts and depth <= 0:
        return f"{_named(path)} is nested too deeply."
    for part, part_path in parts:
        if (sentence := _first_problem(part, limit, part_path, depth - 1)) is not None:
            return sentence
    return None


def _named(path: str) -> str:
    return f"'{path}'" if path else "The text"


def _parts(value: object, path: str) -> list[tuple[object, str]]:
    """What a value consists of, each part with its path; nothing for a plain value."""
    dot = f"{path}." if path else ""
    if isinstance(value, dict):
        keys: list[tuple[object, str]] = [(key, f"{dot}(a key)") for key in value]
        return keys + [(part, f"{dot}{clip(safe_text(str(key)), 40)}") for key, part in value.items()]
    if isinstance(value, (list, tuple, set, frozenset)):
        return [(part, f"{path}[{index}]") for index, part in enumerate(value)]
    fields: tuple[str, ...] = getattr(type(value), "__struct_fields__", ())
    return [(getattr(value, name), f"{dot}{name}") for name in fields]


# --- cells and looks ---


@lru_cache(maxsize=4096)
def _char_width(char: str) -> int:
    category = unicodedata.category(char)
    if category in ("Mn", "Me", "Mc", "Cf", "Cc", "Zl", "Zp") and char != "\u00ad":
        return 0
    if _joins_hangul(char) or char == "\u1160":
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def cell_width(text: str) -> int:
    """How many terminal cells this text takes; exact for `safe_text`, an estimate for wilder text."""
    return len(text) if text.isascii() else sum(map(_char_width, text))


@overload
def clip(text: SafeText, width: int) -> SafeText: ...
@overload
def clip(text: str, width: int) -> str: ...
def clip(text: str, width: int) -> str:
    """The text cut to at most `width` cells, with '…' as the last of them when something was cut off."""
    if width <= 0:
        return ""
    if len(text) <= width and cell_width(text) <= width:
        return text
    used = 0
    for index, char in enumerate(text):
        used += _char_width(char)
        if used > width - 1:
            return text[:index] + "\u2026"
    return text


def ascii_fold(text: str, *, strict: bool = False, cells: bool = False) -> str:
    """The ASCII look: our own glyphs as ASCII signs.

    With `strict` nothing but ASCII comes out: an accent is taken off its letter, the rest becomes '?'. With
    `cells` every sign takes exactly as many cells as the glyph did, for text that is already laid out.
    """
    if text.isascii():
        return text
    folded = text.translate(_FOLD_CELLS if cells else _FOLD)
    if not strict or folded.isascii():
        return folded
    return "".join(char if char < "\x80" else _ascii_char(char, cells) for char in folded)


@lru_cache(maxsize=4096)
def _ascii_char(char: str, cells: bool) -> str:
    """One foreign character as ASCII: its letter without accents, nothing for a mark, else '?'."""
    width = _char_width(char)
    if width == 0:
        return ""
    letters = "".join(part for part in unicodedata.normalize("NFKD", char) if " " <= part <= "~")
    if not letters:
        return "?" * width
    return letters[:width].ljust(width) if cells else letters


def _fold_table(cells: bool) -> dict[int, str]:
    """Glyph to ASCII. A long form stands in running text, a form of the same width where cells are fixed."""
    same = {
        "*": "●◆★☆•⬤✱✶", "o": "□▢◇○◯◌◉◎◐◑◒◓⊙°", "!": "▲△⚠‼", "v": "▼▾▽↓⇣⌄", "^": "↑▴⇡⌃", "@": "✉", "x": "✗✘×✕✖",
        ">": "▶▷►▸❯›→⇒⟶", "<": "◀◁◄◂❮‹←⇐⟵", "+": "✓✔†‡┌┐└┘├┤┬┴┼╭╮╰╯╔╗╚╝╠╣╦╩╬┏┓┗┛┣┫┳┻╋┍┑┕┙", ".": "·∙░▖▗▘▝",
        "-": "–—−‐‑‒―─━╌┄┈╍┅┉═", "|": "│┃║╎┆┊╏┇┋▏▎▍▌▐▕▊▋▉❘", "#": "█▓■▀▄▙▚▛▜▞▟▅▆▇", "%": "▒", "_": "▁▂▃␣",
        "=": "▔≡", ":": "⋮⋯", "'": "‘’′ʼ", '"': "“”″", "/": "╱⏎↵", "\\": "╲", "X": "╳", "~": "≈∼",
        " ": "\u2800",
    }  # fmt: skip
    long = {
        "…": "...", "→": "->", "⇒": "=>", "←": "<-", "↔": "<->", "≥": ">=", "≤": "<=", "≠": "!=", "±": "+/-",
        "½": "1/2", "¼": "1/4", "¾": "3/4", "£": "GBP ", "€": "EUR ", "°": " deg ",
    }  # fmt: skip
    table = {ord(glyph): sign for sign, glyphs in same.items() for glyph in glyphs}
    if not cells:
        return table | {ord(glyph): sign for glyph, sign in long.items()}
    table |= {ord(glyph): sign for glyph, sign in zip("…↔≥≤≠±£€", "~-><#+LE", strict=True)}
    # Braille dots, of which the map is made: by how many are set.
    return table | {0x2800 + bits: " .::::###"[bits.bit_count()] for bits in range(256)}


_FOLD: Final = _fold_table(cells=False)
_FOLD_CELLS: Final = _fold_table(cells=True)


# -- the last door of what is printed --------------------------------------------------------------------------

# C0 and DEL and C1, hidden format characters (bidi, zero-width, joiners, byte order mark), line separators,
# lone surrogates, tag characters and the selectors that can smuggle text.
ACTS = re.compile(
    "[\\x00-\\x1f\\x7f-\\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\\ud800-\\udfff\U000e0000-\U000e0fff]"
)


def printable(text: str) -> str:
    """The text without anything that acts on a terminal or hides; line ends stay."""
    return "\n".join(ACTS.sub(SUBSTITUTE, line) for line in text.split("\n"))
