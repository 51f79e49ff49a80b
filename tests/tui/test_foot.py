"""The lines at the foot: they come and go without styling or moving what stands above them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import pytest
from textual.css.stylesheet import Stylesheet

from incident_tui.app import SCREENS
from incident_tui.screens.room.foot import FOOT, LIGHT
from incident_tui.widgets.command_line import CommandLine
from tests.tui.desk import Desk, told

PLACES = {"1": "AGENCY", "5": "ENTRY", "2": "KIND"}
"""Digits, and what stands on their screens alone."""
_RULE = re.compile(r"(?:^|\})\s*([^{}]+)\{", re.MULTILINE)
_NOTE = re.compile(r"/\*.*?\*/", re.DOTALL)


def test_nothing_but_the_foot_follows_its_classes() -> None:
    followed = []
    for path in sorted(SCREENS.glob("*/style.tcss")):
        for rule in _RULE.findall(_NOTE.sub("", path.read_text(encoding="utf-8"))):
            for selector in rule.split(","):
                worn = {f"-{name}" for name in re.findall(r"\.-([a-z]+)", selector)}
                if worn & LIGHT:
                    followed.append(selector.strip())
                    assert selector.split()[-1] in FOOT, f"{path.parent.name}: {selector.strip()}"
    assert len(followed) >= 5


def test_opening_a_line_styles_the_foot_and_moves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    styled: list[Any] = []
    styling = Stylesheet.update_nodes

    def noted(self: Stylesheet, nodes: Iterable[Any], animate: bool = False) -> None:
        nodes = list(nodes)
        styled.extend(nodes)
        styling(self, nodes, animate)

    async def story(desk: Desk) -> None:
        for digit, title in PLACES.items():
            await desk.press(digit)
            await desk.shows(title)
            before = desk.room.front.size
            styled.clear()
            await desk.press(":")
            await desk.shows("find hart")
            assert desk.room.query_one(CommandLine).display
            assert desk.room.query_one(CommandLine) in styled
            assert desk.room.front not in styled
            assert len(styled) < 40
            if digit in "15":
                assert desk.room.front.size == before, "nothing above the line has moved"
            await desk.press("escape")
            await desk.hides("find hart")

    monkeypatch.setattr(Stylesheet, "update_nodes", noted)
    told(story)
