"""The half of a store that lives in the event loop, the same for every backend.

It knows what was appended and what was announced, so order is checked before anything is queued and a read never
shows what nobody has been told of.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from server.store import Append, FailureCallback, GroupCallback, OutOfOrder, Unavailable


class LoopSide:
    """Order, announcements and the latch."""

    def __init__(self, heads: Mapping[str, int]) -> None:
        self._announced = dict(heads)
        self._appended = dict(heads)
        self._failure: Unavailable | None = None
        self._closed = False
        self._group_callback: GroupCallback | None = None
        self._failure_callback: FailureCallback | None = None

    @property
    def read_only(self) -> bool:
        """A commit has failed; nothing more is appended until a restart."""
        return self._failure is not None

    @property
    def failure(self) -> Unavailable | None:
        """Why the store is read-only."""
        return self._failure

    def heads(self) -> dict[str, int]:
        """Every stream with the ``seq`` of its last announced record."""
        return dict(self._announced)

    def on_group(self, callback: GroupCallback) -> None:
        """Call this after each durable group. There is one listener."""
        self._group_callback = callback

    def on_failure(self, callback: FailureCallback) -> None:
        """Call this once when the store has become read-only. There is one listener."""
        self._failure_callback = callback

    def _take_on(self, item: Append) -> None:
        """Check and count one append.

        Raises:
            OutOfOrder: it does not follow the last one of its stream.
            Unavailable: the store is read-only or closed.
        """
        if self._failure is not None:
            raise Unavailable(self._failure.sentence)
        if self._closed:
            raise Unavailable("The store is closed.")
        proposal = item.proposal
        last = self._appended.get(proposal.stream, 0)
        if proposal.expected_seq != last:
            raise OutOfOrder(
                f"A proposal expects record {proposal.expected_seq} to be the last of its stream; it is {last}."
            )
        self._appended[proposal.stream] = proposal.records[-1].seq

    def _announce(self, group: Sequence[Append]) -> None:
        """A group is durable: from here on it may be read, and the listener is told."""
        self._announced.update((item.proposal.stream, item.proposal.records[-1].seq) for item in group)
        if self._group_callback is not None:
            self._group_callback(group)

    def _announce_failure(self) -> None:
        if self._failure is not None and self._failure_callback is not None:
            self._failure_callback(self._failure)
