"""Places, callsigns, lengths of time and times of day, as people type them."""

from __future__ import annotations

import contextlib

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from incident.values import (
    DAY_MS,
    HOUR_MS,
    MINUTE_MS,
    AgencyCode,
    Grid,
    Location,
    Mode,
    Priority,
    as_location,
    as_minutes,
    as_words,
    length_words,
    read_callsign,
    read_clock,
    read_due,
    read_duration,
    read_grid,
    read_location,
    read_minutes,
    read_priority,
    sentences,
    short_callsign,
    split_key,
    stop,
    unit_key,
    utc_words,
)

NOON = 1_795_262_400_000  # 2026-11-21 12:00 UTC


# -- places --


@pytest.mark.parametrize(
    ("written", "text", "grid", "point", "direction"),
    [
        ("TQ 0402 7829", "", "TQ 0402 7829", None, ""),
        ("tq04027829", "", "TQ 0402 7829", None, ""),
        ("51.494,-0.503", "", "", (51.494, -0.503), ""),
        ("51.494, -0.503 Colnbrook by-pass", "Colnbrook by-pass", "", (51.494, -0.503), ""),
        (
            "M25 J15 northbound, TQ 0402 7829",
            "M25 J15 northbound",
            "TQ 0402 7829",
            None,
            "northbound",
        ),
        (
            "  M25   anti-clockwise TQ 040 782 (51.494,-0.503) ",
            "M25 anti-clockwise",
            "TQ 040 782",
            (51.494, -0.503),
            "anti-clockwise",
        ),
        ("Flat 12, 40 Acacia Avenue", "Flat 12, 40 Acacia Avenue", "", None, ""),
        ("M4 J4b to M25 J15", "M4 J4b to M25 J15", "", None, ""),
        ("at 14.30, 2.5 km north", "at 14.30, 2.5 km north", "", None, ""),
        ("ii 1234 5678", "ii 1234 5678", "", None, ""),
    ],
)
def test_a_location_is_found_in_one_line(
    written: str, text: str, grid: str, point: tuple[float, float] | None, direction: str
) -> None:
    found = read_location(written)
    assert (found.text, found.grid, found.point, found.direction) == (text, grid, point, direction)
    assert not found.confirmed


@pytest.mark.parametrize("written", ["", "   ", "x" * 301, "151.494,-0.503", "51.494,-190.503"])
def test_what_is_no_location_is_refused_in_a_plain_sentence(written: str) -> None:
    with pytest.raises(ValueError, match=r"[a-z]+.*\.$"):
        read_location(written)


def test_half_a_point_cannot_be_made_or_read() -> None:
    with pytest.raises(ValueError, match="together"):
        Location(lat=51.0)
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(b'{"lat":51.0}', type=Location)


@pytest.mark.parametrize("body", [b'{"lat":91,"lon":0}', b'{"lat":1,"lon":181}', b'{"grid":"TQ04027829"}'])
def test_a_location_from_elsewhere_is_bounded(body: bytes) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(body, type=Location)


def test_a_location_in_words_says_everything_once() -> None:
    assert Location().words() == "no location"
    assert read_location("Poyle TQ 0338 7538").words() == "Poyle  TQ 0338 7538"
    assert read_location("51.468,-0.513").words() == "51.46800,-0.51300"


@pytest.mark.parametrize(
    ("written", "grid"),
    [("TQ 04 78", "TQ 04 78"), ("tq040782", "TQ 040 782"), (" TQ04020 78290 ", "TQ 04020 78290")],
)
def test_a_grid_reference_has_one_form(written: str, grid: str) -> None:
    assert read_grid(written) == grid


@pytest.mark.parametrize(
    "written", ["TQ 0402 782", "TI 0402 7829", "AB 0402 7829", "TQ", "0402 7829", "TQ 0 7"]
)
def test_what_is_no_grid_reference_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="grid reference"):
        read_grid(written)


@given(st.text(max_size=320))
def test_any_line_is_a_location_that_can_be_stored_or_a_value_error(written: str) -> None:
    with contextlib.suppress(ValueError):
        found = read_location(written)
        assert msgspec.json.decode(msgspec.json.encode(found), type=Location) == found


