"""What stands in the state, as lines of a report: one function for each thing, plain English, no judgement.

A report speaks of a moment and says what is not known. The text is a first draft: a person reads it, changes it and
signs it. Times are local, as on the screen that it is written at, and times of day: what is signed stays as it is,
and "5 minutes ago" would be wrong a minute later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final, NamedTuple

from incident.alarms import standing
from incident.alarms.agreement import reviewer
from incident.alarms.report import AGAIN_MS
from incident.boundaries.facts import KINDS, SCHEMES, Feature
from incident.boundaries.rules import agreed_by, counted, live
from incident.boundaries.words import place_words
from incident.casualties import GRID, counted_at, grid
from incident.commanders import ROLES, Post, commanders, vacant
from incident.commanders.facts import RANKS
from incident.comms import comms, control_room_link, failed, untested
from incident.cover import covers
from incident.cover.words import phase
from incident.kernel.board import Look
from incident.log import log
from incident.methane import current, fields, methane, receipt_rows
from incident.methane.words import hazard_words
from incident.mutual_aid import mutual_aid
from incident.mutual_aid.facts import SETTLED
from incident.organisation import organisation, parties, scene_over, stood_down
from incident.organisation.rules import spoken
from incident.places import places
from incident.places.facts import PRIORITIES, Receiving
from incident.places.fold import is_draft
from incident.resources import unit_totals
from incident.tasks.facts import OPEN, Task
from incident.tasks.fold import tasks
from incident.values import stop

NEXT_MAX: Final = 8
LISTED_MAX: Final = 12


def text(kind: str, name: str, look: Look) -> str:
    """The first draft of one heading of a report."""
    if look.state is None or not organisation(look.state).opened:
        return ""
    return "\n".join(line for part in DRAFTS[kind][name] for line in part(look))


def _listed(lines: list[str], what: str) -> list[str]:
    more = len(lines) - LISTED_MAX
    return [*lines[:LISTED_MAX], f"and {more} more {what}"] if more > 0 else lines


# -- what and where ---------------------------------------------------------------------------------------------


def situation(look: Look) -> Iterable[str]:
    """What it is, where, since when, and who leads."""
    state = organisation(look.state)
    number = f" ({state.number})" if state.number else ""  # a draft at the opening is older than its number
    yield stop(f"{state.title}{number}, {spoken(state.kind)}, {state.mode}")
    sure = "confirmed" if state.location.confirmed else "provisional"
    yield stop(f"{state.location.words()}, {'DISPUTED' if state.disputed else sure}")
    yield stop(f"Opened {look.clock(state.opened_at)} by {state.opened_by}. Lead: {state.lead}")


def declarations(look: Look) -> Iterable[str]:
    """How each agency stands, by its own word."""
    state = organisation(look.state)
    for code in parties(look.state):
        party = state.parties[code]
        said = spoken(party.declared) if party.declared else "invited, not joined"
        at = f" {look.clock(party.stands_since)}" if party.stands_since is not None else ""
        yield stop(f"{code}: {said}{at}")


def ground(look: Look) -> Iterable[str]:
    """What is set on the ground, RVP and FCP first, where it lies and who agrees to it; what is missing says so."""
    features = sorted(live(look.state), key=lambda one: (tuple(KINDS).index(one.kind), one.proposed_at))
    for kind in ("rvp", "fcp"):
        if not any(one.kind == kind for one in features):
            yield f"NO {KINDS[kind]} is set."
    yield from _listed([_feature(one, look) for one in features], "on the ground")


def _feature(one: Feature, look: Look) -> str:
    kind = "" if KINDS[one.kind].casefold() in one.name.casefold() else f" ({KINDS[one.kind]})"
    scheme = f", scheme {SCHEMES[one.scheme]}" if one.scheme else ""
    said = f"{one.name}{kind}{scheme}, {one.owner}, {place_words(one)}: {_agreed(one, look)}"
    review = f", review {look.clock(one.review_due)}" if one.review_due is not None else ""
    return stop(said + review)


def _agreed(one: Feature, look: Look) -> str:
    """Who agrees to it in words; the owner's own word alone is a proposal."""
    against = [code for code, answer in one.answers.items() if not answer.agreed]
    if against:
        return f"NOT AGREED by {', '.join(against)}"
    done, total = agreed_by(look.state, one)
    if total and done >= total:
        return f"agreed by all {total}" if total > 1 else "agreed"
    alone = done == (one.owner in counted(look.state))
    return "proposed" if alone else f"agreed by {done} of {total}"


