"""Commanders, the rules: who may fill, hand over and vacate a role, and what each event does to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from msgspec.structs import replace

from incident.commanders import facts as f
from incident.commanders.facts import ROLES, Commanders, Post, place_of, tidy
from incident.kernel.record import Record
from incident.kernel.remembered import remembered
from incident.kernel.slice import Context, Refusal, View
from incident.organisation import charter_of, is_party, organisation, parties, stood_down
from incident.statuses import SCENE, STATUSES

Answer = tuple[Any, ...] | Refusal


def commanders(view: View) -> Commanders:
    """Who holds which role in an incident."""
    return cast("Commanders", view.commanders)


# -- decide ---------------------------------------------------------------------------------------------------


def decide(view: View, command: Any, ctx: Context) -> Answer:
    """What comes of one command: events, none when it is so already, or a refusal."""
    if not is_party(view, command.agency):
        return Refusal("not_party", f"{command.agency} is not party to this incident.")
    if isinstance(command, f.HandOverDesk):
        return _desk(command)
    refusal = _ill_labelled(command)
    if refusal is not None:
        return refusal
    post = commanders(view).posts.get(place_of(command))
    match command:
        case f.TakeRole():
            return _take(view, command, post, ctx)
        case f.HandOver():
            return _hand_over(command, post, ctx)
        case f.GiveUpRole():
            return _give_up(command, post, ctx)
        case _:
            return _deputy(command, post, ctx)


def _desk(command: f.HandOverDesk) -> Answer:
    """It happened, whoever was thought to sit there: only who takes over from themselves has not."""
    outgoing, incoming = tidy(command.outgoing), tidy(command.incoming)
    if _same(outgoing, incoming):
        return Refusal("same_person", f"{outgoing} cannot hand over to themselves.")
    desk, contact = tidy(command.desk), tidy(command.contact)
    return (f.DeskHandedOver(command.agency, desk, outgoing, incoming, command.points.strip(), contact),)


def _ill_labelled(command: Any) -> Refusal | None:
    role, label = ROLES[command.role], tidy(command.label)
    if role.labels == f.MUST and not label:
        return Refusal("label_missing", f"Say which {role.words}: the sector, hospital or desk.")
    if role.labels == f.NO and label:
        return Refusal("label_unasked", f"There is one {role.words} only, so there is no {label!r} of it.")
    return None


def _take(view: View, command: f.TakeRole, post: Post | None, ctx: Context) -> Answer:
    holder, contact, deputy = tidy(command.holder), tidy(command.contact), tidy(command.deputy)
    held = post is not None and bool(post.holder)
    if post is not None and _same(post.holder, holder):
        same = (contact or post.contact, deputy or post.deputy) == (post.contact, post.deputy)
        if same:
            return ()
    elif post is not None and held:
        return _held(post, ctx)
    version = "" if post is None else post.version
    if ctx.stale(version_key(command), version):
        return Refusal(
            "changed", f"{_called(command, 'The ')} has changed hands since you looked.", conflict=True
        )
    label = tidy(command.label)
    if label and not held and _labelled(view, command.agency) >= f.LABELLED_MAX:
        sentence = f"{command.agency} has {f.LABELLED_MAX} sectors, desks and the like. Vacate one first."
        return Refusal("full", sentence, {"limit": str(f.LABELLED_MAX)})
    return (f.RoleTaken(command.agency, command.role, holder, contact, label, deputy),)


def _held(post: Post, ctx: Context) -> Refusal:
    sentence = f"{post.holder} is {_called(post)} of {post.agency}. Record a handover instead."
    told = {"holder": post.holder, "since": str(post.since), "contact": post.contact}
    return Refusal("role_held", sentence, told, conflict=ctx.stale(version_key(post), post.version))


def _labelled(view: View, agency: str) -> int:
    return sum(post.agency == agency and bool(post.label) for post in commanders(view).posts.values())


def _hand_over(command: f.HandOver, post: Post | None, ctx: Context) -> Answer:
    incoming = tidy(command.incoming)
    if post is None or not post.holder:
        return _vacant(command, post, ctx)
    if _same(post.holder, incoming):
        return ()
    if ctx.stale(version_key(command), post.version):
        return _overtaken(post)
    brief = f.Brief(*(text.strip() for _, text in command.brief.sections()))
    if not (brief.written or command.verbal):
        sentence = "Write the IIMARCH brief, or say that it was given by word of mouth."
        return Refusal("brief_missing", sentence)
    contact, label = tidy(command.contact), post.label
    event = f.HandedOver(
        command.agency, command.role, post.holder, incoming, contact, label, brief, command.verbal
    )
    return (event,)


def _vacant(command: Any, post: Post | None, ctx: Context) -> Refusal:
    version = "" if post is None else post.version
    raced = ctx.stale(version_key(command), version)
    sentence = f"Nobody is {_called(command)} of {command.agency}: appoint somebody."
    return Refusal("role_vacant", sentence, {"agency": command.agency}, conflict=raced)


def _overtaken(post: Post) -> Refusal:
    sentence = f"{post.holder} is {_called(post)} of {post.agency} now. That changed after you looked."
    return Refusal("changed", sentence, {"holder": post.holder, "since": str(post.since)}, conflict=True)


def _give_up(command: f.GiveUpRole, post: Post | None, ctx: Context) -> Answer:
    if post is None or not post.holder:
        return ()
    if ctx.stale(version_key(command), post.version):
        return _overtaken(post)
    return (f.RoleGivenUp(command.agency, command.role, post.holder, command.reason.strip(), post.label),)


def _deputy(command: f.NameDeputy, post: Post | None, ctx: Context) -> Answer:
    if post is None or not post.holder:
        return _vacant(command, post, ctx)
    deputy = tidy(command.deputy)
    contact = tidy(command.contact) if deputy else ""
    if (post.deputy, post.deputy_contact) == (deputy, contact):
        return ()
    if ctx.stale(deputy_key(command), post.deputy_version):
        now = post.deputy or "nobody"
        sentence = f"The deputy of the {_called(post)} is {now} now. That changed after you looked."
        return Refusal("changed", sentence, {"deputy": post.deputy}, conflict=True)
    return (f.DeputyNamed(command.agency, command.role, deputy, contact, post.label),)


def _same(one: str, other: str) -> bool:
    return one.casefold() == other.casefold()


def _called(thing: Any, the: str = "") -> str:
    return the + called(thing.role, tidy(thing.label))


def called(role: str, label: str) -> str:
    """A role in the middle of a sentence: tactical commander; forward (sector) commander, north."""
    words = ROLES[role].words
    return f"{words}, {label}" if label else words


def version_key(thing: Any) -> str:
    """The key under which a command says which holder its author had seen."""
    return f"post/{place_of(thing)}"


def deputy_key(thing: Any) -> str:
    """The key under which a command says which deputy its author had seen."""
    return f"deputy/{place_of(thing)}"


# -- evolve ---------------------------------------------------------------------------------------------------


def evolve(state: Commanders, event: Any, record: Record) -> Commanders:
    """The state after one event. Never refuses, whatever came before."""
    match event:
        case f.DeskHandedOver():
            return _sat_down(state, event, record)
        case f.RoleGivenUp():
            return _given_up(state, event, record)
        case _:
            key = place_of(event)
            post = state.posts.get(key) or Post(agency=event.agency, role=event.role, label=event.label)
            return _with(state, _evolved(post, event, record))


def _with(state: Commanders, post: Post) -> Commanders:
    return Commanders({**state.posts, post.key: post})


def _evolved(post: Post, event: Any, record: Record) -> Post:
    version = record.command_id
    match event:
        case f.RoleTaken():
            return _taken(post, event, record)
        case f.HandedOver():
            stays = not _same(post.deputy, event.incoming)
            return replace(
                post,
                holder=event.incoming,
                contact=event.contact,
                since=record.at,
                by=record.actor,
                relieves=event.outgoing,
                handovers=post.handovers + 1,
                brief=event.brief if event.brief.written else None,
                verbal=event.verbal,
                note="",
                deputy=post.deputy if stays else "",
                deputy_contact=post.deputy_contact if stays else "",
                deputy_version=post.deputy_version if stays else version,
                version=version,
                changed=version,
            )
        case f.DeputyNamed():
            return replace(
                post,
                deputy=event.deputy,
                deputy_contact=event.contact,
                deputy_version=version,
                changed=version,
            )
        case _:
            raise AssertionError(f"no rule for {type(event).__name__}")


def _taken(post: Post, event: f.RoleTaken, record: Record) -> Post:
    """A vacant role is begun anew; who holds it already can only be reached elsewhere from now on."""
    version = record.command_id
    if not (post.holder and _same(post.holder, event.holder)):
        post = Post(
            agency=post.agency,
            role=post.role,
            label=event.label,
            since=record.at,
            by=record.actor,
            handovers=post.handovers,
            deputy_version=version if post.deputy_version else "",
        )
    if event.deputy:
        known = post.deputy_contact if _same(event.deputy, post.deputy) else ""
        post = replace(post, deputy=event.deputy, deputy_contact=known, deputy_version=version)
    contact = event.contact or post.contact
    return replace(post, holder=event.holder, contact=contact, version=version, changed=version)


def _given_up(state: Commanders, event: f.RoleGivenUp, record: Record) -> Commanders:
    """A sector or desk that nobody has is none; a role that every agency has stays, vacant since then."""
    key = f.post_key(event.agency, event.role, event.label)
    if event.label:
        return Commanders({other: post for other, post in state.posts.items() if other != key})
    before = state.posts.get(key)
    version = record.command_id
    post = Post(
        agency=event.agency,
        role=event.role,
        since=record.at,
        by=record.actor,
        relieves=event.outgoing,
        handovers=0 if before is None else before.handovers,
        note=event.reason,
        version=version,
        deputy_version=version if before is not None and before.deputy_version else "",
        changed=version,
    )
    return _with(state, post)


def _sat_down(state: Commanders, event: f.DeskHandedOver, record: Record) -> Commanders:
    """Who sits at a desk is who took it last; one that was written down late changes nothing any more."""
    key = f.post_key(event.agency, f.DESK, event.desk)
    before = state.posts.get(key)
    if before is None and sum(p.agency == event.agency and bool(p.label) for p in state.posts.values()) >= (
        f.LABELLED_MAX
    ):
        return state
    if before is not None and record.at < before.since:
        return state
    version = record.command_id
    post = Post(
        agency=event.agency,
        role=f.DESK,
        label=event.desk[:40],
        holder=event.incoming,
        contact=event.contact,
        since=record.at,
        by=record.actor,
        relieves=event.outgoing,
        handovers=1 if before is None else before.handovers + 1,
        note=event.points,
        version=version,
        changed=version,
    )
    return _with(state, post)


def version(state: Commanders, key: str) -> str:
    """``post/<key of the post>`` for who holds it, ``deputy/<key of the post>`` for the deputy."""
    what, _, place = key.partition("/")
    post = state.posts.get(place)
    if post is None:
        return ""
    return post.deputy_version if what == "deputy" else post.version


def label(_state: Commanders, key: str) -> str:
    """What people call a post: "tactical commander of LAS"."""
    agency, _, rest = key.partition("/")
    role, _, name = rest.partition("/")
    return f"{called(role, name)} of {agency}" if role in ROLES else key


# -- what others ask ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Vacancy:
    """A key role that an agency at work must hold and nobody holds; ``since`` is UTC ms."""

    agency: str
    role: str
    since: int

    @property
    def title(self) -> str:
        """What the role is called."""
        return ROLES[self.role].title


@dataclass(frozen=True, slots=True)
class Held:
    """How an agency's key roles stand, in a word: held, vacant, in part, or "" when none is asked or held."""

    word: str
    vacant: tuple[str, ...] = ()
    """The titles of those that are vacant."""


