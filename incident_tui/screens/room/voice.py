"""What the room says to a person: a sentence above the foot, toasts, the list of notices behind ``!``, the bell."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len

from incident.kernel.board import Board, Look
from incident.kernel.slice import Refusal
from incident.kernel.text import ascii_fold, safe_text
from incident_tui.actions import Act, key_words
from incident_tui.bell import REASON_MAX, Bell, Muted
from incident_tui.screens.conflicts.screen import Notice
from incident_tui.screens.room.sight import ALARMS
from incident_tui.widgets.footer import FooterLine
from incident_tui.widgets.lines import Lines
from incident_tui.widgets.paint import Span, cut, wrap

if TYPE_CHECKING:
    from incident_tui.screens.room.screen import Room

SAID_SECONDS: Final = 10.0
DID_SECONDS: Final = 4.0
TOASTS: Final = {"alarm": ("error", 10.0), "caution": ("warning", 6.0), "call": ("information", 15.0)}
"""How a notice of this severity is shown, and for how long."""


TOAST_LINES: Final = 3
READS_MAX: Final = 4
"""Lines that say how a place is understood."""
RACK: Final = "#textual-toastrack"
RACK_LINES: Final = (9, 6, 3)
"""Lines that notices take together, the most that leave a place its first half."""
TOAST_FRAME: Final = 3
"""Cells of a toast that are not its words; its widths stand in the stylesheet."""


class Voice:
    """The voice of one room."""

    def __init__(self, room: Room, kept: deque[Notice]) -> None:
        self.room = room
        self.kept = kept
        self._said_until = self._did_until = float("-inf")
        self._reads = False
        self.bell = Bell(self._ring)
        self._stream = ""
        self._parts: frozenset[str] = frozenset()
        self._closings = 0
        self._laid: tuple[int, ...] = ()
        """How notices were laid last: lines below, the most cells and lines they take; () as the stylesheet does."""

    def stroke(self) -> None:
        """Tell what waits to be told; what was said long enough goes."""
        session = self.room.session
        stream, closings = session.stream, session.closings
        try:
            parts = session.log().parts
        except Exception:  # noqa: BLE001 - the place that shows the log tells of it, and by this very stroke
            parts = self._parts
        closed = closings != self._closings
        # another incident may be open by now: where there is only one, it is opened by itself
        if self._stream and stream != self._stream and (closed or not stream):
            self.forget()
        elif closed or (stream == self._stream and self._parts - parts):
            self.forget_part()
        self._stream, self._parts, self._closings = stream, parts, closings
        while self.room.session.notices:
            severity, sentence = self.room.session.notices.popleft()
            self.notice(severity, sentence)
        self.lay_notices()
        if self._said_until < time.monotonic():
            self.say("")
        if self._did_until < time.monotonic():
            self.did("")

    def forget(self) -> None:
        """The incident was closed to us: what was said of it goes, whatever was being answered is put away."""
        self._unsay()
        self.room.set_class(False, "-asking", "-quick", "-confirm")
        self.room.go("incidents")

    def forget_part(self) -> None:
        """Something beside the open incident was closed to us, as another agency's own part of it: what was said goes,
        and what was being answered about it.
        """
        room = self.room
        self._unsay()
        room.drop_question()
        deed = room.doing.form_deed
        board = None if deed is None else deed.action.board
        if deed is not None and board is not None and set(deed.rows) - board.rows(room.session.look()).keys():
            room.doing.close_form()

    def _unsay(self) -> None:
        self.kept.clear()
        self.room.app.clear_notifications()
        self.say("")
        self.did("")

    def notice(self, severity: str, sentence: str) -> None:
        """Tell a person once, as a toast, and keep it in the list of notices."""
        text = safe_text(sentence)
        at = self.room.session.now()
        self.kept.append(Notice(f"notice/{at}/{len(self.kept)}", at, severity, text))
        kind, seconds = TOASTS.get(severity, ("information", 5.0))
        self.lay_notices(coming=True)
        self.room.app.notify(self._short(text), severity=kind, timeout=seconds, markup=False)  # type: ignore[arg-type]
        if severity in ("alarm", "call") and self.room.settings.bell and self.bell.muted is None:
            self.room.app.bell()

    def lay_notices(self, *, coming: bool = False) -> None:
        """Notices lie over the foot of the place in front, above every line in which one types."""
        room, found = self.room, self.room.query(RACK)
        if not found or not (coming or found.first().display):
            return
        rack, places = found.first(), room.query_one("#places")
        laid: tuple[int, ...] = ()
        if places.region.area and not room.front.read_at_end:
            foot = room.front.foot_height
            most = [lines for lines in RACK_LINES if lines * 2 <= places.size.height - foot]
            below = room.size.height - places.region.bottom + foot
            laid = below, places.region.right, most[0] if most else RACK_LINES[-1]
        if laid == self._laid and rack.has_class("-foot") == bool(laid):
            return  # whatever is set on it lays out the whole screen anew
        self._laid = laid
        rack.set_class(bool(laid), "-foot")
        rack.styles.margin, rack.styles.width, rack.styles.max_height = (
            ((0, 0, laid[0], 0), laid[1], laid[2]) if laid else (None, None, None)
        )

    def _short(self, text: str) -> str:
        """As much as stands in a few lines; the rest is in the list of notices, and it is said where."""
        room, text = self.room, self._plain(text)
        narrow, form = room.has_class("-narrow"), room.form is not None
        if form and not narrow:
            width = 42 if room.has_class("-long") else 62
        else:
            width = min(room.size.width * 96 // 100, (78 if form else 64) if narrow else 76)
        keys = room.actions.keys_of("go.refused")
        more = f"…  {key_words(keys[0])} all" if keys else "…"
        width = max(20, width - TOAST_FRAME)
        parts = wrap(text, width)
        if len(parts) <= TOAST_LINES:
            return text
        return "\n".join(
            [
                *parts[: TOAST_LINES - 1],
                cut(parts[TOAST_LINES - 1], width - cell_len(more)).rstrip("… ") + more,
            ]
        )

    def _plain(self, text: str) -> str:
        """In the ASCII look the long signs, before it is known where lines break: ``+/-``, not what fits one cell."""
        return ascii_fold(text) if self.room.app.ascii_look else text  # type: ignore[attr-defined]

    def say(self, sentence: str, tone: str = "caution") -> None:
        """Say one sentence above the foot; "" takes it away. The next key does, too."""
        said = self.room.query_one("#said", Lines)
        width = max(20, self.room.size.width - 4)
        sign = " ✓ " if tone == "good" else " ▲ "
        said.show([(Span(sign if i == 0 else "   ", tone), Span(part, tone)) for i, part in
                   enumerate(wrap(self._plain(safe_text(sentence)), width)[:3])] if sentence else [])  # fmt: skip
        self._said_until = time.monotonic() + SAID_SECONDS if sentence else float("inf")
        self._reads = False

    def reads(self, lines: Sequence[tuple[str, str]]) -> None:
        """How a place in the command line is understood, above it, while it stands there; none takes it away."""
        if not lines and not self._reads:
            return
        width = max(20, self.room.size.width - 4)
        rows = [
            (Span("   " if more else " ▏ ", "rule"), Span(part, tone))
            for words, tone in lines
            for more, part in enumerate(wrap(safe_text(words), width))
        ]
        self.room.query_one("#said", Lines).show(rows[:READS_MAX])
        self._said_until, self._reads = float("inf"), bool(lines)

    def did(self, sentence: str) -> None:
        """One quiet sentence in the place of the foot's keys: it was done. It goes by itself, and with the next key."""
        self.room.query_one(FooterLine).say(safe_text(sentence))
        self._did_until = time.monotonic() + DID_SECONDS if sentence else float("inf")

    # -- the bell -------------------------------------------------------------------------------------------

    def hear(self, look: Look) -> None:
        """Ring once if an alarm has come that was not there before."""
        self.bell.hear(ringing(self.room.actions.boards, look), time.monotonic(), look.stream)

    def _ring(self) -> None:
        if self.room.settings.bell:
            self.room.app.bell()

    def mute(self, reason: str) -> None:
        """``mute REASON``: silent from now on, and the log says so and why."""
        reason = " ".join(reason.split())[:REASON_MAX]
        if not reason:
            self.room.words.begin_line("mute ")
            self.say("Say why: it stands in the log.", "dim")
        elif self._written(f"mutes the alarm bell: {reason}"):
            self._keep(Muted(reason, self.room.session.now()))
            self.say("The alarm bell is muted. Alarms are still shown. :unmute lets it ring again.", "dim")

    def unmute(self) -> None:
        """``unmute``: it rings again, and the log says so."""
        if self.bell.muted is None:
            self.say("The alarm bell is not muted.", "dim")
        elif self._written("lets the alarm bell ring again"):
            self._keep(None)
            self.say("The alarm bell rings again.", "dim")

    def _keep(self, muted: Muted | None) -> None:
        self.bell.muted = self.room.keeping.kept.muted = muted
        self.room.keeping.keep()
        self.room.recount()

    def _written(self, text: str) -> bool:
        """Written into our own log, else into the incident's; without a log nothing is done, and it is said why."""
        look = self.room.session.look()
        if not look.stream:
            self.say("No incident is open, so there is no log to write it in.")
            return False
        verb = "own-log" if look.own_stream else "log"
        answer = self.room.doing.submit(Act("decisions", verb, None, {"text": text, "late_reason": ""}))
        if isinstance(answer, Refusal):
            self.say(answer.sentence)
            return False
        return True


def heard_of(boards: Sequence[Board], look: Look) -> int:
    """How many alarms stand that ring, and that somebody of ours has acknowledged."""
    if not look.state.organisation.opened:
        return 0
    rows = [board.rows(look) for board in boards if board.name == ALARMS]
    return sum(row.rings and row.heard is not None for some in rows for row in some.values())


def ringing(boards: Sequence[Board], look: Look) -> list[str]:
    """The keys of the alarms that ring and that nobody of ours has acknowledged."""
    if not look.state.organisation.opened:
        return []
    rows = [board.rows(look) for board in boards if board.name == ALARMS]
    return [key for some in rows for key, row in some.items() if row.rings and row.heard is None]