def report(look: Look) -> Iterable[str]:
    """The METHANE to go by, letter by letter, and who has not read it."""
    version = current(methane(look.state))
    if version is None:
        yield "No METHANE has been sent."
        return
    yield stop(f"{version.kind} {version.name} of {version.agency}, {look.clock(version.at)}")
    for field in fields(version):
        yield stop(f"{field.letter} {field.name}: {field.words}")
    unread = [row.agency for row in receipt_rows(look.state, look.now) if row.unread and row.owed]
    if unread:
        yield stop(f"Not read by {', '.join(unread)}")


def hazards(look: Look) -> Iterable[str]:
    """The hazards of the METHANE to go by."""
    version = current(methane(look.state))
    if version is not None and version.report.hazards:
        yield stop(f"Hazards: {hazard_words(version.report.hazards)}")


def casualties(look: Look) -> Iterable[str]:
    """The totals by priority and stage, and what does not add up."""
    rows = grid(look.state, look.now)
    if all(text in ("–", "") for _, _, cells in rows for text in cells.values()):
        yield "Nobody has counted the casualties."
        return
    for name, _, cells in rows[:-1]:
        said = [f"{column} {text.strip(' ▲')}" for column, text in cells.items() if text not in ("–", "")]
        if said:
            yield stop(f"{name}: {', '.join(said)}")
    oldest = counted_at(look.state)
    times = [f"{column} {look.clock(oldest[column])}" for column in GRID if column in oldest]
    if times:
        yield stop(f"Oldest count in each: {', '.join(times)}")


def hospitals(look: Look) -> Iterable[str]:
    """What each hospital can take, what it was promised and how much room is left, as P1/P2/P3."""
    rows = list(places(look.state).rows.values())
    if not rows:
        yield "No hospital is stood up."
        return
    yield "Hospitals, P1/P2/P3:"
    yield from _listed([_hospital(row) for row in rows], "hospitals")


def _hospital(row: Receiving) -> str:
    asks = (("allocated", "allocated"), ("on the way", "conveyed"), ("arrived", "arrived"))
    parts = [f"can take {_three(row.capacity(name) for name in PRIORITIES)}"]
    for words, step in asks:
        held = [row.held(name, (step,)) for name in PRIORITIES]
        if any(held):
            parts.append(f"{words} {_three(held)}")
    parts.append(f"room left {_three(row.remaining(name) for name in PRIORITIES)}")
    draft = ", figures of a DRAFT plan" if is_draft(row) else ""
    return stop(f"{row.place.name}: {', '.join(parts)}{draft}")


def _three(numbers: Iterable[int]) -> str:
    return "/".join(str(number).replace("-", "−") for number in numbers)


# -- people -----------------------------------------------------------------------------------------------------


def posts(look: Look) -> Iterable[str]:
    """Who holds which role, and which key role is vacant."""
    lead = organisation(look.state).lead
    found = [
        post
        for post in commanders(look.state).posts.values()
        if post.holder and post.role in ROLES and ROLES[post.role].level != "room"
    ]
    found.sort(key=lambda post: (post.agency != lead, post.agency, RANKS[post.role], post.label))
    yield from _listed([_post(post, look) for post in found], "roles") or ["No post is recorded as held."]
    for one in vacant(look.state):
        yield stop(f"VACANT: {one.agency} {ROLES[one.role].words}")


def _post(post: Post, look: Look) -> str:
    label = f" {post.label}" if post.label else ""
    contact = f", {post.contact}" if post.contact else ""
    return stop(
        f"{post.agency} {ROLES[post.role].words}{label}: {post.holder}{contact}, since {look.clock(post.since)}"
    )


