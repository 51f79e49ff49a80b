"""Stylesheets: one beside each screen, each can be read, few in all, and tokens only."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from textual.css.errors import UnresolvedVariableError
from textual.css.stylesheet import Stylesheet

from incident_tui import themes
from incident_tui.app import SCREENS, stylesheets
from tests.running import run
from tests.tui.world import app_of

OWN = {*themes.TOKENS, "input-cursor-text-style"}
SOURCES_MAX = 60


def variables() -> dict[str, str]:
    return app_of().get_css_variables()


@pytest.mark.parametrize("path", stylesheets(), ids=lambda path: Path(path).parent.name)
def test_a_stylesheet_can_be_read_and_names_tokens_only(path: Path) -> None:
    sheet = Stylesheet(variables=variables())
    sheet.add_source(path.read_text(encoding="utf-8"), read_from=(str(path), ""))
    sheet.parse()
    named = set(re.findall(r"\$([a-z0-9-]+)", path.read_text(encoding="utf-8")))
    assert named <= OWN, named - OWN


def test_a_stylesheet_with_a_slip_is_found() -> None:
    sheet = Stylesheet(variables=variables())
    sheet.add_source("Screen { background: $grond; }", read_from=("planted.tcss", ""))
    with pytest.raises(UnresolvedVariableError, match="grond"):
        sheet.parse()


def test_every_screen_has_its_stylesheet_beside_it() -> None:
    screens = {path.parent for path in SCREENS.glob("*/screen.py")}
    assert {Path(path).parent for path in stylesheets()} == screens
    assert {path.name for path in screens} >= {
        "picture", "board", "log", "incidents", "conflicts", "help", "palette", "room",
    }  # fmt: skip


def test_there_are_few_sources_of_style() -> None:
    async def scenario() -> int:
        app = app_of()
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.pause()
            return len(app.stylesheet.source)

    assert run(scenario()) < SOURCES_MAX
