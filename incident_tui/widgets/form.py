"""A form made from what a verb asks for. It reads like a card: labels at the left, answers beside them.

Enter on a line or Ctrl+S anywhere sends it; Escape puts it away and keeps what was written. What is wrong is said
under the field it is about. The form knows no session: it is given a draft, and tells what is written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.cells import cell_len
from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.geometry import Region
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, TextArea

from incident.kernel.board import Arg, Look
from incident.kernel.text import ascii_fold
from incident_tui.answers import choices_of, read_answer
from incident_tui.widgets.choice import Choice
from incident_tui.widgets.lines import Lines
from incident_tui.widgets.paint import Span, fit, wrap
from incident_tui.widgets.prompt import Area, Line

COMMAND_HERE = "This is a field of the form. Esc leads out of it, and a : there opens the command line."
LABEL_MAX = 24
LINES_HEIGHT = 4
AREA_MAX = 12
"""A text of several lines is shown so far, and farther while there is room; past it one scrolls."""
LONG = 8
"""A form that asks for more than this, or holds a long text, gets more of the screen."""


Understand = Callable[[str, bool], Sequence[tuple[str, str]]]
"""How a place is understood as it is typed, or with True what a text may mean as one: lines of (words, tone)."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One field: the argument, its label without what stood in brackets, and that as an example to follow."""

    arg: Arg
    label: str
    example: str
    choices: tuple[tuple[str, str], ...] = ()


def asked(arg: Arg, look: Look, row: Any) -> Asked:
    """A field for an argument. "Due (15m, 1h30 or 14:45)" is the label Due and an example."""
    label, _, rest = arg.title.partition(" (")
    choices = tuple(choices_of(arg, look, row))
    if arg.kind == "flag":
        choices = (("", "no"), ("yes", "yes"))
    if not rest and ": " in label:
        label, _, rest = label.partition(": ")
    return Asked(arg, label, rest.rstrip(")"), choices)


class _Fields(VerticalScroll):
    """The fields, which scroll; ``laid`` is called once they have another size."""

    def __init__(self, laid: Callable[[], None]) -> None:
        super().__init__(id="form-fields", can_focus=False)
        self._laid = laid

    def on_resize(self) -> None:
        """More of them fit now, or fewer."""
        self._laid()


