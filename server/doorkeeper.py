"""Who is let in and who must go: what the gateway asks, and the sentences it says to those it sends away."""

from __future__ import annotations

import asyncio
from typing import Final, Protocol

from incident.kernel.slice import Actor, Refusal
from server import logs
from server.hub import Hub
from server.signins import Badge

NOBODY: Final = (
    "Nobody is signed in. On this machine: incident-tui sign-in. A new desk asks whoever runs this server for a code "
    "(incident-server enrol), then: incident-tui enrol URL CODE\n"
)
STRANGER: Final = (
    "This sign-in is not good here: it is over, was revoked, or belongs to another desk's key. Sign in again "
    "(incident-tui sign-in). If this desk was never enrolled: incident-tui enrol URL CODE\n"
)
GONE: Final = (
    "This desk was revoked. Whoever runs the server can enrol it again: incident-tui enrol URL CODE\n"
)
"""Said to the holder of a desk's key alone, as the door says it, too: nobody else learns which desks there were."""
PLAIN_NOBODY: Final = (
    "No token was given. Ask whoever runs this server for one (incident-server token), and give it with "
    "--token-file.\n"
)
PLAIN_STRANGER: Final = (
    "This token is not known here. Ask whoever runs this server for a new one (incident-server token), or sign in "
    "again (incident-tui sign-in) if this desk is enrolled.\n"
)

SIGNED_OUT: Final = 4001
OVER: Final = "Your sign-in is over or was revoked: sign in again."
REVOKED: Final = "This desk was revoked or replaced: ask whoever runs the server."
"""A close reason has room for 123 bytes."""

SWEEP_SECONDS: Final = 0.4
"""So often is looked for sessions whose sign-in has ended: a revocation is good within a second."""

LOCKED: Final = Refusal(
    "locked", "Nobody was at this desk, so it is locked: give the password, then write. Nothing was written."
)


class Doorkeeper(Protocol):
    """Who a bearer token stands for, on a line of this key, and for how long that is good."""

    def actor(self, token: str, device: str, plain: bool) -> Badge | Actor | None: ...

    def over(self, badge: Badge) -> bool: ...

    def why_over(self, badge: Badge) -> str: ...

    def lock(self, badge: Badge) -> bool: ...

    def gone(self, device: str) -> bool: ...


def turned_away(token: str, *, plain: bool, gone: bool = False) -> str:
    """What is said to somebody who gave this token, or none, on an open line or another.

    ``gone``: the line is held by the key of a desk that was revoked.
    """
    if gone and token:
        return GONE
    if plain:
        return PLAIN_STRANGER if token else PLAIN_NOBODY
    return STRANGER if token else NOBODY


def sweep(hub: Hub, doorkeeper: Doorkeeper) -> None:
    """Close every session whose sign-in has come to its end."""
    for session in tuple(hub.sessions):
        if not session.closing and doorkeeper.over(session.badge):
            session.drop(SIGNED_OUT, doorkeeper.why_over(session.badge))


async def keep_sweeping(hub: Hub, doorkeeper: Doorkeeper) -> None:
    """For ever."""
    while True:
        await asyncio.sleep(SWEEP_SECONDS)
        with logs.guarded("sweep failed"):
            sweep(hub, doorkeeper)