def key_roles(view: View, agency: str) -> tuple[str, ...]:
    """The codes of the roles that this agency must hold once it is at work."""
    known = charter_of(view).agencies.get(agency)
    return f.KEY_BY_TYPE.get(known.type if known is not None else "", ("tactical",))


@remembered("resources", "organisation")
def at_work(view: View) -> Mapping[str, int]:
    """The parties that have declared a major incident or have units at the scene, and since when (UTC ms).

    Who has stood down is not: a unit of theirs that is still there asks for itself.
    """
    since: dict[str, int] = {}
    for unit in view.resources.units.values():
        status = STATUSES.get(unit.status)
        if status is not None and status.group == SCENE:
            since[unit.controlling] = min(unit.scene_at, since.get(unit.controlling, unit.scene_at))
    found: dict[str, int] = {}
    for code in parties(view):
        party = organisation(view).parties[code]
        if stood_down(view, code):
            continue
        times = [since[code]] if code in since else []
        if party.declared in f.AT_WORK and party.major_at is not None:
            times.append(party.major_at)
        if times:
            found[code] = min(times)
    return found


def vacant(view: View) -> tuple[Vacancy, ...]:
    """The key roles that agencies at work do not hold, in the order of the parties."""
    posts = commanders(view).posts
    found = []
    for agency, began in at_work(view).items():
        for role in key_roles(view, agency):
            post = posts.get(f.post_key(agency, role))
            if post is None or not post.holder:
                found.append(Vacancy(agency, role, began if post is None else max(began, post.since)))
    return tuple(found)


