"""One per stream: proposes commands to the ledger, hands decisions to the store, answers after the disk.

An acknowledgement means that the command is in the log, durably, for ever; so nothing here answers *yes* before
the store's group callback. A command that is sent again while its first copy waits gets the same answer, once.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, Final, Protocol

from incident.kernel.ledger import Ledger, Lookup, Proposal, Waiting
from incident.kernel.protocol import Done, Submit
from incident.kernel.slice import Actor, Refusal
from server.store import Append, Store, StoreError

WAITING_MAX: Final = 2_048
"""Proposals of one stream that may wait for the disk."""

BUSY: Final = Refusal(
    "busy", "The server has too much to write at this moment. Nothing was written; send it again."
)


class Asker(Protocol):
    """Who wrote a command, and where its answer goes: a session, or the server's own conductor."""

    @property
    def actor(self) -> Actor: ...

    def accepted(self, stream: str, done: list[Done]) -> None: ...

    def refused(self, stream: str, command_id: str, refusal: Refusal) -> None: ...


class Turnstile:
    """Holds back what was decided on a state that the disk does not have yet.

    A refusal or an *already so* rests on everything decided before it, in any stream, since claims are shared. If
    that were lost, the answer would be false; so it is told when the disk has that, and never if it does not.
    """

    def __init__(self) -> None:
        self._appended = 0
        self._durable = 0
        self._held: deque[tuple[int, Callable[[], None]]] = deque()
        self._since = 0.0

    def appended(self) -> None:
        """One more decision is on its way to the disk."""
        if self._durable == self._appended:
            self._since = time.monotonic()
        self._appended += 1

    def silent_seconds(self) -> float:
        """How long the disk has had something to write and has answered nothing; 0 while nothing waits for it."""
        return 0.0 if self._durable == self._appended else time.monotonic() - self._since

    def after(self, tell: Callable[[], None]) -> None:
        """Tell this once the disk has everything that was decided up to now."""
        if self._durable == self._appended:
            tell()
        else:
            self._held.append((self._appended, tell))

    def durable(self, count: int) -> None:
        """The disk has so many more decisions: whatever rested on no more than those is told."""
        self._durable += count
        self._since = time.monotonic()
        while self._held and self._held[0][0] <= self._durable:
            self._held.popleft()[1]()


class Sequencer:
    """The one writer of a stream. Called from the event loop only."""

    def __init__(
        self,
        ledger: Ledger,
        store: Store,
        turnstile: Turnstile,
        *,
        now: Callable[[], int],
        salt: Callable[[], str],
        spawn: Callable[[Coroutine[Any, Any, None]], Any],
        fail: Callable[[StoreError], None],
        agency: str | None = None,
        parent: str | None = None,
    ) -> None:
        self.ledger = ledger
        self.stream = ledger.stream
        self.agency = agency
        """The one agency whose stream this is, as its name says; None when it is shared."""
        self.parent = parent
        """The stream that one must be able to see to see this one."""
        self._store = store
        self._turnstile = turnstile
        self._now = now
        self._salt = salt
        self._spawn = spawn
        self._fail = fail
        self._askers: dict[str, list[Asker]] = {}

    @property
    def waiting(self) -> int:
        """Commands that wait for the disk."""
        return len(self._askers)

    def submit(self, asker: Asker, submit: Submit) -> bool:
        """Decide a command. True when it now waits for the disk; otherwise it is answered or looked up."""
        refusal = self._full()
        # What was taken on before keeps its answer: to say no now would be false.
        if refusal is not None and not self.ledger.knows(submit.command_id):
            if (
                refusal is not BUSY
            ):  # who is told that it is refused, for good, must not be overruled by a late copy
                self.ledger.turned_away(asker.actor, submit, refusal)
            asker.refused(self.stream, submit.command_id, refusal)
            return False
        answer = self.ledger.propose(asker.actor, submit, self._now(), self._salt())
        match answer:
            case Proposal():
                self._askers[submit.command_id] = [asker]
                try:
                    self._store.append(Append(answer, time.monotonic()))
                except StoreError as error:
                    # Whether any of this is on the disk is not ours to say any more. The id answers it later.
                    self._fail(error)
                    return False
                self._turnstile.appended()
                return True
            case Waiting():
                self._askers[submit.command_id].append(asker)
            case Refusal() as refusal:
                self._turnstile.after(lambda: asker.refused(self.stream, submit.command_id, refusal))
            case Done() as done:
                self._turnstile.after(lambda: asker.accepted(self.stream, [done]))
            case Lookup():
                self._spawn(self._look_up(asker, submit, answer))
        return False

    def committed(self, proposals: Iterable[Proposal]) -> list[tuple[Asker, Done]]:
        """The disk has these: who must be told, in the order of the log."""
        waited = tuple(proposals)
        self.ledger.commit(waited)
        return [
            (asker, proposal.done)
            for proposal in waited
            for asker in self._askers.pop(proposal.command_id, ())
        ]

    def _full(self) -> Refusal | None:
        if len(self._askers) >= WAITING_MAX:
            return BUSY
        sentence = self._store.refuses()
        return None if sentence is None else Refusal("disk_full", sentence)

    async def _look_up(self, asker: Asker, submit: Submit, lookup: Lookup) -> None:
        """An id out of memory's reach: the store knows whether it was ever used, and for what."""
        try:
            found = await self._store.command(self.stream, submit.command_id)
        except StoreError:
            return  # not answered: the author sends it again
        digest, done = found if found is not None else (None, None)
        answer = self.ledger.known(lookup, digest, done)
        if isinstance(answer, Refusal):
            asker.refused(self.stream, submit.command_id, answer)
        elif answer is not None:
            asker.accepted(self.stream, [answer])
        else:
            self.submit(asker, submit)
