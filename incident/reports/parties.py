"""The board of parties with briefs: an offer of the lead comes with an IIMARCH brief drafted from the picture.

The slice ``organisation`` lies below everything that a brief tells of, so the text is written here, and put in there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from incident.boundaries.facts import Feature
from incident.boundaries.rules import boundaries
from incident.commanders import ROLES, commanders
from incident.kernel.board import Look
from incident.log import log
from incident.methane import current, methane
from incident.organisation import organisation, parties
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


def changed(look: Look, at: int) -> tuple[str, ...]:
    """What a brief that was written then (UTC ms) cannot know: the things it tells of that have changed since, by name.

    What the reader's own agency has declared is no news to it. Units, tasks and counts change all the time, and stand
    on their boards.
    """
    return tuple(dict.fromkeys(_changed(look, at)))


def _changed(look: Look, at: int) -> Iterator[str]:
    view, mine = look.state, "" if look.me is None else look.me.agency
    state = organisation(view)
    if any(sighting.at > at for sighting in state.sightings):
        yield "the location"
    version = current(methane(view))
    if version is not None and version.at > at:
        yield f"{version.kind} {version.name}"
    for feature in boundaries(view).rows.values():
        if _touched(feature) > at:
            yield feature.name
    for code in parties(view):
        party = state.parties[code]
        if code != mine and party.declared_at is not None and party.declared_at > at:
            yield f"how {code} stands"
    for one in log(view).decisions.values():
        if one.at > at:
            yield one.name
    for post in commanders(view).posts.values():
        if post.since > at and post.role in ROLES:
            yield f"{post.agency} {ROLES[post.role].words}"


def _touched(feature: Feature) -> int:
    """When a feature was last laid, answered or withdrawn (UTC ms)."""
    answered = (answer.at for answer in feature.answers.values())
    return max(feature.placed_at, feature.withdrawn_at or 0, *answered)


PARTIES: Final = make_board(brief, changed)
