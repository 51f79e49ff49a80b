"""Mutual aid: one trust asks another for units, from the request to the last one home."""

from __future__ import annotations

from typing import Any

from incident.kernel.slice import CommandSpec, Conflict, EventSpec, Offline, Slice, View
from incident.mutual_aid import commands as c
from incident.mutual_aid import events as e
from incident.mutual_aid import facts as f
from incident.mutual_aid.board import BOARD
from incident.mutual_aid.cover import cover_left
from incident.mutual_aid.facts import AidUnit, MutualAid, Request
from incident.mutual_aid.fold import (
    addressed,
    due,
    evolve,
    invariants,
    label,
    mutual_aid,
    promised_twice,
    version,
)
from incident.mutual_aid.rules import decide
from incident.mutual_aid.words import sentence, to_answer, unanswered
from incident.values import split_key

__all__ = [
    "BOARD",
    "SLICE",
    "AidUnit",
    "MutualAid",
    "Request",
    "cover_left",
    "mutual_aid",
    "promised_twice",
    "to_answer",
    "unanswered",
]


def _request(command: Any) -> tuple[str, ...]:
    return (f.request_key(command.request),)


def _terms(command: Any) -> tuple[str, ...]:
    return (f.terms_key(command.request),)


def _approval(command: Any) -> tuple[str, ...]:
    return (f.request_key(command.request), f.terms_key(command.request))


def _units(command: Any) -> tuple[str, ...]:
    return tuple(f.unit_key(command.request, unit) for unit in command.units)


def _requester(view: View, command: Any) -> str:
    request = mutual_aid(view).rows.get(command.request)
    return "" if request is None else request.requester


def _lender(view: View, command: Any) -> str:
    request = mutual_aid(view).rows.get(command.request)
    return "" if request is None else request.lender


def _home(_view: View, command: Any) -> str:
    return split_key(command.units[0])[0]


def _state(cls: type, about: Any, keys: Any = _request) -> CommandSpec:
    return CommandSpec(cls, Conflict.STATE, Offline.QUEUED, keys=keys, about=about)


def _inviting(cls: type, about: Any = lambda _view, _command: "", keys: Any = _request) -> CommandSpec:
    """It makes a trust party, which only the server can: no such thing while cut off."""
    return CommandSpec(cls, Conflict.MEMBERSHIP, Offline.REFUSED, keys=keys, about=about)


COMMANDS = (
    CommandSpec(c.Raise, Conflict.APPEND, Offline.QUEUED),
    _inviting(c.RaiseInviting, keys=lambda _command: ()),
    _state(c.Approve, _requester, _approval),
    _inviting(c.ApproveInviting, _requester, _approval),
    _state(c.Amend, _requester, _terms),
    _state(c.Reply, _lender),
    _state(c.AnswerCounter, _requester),
    # A unit is promised once: that is claimed, and one claim wins.
    CommandSpec(c.NameUnits, Conflict.CLAIM, Offline.REQUEST, keys=_request, about=_lender),
    _state(c.Mobilise, _home, _units),
    CommandSpec(c.ReachRvp, Conflict.STATE, Offline.QUEUED, keys=_units),
    CommandSpec(c.TakeUnits, Conflict.CLAIM, Offline.REQUEST, keys=_units, about=_requester),
    _state(c.RequestRecall, _home, _units),
    _state(c.AgreeRecall, _requester, _units),
    _state(c.ReleaseUnits, _requester, _units),
    _state(c.BringHome, _home, _units),
    CommandSpec(c.Expire, Conflict.STATE, Offline.REFUSED, keys=_request),
    _state(c.OfferNext, _requester),
    _inviting(c.OfferNextInviting, _requester),
    _state(c.Cancel, _requester),
    _state(c.Close, _requester),
    _state(
        c.ReportPressure,
        lambda _view, command: command.agency,
        lambda command: (f.pressure_key(command.agency),),
    ),
)

EVENTS = tuple(
    EventSpec(cls)
    for cls in (
        e.Raised,
        e.Approved,
        e.Amended,
        e.Replied,
        e.CounterAccepted,
        e.CounterDeclined,
        e.UnitsNamed,
        e.UnitsMobilised,
        e.UnitsAtRvp,
        e.UnitsCommitted,
        e.RecallRequested,
        e.RecallAgreed,
        e.UnitsReleased,
        e.UnitsHome,
        e.Expired,
        e.OfferedNext,
        e.PassedOn,
        e.Cancelled,
        e.Closed,
        e.PressureReported,
    )
)

SLICE = Slice(
    name="mutual_aid",
    state=MutualAid,
    state_v=2,
    events=EVENTS,
    commands=COMMANDS,
    decide=decide,
    evolve=evolve,
    sentence=sentence,
    boards=(BOARD,),
    version=version,
    label=label,
    due=due,
    addressed=addressed,
    invariants=invariants,
)