@given(st.from_regex(r"[HJNOST][A-HJ-Z] \d{4} \d{4}", fullmatch=True))
def test_every_grid_reference_is_found_again_among_words(grid: str) -> None:
    assert read_location(f"near the bridge {grid} eastbound").grid == grid


# -- codes --


@pytest.mark.parametrize(
    ("kind", "word"),
    [
        (AgencyCode, "LAS\n"),
        (AgencyCode, "las"),
        (AgencyCode, ""),
        (Mode, "drill"),
        (Mode, "live\n"),
        (Grid, "\n"),
    ],
)
def test_a_code_is_exact_to_its_last_character(kind: type, word: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(word, kind)


def test_a_callsign_is_keyed_by_its_home_trust() -> None:
    assert read_callsign("a101", "LAS") == "LAS/A101"
    assert read_callsign(" scas/a204 ", "LAS") == "SCAS/A204"
    assert read_callsign("helimed 27", "LAS") == "LAS/HELIMED 27"
    assert unit_key("LAS", "A101") == "LAS/A101"
    assert split_key("LAS/A101") == ("LAS", "A101")
    assert short_callsign("LAS/A101", "LAS") == "A101"
    assert short_callsign("SCAS/A101", "LAS") == "SCAS/A101"


@pytest.mark.parametrize("written", ["", "/", "LAS/", "-A1", "a" * 40, "A101;", "L/A1", "/A101"])
def test_what_is_no_callsign_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="callsign"):
        read_callsign(written, "LAS")


def test_a_priority_is_read_from_its_first_letter() -> None:
    assert [read_priority(word) for word in ("i", "URG", "routine")] == list(Priority)
    for word in ("", "x", "immediately"):
        with pytest.raises(ValueError, match="immediate, urgent or routine"):
            read_priority(word)


# -- lengths of time --


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("15m", 900),
        ("15", 900),
        ("1h30", 5400),
        ("1h 30m", 5400),
        ("2 h", 7200),
        ("90s", 90),
        ("1 hour 5 minutes 10 seconds", 3910),
        ("1d", 86_400),
        ("0", 0),
    ],
)
def test_a_length_of_time_is_read(written: str, seconds: int) -> None:
    assert read_duration(written) == seconds * 1000


@pytest.mark.parametrize("written", ["", "m", "15 x", "-5m", "1.5h", "999d", "5m 3m", "9" * 40])
def test_what_is_no_length_of_time_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match=r"\.$"):
        read_duration(written)


def test_a_part_of_a_minute_counts_as_one() -> None:
    assert (read_minutes("90s"), read_minutes("60s"), read_minutes("0s")) == (2, 1, 0)


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (-5, "0 s"),
        (89_999, "89 s"),
        (90_000, "1 min"),
        (HOUR_MS - 1, "59 min"),
        (HOUR_MS, "1 h"),
        (90 * MINUTE_MS, "1 h 30 min"),
        (DAY_MS, "1 d"),
        (DAY_MS + 3 * HOUR_MS, "1 d 3 h"),
    ],
)
def test_a_length_of_time_in_words(length: int, words: str) -> None:
    assert length_words(length) == words


# -- times of day --


@pytest.mark.parametrize(
    ("written", "offset", "ahead", "at"),
    [
        ("11:30", 0, False, NOON - 30 * MINUTE_MS),
        ("1130", 0, False, NOON - 30 * MINUTE_MS),
        ("11:30:15", 0, False, NOON - 30 * MINUTE_MS + 15_000),
        ("12:01", 0, False, NOON + MINUTE_MS),  # two minutes of skew are forgiven
        ("00:15", 0, False, NOON - 11 * HOUR_MS - 45 * MINUTE_MS),
        ("12:30", 60, False, NOON - 30 * MINUTE_MS),  # summer time: 12:30 was half an hour ago
        ("12:30", 0, True, NOON + 30 * MINUTE_MS),
        ("11:30", 0, True, NOON + DAY_MS - 30 * MINUTE_MS),
        ("00:30", -120, False, NOON - 9 * HOUR_MS - 30 * MINUTE_MS),
        ("now", 0, False, NOON),
        ("5m ago", 0, False, NOON - 5 * MINUTE_MS),
        ("-5m", 0, False, NOON - 5 * MINUTE_MS),
        ("+1h30", 0, False, NOON + 90 * MINUTE_MS),
        ("in 30m", 0, True, NOON + 30 * MINUTE_MS),
    ],
)
def test_a_time_of_day_is_read(written: str, offset: int, ahead: bool, at: int) -> None:
    assert read_clock(written, NOON, offset, ahead=ahead) == at


