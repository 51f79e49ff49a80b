"""Receipts: three facts, each once per agency, each with its time, and none that nobody earned."""

from __future__ import annotations

from incident.kernel.receipts import Acknowledge, Deliver, See, receipt
from tests.incident.stage import Stage

SUBJECT = "tasks/00000000-0000-7000-8000-000000000009"


def test_each_is_recorded_once_per_agency() -> None:
    stage = Stage()
    stage.must("SCAS", Deliver((SUBJECT,)))
    first = receipt(stage.state.receipts, SUBJECT, "SCAS").delivered
    assert first is not None
    assert stage.try_("SCAS", Deliver((SUBJECT, SUBJECT))) == ()
    assert receipt(stage.state.receipts, SUBJECT, "SCAS").delivered == first
    assert receipt(stage.state.receipts, SUBJECT, "SECAMB").delivered is None


def test_to_have_seen_is_to_have_got_it_and_to_acknowledge_is_to_have_seen() -> None:
    stage = Stage()
    stage.must("SCAS", See((SUBJECT,)))
    got = receipt(stage.state.receipts, SUBJECT, "SCAS")
    assert got.delivered == got.seen is not None
    assert got.acknowledged is None
    stage.must("SECAMB", Acknowledge((SUBJECT,)))
    got = receipt(stage.state.receipts, SUBJECT, "SECAMB")
    assert got.delivered == got.seen == got.acknowledged is not None
    assert got.by == "desk 1"


def test_only_what_is_new_is_written() -> None:
    stage = Stage()
    other = SUBJECT.replace("9", "8")
    stage.must("SCAS", Deliver((SUBJECT,)))
    events = stage.try_("SCAS", Deliver((SUBJECT, other)))
    assert isinstance(events, tuple)
    assert events[0].subjects == (other,)


def test_later_facts_do_not_move_earlier_ones() -> None:
    stage = Stage()
    stage.must("SCAS", Deliver((SUBJECT,)))
    delivered = receipt(stage.state.receipts, SUBJECT, "SCAS").delivered
    stage.must("SCAS", Acknowledge((SUBJECT,)))
    got = receipt(stage.state.receipts, SUBJECT, "SCAS")
    assert got.delivered == delivered
    assert got.acknowledged is not None
    assert got.acknowledged > (delivered or 0)


def test_delivered_and_seen_are_machine_lines_and_an_acknowledgement_is_an_act() -> None:
    stage = Stage()
    weights = []
    for command in (Deliver((SUBJECT,)), See((SUBJECT,)), Acknowledge((SUBJECT,))):
        stage.must("SCAS", command)
        weights.append(stage.model.sentence(stage.records[-1], stage.model.names(stage.state)).weight)
    assert weights == ["machine", "machine", "act"]
