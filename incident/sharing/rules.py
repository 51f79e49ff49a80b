"""Sharing agreements, the rules: who may make one, who may end it, and whether one stands at this moment."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from incident.kernel.record import Record
from incident.kernel.slice import Context, Due, Refusal, View
from incident.organisation.facts import Organisation
from incident.sharing import facts as f
from incident.sharing.facts import Agreement, Sharing
from incident.values import MINUTE_MS

Answer = tuple[Any, ...] | Refusal


def sharing(view: View) -> Sharing:
    """The agreements of a stream; none where the kind of stream cannot be shared at all."""
    found: Sharing = getattr(view, "sharing", _NONE)
    return found


_NONE = Sharing()


def stands(view: View, agreement: Agreement, now: int) -> bool:
    """Whether an agreement holds at this moment (UTC ms by the clock of the incident)."""
    if agreement.ended_at is not None or now >= agreement.until:
        return False
    return agreement.place == _place(view.organisation, agreement.agency)


def standing(view: View, agency: str, now: int) -> Agreement | None:
    """The agreement by which an agency sees this stream at this moment, asked each time it is read."""
    agreement = sharing(view).agreements.get(agency)
    return agreement if agreement is not None and stands(view, agreement, now) else None


def shared_with(view: View, now: int) -> frozenset[str]:
    """The agencies that see this stream by an agreement at this moment."""
    found = sharing(view).agreements
    return frozenset(code for code, agreement in found.items() if stands(view, agreement, now))


def owner(state: Organisation) -> str:
    """Whose it is to share: an own part is its agency's, the incident the lead's."""
    return state.own or state.lead


def _place(state: Organisation, agency: str) -> str:
    """The version of an agency's place in the incident; in an own part there are no places."""
    party = state.parties.get(agency)
    return "" if party is None else party.changed


# -- decisions ------------------------------------------------------------------------------------------------


def decide(view: View, command: Any, ctx: Context) -> Answer:
    """The events of one command, none when it is so already, or a refusal."""
    match command:
        case f.Share():
            return _not_theirs(view, command, ctx) or _share(view, command, ctx)
        case f.End():
            return _end(view, command, ctx)
        case _:
            return _run_out(view, command, ctx)


def _not_theirs(view: View, command: f.Share, ctx: Context) -> Refusal | None:
    """Who does not own the stream, or whom it cannot be shared with."""
    state: Organisation = view.organisation
    ours, to = owner(state), command.agency
    if ctx.actor.agency != ours:
        whose = (
            f"its own part is {ours}'s to share"
            if state.own
            else f"the incident is the lead's ({ours}) to share"
        )
        sentence = f"Nothing can be shared on: {whose}."
        return Refusal("not_owner", sentence, {"owner": ours})
    if to == ours:
        return Refusal("own_agency", f"{to} sees it already: it is its own.")
    agency = state.charter.agencies.get(to)
    if agency is None:
        return Refusal("unknown_agency", f"The catalogue has no agency {to!r}.", {"agency": to})
    if agency.type == "exercise":
        return Refusal("not_shared", f"{agency.name} sees every exercise, and nothing else.", {"agency": to})
    party = state.parties.get(to)
    if party is not None and party.left_at is None:
        return Refusal("not_shared", f"{to} is party to this incident and sees all of it.", {"agency": to})
    return None


def _share(view: View, command: f.Share, ctx: Context) -> Answer:
    found, to = sharing(view).agreements, command.agency
    before = found.get(to)
    if ctx.stale(f.key(to), "" if before is None else before.version):
        return Refusal(
            "changed", f"The agreement with {to} has changed meanwhile. Look at it again.", conflict=True
        )
    others = sum(code != to and stands(view, agreement, ctx.now) for code, agreement in found.items())
    if others >= f.STANDING_MAX:
        return Refusal("too_many", f"{f.STANDING_MAX} agencies see this by agreement. End one first.")
    until = ctx.now + command.minutes * MINUTE_MS
    place = _place(view.organisation, to)
    return (f.Shared(to, command.tier, command.purpose.strip(), until, place),)


def _end(view: View, command: f.End, ctx: Context) -> Answer:
    agreement = sharing(view).agreements.get(command.agency)
    if agreement is None:
        return Refusal("no_agreement", f"There is no agreement with {command.agency}.")
    if ctx.actor.agency not in (agreement.by, agreement.agency, owner(view.organisation)):
        sides = f"{agreement.by} or {agreement.agency}"
        return Refusal("not_yours", f"Only {sides} can end this agreement.", {"agency": agreement.agency})
    if agreement.ended_at is not None:
        return ()
    return (f.Ended(command.agency, command.reason.strip()),)


def _run_out(view: View, command: f.RunOut, ctx: Context) -> Answer:
    agreement = sharing(view).agreements.get(command.agency)
    if agreement is None or agreement.version != command.version or agreement.ended_at is not None:
        return ()
    if ctx.now < agreement.until:
        return Refusal("too_early", "The agreement still stands.")
    return (f.RanOut(command.agency),)


# -- what becomes of it ---------------------------------------------------------------------------------------


def evolve(state: Sharing, event: Any, record: Record) -> Sharing:
    """The state after one event. Never refuses, whatever came before."""
    if isinstance(event, f.Shared):
        agreement = Agreement(
            agency=event.agency,
            by=record.agency,
            actor=record.actor,
            tier=event.tier,
            purpose=event.purpose,
            at=record.recorded_at,
            until=event.until,
            version=record.command_id,
            place=event.place,
        )
        return Sharing({**state.agreements, event.agency: agreement})
    before = state.agreements.get(event.agency)
    if before is None:
        return state
    by, reason = (record.agency, event.reason) if isinstance(event, f.Ended) else ("", "")
    # A new version: who agrees anew must have seen that it is over.
    ended = replace(
        before, ended_at=record.recorded_at, ended_by=by, reason=reason, version=record.command_id
    )
    return Sharing({**state.agreements, event.agency: ended})


def due(state: Sharing, _now: int) -> tuple[Due, ...]:
    """Every agreement that was not ended runs out."""
    return tuple(
        Due(one.until, f"agreement-runs-out/{one.version}", f.RunOut(one.agency, one.version))
        for one in state.agreements.values()
        if one.ended_at is None
    )


def version(state: Sharing, key: str) -> str:
    """The id of the command that last changed an agreement."""
    what, _, agency = key.partition("/")
    found = state.agreements.get(agency)
    return found.version if what == "agreement" and found is not None else ""


def label(_state: Sharing, key: str) -> str:
    """What people call a thing of this slice."""
    return f"the agreement with {key}"


def invariants(view: View) -> tuple[str, ...]:
    """What must never be true of agreements, and is."""
    found: list[str] = []
    for code, one in sharing(view).agreements.items():
        if code != one.agency:
            found.append(f"the agreement with {code} is filed under another name")
        if one.by == one.agency:
            found.append(f"{code} shares with itself")
        if one.until - one.at > f.MINUTES_MAX * MINUTE_MS:
            found.append(f"the agreement with {code} is longer than it may be")
        if not one.purpose.strip():
            found.append(f"the agreement with {code} has no purpose")
    return tuple(found)
