"""Choosing one or several of a few: side by side when they fit, else a short list that narrows as one types."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from textual import events
from textual.geometry import Size
from textual.message import Message

from incident_tui.widgets.lines import Lines
from incident_tui.widgets.paint import Line, Span, wrap

SHOWN_MAX = 6
"""Rows of an open list."""


class Choice(Lines, can_focus=True):
    """A field that holds one of the given values (or, with ``several``, any of them)."""

    class Changed(Message):
        """Another value was chosen."""

        def __init__(self, choice: Choice) -> None:
            super().__init__()
            self.choice = choice

    def __init__(
        self,
        choices: Sequence[tuple[str, str]],
        value: str = "",
        *,
        several: bool = False,
        free: bool = False,
        codes: bool = False,
        id: str | None = None,  # noqa: A002 - Textual's name
    ) -> None:
        super().__init__(id=id)
        self.choices = tuple(choices)
        self.several = several
        self.free = free
        """Nothing need be chosen."""
        self.codes = codes
        """The values are codes that people know, such as those of agencies: they can stand for the words."""
        self.typed = ""
        self.took = False
        """The last Enter or Tab has taken another value."""
        self._at = -1
        """Where the cursor stands in the list; -1 nowhere, as long as nobody has moved or typed."""
        self._moved = False
        """Somebody has put the cursor where it is: only then it means something."""
        self._picked: list[str] = []
        self.put(value)

    # -- the value ------------------------------------------------------------------------------------------

    @property
    def value(self) -> str:
        """The value chosen; several stand apart by commas."""
        return ",".join(self._picked)

    def put(self, value: str) -> None:
        """Let this be chosen."""
        known = {key for key, _ in self.choices}
        wanted = value.split(",") if self.several else [value]
        self._picked = [part for part in wanted if part in known]
        at = -1 if not self.several else 0
        self._at = next((i for i, (key, _) in enumerate(self.choices) if key in self._picked[:1]), at)
        self._moved = False
        self.lay()

    def _fitting(self) -> list[int]:
        """What the typed letters leave: beginnings first, then whatever holds them."""
        typed = self.typed.casefold()
        if not typed:
            return list(range(len(self.choices)))
        begins, holds = [], []
        for index, (value, words) in enumerate(self.choices):
            whole = f"{value} {words}".casefold()
            if value.casefold().startswith(typed) or words.casefold().startswith(typed):
                begins.append(index)
            elif typed in whole:
                holds.append(index)
        return begins + holds

    def take(self) -> bool:
        """What the cursor was put on, by moving or typing, is chosen: Enter and Tab say so, moving alone does not.

        Answers whether another value was taken.
        """
        before = self.value
        meant = self._moved and 0 <= self._at < len(self.choices) and self._at in self._fitting()
        if meant and (not self.several or self.typed or not (self._picked or self.free)):
            if self.choices[self._at][0] not in self._picked:
                self._take(self._at)
            self.typed = ""
            self.lay()
        self._moved = False
        return self.value != before

    def _take(self, index: int) -> None:
        value = self.choices[index][0]
        self._at = index
        self._moved = False
        if not self.several:
            self._picked = [value]
        elif value in self._picked:
            self._picked.remove(value)
        else:
            self._picked.append(value)
        self.post_message(self.Changed(self))

    # -- painting -------------------------------------------------------------------------------------------

    def lay(self) -> None:
        """Show the state the field is in."""
        self.show(self._many_lines() if self.has_focus and not self._in_a_row else self._closed_lines())

    @property
    def _in_a_row(self) -> bool:
        width = sum(cell_len(words) + 2 for _, words in self.choices)
        return len(self.choices) <= 2 * SHOWN_MAX and width <= max(1, self.size.width)

    def _closed_lines(self) -> tuple[Line, ...]:
        if not self.choices:
            return ((Span("nothing to choose from", "dim"),),)
        if self.typed and not self._fitting():
            return ((Span(self.typed, "accent"), Span("  ▲ none is called so: backspace", "caution")),)
        if self._in_a_row and self.size.width:
            return (tuple(span for index in range(len(self.choices)) for span in self._side_by_side(index)),)
        count = f"  ▾ {len(self.choices)}"
        *above, words = self._picked_lines(self.size.width - cell_len(count))
        last = (Span(words or "–", "ink" if words else "dim"), Span(count, "dim"))
        return (*((Span(part),) for part in above), last)

    def _picked_lines(self, width: int) -> list[str]:
        """What is chosen by its words; where they would be cut, by codes if there are any, in as many lines as needed.

        Nobody is told by a form that did not show who is told.
        """
        picked = [(value, words) for value, words in self.choices if value in self._picked]
        full = ", ".join(words for _, words in picked)
        if not self.several or cell_len(full) <= width or not self.size.width:
            return [full]
        return wrap(" ".join(value for value, _ in picked) if self.codes else full, width)

    def _side_by_side(self, index: int) -> tuple[Span, ...]:
        value, words = self.choices[index]
        picked = value in self._picked
        here = self.has_focus and index == self._at
        ground = "selection" if here or (picked and not self.several) else "ground"
        tone = "strong" if picked else ("accent" if here else "dim")
        before, after = ("✓", " ") if self.several and picked else ("[", "]") if picked else (" ", " ")
        return (Span(f"{before}{words}{after}", f"{tone} on {ground}", f"{index}"),)

    def _many_lines(self) -> tuple[Line, ...]:
        fitting = self._fitting()
        here = self._moved and self._at in fitting and not self.several
        how = "  Tab takes ▸" if here else "" if self.typed else "  type to find"
        lines = self._head(f"{len(fitting)} of {len(self.choices)}{how}")
        place = fitting.index(self._at) if self._at in fitting else 0
        top = max(0, min(place - SHOWN_MAX // 2, len(fitting) - SHOWN_MAX))
        for index in fitting[top : top + SHOWN_MAX]:
            value, words = self.choices[index]
            here = index == self._at
            picked = "✓ " if value in self._picked else "  "
            mark = ("▸" if here else " ") + picked
            lines.append((Span(mark + words, "strong on selection" if here else "ink", f"{index}"),))
        if not fitting:
            lines.append((Span("  ▲ none is called so: backspace", "caution"),))
        return tuple(lines)

    def _head(self, count: str) -> list[Line]:
        """What is chosen, what is typed, and how many fit: in one line, or the former above when there is no room."""
        picked = [part for part in self._picked_lines(self.size.width) if part]
        fits = len(picked) == 1 and cell_len(f"{picked[0]}  {count}") <= self.size.width
        if not self.several or not picked or (fits and not self.typed):
            sign = self.typed or "".join(picked) or "–"
            return [(Span(sign, "accent" if self.typed else "ink"), Span(f"  {count}", "dim"))]
        typed = (Span(self.typed, "accent"), Span("  ")) if self.typed else ()
        return [*((Span(part),) for part in picked), (*typed, Span(count, "dim"))]

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """One row, or as many as the open list has."""
        return max(1, len(self.lines))

    def on_resize(self) -> None:
        """Other things fit now."""
        self.lay()

    def watch_has_focus(self, has_focus: bool) -> None:
        """The list opens, or closes and what was typed without choosing is forgotten."""
        super().watch_has_focus(has_focus)
        if not has_focus:
            self.put(self.value)
        self.typed = self.typed if has_focus else ""
        self.lay()

    # -- keys -----------------------------------------------------------------------------------------------

    def on_key(self, event: events.Key) -> None:
        """Arrows move, letters narrow, space picks one of several; Enter and Tab take it, and are for the form, too."""
        handled = True
        if event.key in ("enter", "tab", "ctrl+s") and self.typed and not self._fitting():
            event.stop()  # what fits nothing chooses nothing, and is not passed over either
            event.prevent_default()
            return
        if event.key in ("enter", "tab", "shift+tab", "ctrl+s"):
            self.took = self.take()
        if event.key in ("left", "up"):
            self._step(-1)
        elif event.key in ("right", "down"):
            self._step(1)
        elif event.key == "backspace":
            self._type(self.typed[:-1])
            if not self.typed and self.free and not self.several:
                self._clear()
        elif event.key == "space" and self.several:
            if self.choices:
                self._take(max(0, self._at))
            self.typed = ""
        elif event.key == "delete" and self.free:
            self._clear()
        elif event.is_printable and event.character is not None:
            self._type(self.typed + event.character)
        else:
            handled = False
        if handled:
            event.stop()
            event.prevent_default()
            self.lay()

    def _step(self, by: int) -> None:
        fitting = self._fitting()
        if not fitting:
            return
        place = fitting.index(self._at) if self._at in fitting else -1 if by > 0 else 0
        self._at = fitting[(place + by) % len(fitting)]
        self._moved = True

    def _clear(self) -> None:
        self._picked, self._at, self._moved = [], -1 if not self.several else 0, False
        self.post_message(self.Changed(self))

    def _type(self, typed: str) -> None:
        self.typed = typed
        fitting = self._fitting()
        if typed and fitting:
            self._at, self._moved = fitting[0], True
        elif not typed:
            self.put(self.value)

    def on_lines_acted(self, event: Lines.Acted) -> None:
        """A click takes it."""
        event.stop()
        self.screen.set_focus(self)
        self._take(int(event.act))
        self.lay()
