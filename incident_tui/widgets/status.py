"""The two lines that stand on top of every screen, at every size.

The first says which incident this is and who says what of it, in the frame colour of exercise or live; the
second says whether this room is cut off. What is dropped when it is narrow, and in which order, is written down
here once: never the exercise word, the clock, the link word, alarms, the own declaration or the lead; and one other
agency's declaration after the time since the start, the number, the zone and the end of the title.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from incident_tui.widgets.lines import Lines
from incident_tui.widgets.paint import Line, Span, length, shorten

TITLE_LEAST = 10
"""A title is cut to this before the number goes."""

LINK_GLYPHS = {"LIVE": "●", "LAGGING": "◐", "ISLAND": "▲", "READ ONLY": "▲"}
LINK_TONES = {"LIVE": "good", "LAGGING": "caution", "ISLAND": "alarm", "READ ONLY": "alarm"}
SHORT = {"declared": "DECLARED", "stand_down": "STOOD DOWN", "scene_clear": "SCENE CLEAR"}


@dataclass(frozen=True, slots=True)
class Standing:
    """What the first line shows, and the banner above it.

    ``own`` and ``others`` are (agency, declaration in words, clock time or "").
    """

    mode: str = ""
    title: str = ""
    number: str = ""
    own: tuple[str, str, str] | None = None
    others: tuple[tuple[str, str, str], ...] = ()
    lead: str = ""
    place: str = ""
    """The nearest other area, and what the lines are worth; shown when there is room."""
    clock: str = ""
    zone: str = ""
    since_start: str = ""
    rate: str = ""
    """How fast the exercise clock runs (×4, paused); "" while it is no other than real time."""
    real: str = ""
    """Real time, beside an exercise clock that shows another."""
    banner: str = ""
    """What must be read before anything else: NO DUFF."""


@dataclass(frozen=True, slots=True)
class Held:
    """Who holds this desk, as far as it must be said: each piece is "" while there is nothing to say.

    ``word`` is LOCKED or SIGNED OUT, with the ``key`` that asks for the password; ``glass`` the two who broke it, and
    until when; ``ends`` when the sign-in does; ``certificate`` whose ends soon, and when; ``plain``: an open line.
    """

    word: str = ""
    key: str = ""
    glass: str = ""
    ends: str = ""
    certificate: str = ""
    plain: str = ""


@dataclass(frozen=True, slots=True)
class Wire:
    """What the second line shows. ``words`` adds to the link word: since when, the next attempt, a sentence."""

    link: str = ""
    rtt_ms: int | None = None
    words: str = ""
    head: int = 0
    room: str = ""
    role: str = ""
    alarms: int = 0
    heard: int = 0
    """Alarms that stand and that somebody here has acknowledged."""
    unread: int = 0
    refused: int = 0
    unsent: int = 0
    present: tuple[str, ...] = field(default=())
    keys: tuple[str, str] = ("", "")
    """The keys that lead to the next alarm, and to the next thing that asks for an answer."""
    muted: str = ""
    """Since when the alarm bell is silent."""
    held: Held = field(default_factory=Held)


def frame_of(mode: str) -> str:
    """The token of the frame: exercise and live never share a colour; with no incident there is none."""
    return mode if mode in ("exercise", "live") else "panel"


def first_line(standing: Standing, width: int) -> Line:
    """The first line in exactly this width or less."""
    ink = {"exercise": "exercise-ink", "live": "live-ink"}.get(standing.mode, "ink")
    parts = _Parts(standing, ink)
    left, right = parts.least()
    for left, right in parts.steps():
        if length(left) + length(right) + 2 <= width:
            break
    zoned = parts.right(zone=True, since=False)
    if len(right) == 2 and length(left) + length(zoned) + 2 <= width:
        right = zoned
    room = max(0, width - length(right) - 1)
    fitted = shorten(left, room)
    return (*fitted, Span(" " * max(0, width - length(fitted) - length(right)), ink), *right)


class _Parts:
    """The pieces of the first line, from everything down to what is never dropped."""

    def __init__(self, standing: Standing, ink: str) -> None:
        self.it = standing
        self.ink = ink

    def steps(self) -> Iterable[tuple[list[Span], list[Span]]]:
        """Every shape of the line, the fullest first."""
        it = self.it
        count = len(it.others)
        if it.place:
            # Where it lies stands there as long as two others' declarations do: those are what is asked first.
            for shown in range(count, min(count, 2) - 1, -1):
                yield self.left(shown, it.title, number=True, place=True), self.right(zone=True, since=True)
                yield self.left(shown, it.title, number=True, place=True), self.right(zone=True, since=False)
        for shown in range(count, 0, -1):
            yield self.left(shown, it.title, number=True), self.right(zone=True, since=True)
        if count:
            yield from self.one_other()
        yield self.left(0, it.title, number=True), self.right(zone=True, since=True)
        yield self.left(0, it.title, number=True), self.right(zone=True, since=False)
        yield self.left(0, it.title, number=True), self.right(zone=False, since=False)
        for size in range(len(it.title) - 1, TITLE_LEAST - 1, -1):
            yield self.left(0, _cut(it.title, size), number=True), self.right(zone=False, since=False)
        # Both clocks of an exercise outlive its title: a time that is not the wall's must say so.
        least = 3 if it.rate else TITLE_LEAST - 1
        for wide, real in ((True, True), (False, True), (False, False)):
            for size in range(len(it.title), least, -1):
                yield (
                    self.left(0, _cut(it.title, size), number=False, wide=wide),
                    self.right(zone=False, since=False, real=real),
                )
        for size in range(TITLE_LEAST - 1, 3, -1):
            yield (
                self.left(0, _cut(it.title, size), number=False, wide=False),
                self.right(zone=False, since=False, real=False),
            )
        yield self.least()

    def one_other(self) -> Iterable[tuple[list[Span], list[Span]]]:
        """Shapes with one other agency's declaration: it outlives the number, the zone, and the end of the title."""
        it = self.it
        for number, zone in ((True, True), (True, False), (False, True)):
            yield self.left(1, it.title, number=number), self.right(zone=zone, since=False)
        timed = bool(it.others[0][2])
        for brief in (False, True) if timed else (False,):
            for size in range(len(it.title), min(len(it.title), TITLE_LEAST) - 1, -1):
                left = self.left(1, _cut(it.title, size), number=False, brief=brief)
                yield left, self.right(zone=False, since=False)

    def least(self) -> tuple[list[Span], list[Span]]:
        """What is never dropped."""
        return self.left(0, "", number=False, wide=False), self.right(zone=False, since=False, real=False)

    def left(
        self,
        shown: int,
        title: str,
        *,
        number: bool,
        wide: bool = True,
        brief: bool = False,
        place: bool = False,
    ) -> list[Span]:
        """Mode, title, number, declarations, lead and place, with so many other agencies (``brief``: times alone)."""
        it, ink = self.it, self.ink
        gap = "   " if number else "  "
        spans = [Span(f" {it.mode.upper()} " if it.mode else " incident-tui ", f"{ink} bold")]
        if title:
            spans += [Span(gap[1:] if it.mode else gap, ink), Span(title, ink)]
        if number and it.number:
            spans += [Span(gap, ink), Span(it.number, ink)]
        said = []
        if it.own is not None:
            said.append(self.said(it.own, wide=wide))
        said += [self.said(other, wide=not brief) for other in it.others[:shown]]
        more = len(it.others) - shown
        for index, words in enumerate(said):
            spans += [
                Span(gap if index == 0 else " · ", ink),
                Span(words, f"{ink} bold" if index == 0 else ink),
            ]
        if more:
            spans += [Span("  ", ink), Span(f"+{more}", ink)]
        if it.lead:
            spans += [Span(gap, ink), Span("lead ", ink), Span(it.lead, f"{ink} bold")]
        if place:
            spans += [Span(" · ", ink), Span(it.place, ink)]
        return spans

    def said(self, party: tuple[str, str, str], *, wide: bool) -> str:
        """One agency's declaration in words; without room, the time stands for it."""
        code, words, at = party
        if not wide and at:
            return f"{code} {at}"
        return " ".join(part for part in (code, words, at) if part)

    def right(self, *, zone: bool, since: bool, real: bool = True) -> list[Span]:
        """The clock; an exercise that has one of its own shows both."""
        it, ink = self.it, self.ink
        zoned = f" {it.zone}" if zone and it.zone else ""
        if it.rate:
            spans = [Span(f"{'EX ' if real else ''}{it.clock} {it.rate}", f"{ink} bold")]
            spans += [Span(f"  real {it.real}{zoned}", ink)] if real else []
        else:
            spans = [Span(it.clock + zoned, f"{ink} bold")]
        if since and it.since_start:
            spans.append(Span(f" {it.since_start}", ink))
        return [*spans, Span(" ", ink)]


