"""The streams an actor may watch, each with its summary; told after Welcome and whenever the list changes.

What an agency may not see is not listed, not counted and not hinted at. Actors of one agency in one role see
the same streams, so their list is made once for all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final, Protocol

from incident.kernel import protocol
from incident.kernel.model import Model
from incident.kernel.protocol import Directory, Listing
from incident.kernel.slice import Actor
from server.session import Session

LISTINGS_MAX: Final = 1_000
"""Streams in one list; past it, the newest are kept."""

EVERY_SECONDS: Final = 1.0
"""A changed summary is told at most this often; a stream that appears or opens to an agency is told at once."""

Edition = tuple[tuple[str, int], ...]
"""What makes two lists the same: the streams, and which version of its summary each has. Heads do not count."""


class Shelf(Protocol):
    """What the lists are made from."""

    def streams(self) -> Iterable[tuple[str, Model, Any, int]]:
        """Every stream with its model, durable state and head, the newest at the end."""
        ...

    def may_see(self, actor: Actor, stream: str) -> bool: ...


class Lists:
    """The lists of all sessions, told no more often than needed."""

    def __init__(self, shelf: Shelf, sessions: Callable[[], Iterable[Session]]) -> None:
        self._shelf = shelf
        self._sessions = sessions
        self._summaries: dict[str, tuple[Any, int, dict[str, Any]]] = {}
        self._parties: dict[str, frozenset[str]] = {}
        self._told: dict[Session, Edition] = {}
        self._changed = False

    def welcome(self, session: Session) -> None:
        """The first list of a session."""
        self._tell(session, *self._list(session.actor))

    def forget(self, session: Session) -> None:
        """The session has gone."""
        self._told.pop(session, None)

    def touched(self, stream: str, model: Model, state: Any) -> bool:
        """Records were written. True when it is a new stream, or other agencies may see it now."""
        self._changed = True
        parties = model.agencies(state)
        before = self._parties.get(stream)
        self._parties[stream] = parties
        return before is None or before != parties

    def changed(self) -> None:
        """Somebody may see other streams than before, though nothing was written."""
        self._changed = True

    def refresh(self) -> None:
        """Tell every session whose list is another than it was told last."""
        if not self._changed:
            return
        self._changed = False
        made: dict[tuple[str, str], tuple[Edition, bytes]] = {}
        for session in tuple(self._sessions()):
            key = (session.actor.agency, session.actor.role)
            if key not in made:
                made[key] = self._list(session.actor)
            self._tell(session, *made[key])

    def _tell(self, session: Session, edition: Edition, frame: bytes) -> None:
        if self._told.get(session) != edition:
            self._told[session] = edition
            session.post(frame)

    def _list(self, actor: Actor) -> tuple[Edition, bytes]:
        edition: list[tuple[str, int]] = []
        listings: list[Listing] = []
        for stream, model, state, seq in self._shelf.streams():
            if self._shelf.may_see(actor, stream):
                version, summary = self._summary(stream, model, state)
                edition.append((stream, version))
                listings.append(Listing(stream, seq, summary))
        frame = protocol.encode(Directory(streams=listings[-LISTINGS_MAX:]))
        return tuple(edition[-LISTINGS_MAX:]), frame

    def _summary(self, stream: str, model: Model, state: Any) -> tuple[int, dict[str, Any]]:
        known = self._summaries.get(stream)
        if known is None or known[0] is not state:
            version, summary = (0, {}) if known is None else known[1:]
            fresh = model.summary(state)
            if known is None or fresh != summary:
                version, summary = version + 1, fresh
            self._summaries[stream] = (state, version, summary)
            return version, summary
        return known[1:]
