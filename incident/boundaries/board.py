"""Boundaries, the board: what lies on the ground, who agrees to it, what it reaches, and when it is looked at again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from incident.boundaries.facts import KINDS, SCHEMES, TITLES, Feature, subject_of
from incident.boundaries.rules import RIVAL_KINDS, agreed_by, boundaries, counted, hazards_at, rivals
from incident.boundaries.verbs import VERBS
from incident.boundaries.wind import wind_words
from incident.boundaries.words import grid_first, place_words, where_words
from incident.ground import reach_words
from incident.kernel.board import Board, Cell, Column, Look
from incident.kernel.receipts import receipt
from incident.organisation import parties
from incident.values import span

# -- cells --------------------------------------------------------------------------------------------------


def rows(look: Look) -> Mapping[str, Feature]:
    """Every feature of the incident by id, the withdrawn ones too."""
    features: Mapping[str, Feature] = boundaries(look.state).rows
    return features


def _name(feature: Feature, look: Look) -> Cell:
    if feature.withdrawn_at is not None:
        return Cell(feature.name, "dim")
    if feature.kind in RIVAL_KINDS and feature in rivals(look.state):
        return Cell(f"▲ {feature.name}", "alarm")
    return Cell(feature.name, "strong")


def _kind(feature: Feature, _look: Look) -> Cell:
    scheme = f" {feature.scheme}" if feature.scheme else ""
    return Cell(KINDS[feature.kind] + scheme, "dim")


def agreement(feature: Feature, look: Look) -> Cell:
    """How far it is agreed, in words: proposed, agreed 2 of 3, agreed by all, declined by SCAS, withdrawn."""
    if feature.withdrawn_at is not None:
        return Cell("withdrawn", "dim")
    against = [code for code, answer in feature.answers.items() if not answer.agreed]
    if against:
        return Cell(f"✗ {', '.join(against)}", "alarm")
    done, total = agreed_by(look.state, feature)
    if total and done >= total:
        return Cell(f"✓ {done} of {total}", "good")
    if done == (feature.owner in counted(look.state)):  # nobody but its owner
        return Cell("proposed", "caution")
    return Cell(f"{done} of {total}", "caution")


def ours_cell(feature: Feature, look: Look) -> Cell:
    """What we have said to it. What we have acknowledged waits for us no more, so it is not told as if it did."""
    if look.me is None or feature.withdrawn_at is not None:
        return Cell("", "dim")
    answer = feature.answers.get(look.me.agency)
    if answer is None:
        noted = receipt(look.state.receipts, subject_of(feature), look.me.agency).acknowledged is not None
        return Cell("· noted", "dim") if noted else Cell("· to answer", "caution")
    return Cell("✓ agreed", "good") if answer.agreed else Cell("✗ declined", "alarm")


def danger_words(hazards: Sequence[Feature]) -> str:
    """What it lies in, in words: "in hot zone A", "downwind: wind sector A"."""
    return ", ".join(f"downwind: {one.name}" if one.kind == "wind" else f"in {one.name}" for one in hazards)


def _place(feature: Feature, look: Look) -> Cell:
    hazards = hazards_at(look.state, feature)
    if hazards:
        return Cell(f"▲ {danger_words(hazards)}. {grid_first(feature.shape)}", "caution")
    return Cell(grid_first(feature.shape))


def reach_cell(feature: Feature, _look: Look) -> Cell:
    """What its ground reaches among the areas of the trusts: crosses SCAS/LAS; SECAMB 0.8 km."""
    if feature.reach is None or feature.withdrawn_at is not None:
        return Cell("", "dim")
    return Cell(
        reach_words(feature.reach),
        "caution" if len(feature.reach.crosses) > 1 or feature.reach.before else "dim",
    )


def review_cell(feature: Feature, look: Look) -> Cell:
    """When it must be looked at again; overdue says so in a word."""
    if feature.review_due is None or feature.withdrawn_at is not None:
        return Cell("–", "dim")
    if look.now > feature.review_due:
        return Cell(f"▲ {look.clock(feature.review_due)} {span(look.now - feature.review_due)} over", "alarm")
    soon = feature.review_due - look.now < 300_000
    return Cell(f"{look.clock(feature.review_due)}", "caution" if soon else "ink")


def _owner(feature: Feature, _look: Look) -> Cell:
    return Cell(feature.owner)


def _number(feature: Feature, _look: Look) -> Cell:
    return Cell(feature.number, "dim")


def _order(feature: Feature, look: Look) -> Any:
    """What waits for our answer first, then what was proposed or moved last; what was withdrawn stands at the end."""
    answered = look.me is None or look.me.agency in feature.answers
    return (feature.withdrawn_at is not None, answered, -feature.placed_at, feature.number)


COLUMNS = (
    Column("name", "On the ground", 20, _name, priority=0, grow=2),
    Column("owner", "By", 8, _owner, priority=1),
    Column("agreed", "Agreed", 14, agreement, priority=1),
    Column("ours", "We", 11, ours_cell, priority=3),
    Column("place", "Where", 24, _place, priority=2, grow=3),
    Column("review", "Review", 14, review_cell, priority=4),
    Column("reach", "Reaches", 22, reach_cell, priority=5, grow=1),
    Column("kind", "Kind", 16, _kind, priority=6),
    Column("number", "No", 10, _number, priority=7),
)


def detail(feature: Feature, look: Look) -> Sequence[tuple[str, Cell]]:
    """Everything known of one feature, in reading order: what, where, who has said what."""
    lines: list[tuple[str, Cell]] = [
        ("", Cell(f"{feature.name}  {TITLES.get(feature.kind, KINDS[feature.kind])}", "strong")),
        ("number", _number(feature, look)),
        ("owner", Cell(f"{feature.owner}, proposed {look.clock(feature.proposed_at)}")),
        ("where", Cell(place_words(feature))),
        ("agreed", agreement(feature, look)),
        ("review", review_cell(feature, look)),
    ]
    if feature.reach is not None:
        lines.append(("reaches", reach_cell(feature, look)))
    if feature.shape.wind is not None:
        lines.append(("wind", Cell(wind_words(feature.shape.wind), "caution")))
    hazards = hazards_at(look.state, feature)
    if hazards:
        lines.append(("danger", Cell(f"▲ {danger_words(hazards)}: move one of the two", "alarm")))
    if feature.scheme:
        lines.append(("scheme", Cell(SCHEMES[feature.scheme], "caution")))
    if feature.moves:
        lines.append(
            ("moved", Cell(f"{feature.moves} times, last {look.clock(feature.placed_at)}", "caution"))
        )
    if feature.note:
        lines.append(("note", Cell(feature.note)))
    if feature.reason:
        lines.append(("reason", Cell(feature.reason)))
    lines += [(code, _answer(feature, code, look)) for code in parties(look.state)]
    return lines


def _answer(feature: Feature, code: str, look: Look) -> Cell:
    answer = feature.answers.get(code)
    if answer is not None:
        if answer.agreed:
            return Cell(f"✓ agreed {look.clock(answer.at)}, {answer.by}", "good")
        return Cell(f"✗ declined {look.clock(answer.at)}: {answer.reason}", "alarm")
    got = receipt(look.state.receipts, subject_of(feature), code)
    if got.acknowledged:
        return Cell(f"· acknowledged {look.clock(got.acknowledged)}", "caution")
    word = "seen" if got.seen else "delivered" if got.delivered else "sent"
    return Cell(f"· {word}, asked {look.clock(feature.placed_at)}", "caution")


def _find(feature: Feature, look: Look) -> str:
    words = (
        feature.name,
        feature.number,
        KINDS[feature.kind],
        feature.owner,
        where_words(feature.shape),
        feature.note,
    )
    return " ".join((*words, agreement(feature, look).text, ours_cell(feature, look).text)).lower()


def named(text: str, look: Look) -> str | None:
    """A feature by its name or number, if only one that is not withdrawn answers to it."""
    wanted = text.strip().lower()
    live_rows = [feature for feature in rows(look).values() if feature.withdrawn_at is None]
    exact = [f.id for f in live_rows if wanted in (f.name.lower(), f.number.lower())]
    if not exact:
        exact = [f.id for f in live_rows if f.name.lower().endswith(" " + wanted)]
    return exact[0] if len(exact) == 1 else None


BOARD = Board(
    name="boundaries",
    title="Boundaries",
    digit="3",
    rows=rows,
    columns=COLUMNS,
    verbs=VERBS,
    detail=detail,
    find=_find,
    named=named,
    version=lambda feature: feature.version,
    order=_order,
    count=lambda look: sum(1 for feature in rows(look).values() if feature.withdrawn_at is None),
    alarm=lambda look: (
        len(rivals(look.state))
        + sum(
            1
            for feature in rows(look).values()
            if feature.withdrawn_at is None
            and feature.review_due is not None
            and look.now > feature.review_due
        )
    ),
    noun="feature",
    empty="Nothing is agreed on the ground yet. Press p to propose a rendezvous point.",
)
