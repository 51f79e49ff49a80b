"""Who may do what: role x command x relation, from data, denied by default, with a reason naming the grant.

The roles are those frozen into the incident when it was opened; before that, those of the server. A role that is
lent to somebody for some hours opens its rows for them, asked anew each time (``incident.delegation``). The
relation is *own* when the thing belongs to the actor's agency or to nobody in particular, else *other*. Being
party to the incident comes first: who is not, is told only that there is no such incident for them.
"""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from incident.catalogue import Charter, Role
from incident.kernel.slice import Actor, Context, Refusal, View
from incident.sharing import standing
from incident.sharing.facts import TIERS

OPENING = frozenset({"organisation.open", "organisation.open_own"})
"""The commands that may come before an incident is opened."""

EXERCISE_CONTROL = "EXCON"
EXERCISE_ROLES = frozenset({"excon", "evaluator"})
"""Roles that there are in exercises only."""

ANYBODYS = frozenset({"exercises.no_duff"})
"""What who only looks on may do in an incident, too."""

NEVER_LENT = EXERCISE_ROLES | {"system", *TIERS}
"""Roles that nobody lends: who has one of these sees other papers, or is no person."""

LENDING = frozenset({"delegation.delegate"})
"""What a lent role never opens: nobody lends on what was lent to them."""

SERVERS = frozenset({"delegation.record_glass"})
"""What the server writes in every incident, however old the roles are that were frozen into it."""

NOT_PARTY = Refusal("not_party", "There is no such incident for your agency.")


def permit(view: View, ctx: Context, command: str, about: str) -> Refusal | None:
    """Whether this actor may do this in an incident, or in an agency's own part of one."""
    organisation = view.organisation
    if not organisation.opened:
        if command not in OPENING:
            return Refusal("not_open", "This incident has not been opened.")
        return granted(ctx.charter, ctx.actor, command, about)
    if not is_member(organisation, ctx.actor):
        return _by_agreement(view, ctx, command, about)
    if ctx.actor.role == "evaluator" and not organisation.own and command not in ANYBODYS:
        sentence = "An evaluator looks on here, and writes in exercise control's papers."
        return Refusal("no_grant", sentence, {"grant": command, "role": ctx.actor.role})
    return allowed(view, ctx, command, about)


def allowed(view: View, ctx: Context, command: str, about: str) -> Refusal | None:
    """The answer of the frozen roles, and of what is lent to this actor at this moment of the incident's clock.

    An observation that was written while a role counted is taken later, too, unless that was taken or given back.
    """
    charter, actor = view.organisation.charter, ctx.actor
    if command in SERVERS and is_system(actor):
        return None
    refusal = granted(charter, actor, command, about)
    if refusal is not None and refusal.code == "no_role":
        return _too_new(ctx, refusal)
    if refusal is None or refusal.code != "no_grant" or actor.automatic:
        return refusal
    state = getattr(view, "delegation", None)  # exercise control's papers know none
    if state is None or command in LENDING:
        return refusal
    held = state.roles(actor.agency, actor.name, ctx.now)
    if ctx.observed:  # said while it counted, and come late: an observation is not refused for that
        held += state.roles_then(actor.agency, actor.name, ctx.written_at)
    for code in held:
        if code not in NEVER_LENT and granted(charter, replace(actor, role=code), command, about) is None:
            return None
    return _told(charter, state, ctx, refusal)


def _too_new(ctx: Context, refusal: Refusal) -> Refusal:
    """The refusal of a role that this server knows, and the incident does not yet."""
    if ctx.charter is None or ctx.actor.role not in for_people(ctx.charter):
        return refusal
    more = "It was opened before that role existed; sign in in another role."
    return replace(refusal, sentence=f"{refusal.sentence} {more}")


def _told(charter: Charter, state: Any, ctx: Context, refusal: Refusal) -> Refusal:
    """The refusal, with what would have opened it until it was over."""
    grant = refusal.facts.get("grant", "")
    over = [
        charter.roles[one.role].title
        for one in state.held(ctx.actor.agency, ctx.actor.name)
        if not one.counts(ctx.now) and one.role in charter.roles and grant in charter.roles[one.role].own
    ]
    if not over or refusal.facts.get("relation") != "own":
        return refusal
    return replace(refusal, sentence=f"{refusal.sentence} What was lent to you is over: {', '.join(over)}.")


