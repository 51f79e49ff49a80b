"""What the client times itself is shown by the clock that everything else on the screen goes by."""

from __future__ import annotations

from typing import Any, cast

from incident.exercises.facts import Pause, SetSpeed, StartPlay
from incident.kernel.protocol import Listing
from incident_tui.bell import Muted
from incident_tui.papers import foot_of
from incident_tui.screens.conflicts.screen import Notice, conflicts_board, detail, fact_words
from incident_tui.screens.incidents.listing import COLUMNS
from incident_tui.screens.log.lines import clock_words
from incident_tui.screens.room.telling import stale_words, wire_of
from tests.tui.world import SECOND, FakeSession


def eight_times() -> FakeSession:
    """Play has run at eight times for five minutes, and stands since another five."""
    session = FakeSession()
    session.happens("EXCON", StartPlay(), "excon")
    session.happens("EXCON", SetSpeed(8), "excon")
    session.later(300)
    session.happens("EXCON", Pause(), "excon")
    session.later(300)
    return session


def test_an_island_says_since_when_by_the_clock_on_the_screen() -> None:
    session = eight_times()
    session.cut()
    look, seat = session.look(), cast(Any, session)
    shown = look.clock(look.now)
    assert look.clock(session.at) != shown
    assert stale_words(seat, look) == f"as at {shown}, own copy"
    wire = wire_of(look, seat, 0, 0, 0, muted=Muted("a test", session.at))
    assert wire.words.startswith(f"since {shown}")
    assert wire.muted == shown


def test_notices_and_cards_stand_beside_the_log_in_its_time() -> None:
    session = eight_times()
    look = session.look()
    notice = Notice("n", session.at, "info", "something")
    board = conflicts_board(lambda: (), lambda: (notice,))
    shown = clock_words(look.now, look)
    assert board.columns[0].cell(notice, look).text == shown
    assert ("at", shown) in [(name, cell.text) for name, cell in detail(notice, look)]
    assert fact_words("since", str(session.at), look, real=True) == shown, "of the table of claims"
    assert fact_words("since", str(look.now), look) == shown, "of the incident itself"


def test_another_incident_is_as_old_as_it_is() -> None:
    session = eight_times()
    look = session.look()
    age = next(column for column in COLUMNS if column.name == "opened")
    other = Listing("incident/other", 1, {"opened_at": session.at - 180 * SECOND})
    assert age.cell(other, look).text.endswith(" 3 min ago")
    here = Listing(look.stream, 1, other.summary)
    assert age.cell(here, look).text.endswith(" 33 min ago"), "by its own clock"


def test_a_paper_of_an_exercise_says_by_which_clock_it_was_made() -> None:
    session = eight_times()
    look = session.look()
    assert f"by the exercise clock, which stood at {look.clock(look.now)}" in foot_of(cast(Any, session))
    assert "exercise clock" not in foot_of(cast(Any, FakeSession()))
