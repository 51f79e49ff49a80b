"""What exercise control can do to an inject, with the grammar of each line."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from incident.injects import facts
from incident.injects.facts import Injects
from incident.injects.rows import InjectRow
from incident.injects.words import MARK_WORDS
from incident.kernel.board import Arg, Look, Verb


def papers_of(look: Look) -> Injects | None:
    """Exercise control's papers, where this seat sees them."""
    papers: Injects | None = getattr(look.own, "injects", None)
    return papers


def _text(values: Mapping[str, Any], name: str) -> str:
    return str(values.get(name) or "").strip()


def _in(*states: str, roles: tuple[str, ...] = ("excon",)) -> Callable[[Any, Look], bool]:
    """Whether a row is an inject in one of these states, and this seat may touch it."""

    def applies(row: Any, look: Look) -> bool:
        return (
            isinstance(row, InjectRow)
            and row.standing.state in states
            and look.me is not None
            and look.me.role in roles
        )

    return applies


def _number(row: Any) -> int:
    """The row of the play itself is no inject."""
    if isinstance(row, InjectRow):
        return row.standing.number
    raise ValueError("Name an inject by its number.")


def _fireable(row: Any, look: Look) -> bool:
    return _in("pending", "held")(row, look) and not row.standing.asked


def _objectives(look: Look, _row: Any) -> Sequence[tuple[str, str]]:
    papers = papers_of(look)
    scenario = None if papers is None else papers.scenario
    return [] if scenario is None else [(one.code, one.words) for one in scenario.objectives]


def _marks(_look: Look, _row: Any) -> Sequence[tuple[str, str]]:
    return [(mark, MARK_WORDS[mark]) for mark in facts.MARKS if mark]


def _note(_row: Any, values: Mapping[str, Any], look: Look) -> facts.WriteNote:
    papers = papers_of(look)
    if papers is None:
        raise ValueError("Only exercise control and its evaluators keep notes.")
    written = _text(values, "inject").removeprefix("#")
    number = int(written) if written.isdecimal() else 0
    if written and str(number) not in papers.rows:
        raise ValueError(f"There is no inject {written}.")
    mark = _text(values, "mark").replace(" ", "_")
    return facts.WriteNote(_text(values, "text"), number, _text(values, "objective"), mark)  # type: ignore[arg-type]


def _own(_row: Any, look: Look) -> str:
    return look.own_stream


_WHY = Arg("reason", "Reason", required=False, rest=True)

VERBS: Final = (
    Verb(
        "fire",
        "Fire the inject now",
        "fire",
        facts.Fire,
        lambda row, _values, _look: facts.Fire(_number(row)),
        key="f",
        applies=_fireable,
        stream=_own,
        example="fire 7",
        help="It goes out within a second, also while the clock stands; not while NO DUFF does.",
    ),
    Verb(
        "hold",
        "Hold the inject",
        "hold",
        facts.Hold,
        lambda row, values, _look: facts.Hold(_number(row), _text(values, "reason")),
        key="h",
        args=(_WHY,),
        applies=lambda row, look: (
            _in("pending", "held")(row, look) and (row.standing.state == "pending" or row.standing.asked)
        ),
        stream=_own,
        example="hold 7",
        help="Its time passes; it goes out when fired.",
    ),
    Verb(
        "skip",
        "Skip the inject",
        "skip",
        facts.Skip,
        lambda row, values, _look: facts.Skip(_number(row), _text(values, "reason")),
        key="x",
        args=(_WHY,),
        applies=_in("pending", "held"),
        stream=_own,
        example="skip 7",
    ),
    Verb(
        "reinstate",
        "Reinstate the inject",
        "reinstate",
        facts.Reinstate,
        lambda row, _values, _look: facts.Reinstate(_number(row)),
        key="u",
        applies=_in("held", "skipped", "sent", "actioned"),
        stream=_own,
        example="reinstate 7",
        help="Pending again, at its time; one that was sent is held, and goes out once more when fired.",
    ),
    Verb(
        "actioned",
        "Mark the inject actioned",
        "actioned",
        facts.MarkActioned,
        lambda row, values, _look: facts.MarkActioned(_number(row), _text(values, "response")),
        key="y",
        args=(Arg("response", "What the rooms did", required=False, rest=True, limit=1_000),),
        applies=_in("sent", "actioned", roles=("excon", "evaluator")),
        stream=_own,
        example='actioned 7 "SCAS moved the RVP within 4 min"',
    ),
    Verb(
        "evaluate",
        "Write an evaluator's note",
        "evaluate",
        facts.WriteNote,
        _note,
        key="o",
        row=False,
        args=(
            Arg("text", "What was seen", rest=True, limit=2_000),
            Arg("inject", "About inject", "word", required=False, limit=5),
            Arg("objective", "Objective", "choice", False, _objectives),
            Arg("mark", "It is", "choice", False, _marks),
        ),
        applies=lambda _row, look: (
            papers_of(look) is not None and look.me is not None and look.me.role in ("excon", "evaluator")
        ),
        stream=_own,
        example="evaluate LAS asked twice for the RVP",
        help="Linked to the time of the exercise. No player sees it.",
    ),
)
