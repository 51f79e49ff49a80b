"""Keymaps as data: which key does what, in presets that are read, checked and told apart from their clashes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from config.reader import read_yaml
from incident.kernel.checks import mapping, parsed, record, required, text, validate

FOLDER: Final = Path(__file__).parent
NAMED: Final = frozenset(
    "up down left right home end pageup pagedown insert delete enter escape tab space backspace".split()
)
"""Keys that have a name instead of a sign."""


@dataclass(frozen=True, slots=True)
class Keymap:
    """One preset: keys by the name of what they do."""

    name: str
    title: str
    keys: Mapping[str, tuple[str, ...]]


def _keys(written: str) -> tuple[str, ...]:
    keys = tuple(written.split())
    for key in keys:
        *held, last = key.split("+") if len(key) > 1 else [key]
        function = last[:1] == "f" and last[1:].isdigit() and 1 <= int(last[1:]) <= 24
        if not (len(last) == 1 or last in NAMED or function) or not set(held) <= {"ctrl", "shift", "alt"}:
            raise ValueError(f"holds {key}, and no keyboard has that key")
    return keys


_KEYMAP = record({"title": required(text(40)), "keys": required(mapping(parsed(text(80), _keys)))})


def names() -> tuple[str, ...]:
    """The presets that ship, the default first."""
    found = sorted(path.stem for path in FOLDER.glob("*.yaml"))
    return tuple(sorted(found, key=lambda name: (name != "default", name)))


@cache
def load(name: str) -> Keymap:
    """A preset that ships, by name.

    Raises:
        ConfigError: there is no such file, or it is not a keymap; every problem with its line.
    """
    return read_keymap(FOLDER / f"{name}.yaml")


def read_keymap(path: Path) -> Keymap:
    """A keymap from a file; its name is the file's. What it leaves out is as in ``default``.

    Raises ConfigError as ``load`` does.
    """
    found = validate(read_yaml(path), _KEYMAP)
    base: Mapping[str, tuple[str, ...]] = {} if path == FOLDER / "default.yaml" else load("default").keys
    return Keymap(path.stem, found["title"], {**base, **found["keys"]})
