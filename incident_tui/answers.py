"""What a person writes as an answer, read as a verb takes it: choices by their words, times, numbers, yes and no.

Forms and the command line read with the same functions, so that they cannot disagree.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from incident.boundaries.facts import Move, Propose
from incident.boundaries.verbs import resized, with_point
from incident.kernel.board import Arg, Look, Verb
from incident.values import read_clock, read_duration
from incident.whereabouts import known_of, read
from incident.whereabouts.coordinates import metres_between
from incident_tui.nearest import near, offer

CHOICES_SHOWN: Final = 8
WORD_LEAST: Final = 4
"""Letters of a word of a choice from which on a mistyped one is looked for among them."""
_NONE: Final[Mapping[str, str]] = MappingProxyType({})


def choices_of(arg: Arg, look: Look, row: Any) -> Sequence[tuple[str, str]]:
    """What may be chosen, as (value, words); agencies are those of the incident's charter when a verb names none."""
    if arg.choices is not None:
        return tuple(arg.choices(look, row))
    if arg.kind in ("agency", "agencies"):
        known: Mapping[str, Any] = getattr(look.charter, "agencies", None) or {}
        return tuple((code, code) for code in known)
    return ()


def choose(written: str, choices: Sequence[tuple[str, str]], also: Mapping[str, str] = _NONE) -> str:
    """The value a person means: by value, by words, or by a beginning that fits one only; ``also`` are other words.

    Raises:
        ValueError: none fits, or several do; the sentence names them.
    """
    wanted = written.strip().casefold()
    for exact in (0, 1):
        for pair in choices:
            if pair[exact].casefold() == wanted:
                return pair[0]
    if wanted in also:
        return also[wanted]
    fitting = {
        value: words
        for value, words in choices
        if wanted and (value.casefold().startswith(wanted) or words.casefold().startswith(wanted))
    }
    if len(fitting) == 1:
        return next(iter(fitting))
    if fitting:
        raise ValueError(f"{written} may mean {', '.join(list(fitting.values())[:CHOICES_SHOWN])}.")
    hint = offer(_nearest(written, choices, also))
    some = ", ".join(words for _, words in choices[:CHOICES_SHOWN])
    raise ValueError(f"{written} is none of {some}.{hint}" if some else f"{written} cannot be chosen here.")


def _nearest(written: str, choices: Sequence[tuple[str, str]], also: Mapping[str, str]) -> tuple[str, ...]:
    """What was meant, perhaps: a value, its words, another word for it, or the choice that one of its words is of."""
    names = {name: name for pair in choices for name in pair} | {word: word for word in also}
    for _, words in choices:
        for word in re.findall(r"\w+", words):
            if len(word) >= WORD_LEAST:
                names.setdefault(word, words)
    return tuple(dict.fromkeys(names[name] for name in near(written, names)))


_YES: Final = frozenset({"yes", "y", "true", "on", "1"})
_NO: Final = frozenset({"no", "n", "false", "off", "0"})


def read_answer(arg: Arg, written: str, look: Look, row: Any) -> Any:
    """One answer as a verb takes it: text as it was written, a choice as its value, a flag as yes or no.

    Times, lengths and places are only tried here; the verb reads them itself, with its own idea of ahead or ago.

    Raises:
        ValueError: it cannot be read as that; a plain sentence.
    """
    text = written.strip()
    if not text:
        return ""
    if len(text) > arg.limit:
        raise ValueError(f"at most {arg.limit} characters, and these are {len(text)}.")
    match arg.kind:
        case "choice" | "agency":
            return choose(text, choices_of(arg, look, row), arg.also)
        case "choices" | "agencies":
            choices = choices_of(arg, look, row)
            return tuple(choose(part, choices) for part in text.replace(",", " ").split())
        case "minutes":
            read_duration(text)
        case "time":
            _try_time(text, look)
        case "number":
            if not re.fullmatch(r"-?\d{1,9}(?:\.\d{1,6})?", text):
                raise ValueError("write a number.")
        case "location":
            _try_place(arg, text, look, row)
        case "flag":
            if text.casefold() not in _YES | _NO:
                raise ValueError("write yes or no.")
            return "yes" if text.casefold() in _YES else ""
        case _:
            pass
    return text


def _try_place(arg: Arg, text: str, look: Look, row: Any) -> None:
    """Whether it can be read as a place; what the form began with stands, however it was written."""
    if arg.default is None or text != str(arg.default(look, row) or "").strip():
        read(text, known_of(look), offer=False)


def places_in(verb: Verb, values: Mapping[str, Any], look: Look, row: Any) -> tuple[str, ...]:
    """The places among the answers of a line, as they were typed; not what its form would have begun with."""
    said = []
    values = resized(values) if verb.command is Move else values
    for arg in verb.args:
        written = str(values.get(arg.name) or "").strip()
        begun = "" if arg.default is None else str(arg.default(look, row) or "").strip()
        if arg.kind == "location" and written and written != begun:
            said.append(written)
    return tuple(said)


DRAWN: Final = (Propose, Move)
"""What is drawn on the map, as far as its place has a point."""


def words_only(verb: Verb, values: Mapping[str, Any], look: Look, row: Any) -> str:
    """The place of what would be drawn on the map, where it is words and nothing gives a point; "" else."""
    if verb.command not in DRAWN or values.get("polygon"):
        return ""
    for written in places_in(verb, values, look, row):
        try:
            place = read(written, known_of(look), offer=False).location
        except ValueError:  # told when the command is made
            continue
        if place.point is None and not place.grid:
            return place.text
    return ""


FAR_KM: Final = 150
"""A place of an incident that lies farther from its scene is more often a slip in the square than meant."""


def far_away(verb: Verb, values: Mapping[str, Any], look: Look, row: Any) -> tuple[str, int]:
    """The place of what would be drawn on the map and its km from the scene, where that is far; ("", 0) else."""
    organisation = getattr(look.state, "organisation", None)
    scene = None if organisation is None else with_point(organisation.location).point
    if verb.command not in DRAWN or scene is None:
        return "", 0
    for written in places_in(verb, values, look, row):
        try:
            point = with_point(read(written, known_of(look), offer=False).location).point
        except ValueError:  # told when the command is made
            continue
        away = 0 if point is None else metres_between(scene, point) // 1000
        if away > FAR_KM:
            return written, away
    return "", 0


def _try_time(text: str, look: Look) -> None:
    try:
        read_duration(text)
    except ValueError:
        read_clock(
            text, look.now, look.offset_minutes, ahead=True
        )  # whether it is one; which, the verb knows