@pytest.mark.parametrize("written", ["", "24:00", "12:60", "1", "noon", "12:30:61", "ago", "-", "+"])
def test_what_is_no_time_of_day_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match=r"\.$"):
        read_clock(written, NOON, 0)


@given(
    now=st.integers(1_600_000_000_000, 2_000_000_000_000),
    minutes=st.integers(0, 1439),
    offset=st.sampled_from([-720, -60, 0, 60, 345, 840]),
    ahead=st.booleans(),
)
def test_a_time_of_day_is_within_a_day_and_on_the_right_side(
    now: int, minutes: int, offset: int, ahead: bool
) -> None:
    written = f"{minutes // 60}:{minutes % 60:02}"
    coming = read_clock(written, now, offset, ahead=True)
    today = (coming // MINUTE_MS + offset) // 1440 == (now // MINUTE_MS + offset) // 1440
    if not ahead and today and now + 2 * MINUTE_MS < coming < now + 12 * HOUR_MS:
        with pytest.raises(ValueError, match="still to come"):
            read_clock(written, now, offset)
        return
    at = read_clock(written, now, offset, ahead=ahead)
    assert (at // MINUTE_MS + offset) % 1440 == minutes
    skew = 2 * MINUTE_MS
    assert now - skew <= at < now + DAY_MS if ahead else now - DAY_MS < at <= now + skew


def test_a_time_still_to_come_is_no_time_of_yesterday() -> None:
    with pytest.raises(
        ValueError, match=r"12:30 is still to come\. For yesterday write how long ago: 20h ago\."
    ):
        read_clock("12:30", NOON, 0)
    after_midnight = NOON + 12 * HOUR_MS + 30 * MINUTE_MS
    assert read_clock("23:50", after_midnight, 0) == after_midnight - 40 * MINUTE_MS


def test_when_something_is_due() -> None:
    assert read_due("15m", NOON, 0) == NOON + 15 * MINUTE_MS
    assert read_due("14:45", NOON, 0) == NOON + 165 * MINUTE_MS
    with pytest.raises(ValueError, match="due"):
        read_due("soon", NOON, 0)


# -- answers --


def test_answers_are_taken_read_or_as_typed() -> None:
    place = Location("the pub")
    assert as_location(place) is place
    assert as_location("the pub") == place
    assert (as_minutes(5), as_minutes("1h")) == (5, 60)
    assert as_words("SCAS, SECAMB; LFB") == as_words(["SCAS", "SECAMB", "LFB"]) == ("SCAS", "SECAMB", "LFB")


# -- lines of the log --


def test_a_line_has_one_stop_behind_each_sentence_and_none_behind_words_alone() -> None:
    assert [stop(text) for text in ("yes", "yes.", "yes!", "yes?")] == ["yes.", "yes.", "yes!", "yes?"]
    assert sentences("declines Open RVP B.", "Reason: no crew", "") == "declines Open RVP B. Reason: no crew."
    assert sentences("accepts it", "", "") == "accepts it"


def test_a_moment_in_a_line_that_stays_names_another_day() -> None:
    assert utc_words(NOON + 5 * MINUTE_MS, NOON) == "12:05 UTC"
    assert utc_words(NOON + DAY_MS, NOON) == "12:00 UTC (+1 d)"
    assert utc_words(NOON - DAY_MS, NOON) == "12:00 UTC (-1 d)"


def test_brackets_of_the_author_stay_and_hollow_ones_go() -> None:
    assert read_location("(Gate 3) Heathrow").text == "(Gate 3) Heathrow"
    assert read_location("[/] by the park").text == "[/] by the park"
    assert read_location("Colnbrook by-pass (TQ 0227 7759)").text == "Colnbrook by-pass"
