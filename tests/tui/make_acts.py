"""Makes docs/acts.md from the operator's script. `python -m tests.tui.make_acts` writes it; test_acts.py checks."""

from __future__ import annotations

from pathlib import Path

from incident.state import INCIDENT
from incident_tui.actions import key_words
from tests.tui.acts import ACTS, KEYS_MAX, MEDIAN_MAX, Typed, figures

PAGE = Path(__file__).resolve().parents[2] / "docs" / "acts.md"
HEAD = """# How many keys an act takes

The frequent acts of an operator, each counted from the row selected. What is typed (words, a number, a time) stands in *italics* and is
not counted, since no tool can shorten it; choosing an agency or a kind is counted. The aim is a median of at most {median_max} keys, and no act
above {keys_max}. Every line is pressed in the real app by a test, which also looks at the command that came of it.

**{acts} acts: median {median:g} keys, most {most}.**

| act | on | keys | count |
|---|---|---|---|
"""


def page() -> str:
    """The whole page."""
    middle, most = figures()
    titles = {board.name: board.title for board in INCIDENT.boards}
    head = HEAD.format(median_max=MEDIAN_MAX, keys_max=KEYS_MAX, acts=len(ACTS), median=middle, most=most)
    return head + "".join(
        f"| {act.title} | {_place(act.place, titles)} | {' '.join(map(_key, act.keys))} | {act.count} |\n"
        for act in ACTS
    )


def _place(place: str, titles: dict[str, str]) -> str:
    return "any" if place == "picture" else titles.get(place, place.capitalize())


def _key(key: str) -> str:
    return f"*{key}*" if isinstance(key, Typed) else f"`{key_words(key)}`"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
