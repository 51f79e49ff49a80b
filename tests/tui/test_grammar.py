"""The command line: words become acts, and what is wrong or missing is said in one sentence with the way on."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from incident.kernel.board import Arg, Look
from incident.kernel.slice import Actor, Refusal
from incident.log.facts import Write
from incident.resources.facts import SetStatus
from incident.state import INCIDENT
from incident.tasks.facts import Decline, Raise
from incident_tui.answers import choose, read_answer
from incident_tui.grammar import Act, AppAct, build, parse
from incident_tui.screens.incidents.listing import incidents_board
from incident_tui.tokens import tokens_of
from tests.incident.given import INCIDENT_STREAM, MINUTE
from tests.tui.world import busy_incident

WORLD = busy_incident()
LOOK = Look(
    WORLD.view,
    Actor("Sam", "LAS", "operator"),
    WORLD.now,
    INCIDENT_STREAM,
    charter=WORLD.charter,
    clock=str,
)
BOARDS = (*INCIDENT.boards, incidents_board(tuple))


def acted(line: str, here: tuple[str, str] | None = None) -> Act:
    act = parse(line, LOOK, BOARDS, here)
    assert isinstance(act, Act), act
    return act


def made(line: str) -> Any:
    command = build(acted(line), LOOK, BOARDS)
    assert not isinstance(command, Refusal), command
    return command


def refused(line: str, here: tuple[str, str] | None = None) -> Refusal:
    answer = parse(line, LOOK, BOARDS, here)
    assert isinstance(answer, Refusal), answer
    assert answer.sentence.endswith((".", "?"))
    return answer


def test_a_status_is_word_unit_status() -> None:
    assert made("s A103 scn") == (SetStatus("LAS/A103", "SCN"), INCIDENT_STREAM)
    assert made("s a103 at scene") == (SetStatus("LAS/A103", "SCN"), INCIDENT_STREAM)
    assert acted("S LAS/A103 scn").row == "LAS/A103"


def test_a_task_with_and_without_quotes() -> None:
    quoted, plain = made('t SCAS "open RVP B" 15m')[0], made("t scas open RVP B 15m")[0]
    assert isinstance(quoted, Raise)
    assert quoted == plain
    assert (quoted.agency, quoted.title, quoted.due) == ("SCAS", "open RVP B", WORLD.now + 15 * MINUTE)


def test_a_word_leaves_plain_text_for_an_answer_only_when_it_can_be_nothing_else() -> None:
    def title(line: str) -> Any:
        return acted(line).values["title"]

    assert title("t scas close lane 1") == "close lane 1"
    assert title("t scas close lane 1 urgent") == "close lane 1"
    assert acted("t scas close lane 1 urgent").values["priority"] == "urgent"
    assert title("t scas take it to sector s") == "take it to sector s"
    assert title("t scas bring 20 blankets") == "bring 20 blankets"
    assert acted("t scas meet at 14:50").values["due"] == "14:50"
    assert acted('t scas "a b" 20').values["due"] == "20"


def test_answers_by_name_and_the_rest_of_the_line() -> None:
    act = acted('t scas close it due=15m place="J4b slip"')
    assert (act.values["title"], act.values["due"], act.values["place"]) == ("close it", "15m", "J4b slip")
    command = made('decline scas-t1 he said "no buses" at all')[0]
    assert isinstance(command, Decline)
    assert command.reason == 'he said "no buses" at all'
    assert made("decline scas-t1 none free suggested=SECAMB")[0].suggested == "SECAMB"


def test_the_row_under_the_cursor_is_meant_when_none_is_named() -> None:
    key = next(iter(LOOK.state.tasks.rows))
    assert acted("sendback too early", ("tasks", key)).row == key
    assert acted("sendback LAS-T2 too early", ("tasks", key)).row != key
    assert refused("sendback too early").code == "unknown_row"


def test_when_and_for_whom_stand_in_front() -> None:
    act = acted("14:05 @mps log bus requested")
    assert act.values["text"] == "bus requested"
    assert act.on_behalf_of == "MPS"
    assert act.happened_at is not None
    assert act.happened_at % 86_400_000 == (14 * 60 + 5) * MINUTE
    assert build(act, LOOK, BOARDS) == (Write("bus requested"), INCIDENT_STREAM)
    assert refused("@zorro log x").sentence == "There is no agency zorro."
    assert refused("25:99 log x").code == "bad_value"


def test_the_app_has_words_too() -> None:
    lines = {
        "go 3": ("go.to", "3"),
        "inc 03": ("app.incident", "03"),
        "find hart": ("app.find", "hart"),
        'find "rvp b"': ("app.find", "rvp b"),
        "resources": ("go.to", "resources"),
        "q": ("app.quit", ""),
    }
    assert {line: parse(line, LOOK, BOARDS) for line in lines} == {
        line: AppAct(*wanted) for line, wanted in lines.items()
    }


def test_a_mistake_is_answered_with_the_nearest_word() -> None:
    assert refused("tsk SCAS x").sentence == "There is no word tsk. Did you mean task?"
    assert refused("t SCAX x").sentence.endswith("SCAX is none of LAS, SCAS, SECAMB, LFB. Did you mean SCAS?")
    assert "Did you mean A103?" in refused("s A1003 scn").sentence
    assert refused("zzzzzz").sentence == "There is no word zzzzzz. Press ? for all words."


def test_what_is_missing_is_named_with_the_shape_of_the_line_and_the_key() -> None:
    missing = refused("t SCAS")
    assert missing.sentence == (
        "What is to be done is missing: t AGENCY TITLE [due] [priority] [category] [role] [place] [supporting] "
        "[detail] [waits] [origin]. "
        "Or press t."
    )
    assert missing.facts == {"missing": "title"}
    assert refused("s").sentence == "Say which unit: s UNIT STATUS. Or put the cursor on it and press s."
    assert refused("").code == "empty"
    assert refused("log " + "x" * 2001).code == "too_long"


def test_too_much_is_told() -> None:
    assert (
        refused("accept scas-t1 now please").sentence == "Nothing more is needed behind accept: accept TASK."
    )
    assert refused("s a103 scn quickly").code == "not_understood"


def test_a_verb_that_does_not_apply_is_refused_before_it_is_sent() -> None:
    refusal = build(acted("commit a103"), LOOK, BOARDS)
    assert isinstance(refusal, Refusal)
    assert refusal.code == "not_now"
    assert build(Act("tasks", "accept", "nowhere"), LOOK, BOARDS) == Refusal(
        "no_row", "That task is not here any more."
    )


def test_the_same_word_on_two_boards_is_told_apart_by_its_row() -> None:
    assert acted("accept scas-t1").board == "tasks"
    assert acted("decline a103").board == "resources"


def test_choices_by_value_words_or_a_beginning_that_fits_one() -> None:
    pairs = [("SCN", "at scene"), ("HOS", "at hospital"), ("MOB", "mobile")]
    assert [choose(words, pairs) for words in ("scn", "AT HOSPITAL", "mob", "at s")] == [
        "SCN",
        "HOS",
        "MOB",
        "SCN",
    ]
    with pytest.raises(ValueError, match=r"at may mean at scene, at hospital\."):
        choose("at", pairs)
    with pytest.raises(ValueError, match=r"Did you mean mobile\?"):
        choose("mobbile", pairs)


def test_each_kind_of_answer_is_read_or_refused_in_plain_words() -> None:
    def read(kind: str, text: str) -> Any:
        return read_answer(Arg("x", "X", kind, limit=20), text, LOOK, None)

    assert [read("flag", "Y"), read("flag", "no"), read("number", "12"), read("time", "15m")] == [
        "yes",
        "",
        "12",
        "15m",
    ]
    for kind, text in (
        ("flag", "perhaps"),
        ("number", "many"),
        ("time", "soonish"),
        ("minutes", "x"),
        ("text", "y" * 21),
    ):
        with pytest.raises(ValueError, match=r"\."):
            read(kind, text)


def test_tokens_keep_quotes_together_even_when_one_is_forgotten() -> None:
    assert [(t.text, t.quoted) for t in tokens_of('a "b c" d="e f" “g h” "i j')] == [
        ("a", False), ("b c", True), ("d=e f", False), ("g h", True), ("i j", True),
    ]  # fmt: skip


@settings(max_examples=300)
@given(
    st.text(max_size=60),
    st.sampled_from(["", "t ", "s ", "log ", "decline SCAS-T1 ", "propose rvp ", "@LAS ", "14:05 "]),
)
def test_nothing_that_can_be_typed_breaks_it(words: str, opening: str) -> None:
    answer = parse(opening + words, LOOK, BOARDS)
    if isinstance(answer, Act):
        build(answer, LOOK, BOARDS)
    elif isinstance(answer, Refusal):
        assert answer.sentence


def test_the_time_may_stand_behind_the_word_log_as_in_the_composer() -> None:
    before, behind = acted("14:05 log first crew on scene"), acted("log 14:05 first crew on scene")
    assert behind.happened_at == before.happened_at is not None
    assert behind.values == before.values
    assert acted('log "14:05 was the time"').happened_at is None


@pytest.mark.parametrize("grid", ["TQ 0402 7829", "tq 0402 7829", '"TQ 0402 7829"'])
def test_a_grid_reference_without_quotes_is_one_word(grid: str) -> None:
    """Its northing was once taken for a radius of 7.8 km, and the radius for a review in 200 minutes."""
    made = build(acted(f"propose inner_cordon {grid} 200m"), LOOK, BOARDS)
    assert not isinstance(made, Refusal), made
    command, _ = made
    assert command.shape.radius_m == 200.0
    assert command.shape.place.grid == "TQ 0402 7829"
    assert command.review_due is None


@pytest.mark.parametrize(
    ("written", "point", "grid"),
    [
        ("tq 04027829", None, "TQ 0402 7829"),
        ("51.494, -0.503", (51.494, -0.503), ""),
        ("51.494 -0.503", (51.494, -0.503), ""),
        ("51.494N 0.503W", (51.494, -0.503), ""),
        ("51 29 38 N 0 30 11 W", (51.49388888888889, -0.5030555555555556), ""),
        ("Wexham Park", (51.532, -0.573), ""),
        ("Royal Berkshire", (51.45, -0.959), ""),
    ],
)
def test_a_place_of_several_words_needs_no_quotes_before_a_radius(
    written: str, point: tuple[float, float] | None, grid: str
) -> None:
    made = build(acted(f"propose inner_cordon {written} 200m"), LOOK, BOARDS)
    assert not isinstance(made, Refusal), made
    shape = made[0].shape
    assert shape.radius_m == 200.0
    assert shape.place.grid == grid
    assert shape.place.point == (pytest.approx(point) if point else None)


def test_a_grid_reference_with_a_digit_too_few_is_never_a_radius() -> None:
    refused = parse("propose inner_cordon TQ 0402 782 200m", LOOK, BOARDS)
    assert isinstance(refused, Refusal)
    assert "TQ 0402 782 has 7 digits" in refused.sentence


@pytest.mark.parametrize(
    ("line", "kind", "place", "radius", "scheme"),
    [
        ("propose hot scene fire", "hot_zone", "the scene: M25 J15 / M4 J4b", None, "fire"),
        ("propose outer the scene 1500m", "outer_cordon", "the scene: M25 J15 / M4 J4b", 1500.0, ""),
        ("propose hot at the crash fire", "hot_zone", "at the crash", None, "fire"),
        ("propose warm TQ 0402 7829 200m cbrn", "warm_zone", "", 200.0, "cbrn"),
        ('propose cold "the car park" plato', "cold_zone", "the car park", None, "plato"),
        ("propose hot the crash scheme=fire", "hot_zone", "the crash", None, "fire"),
        ("propose inner the crash TQ 0402 7829 500m", "inner_cordon", "the crash", 500.0, ""),
        ("propose rvp fire station", "rvp", "fire station", None, ""),
    ],
)
def test_what_is_proposed_is_its_kind_the_place_in_plain_words_a_radius_and_last_the_scheme(
    line: str, kind: str, place: str, radius: float | None, scheme: str
) -> None:
    command = made(line)[0]
    assert (command.kind, command.scheme, command.shape.radius_m) == (kind, scheme, radius)
    assert command.shape.place.text == place


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("propose hot the crash", "it stands last: propose hot PLACE fire."),
        ("propose hot the crash 200m", "it stands last: propose hot PLACE fire."),
        ("propose outer the crash", "it stands behind the place: propose outer PLACE 500m."),
    ],
)
def test_a_zone_without_its_scheme_and_a_cordon_without_its_radius_are_told_what_to_type(
    line: str, says: str
) -> None:
    answer = build(acted(line), LOOK, BOARDS)
    assert isinstance(answer, Refusal)
    assert answer.sentence.endswith(says)


@pytest.mark.parametrize(
    "line",
    [
        "propose inner the crash 500m",
        'propose outer "the crash" 1500m',
        "propose hot the crash 200m fire",
        "propose wind the crash from SW",
        'move "inner cordon A" the crash 200m',
    ],
)
def test_ground_around_a_place_without_a_point_is_refused_and_told_what_would_do(line: str) -> None:
    answer = build(acted(line), LOOK, BOARDS)
    assert isinstance(answer, Refusal)
    assert answer.sentence.startswith(
        "It is drawn around a point, and nothing gives one for the crash. Write a grid"
    )


@pytest.mark.parametrize(
    ("line", "role", "holder"),
    [
        ("appoint gold J Smith", "strategic", "J Smith"),
        ("appoint silver commander J Smith", "tactical", "J Smith"),
        ("appoint nilo R Osei", "tactical_adviser", "R Osei"),
        ("appoint operational C Dale", "operational", "C Dale"),
        ("appoint tactical adviser C Dale", "tactical_adviser", "C Dale"),
        ("appoint operational com C Dale", "operational", "C Dale"),
    ],
)
def test_a_role_is_typed_as_people_call_it_and_an_initial_is_no_part_of_it(
    line: str, role: str, holder: str
) -> None:
    command = made(line)[0]
    assert (command.role, command.holder) == (role, holder)
