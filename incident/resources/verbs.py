"""What can be done with a unit, as keys, forms and lines: ``s A101 scn``, ``commit A101``, ``hand A101 SCAS``.

One verb serves a unit wherever its status lives: committed, the command goes to the incident; otherwise to our
own register. Choices are the legal next steps, the likeliest first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from incident.fleet import facts as g
from incident.kernel.board import Arg, Look, Verb
from incident.kernel.checks import nearest
from incident.organisation import parties
from incident.resources import facts as f
from incident.resources.board import Row, board, committed, description, held, key_of, named, rows, standing
from incident.resources.returns import correction
from incident.resources.rules import UNAVAILABLE, keepers
from incident.statuses import QUICK, STATUSES, known_words, status_of, steps, word_of
from incident.values import as_words, read_callsign, read_due, split_key

_Values = Mapping[str, Any]


# -- whose it is ----------------------------------------------------------------------------------------------


def _to(row: Any, look: Look) -> str:
    """Where a command about this row goes: the incident for a committed unit, else our register."""
    return look.stream if committed(row) else _register(None, look)


def _register(_row: Any, look: Look) -> str:
    return look.register_streams.get(look.me.agency, "") if look.me is not None else ""


def _has_register(_row: Any, look: Look) -> bool:
    return bool(_register(None, look))


def _ours(row: Any, look: Look) -> bool:
    """We may act on it: a committed unit that is ours or that we control, or one of our register."""
    if look.me is None:
        return False
    return look.me.agency in keepers(look.state, row) if isinstance(row, f.Resource) else not held(row)


def _ours_here(row: Any, look: Look) -> bool:
    return isinstance(row, f.Resource) and _ours(row, look)


def _theirs(row: Any, look: Look) -> bool:
    return (
        isinstance(row, f.Resource)
        and look.me is not None
        and look.me.agency not in (row.home, row.controlling)
    )


def _controlled(row: Any, look: Look) -> bool:
    return isinstance(row, f.Resource) and look.me is not None and row.controlling == look.me.agency


def _offered(row: Any, look: Look) -> bool:
    return (
        isinstance(row, f.Resource)
        and row.offer is not None
        and look.me is not None
        and row.offer.to == look.me.agency
    )


def _recallable(row: Any, look: Look) -> bool:
    if not isinstance(row, f.Resource) or look.me is None:
        return False
    away = row.home == look.me.agency and row.controlling != row.home
    return away or (row.offer is not None and row.controlling == look.me.agency)


def _idle(row: Any, look: Look) -> bool:
    return row is not None and not committed(row) and not held(row) and _has_register(row, look)


def _available(row: Any, look: Look) -> bool:
    return _idle(row, look) and standing(row, look)[0] not in UNAVAILABLE


# -- choices --------------------------------------------------------------------------------------------------


def _next(look: Look, row: Any) -> Sequence[tuple[str, str]]:
    """The next steps, then the present status (heard again), then what would have to be a correction."""
    now = [] if row is None else [*steps(standing(row, look)[0]), standing(row, look)[0]]
    return [(code, word_of(code)) for code in dict.fromkeys((*now, *STATUSES))]


def _spare(look: Look, row: Any) -> Sequence[tuple[str, str]]:
    """Our other units that could be committed."""
    return [
        (key, split_key(key)[1])
        for key, other in rows(look).items()
        if other is not row and _available(other, look)
    ]


def _every(_look: Look, _row: Any) -> Sequence[tuple[str, str]]:
    return [(code, word_of(code)) for code in STATUSES]


def _others(look: Look, row: Any) -> Sequence[tuple[str, str]]:
    there = row.controlling if isinstance(row, f.Resource) else ""
    return [(code, code) for code in parties(look.state) if code != there]


def _kinds(look: Look, _row: Any) -> Sequence[tuple[str, str]]:
    kinds = {} if look.charter is None else look.charter.kinds
    return [(kind.code, kind.title) for kind in kinds.values()]


# -- builders -------------------------------------------------------------------------------------------------


def _text(values: _Values, name: str) -> str:
    return " ".join(str(values.get(name) or "").split())


def _code(values: _Values) -> str:
    """The status answered, as a code, whether a code or words were given."""
    said = _text(values, "status")
    code = status_of(said)
    if code is None:
        raise ValueError(f"{said!r} is no status{nearest(said, known_words())}.")
    return code


def _set_status(row: Row, values: _Values, look: Look) -> Any:
    code = _code(values)
    key = key_of(row, look)
    if isinstance(row, f.Resource):
        return f.SetStatus(key, code)
    past = getattr(row, "past", None)
    if past is None:
        return g.SetStatus(key, code)
    return correction(past, code)


def _correct(row: Row, values: _Values, look: Look) -> Any:
    cls = f.CorrectStatus if committed(row) else g.CorrectStatus
    return cls(key_of(row, look), _code(values), _text(values, "reason"))


def _release(row: Any, values: Mapping[str, Any], look: Look) -> f.Release:
    """One unit. Further callsigns are no reason: a log that says so for ever is worse than a question."""
    reason = _text(values, "reason")
    here = {part for key in look.state.resources.units for part in (key, split_key(key)[1])}
    words = reason.replace(",", " ").upper().split()
    if words and all(word in here for word in words):
        raise ValueError(
            f"A line releases one unit, and {reason} would stand as the reason: write a line for each, "
            "or mark them in the list with space."
        )
    return f.Release(key_of(row, look), reason)


def _commit(row: Row, values: _Values, look: Look) -> f.Commit:
    everything = rows(look)
    chosen = {key_of(row, look): row}
    for typed in as_words(values.get("also") or ()):
        key = named(typed, look)
        if key is None or not _available(everything[key], look):
            raise ValueError(f"{typed.upper()} is not one of our available units.")
        chosen[key] = everything[key]
    if len(chosen) > f.UNITS_MAX:
        raise ValueError(f"At most {f.UNITS_MAX} units at once.")
    units = tuple(_commitment(one, values, look) for one in chosen.values())
    return f.Commit(units, _text(values, "reason"))


def _commitment(row: Row, values: _Values, look: Look) -> f.Commitment:
    about = description(row)
    code, since, _ = standing(row, look)
    return f.Commitment(
        unit=key_of(row, look),
        kind=about.kind,
        status=code,
        since=since,
        capabilities=about.capabilities,
        station=about.station,
        crew_shift_end=about.crew_shift_end,
        function=_text(values, "function"),
        destination=_text(values, "destination"),
    )


def _describe(name: str) -> Any:
    """A builder that changes one ordinary field; an empty answer takes the old one away."""
    return lambda row, values, look: f.Describe(key_of(row, look), **{name: _text(values, name)})


def _enter(_row: Any, values: _Values, look: Look) -> g.EnterUnits:
    key = read_callsign(_text(values, "callsign"), look.me.agency)
    home, callsign = split_key(key)
    if home != look.me.agency:
        raise ValueError(f"{key} is not a unit of {look.me.agency}: only its own trust enters it.")
    end = values.get("shift_end")
    if isinstance(end, str):
        end = read_due(end, look.now, look.offset_minutes) if end.strip() else None
    entry = g.Entry(
        callsign=callsign,
        kind=_text(values, "kind").upper(),
        capabilities=tuple(_text(values, "capabilities").lower().split()),
        station=_text(values, "station"),
        status=_code(values) if _text(values, "status") else "",
        crew_shift_end=end,
    )
    return g.EnterUnits((entry,))


# -- arguments ------------------------------------------------------------------------------------------------

_REASON = Arg("reason", "Reason", rest=True)
_WHY = Arg("reason", "Reason", required=False, rest=True)
_FUNCTION = Arg("function", "As (what it does at the scene)", required=False, limit=60)
_DESTINATION = Arg("destination", "Where to", "place", required=False, limit=120)


def _as_is(name: str) -> Any:
    return lambda _look, row: getattr(row, name, "") if row is not None else ""


STATUS_VERBS = (
    Verb(
        "status",
        "Status",
        "s",
        f.SetStatus,
        _set_status,
        key="s",
        args=(Arg("status", "Status", "choice", True, _next),),
        aliases=("status",),
        applies=_ours,
        stream=_to,
        quick={letter: {"status": code} for letter, code in QUICK.items()},
        example="s A101 scn",
        help="The next status. One more letter says which: m mobile, r at RVP, s at scene, l left scene.",
    ),
    Verb(
        "correct",
        "Correct the status",
        "correct",
        f.CorrectStatus,
        _correct,
        key="C",
        args=(Arg("status", "It is", "choice", True, _every), _REASON),
        applies=_ours,
        stream=_to,
        example='correct A101 rvp "radioed the wrong key"',
        help="Any status, with a reason, when the one shown is wrong.",
    ),
    Verb(
        "report",
        "Report what we see",
        "saw",
        f.ReportStatus,
        lambda row, values, look: f.ReportStatus(key_of(row, look), _code(values), _text(values, "note")),
        key="v",
        args=(
            Arg("status", "We see it", "choice", True, _every),
            Arg("note", "Note", "text", False, rest=True),
        ),
        applies=_theirs,
        example="saw SCAS/A204 scn",
        help="Another trust's unit: kept beside their status, which only they can set.",
    ),
)

HOLDING_VERBS = (
    Verb(
        "commit",
        "Commit",
        "commit",
        f.Commit,
        _commit,
        key="c",
        args=(
            Arg("also", "And also", "choices", False, _spare),
            _DESTINATION,
            _FUNCTION,
            _WHY,
        ),
        applies=_available,
        example="commit A101 A102",
        help="A unit of ours, to this incident. It can then be committed to no other.",
    ),
    Verb(
        "release",
        "Release",
        "release",
        f.Release,
        _release,
        key="x",
        args=(_WHY,),
        applies=_ours_here,
        confirm=True,
        example="release A101",
        help="It is free for other work from now on.",
    ),
    Verb(
        "hand",
        "Hand over control",
        "hand",
        f.OfferControl,
        lambda row, values, look: f.OfferControl(key_of(row, look), str(values["to"]).strip().upper()),
        key="h",
        args=(Arg("to", "To which agency", "agency", True, _others),),
        applies=_controlled,
        example="hand A101 SCAS",
        help="Offers control of the unit; it passes when the other agency accepts.",
    ),
    Verb(
        "accept_control",
        "Accept control",
        "accept",
        f.AcceptControl,
        lambda row, _values, look: f.AcceptControl(key_of(row, look)),
        key="y",
        aliases=("take",),
        applies=_offered,
        example="accept LAS/A101",
    ),
    Verb(
        "decline_control",
        "Decline control",
        "decline",
        f.DeclineControl,
        lambda row, values, look: f.DeclineControl(key_of(row, look), _text(values, "reason")),
        key="w",
        args=(_WHY,),
        applies=_offered,
        example="decline LAS/A101",
    ),
    Verb(
        "recall",
        "Take control back",
        "recall",
        f.Recall,
        lambda row, values, look: f.Recall(key_of(row, look), _text(values, "reason")),
        key="b",
        args=(_WHY,),
        applies=_recallable,
        example="recall A101",
        help="At once: a home trust may always have its unit back. Also takes back an offer not yet answered.",
    ),
)


def _field_verb(
    name: str, title: str, word: str, key: str, limit: int, example: str, kind: str = "text"
) -> Verb:
    return Verb(
        name,
        title,
        word,
        f.Describe,
        _describe(name),
        key=key,
        args=(Arg(name, title, kind, required=False, default=_as_is(name), rest=True, limit=limit),),
        applies=_ours_here,
        example=example,
        help="Left empty, the old one no longer holds.",
    )


FIELD_VERBS = (
    _field_verb("destination", "Where to", "dest", "e", 120, 'dest A101 "RVP B"', "place"),
    _field_verb("place", "Where it is", "place", "p", 120, 'place A101 "sector 2"', "location"),
    _field_verb("function", "What it does", "as", "f", 60, 'as A101 "loading officer"'),
    _field_verb("note", "Note", "note", "o", 300, 'note A101 "one crew member hurt"'),
)

CONFIRM_VERB = Verb(
    "confirm_destination",
    "The crew confirms where it goes",
    "told",
    f.ConfirmDestination,
    lambda row, _values, look: f.ConfirmDestination(key_of(row, look), row.destination),
    key="K",
    applies=lambda row, look: (
        _ours_here(row, look) and bool(getattr(row, "destination", "")) and not row.crew_told_at
    ),
    example="told A101",
    help="They were told where to go, and have answered. Until then it is an alarm.",
)

REGISTER_VERBS = (
    Verb(
        "enter_unit",
        "Enter a unit of ours",
        "unit",
        g.EnterUnits,
        _enter,
        key="E",
        row=False,
        args=(
            Arg("callsign", "Callsign", limit=16),
            Arg("kind", "Kind", "choice", True, _kinds),
            Arg("station", "Station", required=False, limit=60),
            Arg("status", "Status", "choice", False, _every),
            Arg("capabilities", "Can (words)", required=False, limit=200),
            Arg("shift_end", "Crew's shift ends (19:00 or 2h30)", "time", required=False),
        ),
        applies=_has_register,
        stream=_register,
        example='unit A199 DCA "Hillingdon"',
        help="Into our own register; a callsign that is there already is described anew.",
    ),
    Verb(
        "remove_unit",
        "Take out of the register",
        "remove",
        g.RemoveUnit,
        lambda row, values, look: g.RemoveUnit(key_of(row, look), _text(values, "reason")),
        args=(_REASON,),
        applies=_idle,
        stream=_register,
        example='remove A199 "sold"',
    ),
)

VERBS = (*STATUS_VERBS, *HOLDING_VERBS, *FIELD_VERBS, CONFIRM_VERB, *REGISTER_VERBS)
BOARD = board(VERBS)