def _by_agreement(view: View, ctx: Context, command: str, about: str) -> Refusal | None:
    """Whether somebody who only sees this by an agreement may do this: what its tier lists, and their role too.

    ``ctx.now`` is by the clock of the incident, as the agreement is.
    """
    agreement = standing(view, ctx.actor.agency, ctx.now)
    if agreement is None:
        return NOT_PARTY
    charter = view.organisation.charter
    tier = charter.roles.get(agreement.tier)
    if tier is None or command not in tier.own:
        sentence = (
            f"This is shared with your agency {TIERS[agreement.tier]}, by {agreement.by}: it cannot do that."
        )
        return Refusal("no_grant", sentence, {"grant": command, "role": agreement.tier})
    refusal = granted(charter, ctx.actor, command, about)
    return _too_new(ctx, refusal) if refusal is not None and refusal.code == "no_role" else refusal


def permit_register(view: View, ctx: Context, command: str, about: str) -> Refusal | None:
    """Whether this actor may do this in an agency's register. ``ctx.stream`` is register/<mode>/<AGENCY>."""
    _, _, rest = ctx.stream.partition("/")
    mode, _, agency = rest.partition("/")
    charter = ctx.charter
    if charter is not None and charter.mode != mode:
        return Refusal("wrong_mode", f"This server keeps {charter.mode} registers only.")
    if not is_system(ctx.actor) and ctx.actor.agency != agency:
        return Refusal("not_party", "There is no such register for your agency.")
    return granted(charter, ctx.actor, command, about)


def is_member(organisation: Any, actor: Actor) -> bool:
    """Whether an actor belongs to an opened incident (or to the agency whose own part this is)."""
    if is_system(actor):
        return True
    if is_exercise_machine(actor) and organisation.charter.mode != "exercise":
        return False
    if organisation.own:
        return bool(organisation.own == actor.agency)
    if is_exercise_control(organisation.charter, actor):
        return True
    party = organisation.parties.get(actor.agency)
    return party is not None and party.left_at is None


def is_system(actor: Actor) -> bool:
    """The server itself: by its name and by its role, of which a person can have neither alone to any effect."""
    return actor.name == "system" and actor.role == "system"


def is_exercise_machine(actor: Actor) -> bool:
    """Exercise control's machine or a virtual trust: neither has a part in a live incident."""
    return actor.automatic and actor.name != "system"


def is_exercise_control(charter: Charter, actor: Actor) -> bool:
    """Exercise control takes part in every exercise, and in nothing else; its evaluators look on."""
    return is_exercise_control_seat(actor) and charter.mode == "exercise"


def is_exercise_control_seat(actor: Actor) -> bool:
    """A person or the machine of exercise control itself: who may see its papers."""
    return actor.agency == EXERCISE_CONTROL and actor.role in EXERCISE_ROLES


def granted(charter: Charter | None, actor: Actor, command: str, about: str) -> Refusal | None:
    """The answer of the roles alone."""
    if charter is None:
        return Refusal("no_charter", "The roles of this server are not known here yet.")
    role = charter.roles.get(actor.role)
    if role is None or role.code in TIERS:  # a tier is the role of an agreement, and of nobody
        return Refusal("no_role", f"This incident knows no role {actor.role!r}.", {"role": actor.role})
    if (role.code == "system" or actor.name == "system") and not is_system(actor):
        return Refusal("no_grant", "The role system is for the server itself.", {"role": role.code})
    if (role.code in EXERCISE_ROLES or is_exercise_machine(actor)) and charter.mode != "exercise":
        return Refusal("no_grant", "Exercise control has no part in a live incident.", {"role": role.code})
    if only_of(role) not in ("", actor.agency):
        sentence = f"The role {role.title} is for people of {only_of(role)} alone."
        return Refusal("no_grant", sentence, {"role": role.code, "agency": only_of(role)})
    own = about in ("", actor.agency)
    if command in (role.own if own else role.other):
        return None
    return _missing(charter, role, command, about, own=own)


def _missing(charter: Charter, role: Role, command: str, about: str, *, own: bool) -> Refusal:
    facts = {"grant": command, "role": role.code, "relation": "own" if own else "other"}
    if not own and command in role.own:
        return Refusal("no_grant", f"Only {about} may do this: the thing is theirs, not yours.", facts)
    able = [charter.roles[code].title for code in who_can(charter, command)]
    ask = f" Ask: {', '.join(able)}." if able else ""
    givers = who_can_lend(charter, command)
    if givers:
        ask += f" Or have it lent to you by: {', '.join(charter.roles[code].title for code in givers)}."
        facts["lent_by"] = ", ".join(givers)
    return Refusal("no_grant", f"The role {role.title} lacks the grant {command}.{ask}", facts)


