"""Alarms about what is told: a METHANE not sent, not read, written by two rooms at once, who is missing; messages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from incident.alarms.agreement import scene_declared
from incident.alarms.engine import Rule
from incident.alarms.facts import Alarm, Kind
from incident.alarms.units import BY_SCENE
from incident.kernel.receipts import receipt
from incident.kernel.slice import View
from incident.messages import ANSWER_WITHIN_MS, Message, messages, waits_for
from incident.methane import UNREAD_MS, absent_since, current, methane, required_absent, standing, subject
from incident.methane.reading import readers
from incident.organisation import (
    charter_of,
    off_scene,
    organisation,
    over,
    parties,
    stood_down,
    stood_down_at,
    with_units,
)
from incident.values import MINUTE_MS

FIRST_MS: Final = 3 * MINUTE_MS
"""A declaration is followed by a METHANE at once."""
ABSENT_MS: Final = 5 * MINUTE_MS
"""Nobody is there the moment that they are asked for: the screen shows it at once, the bell rings after this."""
AGAIN_MS: Final = 15 * MINUTE_MS
"""In the first hour it is sent again at least this often (battle rhythm; our figure)."""
PROVIDER_MS: Final = 10 * MINUTE_MS

ABSENT = Kind("required_absent", "A required service is not at the scene", (2,), "methane", "methane")
UNREAD = Kind("methane_unread", "An agency has not read the METHANE", (1,), "methane", "acknowledge")
NONE = Kind("no_methane", "Declared, and no METHANE sent", (22, 1), "methane", "methane")
TWO = Kind("methanes_differ", "Two METHANEs that do not know each other", (12,), "methane", "methane")
OLD = Kind("methane_old", "The METHANE is due for review", (1,), "methane", "methane", rings=False)
PROVIDER = Kind(
    "provider_silent", "A private provider has sent no METHANE", (16,), "methane", "methane", rings=False
)

MESSAGE = Kind("message_waits", "An urgent message is not acknowledged", (12, 14), "messages", "acknowledge")


def _absent(view: View) -> Iterator[Alarm]:
    """Manchester: the fire service was in neither report, and nobody asked where it was."""
    missing = required_absent(view)
    version = current(methane(view))
    if version is None:
        return
    for agency in missing:
        since = absent_since(view, agency)
        words = f"{agency} is required and not at the scene"
        yield Alarm(f"absent/{agency}", ABSENT.name, words, since + ABSENT_MS, version.id)


def _unread(view: View) -> Iterator[Alarm]:
    for version in standing(methane(view)):
        for agency in readers(view, version):
            if stood_down(view, agency):
                continue
            if receipt(view.receipts, subject(version), agency).seen is None:
                invited = organisation(view).parties[agency].invited_at
                begins = max(version.recorded_at, invited) + UNREAD_MS
                words = f"{agency} has not read {version.kind} {version.name} of {version.agency}"
                key = f"unread/{version.id}/{agency}"
                yield Alarm(key, UNREAD.name, words, begins, version.id, (agency, version.agency))


def _sent(view: View) -> Iterator[Alarm]:
    since = scene_declared(view)
    version = current(methane(view))
    if version is None:
        if since is not None:
            words = "A major incident is declared, and no METHANE has been sent"
            who = organisation(view).lead
            yield Alarm("methane/none", NONE.name, words, since + FIRST_MS, "", (who,))
        return
    together = standing(methane(view))
    if len(together) > 1 and not over(view):
        named = " and ".join(f"{one.name} of {one.agency}" for one in together)
        key = "methane/differ/" + together[-1].id
        words = f"METHANE {named} were written without knowing each other"
        yield Alarm(key, TWO.name, words, together[-1].recorded_at, together[-1].id)
    if since is not None:
        words = f"{version.kind} {version.name} is due for review: send it again, changed or not"
        key = f"methane/old/{version.id}"
        yield Alarm(key, OLD.name, words, max(since, version.at + AGAIN_MS), version.id, (version.agency,))


def _providers(view: View) -> Iterator[Alarm]:
    """Manchester: the event's own medical provider sent no METHANE."""
    since = scene_declared(view)
    if since is None:
        return
    known = charter_of(view).agencies
    wrote = {version.agency for version in methane(view).versions}
    for code in parties(view):
        party = organisation(view).parties[code]
        private = code in known and known[code].type == "private"
        if private and code not in wrote and party.joined_at is not None and not off_scene(view, code):
            begins = max(since, party.joined_at) + PROVIDER_MS
            words = f"{code} is at the event and has sent no METHANE"
            yield Alarm(f"provider/{code}", PROVIDER.name, words, begins, "", (code, organisation(view).lead))


def _messages(view: View) -> Iterator[Alarm]:
    """Manchester: what one control room knew was not passed on, or not taken up, and nobody noticed."""
    known = organisation(view).parties
    for message in messages(view).rows.values():
        if message.priority == "routine" or not message.needs_ack:
            continue
        for agency in waits_for(view, message):
            party = known.get(agency)
            if party is not None and party.left_at is not None:
                continue  # nobody is there any more to acknowledge it
            done = stood_down_at(view, agency)
            if done is not None and message.recorded_at <= done and _lapses(view, message, agency):
                continue  # what it is sent after that is asked of it all the same
            invited = 0 if party is None else party.invited_at
            begins = max(message.recorded_at, invited) + ANSWER_WITHIN_MS
            words = f"{agency} has not acknowledged {message.number}: {message.text}"
            key = f"message/{message.id}/{agency}"
            yield Alarm(key, MESSAGE.name, words, begins, message.id, (agency, message.sender))


def _lapses(view: View, message: Message, agency: str) -> bool:
    """Whether a message needs no answer of who has stood down since: it was not critical, and has no crew to reach."""
    return message.priority != "critical" and agency not in with_units(view)


def rules() -> Iterable[Rule]:
    """What this file finds."""
    return (
        Rule((ABSENT,), ("methane", BY_SCENE, "organisation", with_units), _absent),
        Rule((UNREAD,), ("methane", "organisation", "receipts", with_units), _unread),
        Rule((NONE, TWO, OLD), ("methane", "organisation", with_units), _sent),
        Rule((PROVIDER,), ("methane", "organisation", with_units), _providers),
        Rule((MESSAGE,), ("messages", "organisation", "receipts", with_units), _messages),
    )
