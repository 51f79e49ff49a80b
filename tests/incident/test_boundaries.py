"""Boundaries: proposed by one agency, agreed by each for itself, moved, reviewed, withdrawn."""

from __future__ import annotations

import random

import msgspec
import pytest

from incident.boundaries import agreed_by, boundaries, live, rivals, rules
from incident.boundaries import facts as f
from incident.boundaries.board import BOARD, agreement
from incident.kernel.board import Look
from incident.kernel.receipts import Acknowledge, See
from incident.kernel.slice import Actor, Refusal
from incident.organisation.facts import Invite
from incident.values import Location, utc_words
from tests.incident.stage import AGENCIES, Stage

HERE = f.Shape(Location("Colnbrook by-pass"))
THERE = f.Shape(Location("Colnbrook west"), 500.0)


def proposed(stage: Stage, agency: str = "LAS", kind: str = "rvp", **more: object) -> str:
    return stage.must(agency, f.Propose(kind, HERE, **more))


def look(stage: Stage, agency: str = "LAS") -> Look:
    return Look(stage.state, Actor("desk 1", agency, "operator"), stage.now, clock=lambda at: f"{at}")


def test_proposed_then_agreed_by_each_agency_for_itself() -> None:
    stage = Stage()
    rvp = proposed(stage)
    feature = boundaries(stage.state).rows[rvp]
    assert (feature.name, feature.owner, feature.number) == ("RVP A", "LAS", "LAS-B1")
    assert agreed_by(stage.state, feature) == (1, 3)
    assert agreement(feature, look(stage)).text == "proposed"
    stage.must("SCAS", f.Agree(rvp))
    assert agreement(boundaries(stage.state).rows[rvp], look(stage)).text == "2 of 3"
    stage.must("SECAMB", f.Agree(rvp))
    assert agreement(boundaries(stage.state).rows[rvp], look(stage)).text == "✓ 3 of 3"
    assert stage.try_("SECAMB", f.Agree(rvp)) == ()


def test_declined_says_who_and_why() -> None:
    stage = Stage()
    rvp = proposed(stage)
    stage.must("SCAS", f.Decline(rvp, "downwind of the spill"))
    feature = boundaries(stage.state).rows[rvp]
    assert agreement(feature, look(stage)).text == "✗ SCAS"
    assert stage.lines()[-1] == "does not agree to RVP A (LAS-B1). Reason: downwind of the spill."
    stage.refused("LAS", f.Decline(rvp, "no"), "owner")


def test_moving_it_asks_every_other_agency_anew() -> None:
    stage = Stage()
    rvp = proposed(stage)
    seen = stage.model.base_for(stage.state, f.Agree(rvp))
    stage.must("SCAS", f.Agree(rvp))
    stage.must("LAS", f.Move(rvp, THERE, "smoke"))
    feature = boundaries(stage.state).rows[rvp]
    assert agreed_by(stage.state, feature) == (1, 3)
    assert feature.moves == 1
    refusal = stage.refused("SECAMB", f.Agree(rvp), "stale", base=seen)
    assert refusal.conflict, "who agreed to where it lay before has not agreed to where it lies now"


def test_two_rendezvous_points_stand_against_each_other() -> None:
    stage = Stage()
    first = proposed(stage)
    assert rivals(stage.state) == ()
    second = proposed(stage, "SCAS")
    assert {feature.id for feature in rivals(stage.state)} == {first, second}
    assert boundaries(stage.state).rows[second].name == "RVP B"
    assert BOARD.alarm is not None
    assert BOARD.alarm(look(stage)) == 2
    stage.must("SCAS", f.Withdraw(second, "agreed on A"))
    assert rivals(stage.state) == ()
    assert len(live(stage.state)) == 1
    stage.refused("LAS", f.Agree(second), "withdrawn")


@pytest.mark.parametrize("kind", sorted(f.ZONES))
def test_a_zone_names_its_scheme(kind: str) -> None:
    stage = Stage()
    stage.refused("LAS", f.Propose(kind, THERE), "scheme_missing")
    stage.must("LAS", f.Propose(kind, THERE, scheme="cbrn"))
    stage.refused("LAS", f.Propose("rvp", HERE, scheme="cbrn"), "scheme_unasked")


def test_a_polygon_has_three_corners() -> None:
    stage = Stage()
    line = f.Shape(Location("road"), polygon=((51.0, -0.5), (51.1, -0.5)))
    stage.refused("LAS", f.Propose("inner_cordon", line), "bad_shape")


