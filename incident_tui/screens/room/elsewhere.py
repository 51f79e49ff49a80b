"""What other incidents than the one that is open ask of this room: to join them, to answer about their lead.

Of those incidents a room holds no copy: what it knows is the server's list. So nothing of it is acknowledged from
here. It counts among what is to answer, stands in the list of incidents, and stays until it is answered there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

from incident.kernel.board import Look
from incident.kernel.protocol import Listing
from incident.kernel.text import safe_text

JOIN, LEAD = "join", "lead"
SAID: Final = {
    (JOIN,): "Invited to another incident",
    (LEAD,): "Asked about the lead of another incident",
    (JOIN, LEAD): "Invited to another incident and asked about its lead",
}


class Asking(NamedTuple):
    """One incident that waits for this agency: what it asks (``join``, ``lead``), and what it is called."""

    stream: str
    asked: tuple[str, ...]
    called: str


def asked_by(row: Listing, look: Look) -> tuple[str, ...]:
    """What an incident asks of our agency. Nothing in the play waits for exercise control, and nothing once closed."""
    asked = row.summary.get("asked")
    if look.me is None or look.me.role == "excon" or row.summary.get("closed") or not isinstance(asked, dict):
        return ()
    ours = asked.get(look.me.agency) or ()
    return tuple(word for word in (JOIN, LEAD) if word in ours)


def elsewhere(incidents: Iterable[Listing], look: Look) -> tuple[Asking, ...]:
    """The incidents that ask something of us and are not the open one, as the list has them."""
    found = ((row, asked_by(row, look)) for row in incidents if row.stream != look.stream)
    return tuple(Asking(row.stream, asked, called(row)) for row, asked in found if asked)


def called(row: Listing) -> str:
    """Number and title, as far as there are any."""
    words = (str(row.summary.get(name) or "") for name in ("number", "title"))
    return safe_text(" ".join(filter(None, words))) or "an incident without a title"


class Elsewhere:
    """Tells each thing once, as it comes."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._told: frozenset[tuple[str, str]] = frozenset()

    def hear(self, asking: Iterable[Asking], way: str) -> None:
        """These wait now; ``way`` says which keys lead there. What is not among them any more may come again."""
        now = {(one.stream, word) for one in asking for word in one.asked}
        for one in asking:
            new = tuple(word for word in one.asked if (one.stream, word) not in self._told)
            if new:
                self._tell(f"{SAID[new]}: {one.called}. {way}".rstrip())
        self._told = frozenset(now)
