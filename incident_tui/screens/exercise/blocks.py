"""An exercise as lines: its clock, what comes next, who plays whom and was told what, the notes. No widget in here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from incident.exercises.board import t_plus
from incident.exercises.verbs import play_of
from incident.exercises.words import standing, suspended
from incident.injects import next_due
from incident.injects.facts import Injects, Note
from incident.injects.rows import SECOND_MS, InjectRow, what
from incident.injects.rows import rows as inject_rows
from incident.injects.verbs import papers_of
from incident.injects.words import MARK_WORDS
from incident.kernel.board import Look
from incident.scenario.facts import Scenario, t_words
from incident.values import span
from incident_tui.widgets.block import EMPTY, Item, View
from incident_tui.widgets.paint import Line, Span, fit, length, shorten, spread, wrap

HERE: Final = "exercise"
AGENCY: Final = 12
MARKS: Final = {"met": "good", "partly": "caution", "not_met": "alarm"}


# -- the clock ------------------------------------------------------------------------------------------------


def clock_lines(look: Look, width: int) -> list[Line]:
    """The exercise clock and how it runs; real time; title and code word; NO DUFF in full."""
    play = play_of(look)
    word, tone = standing(play)
    word = word if play.suspended else word.partition(" ×")[0].upper()
    speed = f"  ×{play.speed}" if play.started and play.ended_at is None else ""
    left = (
        Span(f"EX {_time(look, look.now)}{speed}", "strong bold"),
        Span(f"   {word}", f"{'strong' if tone in ('ink', 'dim') else tone} bold"),
    )
    since = t_plus(play, look.now)
    right = (
        Span(f"{since}   " if since else "", "strong"),
        Span(f"real {_time(look, look.real or look.now)}", "dim"),
    )
    lines = [spread(left, right, width)]
    scenario = _scenario(look)
    title = play.title or (scenario.title if scenario is not None else "")
    code = play.code_word or (scenario.code_word if scenario is not None else "")
    about = [Span(title, "ink")] if title else []
    about += (
        [Span("   code word " if title else "code word ", "dim"), Span(code, "strong bold")] if code else []
    )
    if about:
        lines.append(spread(about, _remaining(look, scenario), width))
    banner = suspended(look.state)
    if banner:
        lines += [(Span(part, "alarm bold"),) for part in wrap(f"▲ {banner}", width)]
    return lines


def _time(look: Look, at: int) -> str:
    return f"{look.clock(at)}:{at // 1000 % 60:02d}"


def _scenario(look: Look) -> Scenario | None:
    papers = papers_of(look)
    return None if papers is None else papers.scenario


def _remaining(look: Look, scenario: Scenario | None) -> Line:
    """How much of its length is left; how long it has been over."""
    play = play_of(look)
    if scenario is None or play.ended_at is not None:
        return ()
    if play.started_at is None:
        return (Span(f"{scenario.length_minutes} min long", "dim"),)
    left = scenario.length_seconds * SECOND_MS - (look.now - play.started_at)
    if left <= 0:
        return (Span(f"over its {scenario.length_minutes} min by {span(-left)}", "caution"),)
    return (Span(f"{span(left)} left of {scenario.length_minutes} min", "dim"),)


def next_lines(look: Look, width: int, most: int) -> list[Line]:
    """The inject that goes out next: when, to whom, what is said, and what a room that works well would do."""
    papers = papers_of(look)
    if papers is None or papers.scenario is None or most < 1 or play_of(look).ended_at is not None:
        return []
    inject = next_due(papers.scenario, papers)
    if inject is None:
        return [(Span("NEXT  ", "dim"), Span("no inject is left to go out by itself", "dim"))]
    began = play_of(look).started_at
    when = t_words(inject.at)
    if began is not None:
        wait = began + inject.at * SECOND_MS - look.now
        when += f" in {span(wait)}" if wait > 0 else " due now"
    row = inject_rows(papers)[str(inject.number)]
    lead = [Span("NEXT  ", "dim"), Span(f"{inject.number}  {when}  ", "accent bold")]
    parts = wrap(what(row), max(12, width - length(lead)))
    lines: list[Line] = [(*lead, Span(parts[0]))]
    indent = Span(" " * length(lead))
    lines += [(indent, Span(part)) for part in parts[1:]]
    if inject.expected:
        lines += [
            (indent, Span(part, "dim")) for part in wrap(f"expected: {inject.expected}", width - length(lead))
        ]
    return [shorten(line, width) for line in lines[:most]]


def keys_line(keys: Sequence[tuple[str, str, str]], width: int) -> Line:
    """The keys that can be pressed now: (key, word, act)."""
    spans: list[Span] = []
    for key, word, act in keys:
        spans += [Span(key, "accent bold", act), Span(f" {word}   ", "ink", act)]
    return shorten(spans, width)


def no_duff_lines(width: int) -> list[Line]:
    """What NO DUFF is, for a player."""
    words = "Something real has happened: it suspends the exercise on every screen until exercise control resumes."
    return [(Span(part, "dim"),) for part in wrap(words, width)]


# -- the agencies ---------------------------------------------------------------------------------------------


def agencies_view(look: Look, width: int, most: int) -> View:
    """Each agency: who plays it now, and under it what it was told last. Enter goes to that inject."""
    papers, scenario = papers_of(look), _scenario(look)
    if papers is None or scenario is None:
        return View((Span("AGENCIES", "dim"),), (), (Span("No scenario is loaded.", "caution"),))
    told = _told(papers)
    items: list[Item] = []
    for party in scenario.parties:
        word, tone = _played(look, party.agency, party.played)
        last = told.get(party.agency)
        left = (Span(fit(party.agency, AGENCY), "strong bold"), Span(word, tone))
        when = "nothing told" if last is None else f"#{last.inject.number} {_clock(look, last)}"
        key = "" if last is None else str(last.inject.number)
        place = HERE if key else "parties"
        items.append(Item(spread(left, (Span(when, "dim"),), width), place, key or party.agency))
        if last is not None:
            said = f"{last.inject.means}: {last.inject.text}"
            items.append(Item(shorten((Span("  "), Span(said, "dim")), width), place, key))
    shown = items if len(items) < most else items[: max(1, most - 2)]
    hidden = len(items) - len(shown)
    more = (Span(f"+{hidden} more lines", "accent", "go.parties"),) if hidden else ()
    return View(spread((Span("AGENCY", "dim"),), (Span("LAST TOLD", "dim"),), width), tuple(shown), more)


def _told(papers: Injects) -> dict[str, InjectRow]:
    """The last inject that went out to each agency."""
    found: dict[str, InjectRow] = {}
    sent = [row for row in inject_rows(papers).values() if row.standing.fired_at is not None]
    for row in sorted(sent, key=lambda one: (one.standing.fired_at or 0, one.inject.at)):
        found.update(dict.fromkeys(row.inject.to, row))
    return found


def _clock(look: Look, row: InjectRow) -> str:
    return look.clock(row.standing.fired_at) if row.standing.fired_at is not None else ""


def _played(look: Look, agency: str, played: str) -> tuple[str, str]:
    """Who plays an agency now. Nobody's seat is known while this room is cut off."""
    seats = len(look.present.get(agency, ()))
    if seats:
        return f"● {seats} here", "good"
    if not look.present:
        return ("virtual if nobody is here" if played == "virtual" else "not known"), "caution"
    if played == "virtual":
        return "virtual", "accent"
    return ("absent, never answers", "dim") if played == "absent" else ("▲ nobody here", "alarm")


