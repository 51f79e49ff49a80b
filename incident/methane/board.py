"""METHANE, the board: the versions, newest first, each with what is new in it and who has read it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from incident.kernel.board import Board, Cell, Column, Look
from incident.kernel.receipts import receipt
from incident.log import LATE_MS
from incident.methane.facts import Version, subject
from incident.methane.fold import before, current, methane, standing
from incident.methane.reading import ReceiptRow, receipt_rows, required_absent
from incident.methane.verbs import VERBS
from incident.methane.words import UNSAID, differences, fields, summary, unaware_words
from incident.values import length_words, role_words, span


def rows(look: Look) -> Mapping[str, Version]:
    """Every version that is kept, the newest first."""
    return {version.id: version for version in reversed(methane(look.state).versions)}


# -- cells ----------------------------------------------------------------------------------------------------


def _version(version: Version, look: Look) -> Cell:
    """Its number, and whether it is the one to go by, stands beside it, or was replaced."""
    state = methane(look.state)
    now = current(state)
    if now is not None and now.id == version.id:
        return Cell(f"{version.name} now", "strong")
    return (
        Cell(f"{version.name} too", "caution") if version.id in state.standing else Cell(version.name, "dim")
    )


def _by(version: Version, look: Look) -> Cell:
    mine = look.me is not None and look.me.agency == version.agency
    behalf = f" for {version.on_behalf_of}" if version.on_behalf_of else ""
    return Cell(version.agency + behalf, "accent" if mine else "ink")


def _age(version: Version, look: Look) -> Cell:
    return Cell(span(look.now - version.at), "dim")


def _kind(version: Version, _look: Look) -> Cell:
    return Cell(version.kind, "alarm" if version.major == "declared" else "ink")


def _summary(version: Version, _look: Look) -> Cell:
    aside = unaware_words(version.unaware)
    return Cell(f"{summary(version)} · {aside}" if aside else summary(version), "caution" if aside else "ink")


def read_cell(version: Version, look: Look) -> Cell:
    """By how many of those it was sent to it was read."""
    found = receipt_rows(look.state, look.now, version)
    if not found:
        return Cell("nobody", "dim")
    seen = sum(not row.unread for row in found)
    stands = version.id in methane(look.state).standing
    late = stands and any(row.late for row in found)
    return Cell(f"{seen} of {len(found)}", "alarm" if late else "good" if seen == len(found) else "ink")


COLUMNS = (
    Column("version", "Version", 8, _version, priority=0, sort=lambda v, _look: (v.number == 0, v.number)),
    Column("by", "By", 8, _by, priority=1),
    Column("age", "Age", 6, _age, priority=1, align="right", sort=lambda v, _look: v.at),
    Column("kind", "Kind", 8, _kind, priority=3),
    Column("summary", "Summary", 24, _summary, priority=0, grow=3),
    Column("read", "Read by", 8, read_cell, priority=1),
)


# -- detail ---------------------------------------------------------------------------------------------------


def detail(version: Version, look: Look) -> Sequence[tuple[str, Cell]]:
    """Every letter, what is new in it marked with what stood there before, and each reader's clock."""
    last, stands = before(methane(look.state), version), version.id in methane(look.state).standing
    changed = {(was.letter, was.name): was for was in differences(last, version)} if last is not None else {}
    who = f"{version.agency}, {version.actor} ({role_words(version.role)})"
    lines: list[tuple[str, Cell]] = [
        ("", Cell(f"{version.kind} {version.name}  by {who}", "strong")),
        ("as at", _as_at(version, look)),
    ]
    if version.on_behalf_of:
        lines.append(("on behalf of", Cell(version.on_behalf_of)))
    if version.unaware:
        both = ": both stand" if stands and len(standing(methane(look.state))) > 1 else ""
        lines.append(("note", Cell(unaware_words(version.unaware) + both, "caution" if both else "dim")))
    for letter, name, words in fields(version):
        was = changed.get((letter, name))
        if words == UNSAID and was is None and letter in "NA" and name not in _ALWAYS:
            continue
        if (letter, name) == ("M", "major incident") and version.major_at is not None:
            words = f"{words} {look.clock(version.major_at)}"  # noqa: PLW2901 - with its time
        tone = "caution" if words == UNSAID else "ink"
        cell = Cell(words, tone) if was is None else Cell(f"new: {words} (was: {was.before})", "accent")
        lines.append((f"{letter} {_TITLES.get(name, name)}", cell))
    lines += _absent(version, look)
    lines.append(("", Cell("sent to every party", "strong")))
    rows_ = receipt_rows(look.state, look.now, version)
    return [*lines, *(_receipt(row, look, asked=stands) for row in rows_)]


