"""Where the units are, in one line of the Picture: at any width the numbers add up and no doubt is cut off."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from incident.resources import unit_totals
from incident_tui.screens.picture.blocks import units_view
from incident_tui.widgets.paint import length
from tests.incident.given import MINUTE
from tests.tui.world import FakeSession

LOOK = replace(seen := FakeSession().look(), now=seen.now + 60 * MINUTE)
"""An hour on: some have not been heard of for long."""


def said(width: int) -> str:
    (item,) = units_view(LOOK, width, 1).items
    assert length(item.line) <= width
    return "".join(span.text for span in item.line)


@pytest.mark.parametrize("width", range(50, 140, 5))
def test_the_numbers_add_up_and_a_doubt_is_never_cut(width: int) -> None:
    every = unit_totals(LOOK)
    assert every.stale
    line = said(width)
    counts, doubts = line.split(f"{every.stale} stale")
    assert sum(map(int, re.findall(r"\d+", counts))) == every.all + every.disputed
    assert "…" not in doubts


def test_what_does_not_fit_stands_elsewhere() -> None:
    assert "elsewhere" not in said(139)
    assert re.search(r"\d elsewhere", said(50))