def test_review_and_its_time() -> None:
    stage = Stage()
    rvp = proposed(stage, review_due=stage.now + 60_000)
    stage.now += 120_000
    assert BOARD.alarm is not None
    assert BOARD.alarm(look(stage)) == 1
    stage.must("SCAS", f.Review(rvp, stage.now + 1_800_000))
    assert BOARD.alarm(look(stage)) == 0
    assert boundaries(stage.state).rows[rvp].reviewed_at is not None


def test_different_fields_merge_and_the_same_field_does_not() -> None:
    stage = Stage()
    rvp = proposed(stage)
    seen = stage.model.base_for(stage.state, f.Amend(rvp, name="x"))
    stage.must("LAS", f.Amend(rvp, name="RVP Colnbrook"), base=seen)
    stage.must("LAS", f.Amend(rvp, note="by the lay-by"), base={})
    stage.refused("LAS", f.Amend(rvp, name="RVP East"), "field_changed", base=seen)


def asked(stage: Stage, feature: str) -> str:
    """The subject under which receipts of a feature as it lies now are kept."""
    return f.subject_of(boundaries(stage.state).rows[feature])


def test_everything_asks_the_others_for_an_answer() -> None:
    stage = Stage()
    rvp = proposed(stage)
    assert asked(stage, rvp) in stage.model.addressed(stage.state, "SCAS")
    assert asked(stage, rvp) not in stage.model.addressed(stage.state, "LAS")
    stage.must("SCAS", f.Agree(rvp))
    assert asked(stage, rvp) not in stage.model.addressed(stage.state, "SCAS")


def test_who_saw_where_it_lay_has_not_seen_where_it_lies() -> None:
    stage = Stage()
    rvp = proposed(stage)
    before = asked(stage, rvp)
    stage.must("SCAS", Acknowledge((before,)))

    def told() -> str:
        return dict(BOARD.detail(boundaries(stage.state).rows[rvp], look(stage)))["SCAS"].text

    assert told().startswith("· acknowledged")
    stage.must("LAS", f.Move(rvp, THERE))
    assert told().startswith("· sent"), "nobody has seen that it was moved"
    assert stage.try_("SCAS", See((before,))) == ()
    assert asked(stage, rvp) in stage.model.addressed(stage.state, "SCAS")
    stage.must("SCAS", See((asked(stage, rvp),)))
    assert told().startswith("· seen")
    assert stage.lines()[-1] == "seen by SCAS: RVP A (LAS-B1)"


def test_a_look_at_what_was_withdrawn_is_recorded_and_changes_nothing() -> None:
    stage = Stage()
    rvp = proposed(stage)
    stage.must("LAS", f.Withdraw(rvp))
    before = stage.state.boundaries
    stage.must("SCAS", f.Review(rvp, stage.now + 1000, "crews are still there"))
    assert stage.records[-1].type == "boundaries.reviewed"
    assert stage.state.boundaries == before


def test_a_review_without_a_time_keeps_the_time_and_an_older_one_changes_nothing() -> None:
    stage = Stage()
    rvp = proposed(stage, review_due=stage.now + 60_000)
    due = boundaries(stage.state).rows[rvp].review_due
    stage.must("SCAS", f.Review(rvp))
    first = boundaries(stage.state).rows[rvp]
    assert first.review_due == due
    assert first.reviewed_at == stage.now
    stage.must("SECAMB", f.Review(rvp, stage.now + 7), happened_at=stage.now - 600_000)
    assert boundaries(stage.state).rows[rvp] == first


def test_no_two_live_features_have_one_name() -> None:
    stage = Stage()
    unaware = stage.model.base_for(stage.state, f.Propose("rvp", HERE, name="RVP A"))
    given = stage.must("LAS", f.Propose("rvp", HERE, name="RVP A"))
    lettered = proposed(stage, "SCAS")
    assert boundaries(stage.state).rows[lettered].name == "RVP B", "a name that was given takes its letter"
    again = f.Propose("fcp", HERE, name="rvp  b")
    assert not stage.refused("SECAMB", again, "name_taken").conflict, "it could be seen that it is taken"
    assert stage.refused("SECAMB", again, "name_taken", base=unaware).conflict
    seen = stage.model.base_for(stage.state, f.Amend(given, name="RVP B"))
    assert not stage.refused("LAS", f.Amend(given, name="RVP B"), "name_taken", base=seen).conflict
    stage.must("LAS", f.Amend(given, name="rvp a"))
    stage.must("SCAS", f.Withdraw(lettered))
    stage.must("LAS", f.Amend(given, name="RVP B"))
    third = proposed(stage, "SECAMB")
    assert boundaries(stage.state).rows[third].name == "RVP C", "a letter that was spoken is not given again"
    stage.must("LAS", f.Amend(stage.must("LAS", f.Propose("rvp", HERE, name="RVP D")), name="Colnbrook"))
    fifth = proposed(stage, "SECAMB")
    assert boundaries(stage.state).rows[fifth].name == "RVP E"


