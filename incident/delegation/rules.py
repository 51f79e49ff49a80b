"""Delegation, the rules: who may lend which role, for how long, who may end it, and what is kept of it."""

from __future__ import annotations

from typing import Any, Final, cast

from msgspec.structs import replace

from incident.catalogue import Charter
from incident.delegation import facts as f
from incident.delegation.facts import Delegation, Delegations, Glass, tidy
from incident.kernel.checks import nearest
from incident.kernel.record import Record
from incident.kernel.slice import Actor, Context, Refusal, View
from incident.kernel.text import clip, safe_text
from incident.organisation import charter_of, closed, is_party, organisation
from incident.permissions import NEVER_LENT
from incident.values import length_words, stop

Answer = tuple[Any, ...] | Refusal

NO_LENDING: Final = "Nobody lends {title}: it is held by a sign-in of its own."


def delegations(view: View) -> Delegations:
    """What is lent in an incident, or in an agency's own part of one."""
    return cast("Delegations", view.delegation)


def decide(view: View, command: Any, ctx: Context) -> Answer:
    """What comes of one command: events, none when it is so already, or a refusal."""
    if not is_party(view, command.agency):
        return Refusal("not_party", f"{command.agency} is not party to this incident.")
    match command:
        case f.Delegate():
            return _delegate(view, command, ctx)
        case f.EndDelegation():
            return _end(view, command, ctx)
        case f.RecordGlass():
            return _glass(view, command)
        case _:
            raise AssertionError(f"no rule for {type(command).__name__}")


# -- lending --------------------------------------------------------------------------------------------------


def _delegate(view: View, command: f.Delegate, ctx: Context) -> Answer:
    """The giver's own role decides: what was lent to them is not theirs to lend on."""
    refusal = closed(view, ctx, "a role is lent", late=False)
    refusal = refusal or _to(command, ctx) or _lendable(charter_of(view), ctx.actor, command.role)
    refusal = refusal or _until(command, ctx)
    if refusal is not None:
        return refusal
    state = delegations(view)
    known = state.lent.get(_key(command))
    running = known if known is not None and known.counts(ctx.now) else None
    if running is None and active(state, command.agency, ctx.now) >= f.ACTIVE_MAX:
        sentence = f"{command.agency} has {f.ACTIVE_MAX} roles lent: end one first."
        return Refusal("too_many", sentence)
    reason = command.reason.strip()
    if running is not None:
        if (running.until, running.reason) == (command.until, reason):
            return ()
        if ctx.stale(version_key(command), running.version):
            return _overtaken(running)
    event = f.Delegated(command.agency, tidy(command.to), command.role, command.until, reason, ctx.actor.role)
    return (event,)


def _lendable(charter: Charter, actor: Actor, role: str) -> Refusal | None:
    known = charter.roles.get(role)
    if known is None:
        hint = nearest(role, charter.roles) or "."
        return Refusal("not_lent", stop(f"This incident knows no role {role}{hint}"), {"role": role})
    if role in NEVER_LENT:
        return Refusal("not_lent", NO_LENDING.format(title=known.title), {"role": role})
    giver = charter.roles.get(actor.role)
    may = () if giver is None else giver.may_delegate
    if role in may:
        return None
    title = actor.role if giver is None else giver.title
    lends = ", ".join(charter.roles[one].title for one in may if one in charter.roles)
    can = f"{title} may lend: {lends}." if lends else f"{title} may lend no role."
    givers = who_lends(charter, role)
    ask = f" {known.title} is lent by: {givers}." if givers else ""
    return Refusal("not_lent", can + ask, {"role": role, "giver": actor.role})


def who_lends(charter: Charter, role: str) -> str:
    """The titles of the roles that may lend this one, "" for none."""
    return ", ".join(one.title for one in charter.roles.values() if role in one.may_delegate)


def _to(command: f.Delegate, ctx: Context) -> Refusal | None:
    if _same(command.to, ctx.actor.name):
        return Refusal("same_person", "A role is lent to somebody else: name the colleague who gets it.")
    if Actor(tidy(command.to).lower(), command.agency, command.role).automatic:
        return Refusal("no_person", f"{command.to} is no person: a role is lent to people only.")
    return None


def _until(command: f.Delegate, ctx: Context) -> Refusal | None:
    if command.until <= ctx.now:
        return Refusal("wrong_time", "That moment has passed: say a later one.")
    if command.until > ctx.now + f.LONGEST_MS:
        sentence = f"A role is lent for {length_words(f.LONGEST_MS)} at most; lend it again after that."
        return Refusal("wrong_time", sentence)
    return None


def active(state: Delegations, agency: str, now: int) -> int:
    """How many roles this agency has lent at this moment (UTC ms)."""
    return sum(one.agency == agency and one.counts(now) for one in state.lent.values())


# -- ending ---------------------------------------------------------------------------------------------------


def _end(view: View, command: f.EndDelegation, ctx: Context) -> Answer:
    known = delegations(view).lent.get(_key(command))
    if known is None or not known.counts(ctx.now):
        return ()
    if not may_end(charter_of(view), ctx.actor, known):
        titles = who_lends(charter_of(view), known.role) or "nobody"
        sentence = f"{known.by} ends it, who lent it, or {known.to}, who has it, or: {titles}."
        return Refusal("not_yours", sentence, {"by": known.by, "to": known.to})
    # Whatever changed meanwhile: nobody who takes a right back means to leave a longer one.
    back = _same(known.to, ctx.actor.name)
    return (f.DelegationEnded(known.agency, known.to, known.role, command.reason.strip(), back),)


