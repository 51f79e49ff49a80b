"""Boundaries, the rules: proposed, agreed by each agency for itself, moved, reviewed, withdrawn."""

from __future__ import annotations

from typing import Any, cast

import msgspec

from incident.boundaries.corners import PAIRS_MAX, flaw
from incident.boundaries.facts import (
    CORDONS,
    FEATURES_MAX,
    GATHERED,
    HAZARDS,
    KINDS,
    NAMES_KEY,
    ZONES,
    Agree,
    Agreed,
    Amend,
    Amended,
    Answer,
    Boundaries,
    Decline,
    Declined,
    Feature,
    Measured,
    Move,
    Moved,
    Propose,
    Proposed,
    Review,
    Reviewed,
    Shape,
    Withdraw,
    Withdrawn,
    edited,
    folded,
    key_of,
    same_ground,
    subject_of,
    words_of,
)
from incident.boundaries.meeting import meeting
from incident.ground import Reach, carried, measured
from incident.kernel.record import Record, thing_id
from incident.kernel.slice import Context, Refusal, View
from incident.organisation import charter_of, closed, organisation, parties

RIVAL_KINDS = ("rvp", "fcp")
"""Of these one is right: two that are live stand against each other."""
WIND_MISSING = (
    "A wind sector needs its source as a grid reference or latitude,longitude, and where the wind comes from."
)


def boundaries(view: View) -> Boundaries:
    """The scene features of an incident."""
    return cast("Boundaries", view.boundaries)


def decide(view: View, command: Any, ctx: Context) -> tuple[Any, ...] | Refusal:
    """What a command makes happen, or the reason why not."""
    if not organisation(view).opened:
        return Refusal("not_open", "This incident is not open.")
    if isinstance(command, Propose):
        return closed(view, ctx, "nothing is proposed") or _propose(view, command, ctx)
    feature = boundaries(view).rows.get(command.feature)
    if feature is None:
        return Refusal("no_such_feature", "There is no such feature on the ground here.")
    if isinstance(command, Review):
        return (Reviewed(feature.id, command.review_due, command.note.strip()),)
    if feature.withdrawn_at is not None:
        return _gone(feature, command, ctx)
    if isinstance(command, Amend):
        return _amend(view, feature, command, ctx)
    return _settle(view, feature, command, ctx)


def _gone(feature: Feature, command: Any, ctx: Context) -> tuple[Any, ...] | Refusal:
    """Nothing more is settled about what was withdrawn; who could not know it yet was overtaken."""
    if isinstance(command, Withdraw):
        return ()
    overtaken = ctx.stale(key_of(feature.id), feature.version)
    facts = {"owner": feature.owner, "since": str(feature.withdrawn_at)}
    return Refusal("withdrawn", f"{feature.name} was withdrawn.", facts, conflict=overtaken)


def _propose(view: View, command: Propose, ctx: Context) -> tuple[Any, ...] | Refusal:
    kind, name = command.kind, " ".join(command.name.split())
    if kind in ZONES and not command.scheme:
        words = words_of(kind, "A")
        sentence = f"{words} needs the scheme it belongs to: Plato, CBRN, fire or other."
        return Refusal("scheme_missing", sentence)
    if command.scheme and kind not in ZONES:
        return Refusal("scheme_unasked", f"Only zones have a scheme, not {words_of(kind)}.")
    if len(boundaries(view).rows) >= FEATURES_MAX:
        sentence = f"This incident has its {FEATURES_MAX:,} features. Move one that is there."
        return Refusal("full", sentence, {"limit": str(FEATURES_MAX)})
    refusal = _unfit(kind, command.shape) or _name_taken(view, name, ctx)
    if refusal is not None:
        return refusal
    reach = measured(command.reach, charter_of(view).areas_digest)
    return (Proposed(kind, command.shape, name, command.scheme, command.note, command.review_due, reach),)


def _unfit(kind: str, shape: Shape) -> Refusal | None:
    """Why this shape says nothing about where the feature is, or how far it reaches."""
    wrong = flaw(shape.polygon, PAIRS_MAX) if shape.polygon else ""
    if wrong:
        return Refusal("bad_shape", wrong)
    place = shape.place
    if not (shape.polygon or place.text.strip() or place.grid or place.point):
        return Refusal("place_missing", "Say where it is: words, a grid reference or latitude,longitude.")
    if kind in CORDONS and shape.radius_m is None and not shape.polygon:
        words = words_of(kind, "A")
        return Refusal("extent_missing", f"{words} needs a radius, such as 500m, or a polygon.")
    if kind == "wind" and not shape.polygon:
        return Refusal("wind_missing", WIND_MISSING)
    if shape.wind is not None and kind != "wind":
        return Refusal("wind_unasked", f"Only a wind sector has a wind, not {words_of(kind)}.")
    return None


