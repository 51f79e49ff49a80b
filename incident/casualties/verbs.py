"""Casualties, the verbs: what a person can do about counts, with the grammar of each line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from incident.casualties.facts import (
    PRIORITIES,
    STAGES,
    TOTAL,
    Count,
    Counts,
    PickCount,
    Snapshot,
    folded,
    slot_key,
)
from incident.casualties.fold import casualties
from incident.kernel.board import Arg, Look, Verb
from incident.organisation import charter_of

HOW = (("estimated", "estimated"), ("counted", "counted"))
_FIGURE_MAX = 100_000


def _stages(_look: Look, _row: Any) -> Sequence[tuple[str, str]]:
    return [(stage, words) for stage, words in STAGES.items() if stage != TOTAL]


def _hows(_look: Look, _row: Any) -> Sequence[tuple[str, str]]:
    return HOW


def _how(_look: Look, row: Snapshot | None) -> str:
    return "counted" if row is not None and row.counted else "estimated"


def _known(name: str) -> Any:
    """What this row says now, as the answer that stands in the form."""

    def default(_look: Look, row: Snapshot | None) -> str:
        value = None if row is None else getattr(row.counts, name)
        return "" if value is None else str(value)

    return default


def _figure(values: Mapping[str, Any], name: str) -> int | None:
    written = str(values.get(name) if values.get(name) is not None else "").strip()
    if not written:
        return None
    if not written.isdigit() or int(written) > _FIGURE_MAX:
        raise ValueError(f"{PRIORITIES.get(name, 'In all')}: write a whole number, such as 3.")
    return int(written)


def _counts(values: Mapping[str, Any]) -> Counts:
    counts = Counts(**{name: _figure(values, name) for name in (*PRIORITIES, "altogether")})
    if counts.everyone is None:
        raise ValueError("Say how many: at least one number, and 0 for none.")
    return counts


def _place(values: Mapping[str, Any], look: Look) -> str:
    """The place as written; the code of a hospital that is meant by its name."""
    written = " ".join(str(values.get("place") or "").split())
    for code, place in charter_of(look.state).places.items():
        if folded(written) in (folded(code), folded(place.name)):
            return code
    return written


def _count(_row: Any, values: Mapping[str, Any], look: Look) -> Count:
    return Count(
        stage=values["stage"],
        counts=_counts(values),
        place=_place(values, look),
        counted=values.get("how") == "counted",
        source=str(values.get("source") or "").strip(),
    )


def _recount(row: Snapshot, values: Mapping[str, Any], _look: Look) -> Count:
    source = str(values.get("source") or "").strip()
    return Count(row.stage, _counts(values), row.place, values.get("how") == "counted", source)


def _total(_row: Any, values: Mapping[str, Any], _look: Look) -> Count:
    source = str(values.get("source") or "").strip()
    return Count(TOTAL, _counts(values), "", values.get("how") == "counted", source)


def _disputed(row: Snapshot, look: Look) -> bool:
    slot = casualties(look.state).slots.get(slot_key(row.stage, row.place))
    return slot is not None and row in slot.rivals


def _figures(*, kept: bool = False) -> tuple[Arg, ...]:
    return tuple(
        Arg(name, words, "number", required=False, default=_known(name) if kept else None, limit=6)
        for name, words in PRIORITIES.items()
    )


_HOW = Arg("how", "How", "choice", False, _hows, _how)
_SOURCE = Arg("source", "Who counted", "text", required=False, limit=80)
_ALL = Arg("altogether", "In all", "number", required=False, limit=6)

VERBS = (
    Verb(
        "count",
        "Count casualties",
        "count",
        Count,
        _count,
        key="c",
        row=False,
        args=(
            Arg("stage", "At which stage", "choice", True, _stages, lambda _l, _r: "at_scene"),
            *_figures(),
            _HOW,
            Arg("place", "Where (hospital or sector; blank: all of it)", "text", required=False, limit=60),
            _SOURCE,
        ),
        example="count scene 3 9 19 2",
        help="P1, P2, P3, dead, untriaged. What is left blank is not said, which is not zero.",
    ),
    Verb(
        "total",
        "How many in all",
        "total",
        Count,
        _total,
        key="e",
        row=False,
        args=(_ALL, *_figures(), _HOW, _SOURCE),
        example="total 48",
        help="How many are expected altogether, so that the difference from what was counted shows.",
    ),
    Verb(
        "recount",
        "Count again here",
        "recount",
        Count,
        _recount,
        key="u",
        args=(
            *_figures(kept=True),
            Arg("altogether", "In all", "number", False, default=_known("altogether"), limit=6),
            _HOW,
            _SOURCE,
        ),
        example='recount "LAS scene" 2 9 19',
        help="The same stage and place, by our own agency, as of now.",
    ),
    Verb(
        "pick",
        "Settle: this count stands",
        "pick",
        PickCount,
        lambda row, _values, _look: PickCount(row.stage, row.version, row.place),
        key="v",
        applies=_disputed,
        example='pick "LAS scene"',
        help="For a tactical commander, while two counts contradict each other.",
    ),
)
