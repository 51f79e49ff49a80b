"""The filter line: narrows the list as one types, and says how much is left."""

from __future__ import annotations

from incident_tui.widgets.prompt import Prompt


class FilterLine(Prompt):
    """``/``: words, or ``trust:LAS status:mobile``. Enter keeps it and goes back to the list, Escape clears it."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__("/ ", id=id)

    def count(self, shown: int, total: int, noun: str, unknown: tuple[str, ...] = ()) -> None:
        """Say "37 of 2,114", and which words mean no column here."""
        if unknown:
            self.tell(f"no column {', '.join(unknown)}", "caution")
        elif self.text:
            self.tell(f"{shown:,} of {total:,}", "accent" if shown else "caution")
        else:
            self.tell(f"{total:,} {plural(noun, total)}   words, or trust:LAS -status:clear", "dim")


def plural(noun: str, count: int) -> str:
    """The noun for that many: unit, units; agency, agencies."""
    if count == 1:
        return noun
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return noun[:-1] + "ies"
    return noun + "s"
