"""One request for aid in a few lines: what it asks, by when, where to, and the cover that accepting would leave."""

from __future__ import annotations

from incident.kernel.board import Look
from incident.mutual_aid import facts as f
from incident.mutual_aid.cover import cover_left, cover_words
from incident.mutual_aid.words import lines_words, needed_cell
from incident.values import span
from incident_tui.widgets.paint import Line, Span, shorten, spread


def foot_lines(request: f.Request, look: Look, width: int, key: str) -> list[Line]:
    """For 80 columns. ``key`` accepts it, "" when it is not ours to accept now."""
    terms = request.terms
    needed = needed_cell(request, look)
    hazards = "not known" if terms.hazards == f.UNKNOWN else terms.hazards
    rvp = terms.rvp.words if terms.rvp is not None else "none given"
    where: list[Span] = [Span(f"{request.number}  ", "strong bold")]
    where += [Span("needed by ", "dim"), Span(f"{needed.text}   ", needed.tone)] if terms.needed_by else []
    where += [Span("RVP ", "dim"), Span(rvp, "ink" if terms.rvp else "caution")]
    where += [Span("   hazards ", "dim"), Span(hazards, "ink" if hazards != "not known" else "caution")]
    lines: list[Line] = [shorten(where, width)]
    if not key:
        return lines
    left = request.answer_by - look.now
    answer = (
        Span(
            f"answer in {span(left)}" if left > 0 else "answer overdue", "dim" if left > 0 else "alarm bold"
        ),
    )
    accepts = (Span(key, "accent bold"), Span(f" accepts {lines_words(terms.lines)}. That would leave:"))
    lines.append(spread(accepts, answer, width))
    covers = cover_left(look, request)
    for cover in covers:
        words = f"  {'▲ ' if cover.short else ''}{cover_words(cover)}"
        tone = "alarm bold" if cover.short else "caution" if not cover.left else "good"
        lines.append(shorten((Span(words, tone),), width))
    if not covers:
        lines.append((Span("  nobody can say: our own register is not here", "caution"),))
    return lines
