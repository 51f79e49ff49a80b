"""Lines of the Picture at any width: numbers that add up, doubts that are never cut, and a table of nobody."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from msgspec import structs

from incident.resources import unit_totals
from incident_tui.screens.picture.blocks import units_view
from incident_tui.screens.picture.summary import agencies_view
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
    (item,) = units_view(FakeSession().look(), 40, 1).items
    assert "".join(span.text for span in item.line).endswith(" elsewhere")
    assert re.search(r"\d elsewhere", said(50))


@pytest.mark.parametrize("width", [40, 60, 100])
def test_an_incident_with_nobody_in_it_has_an_empty_table(width: int) -> None:
    organisation = structs.replace(LOOK.state.organisation, parties={}, lead="")
    nobody = replace(LOOK, state=structs.replace(LOOK.state, organisation=organisation))
    view = agencies_view(nobody, width, 5)
    assert not [item for item in view.items if "not invited" not in "".join(span.text for span in item.line)]