def held(view: View, agency: str) -> Held:
    """How the key roles of one agency stand: "held", "vacant" (it is at work), "in part", or ""."""
    posts = commanders(view).posts
    roles = key_roles(view, agency)
    missing = tuple(
        ROLES[role].title
        for role in roles
        if (post := posts.get(f.post_key(agency, role))) is None or not post.holder
    )
    if roles and not missing:
        return Held("held")
    if missing and agency in at_work(view):
        return Held("vacant", missing)
    some = len(missing) < len(roles) or any(p.holder and p.agency == agency for p in posts.values())
    return Held("in part" if some else "", missing)


def holder(view: View, agency: str, role: str, label: str = "") -> Post | None:
    """The post of a role that somebody holds, or None while it is vacant."""
    post = commanders(view).posts.get(f.post_key(agency, role, label))
    return post if post is not None and post.holder else None


def invariants(view: View) -> tuple[str, ...]:
    """What must never be true of the roles of an incident, and is."""
    found = []
    known = organisation(view).parties
    count: dict[str, int] = {}
    for key, post in commanders(view).posts.items():
        if key != post.key:
            found.append(f"the role {post.key} is filed under {key}")
        if post.agency not in known:
            found.append(f"{post.agency} has a role and was never a party")
        if post.label and not post.holder:
            found.append(f"{key} has a label and no holder")
        if bool(post.label) and ROLES[post.role].labels == f.NO:
            found.append(f"{key} has a label that it cannot have")
        if not post.holder and (post.contact or post.deputy):
            found.append(f"{key} is vacant and somebody can be reached")
        count[post.agency] = count.get(post.agency, 0) + bool(post.label)
    found += [f"{agency} has {n} labelled roles" for agency, n in count.items() if n > f.LABELLED_MAX]
    return tuple(found)