def _cut(text: str, size: int) -> str:
    return text if len(text) <= size else (text[: size - 1].rstrip() + "…" if size > 1 else "")


LEFT = (
    "link", "plain", "held", "glass", "ends", "rtt", "words", "head", "room", "role", "present", "certificate",
)  # fmt: skip
"""The pieces of the second line from the left; what waits stands at the right."""


def second_line(wire: Wire, width: int) -> Line:
    """The second line: the link, who sits here, and what waits."""
    pieces = _wire_pieces(wire)
    drop = [
        "present",
        "certificate",
        "room",
        "keys",
        "rtt",
        "head",
        "role",
        "ends",
        "words",
        "unread",
        "refused",
    ]
    while drop and _taken(pieces) > width:
        name = drop.pop(0)
        if name == "words" and wire.link != "LIVE":
            continue  # since when this room is cut off is as important as that it is
        if name == "keys":
            kept = _wire_pieces(replace(wire, keys=("", "")))
            pieces = {name: kept[name] for name in pieces}
        pieces.pop(name, None)
    left: list[Span] = [Span(" ")]
    for name in (
        "link",
        "plain",
        "held",
        "glass",
        "ends",
        "rtt",
        "words",
        "head",
        "room",
        "role",
        "present",
        "certificate",
    ):
        if name in pieces:
            left += [*([Span("  ")] if len(left) > 1 else []), *pieces[name]]
    right: list[Span] = []
    for name in ("alarms", "muted", "refused", "unread", "unsent"):
        if name in pieces:
            right += [*([Span("   ")] if right else []), *pieces[name]]
    fitted = shorten(left, max(0, width - length(right) - 3))
    return (*fitted, Span(" " * max(1, width - length(fitted) - length(right) - 1)), *right, Span(" "))


