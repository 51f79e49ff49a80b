"""Boundaries, the words and the board: lines of the log, columns, verbs with their grammar."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from incident.boundaries.facts import (
    CORDONS,
    KINDS,
    SCHEMES,
    TITLES,
    ZONES,
    Agree,
    Agreed,
    Amend,
    Amended,
    Decline,
    Declined,
    Feature,
    Move,
    Moved,
    Propose,
    Proposed,
    Review,
    Reviewed,
    Shape,
    Withdraw,
    Withdrawn,
    subject_of,
    words_of,
)
from incident.boundaries.rules import RIVAL_KINDS, agreed_by, boundaries, counted, rivals
from incident.kernel.board import Arg, Board, Cell, Column, Look, Verb
from incident.kernel.receipts import receipt
from incident.kernel.record import Record, thing_id
from incident.kernel.slice import Line, Names
from incident.organisation import parties
from incident.values import read_due, read_location, sentences, span, utc_words


def sentence(event: Any, record: Record, names: Names) -> Line:
    """A record of this slice as one line of the log. The agency stands in a column of its own."""
    if isinstance(event, Proposed):
        return Line(_proposed(event, record, names))
    what = names("boundaries", event.feature)
    match event:
        case Agreed():
            return Line(f"agrees to {what}")
        case Declined():
            return Line(sentences(f"does not agree to {what}", _because(event.reason)))
        case Moved():
            return Line(sentences(f"moves {what} to {_where(event.shape)}", _because(event.reason)))
        case Withdrawn():
            return Line(sentences(f"withdraws {what}", _because(event.reason)))
        case Reviewed():
            again = _review_words(event.review_due, record)
            return Line(sentences(f"reviews {what}: it stands", event.note, again))
        case Amended():
            return Line(_amended(event, what))
        case _:
            raise AssertionError(f"no sentence for {type(event).__name__}")


def _proposed(event: Proposed, record: Record, names: Names) -> str:
    """Name and number are the feature's own, as proposed: a line of the log never changes."""
    what = names("boundaries", thing_id(record))
    kind = "" if KINDS[event.kind].casefold() in what.casefold() else f", {words_of(event.kind)}"
    scheme = f", {SCHEMES[event.scheme]}" if event.scheme else ""
    first = f"proposes {what}{kind}{scheme}: {_where(event.shape)}"
    return sentences(first, event.note, _review_words(event.review_due, record))


def _amended(event: Amended, what: str) -> str:
    note = "" if event.note is None else event.note or "none"
    if event.name is None:
        return f"changes the note of {what}: {note}"
    return sentences(f"renames {what} to {event.name}", note and f"Note: {note}")


def _because(reason: str) -> str:
    return f"Reason: {reason}" if reason else ""


def _review_words(due: int | None, record: Record) -> str:
    return "" if due is None else f"Review due {utc_words(due, record.recorded_at)}"


def _where(shape: Shape) -> str:
    place = shape.place
    words = " ".join(filter(None, (place.text, place.grid)))
    if not words and place.lat is not None and place.lon is not None:
        words = f"{place.lat:.4f}, {place.lon:.4f}"
    return (words or "place not given") + size(shape)


def size(shape: Shape) -> str:
    """The extent in words: a radius in metres or kilometres, or how many corners."""
    if shape.polygon:
        return f", {len(shape.polygon)} corners"
    if shape.radius_m is None:
        return ""
    return f", {shape.radius_m:.0f} m" if shape.radius_m < 1000 else f", {shape.radius_m / 1000:.1f} km"


def place_words(feature: Feature) -> str:
    """Where it lies, and how far it reaches, in words."""
    return _where(feature.shape)


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


def _ours(feature: Feature, look: Look) -> Cell:
    if look.me is None or feature.withdrawn_at is not None:
        return Cell("", "dim")
    answer = feature.answers.get(look.me.agency)
    if answer is None:
        return Cell("· to answer", "caution")
    return Cell("✓ agreed", "good") if answer.agreed else Cell("✗ declined", "alarm")