def aid(look: Look) -> Iterable[str]:
    """Every request that is not over: who asked whom for what, and how it stands."""
    lines = []
    for one in mutual_aid(look.state).rows.values():
        if one.state not in SETTLED:
            asked = ", ".join(f"{line.quantity} {line.kind}" for line in one.terms.lines)
            sent = f", {len(one.out)} units out" if one.out else ""
            lines.append(stop(f"{one.number} {one.requester} of {one.lender}: {asked}, {one.state}{sent}"))
    yield from _listed(lines, "requests") or ["No mutual aid is asked for."]


def cover(look: Look) -> Iterable[str]:
    """What one trust covers of another's area, or is asked to, and until when; none is not worth a line."""
    for one in covers(look.state).rows.values():
        if not one.over(look.now):
            times = f"{look.clock(one.begins)} to {look.clock(one.until)}"
            said = f"{one.number} {one.by} for {one.covered}: {one.stretch}, {times}, {phase(one, look.now)}"
            yield stop(said)


def pressures(look: Look) -> Iterable[str]:
    """How hard pressed each trust is, by its own word."""
    for code, one in mutual_aid(look.state).pressures.items():
        yield stop(f"{code}: REAP {one.reap}{f', {one.note}' if one.note else ''}")


def channels(look: Look) -> Iterable[str]:
    """The control rooms' talkgroup, and the other ways to talk."""
    link = control_room_link(look.state)
    if link is None:
        yield "NO TALKGROUP between the control rooms."
    else:
        waits, bad = ", ".join(untested(look.state)), ", ".join(failed(look.state))
        parts = [f"not tested by {waits}" if waits else "", f"DOES NOT WORK for {bad}" if bad else ""]
        yield stop(f"Control rooms: {link.name}, {', '.join(filter(None, parts)) or 'works for all'}")
    for channel in comms(look.state).channels.values():
        if channel.live and channel is not link:
            yield stop(f"{channel.name} {channel.number}: {channel.purpose or channel.kind}")


def contacts(look: Look) -> Iterable[str]:
    """Whom to ring in each control room."""
    state = organisation(look.state)
    for code in parties(look.state):
        yield stop(f"{code}: {state.parties[code].spoc or 'no contact named'}")


# -- units and work ---------------------------------------------------------------------------------------------


def units(look: Look) -> Iterable[str]:
    """Units by where they are, in all and for each trust."""
    every = unit_totals(look)
    if not every.all:
        yield "No unit is committed."
        return
    yield stop(f"{every.all} units: {_groups(every.groups)}")
    for home in sorted({unit.home for unit in look.state.resources.units.values()}):
        yield stop(f"{home}: {_groups(unit_totals(look, home).groups)}")
    if every.stale:
        yield stop(f"{every.stale} of them not heard of for too long")


