"""One virtual agency while it looks at the incident: who it is, what time it is, and how its dice fall.

Nothing here is chance. What could be done in more than one way follows from the scenario's seed, the agency and the
name of the thing it is about, so that every room, every restart and every repeated question comes to the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from incident.kernel.model import Model
from incident.kernel.slice import Act, Actor, View
from incident.organisation import OVER
from incident.scenario.facts import Behaviour, Scenario, Wait

SECOND_MS: Final = 1_000
CLEAR: Final = "scene_clear"


@dataclass(frozen=True, slots=True)
class Mind:
    """What one virtual agency knows and is. Times are UTC ms on the incident's clock; ``began`` is T+0."""

    scenario: Scenario
    agency: str
    habit: Behaviour
    model: Model
    stream: str
    view: View
    now: int
    began: int

    @property
    def name(self) -> str:
        """In whose name it speaks."""
        return f"virtual/{self.agency}"

    @property
    def invited(self) -> bool:
        """Whether it is party to the incident at all."""
        party = self.view.organisation.parties.get(self.agency)
        return party is not None and party.left_at is None

    @property
    def joined(self) -> bool:
        """Whether it takes part: it has said who speaks for it."""
        return self.invited and self.view.organisation.parties[self.agency].joined_at is not None

    @property
    def over(self) -> bool:
        """Whether it has stood down."""
        return self.invited and self.view.organisation.parties[self.agency].declared in OVER

    @property
    def leaving(self) -> bool:
        """Whether its vehicles have nothing more to do at the scene."""
        return self.over or (self.invited and self.view.organisation.parties[self.agency].declared == CLEAR)

    def at(self, seconds: int) -> int:
        """The moment (UTC ms) of a time from the start."""
        return self.began + seconds * SECOND_MS

    def after(self, since: int, wait: Wait, what: str) -> int:
        """The moment (UTC ms) at which it has taken its time over something that began then."""
        return since + self._dice(what, "wait", wait.least, wait.most) * SECOND_MS

    def since(self, moment: int) -> int:
        """When it could first know of something: nothing reaches it before it has joined."""
        return max(moment, self.view.organisation.parties[self.agency].joined_at or 0)

    def says_no(self, per_cent: int, what: str) -> bool:
        """Whether this is one of the things it declines."""
        return self._dice(what, "no", 1, 100) <= per_cent

    def word(self, words: Sequence[str], what: str, otherwise: str) -> str:
        """One of some sentences, always the same for the same thing."""
        return words[self._dice(what, "word", 0, len(words) - 1)] if words else otherwise

    def _dice(self, what: str, of: str, least: int, most: int) -> int:
        said = f"{self.scenario.seed}\0{self.agency}\0{of}\0{what}".encode()
        number = int.from_bytes(hashlib.sha256(said).digest()[:8], "big")
        return least + number % (most - least + 1)

    def act(self, at: int, key: str, command: Any) -> Iterator[Act]:
        """This, once its moment has come."""
        if at <= self.now:
            actor = Actor(self.name, self.agency, "operator")
            yield Act(at, f"{self.name}/{key}", self.stream, actor, command)


def together(subjects: Iterable[str]) -> str:
    """Several things as one short word for a key."""
    return hashlib.sha256("\0".join(subjects).encode()).hexdigest()[:16]
