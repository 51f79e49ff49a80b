"""The lock of a desk: one field over the foot of the board, which stays readable behind it and goes on living.

Escape leaves the board to be read; nothing can be written until a password was given. With two persons' passwords
the glass is broken instead: six fields, and everybody concerned is alarmed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from incident.kernel.door import PASSWORD_MAX
from incident.kernel.text import safe_text
from incident_tui.comings import glass_of, who
from incident_tui.sitting import Sitting
from incident_tui.widgets.lines import Lines
from incident_tui.widgets.paint import Line, Span, wrap

ASKING: Final = "Asking the server … Keys are not taken until it has answered."
ROOM: Final = 6
"""Cells of the box that are not its words."""


class _Box(ModalScreen[None]):
    """A box over the board with fields, a sentence, and its keys."""

    def __init__(self, sitting: Sitting, opened: Callable[[], None]) -> None:
        """``opened`` is called once the desk can be written at again."""
        super().__init__()
        self.sitting = sitting
        self._opened = opened
        self._trying = False

    def action_leave(self) -> None:
        """Read only."""
        self.dismiss()

    def said(self, sentence: str, tone: str = "caution") -> None:
        """Say one sentence below the fields."""
        self.query_one("#unlock-said", Lines).show(self.words(sentence, tone))

    def words(self, sentence: str, tone: str = "ink") -> list[Line]:
        """A sentence in as many lines as it needs here."""
        width = max(20, min(72, self.app.size.width) - ROOM)
        return [(Span(part, tone),) for part in wrap(safe_text(sentence), width)[:4]] if sentence else []

    def _take_keys(self, taken: bool) -> None:
        """Nobody types half a password for the next try while the server is asked about this one."""
        for field in self.query(Input):
            field.disabled = not taken

    def attempt(self, work: Callable[[], Any]) -> None:
        """Try to open the desk, once at a time."""
        if self._trying:
            return
        self._trying = True
        self.said(ASKING, "dim")
        focus = self.focused
        self._take_keys(False)

        async def trying() -> None:
            try:
                why = await work()
            except Exception as error:  # noqa: BLE001 - told as every other bug is; the box stays
                self.app.trouble(error, "signing in")  # type: ignore[attr-defined]
                why = "That did not work: something here is broken."
            self._trying = False
            if not self.is_mounted:
                return
            self._take_keys(True)
            if focus is not None:
                self.set_focus(focus)
            self.said(why)
            if not why:
                self.dismiss()
                self._opened()

        self.run_worker(trying(), name="sign-in", group="sign-in", exit_on_error=False)


class Unlock(_Box):
    """The password of this desk."""

    BINDINGS = [
        Binding("escape", "leave", show=False, priority=True),
        Binding("ctrl+b", "glass", show=False, priority=True),
        Binding("ctrl+g", "provider", show=False, priority=True),
    ]

    def compose(self) -> ComposeResult:
        """Why it is asked, the field, and what came of it."""
        with Vertical(id="unlock-box"):
            yield Lines("panel", id="unlock-title")
            yield Lines("panel", id="unlock-why")
            yield Input(password=True, max_length=PASSWORD_MAX, id="unlock-word", select_on_focus=False)
            yield Lines("panel", id="unlock-said")
            yield Lines("panel", id="unlock-keys")

    def on_mount(self) -> None:
        """What stands around the field."""
        self.tell()
        self.query_one(Input).focus()

    def on_resize(self, event: events.Resize) -> None:
        """Other words fit now."""
        self.tell()

    def tell(self) -> None:
        """Why it is asked, as it stands now."""
        sitting = self.sitting
        title = [Span(sitting.word or "LOCKED", "caution bold"), Span(f"  {who(sitting.ring)}", "strong")]
        self.query_one("#unlock-title", Lines).show([tuple(title)])
        why = sitting.out or "Everything goes on being shown, and what you were writing is kept."
        if sitting.glass:
            why += " The password of either of the two opens it."
        elif sitting.by_provider_now:
            why += " Whoever sits here signed in at the identity provider, and unlocks there, too."
        self.query_one("#unlock-why", Lines).show(self.words(why))
        does = "sign in" if sitting.out else "unlock"
        keys = Span("enter", "accent"), Span(f" {does}   "), Span("esc", "accent"), Span(" read only   ")
        more: tuple[Span, ...] = Span("ctrl+b", "accent"), Span(" break glass")
        if sitting.by_provider_now:
            more = Span("ctrl+g", "accent"), Span(" provider   "), *more
        self.query_one("#unlock-keys", Lines).show([(*keys, *more)])

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        password = event.value
        if not password or self._trying:
            return
        event.input.clear()
        self.attempt(lambda: self.sitting.open(password))

    def action_provider(self) -> None:
        """The organisation's identity provider instead of the password."""
        self.attempt(lambda: self.sitting.by_provider(self._open))

    def _open(self, page: str) -> None:
        self.said(f"Open {page} in a browser on this machine, and sign in there.", "ink")

    def action_glass(self) -> None:
        """Two persons instead of the one whose password it is."""
        self.app.switch_screen(Glass(self.sitting, self._opened))


FIELDS: Final = (
    ("first", "First person (desk)", False),
    ("first_password", "  password", True),
    ("second", "Second person (desk)", False),
    ("second_password", "  password", True),
    ("role", "Role", False),
    ("reason", "Reason, told to all", False),
)


class Glass(_Box):
    """Two persons, each with their own password, a role and a reason."""

    BINDINGS = [
        Binding("escape", "leave", show=False, priority=True),
        Binding("up", "app.focus_previous", show=False),
        Binding("down", "app.focus_next", show=False),
        Binding("ctrl+s", "send", show=False, priority=True),
    ]

    def compose(self) -> ComposeResult:
        """One line for each field."""
        with Vertical(id="unlock-box"):
            yield Lines("panel", id="unlock-title")
            yield Lines("panel", id="unlock-why")
            for name, label, secret in FIELDS:
                with Horizontal(classes="unlock-row"):
                    yield _label(label)
                    most = PASSWORD_MAX if secret else 300
                    yield Input(password=secret, max_length=most, id=f"glass-{name}", select_on_focus=False)
            yield Lines("panel", id="unlock-said")
            yield Lines("panel", id="unlock-keys")

    def on_mount(self) -> None:
        """What stands around the fields."""
        badge = self.sitting.ring.badge
        self.query_one("#unlock-title", Lines).show([(Span("BREAK GLASS", "alarm bold"),)])
        agency = safe_text(badge.agency)
        why = f"For an hour. Every party of every incident of {agency} is alarmed and told who, which role and why."
        self.query_one("#unlock-why", Lines).show(self.words(why))
        keys = Span("enter", "accent"), Span(" next   "), Span("ctrl+s", "accent"), Span(" break it   ")
        self.query_one("#unlock-keys", Lines).show([(*keys, Span("esc", "accent"), Span(" leave"))])
        self.query_one("#glass-first", Input).focus()

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        if event.input.id == f"glass-{FIELDS[-1][0]}":
            self.action_send()
        else:
            self.focus_next()

    def action_send(self) -> None:
        """Everything is there."""
        given = {name: self.query_one(f"#glass-{name}", Input).value for name, _, _ in FIELDS}
        glass = glass_of(**given)
        if isinstance(glass, str):
            self.said(glass)
            return
        self.attempt(lambda: self.sitting.break_glass(glass))


def _label(words: str) -> Lines:
    made = Lines("panel", classes="unlock-label")
    made.show([(Span(words, "dim"),)])
    return made
