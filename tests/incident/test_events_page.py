"""The page of events is what the slices say."""

from __future__ import annotations

from tests.incident.make_events import PAGE, page


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python -m tests.incident.make_events"


def test_every_command_and_event_says_what_it_is_for() -> None:
    rows = [line for line in page().splitlines() if line.startswith("| `")]
    assert len(rows) > 100
    assert not [row for row in rows if "|  |" in row]
