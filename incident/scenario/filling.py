"""What an inject brings about, as commands: references in the body of a step become ids and times.

A step is written before anything has happened, so it names things by what people call them:

    $now, $now+20m, $now-5m   a time, UTC ms
    $incident                 the id of the incident
    $addressed                everything that still asks the agency for a receipt
    $offer                    the offer of the lead that stands
    $task:WORDS               the newest task with this title or number, and so with
    $feature:WORDS            what is proposed on the ground

A slice that has things of its own to name adds its word to ``FINDERS``. What names nothing yet is said, not guessed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import msgspec

from incident.kernel.model import Model
from incident.kernel.slice import Actor, Refusal, View
from incident.methane import current, methane
from incident.methane.facts import Publish, Version
from incident.scenario.facts import Step

MINUTE_MS: Final = 60_000
COUNTS: Final = ("total", "p1", "p2", "p3", "dead", "untriaged", "counted")
"""The fields of the letter N."""
DEEP_MAX: Final = 12
_NOW = re.compile(r"\$now(?:([+-])(\d{1,4})m)?", re.ASCII)
_NAMED = re.compile(r"\$([a-z_]+)(?::(.{1,200}))?", re.ASCII)
SOME_ID: Final = "00000000-0000-7000-8000-000000000000"
SOME_TIME: Final = 1_800_000_000_000


class Unfilled(Exception):
    """A reference that names nothing now; ``str`` is a plain sentence."""


def _same(name: str, words: Iterable[str]) -> bool:
    wanted = " ".join(name.split()).casefold()
    return any(" ".join(word.split()).casefold() == wanted for word in words)


def _row(slice_name: str, *fields: str) -> Callable[[View, str], str]:
    """Finds the newest thing of a slice by what people call it."""

    def find(view: View, name: str) -> str:
        part = getattr(view, slice_name, None)
        rows: Iterable[Any] = () if part is None else reversed(part.rows.values())
        return next((row.id for row in rows if _same(name, (getattr(row, f) for f in fields))), "")

    return find


def _offer(view: View, _name: str) -> str:
    offer = view.organisation.lead_offer
    return "" if offer is None else offer.id


FINDERS: Final[Mapping[str, Callable[[View, str], str]]] = {
    "task": _row("tasks", "title", "called", "number"),
    "feature": _row("boundaries", "name", "called", "number"),
    "offer": _offer,
}
"""The word of a reference, and who finds the id it means; "" when there is none."""

NAMELESS: Final = frozenset({"offer"})
"""References that stand alone; the others need the words of the thing behind a colon."""


def command_of(
    step: Step, model: Model, view: View, incident: str, now: int
) -> tuple[Actor, Any] | tuple[None, str]:
    """Who gives which command for a step of an inject; or None and the sentence that says why it cannot be.

    ``view`` is the incident, or the agency's own part of it, as it stands; ``incident`` its id; ``now`` UTC ms.
    """
    actor = Actor("excon", step.agency, step.role)
    if step.type not in model.commands:
        return None, f"nothing here knows what {step.type} means"
    try:
        body = _filled(
            msgspec.json.decode(step.body),
            lambda written: _meant(
                written, view, incident, now, lambda: model.addressed(view, step.agency, now)
            ),
        )
    except (Unfilled, msgspec.DecodeError) as error:
        return None, str(error)
    if isinstance(body, dict) and model.spec_of(step.type).cls is Publish:
        body = {**body, "report": upon(body.get("report"), current(methane(view)))}
    command = model.read_command(step.type, model.spec_of(step.type).v, msgspec.json.encode(body))
    return (None, command.sentence) if isinstance(command, Refusal) else (actor, command)


def upon(said: Any, before: Version | None) -> Any:
    """A METHANE as whoever is at the scene sends it: what it does not say stands as in the version before it.

    Who is there stays there, and is required no more. Counts are taken together or not at all.
    """
    if before is None or not isinstance(said, dict):
        return said
    old = msgspec.to_builtins(before.report)
    if any(name in said for name in COUNTS):
        old = {name: value for name, value in old.items() if name not in COUNTS}
    there = {one["agency"]: one for one in (*old.get("present", ()), *said.get("present", ()))}
    wanted = {one["agency"]: one for one in (*old.get("required", ()), *said.get("required", ()))}
    required = [one for agency, one in wanted.items() if agency not in there]
    return {**old, **said, "present": list(there.values()), "required": required}


def stand_in(body: Any) -> Any:
    """A body with something of the right shape in place of each reference, to be checked before it happens.

    Raises:
        Unfilled: a reference is of no known kind.
    """
    return _filled(body, _example)


def _filled(value: Any, meant: Callable[[str], Any], depth: int = 0) -> Any:
    if depth > DEEP_MAX:
        raise Unfilled("the body is nested too deeply")
    if isinstance(value, dict):
        return {key: _filled(inner, meant, depth + 1) for key, inner in value.items()}
    if isinstance(value, list):
        return [_filled(inner, meant, depth + 1) for inner in value]
    return meant(value) if isinstance(value, str) and value.startswith("$") else value


def _meant(
    written: str, view: View, incident: str, now: int, addressed: Callable[[], tuple[str, ...]]
) -> Any:
    """The value of one reference."""
    if found := _NOW.fullmatch(written):
        minutes = int(found[2] or 0)
        return now + (-minutes if found[1] == "-" else minutes) * MINUTE_MS
    if written == "$incident":
        return incident
    if written == "$addressed":
        return list(addressed())
    word, name = _parts(written)
    named = FINDERS[word](view, name)
    if not named:
        raise Unfilled(f"there is no {word} {name}".rstrip() + " yet")
    return named


def _example(written: str) -> Any:
    if _NOW.fullmatch(written):
        return SOME_TIME
    if written == "$incident":
        return SOME_ID
    if written == "$addressed":
        return ["tasks/something"]
    _parts(written)
    return SOME_ID


def _parts(written: str) -> tuple[str, str]:
    found = _NAMED.fullmatch(written)
    word, name = (found[1], (found[2] or "").strip()) if found else ("", "")
    if word not in FINDERS or (bool(name) == (word in NAMELESS)):
        known = ", ".join(f"${key}" if key in NAMELESS else f"${key}:NAME" for key in FINDERS)
        raise Unfilled(f"{written} is no reference; there are $now, $incident, $addressed, {known}")
    return word, name