def _name_taken(view: View, name: str, ctx: Context, but: str = "") -> Refusal | None:
    """Two live features with one name would send crews to the wrong one."""
    wanted = folded(name)
    for other in live(view) if wanted else ():
        if folded(other.name) == wanted and other.id != but:
            overtaken = ctx.stale(NAMES_KEY, boundaries(view).named)
            sentence = f"{other.name} is the name of another feature, of {other.owner}. Choose another."
            facts = {"owner": other.owner, "number": other.number}
            return Refusal("name_taken", sentence, facts, conflict=overtaken)
    return None


def _settle(view: View, feature: Feature, command: Any, ctx: Context) -> tuple[Any, ...] | Refusal:
    """Agreement and geometry hang on the shape that was seen: somebody who saw another shape is told."""
    answer = feature.answers.get(ctx.actor.agency)
    if ctx.stale(key_of(feature.id), feature.version):
        return Refusal(
            "stale",
            f"{feature.name} was changed since you saw it. Look at where it lies now.",
            {"owner": feature.owner, "since": str(feature.placed_at)},
            conflict=True,
        )
    match command:
        case Agree():
            return () if answer is not None and answer.agreed else (Agreed(feature.id),)
        case Decline():
            if ctx.actor.agency == feature.owner:
                return Refusal("owner", f"{feature.name} is your own. Withdraw it instead.")
            if answer is not None and not answer.agreed and answer.reason == command.reason:
                return ()
            return (Declined(feature.id, command.reason),)
        case Move():
            return _move(view, feature, command)
        case _:
            return (Withdrawn(feature.id, command.reason),)


def _move(view: View, feature: Feature, command: Move) -> tuple[Any, ...] | Refusal:
    """A room without the areas takes nothing back that others computed: the same ground reaches what it reached.

    Of other ground nothing is known then, and who had to be told before still must be. Where it lies already it is
    not moved: only what it reaches can be new, and a reason that was typed.
    """
    reach = measured(command.reach, charter_of(view).areas_digest)
    if command.shape == feature.shape:
        return _lies_there(feature, reach, command.reason.strip())
    if reach is None:
        same = same_ground(command.shape, feature.shape)
        reach = feature.reach if same else carried(feature.reach)
    unfit = _unfit(feature.kind, command.shape)
    return unfit or (Moved(feature.id, command.shape, command.reason, reach),)


def _lies_there(feature: Feature, reach: Reach | None, reason: str) -> tuple[Any, ...] | Refusal:
    """Given anew where it lies. A reason is written with what it reaches; where nobody knows that, it has no place."""
    if reason in ("", feature.reason) and reach in (None, feature.reach):
        return ()
    found = reach or feature.reach
    if found is None:
        sentence = (
            f"{feature.name} lies there already: it is not moved. What there is to say of it is its note."
        )
        return Refusal("not_moved", sentence)
    return (Measured(feature.id, found, reason),)


def _amend(view: View, feature: Feature, command: Amend, ctx: Context) -> tuple[Any, ...] | Refusal:
    wanted = {name: " ".join(getattr(command, name).split()) for name in edited(command) if name == "name"}
    if command.note is not None:
        wanted["note"] = command.note.strip()
    changed = {name: value for name, value in wanted.items() if value != getattr(feature, name)}
    for name in changed:
        if ctx.stale(f"{key_of(feature.id)}/{name}", feature.edits.get(name, "")):
            known = getattr(feature, name) or "empty"
            sentence = f"The {name} of {feature.called} was changed meanwhile: it is {known} now."
            return Refusal("field_changed", sentence, {"field": name}, conflict=True)
    refusal = _name_taken(view, changed.get("name", ""), ctx, but=feature.id)
    if refusal is not None:
        return refusal
    return (Amended(feature.id, **changed),) if changed else ()


# -- evolve -------------------------------------------------------------------------------------------------


