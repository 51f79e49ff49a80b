"""What a commander looks at, as lines: METHANE, alarms, agencies, casualties, what comes next. No widget in here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from operator import attrgetter
from typing import Any, Final

from rich.cells import cell_len

from incident.alarms import FINDER
from incident.alarms.board import AlarmRow
from incident.boundaries.rules import agreed_by, boundaries, live
from incident.casualties import grid
from incident.catalogue import Agency
from incident.commanders import held
from incident.kernel.board import Board, Look
from incident.methane import (
    Version,
    before,
    current,
    differences,
    methane,
    receipt_rows,
    required_absent,
    standing,
)
from incident.methane.words import hazard_said, type_words
from incident.organisation.facts import Party
from incident.organisation.rules import stands
from incident.reports.gather import upcoming
from incident.statuses import SCENE, WORKING, status
from incident.values import Location, length_words, span
from incident_tui.widgets.block import EMPTY, Item, View
from incident_tui.widgets.paint import Line, Span, fit, shorten, spread

LETTER: Final = 3
_STANDS: Final = attrgetter("home", "status")
COUNTS: Final = (("p1", "P1", "p1"), ("p2", "P2", "p2"), ("p3", "P3", "p3"), ("dead", "†", "dead"))
"""Priorities on the line N: field, sign, tone."""

GRID_COLUMNS: Final = ("scene", "moving", "hospital", "unexplained")
GRID_ROOMY: Final = {"scene": 9, "moving": 9, "hospital": 11, "unexplained": 14}
GRID_TIGHT: Final = {"scene": 6, "moving": 7, "hospital": 9, "unexplained": 12}
LABEL: Final = 11
BESIDE_PLACE: Final = cell_len("E    provisional  new")
UNREAD_CELLS: Final = cell_len("✗ unread 1h05")
READ_LEAST: Final = cell_len("✓ wrote it")
AGENCY_LEAST: Final = cell_len("SECAMB lead")
"""Columns of the agencies: the least that each is given."""


# -- METHANE ----------------------------------------------------------------------------------------------------


def methane_view(look: Look, width: int) -> View:
    """The METHANE to go by, a line for each letter; what changed since the last is marked new."""
    state = methane(look.state)
    version = current(state)
    if version is None:
        return _no_methane(look, width)
    changed = (
        {one.letter for one in differences(before(state, version), version)}
        if before(state, version)
        else set()
    )
    at = "methane"
    items = [
        Item(
            spread((Span(f"{letter}  ", "accent bold"), *left), _right(right, new=name in changed), width),
            at,
            version.id,
        )
        for letter, name, left, right in _letters(version, look, width)
    ]
    return View(_head(version, look, width), tuple(items))


def _letters(
    version: Version, look: Look, width: int
) -> Sequence[tuple[str, str, Sequence[Span], Sequence[Span]]]:
    report = version.report
    place = report.location
    sure = ("confirmed", "good") if place.confirmed else ("provisional", "caution")
    return (
        ("M", "M", (Span(_major(version, look)),), ()),
        ("E", "E", (Span(where_words(place, width - BESIDE_PLACE)),), (Span(*sure),)),
        ("T", "T", (Span(type_words(report)),), ()),
        ("H", "H", _hazards(version), ()),
        ("A", "A", _access(version, look), _agreed(version, look)),
        ("N", "N", _number(version), (Span("counted" if report.counted else "estimated", "dim"),)),
        ("E", "S", _services(version, look), ()),
    )


def where_words(place: Location, width: int) -> str:
    """Words, grid reference and position where there is room; else the grid reference first, as the end is cut off.

    A position that would be cut is left out: half a number is read as a whole one.
    """
    both = "  ".join(part for part in (place.grid, place.text) if part)
    fitting = (words for words in (place.words(), both) if cell_len(words) <= width)
    return next(fitting, place.words(grid_first=True))


def _right(right: Sequence[Span], *, new: bool) -> Sequence[Span]:
    return (
        *right,
        *((Span("  "),) if right and new else ()),
        *((Span("new", "accent bold"),) if new else ()),
    )


def _head(version: Version, look: Look, width: int) -> Line:
    """Which version, by whom and how old; that another stands beside it is said first."""
    left = [Span(f"{version.kind} {version.name}", "strong bold")]
    left += _beside(look)
    age = f"by {version.agency}, {length_words(look.now - version.at)} ago"
    return spread((*left, Span(f"   {age}", "dim")), (), width)


def _beside(look: Look) -> list[Span]:
    """That another version stands beside the one to go by: two rooms wrote at once."""
    both = len(standing(methane(look.state)))
    return [Span(f"  ▲ {both} stand", "alarm bold")] if both > 1 else []


def _no_methane(look: Look, width: int) -> View:
    state = look.state.organisation
    place = state.location
    sure = ("confirmed", "good") if place.confirmed else ("provisional", "caution")
    words = where_words(place, width - BESIDE_PLACE)
    where = spread((Span("E  ", "accent bold"), Span(words)), (Span(*sure),), width)
    ask = shorten(
        (
            Span("No METHANE has been sent.  ", "caution"),
            Span("m", "accent bold"),
            Span(" writes the first."),
        ),
        width,
    )
    key = look.me.agency if look.me is not None else ""
    return View((Span("METHANE", "dim"),), (Item(where, "parties", key), Item(ask, "methane")))


def _major(version: Version, look: Look) -> str:
    at = f" {look.clock(version.major_at)}" if version.major_at is not None else ""
    words = {"declared": "declared", "standby": "standby", "no": "not declared"}[version.major]
    return f"{version.agency} {words}{at}"


def _hazards(version: Version) -> list[Span]:
    spans: list[Span] = []
    for hazard in version.report.hazards:
        tone = "ink" if hazard.certainty == "present" else "caution"
        spans += [Span(" · ", "dim")] if spans else []
        spans.append(Span(hazard_said(hazard), tone))
    return spans or [Span("none said", "dim")]


def _access(version: Version, look: Look) -> list[Span]:
    report = version.report
    parts = [
        report.rvp,
        report.routes_in and f"in {report.routes_in}",
        report.egress and f"out {report.egress}",
    ]
    parts.append(report.avoid and f"avoid {report.avoid}")
    said = " · ".join(part for part in parts if part)
    spans = [Span(said)] if said else []
    if not report.rvp:  # what stands on the ground since, and is in no METHANE yet
        for feature in live(look.state):
            if feature.kind == "rvp":
                spans += [Span(" · ", "dim")] if spans else []
                spans.append(Span(f"{feature.name}, {feature.owner}", "caution"))
    return spans or [Span("none said", "dim")]


def _agreed(version: Version, look: Look) -> Sequence[Span]:
    feature = boundaries(look.state).rows.get(version.report.rvp_id)
    if feature is None and not version.report.rvp:
        points = [one for one in live(look.state) if one.kind == "rvp"]
        feature = points[0] if len(points) == 1 else None
    if feature is None:
        return ()
    if feature.withdrawn_at is not None:
        return (Span("▲ withdrawn", "alarm"),)
    done, total = agreed_by(look.state, feature)
    return (Span(f"{done} of {total} agreed", "good" if done >= total else "caution"),)


def _number(version: Version) -> list[Span]:
    report = version.report
    total = report.casualties
    spans = [Span("not said", "dim") if total is None else Span(f"{total} casualties", "strong")]
    for field, sign, tone in COUNTS:
        count = getattr(report, field)
        if count is not None:
            spans += [Span("   "), Span(f"{sign} {count}", f"{tone} bold")]
    return spans


def _services(version: Version, look: Look) -> list[Span]:
    report = version.report
    present = " ".join(service.agency for service in report.present) or "none said"
    spans = [Span("present ", "dim"), Span(present)]
    missing = required_absent(look.state)
    needed = [service.agency for service in report.required if service.agency not in missing]
    if needed:
        spans += [Span("   required ", "dim"), Span(" ".join(needed))]
    if missing:
        spans += [Span("   "), Span(f"▲ required {' '.join(missing)}", "alarm bold")]
    return spans


def methane_lines(look: Look, width: int) -> View:
    """The same in two lines, for 80 columns."""
    version = current(methane(look.state))
    if version is None:
        return _no_methane(look, width)
    age = f"{version.agency}, {span(look.now - version.at)}"
    left = (
        Span(f"{version.kind} {version.name}", "strong bold"),
        *_beside(look),
        Span(f"  {age}   ", "dim"),
    )
    room = width - sum(cell_len(span.text) for span in left)
    head = shorten((*left, Span(where_words(version.report.location, room))), width)
    hazards = _hazards(version) if version.report.hazards else []
    missing = required_absent(look.state)
    right = [Span(f"▲ {' '.join(missing)}", "alarm bold")] if missing else []
    second = spread((*_number(version), Span("   "), *hazards), right, width)
    return View((), (Item(head, "methane", version.id), Item(second, "methane", version.id)))


# -- alarms -----------------------------------------------------------------------------------------------------


def alarms_view(board: Board, look: Look, width: int, most: int, key: str = "") -> View:
    """What is wrong, what is ours to clear first; Enter goes to where it is cleared."""
    rows: list[AlarmRow] = list(board.rows(look).values())
    order = board.order
    if order is not None:
        rows.sort(key=lambda row: order(row, look))
    ringing = sum(row.rings for row in rows)
    heard = sum(row.rings and row.heard is not None for row in rows)
    said = f"ALARMS {ringing}" if ringing else "ALARMS"
    said += f", {heard} heard" if heard else ""
    head = Span(said, "alarm bold" if ringing > heard else "caution bold" if ringing else "dim")
    if not rows:
        return View((head,), (Item((Span("none stands", "good"),), "alarms"),))
    shown = rows[: max(1, most - 1)]
    items = tuple(_alarm(row, look, width) for row in shown)
    more = len(rows) - len(shown)
    way = (Span(f"   {key}", "accent"), Span(" all of them", "dim")) if key else ()
    words: Line = (Span(f"+{more} more", "accent", "go.alarms"), *way) if more else ()
    return View((head,), items, words)


def _alarm(row: AlarmRow, look: Look, width: int) -> Item:
    kind = FINDER.kinds[row.alarm.kind]
    tone = "dim" if row.heard is not None else "alarm" if row.rings else "caution"
    mark = "▲ " if row.rings else "· "
    age = span(look.now - row.alarm.since)
    line = spread(
        (Span(mark, tone), Span(row.alarm.words, "ink" if row.rings and row.heard is None else tone)),
        (Span(age, "dim"),),
        width,
    )
    return Item(line, kind.board, row.alarm.row)


# -- the agencies -----------------------------------------------------------------------------------------------


def agencies_view(look: Look, width: int, most: int) -> View:
    """Each agency: what it has declared, whether it has read the METHANE, what it has at the scene, who commands."""
    version = current(methane(look.state))
    title = f"{version.kind} {version.name}" if version is not None else "METHANE"
    rows = _agency_rows(look)
    names = _columns(width, title, [cells for _, cells in rows])
    head = _gapped(
        [Span(fit(name.upper() if name != title else name, cells), "dim") for name, cells in names]
    )
    shown = rows[: max(1, most - 1)] if len(rows) > most - 1 else rows
    if len(shown) < len(rows):
        shown = shown[:-1]
    cells = [number for _, number in names]
    items = tuple(Item(_agency_line(row, cells), "parties", row[0]) for row in shown)
    more = len(rows) - len(shown)
    return View(head, items, (Span(f"+{more} more", "accent", "go.parties"),) if more else ())


def _columns(width: int, title: str, rows: Sequence[Sequence[Span]]) -> list[tuple[str, int]]:
    """Names and cells of each column. What must be there whole is first; the rest of the room makes it roomy."""
    roomy = (("agency", 20), ("declared", 11), (title, 14), ("at scene", 10), ("command", 8))
    sizes = [max([len(name), *(cell_len(row[n].text) for row in rows)]) for n, (name, _) in enumerate(roomy)]
    # How long it has been unread is the point of the column: room for an hour and more is kept from the start.
    sizes[2] = max(sizes[2], UNREAD_CELLS if any(row[2].text.startswith("✗") for row in rows) else 0)
    spare = width - sum(sizes) - len(sizes) + 1
    if spare < 0 and sizes[2] > (least := max(len(title), READ_LEAST)):
        taken = min(-spare, sizes[2] - least)
        sizes[2], spare = sizes[2] - taken, spare + taken
    if spare < 0:  # its tags go before any other agency's words do
        sizes[0], spare = max(AGENCY_LEAST, sizes[0] + spare), 0
    for n in (2, 1, 0, 3, 4):
        more = min(spare, max(0, roomy[n][1] - sizes[n]))
        sizes[n], spare = sizes[n] + more, spare - more
    return [(name, size) for (name, _), size in zip(roomy, sizes, strict=True)]


def _agency_rows(look: Look) -> list[tuple[str, list[Span]]]:
    state = look.state.organisation
    read = {row.agency: row for row in receipt_rows(look.state, look.now)}
    version = current(methane(look.state))
    missing = required_absent(look.state)
    counts = _at_scene(look)
    mine = look.me.agency if look.me is not None else ""
    known = state.charter.agencies
    found: list[tuple[tuple[Any, ...], str, list[Span]]] = []
    for code, party in state.parties.items():
        agency = known.get(code) or Agency(code, code)
        if party.left_at is not None or agency.type == "exercise":
            continue
        cells = [
            _name(code, agency, _tags(code, look)),
            _declared(party, look),
            _read(code, read, version),
            _scene(counts.get(code), required=code in missing),
            _command(look, code, agency),
        ]
        # The trusts before all others: whatever is hidden where room is scarce, it is not the neighbour.
        place = (code != state.lead, code != mine, agency.type != "ambulance", party.invited_at, code)
        found.append((place, code, cells))
    for code in missing:
        if code not in state.parties:
            name = _name(code, known.get(code) or Agency(code, code), ())
            cells = [
                name,
                Span("not invited", "alarm"),
                Span("–", "dim"),
                Span("▲ required", "alarm bold"),
                Span("–", "dim"),
            ]
            found.append(((True, True, False, 0, code), code, cells))
    return [(code, cells) for _, code, cells in sorted(found, key=lambda one: one[0])]


def _tags(code: str, look: Look) -> tuple[str, ...]:
    """Who leads, who is to lead, and which agency is ours."""
    state = look.state.organisation
    offered = next((offer for offer in state.lead_offers if offer.to == code), None)
    tags = ["lead"] if code == state.lead else []
    if offered is not None:
        tags.append("claims lead" if offered.claim else "offered lead")
    return (*tags, *(("us",) if look.me is not None and look.me.agency == code else ()))


def _name(code: str, agency: Agency, tags: tuple[str, ...]) -> Span:
    short = agency.short if agency.short and agency.type == "council" else code
    style = "caution bold" if "offered lead" in tags or "claims lead" in tags else ""
    return Span(
        f"{short}  {' '.join(tags)}".rstrip(), style or ("accent bold" if "us" in tags else "strong bold")
    )


def _declared(party: Party, look: Look) -> Span:
    if not party.declared:
        return Span("not joined", "caution")
    if party.declared == "declared" and party.stands_since is not None:
        return Span(look.clock(party.stands_since), "strong")
    return Span(stands(party), "ink" if party.declared in ("standby", "aware") else "dim")


def _read(code: str, read: dict[str, Any], version: Version | None) -> Span:
    if version is None:
        return Span("–", "dim")
    if version.agency == code:
        return Span("✓ wrote it", "good")
    row = read.get(code)
    if row is None:
        return Span("–", "dim")
    if not row.unread:
        return Span("✓ ackn." if row.acknowledged is not None else "✓ read", "good")
    age = span(row.waiting)
    if row.late:
        return Span(f"✗ unread {age}", "alarm")
    return Span(f"· {'delivered' if row.delivered is not None else 'sent'} {age}", "caution")


def _at_scene(look: Look) -> dict[str, tuple[int, int]]:
    """For each home: units at the scene, of those at work for the incident."""
    found: dict[str, tuple[int, int]] = {}
    for (home, code), number in Counter(map(_STANDS, look.state.resources.units.values())).items():
        group = status(code).group
        there, every = found.get(home, (0, 0))
        found[home] = (there + number * (group == SCENE), every + number * (group in WORKING))
    return found


def _scene(counted: tuple[int, int] | None, *, required: bool) -> Span:
    if counted is None or not counted[1]:
        return Span("▲ required", "alarm bold") if required else Span("–", "dim")
    return Span(f"{counted[0]} of {counted[1]}")


def _command(look: Look, code: str, agency: Agency) -> Span:
    word = held(look.state, code).word
    if word == "vacant":
        return Span("▲ vacant", "alarm")
    return Span(word, "ink") if word else Span("–", "dim")


def _agency_line(row: tuple[str, list[Span]], cells: Sequence[int]) -> Line:
    spans = list(row[1])
    if cell_len(spans[2].text) > cells[2]:  # the age is never cut: the words before it go
        mark, *_, age = spans[2].text.split()
        spans[2] = Span(f"{mark} {age}", spans[2].style)
    return _gapped([Span(fit(one.text, width), one.style) for one, width in zip(spans, cells, strict=True)])


def _gapped(spans: Sequence[Span]) -> Line:
    """With one cell between them, and none behind the last."""
    *before, last = spans
    return (*(Span(f"{one.text} ", one.style) for one in before), last)


# -- casualties and what comes next -----------------------------------------------------------------------------


def casualties_view(look: Look, width: int, most: int) -> View:
    """The totals by priority and where they are, and the difference that nobody can explain."""
    rows = [row for row in grid(look.state, look.now) if row[0] != "age"]
    said = any(text != "–" for _, _, cells in rows for text in cells.values())
    if not said:
        line = (Span("CASUALTIES  ", "dim"), Span("not counted yet", "dim"))
        return View((), (Item(shorten(line, width), "casualties"),))
    sizes = GRID_ROOMY if width >= sum(GRID_ROOMY.values()) + LABEL else GRID_TIGHT
    head = (
        Span(fit("CASUALTIES", LABEL), "dim"),
        *(Span(fit(name.upper(), size, "right"), "dim") for name, size in sizes.items()),
    )
    items = []
    for name, tone, cells in rows[: max(1, most - 1)]:
        spans = [Span(fit(name, LABEL), f"{tone} bold")]
        for column, size in sizes.items():
            text = cells.get(column, "–")
            odd = column == "unexplained" and text != "–"
            style = "alarm bold" if odd else "dim" if text == "–" else "ink"
            spans.append(Span(fit(text, size, "right"), style))
        items.append(Item(tuple(spans), "casualties"))
    return View(head, tuple(items))


def casualties_line(look: Look, width: int) -> View:
    """The totals in one line, for 80 columns."""
    rows = {row[0]: row[2] for row in grid(look.state, look.now)}
    every = rows.get("all", {})
    spans = [Span("CASUALTIES  ", "dim")]
    for column in GRID_COLUMNS:
        text = every.get(column, "–")
        if text != "–":
            odd = column == "unexplained"
            spans += [Span(text, "alarm bold" if odd else "strong"), Span(f" {column}   ", "dim")]
    if len(spans) == 1:
        return EMPTY
    return View((), (Item(shorten(spans, width), "casualties"),))


def next_view(look: Look, width: int, most: int) -> View:
    """What is due next, and by whom. What is overdue stands first, and says so."""
    found = upcoming(look)
    if not found or most < 1:
        return (
            View((Span("NEXT", "dim"),), (Item((Span("nothing has a time set", "dim"),), "tasks"),))
            if most > 1
            else EMPTY
        )
    mine = look.me.agency if look.me is not None else ""
    items = []
    for one in found[: most - 1]:
        late = one.at <= look.now
        when = Span(f"{look.clock(one.at)}  ", "alarm bold" if late else "accent bold")
        over = [Span(f"  ▲ {span(look.now - one.at)} late", "alarm")] if late else []
        by = Span(
            one.agency + ("  us" if one.agency == mine else ""), "accent" if one.agency == mine else "dim"
        )
        line = spread((when, Span(one.words), *over), (by,), width)
        items.append(Item(line, one.board, one.row))
    return View((Span("NEXT", "dim"),), tuple(items))