def who_can_lend(charter: Charter, command: str) -> tuple[str, ...]:
    """The codes of the roles that may lend a role that may do this; none for what a lent role never opens."""
    if command in LENDING:
        return ()
    able = set(who_can(charter, command)) - NEVER_LENT
    return tuple(role.code for role in charter.roles.values() if able & set(role.may_delegate))


def who_can(charter: Charter, command: str) -> tuple[str, ...]:
    """The codes of the roles that people hold and that may do this to their own agency's things."""
    return tuple(
        role.code
        for role in charter.roles.values()
        if role.code in for_people(charter) and command in role.own
    )


def for_people(charter: Charter) -> tuple[str, ...]:
    """The codes of the roles that a person can have."""
    return tuple(code for code in charter.roles if code != "system" and code not in TIERS)


def only_of(role: Role) -> str:
    """The one agency whose people have this role, "" for any; where no file says so yet, exercise control's own."""
    return EXERCISE_CONTROL if role.code in EXERCISE_ROLES else role.agency


def for_people_of(charter: Charter, agency: str) -> tuple[str, ...]:
    """The codes of the roles in which a person of this agency can act here."""
    closed = frozenset() if charter.mode == "exercise" else EXERCISE_ROLES
    return tuple(
        code
        for code in for_people(charter)
        if code not in closed and only_of(charter.roles[code]) in ("", agency)
    )


def explained(charter: Charter, command: str) -> tuple[str, ...]:
    """Who may do this, as lines for a person: to things of their own agency (or nobody's), and to those of others.

    The server itself is named where it may, too; a command of which no role has a row is refused to everybody.
    """
    lines = [command]
    for title, relation in (("one's own", "own"), ("another agency's", "other")):
        able = [role.title for role in charter.roles.values() if command in getattr(role, relation)]
        lines.append(f"  {title:18}{', '.join(able) or 'nobody'}")
    for title in (
        f"as {charter.roles[code].title}, from {givers}" for code, givers in _lent_as(charter, command)
    ):
        lines.append(f"  {'by delegation':18}{title}")
    return tuple(lines)


def _lent_as(charter: Charter, command: str) -> tuple[tuple[str, str], ...]:
    """(role, the titles of who may lend it) for every role that may do this and that somebody lends."""
    found = []
    for role in charter.roles.values():
        givers = [one.title for one in charter.roles.values() if role.code in one.may_delegate]
        may = command in (*role.own, *role.other) and command not in LENDING
        if may and givers and role.code not in NEVER_LENT:
            found.append((role.code, ", ".join(givers)))
    return tuple(found)


def grants(charter: Charter, role: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What a role may do to own and to other agencies' things; two empty tuples for an unknown role."""
    found = charter.roles.get(role)
    return ((), ()) if found is None else (found.own, found.other)


def grants_now(view: View, actor: Actor, now: int) -> tuple[frozenset[str], frozenset[str]]:
    """What somebody may do now (UTC ms) to own and to others' things: by their role and by what is lent to them."""
    state = getattr(view, "delegation", None)
    lent = () if state is None else state.roles(actor.agency, actor.name, now)
    charter = view.organisation.charter
    held = [grants(charter, code) for code in (actor.role, *lent)]
    own, other = (frozenset[str]().union(*(pair[side] for pair in held)) for side in (0, 1))
    return own, other


def unknown_grants(charter: Charter, commands: frozenset[str]) -> tuple[tuple[str, str], ...]:
    """(role, grant) for every row of the roles that names no command: a slip of the pen in the file."""
    return tuple(
        (role.code, grant)
        for role in charter.roles.values()
        for grant in (*role.own, *role.other)
        if grant not in commands
    )


def unknown_lent(charter: Charter) -> tuple[tuple[str, str], ...]:
    """(role, lent role) for every ``may_delegate`` that names no role, or one that nobody lends."""
    return tuple(
        (role.code, lent)
        for role in charter.roles.values()
        for lent in role.may_delegate
        if lent not in charter.roles or lent in NEVER_LENT
    )
