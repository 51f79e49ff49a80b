"""Programs with layers of the text's defence taken out, for test_hostile.py: what is left must hold alone.

    python careless.py server …     the server without the first layer, as one that somebody has broken into
    python careless.py open …       the client without the second layer (`safe_text`) and the third (`LastDoor`)
    python careless.py second …     the client with the second layer alone
    python careless.py third …      the client with the third layer alone

What stands behind the word is the command line of the program itself.
"""

# ruff: noqa: PLC0415 -- the layers come out before the program is loaded
from __future__ import annotations

import sys
from typing import Any


def accept_every_text() -> None:
    """Nothing is refused at ingest."""
    from incident.kernel import ledger

    ledger.text_problems = lambda *_args, **_kwargs: None
    ledger.text_problem = lambda *_args, **_kwargs: None


def show_every_text() -> None:
    """`safe_text` answers what it is given, in every module that has taken it by name."""
    from incident.kernel import text

    def as_it_is(value: str, *, lines: bool = False) -> str:
        return value

    import incident_tui.app
    import incident_tui.headless

    given: Any = text.safe_text
    typed: Any = text.safe_chars
    for module in [*sys.modules.values()]:
        if getattr(module, "safe_chars", None) is typed:
            module.safe_chars = as_it_is  # type: ignore[attr-defined]
        if getattr(module, "safe_text", None) is given:
            module.safe_text = as_it_is  # type: ignore[attr-defined]
    assert incident_tui.headless.safe_text is as_it_is  # type: ignore[comparison-overlap]
    assert incident_tui.app is not None


def open_the_door() -> None:
    """The line filter lets everything through, and what is printed goes out as it is."""
    from incident_tui import printing
    from incident_tui.widgets.last_door import LastDoor

    printing.printable = lambda text: text

    LastDoor.apply = lambda _self, segments, _background: segments  # type: ignore[method-assign]


def main(part: str, words: list[str]) -> int:
    """Take the layers out and start the program."""
    if part == "server":
        accept_every_text()
        from server.__main__ import main as program
    else:
        from incident_tui.__main__ import main as program
    if part in ("open", "third"):
        show_every_text()
    if part in ("open", "second"):
        open_the_door()
    return program(words)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
