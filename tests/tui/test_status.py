"""The frame at every width: what never drops, what drops first, and in which order."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest

from incident.organisation.facts import Join
from incident_tui.screens.room.telling import wire_of
from incident_tui.widgets.footer import hint_line
from incident_tui.widgets.paint import length
from incident_tui.widgets.status import (
    Standing,
    Wire,
    banner_line,
    declaration_words,
    first_line,
    frame_of,
    second_line,
)
from incident_tui.widgets.tabs import Tab, tab_line
from tests.tui.world import FakeSession

STANDING = Standing(
    mode="exercise",
    title="M4/M25 COACH",
    number="LAS-2611-03",
    own=("LAS", "DECLARED", "14:02"),
    others=(("SCAS", "STANDBY", ""), ("SECAMB", "AWARE", ""), ("LFB", "INVITED", "")),
    lead="SCAS",
    clock="14:32:07",
    zone="GMT",
    since_start="T+00:30",
)
WIRE = Wire("LIVE", 12, "", 418, "LAS EOC Waterloo", "operator", alarms=2, unread=3, refused=1, unsent=0)
CUT_OFF = replace(WIRE, link="ISLAND", rtt_ms=None, words="since 14:29, next try in 4 s", unsent=12)
WIDTHS = (50, 60, 72, 80, 100, 120, 160, 200)


def text(line: Any) -> str:
    return "".join(span.text for span in line)


def test_the_nearest_border_stands_behind_the_lead_when_there_is_room_and_drops_before_anything_else() -> (
    None
):
    near = replace(STANDING, place="LAS 0.6 km · INDICATIVE")
    assert "INDICATIVE" not in text(first_line(near, 120)), "who has declared is asked first"
    at = {width: text(first_line(near, width)) for width in WIDTHS}
    assert "lead SCAS · LAS 0.6 km · INDICATIVE" in at[160]
    assert "lead SCAS · LAS 0.6 km · INDICATIVE" in at[200]
    for width in (50, 60, 72, 80, 100):
        assert at[width] == text(first_line(STANDING, width))
    assert all(length(first_line(near, width)) == width for width in WIDTHS)


@pytest.mark.parametrize("width", WIDTHS)
def test_the_first_line_keeps_mode_clock_own_declaration_and_lead_at_every_width(width: int) -> None:
    line = first_line(STANDING, width)
    words = text(line)
    assert length(line) == width
    assert words.startswith(" EXERCISE ")
    assert "14:32:07" in words
    assert "LAS DECLARED 14:02" in words or "LAS 14:02" in words
    assert "lead SCAS" in words
    assert "+3" in words or "SCAS STANDBY" in words


def test_what_drops_first_when_it_is_narrow() -> None:
    at = {width: text(first_line(STANDING, width)) for width in WIDTHS}
    assert "LFB INVITED" in at[160]
    assert "T+00:30" in at[160]
    assert "SCAS STANDBY  +2" in at[120]
    assert "LAS-2611-03" in at[120]
    assert "LAS-2611-03" not in at[100], "who has declared is asked before the number"
    assert "SCAS STANDBY  +2" in at[100]
    assert "SCAS" not in at[80].replace("lead SCAS", "")
    assert "M4/M25 COACH" in at[80]
    assert "M4/M25 COACH" in at[60]
    assert "M4/M25 COACH" not in at[50]
    long = replace(STANDING, title="Collision of a coach and a tanker at the interchange")
    assert "Collision of a coach and a…" in text(first_line(long, 100))


@pytest.mark.parametrize("rate", ["paused", "×4", "×10"])
def test_beside_both_clocks_of_an_exercise_own_and_one_other_declaration_stand_with_their_times(
    rate: str,
) -> None:
    played = replace(
        STANDING,
        others=(("SCAS", "DECLARED", "14:06"), ("SECAMB", "STANDBY", ""), ("LFB", "INVITED", "")),
        rate=rate,
        real="15:01",
    )
    at = {width: text(first_line(played, width)) for width in WIDTHS}
    assert "LAS DECLARED 14:02 · SCAS DECLARED 14:06  +2" in at[120]
    assert "M4/M25 COACH" in at[120]
    assert f"EX 14:32:07 {rate}  real 15:01" in at[120]
    assert "LAS DECLARED 14:02 · SCAS DECLARED 14:06 · SECAMB STANDBY" in at[200]
    assert rate != "×4" or "LAS DECLARED 14:02 · SCAS 14:06  +2" in at[100]
    assert "LAS" in at[80]
    assert "14:02" in at[80]
    assert "lead SCAS" in at[80]
    assert all(length(first_line(played, width)) == width for width in WIDTHS)
    long = replace(
        played, title="Collision of a coach and a tanker at the interchange", lead="SECAMB DISPUTED"
    )
    assert "LAS DECLARED 14:02 · SCAS " in text(first_line(long, 120))
    assert "14:06" in text(first_line(long, 120))


def test_each_mode_has_its_frame_and_no_incident_has_none() -> None:
    assert (frame_of("exercise"), frame_of("live"), frame_of("")) == ("exercise", "live", "panel")
    assert text(first_line(replace(STANDING, mode="live"), 120)).startswith(" LIVE ")
    assert {span.style.split()[0] for span in first_line(STANDING, 120)} == {"exercise-ink"}


@pytest.mark.parametrize("width", WIDTHS)
def test_the_second_line_keeps_link_word_alarms_and_unsent_at_every_width(width: int) -> None:
    for wire in (WIRE, CUT_OFF):
        line = second_line(wire, width)
        assert length(line) == width
        assert f"{wire.link}" in text(line)
        assert "▲ 2 alarms" in text(line)
        assert f"{wire.unsent} unsent" in text(line)


def test_the_room_goes_before_the_role_and_the_reason_of_an_island_stays() -> None:
    assert "LAS EOC Waterloo" in text(second_line(WIRE, 120))
    at_80 = text(second_line(WIRE, 80))
    assert "Waterloo" not in at_80
    assert "OPERATOR" in at_80
    assert "since 14:29" in text(second_line(CUT_OFF, 60))


def test_the_link_is_a_glyph_a_word_and_a_tone() -> None:
    spans = {
        word: second_line(replace(WIRE, link=word), 120)[1]
        for word in ("LIVE", "LAGGING", "ISLAND", "READ ONLY")
    }
    assert [span.text for span in spans.values()] == ["● LIVE", "◐ LAGGING", "▲ ISLAND", "▲ READ ONLY"]
    assert [span.style for span in spans.values()] == [
        "good bold",
        "caution bold",
        "alarm bold",
        "alarm bold",
    ]


def test_declarations_as_words() -> None:
    assert [declaration_words(word) for word in ("declared", "stand_down", "aware")] == [
        "DECLARED",
        "STOOD DOWN",
        "AWARE",
    ]


TABS = (
    Tab("picture", "1", "Picture", 0, 3),
    Tab("resources", "2", "Resources", 31),
    Tab("boundaries", "3", "Boundaries", 7, 1),
    Tab("log", "5", "Log"),
)


def test_tabs_keep_digit_and_counts_when_names_have_no_room() -> None:
    assert (
        text(tab_line(TABS, "resources", 80)) == " 1 Picture ▲3   2 Resources 31    3 Boundaries 7 ▲1   5 Log"
    )
    narrow = text(tab_line(TABS, "resources", 40))
    assert narrow == " 1▲3  2 Resources 31   3·7 ▲1  5"
    fronts = [span for span in tab_line(TABS, "resources", 80) if span.style.endswith("on active")]
    assert text(fronts) == " 2 Resources 31 "
    assert {span.act for span in fronts} == {"go.resources"}


HINTS = [(key, words, "") for key, words in
         (("s", "status"), ("x", "release"), ("l", "log"), (":", "command"), ("/", "find"), ("?", "help"))]  # fmt: skip


def test_the_foot_repeats_the_mode_and_keeps_the_ways_to_everything_longest() -> None:
    for width in WIDTHS:
        line = text(hint_line(HINTS, "exercise", width))
        assert len(line) == width
        assert line.endswith(" EXERCISE ")
        assert ": command  / find" in line.replace("   ", "  ")
    assert "s status" in text(hint_line(HINTS, "exercise", 80))
    assert "l log" not in text(hint_line(HINTS, "exercise", 50))
    assert text(hint_line(HINTS, "live", 80)).endswith(" LIVE INCIDENT ")


# -- an exercise with a clock of its own, and NO DUFF --


@pytest.mark.parametrize("width", WIDTHS)
def test_an_exercise_clock_and_how_fast_it_runs_never_drop(width: int) -> None:
    line = first_line(replace(STANDING, rate="×4", real="09:10"), width)
    words = text(line)
    assert length(line) == width
    assert words.startswith(" EXERCISE ")
    assert "14:32:07 ×4" in words
    assert "lead SCAS" in words
    assert ("EX 14:32:07 ×4  real 09:10" in words) == (width >= 72)


def test_both_clocks_stand_as_the_design_has_them() -> None:
    assert "EX 14:32:07 ×4  real 09:10 GMT T+00:30" in text(
        first_line(replace(STANDING, rate="×4", real="09:10"), 160)
    )
    assert "EX" not in text(first_line(STANDING, 160)).replace("EXERCISE", "")


@pytest.mark.parametrize("width", WIDTHS)
def test_no_duff_fills_a_line_of_its_own(width: int) -> None:
    line = banner_line("NO DUFF, REAL: controller collapsed. Exercise suspended by SCAS Kim", width)
    assert length(line) == width
    assert text(line).startswith(" ▲ NO DUFF, REAL: controller")
    assert all(span.style == "alarm bold reverse" for span in line)


def test_who_is_only_invited_is_here_as_invited_until_it_joins() -> None:
    session = FakeSession()
    session.present = {"LAS": ("EOC desk 2",), "SCAS": ("EOC",), "LFB": ("Control",)}

    def here() -> tuple[str, ...]:
        return wire_of(session.look(), cast(Any, session), 0, 0, 0).present

    assert here() == ("LFB (invited)", "SCAS")
    wire = wire_of(session.look(), cast(Any, session), 0, 0, 0)
    assert "here LFB (invited) SCAS" in text(second_line(wire, 200))
    session.happens("LFB", Join("control, ext 3"))
    assert here() == ("LFB", "SCAS")
