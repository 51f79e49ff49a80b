"""Boundaries: proposed by one agency, agreed by each for itself, moved, reviewed, withdrawn."""

from __future__ import annotations

import random

import pytest

from incident.boundaries import agreed_by, boundaries, live, rivals
from incident.boundaries import facts as f
from incident.boundaries.board import BOARD, agreement
from incident.kernel.board import Look
from incident.kernel.slice import Actor, Refusal
from incident.values import Location
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
    assert stage.lines()[-1] == "does not agree to RVP A. Reason: downwind of the spill"
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


def test_everything_asks_the_others_for_an_answer() -> None:
    stage = Stage()
    rvp = proposed(stage)
    assert f"boundaries/{rvp}" in stage.model.addressed(stage.state, "SCAS")
    assert f"boundaries/{rvp}" not in stage.model.addressed(stage.state, "LAS")
    stage.must("SCAS", f.Agree(rvp))
    assert f"boundaries/{rvp}" not in stage.model.addressed(stage.state, "SCAS")


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
                    f.Propose(rng.choice(tuple(f.KINDS)), HERE, scheme=rng.choice(("", "cbrn"))),
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
