"""What one seat sees at one moment, put together from the streams it holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any, Final

from incident.kernel.board import Look
from incident.kernel.model import Models
from incident.kernel.protocol import Listing
from incident.kernel.slice import Actor
from incident.kernel.text import safe_text
from incident.organisation import organisation
from incident.state import INCIDENT, MODELS, own_stream
from incident_tui.clock import short_time, zone_minutes
from incident_tui.watched import Watched

PARTS_MAX: Final = 30
"""Own parts of others that are looked at in one incident; a line watches 64 streams at most."""


def parts_of(stream: str, me: Actor, listed: Iterable[str], kept: Iterable[str]) -> list[str]:
    """The own parts of other agencies in an incident that the server lists for us, or this desk has a copy of."""
    found = {name for name in (*listed, *kept) if is_part(name, stream, me)}
    return sorted(found)[:PARTS_MAX]


def is_part(name: str, stream: str, me: Actor) -> bool:
    """Whether a stream is another agency's own part of this incident."""
    return MODELS.parent(name) == stream and MODELS.agency(name) != me.agency


def shown(held: Mapping[str, Watched], stream: str, me: Actor | None, now: int) -> dict[str, Watched]:
    """Those own parts of others that are shared with us at this moment (UTC ms of the server's clock), by stream.

    Asked each time anything of them is read: an agreement is over at its moment, whether or not anybody has said so.
    """
    if me is None or not stream:
        return {}
    return {
        name: watched
        for name, watched in held.items()
        if is_part(name, stream, me) and me.agency in watched.model.shared(watched.replica.confirmed, now)
    }


def look_of(
    held: Mapping[str, Watched],
    stream: str,
    me: Actor | None,
    charter: Any,
    now: int,
    listings: Iterable[Listing],
    present: Mapping[str, tuple[str, ...]] | None = None,
    gazetteer: Any = None,
) -> Look:
    """The Look of a seat whose open incident is `stream` ("" when none is). Cheap: states are only pointed at."""
    incident = held.get(stream)
    own_name = own_stream(stream, me.agency) if stream and me is not None else ""
    own = held.get(own_name)
    state = INCIDENT.initial() if incident is None else incident.replica.projected
    registers = {
        name.rpartition("/")[2]: watched for name, watched in held.items() if name.startswith("register/")
    }
    frozen = organisation(state).charter if organisation(state).opened else charter
    others = shown(held, stream, me, now)
    mine = (incident, own, *registers.values(), *others.values())
    parts = [watched.replica for watched in mine if watched is not None]
    return Look(
        state=state,
        me=me,
        now=INCIDENT.now(state, now),
        real=now,
        timed=partial(INCIDENT.now, state),
        stream=stream,
        own=None if own is None else own.replica.projected,
        own_stream=own_name,
        shown={name: watched.replica.projected for name, watched in others.items()},
        registers={agency: watched.replica.projected for agency, watched in registers.items()},
        register_streams={agency: watched.stream for agency, watched in registers.items()},
        claims=_claims(held, stream, {listing.stream: listing for listing in listings}),
        unconfirmed={key: word for replica in parts for key, word in replica.words().items()},
        wanted=frozenset().union(*(replica.wanted() for replica in parts)),
        charter=frozen,
        present=present or {},
        gazetteer=gazetteer,
        clock=short_time,
        offset_minutes=zone_minutes(now),
    )


def _claims(held: Mapping[str, Watched], stream: str, listings: Mapping[str, Listing]) -> dict[str, str]:
    """Who holds what, in words: the number or the title of the incident, where we may know it."""
    found: dict[str, str] = {}
    for watched in held.values():
        for holding in watched.claims:
            listing = listings.get(holding.stream)
            summary = {} if listing is None else listing.summary
            name = safe_text(str(summary.get("number") or summary.get("title") or ""))
            found[holding.key] = "this incident" if holding.stream == stream else name or "another incident"
    return found


def incidents_of(
    listings: Iterable[Listing], held: Mapping[str, Watched], models: Models
) -> tuple[Listing, ...]:
    """The incidents among the streams listed and held, running ones first, the newest first."""
    found = {listing.stream: listing for listing in listings if _kind(models, listing.stream) == "incident"}
    for watched in held.values():
        if watched.model.name == "incident" and organisation(watched.replica.projected).opened:
            summary = watched.model.summary(watched.replica.projected)
            found[watched.stream] = Listing(watched.stream, watched.replica.cursor, summary)
    newest = sorted(found.values(), key=lambda listing: -int(listing.summary.get("opened_at") or 0))
    return tuple(sorted(newest, key=lambda listing: bool(listing.summary.get("closed"))))


def named(incidents: Iterable[Listing], asked: str) -> list[str]:
    """The streams of the incidents that somebody means: by stream, id, number, or a part of the title."""
    words = asked.strip().casefold()
    known = [
        (listing.stream, [str(listing.summary.get(name) or "").casefold() for name in ("number", "title")])
        for listing in incidents
    ]
    exact = [stream for stream, names in known if words in (stream, stream.rpartition("/")[2], *names)]
    return exact or [stream for stream, names in known if any(words in name for name in names)]


def _kind(models: Models, stream: str) -> str:
    model = models.of(stream)
    return "" if model is None else model.name
