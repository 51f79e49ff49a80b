"""Mutual aid, the verbs: ``req SCAS 3 DCA``, and what each side can then do with the row, mostly by one key."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from incident.kernel.board import Arg, Look, Verb
from incident.mutual_aid import commands as c
from incident.mutual_aid import facts as f
from incident.mutual_aid import forms
from incident.mutual_aid.fold import mutual_aid, proposal
from incident.mutual_aid.lookup import from_methane, last_terms, mine, ours, rvps, talkgroup, trusts
from incident.mutual_aid.steps import UNIT_STEPS
from incident.mutual_aid.words import lines_words
from incident.organisation import charter_of, is_party, organisation, parties
from incident.permissions import grants_now
from incident.values import split_key

NEXT_PROPOSED = 4
"""Trusts that a new request proposes to ask after the first."""

# -- whose turn it is -----------------------------------------------------------------------------------------


def _asker(request: Any, look: Look) -> bool:
    return isinstance(request, f.Request) and mine(request, look) and request.state not in f.SETTLED


def _asked(request: Any, look: Look) -> bool:
    return isinstance(request, f.Request) and ours(request, look) and request.state in f.ANSWERABLE


def _asks_on(request: Any, look: Look) -> bool:
    """Whether we may ask the next trust: for ourselves, or as the broker for what nobody gives."""
    if _asker(request, look):
        return request.state == "sent" or request.state in f.UNFILLED
    if not isinstance(request, f.Request) or look.me is None or request.state not in f.BROKERED:
        return False
    return "mutual_aid.offer_next" in grants_now(look.state, look.me, look.now)[1]


def _when(who: Callable[[Any, Look], bool], *states: str) -> Callable[[Any, Look], bool]:
    return lambda request, look: who(request, look) and request.state in states


def _with_open_lines(request: Any, look: Look) -> bool:
    return _asked(request, look) and bool(forms.open_lines(request))


def _can(command: type) -> Callable[[Any, Look], bool]:
    """Whether a unit can take this step, and it is ours to say."""
    whose = UNIT_STEPS[command][2]

    def check(request: Any, look: Look) -> bool:
        if not isinstance(request, f.Request) or look.me is None or not forms.able(request, command):
            return False
        lenders = {split_key(unit.key)[0] for unit in request.out}
        host = request.requester
        able = {"lender": lenders, "host": {host}, "either": {*lenders, host}}[whose]
        return look.me.agency in able

    return check


def _cancellable(request: Any, look: Look) -> bool:
    return _asker(request, look) and all(unit.state == "named" for unit in request.out)


def _closable(request: Any, look: Look) -> bool:
    answered = _asker(request, look) and request.state in f.ANSWERABLE - {"sent"}
    return answered and not request.out


# -- arguments ------------------------------------------------------------------------------------------------


def _known(name: str) -> Callable[[Look, Any], str]:
    def default(look: Look, _row: Any) -> str:
        said = from_methane(look, name)
        if said:
            return said
        last = last_terms(look)
        value = "" if last is None else str(getattr(last, name))
        if name == "talkgroup":
            return talkgroup(look, value)
        return "" if value == f.UNKNOWN else value

    return default


def _of_row(name: str) -> Callable[[Look, Any], str]:
    return lambda _look, request: "" if request is None else str(getattr(request.terms, name))


def _agreed_rvp(look: Look, _row: Any) -> str:
    found = rvps(look)
    return str(found[0].name) if found else ""


def _trusts(look: Look, _row: Any) -> Sequence[tuple[str, str]]:
    return [(code, code) for code in trusts(look)]


def _next_trusts(look: Look, request: Any) -> Sequence[tuple[str, str]]:
    """Whom to ask now, the one that was proposed first."""
    if request is None:
        return _trusts(look, request)
    order = (request.proposed or proposal(request), *request.next, *trusts(look))
    done = {"", request.requester, request.lender}
    return [(code, code) for code in dict.fromkeys(order) if code not in done]


def _proposed(_look: Look, request: Any) -> str:
    return "" if request is None else request.proposed or proposal(request)


def _others(look: Look, _row: Any) -> str:
    """Whom to ask next when the first does not: the trusts nearest to the incident, else those that are party."""
    own = "" if look.me is None else look.me.agency
    known = charter_of(look.state).agencies
    placing = organisation(look.state).placing
    near = () if placing is None else (placing.trust, *(area.agency for area in placing.near))
    here = [code for code in near or parties(look.state) if code in known and known[code].type == "ambulance"]
    return " ".join([code for code in here if code != own][:NEXT_PROPOSED])


def _line_choices(_look: Look, request: Any) -> Sequence[tuple[str, str]]:
    if request is None:
        return ()
    return [(str(n), lines_words((request.terms.lines[n],))) for n in forms.open_lines(request)]


def _first_line(look: Look, request: Any) -> str:
    found = _line_choices(look, request)
    return found[0][0] if found else ""


_REASON = Arg("reason", "Reason", rest=True)
_WHY = Arg("reason", "Reason", required=False, rest=True)
_DETAILS = (
    ("hazards", "Hazards (blank: not known)", 200),
    ("ppe", "PPE", 200),
    ("talkgroup", "Talkgroup", 40),
    ("contact", "Ring (role, number)", 80),
    ("reports_to", "Reports to", 80),
    ("access", "Access", 200),
    ("egress", "Egress", 200),
)
_RAISE_ARGS = (
    Arg("agency", "Which trust", "agency", True, _trusts),
    Arg("lines", "What (3 DCA, 1 HART water)", limit=300),
    Arg("needed", "Needed by (30m, 14:50; blank: as soon as possible)", "time", required=False),
    Arg("rvp", "RVP", "location", required=False, default=_agreed_rvp, limit=120),
    Arg("reason", "Reason", required=False, limit=500),
    *(Arg(name, title, required=False, default=_known(name), limit=most) for name, title, most in _DETAILS),
    Arg("next", "Then ask, in this order", "agencies", False, _trusts, _others),
    Arg("transit", "Driven through the area of", "agencies", False, _trusts),
    Arg("expected", "For how long (4h)", "minutes", required=False),
    Arg("answer", "Time to answer", "minutes", False, default=lambda _l, _r: f"{f.ANSWER_MINUTES}m"),
    Arg("basis", "Basis", "choice", False,
        lambda _l, _r: (("immediate", "immediate"), ("planned", "planned")), lambda _l, _r: "immediate"),
)  # fmt: skip
_AMEND_ARGS = (
    Arg("needed", "Needed by (30m, 14:50)", "time", required=False),
    Arg(
        "rvp",
        "RVP",
        "location",
        required=False,
        default=lambda _l, r: "" if r is None or r.terms.rvp is None else r.terms.rvp.words,
        limit=120,
    ),
    Arg(
        "lines",
        "What",
        required=False,
        default=lambda _l, r: "" if r is None else lines_words(r.terms.lines),
        limit=300,
    ),
    *(Arg(name, title, required=False, default=_of_row(name), limit=most) for name, title, most in _DETAILS),
    Arg("reason", "Reason", required=False, default=_of_row("reason"), limit=500),
)


def _reap(look: Look, _row: Any) -> str:
    known = None if look.me is None else mutual_aid(look.state).pressures.get(look.me.agency)
    return "" if known is None else str(known.reap)


_COUNTS = Arg(
    "counts",
    "How many of each line",
    default=lambda look, request: "" if request is None else forms.have(look, request),
    limit=20,
)
_PRESSURE_ARGS = (
    Arg(
        "reap",
        "REAP",
        "choice",
        True,
        lambda _l, _r: [(str(n), f"{n} {w}") for n, w in f.REAP.items()],
        _reap,
    ),
    Arg("floors", "We keep at least (4 DCA 1 HART)", required=False, limit=100),
    Arg("note", "Note", required=False, limit=200, rest=True),
)


# -- the verbs ------------------------------------------------------------------------------------------------

ASKING = (
    Verb("request", "Request aid", "req", c.Raise, forms.raise_, key="r", row=False, args=_RAISE_ARGS,
         aliases=("aid",), example="req SCAS 3 DCA 30m",
         help="Asks one trust, which becomes party by it. It is sent at once if your role may approve it."),
    Verb("approve", "Approve and send", "approve", c.Approve, forms.approve, key="i",
         applies=_when(_asker, "requested"), example="approve LAS-A3"),
    Verb("change", "Change what is asked", "change", c.Amend, forms.amend, key="e", args=_AMEND_ARGS, applies=_asker,
         example='change LAS-A3 15:10 rvp="RVP B"',
         help="A new edition, which the lender has to read. Also attaches the newest METHANE."),
    Verb("offer_next", "Offer to the next trust", "offernext", c.OfferNext, forms.offer_next, key="o",
         args=(Arg("agency", "Which trust", "agency", True, _next_trusts, _proposed),),
         applies=_asks_on, example="offernext LAS-A3 SECAMB",
         help="For all of it, or for what is lacking, in a request of its own."),
    Verb("take_counter", "Take what is offered instead", "takeoffer", c.AnswerCounter,
         lambda r, _v, _l: c.AnswerCounter(r.id, True), key="Y", applies=_when(_asker, "countered"),
         example="takeoffer LAS-A3"),
    Verb("refuse_counter", "Do not take what is offered instead", "notoffer", c.AnswerCounter,
         lambda r, v, _l: c.AnswerCounter(r.id, False, forms.text(v, "reason")), key="W", args=(_WHY,),
         applies=_when(_asker, "countered"), example="notoffer LAS-A3"),
    Verb("cancel", "Cancel", "cancel", c.Cancel, lambda r, v, _l: c.Cancel(r.id, forms.text(v, "reason")), key="X",
         args=(_REASON,), applies=_cancellable, example='cancel LAS-A3 "enough here"',
         help="Only while nobody is on the way; units that were named are free again at once."),
)  # fmt: skip

ANSWERING = (
    Verb("accept", "Accept all", "accept", c.Reply, forms.accept, key="y", applies=_with_open_lines,
         example="accept LAS-A3", help="What cover is left stands in the row. Naming the units accepts, too."),
    Verb("name_units", "Name the units", "send", c.NameUnits, forms.name, key="u",
         args=(Arg("units", "Which units", "choices", True, forms.free, forms.suggested),
               Arg("eta", "At RVP in minutes (18-25)", required=False, limit=12)),
         applies=_asked, example="send LAS-A3 A201 A202 18-25",
         help="Accepts as many, and commits them to this incident and to no other."),
    Verb("part", "Accept a part", "part", c.Reply, forms.part, key="p",
         args=(_COUNTS, _WHY),
         applies=_with_open_lines, example='part LAS-A3 2 "cover in the west"',
         help="The default is what is free."),
    Verb("counter", "Offer something else", "counter", c.Reply, forms.counter, key="w",
         args=(Arg("instead", "Offered instead (2 RRV)", limit=20),
               Arg("eta", "In (25m)", "minutes", required=False),
               Arg("note", "Note", required=False, limit=200),
               Arg("line", "Instead of", "choice", False, _line_choices, _first_line)),
         applies=_with_open_lines, example='counter LAS-A3 "2 RRV" 25m'),
    Verb("decline", "Decline", "decline", c.Reply, forms.decline, key="x", args=(_REASON,),
         applies=_with_open_lines, example='decline LAS-A3 "at REAP 4, none to spare"'),
    Verb("pressure", "Report our pressure (REAP)", "reap", c.ReportPressure, forms.pressure, key="P", row=False,
         args=_PRESSURE_ARGS,
         applies=lambda _row, look: look.me is not None and is_party(look.state, look.me.agency), example="reap 3"),
)  # fmt: skip

UNITS = (
    Verb("mobilise", "Mobilised", "mobilised", c.Mobilise, forms.step(c.Mobilise), key="b",
         args=(forms.those(c.Mobilise),), applies=_can(c.Mobilise), example="mobilised LAS-A3"),
    Verb("at_rvp", "At RVP", "atrvp", c.ReachRvp, forms.step(c.ReachRvp), key="v", args=(forms.those(c.ReachRvp),),
         applies=_can(c.ReachRvp), example="atrvp LAS-A3 SCAS/A201"),
    Verb("take_units", "Take under our control", "committed", c.TakeUnits, forms.step(c.TakeUnits), key="c",
         args=(forms.those(c.TakeUnits),), applies=_can(c.TakeUnits), example="committed LAS-A3",
         help="From now on we control them; they keep their home trust."),
    Verb("recall", "Ask for them back", "recall", c.RequestRecall, forms.step(c.RequestRecall, "reason"), key="z",
         args=(_REASON, forms.those(c.RequestRecall)), applies=_can(c.RequestRecall), example='recall LAS-A3 "cover"',
         help="The host agrees. What cannot wait: take control back on Resources."),
    Verb("agree_recall", "Agree to the recall", "agree", c.AgreeRecall, forms.step(c.AgreeRecall), key="Z",
         args=(forms.those(c.AgreeRecall),), applies=_can(c.AgreeRecall), example="agree LAS-A3"),
    Verb("release", "Release", "release", c.ReleaseUnits, forms.step(c.ReleaseUnits, "reason"), key="f",
         args=(forms.those(c.ReleaseUnits), _WHY), applies=_can(c.ReleaseUnits), confirm=True, example="release LAS-A3",
         help="They return to their home trust, which controls them again."),
    Verb("home", "Home", "home", c.BringHome, forms.step(c.BringHome, "note"), key="h",
         args=(forms.those(c.BringHome), Arg("note", "Mileage, what was used", required=False, rest=True)),
         applies=_can(c.BringHome), example="home LAS-A3", help="Free for other work from now on."),
    Verb("close", "Close", "closeaid", c.Close, lambda r, v, _l: c.Close(r.id, forms.text(v, "note")), key="K",
         args=(Arg("note", "Note", required=False, rest=True),), applies=_closable, example="closeaid LAS-A3",
         help="When everybody is home."),
)  # fmt: skip

VERBS = (*ASKING[:2], *ANSWERING[:2], *UNITS[:3], *ASKING[2:], *ANSWERING[2:], *UNITS[3:])