_ALWAYS = ("casualties", "routes in")
_TITLES = {"exact location": "location", "major incident": "major"}


def _as_at(version: Version, look: Look) -> Cell:
    journey = version.recorded_at - version.at
    late = f", reached the others {length_words(journey)} later" if journey > LATE_MS else ""
    return Cell(f"{look.clock(version.at)}, {length_words(look.now - version.at)} ago{late}", "dim")


def _absent(version: Version, look: Look) -> list[tuple[str, Cell]]:
    now = current(methane(look.state))
    missing = required_absent(look.state) if now is not None and now.id == version.id else ()
    return [("absent", Cell(f"required and not there: {', '.join(missing)}", "alarm"))] if missing else []


def _receipt(row: ReceiptRow, look: Look, *, asked: bool) -> tuple[str, Cell]:
    """What one agency has done with it; one that another has replaced asks nobody to read it any more."""
    steps = (("delivered", row.delivered), ("seen", row.seen), ("acknowledged", row.acknowledged))
    parts = [f"{word} {look.clock(at)}" for word, at in steps if at is not None]
    if row.acknowledged is not None and row.by:
        parts[-1] += f" by {row.by}"
    if row.unread and not asked:
        return row.agency, Cell(" · ".join((*parts, "not read, another stands")), "dim")
    if row.unread:
        parts.append(f"NOT READ for {length_words(row.waiting)}")
    tone = "alarm" if row.late else "caution" if row.unread else "good" if row.acknowledged else "ink"
    return row.agency, Cell(" · ".join(parts), tone)


# -- counting -------------------------------------------------------------------------------------------------


def _find(version: Version, look: Look) -> str:
    words = (version.kind, version.name, version.agency, version.actor, *(f.words for f in fields(version)))
    return " ".join((*words, read_cell(version, look).text)).lower()


def _named(written: str, look: Look) -> str | None:
    wanted = written.strip().lower()
    return next((v.id for v in methane(look.state).versions if v.number and v.name == wanted), None)


def _count(look: Look) -> int:
    """Versions that stand, were sent to us, and are not acknowledged here."""
    mine = "" if look.me is None else look.me.agency
    return sum(
        receipt(look.state.receipts, subject(version), mine).acknowledged is None
        for version in standing(methane(look.state))
        if mine not in ("", version.agency)
    )


def _alarm(look: Look) -> int:
    """What we sent and an agency has not read for too long, and what is required and not there."""
    mine = "" if look.me is None else look.me.agency
    unread = sum(
        row.late
        for version in standing(methane(look.state))
        if version.agency == mine
        for row in receipt_rows(look.state, look.now, version)
    )
    return unread + len(required_absent(look.state))


def _order(version: Version, _look: Look) -> Any:
    return (version.number != 0, -version.number, -version.recorded_at)


BOARD = Board(
    name="methane",
    title="METHANE",
    digit="",
    rows=rows,
    columns=COLUMNS,
    verbs=VERBS,
    detail=detail,
    find=_find,
    named=_named,
    version=lambda version: version.id,
    order=_order,
    count=_count,
    alarm=_alarm,
    noun="version",
    empty="No METHANE yet. Press m and send the first: it waits for nobody.",
)
