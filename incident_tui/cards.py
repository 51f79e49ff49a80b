"""What became of this seat's commands: cards for those refused, kept until a person clears them, and outcomes."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import Final

import msgspec

from incident.kernel.replica import Card
from incident.kernel.slice import Refusal
from incident_tui.cache import Cache, CardItem

OUTCOMES_MAX: Final = 1_000


class Outcome(msgspec.Struct, frozen=True):
    """The end of a command: in the log as record `seq` (0: it changed nothing), or refused.

    `at` is when that was heard here (monotonic seconds).
    """

    seq: int = 0
    refusal: Refusal | None = None
    at: float = 0.0


class Cards:
    """The refused commands of a seat, oldest first, and the outcomes of the last thousand commands."""

    def __init__(self) -> None:
        self._outcomes: OrderedDict[str, Outcome] = OrderedDict()
        self._changed = asyncio.Event()

    def items(self, cache: Cache | None) -> tuple[CardItem, ...]:
        """The cards, without those that hang on another card: these are named on it."""
        if cache is None:
            return ()
        hanging = {submit.command_id for card in cache.cards.values() for submit in card.dependants}
        return tuple(card for card in cache.cards.values() if card.command_id not in hanging)

    def refuse(self, cache: Cache, card: Card, at: int, words: str) -> None:
        """Keep a refused command, on the disk, with what was meant in words."""
        cache.refuse(CardItem(card.submit, card.refusal, at, words, card.dependants))
        self.end(card.submit.command_id, Outcome(refusal=card.refusal))

    def clear(self, cache: Cache, command_id: str) -> None:
        """A person has dealt with a card, and with those that hang on it."""
        card = cache.cards.get(command_id)
        if card is None:
            return
        for submit in card.dependants:
            self.clear(cache, submit.command_id)
        cache.clear(command_id)

    def end(self, command_id: str, outcome: Outcome) -> None:
        """A command has come to its end."""
        self._outcomes[command_id] = outcome
        if len(self._outcomes) > OUTCOMES_MAX:
            self._outcomes.popitem(last=False)
        self._changed.set()

    def lately(self, since: float) -> dict[str, int]:
        """The numbers of the commands confirmed since then (monotonic seconds), by command id."""
        found: dict[str, int] = {}
        for command_id, outcome in reversed(self._outcomes.items()):
            if outcome.at < since and outcome.refusal is None:
                break
            if outcome.seq:
                found[command_id] = outcome.seq
        return found

    async def outcome(self, command_id: str, seconds: float) -> Outcome | None:
        """What became of a command, waiting at most so long; None: not known yet."""
        try:
            async with asyncio.timeout(seconds):
                while command_id not in self._outcomes:
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            return None
        return self._outcomes[command_id]
