"""How many lines may be open: in all, of one agency, of one user. A line that has gone silent makes way for a new one.

After a cut a desk is back before its old line is known to be dead; so at a bound the line that was silent for longest
goes, if it was for long enough that no living client can be at its end. Otherwise the newcomer is told to wait.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, Protocol, TypeVar

from incident.kernel.slice import Actor
from server.counters import Tally
from server.limits import Account, Accounts, Limits

SILENT_SECONDS: Final = 6.0
"""A client says something every two seconds."""

WAIT_SECONDS: Final = 5

K = TypeVar("K")


class Line(Protocol):
    """An open line, or one about to be."""

    account: Account | None
    heard_at: float

    def put_out(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Full:
    """No room: why, as a sentence, and how soon to try again."""

    status: HTTPStatus
    sentence: str
    seconds: int = WAIT_SECONDS


class Places:
    """Every line that was let in, by user and by agency."""

    def __init__(self, limits: Limits, tally: Tally) -> None:
        self._limits = limits
        self._tally = tally
        self._accounts = Accounts(limits)
        self._all: dict[Line, Actor] = {}
        self._users: dict[tuple[str, str], dict[Line, None]] = {}
        self._agencies: dict[str, dict[Line, None]] = {}

    def __len__(self) -> int:
        return len(self._all)

    def take(self, line: Line, actor: Actor) -> Full | None:
        """A place for a line of this user, or why there is none."""
        limits, now = self._limits, asyncio.get_running_loop().time()
        account = self._accounts.of(actor)
        users = self._users.get((actor.agency, actor.name), {})
        agencies = self._agencies.get(actor.agency, {})
        full = None
        if not self._room(users, limits.connections_per_user, now):
            full = Full(
                HTTPStatus.TOO_MANY_REQUESTS,
                f"{limits.connections_per_user} lines are open under this name already, as many as may be. Close one, "
                "or ask for another name.",
            )
        elif not self._room(agencies, limits.connections_per_agency, now):
            full = Full(
                HTTPStatus.TOO_MANY_REQUESTS,
                f"Your agency has {limits.connections_per_agency} lines open, as many as may be. It is tried again.",
            )
        elif not self._room(self._all, limits.connections_max, now):
            full = Full(
                HTTPStatus.SERVICE_UNAVAILABLE, "The server takes nobody new at this moment. Try again soon."
            )
        elif account.opened(now):
            full = Full(
                HTTPStatus.TOO_MANY_REQUESTS,
                "Lines are opened under this name faster than may be. Try again soon.",
            )
        if full is not None:
            self._tally.no_room += 1
            return full
        line.account = account
        self._all[line] = actor
        self._users.setdefault((actor.agency, actor.name), {})[line] = None
        self._agencies.setdefault(actor.agency, {})[line] = None
        return None

    def left(self, line: Line) -> None:
        """The line has gone, if it ever had a place."""
        actor = self._all.pop(line, None)
        if actor is None:
            return
        _drop(self._users, (actor.agency, actor.name), line)
        _drop(self._agencies, actor.agency, line)

    def _room(self, lines: dict[Line, Actor] | dict[Line, None], bound: int, now: float) -> bool:
        """Whether one more fits, also by the end of one that is dead."""
        if len(lines) < bound:
            return True
        longest = min(lines, key=lambda line: line.heard_at)
        if now - longest.heard_at < SILENT_SECONDS:
            return False
        self.left(longest)
        longest.put_out()
        return True


def _drop(table: dict[K, dict[Line, None]], key: K, line: Line) -> None:
    del table[key][line]
    if not table[key]:
        del table[key]