def _place(feature: Feature, _look: Look) -> Cell:
    return Cell(place_words(feature))


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
    kinds = tuple(KINDS)
    return (feature.withdrawn_at is not None, kinds.index(feature.kind), feature.proposed_at, feature.number)


COLUMNS = (
    Column("name", "On the ground", 20, _name, priority=0, grow=2),
    Column("owner", "By", 8, _owner, priority=1),
    Column("agreed", "Agreed", 14, agreement, priority=1),
    Column("ours", "We", 11, _ours, priority=3),
    Column("place", "Where", 24, _place, priority=2, grow=3),
    Column("review", "Review", 14, review_cell, priority=4),
    Column("kind", "Kind", 16, _kind, priority=6),
    Column("number", "No", 10, _number, priority=7),
)


def detail(feature: Feature, look: Look) -> Sequence[tuple[str, Cell]]:
    """Everything known of one feature, in reading order: what, where, who has said what."""
    place = feature.shape.place
    lines: list[tuple[str, Cell]] = [
        ("", Cell(f"{feature.name}  {TITLES.get(feature.kind, KINDS[feature.kind])}", "strong")),
        ("number", _number(feature, look)),
        ("owner", Cell(f"{feature.owner}, proposed {look.clock(feature.proposed_at)}")),
        ("where", _place(feature, look)),
        ("agreed", agreement(feature, look)),
        ("review", review_cell(feature, look)),
    ]
    if place.lat is not None and place.lon is not None:
        lines.insert(4, ("lat, long", Cell(f"{place.lat:.5f}, {place.lon:.5f}", "dim")))
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


# -- verbs --------------------------------------------------------------------------------------------------


def _kinds(_look: Look, _row: Any) -> Sequence[tuple[str, str]]:
    return [(kind, TITLES.get(kind, words)) for kind, words in KINDS.items()]


def _schemes(_look: Look, _row: Any) -> Sequence[tuple[str, str]]:
    return tuple(SCHEMES.items())


def _shape(values: Mapping[str, Any], feature: Feature | None = None) -> Shape:
    text = str(values.get("radius") or "").strip().lower()
    radius = _metres(text) if text else (feature.shape.radius_m if feature is not None else None)
    return Shape(read_location(str(values["place"])), radius)


def _metres(text: str) -> float:
    number, factor = text, 1.0
    if text.endswith("km"):
        number, factor = text[:-2], 1000.0
    elif text.endswith("m"):
        number = text[:-1]
    try:
        metres = float(number) * factor
    except ValueError:
        raise ValueError(f"{text!r} is not a distance. Write 500m or 1.5km.") from None
    if not 0 < metres <= 50_000:
        raise ValueError("A radius is more than 0 and at most 50 km.")
    return metres


def _due(values: Mapping[str, Any], look: Look) -> int | None:
    text = str(values.get("review") or "").strip()
    return read_due(text, look.now, look.offset_minutes) if text else None


def _propose(_row: Any, values: Mapping[str, Any], look: Look) -> Propose:
    kind = values["kind"]
    scheme: Any = values.get("scheme") or ""
    words = words_of(kind, "A")
    if kind in ZONES and not scheme:
        raise ValueError(
            f"{words} needs its scheme: plato, cbrn, fire or other. Typed in one line it stands last: "
            f"propose {kind.partition('_')[0]} PLACE fire."
        )
    if kind in CORDONS and not values.get("radius"):
        raise ValueError(
            f"{words} needs a radius, such as 500m. Typed in one line it stands behind the place: "
            f"propose {kind.partition('_')[0]} PLACE 500m."
        )
    return Propose(
        kind, _shape(values), values.get("name") or "", scheme, values.get("note") or "", _due(values, look)
    )


def _live(feature: Feature, _look: Look) -> bool:
    return feature.withdrawn_at is None