class Form(Vertical):
    """The form of one verb."""

    DEFAULT_CSS = """
    Form { height: 1fr; padding: 0 1 0 2; }
    Form > #form-head { height: auto; }
    Form > #form-fields { height: 1fr; scrollbar-size: 0 0; }
    Form > #form-more { height: 1; display: none; }
    Form > #form-more.-shown { display: block; }
    Form > #form-foot { height: auto; }
    Form .field { height: auto; }
    Form .field.-hidden { display: none; }
    Form .field > Lines.label { height: 1; width: 24; }
    Form .wrong { height: auto; }
    Form TextArea {
        height: 4; border: none; padding: 0; background: $panel; color: $ink; scrollbar-size: 0 0;
    }
    Form TextArea:focus { border: none; }
    Form TextArea > .text-area--cursor { background: $ink; color: $ground; }
    Form TextArea > .text-area--cursor-line { background: $panel; }
    Form Line { background: $panel; }
    Form Line:focus { background: $panel; }
    """

    class Sent(Message):
        """The form was filled in and every answer could be read."""

        def __init__(self, form: Form, values: dict[str, Any]) -> None:
            super().__init__()
            self.form = form
            self.values = values

    class Written(Message):
        """Something was written: the draft as it stands."""

        def __init__(self, form: Form, answers: dict[str, str]) -> None:
            super().__init__()
            self.form = form
            self.answers = answers

    class Left(Message):
        """Escape: put the form away and keep the draft."""

        def __init__(self, form: Form) -> None:
            super().__init__()
            self.form = form

    def __init__(
        self,
        title: str,
        subject: str,
        args: Sequence[Arg],
        look: Look,
        row: Any,
        draft: Mapping[str, str] | None = None,
        *,
        help: str = "",  # noqa: A002 - what it is
        first: str = "",
        kept: bool = False,
        understand: Understand | None = None,
        id: str | None = None,  # noqa: A002 - Textual's name
    ) -> None:
        super().__init__(id=id)
        self.title = title
        self.subject = subject
        self.fields = tuple(asked(arg, look, row) for arg in args)
        self._look = look
        self._row = row
        self._draft = dict(draft or {})
        self._help = help
        self._first = first
        self._kept = kept
        self._understand = understand
        self._sentence = ""
        self._about = ""
        self._gone = False

    # -- what it is made of ---------------------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        """Head, fields, foot."""
        yield Lines(id="form-head")
        with _Fields(self._tell_more):
            for field in self.fields:
                with Horizontal(classes="field -hidden" if field.arg.hidden else "field"):
                    yield Lines(classes="label")
                    yield self._widget(field)
                yield Lines(classes="wrong", id=f"wrong-{field.arg.name}")
        yield Lines(id="form-more")
        yield Lines(id="form-foot")

    def _begun(self, field: Asked) -> str:
        """What stands in a field at first: what was written before, else what would usually be answered."""
        value = self._draft.get(field.arg.name)
        if value is None and field.arg.default is not None:
            value = str(field.arg.default(self._look, self._row) or "")
        return value or ""

    def _widget(self, field: Asked) -> Widget:
        name, value = f"answer-{field.arg.name}", self._begun(field)
        several = field.arg.kind in ("choices", "agencies")
        if field.choices:
            free, codes = not field.arg.required, field.arg.kind == "agencies"
            return Choice(field.choices, value, several=several, free=free, codes=codes, id=name)
        if field.arg.kind == "lines":
            area = Area(value, soft_wrap=True, show_line_numbers=False, tab_behavior="focus", id=name)
            area.cursor_blink = False
            area.styles.height = max(LINES_HEIGHT, min(AREA_MAX, value.count("\n") + 2))
            return area
        # What is only an example says so: a plausible one must never be taken for what stands there.
        example = f"e.g. {field.example}" if field.example else ""
        line = Line(value, placeholder=example, limit=field.arg.limit, id=name)
        # A number is written anew, not added to: 60 over 48 is 60. Words are corrected where they stand.
        line.select_on_focus = field.arg.kind == "number"
        return line

    def on_mount(self) -> None:
        """Labels, and the first field that is still empty."""
        if self.here:
            self._lay()
            self.focus_first()
            fields = self.query_one("#form-fields", VerticalScroll)
            for name in ("scroll_y", "virtual_size", "max_scroll_y"):
                self.watch(fields, name, self._tell_more, init=False)
            for area in self.query(TextArea):
                self.watch(area, "scroll_y", self._tell_more, init=False)

    def on_resize(self) -> None:
        """Sentences break elsewhere now."""
        self._lay()

    @property
    def long(self) -> bool:
        """Whether it asks for so much that it needs the wider side."""
        return sum(not field.arg.hidden for field in self.fields) > LONG

    @property
    def wide(self) -> bool:
        """Whether it gets the wider side: it asks for much, or there is much to read in it, as a brief."""
        texts = (
            self._begun(field) for field in self.fields if field.arg.kind == "lines" and not field.arg.hidden
        )
        return self.long or any(text.count("\n") > AREA_MAX for text in texts)

    def put_away(self) -> None:
        """It goes: whatever of it is still under way takes no key from where they go now."""
        self._gone = True

    @property
    def here(self) -> bool:
        """Whether its parts are there: who types fast may have put it away before it was up, or since."""
        if self._gone:
            return False
        parts = ("form-head", "form-foot", *(f"answer-{field.arg.name}" for field in self.fields))
        return all(self.query(f"#{part}") for part in parts)

    def focus_first(self) -> None:
        """Go to the field asked for, else to the first that must be filled in and is not, else to the first."""
        answers = self.answers()
        wanted = [f for f in self.fields if f.arg.name == self._first]
        empty = [f for f in self.fields if f.arg.required and not answers[f.arg.name]]
        shown = [field for field in self.fields if not field.arg.hidden]
        for field in (*wanted, *empty, *shown[:1]):
            self.screen.set_focus(self._answer(field))
            return

    def _lay(self) -> None:
        if not self.here:
            return
        width = max(20, self.size.width - 3)
        old = "  draft kept from before" if self._kept else ""
        head = [(Span(self.title, "strong"), Span(f"  {self.subject}", "accent"), Span(old, "caution"))]
        # What is wrong with the whole of it stands here, above the fields: the foot may be a screen away.
        wrong = self._sentence if not self._about else ""
        self.query_one("#form-head", Lines).show([*head[:1], *(_wrong(wrong, width - 4) or [()])])
        labels = list(self.query(".label").results(Lines))
        room = min(LABEL_MAX, max((len(field.label) for field in self.fields), default=0))
        for field, label in zip(self.fields, labels, strict=True):
            label.styles.width = room + 2
            label.show(((Span(fit(field.label, room), "ink" if field.arg.required else "dim"),),))
        for field in self.fields:
            about = self._sentence if field.arg.name == self._about else ""
            under = [*_wrong(about, width - 3), *self._whole(field, room + 2, width - 3)]
            self.query_one(f"#wrong-{field.arg.name}", Lines).show(under)
        helps = [(Span(part, "dim"),) for part in wrap(self._help, width)] if self._help else []
        self.query_one("#form-foot", Lines).show([(), *helps] if helps else [])

    def _whole(self, field: Asked, label: int, width: int) -> list[tuple[Span, ...]]:
        """What does not fit into its field in full under it, before it is sent; a command typed into it is told."""
        answer = self._answer(field)
        if isinstance(answer, TextArea) and (rows := answer.wrapped_document.height) > (most := self._most()):
            said = f"{rows} lines, {most} of them shown: the arrow keys go on"
            return [(Span("  ▏ ", "rule"), Span(fit(said, width), "dim"))]
        if not isinstance(answer, Line) or not answer.value:
            return []
        if self._is_command(field):
            if field.arg.name == self._about:
                return []
            return [(Span("    "), Span(part, "caution")) for part in wrap(COMMAND_HERE, width)]
        room = answer.size.width or width - label
        ascii_look = getattr(
            self.app, "ascii_look", False
        )  # before lines are broken: +/- is longer than its sign
        value = ascii_fold(answer.value) if ascii_look else answer.value
        whole = wrap(value, width) if cell_len(answer.value) >= room else []
        return [(Span("  ▏ ", "rule"), Span(part)) for part in whole] + self._place(
            field, answer.value, width
        )

    def _place(self, field: Asked, written: str, width: int) -> list[tuple[Span, ...]]:
        """How a place is understood as it stands, as far as it is not what the form began with."""
        if (
            field.arg.kind not in ("location", "place")
            or self._understand is None
            or field.arg.name == self._about
        ):
            return []
        default = field.arg.default
        if not written.strip() or (default and written == str(default(self._look, self._row) or "")):
            return []
        return [
            (Span("    " if more else "  ▏ ", "rule"), Span(part, tone))
            for words, tone in self._understand(written, field.arg.kind == "place")
            for more, part in enumerate(wrap(words, width))
        ]

    def _most(self) -> int:
        """How many lines of a text there is room for, once every other field has its own."""
        found = self.query("#form-fields")
        texts = [area for area in self.query(TextArea) if area.display]
        if not found or not texts:
            return AREA_MAX
        fields = found.first(VerticalScroll)
        rows = sum(part.outer_size.height for part in fields.children if part.display)
        others = rows - sum(area.outer_size.height for area in texts)
        # No text is higher than what is seen of the form at once: its last lines could not be come to.
        page = fields.size.height - (not self.query_one("#form-more").display)
        least = min(AREA_MAX, max(LINES_HEIGHT, page))
        return max(least, (fields.size.height - others) // len(texts))

    def _grow(self) -> None:
        """A text of several lines is as high as it is long, as far as that goes."""
        most = self._most()
        for area in self.query(TextArea):
            rows = max(LINES_HEIGHT, min(most, area.wrapped_document.height + 1))
            if area.size.width and area.size.height != rows:
                area.styles.height = rows
                self.call_after_refresh(self._lay)

    def _tell_more(self) -> None:
        """That a form which is longer than the screen goes on: which fields are still below, and how many above."""
        found, more = self.query("#form-fields"), self.query("#form-more")
        if not self.here or not found or not more:
            return
        self._grow()
        fields, sign = found.first(VerticalScroll), more.first(Lines)
        spare = fields.size.height + (1 if sign.display else 0)
        shown = bool(fields.size.height) and fields.virtual_size.height > spare
        sign.set_class(shown, "-shown")
        if not shown:
            return
        top, bottom = int(fields.scroll_y), int(fields.scroll_y) + fields.size.height
        above, below, cut = 0, [], ""
        for field in self.fields:
            row = self._answer(field).parent
            if field.arg.hidden or not isinstance(row, Widget):
                continue
            region = row.virtual_region
            above += region.bottom <= top
            if region.y >= bottom:
                below.append(field.label)
            elif region.bottom > top:
                cut = self._goes_on(field, region, bottom) or cut
        words = fit(_more_words(above, cut, below), max(20, self.size.width - 3))
        sign.show(((Span(words, "accent"),),))

    def _goes_on(self, field: Asked, region: Region, bottom: int) -> str:
        """That a field which begins in sight has more than is in sight; "" when it has not."""
        answer, under = self._answer(field), self.query_one(f"#wrong-{field.arg.name}").virtual_region
        more, cut = 0, region.bottom > bottom
        if isinstance(answer, TextArea):
            shown = min(bottom, region.bottom) - region.y
            more = max(0, answer.wrapped_document.height - answer.scroll_offset.y - shown)
            cut = more > 0
        if not isinstance(answer, TextArea) or field.arg.name == self._about:
            cut = cut or (under.height > 0 and under.bottom > bottom)
        lines = f": {more} more {'line' if more == 1 else 'lines'}" if more else ""
        return f"{field.label} goes on{lines}" if cut else ""

    # -- answers --------------------------------------------------------------------------------------------

    def _answer(self, field: Asked) -> Widget:
        return self.query_one(f"#answer-{field.arg.name}")

    def answers(self) -> dict[str, str]:
        """What stands in each field, as it was written."""
        return {field.arg.name: _text_of(self._answer(field)) for field in self.fields}

    def say(self, sentence: str, name: str = "") -> None:
        """Say what is wrong: under a field when one is named, else at the foot."""
        self._sentence, self._about = sentence, name
        self._lay()

    def refuse(self, sentence: str, name: str = "") -> None:
        """It was refused: said under the field it is about, and the keys go there.

        ``name`` is the field the refusal names; without one it is the only field whose label stands in the sentence.
        """
        words = {word.strip(".,:;'").casefold() for word in sentence.split()}
        shown = [field for field in self.fields if not field.arg.hidden]
        named = [field for field in shown if field.arg.name == name] or [
            field for field in shown if words & {field.label.casefold(), field.arg.name.casefold()}
        ]
        about = named[0] if len(named) == 1 else None
        self.say(sentence, "" if about is None else about.arg.name)
        if about is not None:
            self.screen.set_focus(self._answer(about))

    def send(self) -> None:
        """Read every answer; say what cannot be read, or tell that the form is ready."""
        values: dict[str, Any] = {}
        for field in self.fields:
            written = _text_of(self._answer(field)).strip()
            if not written and field.arg.required:
                self._back_to(field, f"{field.label} is needed.")
                return
            if self._is_command(field):
                self._back_to(field, f"{COMMAND_HERE} Nothing was sent.")
                return
            try:
                values[field.arg.name] = read_answer(field.arg, written, self._look, self._row)
            except ValueError as error:
                self._back_to(field, str(error))
                return
        self.say("")
        self.post_message(self.Sent(self, values))

    def _is_command(self, field: Asked) -> bool:
        """Whether what stands in a line of the form was meant for the command line. No answer begins so."""
        answer = self._answer(field)
        return isinstance(answer, Line) and answer.value[:1] == ":" and answer.value[1:2].isalpha()

    def _back_to(self, field: Asked, sentence: str) -> None:
        self.say(sentence, field.arg.name)
        self.screen.set_focus(self._answer(field))

    # -- events ---------------------------------------------------------------------------------------------

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        self.send()

    @on(Input.Changed)
    @on(TextArea.Changed)
    @on(Choice.Changed)
    def _written(self, event: Message) -> None:
        event.stop()
        if isinstance(event, Input.Changed) and self._is_place(event.input):
            self._sentence = self._about = ""  # how it is understood now takes its place
        self._lay()
        self._grow()
        self.post_message(self.Written(self, self.answers()))

    def on_key(self, event: events.Key) -> None:
        """Escape, Ctrl+S, and Enter on a choice."""
        if event.key == "escape":
            event.stop()
            self.post_message(self.Left(self))
        elif event.key == "enter" and isinstance(self.app.focused, Choice) and self._more_to_ask():
            event.stop()
            event.prevent_default()
            self.screen.focus_next()
        elif event.key == "ctrl+s" or (event.key == "enter" and isinstance(self.app.focused, Choice)):
            event.stop()
            self.send()

    def _is_place(self, answer: Input) -> bool:
        """Whether this is the field that something is wrong with, and how it is understood is said as one types."""
        about = [field for field in self.fields if field.arg.name == self._about]
        return bool(about) and about[0].arg.kind == "location" and self._answer(about[0]) is answer

    def _more_to_ask(self) -> bool:
        """Whether Enter, having taken something from a list, goes on: in a long form more fields are still to come."""
        shown = [field for field in self.fields if not field.arg.hidden]
        here = self.app.focused
        return self.long and isinstance(here, Choice) and here.took and self._answer(shown[-1]) is not here


def _text_of(widget: Widget) -> str:
    match widget:
        case Choice() | Input():
            return widget.value
        case TextArea():
            return widget.text
        case _:
            return ""


def _more_words(above: int, cut: str, below: Sequence[str]) -> str:
    up = f"▴ {above} above" if above else ""
    more = f"{len(below)} more below: {', '.join(below)}" if below else ""
    down = "▾ " + ", ".join(filter(None, (cut, more))) if cut or more else "the end of the form"
    return "   ".join(filter(None, (up, down)))


def _wrong(sentence: str, width: int) -> list[tuple[Span, ...]]:
    return [(Span("  ▲ " if i == 0 else "    ", "alarm"), Span(part, "alarm")) for i, part in
            enumerate(wrap(sentence, width))] if sentence else []  # fmt: skip
