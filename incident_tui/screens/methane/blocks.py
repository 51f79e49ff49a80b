"""One METHANE as lines: every letter in full, what stood there before, and each agency's clock. No widget in here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from incident.kernel.board import Look
from incident.methane import before, current, methane, receipt_rows, required_absent
from incident.methane.facts import Report, Version
from incident.methane.reading import ReceiptRow
from incident.methane.words import (
    UNSAID,
    casualty_words,
    count_words,
    hazard_words,
    major_words,
    service_words,
    type_words,
    unaware_words,
)
from incident.values import Location, length_words, span
from incident_tui.widgets.block import EMPTY, Item, View
from incident_tui.widgets.paint import Line, Span, fit, length, shorten, spread, wrap

LETTER: Final = 3
NAME: Final = 10
AGENCY: Final = 8


class Row(NamedTuple):
    """One line of a METHANE: letter, what it is, its words, those of the version before ("" where there is none)."""

    letter: str
    name: str
    words: str
    was: str
    tone: str = "ink"

    @property
    def new(self) -> bool:
        """Whether the version before said something else."""
        return bool(self.was) and self.was != self.words


# -- the letters ----------------------------------------------------------------------------------------------


def letter_lines(version: Version, look: Look, width: int, room: int) -> Sequence[Line]:
    """The version in at most ``room`` lines: with what was, each on its own line, as far as there is room for it."""
    rows = _rows(version, look)
    head = _head(version, look, width)
    roomy = [*head, *(line for row in rows for line in _wrapped(row, width, was=True))]
    if len(roomy) <= room:
        return roomy
    plain = [*head, *(line for row in rows for line in _wrapped(row, width, was=False))]
    if len(plain) <= room:
        return plain
    tight = [*head, *(_tight(row, width) for row in rows)]
    if len(tight) <= room:
        return tight
    kept = max(1, room - 1)
    return [*tight[:kept], (Span(f"+{len(tight) - kept} more lines: enter shows all of it", "caution"),)]


def _head(version: Version, look: Look, width: int) -> list[Line]:
    state = methane(look.state)
    now = current(state)
    left = [Span(f"{version.kind} {version.name}", "strong bold")]
    if now is not None and now.id != version.id:
        if version.id in state.standing:
            left.append(Span(f"  ▲ stands beside {now.name}", "alarm bold"))
        else:
            left.append(Span(f"  replaced, go by {now.name}", "caution bold"))
    elif len(state.standing) > 1:
        left.append(Span(f"  ▲ {len(state.standing)} stand", "alarm bold"))
    behalf = f" for {version.on_behalf_of}" if version.on_behalf_of else ""
    role = version.role.replace("_", " ")
    by = f"   by {version.agency}{behalf}, {version.actor} ({role}), {look.clock(version.at)}"
    left.append(Span(by, "dim"))
    head = spread(left, (Span(f"{length_words(look.now - version.at)} ago", "dim"),), width)
    aside = unaware_words(version.unaware)
    return [head, (Span(f"▲ {aside}", "caution"),)] if aside else [head]


def _rows(version: Version, look: Look) -> list[Row]:
    last = before(methane(look.state), version)
    then = dict(_said(last, look)) if last is not None else {}
    if last is not None and last.report.location.words() == version.report.location.words():
        then["E", "location"] = "provisional" if not last.report.location.confirmed else "confirmed"
        if last.report.location.confirmed == version.report.location.confirmed:
            then["E", "location"] = _where(version.report.location)
    rows = []
    for key, words in _said(version, look):
        was = then.get(key, UNSAID) if last is not None else ""
        if words == UNSAID and was in ("", UNSAID) and key not in _ALWAYS:
            continue
        rows.append(Row(*key, words, was, "dim" if words == UNSAID else "ink"))
    if not any(row.letter == "A" for row in rows):
        at = next(index for index, row in enumerate(rows) if row.letter == "N")
        rows.insert(at, Row("A", "access", UNSAID, "", "dim"))
    now = current(methane(look.state))
    missing = required_absent(look.state) if now is not None and now.id == version.id else ()
    if missing:
        rows.append(Row("", "absent", f"▲ {', '.join(missing)} required and not there", "", "alarm bold"))
    return rows


_ALWAYS: Final = {("M", "major"), ("E", "location"), ("T", "type"), ("H", "hazards"), ("N", "casualties"),
                  ("E", "present"), ("E", "required")}  # fmt: skip


def _said(version: Version, look: Look) -> list[tuple[tuple[str, str], str]]:
    report = version.report
    at = f" {look.clock(version.major_at)}" if version.major_at is not None else ""
    return [
        (("M", "major"), f"{version.agency}: {major_words(version.major)}{at}"),
        (("E", "location"), _where(report.location)),
        (("T", "type"), type_words(report)),
        (("H", "hazards"), hazard_words(report.hazards) or UNSAID),
        (("A", "routes in"), report.routes_in or UNSAID),
        (("A", "egress"), report.egress or UNSAID),
        (("A", "avoid"), report.avoid or UNSAID),
        (("A", "RVP"), report.rvp or UNSAID),
        (("N", "casualties"), _number(report)),
        (("E", "present"), service_words(report.present) or UNSAID),
        (("E", "required"), service_words(report.required) or UNSAID),
    ]


def _where(place: Location) -> str:
    sure = "confirmed" if place.confirmed else "provisional"
    known = "" if place.grid or place.point else ", words only: no grid reference or position"
    return f"{place.words()} ({sure}{known})"


def _number(report: Report) -> str:
    counts = count_words(report)
    return casualty_words(report) + (f": {counts}" if counts else "")


def _lead(row: Row, *, first: bool) -> tuple[Span, Span]:
    letter = row.letter if first else ""
    return Span(letter.ljust(LETTER), "accent bold"), Span(fit(row.name if first else "", NAME) + " ", "dim")


def _wrapped(row: Row, width: int, *, was: bool) -> list[Line]:
    mark = (Span("new", "accent bold"),) if row.new else ()
    room = max(12, width - LETTER - NAME - 1 - (5 if row.new else 0))
    lines: list[Line] = []
    for index, part in enumerate(wrap(row.words, room)):
        left = (*_lead(row, first=index == 0), Span(part, row.tone))
        lines.append(spread(left, mark, width) if index == 0 else left)
    if was and row.new:
        lines += [
            (*_lead(row, first=False), Span(("was: " if index == 0 else "     ") + part, "dim"))
            for index, part in enumerate(wrap(row.was, max(12, room - 5)))
        ]
    return lines


def _tight(row: Row, width: int) -> Line:
    mark = (Span("new", "accent bold"),) if row.new else ()
    left = [*_lead(row, first=True), Span(row.words, row.tone)]
    left += [Span(f"  was: {row.was}", "dim")] if row.new else []
    return spread(left, mark, width)


# -- who has read it ------------------------------------------------------------------------------------------


def receipts_view(version: Version, look: Look, width: int, most: int) -> View:
    """Each agency it was sent to: how far it has come there, when, and for how long nobody has read it."""
    rows = receipt_rows(look.state, look.now, version)
    read = sum(not row.unread for row in rows)
    head = spread(
        (Span(f"SENT TO {len(rows)}", "dim"),),
        (Span(f"read by {read} of {len(rows)}", "good" if read == len(rows) else "caution"),) if rows else (),
        width,
    )
    if not rows:
        return View(head, (), (Span("Nobody else takes part.", "dim"),))
    items = []
    for row in sorted(rows, key=lambda one: (not one.late, not one.unread)):
        items += [Item(line, "parties", row.agency) for line in _receipt(row, look, width)]
    return View(head, tuple(items[: max(1, most - 1)]))


def _receipt(row: ReceiptRow, look: Look, width: int) -> list[Line]:
    word, tone = _state(row)
    age = span(row.waiting)
    right = Span(f"for {age}", tone) if row.unread else Span(f"after {age}", "dim")
    first = spread((Span(fit(row.agency, AGENCY) + " ", "strong bold"), Span(word, tone)), (right,), width)
    steps = (("delivered", row.delivered), ("seen", row.seen), ("acknowledged", row.acknowledged))
    said = "  ".join(f"{name} {look.clock(at)}" for name, at in steps if at is not None)
    if row.acknowledged is not None and row.by:
        said += f" by {row.by}"
    indent = " " * (AGENCY + 1)
    return [
        first,
        *((Span(indent), Span(part, "dim")) for part in wrap(said, max(8, width - AGENCY - 1)) if said),
    ]


def _state(row: ReceiptRow) -> tuple[str, str]:
    if row.acknowledged is not None:
        return "✓ acknowledged", "good"
    if not row.unread:
        return "✓ read", "good"
    word = "not read" if row.delivered is not None else "not delivered"
    return f"✗ {word}", "alarm bold" if row.late else "caution"


def receipts_line(version: Version, look: Look, width: int, most: int) -> View:
    """The same in one or two lines, for 80 columns; those that have not read it first."""
    rows = sorted(receipt_rows(look.state, look.now, version), key=lambda one: (not one.late, not one.unread))
    if not rows:
        return EMPTY
    lines: list[list[Span]] = [[Span("READ BY  ", "dim")]]
    for row in rows:
        word, tone = _state(row)
        word = f"{word} {span(row.waiting)}" if row.unread else word
        words = [Span(f"{row.agency} ", "strong bold"), Span(f"{word}   ", tone)]
        if length(lines[-1]) + length(words) > width + 3:
            lines.append([Span(" " * 9)])
        lines[-1] += words
    shown = (
        lines
        if len(lines) < 3
        else [*lines[:1], [Span(f"{' ' * 9}+{len(lines) - 1} lines, enter shows them", "dim")]]
    )
    return View((), tuple(Item(shorten(line, width), "parties", rows[0].agency) for line in shown))
