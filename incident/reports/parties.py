"""The board of parties with briefs: an offer of the lead comes with an IIMARCH brief drafted from the picture.

The slice ``organisation`` lies below everything that a brief tells of, so the text is written here, and put in there.
"""

from __future__ import annotations

from typing import Final

from incident.kernel.board import Look
from incident.organisation.board import make_board
from incident.organisation.facts import BRIEF_MAX
from incident.reports import gather
from incident.reports.facts import HEADINGS

_KIND: Final = "iimarch"
_EACH_MAX: Final = BRIEF_MAX // len(HEADINGS[_KIND]) - 40
"""Characters of one heading, so that the last ones are never cut for the sake of the first."""


def brief(look: Look) -> str:
    """An IIMARCH brief in one text: each heading, and under it what stands in the picture; blank ones are left out."""
    parts = []
    for name, title in HEADINGS[_KIND].items():
        text = gather.answered(gather.text(_KIND, name, look)).strip()
        if len(text) > _EACH_MAX:
            text = f"{text[: _EACH_MAX - 1].rstrip()}…"
        if text:
            parts.append(f"{title.upper()}\n{text}")
    return "\n".join(parts)


PARTIES: Final = make_board(brief)