def evolve(state: Boundaries, event: Any, record: Record) -> Boundaries:
    """The features after one event."""
    if isinstance(event, Proposed):
        return _proposed(state, event, record)
    feature = state.rows.get(event.feature)
    if feature is None:
        return state
    after = _evolved(feature, event, record)
    if after is feature:
        return state
    named = record.command_id if after.name != feature.name else state.named
    return msgspec.structs.replace(state, rows={**state.rows, feature.id: after}, named=named)


def _proposed(state: Boundaries, event: Proposed, record: Record) -> Boundaries:
    provisional = (
        record.seq == 0
    )  # numbers and letters are the server's: two rooms that are cut off share none
    count = state.counts.get(record.agency, 0) + (not provisional)
    letters = state.letters
    name = event.name
    if not name and provisional:
        name = f"{KINDS[event.kind]} ?"
    elif not name:
        name, used = _next_name(state, event.kind)
        letters = {**letters, event.kind: used}
    feature = Feature(
        id=thing_id(record),
        number=f"{record.agency}-B{'?' if provisional else count}",
        kind=event.kind,
        name=name,
        called=name,
        owner=record.agency,
        shape=event.shape,
        asked=record.command_id,
        proposed_at=record.at,
        placed_at=record.at,
        version=record.command_id,
        scheme=event.scheme,
        note=event.note,
        review_due=event.review_due,
        reach=event.reach,
        answers={record.agency: Answer(True, record.at, record.actor)},
    )
    return Boundaries(
        {**state.rows, feature.id: feature},
        {**state.counts, record.agency: count},
        letters,
        record.command_id,
    )


def _next_name(state: Boundaries, kind: str) -> tuple[str, int]:
    """The next letter that no feature has or ever had, and how many letters are used with it."""
    taken = {folded(name) for feature in state.rows.values() for name in (feature.name, feature.called)}
    index = state.letters.get(kind, 0)
    while folded(f"{KINDS[kind]} {_letter(index)}") in taken:
        index += 1
    return f"{KINDS[kind]} {_letter(index)}", index + 1


def _letter(index: int) -> str:
    """A, B … Z, A2, B2 …: letters are what people say on the radio."""
    round_, place = divmod(index, 26)
    return chr(ord("A") + place) + (str(round_ + 1) if round_ else "")


def _evolved(feature: Feature, event: Any, record: Record) -> Feature:
    change = msgspec.structs.replace
    match event:
        case Agreed():
            answer = Answer(True, record.at, record.actor)
            return change(feature, answers={**feature.answers, record.agency: answer})
        case Declined():
            answer = Answer(False, record.at, record.actor, event.reason)
            return change(feature, answers={**feature.answers, record.agency: answer})
        case Measured() | Moved() if isinstance(event, Measured) or event.shape == feature.shape:
            reach = event.reach or feature.reach  # nobody is asked anew for that
            return change(feature, reach=reach, since=_since(feature, reach, record))
        case Moved():
            return change(
                feature,
                shape=event.shape,
                reach=event.reach,
                since=_since(feature, event.reach, record),
                asked=record.command_id,
                placed_at=record.at,
                reason=event.reason,
                moves=feature.moves + 1,
                version=record.command_id,
                answers={feature.owner: Answer(True, record.at, record.actor)},
            )
        case Withdrawn():
            shape = change(feature.shape, polygon=())
            version = record.command_id
            return change(feature, withdrawn_at=record.at, reason=event.reason, version=version, shape=shape)
        case Reviewed():
            return _reviewed(feature, event, record)
        case Amended():
            names = edited(event)
            values = {name: getattr(event, name) for name in names}
            return change(
                feature, edits={**feature.edits, **dict.fromkeys(names, record.command_id)}, **values
            )
        case _:
            raise AssertionError(f"no rule for {type(event).__name__}")


def _since(feature: Feature, reach: Reach | None, record: Record) -> dict[str, int]:
    """Since when each trust has to be told: a move gives nobody more time who had to be told before it."""
    before = () if feature.reach is None else feature.reach.tells
    tells = () if reach is None else reach.tells
    return {code: feature.concerns_since(code) if code in before else record.at for code in tells}


def _reviewed(feature: Feature, event: Reviewed, record: Record) -> Feature:
    """An older look, or one at what has been withdrawn, is in the log and changes nothing any more."""
    older = feature.reviewed_at is not None and record.at < feature.reviewed_at
    if older or feature.withdrawn_at is not None:
        return feature
    due = feature.review_due if event.review_due is None else event.review_due
    return msgspec.structs.replace(feature, reviewed_at=record.at, review_due=due)


