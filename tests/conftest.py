"""What every test shares: one seed, printed, so that a failure anywhere can be had again here."""

from __future__ import annotations

import os

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


def pytest_configure(config: pytest.Config) -> None:
    if CHOSEN and config.getoption("hypothesis_seed", None) is None:
        config.option.hypothesis_seed = SEED


def pytest_report_header() -> str:
    return f"seed: {SEED}  (again with: make test SEED={SEED})"


@pytest.fixture
def seed() -> int:
    """The one source of chance: a test makes its own random.Random(f"{seed} {its name}") from it."""
    return SEED
