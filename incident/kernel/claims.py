"""Who holds what, across every stream of one server, without knowing what the things are.

The ledger reserves in here while it proposes; the store's unique key is the last wall. A claim is held from
the proposal on, so two claims in one group commit cannot both win.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from incident.kernel.slice import Refusal


class Holding(msgspec.Struct, frozen=True):
    """One claim and where it was made. ``since`` is UTC ms of the server's clock."""

    key: str
    stream: str
    seq: int
    since: int
    tell: str
    label: str = ""


class ClaimTable:
    """The one table of a server process, shared by all its ledgers."""

    def __init__(self, held: Iterable[Holding] = ()) -> None:
        self._held: dict[str, Holding] = {holding.key: holding for holding in held}

    def holder(self, key: str) -> Holding | None:
        """Who holds a key now, or None."""
        return self._held.get(key)

    def told_to(self, stream: str) -> tuple[Holding, ...]:
        """Every holding that the watchers of this stream are told of."""
        return tuple(holding for holding in self._held.values() if holding.tell == stream)

    def blocked(self, claims: Iterable[Holding], releases: Iterable[str], stream: str) -> Refusal | None:
        """The refusal when a claim is held already (released in the same breath does not count)."""
        freed = set(releases)
        asked: dict[str, Holding] = {}
        for claim in claims:
            holding = asked.get(claim.key) or self._held.get(claim.key)
            asked[claim.key] = claim
            if holding is not None and (claim.key not in freed or holding.stream != stream):
                where = "this incident" if holding.stream == stream else "another incident"
                return _held_by(holding, claim.label or claim.key, where)
        return None

    def elsewhere(self, keys: Iterable[str], stream: str) -> Refusal | None:
        """The refusal when one of these keys is held by another stream than this one."""
        for key in keys:
            holding = self._held.get(key)
            if holding is not None and holding.stream != stream:
                return _held_by(holding, holding.label or key, "an incident")
        return None

    def take(self, holdings: Iterable[Holding], releases: Iterable[str], stream: str) -> set[str]:
        """Write down what a proposal claims and frees; answers the streams whose watchers must be told.

        Only the stream that holds a key can free it.
        """
        tell: set[str] = set()
        for key in releases:
            holding = self._held.get(key)
            if holding is not None and holding.stream == stream:
                del self._held[key]
                tell.add(holding.tell)
        for holding in holdings:
            self._held[holding.key] = holding
            tell.add(holding.tell)
        return tell


def _held_by(holding: Holding, label: str, where: str) -> Refusal:
    return Refusal(
        "claim_held",
        f"{label} is already held by {where}.",
        {"held_by": holding.stream, "since": str(holding.since), "label": holding.label},
        conflict=True,
    )
