"""What can be done to the play of an exercise, with the grammar of each line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from incident.exercises import facts
from incident.exercises.facts import Play
from incident.kernel.board import Arg, Look, Verb


def play_of(look: Look) -> Play:
    """The play of the incident that is looked at."""
    state: Play = look.state.exercises
    return state


def _exercise(look: Look) -> bool:
    state = look.state.organisation
    return bool(state.opened and state.mode == "exercise")


def controls(look: Look) -> bool:
    """Whether this seat is exercise control's."""
    return look.me is not None and look.me.role == "excon" and _exercise(look)


def _text(values: Mapping[str, Any], name: str) -> str:
    return str(values.get(name) or "").strip()


def _scenario(look: Look, name: str) -> str:
    """A field of the scenario that exercise control has loaded, where this seat sees it."""
    injects = getattr(look.own, "injects", None)
    scenario = None if injects is None else injects.scenario
    return "" if scenario is None else str(getattr(scenario, name))


def _start(_row: Any, values: Mapping[str, Any], look: Look) -> facts.StartPlay:
    code_word = _text(values, "code_word") or _scenario(look, "code_word")
    return facts.StartPlay(_scenario(look, "id"), _scenario(look, "title"), code_word[:40])


def _pause(_row: Any, _values: Mapping[str, Any], look: Look) -> facts.Pause | facts.Resume:
    """One key: what runs is paused, what stands runs again."""
    play = play_of(look)
    return facts.Resume() if play.paused else facts.Pause()


def _speed(_row: Any, values: Mapping[str, Any], _look: Look) -> facts.SetSpeed:
    written = _text(values, "speed").lower().lstrip("x×").rstrip("x×")
    found = next((speed for speed in facts.SPEEDS if str(speed) == written), None)
    if found is None:
        raise ValueError(f"The clock runs at one of: {', '.join(f'×{speed}' for speed in facts.SPEEDS)}.")
    return facts.SetSpeed(found)


def _speeds(_look: Look, _row: Any) -> Sequence[tuple[str, str]]:
    return [(str(speed), "real time" if speed == 1 else f"×{speed}") for speed in facts.SPEEDS]


_WHY = Arg("reason", "Reason", required=False, rest=True)

NO_DUFF: Final = Verb(
    "noduff",
    "NO DUFF, a real emergency",
    "noduff",
    facts.NoDuff,
    lambda _row, values, _look: facts.NoDuff(_text(values, "reason")),
    key="X",
    row=False,
    aliases=("no-duff",),
    args=(Arg("reason", "What has really happened", rest=True, limit=500),),
    applies=lambda _row, look: _exercise(look),
    example="noduff controller collapsed in the Bicester room",
    help="Anybody may, on every screen. The clock stands and nothing is played until exercise control resumes.",
)

VERBS: Final = (
    Verb(
        "pause",
        "Pause play, or resume it",
        "pause",
        facts.Pause,
        _pause,
        key="p",
        row=False,
        applies=lambda _row, look: (
            controls(look)
            and not play_of(look).suspended
            and play_of(look).started
            and play_of(look).ended_at is None
        ),
        example="pause",
        help="The exercise clock stands, or runs again. It does not take back NO DUFF: resume does, with a reason.",
    ),
    Verb(
        "resume",
        "Play goes on; after NO DUFF with the reason",
        "resume",
        facts.Resume,
        lambda _row, values, _look: facts.Resume(_text(values, "reason")),
        key="O",
        row=False,
        args=(Arg("reason", "What became of the real emergency", required=False, rest=True, limit=300),),
        applies=lambda _row, look: controls(look) and (play_of(look).suspended or play_of(look).paused),
        example="resume controller is in hospital, the room is manned again",
        help="Only exercise control can. Nobody ends a NO DUFF by one key.",
    ),
    Verb(
        "speed",
        "Set the speed of the exercise clock",
        "speed",
        facts.SetSpeed,
        _speed,
        key="v",
        row=False,
        args=(Arg("speed", "Speed", "choice", True, _speeds, lambda look, _row: str(play_of(look).speed)),),
        applies=lambda _row, look: (
            controls(look) and play_of(look).started and play_of(look).ended_at is None
        ),
        quick={str(speed): {"speed": str(speed)} for speed in facts.SPEEDS},
        example="speed 4",
    ),
    Verb(
        "start-play",
        "Start play: the clock is at T+0",
        "start",
        facts.StartPlay,
        _start,
        key="b",
        row=False,
        args=(
            Arg(
                "code_word",
                "Code word",
                required=False,
                default=lambda look, _row: _scenario(look, "code_word"),
                rest=True,
                limit=40,
            ),
        ),
        applies=lambda _row, look: controls(look) and not play_of(look).started,
        example="start COBALT",
        help="Injects that are due from now on fire, and virtual agencies begin to act.",
    ),
    Verb(
        "end-play",
        "End play",
        "endex",
        facts.EndPlay,
        lambda _row, values, _look: facts.EndPlay(_text(values, "reason")),
        key="E",
        row=False,
        args=(_WHY,),
        applies=lambda _row, look: (
            controls(look) and play_of(look).started and play_of(look).ended_at is None
        ),
        example="endex",
        help="Nothing more fires. The log stays open for the debrief.",
    ),
    NO_DUFF,
)
