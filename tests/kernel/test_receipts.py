"""Receipts: three facts, each once per agency, each with its time, and none that nobody earned."""

from __future__ import annotations

from typing import Any

import pytest

from incident.boundaries.facts import Agree, Propose, Shape
from incident.kernel.receipts import (
    SUBJECTS_KEPT,
    Acknowledge,
    Deliver,
    Delivered,
    Receipt,
    Receipts,
    See,
    evolve,
    receipt,
)
from incident.tasks.facts import Accept, Raise
from incident.values import Location
from tests.incident.stage import Stage


def asked(stage: Stage, title: str = "Open RVP B", agency: str = "SCAS") -> str:
    """The subject of a task that has just been raised for an agency."""
    task = stage.must("LAS", Raise(title, agency, supporting=("SECAMB",)))
    return f"tasks/{task}@{task}"


def test_each_is_recorded_once_per_agency() -> None:
    stage = Stage()
    subject = asked(stage)
    stage.must("SCAS", Deliver((subject,)))
    first = receipt(stage.state.receipts, subject, "SCAS").delivered
    assert first is not None
    assert stage.try_("SCAS", Deliver((subject, subject))) == ()
    assert receipt(stage.state.receipts, subject, "SCAS").delivered == first
    assert receipt(stage.state.receipts, subject, "SECAMB").delivered is None


def test_to_have_seen_is_to_have_got_it_and_to_acknowledge_is_to_have_seen() -> None:
    stage = Stage()
    subject = asked(stage)
    stage.must("SCAS", See((subject,)))
    got = receipt(stage.state.receipts, subject, "SCAS")
    assert got.delivered == got.seen is not None
    assert got.acknowledged is None
    stage.must("SECAMB", Acknowledge((subject,)))
    got = receipt(stage.state.receipts, subject, "SECAMB")
    assert got.delivered == got.seen == got.acknowledged is not None
    assert got.by == "desk 1"


def test_only_what_is_new_is_written() -> None:
    stage = Stage()
    subject, other = asked(stage), asked(stage, "Close lane 1")
    stage.must("SCAS", Deliver((subject,)))
    events = stage.try_("SCAS", Deliver((subject, other)))
    assert isinstance(events, tuple)
    assert events[0].subjects == (other,)


def test_later_facts_do_not_move_earlier_ones() -> None:
    stage = Stage()
    subject = asked(stage)
    stage.must("SCAS", Deliver((subject,)))
    delivered = receipt(stage.state.receipts, subject, "SCAS").delivered
    stage.must("SCAS", Acknowledge((subject,)))
    got = receipt(stage.state.receipts, subject, "SCAS")
    assert got.delivered == delivered
    assert got.acknowledged is not None
    assert got.acknowledged > (delivered or 0)


def test_delivered_and_seen_are_machine_lines_and_an_acknowledgement_is_an_act() -> None:
    stage = Stage()
    subject = asked(stage)
    lines = []
    for command in (Deliver((subject,)), See((subject,)), Acknowledge((subject,))):
        stage.must("SCAS", command)
        lines.append(stage.model.sentence(stage.records[-1], stage.model.names(stage.state)))
    assert [line.weight for line in lines] == ["machine", "machine", "act"]
    assert lines[-1].text == "acknowledges LAS-T1 Open RVP B"


@pytest.mark.parametrize("kind", [Deliver, See, Acknowledge])
def test_nobody_receives_what_was_not_sent_to_them(kind: Any) -> None:
    stage = Stage()
    ours = asked(stage, agency="LAS")
    subject = asked(stage)
    before = len(stage.records)
    invented = (
        "x/LAS declares MAJOR INCIDENT",
        "organisation/zzz",
        "tasks/none",
        ours,
        subject.partition("@")[0],
    )
    assert stage.try_("SCAS", kind(invented)) == ()
    assert len(stage.records) == before
    events = stage.try_("SCAS", kind((*invented, subject)))
    assert isinstance(events, tuple)
    assert events[0].subjects == (subject,)


def test_who_has_answered_needs_no_receipt_any_more() -> None:
    stage = Stage()
    subject = asked(stage)
    rvp = stage.must("LAS", Propose("rvp", Shape(Location("Colnbrook"))))
    stage.must("SCAS", Accept(subject.removeprefix("tasks/").partition("@")[0]))
    stage.must("SCAS", Agree(rvp))
    assert stage.try_("SCAS", Acknowledge((subject, f"boundaries/{rvp}@{rvp}"))) == ()


def test_nobody_can_claim_to_have_seen_it_earlier() -> None:
    stage = Stage()
    subject = asked(stage)
    stage.must("SCAS", Acknowledge((subject,)), happened_at=stage.now - 3_600_000)
    got = receipt(stage.state.receipts, subject, "SCAS")
    assert got.delivered == got.seen == got.acknowledged == stage.now


def test_so_many_are_kept_and_the_oldest_go_whatever_the_order_of_the_state() -> None:
    rows = {f"tasks/{n:05}": {"SCAS": Receipt(delivered=n + 1)} for n in range(SUBJECTS_KEPT)}
    turned = dict(sorted(rows.items(), reverse=True))
    stage = Stage()
    subject = asked(stage)
    stage.must("SCAS", Deliver((subject,)))
    record = stage.records[-1]
    event = Delivered((subject,))
    after = evolve(Receipts(rows), event, record)
    assert after == evolve(Receipts(turned), event, record)
    assert len(after.rows) <= SUBJECTS_KEPT
    assert receipt(after, subject, "SCAS").delivered == record.recorded_at
    assert "tasks/00000" not in after.rows
    assert f"tasks/{SUBJECTS_KEPT - 1:05}" in after.rows
