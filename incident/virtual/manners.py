"""What every virtual agency does as a party: reads what it is sent, joins, declares, takes the lead, stands down."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from incident.commanders.facts import TakeRole, post_key
from incident.comms import comms
from incident.comms.facts import TestChannel
from incident.kernel.receipts import Acknowledge, Deliver, See, receipt
from incident.kernel.slice import Act
from incident.organisation import OVER
from incident.organisation.facts import (
    AcceptLead,
    Declare,
    DeclineLead,
    Join,
    OfferLead,
)
from incident.organisation.rules import answers, is_back
from incident.scenario.facts import Wait
from incident.virtual.mind import Mind, together

SUBJECTS_MAX: Final = 50
ANSWERED: Final = frozenset({"tasks", "boundaries", "resources", "organisation", "mutual_aid", "comms"})
"""What these send has an answer of its own, which says more than that it was read."""

NOT_HEARD: Final = "Nothing heard on it"
AGAIN_MS: Final = 5 * 60_000
"""After so long a channel that did not work is tried once more, and then it works."""

SETTLES: Final = Wait(10, 60)
"""How long after it has joined late it says what it should have said before."""

MOMENT_MS: Final = 60_000
"""What the incident does not remember is done within this time, or not at all."""


def receives(mind: Mind) -> Iterator[Act]:
    """Receipts, as a room leaves them: it lies there at once, is read after a while, and acknowledged.

    Who has not joined receives nothing: there is nobody yet to have read it.
    """
    if not mind.joined:
        return
    new: list[str] = []
    read: list[tuple[int, str]] = []
    owned: list[tuple[int, str]] = []
    for subject in mind.model.addressed(mind.view, mind.agency, mind.now):
        known = receipt(mind.view.receipts, subject, mind.agency)
        if known.delivered is None:
            new.append(subject)
        elif known.seen is None:
            read.append((mind.after(known.delivered, mind.habit.reads, f"read {subject}"), subject))
        elif known.acknowledged is None and mind.habit.acknowledges and _asks(subject):
            at = mind.after(known.seen, mind.habit.acknowledges, f"acknowledge {subject}")
            owned.append((at, subject))
    yield from _receipt(mind, "deliver", Deliver, [(mind.now, subject) for subject in new])
    yield from _receipt(mind, "see", See, read)
    yield from _receipt(mind, "acknowledge", Acknowledge, owned)


def _asks(subject: str) -> bool:
    return subject.partition("/")[0] not in ANSWERED


def _receipt(mind: Mind, word: str, command: Any, found: list[tuple[int, str]]) -> Iterator[Act]:
    due = [(at, subject) for at, subject in found if at <= mind.now][:SUBJECTS_MAX]
    if due:
        subjects = tuple(subject for _, subject in due)
        yield from mind.act(max(at for at, _ in due), f"{word}/{together(subjects)}", command(subjects))


def takes_part(mind: Mind) -> Iterator[Act]:
    """Joins when invited, and says of itself what it has to say when its time has come."""
    if not mind.invited:
        return
    party = mind.view.organisation.parties[mind.agency]
    if party.joined_at is None:
        if mind.habit.joins is not None:
            at = mind.after(party.invited_at, mind.habit.joins, "join")
            yield from mind.act(at, f"join/{party.invitation}", Join(mind.habit.spoc))
        return
    yield from _declares(mind, party)
    yield from _appoints(mind)
    yield from _stands_down(mind, party)


def _declares(mind: Mind, party: Any) -> Iterator[Act]:
    """The last that is due, unless somebody has spoken since; it goes no way back from what a person has said."""
    due = [one for one in mind.habit.declares if mind.at(one.at) <= mind.now]
    if not due or mind.over:
        return
    said = max(due, key=lambda one: one.at)
    at = mind.at(said.at)
    if at < mind.since(at):
        at = mind.after(mind.since(at), SETTLES, f"declare {said.at}")
    spoken_since = party.declared_at is not None and party.declared_at >= max(at, party.joined_at + 1)
    if party.declared == said.state or spoken_since:
        return
    back = is_back(party.declared, said.state)
    if back and party.declared_by != mind.name:
        return
    reason = said.reason or ("As it looks now" if back else "")
    yield from mind.act(at, f"declare/{said.at}/{said.state}", Declare(mind.agency, said.state, reason))


def _appoints(mind: Mind) -> Iterator[Act]:
    """Fills the roles that it has somebody for, once each; who follows is for people to say."""
    posts = mind.view.commanders.posts
    for one in mind.habit.appoints:
        at = mind.at(one.at)
        if at < mind.since(at):  # it was late: one after the other, not all in one breath
            at = mind.after(mind.since(at), SETTLES, f"appoint {one.role} {one.label}")
        # Of a role with a label nothing is remembered once it is vacant.
        late = bool(one.label) and mind.now >= at + MOMENT_MS
        if post_key(mind.agency, one.role, one.label) not in posts and not (mind.over or late):
            command = TakeRole(mind.agency, one.role, one.holder, one.contact, one.label)
            yield from mind.act(at, f"appoint/{one.role}/{one.label}", command)


def _stands_down(mind: Mind, party: Any) -> Iterator[Act]:
    """After the lead or the agency that opened the incident: never before those who need it."""
    state = mind.view.organisation
    wait = mind.habit.stands_down
    before = [state.parties.get(code) for code in (state.lead, state.opened_by) if code != mind.agency]
    times = [other.declared_at for other in before if other is not None and other.declared in OVER]
    if wait is None or mind.over or not times:
        return
    at = mind.after(max(times), wait, "stand down")
    yield from mind.act(at, f"stand-down/{party.version}", Declare(mind.agency, "stand_down"))


def leads(mind: Mind) -> Iterator[Act]:
    """Takes or declines the lead when it is offered, and claims it when the scenario says so."""
    habit, state = mind.habit.lead, mind.view.organisation
    if habit is None or not mind.joined or mind.over:
        return
    for offer in state.lead_offers:
        if answers(state, offer) != mind.agency:
            continue
        at = mind.after(offer.at, habit.answers, f"lead {offer.at}")
        command = AcceptLead(offer.id) if habit.answer == "accept" else DeclineLead(offer.id, habit.reason)
        yield from mind.act(at, f"lead/{offer.id}", command)
    if habit.claims_at is None or mind.agency == state.lead:
        return
    at = mind.at(habit.claims_at)
    if not state.lead_offers and mind.now < at + MOMENT_MS:
        yield from mind.act(at, "claim", OfferLead(mind.agency, habit.reason))


def speaks(mind: Mind) -> Iterator[Act]:
    """Tries each channel that it is to use, once; what did not work it tries again after a while."""
    habit = mind.habit.channels
    if habit is None or not mind.joined or mind.over:
        return
    channels = comms(mind.view).channels.values()
    # One talkgroup may not be on its sets, but not every other that is set in its place.
    failed = {test.agency for one in channels for test in one.tests if not test.worked}
    for channel in channels:
        if not channel.live or not channel.includes(mind.agency):
            continue
        last = channel.test(mind.agency)
        if last is not None and (last.worked or not last.by.startswith("virtual/")):
            continue
        key, since = f"{channel.name} {channel.set_at}", mind.since(channel.set_at)
        worked = last is not None or mind.agency in failed or not mind.says_no(habit.fails, f"channel {key}")
        if last is not None:
            since = last.at + AGAIN_MS
        note = "" if worked else mind.word(habit.reasons, key, NOT_HEARD)
        at = mind.after(since, habit.tests, f"channel {key}")
        tried = f"channel/{channel.id}/{'' if last is None else last.at}"
        yield from mind.act(at, tried, TestChannel(channel.id, mind.agency, worked, note))
