"""Who may see which stream at this moment: asked before anything of a stream goes out to anybody.

Who belongs to a stream sees it; besides them, an agency that the stream itself is shared with, until that has an
end. A part of a stream is seen only by who belongs to the whole: who sees the whole by an agreement sees no part.
The time is asked for each time: an agreement is over at its moment, whether or not anybody has noted that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from incident.kernel.ledger import Head
from incident.kernel.model import Models
from incident.kernel.slice import Actor
from server.sequencer import Sequencer

EVERY_SECONDS: Final = 0.25
"""So often it is looked whether an agreement is over by time alone, in the streams that have one."""


class Sight:
    """What may be seen, as the streams themselves say."""

    def __init__(self, models: Models, sequencers: Mapping[str, Sequencer], now: Callable[[], int]) -> None:
        self._models = models
        self._sequencers = sequencers
        self._now = now
        self._shared: dict[str, frozenset[str]] = {}
        """With whom a stream is shared, as last looked at; only those that are shared at all."""

    def may_see(self, actor: Actor, stream: str, *, decided: bool = False) -> bool:
        """Whether an actor may watch a stream; its own streams also while they are still empty.

        ``decided`` asks what has been decided, on the disk or not: who opens an incident writes on in one breath.
        """
        return self.belongs(actor, stream, decided=decided) or self._is_shown(actor, stream, decided=decided)

    def belongs(self, actor: Actor, stream: str, *, decided: bool = False) -> bool:
        """Whether an actor has a part in a stream, and does not only see it by an agreement."""
        sequencer = self._sequencers.get(stream)
        if sequencer is None:
            agency, parent = self._models.agency(stream), self._models.parent(stream)
            if agency != actor.agency or self._models.of(stream) is None:
                return False
            return parent is None or self.belongs(actor, parent, decided=decided)
        if sequencer.agency is not None and sequencer.agency != actor.agency:
            return False
        if sequencer.parent is not None and not self.belongs(actor, sequencer.parent, decided=decided):
            return False
        state = _head(sequencer, decided=decided).state
        return sequencer.ledger.model.may_watch(state, actor) is None

    def _is_shown(self, actor: Actor, stream: str, *, decided: bool) -> bool:
        """Whether a stream is shared with an actor's agency now. Of a part, both sides must belong to the whole."""
        sequencer = self._sequencers.get(stream)
        if sequencer is None:
            return False
        state = _head(sequencer, decided=decided).state
        if actor.agency not in sequencer.ledger.model.shared(state, self._now()):
            return False
        if sequencer.parent is None:
            return sequencer.agency is None
        if not self.belongs(actor, sequencer.parent, decided=decided):
            return False
        whole = self._sequencers[sequencer.parent]
        return sequencer.agency in whole.ledger.model.agencies(_head(whole, decided=decided).state)

    # -- what has changed -----------------------------------------------------------------------------------

    def moved(self, stream: str) -> bool:
        """Whether a stream is shared with others than at the last look, by what was written or by the time."""
        ledger = self._sequencers[stream].ledger
        shared = ledger.model.shared(ledger.durable.state, self._now())
        if shared == self._shared.get(stream, frozenset()):
            return False
        if shared:
            self._shared[stream] = shared
        else:
            self._shared.pop(stream, None)
        return True

    def run_out(self) -> Iterable[str]:
        """The streams that are shared with others than at the last look; only those that are shared are asked."""
        return [stream for stream in tuple(self._shared) if self.moved(stream)]


def _head(sequencer: Sequencer, *, decided: bool) -> Head:
    return sequencer.ledger.tentative if decided else sequencer.ledger.durable
