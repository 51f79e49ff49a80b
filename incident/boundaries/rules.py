"""Boundaries, the rules: proposed, agreed by each agency for itself, moved, reviewed, withdrawn."""

from __future__ import annotations

from typing import Any, cast

import msgspec

from incident.boundaries.facts import (
    KINDS,
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
    Move,
    Moved,
    Propose,
    Proposed,
    Review,
    Reviewed,
    Withdraw,
    Withdrawn,
    edited,
    key_of,
)
from incident.kernel.record import Record, thing_id
from incident.kernel.slice import Context, Refusal, View
from incident.organisation import organisation, parties


def boundaries(view: View) -> Boundaries:
    """The scene features of an incident."""
    return cast("Boundaries", view.boundaries)


def decide(view: View, command: Any, ctx: Context) -> tuple[Any, ...] | Refusal:
    """What a command makes happen, or the reason why not."""
    if not organisation(view).opened:
        return Refusal("not_open", "This incident is not open.")
    if isinstance(command, Propose):
        return _propose(command)
    feature = boundaries(view).rows.get(command.feature)
    if feature is None:
        return Refusal("no_such_feature", "There is no such feature on the ground here.")
    if isinstance(command, Withdraw) and feature.withdrawn_at is not None:
        return ()
    if feature.withdrawn_at is not None:
        return Refusal(
            "withdrawn", f"{feature.name} was withdrawn.", {"since": str(feature.withdrawn_at)}, conflict=True
        )
    match command:
        case Review():
            return (Reviewed(feature.id, command.review_due, command.note),)
        case Amend():
            return _amend(feature, command, ctx)
        case _:
            return _settle(feature, command, ctx)


def _propose(command: Propose) -> tuple[Any, ...] | Refusal:
    if command.kind in ZONES and not command.scheme:
        return Refusal(
            "scheme_missing",
            f"A {KINDS[command.kind]} needs the scheme it belongs to: Plato, CBRN, fire or other.",
        )
    if command.scheme and command.kind not in ZONES:
        return Refusal("scheme_unasked", f"Only zones have a scheme, not a {KINDS[command.kind]}.")
    if 0 < len(command.shape.polygon) < 3:
        return Refusal("bad_shape", "A polygon needs at least three corners.")
    return (
        Proposed(command.kind, command.shape, command.name, command.scheme, command.note, command.review_due),
    )


def _settle(feature: Feature, command: Any, ctx: Context) -> tuple[Any, ...] | Refusal:
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
            if 0 < len(command.shape.polygon) < 3:
                return Refusal("bad_shape", "A polygon needs at least three corners.")
            return (
                () if command.shape == feature.shape else (Moved(feature.id, command.shape, command.reason),)
            )
        case _:
            return (Withdrawn(feature.id, command.reason),)


def _amend(feature: Feature, command: Amend, ctx: Context) -> tuple[Any, ...] | Refusal:
    changed = tuple(name for name in edited(command) if getattr(command, name) != getattr(feature, name))
    for name in changed:
        if ctx.stale(f"{key_of(feature.id)}/{name}", feature.edits.get(name, "")):
            return Refusal(
                "field_changed",
                f"The {name} of {feature.name} was changed meanwhile to {getattr(feature, name)}.",
                {"field": name},
                conflict=True,
            )
    values = {name: getattr(command, name) for name in changed}
    return (Amended(feature.id, **values),) if changed else ()


# -- evolve -------------------------------------------------------------------------------------------------


def evolve(state: Boundaries, event: Any, record: Record) -> Boundaries:
    """The features after one event."""
    if isinstance(event, Proposed):
        return _proposed(state, event, record)
    feature = state.rows.get(event.feature)
    if feature is None:
        return state
    return msgspec.structs.replace(state, rows={**state.rows, feature.id: _evolved(feature, event, record)})