def test_rooms_that_are_cut_off_give_neither_letter_nor_number() -> None:
    stage = Stage()
    rvp = stage.must("LAS", f.Propose("rvp", HERE), cut_off=True)
    other = stage.must("LAS", f.Propose("rvp", THERE), cut_off=True)
    rows = boundaries(stage.state).rows
    assert {(rows[key].name, rows[key].number) for key in (rvp, other)} == {("RVP ?", "LAS-B?")}
    assert boundaries(stage.state).counts["LAS"] == 0
    assert boundaries(stage.state).letters == {}


def test_a_line_of_the_log_says_the_same_for_ever() -> None:
    stage = Stage()
    rvp = proposed(stage, note="by the lay-by.", review_due=stage.now + 86_400_000)
    stage.must("SCAS", f.Agree(rvp))
    zone = stage.must("SCAS", f.Propose("hot_zone", HERE, name="Colnbrook", scheme="cbrn"))
    before = stage.lines()
    stage.must("LAS", f.Amend(rvp, name="RVP Colnbrook", note="from the A4"))
    stage.must("SCAS", f.Amend(zone, note="marked"))
    stage.must("LAS", f.Move(rvp, THERE, "smoke."))
    stage.must("SCAS", f.Review(rvp, None, "dry"))
    stage.must("LAS", f.Withdraw(rvp))
    lines = stage.lines()
    assert lines[: len(before)] == before, "a new name rewrites no earlier line"
    due = utc_words(boundaries(stage.state).rows[rvp].review_due or 0, stage.now)
    assert lines[2:] == [
        f"proposes RVP A (LAS-B1): Colnbrook by-pass. by the lay-by. Review due {due}.",
        "agrees to RVP A (LAS-B1)",
        "proposes Colnbrook (SCAS-B1), a hot zone, CBRN / hazardous materials: Colnbrook by-pass",
        "renames RVP A (LAS-B1) to RVP Colnbrook. Note: from the A4.",
        "changes the note of Colnbrook (SCAS-B1): marked",
        "moves RVP A (LAS-B1) to Colnbrook west, 500 m. Reason: smoke.",
        "reviews RVP A (LAS-B1): it stands. dry.",
        "withdraws RVP A (LAS-B1)",
    ]


def test_exercise_control_does_not_count_for_agreement() -> None:
    stage = Stage()
    stage.must("LAS", Invite(("EXCON",)))
    rvp = proposed(stage)
    stage.must("SCAS", f.Agree(rvp))
    stage.must("SECAMB", f.Agree(rvp))
    feature = boundaries(stage.state).rows[rvp]
    assert agreed_by(stage.state, feature) == (3, 3)
    theirs = stage.must("EXCON", f.Propose("fcp", HERE))
    assert agreement(boundaries(stage.state).rows[theirs], look(stage)).text == "proposed"
    stage.must("SCAS", f.Agree(theirs))
    assert agreement(boundaries(stage.state).rows[theirs], look(stage)).text == "1 of 3"


def test_who_could_know_that_it_is_withdrawn_is_not_told_of_a_race() -> None:
    stage = Stage()
    rvp = proposed(stage)
    agree, rename = f.Agree(rvp), f.Amend(rvp, name="RVP East")
    before = [stage.model.base_for(stage.state, command) for command in (agree, rename)]
    stage.must("LAS", f.Withdraw(rvp))
    assert stage.try_("LAS", f.Withdraw(rvp), base={}) == ()
    for command, base in zip((agree, rename), before, strict=True):
        assert not stage.refused("SCAS", command, "withdrawn").conflict
        assert stage.refused("SCAS", command, "withdrawn", base=base).conflict


NOWHERE = f.Shape(Location(" "))
SQUARE = ((51.0, -0.5), (51.1, -0.5), (51.1, -0.4))


def test_a_feature_lies_somewhere_and_a_cordon_reaches_some_way() -> None:
    stage = Stage()
    stage.refused("LAS", f.Propose("rvp", NOWHERE), "place_missing")
    refusal = stage.refused("LAS", f.Propose("inner_cordon", HERE), "extent_missing")
    assert refusal.sentence == "An inner cordon needs a radius, such as 500m, or a polygon."
    stage.must("LAS", f.Propose("outer_cordon", f.Shape(Location(), polygon=SQUARE)))
    cordon = stage.must("LAS", f.Propose("inner_cordon", THERE))
    stage.refused("LAS", f.Move(cordon, HERE), "extent_missing")
    stage.refused("LAS", f.Move(proposed(stage), NOWHERE), "place_missing")
    assert stage.must("LAS", f.Propose("fcp", HERE, name="  "))
    assert boundaries(stage.state).rows[stage.ids[-1]].name == "FCP A"