def _taken(pieces: dict[str, tuple[Span, ...]]) -> int:
    return sum(length(piece) + 3 for piece in pieces.values()) + 2


def _wire_pieces(wire: Wire) -> dict[str, tuple[Span, ...]]:
    tone = LINK_TONES.get(wire.link, "dim")
    pieces: dict[str, tuple[Span, ...]] = {
        "link": (Span(f"{LINK_GLYPHS.get(wire.link, '○')} {wire.link or 'CONNECTING'}", f"{tone} bold"),),
    }
    pieces |= _held_pieces(wire.held)
    if wire.rtt_ms is not None and wire.link in ("LIVE", "LAGGING"):
        pieces["rtt"] = (Span(f"{wire.rtt_ms} ms", "dim"),)
    if wire.words:
        pieces["words"] = (Span(wire.words, "dim" if wire.link == "LIVE" else tone),)
    if wire.head:
        pieces["head"] = (Span(f"#{wire.head}", "dim"),)
    if wire.room:
        pieces["room"] = (Span(wire.room),)
    if wire.role:
        pieces["role"] = (Span(wire.role.upper(), "dim"),)
    if wire.present:
        pieces["present"] = (Span("here " + " ".join(wire.present), "dim"),)
    if wire.alarms or wire.heard:
        pieces["alarms"] = (*_alarms(wire), *_key(wire.keys[0], "app.alarm"))
    if wire.muted:
        pieces["muted"] = (Span("bell muted", "caution bold", "app.unmute"), Span(f" {wire.muted}", "dim"))
    if wire.refused:
        pieces["refused"] = (Span(f"! {wire.refused} refused", "alarm bold", "go.refused"),)
    if wire.unread:
        words = f"✉ {wire.unread} to answer"
        pieces["unread"] = (Span(words, "accent bold", "app.next"), *_key(wire.keys[1], "app.next"))
    pieces["unsent"] = (Span(f"{wire.unsent} unsent", "caution bold" if wire.unsent else "dim"),)
    return pieces


