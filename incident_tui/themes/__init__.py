"""Themes as data: a theme is a YAML file of tokens, and every widget names tokens, never a colour.

``load`` reads one, ``names`` lists those that ship. What Textual's own widgets need is derived from the tokens,
so that a theme has one source. A theme whose colours are ``default`` uses none (NO_COLOR, paper, old terminals).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from textual.theme import Theme as TextualTheme

from config.reader import read_yaml
from incident.kernel.checks import (
    boolean,
    mapping,
    number,
    optional,
    parsed,
    record,
    required,
    text,
    validate,
)

FOLDER: Final = Path(__file__).parent
INKS: Final = ("ink", "strong", "dim", "accent", "alarm", "good", "caution", "p1", "p2", "p3", "dead")
"""What words are written in; ``incident.kernel.board.TONES`` are these."""
GROUNDS: Final = ("ground", "panel", "selection", "active", "exercise", "live")
TOKENS: Final = (*INKS, *GROUNDS, "rule", "active-ink", "exercise-ink", "live-ink")
ATTRIBUTES: Final = ("bold", "dim", "italic", "underline", "reverse", "strike")
NO_COLOUR: Final = "default"


@dataclass(frozen=True, slots=True)
class Token:
    """One token: a colour (``#RRGGBB``, or ``default`` for the terminal's own) and attributes."""

    colour: str
    attributes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Theme:
    """One theme. ``contrast`` is the least contrast between inks and grounds that it promises (0: none)."""

    name: str
    title: str
    dark: bool
    contrast: float
    tokens: Mapping[str, Token]
    on_selection: Mapping[str, Token]

    @property
    def colourless(self) -> bool:
        """Uses nothing but the terminal's own two colours."""
        return self.tokens["ink"].colour == NO_COLOUR


_COLOUR = re.compile(r"#[0-9A-Fa-f]{6}")


def _token(written: str) -> Token:
    colour, *attributes = written.split()
    if colour != NO_COLOUR and not _COLOUR.fullmatch(colour):
        raise ValueError("begins with a colour such as #6CB6FF, or default")
    if unknown := [word for word in attributes if word not in ATTRIBUTES]:
        raise ValueError(f"has the attribute {unknown[0]}; there are {', '.join(ATTRIBUTES)}")
    return Token(colour, tuple(attributes))


_TOKEN = parsed(text(60), _token)
_THEME = record(
    {
        "title": required(text(40)),
        "dark": optional(boolean(), default=True),
        "contrast": optional(number(0, 21), default=4.5),
        "tokens": required(record({name: required(_TOKEN) for name in TOKENS})),
        "on-selection": optional(mapping(_TOKEN), default={}),
    }
)


def names() -> tuple[str, ...]:
    """The themes that ship, the default first."""
    found = sorted(path.stem for path in FOLDER.glob("*.yaml"))
    return tuple(sorted(found, key=lambda name: (name != "dark", name)))


@cache
def load(name: str) -> Theme:
    """A theme that ships, by name.

    Raises:
        ConfigError: there is no such file, or it is not a theme; every problem with its line.
    """
    return read_theme(FOLDER / f"{name}.yaml")


def read_theme(path: Path) -> Theme:
    """A theme from a file; its name is the file's. Raises ConfigError as ``load`` does."""
    found = validate(read_yaml(path), _THEME)
    return Theme(
        path.stem, found["title"], found["dark"], found["contrast"], found["tokens"], found["on-selection"]
    )


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours ``#RRGGBB``, 1 to 21, by the formula of WCAG 2.2."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    channels = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def for_textual(theme: Theme) -> TextualTheme:
    """The theme as Textual takes it: our tokens as CSS variables, and its own names derived from them."""
    plain = theme.colourless
    colours = {name: "ansi_default" if plain else token.colour for name, token in theme.tokens.items()}
    cursor = "reverse" if plain else "none"
    return TextualTheme(
        name=theme.name,
        primary=colours["accent"],
        secondary=colours["accent"],
        accent=colours["accent"],
        warning=colours["caution"],
        error=colours["alarm"],
        success=colours["good"],
        foreground=colours["ink"],
        background=colours["ground"],
        surface=colours["ground"],
        panel=colours["panel"],
        dark=theme.dark,
        ansi=plain,
        variables={
            **colours,
            "ansi-background": colours["ground"],
            "ansi-foreground": colours["ink"],
            "border": colours["rule"],
            "border-blurred": colours["rule"],
            "input-cursor-background": colours["ink"],
            "input-cursor-foreground": colours["ground"],
            "input-cursor-text-style": cursor,
            "input-selection-background": colours["selection"],
        },
    )