def test_blank_words_are_none() -> None:
    stage = Stage()
    rvp = proposed(stage)
    for type_, body in (
        ("decline", {"feature": rvp, "reason": " "}),
        ("amend", {"feature": rvp, "name": "  "}),
        ("move", {"feature": rvp, "shape": {"place": {"text": "x"}, "radius_m": 0}}),
        ("review", {"feature": rvp, "review_due": 4_102_444_800_001}),
    ):
        answer = stage.model.read_command(f"boundaries.{type_}", 1, msgspec.json.encode(body))
        assert isinstance(answer, Refusal), type_


def test_a_kind_is_said_with_its_article() -> None:
    stage = Stage()
    said = {kind: f.words_of(kind).partition(" ")[0] for kind in f.KINDS}
    an = {"rvp", "fcp", "inner_cordon", "outer_cordon", "parking", "loading"}
    assert {kind for kind, article in said.items() if article == "an"} == an
    refusal = stage.refused("LAS", f.Propose("rvp", HERE, scheme="cbrn"), "scheme_unasked")
    assert refusal.sentence == "Only zones have a scheme, not an RVP."
    assert stage.refused("LAS", f.Propose("hot_zone", HERE), "scheme_missing").sentence.startswith(
        "A hot zone "
    )


def test_there_is_a_last_feature_and_a_withdrawn_one_keeps_no_polygon(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rules, "FEATURES_MAX", 2)
    stage = Stage()
    cordon = stage.must("LAS", f.Propose("inner_cordon", f.Shape(Location("scene"), 90.0, SQUARE)))
    stage.must("LAS", f.Withdraw(cordon))
    assert boundaries(stage.state).rows[cordon].shape == f.Shape(Location("scene"), 90.0)
    proposed(stage)
    stage.refused("LAS", f.Propose("rvp", HERE), "full")


def test_the_board_finds_what_people_say() -> None:
    stage = Stage()
    rvp = proposed(stage)
    view = look(stage, "SCAS")
    for said in ("RVP A", "rvp a", "a", "LAS-B1"):
        assert BOARD.named(said, view) == rvp
    row = BOARD.rows(view)[rvp]
    offered = {verb.name for verb in BOARD.verbs if verb.row and verb.applies(row, view)}
    assert offered == {"agree", "decline", "review"}
    assert "LAS" in dict(BOARD.detail(row, view))
    assert "· sent" in dict(BOARD.detail(row, view))["SCAS"].text


def test_building_from_a_form_says_what_is_missing() -> None:
    stage = Stage()
    propose = next(verb for verb in BOARD.verbs if verb.name == "propose")
    view = look(stage)
    made = propose.build(
        None, {"kind": "inner_cordon", "place": "M25 J15 TQ 0402 7829", "radius": "1.5km"}, view
    )
    assert made.shape.radius_m == 1500
    assert made.shape.place.grid == "TQ 0402 7829"
    for values, words in (
        ({"kind": "inner_cordon", "place": "here"}, "radius"),
        ({"kind": "hot_zone", "place": "here"}, "scheme"),
        ({"kind": "rvp", "place": "here", "radius": "far"}, "not a distance"),
        ({"kind": "rvp", "place": "here", "review": "soonish"}, "when it is due"),
    ):
        with pytest.raises(ValueError, match=words):
            propose.build(None, values, view)


def test_any_walk_keeps_what_must_hold(seed: int) -> None:
    for walk in range(15):
        rng = random.Random(f"{seed} boundaries {walk}")
        stage = Stage()
        for _ in range(50):
            rows = list(boundaries(stage.state).rows)
            target = rng.choice(rows) if rows else "00000000-0000-7000-8000-999999999999"
            owner = boundaries(stage.state).rows[target].owner if rows else "LAS"
            agency = rng.choice(AGENCIES)
            command = rng.choice(
                [
                    f.Propose(rng.choice(tuple(f.KINDS)), THERE, scheme=rng.choice(("", "cbrn"))),
                    f.Propose("rvp", HERE, name=f"RVP {rng.choice('ABC')}"),
                    f.Agree(target),
                    f.Decline(target, "no"),
                    f.Review(target, stage.now + 1000),
                ]
            )
            stage.try_(agency, command)
            mine = [f.Move(target, rng.choice((HERE, THERE))), f.Withdraw(target), f.Amend(target, note="n")]
            if rng.random() < 0.3:
                stage.try_(owner, rng.choice(mine))
        assert stage.model.digest(stage.model.fold(stage.records)) == stage.model.digest(stage.state)
        assert all(stage.lines())
        assert not isinstance(stage.state, Refusal)
