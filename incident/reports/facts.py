"""Reports, the facts: a sitrep or an IIMARCH brief as a person signed it.

The client writes a first text from the state; a person reads, edits and signs it. What is signed is a record: it
never changes, everybody has the same words, and it says as of when. IIMARCH: information, intent, method,
administration, risk assessment, communications, humanitarian issues (JESIP).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from incident.values import Millis

ReportKind = Literal["sitrep", "iimarch"]
TITLES: Final[Mapping[str, str]] = {"sitrep": "Sitrep", "iimarch": "IIMARCH brief"}

HEADINGS: Final[Mapping[str, Mapping[str, str]]] = {
    "sitrep": {
        "situation": "Situation",
        "methane": "METHANE",
        "ground": "On the ground",
        "command": "Command",
        "casualties": "Casualties and hospitals",
        "resources": "Resources",
        "aid": "Mutual aid",
        "impact": "Impact on other work",
        "decisions": "Decisions",
        "risks": "Risks and alarms",
        "open": "Open requests and tasks",
        "communications": "Communications",
        "forecast": "Forecast and next",
    },
    "iimarch": {
        "information": "Information",
        "intent": "Intent",
        "method": "Method",
        "administration": "Administration",
        "risk": "Risk assessment",
        "communications": "Communications",
        "humanitarian": "Humanitarian issues",
    },
}
"""The headings of each kind, in the order in which they are read out: name -> title."""

PART_MAX: Final = 2_500
KEPT: Final = 60
"""Reports of one incident that the state keeps in full; older ones stand in the log alone."""

Name = Annotated[str, Meta(pattern=r"^[a-z]{2,20}$(?!\n)")]


class Part(msgspec.Struct, frozen=True, omit_defaults=True):
    """One heading's text."""

    name: Name
    text: Annotated[str, Meta(max_length=PART_MAX)] = ""


Parts = Annotated[tuple[Part, ...], Meta(min_length=1, max_length=16)]


class Report(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One signed report. ``number`` counts those of one kind in this incident; 0 until the server has it."""

    id: str
    kind: str
    number: int
    agency: str
    actor: str
    role: str
    as_at: int
    """The moment that it speaks of (UTC ms)."""
    at: int
    parts: tuple[Part, ...]
    version: str
    place: int = 0
    """Its place among all reports, in the order in which the server had them."""

    @property
    def name(self) -> str:
        """What people call it: Sitrep 3."""
        return f"{TITLES.get(self.kind, self.kind)} {self.number or '?'}"


class Reports(msgspec.Struct, frozen=True):
    """The signed reports by id, the last KEPT of them, and how many of each kind there have been."""

    rows: dict[str, Report] = {}
    counts: dict[str, int] = {}
    total: int = 0


class Signed(msgspec.Struct, frozen=True):
    """A person of the recording agency signed a report."""

    kind: ReportKind
    as_at: int
    parts: tuple[Part, ...]


class Sign(msgspec.Struct, frozen=True):
    """Sign a report: the text as edited, as of a moment."""

    kind: ReportKind
    as_at: Millis
    parts: Parts