def _held_pieces(held: Held) -> dict[str, tuple[Span, ...]]:
    """Who holds the desk. That it is locked, that the glass is broken and that the line is open is never dropped."""
    pieces: dict[str, tuple[Span, ...]] = {}
    if held.plain:
        pieces["plain"] = (Span(held.plain, "caution"),)
    if held.word:
        pieces["held"] = (
            Span(held.word, "caution bold", "app.lock"),
            Span(f" {held.key}", "dim", "app.lock"),
        )
    if held.glass:
        pieces["glass"] = (Span(held.glass, "alarm bold"),)
    if held.ends:
        pieces["ends"] = (Span(held.ends, "caution"),)
    if held.certificate:
        pieces["certificate"] = (Span(held.certificate, "caution"),)
    return pieces


def _alarms(wire: Wire) -> tuple[Span, ...]:
    """How many stand: those that nobody here has heard of in alarm, the others in words; none is ever left out."""
    heard = (Span(f"{wire.heard} heard", "caution", "app.alarm"),) if wire.heard else ()
    if not wire.alarms:
        return (Span("▲ ", "caution", "app.alarm"), *heard)
    words = f"▲ {wire.alarms} {_plural('alarm', wire.alarms)}"
    return (Span(words, "alarm bold", "app.alarm"), *((Span(" + "), *heard) if heard else ()))


def _key(key: str, act: str) -> tuple[Span, ...]:
    return (Span(f" {key}", "dim", act),) if key else ()


def _plural(word: str, count: int) -> str:
    return word if count == 1 else word + "s"


def declaration_words(declared: str) -> str:
    """A declaration as the status line says it: DECLARED, STANDBY, STOOD DOWN."""
    return SHORT.get(declared, declared.replace("_", " ").upper())


def banner_line(banner: str, width: int) -> Line:
    """What must be read before anything else, across the whole width."""
    words = shorten([Span(f" ▲ {banner} ", "alarm bold reverse")], width)
    return (*words, Span(" " * (width - length(words)), "alarm bold reverse"))


class StatusLines(Lines):
    """The two lines as a widget, and above them the banner while there is one."""

    DEFAULT_CSS = """
    StatusLines { height: 2; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._now: tuple[Standing, Wire] = (Standing(), Wire())

    def tell(self, standing: Standing, wire: Wire) -> None:
        """Show this from now on."""
        self._now = (standing, wire)
        self.lay()

    def on_resize(self) -> None:
        """Other things fit now."""
        self.lay()

    def lay(self) -> None:
        """Lay both lines into the width there is."""
        if not self.size.width:
            return  # not laid out yet
        standing, wire = self._now
        width = self.size.width
        frame = frame_of(standing.mode)
        lines: tuple[Line, ...] = (_on(first_line(standing, width), frame), second_line(wire, width))
        if standing.banner:
            lines = (banner_line(standing.banner, width), *lines)
        self.styles.height = len(lines)
        self.show(lines)


def _on(line: Sequence[Span], ground: str) -> Line:
    return tuple(Span(span.text, f"{span.style} on {ground}", span.act) for span in line)
