"""One line to type in, at the foot of the screen: a sign, the text, and at the right what Enter will do."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input, TextArea

from incident.kernel.text import safe_chars
from incident_tui.widgets.lines import Lines
from incident_tui.widgets.paint import Span, length, shorten


class Line(Input):
    """A text field without a frame. Its cursor does not blink: nothing on these screens moves by itself."""

    DEFAULT_CSS = """
    Line, Line:focus {
        border: none; height: 1; padding: 0; width: 1fr;
        background: $ground; background-tint: $ground 0%; color: $ink;
    }
    Line > .input--cursor { background: $ink; color: $ground; text-style: $input-cursor-text-style; }
    Line > .input--placeholder, Line > .input--suggestion { color: $dim; }
    """
    BINDINGS: ClassVar[list[BindingType]] = []

    def __init__(
        self,
        value: str = "",
        *,
        placeholder: str = "",
        limit: int = 2000,
        id: str | None = None,  # noqa: A002
    ) -> None:
        super().__init__(
            value, placeholder=placeholder, id=id, max_length=limit, select_on_focus=False, compact=True
        )
        self.cursor_blink = False

    @property
    def _value(self) -> Text:
        """What Textual paints of the value, which may have come from somebody else."""
        return Text(safe_chars(self.value), no_wrap=True, overflow="ignore", end="")

    class Pasted(Message):
        """A paste did not go in as it was: a sentence that says what became of it."""

        def __init__(self, sentence: str) -> None:
            super().__init__()
            self.sentence = sentence

    def on_paste(self, event: events.Paste) -> None:
        """Every line of a paste, as one; what is more than fits is left out, and said. Textual took the first line."""
        event.stop()
        event.prevent_default()
        lines = [line.strip() for line in event.text.splitlines() if line.strip()]
        if not lines:
            return
        text = " ".join(lines) if len(lines) > 1 else event.text.splitlines()[0] or lines[0]
        start, end = sorted(self.selection)
        room = max(0, (self.max_length or len(text)) - len(self.value) + end - start)
        self.replace(text[:room], start, end)
        said = pasted_words(len(lines), len(text) - room)
        if said:
            self.post_message(self.Pasted(said))


class Area(TextArea):
    """Several lines to type in; painted as `Line` is."""

    def get_line(self, line_index: int) -> Text:
        """What Textual paints of one line."""
        return Text(safe_chars(self.document.get_line(line_index)), end="", no_wrap=True)


def pasted_words(lines: int, over: int) -> str:
    """What became of a paste; "" when it went in as it was."""
    joined = f"{lines} lines were pasted and stand in one." if lines > 1 else ""
    cut = f"The last {over:,} characters did not fit and were left out." if over > 0 else ""
    return " ".join(part for part in (joined, cut) if part)


class Prompt(Horizontal):
    """A sign, a field, and words at the right end."""

    DEFAULT_CSS = """
    Prompt { height: 1; width: 1fr; }
    Prompt > .sign { width: auto; }
    Prompt > .words { width: auto; max-width: 60%; }
    """

    class Changed(Message):
        """The text is another."""

        def __init__(self, prompt: Prompt, text: str) -> None:
            super().__init__()
            self.prompt = prompt
            self.text = text

        @property
        def control(self) -> Prompt:
            """The prompt, for ``on``."""
            return self.prompt

    class Entered(Changed):
        """Enter was pressed."""

    class Left(Changed):
        """Escape was pressed: the text stays."""

    def __init__(self, sign: str, words: str = "", *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._sign = sign
        self._words = words

    def compose(self) -> ComposeResult:
        """Sign, field, words."""
        yield _Part(self._sign, "accent bold", classes="sign")
        yield Line()
        yield _Part(self._words, "dim", classes="words")

    @property
    def field(self) -> Line:
        """Where the text is typed."""
        return self.query_one(Line)

    @property
    def text(self) -> str:
        """What stands there now."""
        return self.field.value

    def put(self, text: str) -> None:
        """Let this stand there."""
        self.field.value = text
        self.field.cursor_position = len(text)

    def sign(self, words: str) -> None:
        """What stands before the field."""
        self.query_one(".sign", _Part).tell(words, "accent bold")

    def tell(self, words: str, tone: str = "dim") -> None:
        """What stands at the right end from now on."""
        self.query_one(".words", _Part).tell(words, tone)

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Changed(self, event.value))

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(self.Entered(self, event.value))

    def on_key(self, event: events.Key) -> None:
        """Escape leaves and keeps the text."""
        if event.key == "escape":
            event.stop()
            self.post_message(self.Left(self, self.text))


class _Part(Lines):
    """One piece of fixed text, as wide as it is."""

    def __init__(self, words: str, tone: str, *, classes: str) -> None:
        super().__init__(classes=classes)
        self.show(((Span(words, tone),),) if words else ((),))

    def tell(self, words: str, tone: str) -> None:
        """Show other words."""
        line = shorten((Span(words, tone),), 200)
        if (line,) != self.lines:
            before = length(self.lines[0]) if self.lines else 0
            self.show((line,))
            if before != length(line):
                self.refresh(layout=True)

    def get_content_width(self, container: object, viewport: object) -> int:
        """As wide as its words."""
        return length(self.lines[0]) if self.lines else 0