def agencies_line(look: Look, width: int) -> View:
    """The same in two lines at most, for 80 columns: who plays whom."""
    scenario = _scenario(look)
    if scenario is None:
        return View((), (), (Span("No scenario is loaded.", "caution"),))
    lines: list[list[Span]] = [[Span("PLAYED  ", "dim")]]
    for party in scenario.parties:
        word, tone = _played(look, party.agency, party.played)
        words = [Span(f"{party.agency} ", "strong bold"), Span(f"{word.partition(',')[0]}   ", tone)]
        if length(lines[-1]) + length(words) > width + 3:
            lines.append([Span(" " * 8)])
        lines[-1] += words
    if len(lines) > 2:
        hidden = len(scenario.parties) - sum(
            span.style == "strong bold" for line in lines[:2] for span in line
        )
        lines = [lines[0], [*shorten(lines[1], width - 10), Span(f"+{hidden} more", "accent", "go.parties")]]
    return View((), tuple(Item(shorten(line, width), "parties") for line in lines))


# -- the notes ------------------------------------------------------------------------------------------------


def notes_view(look: Look, width: int, most: int) -> View:
    """What the evaluators have seen, the newest first. Enter goes to the inject it is about."""
    papers = papers_of(look)
    if papers is None or most < 2:
        return EMPTY
    notes = sorted(papers.notes.values(), key=lambda note: (note.at, note.id), reverse=True)
    head = (Span(f"NOTES {len(notes) or ''}".rstrip(), "dim"),)
    if not notes:
        return EMPTY if most == 2 else View(head, (), (Span("No evaluator has written one.", "dim"),))
    if most == 2:
        line = (Span("NOTE    ", "dim"), *_note(notes[0], look), Span(f"  {notes[0].text}"))
        return View((), (Item(shorten(line, width), HERE, _about(notes[0])),))
    items: list[Item] = []
    for note in notes[:most]:  # there may be two thousand, and this is made four times a second
        items.append(Item(shorten(_note(note, look), width), HERE, _about(note)))
        items += [
            Item((Span("  "), Span(part)), HERE, _about(note))
            for part in wrap(note.text, max(8, width - 2))[:3]
        ]
    return View(head, tuple(items[: most - 1]))


def _about(note: Note) -> str:
    return str(note.inject) if note.inject else "play"


def _note(note: Note, look: Look) -> list[Span]:
    spans = [Span(f"{look.clock(note.at)}  ", "dim"), Span(note.actor, "ink")]
    if note.inject:
        spans.append(Span(f"  #{note.inject}", "dim"))
    if note.objective:
        spans.append(
            Span(f"  {note.objective} {MARK_WORDS.get(note.mark, '')}".rstrip(), MARKS.get(note.mark, "dim"))
        )
    return spans