def _own(feature: Feature, look: Look) -> bool:
    return _live(feature, look) and look.me is not None and feature.owner == look.me.agency


def _others(feature: Feature, look: Look) -> bool:
    return _live(feature, look) and look.me is not None and feature.owner != look.me.agency


def _undecided(feature: Feature, look: Look) -> bool:
    answer = feature.answers.get(look.me.agency) if look.me is not None else None
    return _live(feature, look) and (answer is None or not answer.agreed)


_PLACE = Arg("place", "Where (words, grid reference or lat,long)", "location", limit=200)
_RADIUS = Arg("radius", "Radius (500m, 1.5km)", "text", False, limit=10, shape=r"\d+(\.\d+)?(m|km)?")
_REVIEW = Arg("review", "Review due (30m or 14:50)", "time", required=False)

VERBS = (
    Verb(
        "propose",
        "Propose",
        "propose",
        Propose,
        _propose,
        key="p",
        row=False,
        args=(
            Arg("kind", "What", "choice", True, _kinds),
            _PLACE,
            _RADIUS,
            Arg("name", "Name (blank: the next letter)", "text", required=False, limit=80),
            Arg("scheme", "Scheme (zones only)", "choice", False, _schemes),
            _REVIEW,
            Arg("note", "Note", "text", required=False, limit=1000),
        ),
        example='propose rvp "Colnbrook by-pass TQ 0227 7759"',
        help="Every party is asked; yours counts as agreed. A zone ends in its scheme: propose hot PLACE fire.",
    ),
    Verb(
        "agree",
        "Agree",
        "agree",
        Agree,
        lambda feature, _v, _l: Agree(feature.id),
        key="y",
        applies=_undecided,
        example='agree "RVP B"',
    ),
    Verb(
        "decline",
        "Do not agree",
        "disagree",
        Decline,
        lambda feature, v, _l: Decline(feature.id, v["reason"]),
        key="x",
        args=(Arg("reason", "Reason", "text", rest=True),),
        applies=_others,
        example='disagree "RVP A" "downwind of the spill"',
    ),
    Verb(
        "move",
        "Move",
        "move",
        Move,
        lambda feature, v, _l: Move(feature.id, _shape(v, feature), v.get("reason") or ""),
        key="o",
        args=(_PLACE, _RADIUS, Arg("reason", "Reason", "text", required=False)),
        applies=_own,
        example='move "RVP B" "TQ 0230 7760"',
        help="Every other agency is asked anew.",
    ),
    Verb(
        "review",
        "Reviewed, it stands",
        "review",
        Review,
        lambda feature, v, look: Review(feature.id, _due(v, look), v.get("note") or ""),
        key="v",
        args=(_REVIEW, Arg("note", "Note", "text", required=False)),
        applies=_live,
        example='review "RVP B" 30m',
    ),
    Verb(
        "amend",
        "Rename, note",
        "rename",
        Amend,
        lambda feature, v, _l: Amend(feature.id, v.get("name") or None, v.get("note") or None),
        key="e",
        args=(
            Arg("name", "Name", "text", False, default=lambda _l, f: f.name, limit=80),
            Arg("note", "Note", "text", False, default=lambda _l, f: f.note, limit=1000),
        ),
        applies=_own,
        example='rename "RVP B" "RVP Colnbrook"',
    ),
    Verb(
        "withdraw",
        "Withdraw",
        "withdraw",
        Withdraw,
        lambda feature, v, _l: Withdraw(feature.id, v.get("reason") or ""),
        key="X",
        args=(Arg("reason", "Reason", "text", required=False, rest=True),),
        applies=_own,
        example='withdraw "RVP B"',
    ),
)


def _find(feature: Feature, look: Look) -> str:
    words = (
        feature.name,
        feature.number,
        KINDS[feature.kind],
        feature.owner,
        _where(feature.shape),
        feature.note,
    )
    return " ".join((*words, agreement(feature, look).text, _ours(feature, look).text)).lower()


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
