"""What every test shares: one seed, printed, so that a failure anywhere can be had again here."""

from __future__ import annotations

import importlib
import os
import pkgutil

import pytest
from hypothesis import settings

SEED = int(os.environ.get("INCIDENT_TUI_SEED") or 1)
CHOSEN = bool(os.environ.get("INCIDENT_TUI_SEED"))

# What a screen looks like is not for whoever runs the tests to say: each test sets the look it needs.
for name in ("NO_COLOR", "COLUMNS", "LINES"):
    os.environ.pop(name, None)

# The same run twice is the same run; `make test SEED=7` goes elsewhere. No deadline: slowness is no fault.
settings.register_profile("same", deadline=None, derandomize=True, print_blob=True)
settings.register_profile("elsewhere", deadline=None, print_blob=True, database=None)
settings.load_profile("elsewhere" if CHOSEN else "same")


def load_everything() -> None:
    """Import the whole program, so that the same run is the same.

    Among the values tried are the constants of whatever of the program is loaded, and what is loaded lazily would
    otherwise depend on which tests went before in this process.
    """
    for name in ("incident", "server", "incident_tui"):
        package = importlib.import_module(name)
        for module in pkgutil.walk_packages(package.__path__, f"{name}."):
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)


if not CHOSEN:
    load_everything()


def pytest_configure(config: pytest.Config) -> None:
    if CHOSEN and config.getoption("hypothesis_seed", None) is None:
        config.option.hypothesis_seed = SEED


def pytest_report_header() -> str:
    return f"seed: {SEED}  (again with: make test SEED={SEED})"


@pytest.fixture
def seed() -> int:
    """The one source of chance: a test makes its own random.Random(f"{seed} {its name}") from it."""
    return SEED