def _proposed(state: Boundaries, event: Proposed, record: Record) -> Boundaries:
    count = state.counts.get(record.agency, 0) + 1
    letter = state.letters.get(event.kind, 0)
    feature = Feature(
        id=thing_id(record),
        number=f"{record.agency}-B{count}",
        kind=event.kind,
        name=event.name or f"{KINDS[event.kind]} {_letter(letter)}",
        owner=record.agency,
        shape=event.shape,
        proposed_at=record.at,
        placed_at=record.at,
        version=record.command_id,
        scheme=event.scheme,
        note=event.note,
        review_due=event.review_due,
        answers={record.agency: Answer(True, record.at, record.actor)},
    )
    return Boundaries(
        {**state.rows, feature.id: feature},
        {**state.counts, record.agency: count},
        state.letters if event.name else {**state.letters, event.kind: letter + 1},
    )


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
        case Moved():
            return change(
                feature,
                shape=event.shape,
                placed_at=record.at,
                reason=event.reason,
                moves=feature.moves + 1,
                version=record.command_id,
                answers={feature.owner: Answer(True, record.at, record.actor)},
            )
        case Withdrawn():
            return change(feature, withdrawn_at=record.at, reason=event.reason, version=record.command_id)
        case Reviewed():
            return change(feature, reviewed_at=record.at, review_due=event.review_due)
        case Amended():
            names = edited(event)
            values = {name: getattr(event, name) for name in names}
            return change(
                feature, edits={**feature.edits, **dict.fromkeys(names, record.command_id)}, **values
            )
        case _:
            raise AssertionError(f"no rule for {type(event).__name__}")


def version(state: Boundaries, key: str) -> str:
    """``boundaries/<id>`` for shape and life, ``boundaries/<id>/<field>`` for an ordinary field."""
    _, _, rest = key.partition("/")
    feature = state.rows.get(rest)
    if feature is not None:
        return feature.version
    feature_id, _, name = rest.rpartition("/")
    feature = state.rows.get(feature_id)
    return "" if feature is None else feature.edits.get(name, "")


def label(state: Boundaries, key: str) -> str:
    """What people call a feature: its name."""
    feature = state.rows.get(key)
    return "a feature" if feature is None else feature.name


def addressed(state: Boundaries, agency: str) -> tuple[str, ...]:
    """Features on which this agency has not yet said yes or no."""
    return tuple(
        key_of(feature.id)
        for feature in state.rows.values()
        if feature.withdrawn_at is None and agency not in feature.answers
    )


def live(view: View) -> tuple[Feature, ...]:
    """Every feature that is not withdrawn."""
    return tuple(feature for feature in boundaries(view).rows.values() if feature.withdrawn_at is None)


def agreed_by(view: View, feature: Feature) -> tuple[int, int]:
    """How many of the present parties have agreed, and how many parties there are."""
    codes = parties(view)
    agreed = sum(1 for code in codes if (a := feature.answers.get(code)) is not None and a.agreed)
    return agreed, len(codes)


def rivals(view: View) -> tuple[Feature, ...]:
    """Rendezvous points (or forward command posts) that stand against each other: two of a kind live at once."""
    found: list[Feature] = []
    for kind in ("rvp", "fcp"):
        same = [feature for feature in live(view) if feature.kind == kind]
        if len(same) > 1:
            found += same
    return tuple(found)


def invariants(view: View) -> tuple[str, ...]:
    """A zone has its scheme; the owner of what lies there agrees to it; numbers never twice."""
    found = []
    rows = boundaries(view).rows
    numbers = [feature.number for feature in rows.values()]
    if len(set(numbers)) != len(numbers):
        found.append("two features have one number")
    for feature in rows.values():
        if feature.kind in ZONES and not feature.scheme:
            found.append(f"{feature.name} is a zone without a scheme")
        answer = feature.answers.get(feature.owner)
        if answer is None or not answer.agreed:
            found.append(f"{feature.name} is not agreed by {feature.owner}, whose it is")
    return tuple(found)