def may_end(charter: Charter, actor: Actor, lent: Delegation) -> bool:
    """Who lent it, who has it, and everybody of their agency whose own role may lend it."""
    if actor.agency != lent.agency:
        return False
    role = charter.roles.get(actor.role)
    could = role is not None and lent.role in role.may_delegate
    return could or _same(actor.name, lent.by) or _same(actor.name, lent.to)


def _overtaken(lent: Delegation) -> Refusal:
    sentence = f"{lent.by} changed what is lent to {lent.to} after you looked."
    return Refusal("changed", sentence, {"by": lent.by, "since": str(lent.at)}, conflict=True)


# -- glass ----------------------------------------------------------------------------------------------------


def _glass(view: View, command: f.RecordGlass) -> Answer:
    """Never refused but for a stranger: it happened, and who shares the incident is to know."""
    event = f.GlassBroken(
        command.agency,
        tidy(command.first),
        tidy(command.second),
        command.role,
        command.reason.strip(),
        command.until,
    )
    same = (event.agency, event.first, event.second, event.role, event.until)
    if any(
        (one.agency, one.first, one.second, one.role, one.until) == same
        for one in delegations(view).glass.values()
    ):
        return ()
    return (event,)


def glass_broken(
    view: View, agency: str, first: str, second: str, role: str, reason: str, until: int
) -> f.RecordGlass | None:
    """What the server writes when two persons of an agency broke the glass; None where it has no part.

    Whatever they typed is made to fit: the record is not to fail for a long reason. ``until`` is UTC ms, real time.
    """
    state = organisation(view)
    if not state.opened or state.closed or not is_party(view, agency):
        return None

    def fitted(text: str, limit: int, else_: str) -> str:
        return clip(tidy(safe_text(text)), limit) or else_

    names = fitted(first, 80, "not named"), fitted(second, 80, "not named")
    return f.RecordGlass(agency, *names, role, fitted(reason, 500, "no reason was given"), until)


# -- evolve ---------------------------------------------------------------------------------------------------


def evolve(state: Delegations, event: Any, record: Record) -> Delegations:
    """The state after one event. Never refuses, whatever came before."""
    match event:
        case f.Delegated():
            return replace(state, lent=_lent(state.lent, event, record))
        case f.DelegationEnded():
            key = f.lent_key(event.agency, event.role, event.to)
            known = state.lent.get(key)
            if known is None:
                return state
            over = replace(
                known,
                ended_at=record.recorded_at,
                ended_by=record.actor,
                ended_why=event.reason,
                version=record.command_id,
            )
            return replace(state, lent={**state.lent, key: over})
        case _:
            return replace(state, glass=_broken(state.glass, event, record))


def _lent(lent: dict[str, Delegation], event: f.Delegated, record: Record) -> dict[str, Delegation]:
    before = lent.get(f.lent_key(event.agency, event.role, event.to))
    running = before is not None and before.counts(record.recorded_at)
    one = Delegation(
        agency=event.agency,
        to=event.to,
        role=event.role,
        at=record.recorded_at,  # whatever moment its author claims: a right has no past
        until=event.until,
        reason=event.reason,
        by=record.actor,
        giver=event.giver,
        since=before.since if before is not None and running else record.recorded_at,
        version=record.command_id,
    )
    known = {**lent, one.key: one}
    ours = [other for other in known.values() if other.agency == event.agency and other.key != one.key]
    too_many = max(0, len(ours) + 1 - f.KEPT_MAX)
    for other in sorted(ours, key=lambda other: (other.over_at, other.key))[:too_many]:
        del known[other.key]
    return known


def _broken(glass: dict[str, Glass], event: f.GlassBroken, record: Record) -> dict[str, Glass]:
    one = Glass(
        id=record.command_id,
        agency=event.agency,
        first=event.first,
        second=event.second,
        role=event.role,
        reason=event.reason,
        at=record.at,
        until=event.until,
    )
    known = {**glass, one.id: one}
    too_many = max(0, len(known) - f.GLASS_MAX)
    for other in sorted(known.values(), key=lambda other: (other.at, other.id))[:too_many]:
        del known[other.id]
    return known


# -- keys -----------------------------------------------------------------------------------------------------


def _key(thing: Any) -> str:
    return f.lent_key(thing.agency, thing.role, thing.to)


def _same(one: str, other: str) -> bool:
    return tidy(one).lower() == tidy(other).lower()


def version_key(thing: Any) -> str:
    """The key under which a command says which state of a delegation its author had seen."""
    return f"lent/{_key(thing)}"


def version(state: Delegations, key: str) -> str:
    """``lent/<key of the delegation>``: the id of the command that last changed it."""
    known = state.lent.get(key.partition("/")[2])
    return "" if known is None else known.version


def label(state: Delegations, key: str) -> str:
    """What people call a delegation, or a glass that was broken."""
    known = state.lent.get(key)
    if known is not None:
        return f"what is lent to {known.to}"
    return "the broken glass" if key in state.glass else key


def invariants(view: View) -> tuple[str, ...]:
    """What must never be true of what is lent, and is."""
    state, found = delegations(view), []
    count: dict[str, int] = {}
    for key, one in state.lent.items():
        if key != one.key:
            found.append(f"the delegation {one.key} is filed under {key}")
        if not one.reason.strip():
            found.append(f"{key} has no reason")
        if one.role in NEVER_LENT:
            found.append(f"{key} lends what is never lent")
        if one.until > one.at + f.LONGEST_MS:
            found.append(f"{key} lasts too long")
        count[one.agency] = count.get(one.agency, 0) + 1
    found += [f"{agency} has {n} delegations kept" for agency, n in count.items() if n > f.KEPT_MAX]
    if len(state.glass) > f.GLASS_MAX:
        found.append("more broken glass is kept than promised")
    return tuple(found)
