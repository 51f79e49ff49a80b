"""Cover, the facts: a stretch of one trust's area that another covers for a time.

In the field this is the telephone call after which a neighbour answers the calls of three villages north of a closed
motorway until midnight. Either trust may begin: the one whose area it is asks, the other offers; nothing binds until
the other has accepted. It has a stretch, an end and a reason. It never changes whose area the ground is, nor who leads:
when the time is over everything is as it was, without anybody writing a word. Both say so earlier if they must.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from incident.boundaries.facts import Shape
from incident.ground import Reach
from incident.values import HOUR_MS, MINUTE_MS, AgencyCode, Millis

MINUTES_MAX: Final = 24 * 60
"""A stretch is covered for a day at most; who needs longer agrees anew."""
AHEAD_MAX_MS: Final = 48 * HOUR_MS
"""So far ahead may its beginning lie."""
ROWS_MAX: Final = 500
"""Stretches of one incident, those that are over too: more are refused with a sentence."""
SOON_MS: Final = 15 * MINUTE_MS
"""So long before its end both trusts are warned that it runs out."""
ANSWER_MS: Final = 5 * MINUTE_MS
"""How long one may leave an offer of cover, or a call for it, unanswered."""

Step = Literal["asked", "offered", "agreed", "declined", "withdrawn", "ended"]
STEPS: Final[Mapping[str, str]] = {
    "asked": "asked for",
    "offered": "offered",
    "agreed": "agreed",
    "declined": "declined",
    "withdrawn": "taken back",
    "ended": "ended early",
}
"""How far it has come by what was written; that its time is over is read from the clock."""
OPEN: Final = frozenset({"asked", "offered"})

Stretch = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"\S")]
Reason = Annotated[str, Meta(max_length=500)]
Reasoned = Annotated[str, Meta(min_length=1, max_length=500, pattern=r"\S")]
Means = Annotated[str, Meta(max_length=500)]
Minutes = Annotated[int, Meta(ge=1, le=MINUTES_MAX)]
CoverId = Annotated[str, Meta(min_length=36, max_length=40)]


class Terms(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is to be covered, from when (UTC ms), for how many minutes, why, and with what.

    ``stretch`` is the ground in words; ``shape`` draws it where it is known: a radius around a place, or corners.
    ``resources`` are whose units do it, in words: "two of ours at Ashford". ``reach`` is what the shape reaches among
    the areas of the trusts, as computed by the author's client for the set of areas that the charter names.
    """

    stretch: Stretch
    shape: Shape
    begins: Millis
    minutes: Minutes
    reason: Reasoned
    resources: Means = ""
    reach: Reach | None = None


# -- state ----------------------------------------------------------------------------------------------------


class Cover(msgspec.Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """One stretch: ``covered`` is the trust whose area it is, ``by`` the one that covers it. Times are UTC ms.

    ``begun_by`` is the agency that wrote it: the other answers. ``ended_by`` is the side that ended it early.
    ``version`` is the id of the command that last changed it, ``actor`` who asked or offered.
    """

    id: str
    number: str
    covered: AgencyCode
    by: AgencyCode
    begun_by: AgencyCode
    actor: str
    stretch: str
    shape: Shape
    begins: int
    until: int
    reason: str
    at: int
    version: str
    step: Step
    resources: str = ""
    reach: Reach | None = None
    answered_at: int | None = None
    answered_by: str = ""
    ended_at: int | None = None
    ended_by: str = ""
    end_reason: str = ""

    @property
    def answers(self) -> str:
        """The agency that says yes or no."""
        return self.by if self.begun_by == self.covered else self.covered

    @property
    def sides(self) -> tuple[str, str]:
        """The two trusts: whose area it is, and who covers it."""
        return self.covered, self.by

    def stands(self, now: int) -> bool:
        """Whether the stretch is covered at this moment (UTC ms on the incident's clock)."""
        return self.step == "agreed" and self.begins <= now < self.until

    def over(self, now: int) -> bool:
        """Whether nothing more comes of it at this moment: ended, refused, or its time is up."""
        return self.step not in ("asked", "offered", "agreed") or now >= self.until


class Covers(msgspec.Struct, frozen=True):
    """Every stretch by id, and how many each agency has asked for or offered."""

    rows: dict[str, Cover] = {}
    counts: dict[str, int] = {}


# -- events ---------------------------------------------------------------------------------------------------


class Asked(msgspec.Struct, frozen=True):
    """The recording agency asks ``by`` to cover a stretch of its own area."""

    by: AgencyCode
    terms: Terms


class Offered(msgspec.Struct, frozen=True):
    """The recording agency offers to cover a stretch of the area of ``covered``."""

    covered: AgencyCode
    terms: Terms


class Accepted(msgspec.Struct, frozen=True):
    """The other side agreed: the stretch is covered from its beginning to its end."""

    cover: str


class Declined(msgspec.Struct, frozen=True):
    """The other side did not agree, for this reason."""

    cover: str
    reason: str


class Withdrawn(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who had asked or offered took it back before it was answered."""

    cover: str
    reason: str = ""


class Ended(msgspec.Struct, frozen=True):
    """One side ended it before its time, for this reason."""

    cover: str
    reason: str


# -- commands -------------------------------------------------------------------------------------------------


class Ask(msgspec.Struct, frozen=True):
    """Ask another trust to cover a stretch of our area."""

    by: AgencyCode
    terms: Terms


class Offer(msgspec.Struct, frozen=True):
    """Offer to cover a stretch of another trust's area."""

    covered: AgencyCode
    terms: Terms


class Accept(msgspec.Struct, frozen=True):
    """Agree, to the terms we have seen."""

    cover: CoverId


class Decline(msgspec.Struct, frozen=True):
    """Say that we do not, and why."""

    cover: CoverId
    reason: Reasoned


class Withdraw(msgspec.Struct, frozen=True, omit_defaults=True):
    """Take back what we asked for or offered, as long as it is not answered."""

    cover: CoverId
    reason: Reason = ""


class End(msgspec.Struct, frozen=True):
    """End it before its time, as either side, and say why."""

    cover: CoverId
    reason: Reasoned


def key_of(cover: str) -> str:
    """The key under which the state of a stretch is compared and set; also what receipts are about."""
    return f"cover/{cover}"
