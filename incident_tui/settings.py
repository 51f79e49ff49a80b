"""The client's own settings: `client.yaml`, checked as a whole, with every problem and its line at once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from config.reader import find_config, read_yaml
from incident.kernel.checks import Check, boolean, choice, integer, optional, record, validate

FILE: Final = "client.yaml"
_HERE: Final = Path(__file__).resolve().parent


def shipped(folder: str) -> tuple[str, ...]:
    """The names of the themes or keymaps that ship, told by their files: no widget code is loaded for it."""
    return tuple(sorted(path.stem for path in (_HERE / folder).glob("*.yaml")))


@dataclass(frozen=True, slots=True)
class Settings:
    """`client.yaml`. `pump` is how many times a second the screen looks for changes."""

    theme: str = "dark"
    ascii: str = "auto"
    keymap: str = "default"
    pump: int = 18
    bell: bool = True
    idle_minutes: int = 15
    """So long without a key or the mouse locks an enrolled desk."""
    first_run: bool = False
    """Show a newcomer the next useful key; from the command line only."""


DEFAULTS: Final = Settings()

SCHEMA: Final[Check[Settings]] = record(
    {
        "theme": optional(choice(*shipped("themes")), DEFAULTS.theme),
        "ascii": optional(choice("auto", "always", "never"), DEFAULTS.ascii),
        "keymap": optional(choice(*shipped("keymaps")), DEFAULTS.keymap),
        "pump": optional(integer(1, 30), DEFAULTS.pump),
        "bell": optional(boolean(), DEFAULTS.bell),
        "idle_minutes": optional(integer(1, 60), DEFAULTS.idle_minutes),
    },
    into=Settings,
)


def read_settings(config: Path | None = None) -> Settings:
    """The settings of this desk.

    Raises:
        ConfigError: with every problem of the file, each a plain sentence with its line.
    """
    return validate(read_yaml(find_config(FILE, config)), SCHEMA)