def _groups(groups: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {group}" for group, count in groups.items() if count) or "none"


def decisions(look: Look) -> Iterable[str]:
    """The decisions that stand, with their reasons."""
    lines = [
        stop(f"{one.name} {look.clock(one.at)}: {one.text}. Reason: {one.reason}")
        for one in log(look.state).decisions.values()
        if one.open
    ]
    yield from _listed(lines[::-1], "decisions") or ["No decision is recorded."]


def work(look: Look) -> Iterable[str]:
    """Open tasks, those that are due first."""
    rows = [task for task in tasks(look.state).rows.values() if task.state in OPEN]
    rows.sort(key=lambda task: (task.due is None, task.due or 0, task.number))
    lines = [_task(task, look) for task in rows]
    yield from _listed(lines, "tasks") or ["No task is open."]


def _task(task: Task, look: Look) -> str:
    due = f", due {look.clock(task.due)}" if task.due is not None else ""
    return stop(f"{task.number} {task.agency}: {task.title}, {task.state.replace('_', ' ')}{due}")


def risks(look: Look) -> Iterable[str]:
    """The alarms that stand."""
    found = [stop(f"{look.clock(one.since)} {one.words}") for one in standing(look.state, look.now)]
    yield from _listed(found, "alarms") or ["No alarm stands."]


class Coming(NamedTuple):
    """Something that has a time set: when (UTC ms), what, who, and the board and row where it stands."""

    at: int
    words: str
    agency: str
    board: str
    row: str


def coming(look: Look) -> Iterable[str]:
    """What is due next, and by whom."""
    lines = [f"{look.clock(one.at)} {one.words}, {one.agency}" for one in upcoming(look)[:NEXT_MAX]]
    yield from lines or ["Nothing has a time set."]


def upcoming(look: Look) -> list[Coming]:
    """Everything that has a time set and is not over, the earliest first; what is overdue stands at the top.

    What is over says ``incident.organisation.ending``: once the incident is closed, nothing is next.
    """
    view = look.state
    if organisation(view).closed:
        return []
    found: list[Coming] = []
    for key, task in tasks(view).rows.items():
        if task.due is not None and task.state in OPEN and task.state != "done":
            found.append(Coming(task.due, task.title, task.agency, "tasks", key))
    for feature in live(view):
        if feature.review_due is not None and (who := reviewer(view, feature)):
            words = f"{feature.name} review"
            found.append(Coming(feature.review_due, words, who, "boundaries", feature.id))
    for key, one in log(view).decisions.items():
        if one.open and one.review_at is not None and not stood_down(view, one.agency):
            found.append(Coming(one.review_at, f"{one.name} review", one.agency, "decisions", key))
    for offer in organisation(view).lead_offers:
        answers = organisation(view).lead if offer.claim else offer.to
        found.append(Coming(offer.lapses_at, "answer to the lead due", answers, "parties", answers))
    for key, one_cover in covers(view).rows.items():
        if one_cover.step == "agreed" and not one_cover.over(look.now):
            words = f"cover of {one_cover.stretch} by {one_cover.by} ends"
            found.append(Coming(one_cover.until, words, one_cover.covered, "cover", key))
    for key, request in mutual_aid(view).rows.items():
        if request.state == "sent" and not stood_down(view, request.requester):
            words = f"{request.number} answer due"
            found.append(Coming(request.answer_by, words, request.lender, "mutual_aid", key))
    version = current(methane(view))
    if version is not None and not scene_over(view):
        at = version.at + AGAIN_MS
        found.append(Coming(at, f"{version.kind} review", version.agency, "methane", version.id))
    return sorted(found)


PROMPTS: Final = (
    "Waiting calls, REAP level, cover: ",
    "Forecast: ",
    "Strategic aim: ",
    "Joint working strategy: ",
    "Welfare, families, rest centre, the vulnerable: ",
)
"""What only a person can say: asked in a draft, never guessed, and never signed unanswered."""


def blank(*places: int) -> Callable[[Look], Iterable[str]]:
    """Some of the prompts, by their place."""
    return lambda _look: [PROMPTS[place] for place in places]


def answered(text: str) -> str:
    """A text without the prompts that nobody has answered."""
    asked = {prompt.strip() for prompt in PROMPTS}
    return "\n".join(line for line in text.split("\n") if line.strip() not in asked)


Draft = Callable[[Look], Iterable[str]]
DRAFTS: Final[Mapping[str, Mapping[str, tuple[Draft, ...]]]] = {
    "sitrep": {
        "situation": (situation, declarations),
        "methane": (report,),
        "ground": (ground,),
        "command": (posts,),
        "casualties": (casualties, hospitals),
        "resources": (units,),
        "aid": (aid, cover),
        "impact": (
            pressures,
            blank(0),
        ),
        "decisions": (decisions,),
        "risks": (hazards, risks),
        "open": (work,),
        "communications": (channels, contacts),
        "forecast": (coming, blank(1)),
    },
    "iimarch": {
        "information": (situation, report, declarations),
        "intent": (blank(2, 3),),
        "method": (ground, decisions, work),
        "administration": (posts, units, aid, cover, coming),
        "risk": (hazards, risks),
        "communications": (channels, contacts),
        "humanitarian": (blank(4),),
    },
}
"""Heading by heading, what its first draft is put together from."""
