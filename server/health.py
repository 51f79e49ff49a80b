"""How a running server is, as words: for the doctor, and for whatever watches over the machine."""

from __future__ import annotations

from server.hub import Hub


def trouble(hub: Hub) -> list[str]:
    """Why nothing can be written at this moment, a word for each reason; empty while all is well."""
    reasons = {
        "read_only": hub.failure is not None or hub.store.read_only,
        "disk_silent": hub.disk_silent,
        "disk_full": hub.store.refuses() is not None,
        "stopping": hub.stopping,
    }
    return [word for word, so in reasons.items() if so]