def version(state: Boundaries, key: str) -> str:
    """``boundaries/<id>`` for shape and life, ``boundaries/<id>/<field>`` for a field; see NAMES_KEY, too."""
    if key == NAMES_KEY:
        return state.named
    _, _, rest = key.partition("/")
    feature = state.rows.get(rest)
    if feature is not None:
        return feature.version
    feature_id, _, name = rest.rpartition("/")
    feature = state.rows.get(feature_id)
    return "" if feature is None else feature.edits.get(name, "")


def label(state: Boundaries, key: str) -> str:
    """What log lines call a feature: its name as it was proposed, and its number. Neither ever changes."""
    feature = state.rows.get(key.partition("@")[0])
    return "a feature" if feature is None else f"{feature.called} ({feature.number})"


def addressed(state: Boundaries, agency: str) -> tuple[str, ...]:
    """Features on which this agency has not yet said yes or no, as they lie now."""
    return tuple(
        subject_of(feature)
        for feature in state.rows.values()
        if feature.withdrawn_at is None and agency not in feature.answers
    )


def live(view: View) -> tuple[Feature, ...]:
    """Every feature that is not withdrawn."""
    return tuple(feature for feature in boundaries(view).rows.values() if feature.withdrawn_at is None)


def counted(view: View) -> tuple[str, ...]:
    """The present parties whose agreement counts. Exercise control plays no part on the ground."""
    known = charter_of(view).agencies
    return tuple(code for code in parties(view) if code not in known or known[code].type != "exercise")


def agreed_by(view: View, feature: Feature) -> tuple[int, int]:
    """How many of the present parties have agreed, and how many there are whose agreement counts."""
    codes = counted(view)
    agreed = sum(1 for code in codes if (a := feature.answers.get(code)) is not None and a.agreed)
    return agreed, len(codes)


def rivals(view: View) -> tuple[Feature, ...]:
    """Rendezvous points (or forward command posts) that stand against each other: two of a kind live at once."""
    found: list[Feature] = []
    for kind in RIVAL_KINDS:
        same = [feature for feature in live(view) if feature.kind == kind]
        if len(same) > 1:
            found += same
    return tuple(found)


def hazards_at(view: View, feature: Feature) -> tuple[Feature, ...]:
    """The hot zones and wind sectors that a place reaches where people gather, all as they are proposed now.

    What is known in words alone lies nowhere that could be measured.
    """
    if feature.kind not in GATHERED or feature.withdrawn_at is not None:
        return ()
    return tuple(hazard for one, hazard in endangered(view) if one.id == feature.id)


Endangered = tuple[tuple[Feature, Feature], ...]
_LAST: list[tuple[Boundaries, Endangered]] = []
"""What was found of the same ground last: the board, the alarms and the map all ask for it."""


def endangered(view: View) -> Endangered:
    """(where people gather, the hazard that it reaches), of such pairs on the ground."""
    state = boundaries(view)
    for known, found in tuple(_LAST):
        if known is state:
            return found
    there = live(view)
    gathered = [one for one in there if one.kind in GATHERED]
    hazards = [one for one in there if one.kind in HAZARDS]
    pairs = meeting([one.shape for one in gathered], [one.shape for one in hazards])
    found = tuple((gathered[one], hazards[other]) for one, other in pairs)
    _LAST[:] = [(state, found), *_LAST[:3]]
    return found


def invariants(view: View) -> tuple[str, ...]:
    """A zone has its scheme; the owner of what lies there agrees to it; numbers and live names never twice."""
    found = []
    rows = boundaries(view).rows
    numbers = [feature.number for feature in rows.values() if not feature.number.endswith("?")]
    if len(set(numbers)) != len(numbers):
        found.append("two features have one number")
    names = [folded(feature.name) for feature in live(view) if not feature.number.endswith("?")]
    if len(set(names)) != len(names):
        found.append("two live features have one name")
    for feature in rows.values():
        if feature.kind in ZONES and not feature.scheme:
            found.append(f"{feature.name} is a zone without a scheme")
        answer = feature.answers.get(feature.owner)
        if answer is None or not answer.agreed:
            found.append(f"{feature.name} is not agreed by {feature.owner}, whose it is")
    return tuple(found)
