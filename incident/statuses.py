"""The states of a vehicle: words, quick letters, legal steps, and after how long a state is stale.

The seventeen codes and their order are those of ambulance dispatch (allocated, mobile, at scene, left scene, at
hospital, clear). Two rules of the field shape the table of steps. *Clear* belongs to the incident and *out of
service* to the vehicle, so clear is booked first. And the table never stands in the way of the truth: any other
step may be recorded as a correction, with a reason. A state that nobody has confirmed for longer than its time
is called stale, in a word; the last value is never kept silently.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, Protocol

from incident.kernel.slice import Context, Refusal

MINUTE: Final = 60_000
"""One minute in the unit of all times here: milliseconds."""

SCENE, RVP, EN_ROUTE, CONVEYING, LEFT, HOSPITAL, FREE, AWAY, UNKNOWN = (
    "at scene",
    "at RVP",
    "en route",
    "conveying",
    "left scene",
    "at hospital",
    "free",
    "away",
    "unknown",
)
GROUPS: Final = (SCENE, RVP, EN_ROUTE, CONVEYING, LEFT, HOSPITAL, FREE, AWAY, UNKNOWN)
"""What totals count by, in the order in which they are shown.

No state is of the group *left scene*: a unit that has left it counts there while nothing says that it has a patient.
"""

WORKING: Final = frozenset((SCENE, RVP, EN_ROUTE, CONVEYING, LEFT, HOSPITAL))
"""The groups of a unit that is at work for the incident; the others could be sent, or could not be had."""


@dataclass(frozen=True, slots=True)
class Status:
    """One state. ``stale_minutes`` is how long it may stand without a word from anybody.

    ``letter`` is the second key after ``s``. ``also`` are further words that mean the same, in tables and on the
    command line. ``moving``: it is on its way somewhere, so its destination is what matters, not its place.
    """

    code: str
    word: str
    letter: str
    group: str
    tone: str
    glyph: str
    stale_minutes: int
    next: tuple[str, ...]
    also: tuple[str, ...] = ()
    moving: bool = False

    @property
    def working(self) -> bool:
        """At work for the incident: counted as such in totals."""
        return self.group in WORKING


def _steps(codes: str) -> tuple[str, ...]:
    return tuple(codes.split())


_ALL: Final = (
    Status(
        "AVB", "available", "a", FREE, "good", "○", 720, _steps("ALL MOB AVS BRK OOS OFF"),
        ("avail", "at base", "available at base", "base"),
    ),
    Status(
        "AVS", "standby", "t", FREE, "good", "○", 240, _steps("ALL MOB AVB BRK OOS OFF"),
        ("on standby", "available on standby"),
    ),
    Status(
        "ALL", "allocated", "n", EN_ROUTE, "ink", "▷", 10, _steps("MOB CLR RET"),
        ("alloc", "assigned"), moving=True,
    ),
    Status(
        "MOB", "mobile", "m", EN_ROUTE, "accent", "▶", 45, _steps("RVP SCN APP CLR RET"),
        ("en route", "enroute", "moving"), moving=True,
    ),
    Status(
        "RVP", "at RVP", "r", RVP, "accent", "◆", 45, _steps("SCN APP MOB CLR RET"),
        ("rendezvous", "staged"),
    ),
    Status(
        "SCN", "at scene", "s", SCENE, "strong", "●", 60, _steps("APP LDG LFT RVP CLR RET"),
        ("scene", "on scene", "arrived"),
    ),
    Status(
        "APP", "at parking point", "p", SCENE, "strong", "●", 60, _steps("LDG SCN LFT RVP CLR RET"),
        ("parking", "parking point", "parked"),
    ),
    Status(
        "LDG", "loading", "g", SCENE, "strong", "●", 45, _steps("LFT SCN APP"),
        ("load",),
    ),
    Status(
        "LFT", "left scene", "l", CONVEYING, "accent", "▶", 60, _steps("HOS CLR"),
        ("left", "leaving", "to hospital"), moving=True,
    ),
    Status(
        "HOS", "at hospital", "h", HOSPITAL, "ink", "■", 60, _steps("HND CLR"),
        ("hospital", "hosp"),
    ),
    Status(
        "HND", "handing over", "d", HOSPITAL, "ink", "■", 60, _steps("CLR"),
        ("handover", "handing", "hand over"),
    ),
    Status(
        "CLR", "clear", "c", FREE, "good", "○", 20, _steps("AVB AVS ALL MOB RET BRK OOS OFF"),
        ("green",),
    ),
    Status(
        "RET", "returning", "e", AWAY, "dim", "◁", 120, _steps("AVB AVS CLR ALL MOB BRK OOS OFF"),
        ("return", "recalled", "going home"), moving=True,
    ),
    Status(
        "BRK", "meal break", "b", AWAY, "dim", "–", 60, _steps("AVB AVS ALL MOB OOS OFF"),
        ("break", "meal"),
    ),
    Status(
        "OOS", "out of service", "o", AWAY, "dim", "×", 720, _steps("AVB AVS OFF"),
        ("off road", "vor", "broken"),
    ),
    Status(
        "OFF", "off duty", "f", AWAY, "dim", "×", 1440, _steps("AVB AVS OOS"),
        ("off", "end of shift"),
    ),
    Status(
        "UNK", "unknown", "u", UNKNOWN, "caution", "?", 0, (),
        ("?", "not known"),
    ),
)  # fmt: skip

STATUSES: Final[Mapping[str, Status]] = {status.code: status for status in _ALL}
"""Every state by its code, in the order of a job: from available through the scene to clear, then the rest."""

QUICK: Final[Mapping[str, str]] = {status.letter: status.code for status in _ALL}
"""The second key after ``s``, and the code it stands for."""


def _meanings() -> dict[str, str]:
    found: dict[str, str] = {}
    for status in _ALL:
        for word in (status.code, status.word, *status.also):
            found[_plain(word)] = status.code
    return found


def _plain(word: str) -> str:
    """How a word is compared: lower case, one space between, hyphens and underlines like spaces."""
    return " ".join(word.lower().replace("-", " ").replace("_", " ").split())


def status_of(word: str) -> str | None:
    """The code of a state as a person writes it ("scn", "At scene", "at-scene"); None when it is none."""
    return _BY_WORD.get(_plain(word))


_BY_WORD: Final = _meanings()


def known_words() -> tuple[str, ...]:
    """Every code and every word, for suggesting the nearest to a word that is none."""
    return tuple(word for status in _ALL for word in (status.code, status.word, *status.also))


def status(code: str) -> Status:
    """One state by its code. A code from a newer version reads as unknown, in its own letters."""
    found = STATUSES.get(code)
    return found if found is not None else STATUSES["UNK"]


def word_of(code: str) -> str:
    """The word of a state: "at scene". A code from a newer version stands as it is."""
    found = STATUSES.get(code)
    return found.word if found is not None else code


def legal(before: str, after: str) -> bool:
    """Whether the field takes this step. Into and out of unknown, always; anything else is a correction."""
    return after == "UNK" or before not in STATUSES or before == "UNK" or after in STATUSES[before].next


def steps(code: str) -> tuple[str, ...]:
    """The legal next states, the likeliest first; unknown is always the last of them."""
    if code == "UNK" or code not in STATUSES:
        return tuple(other for other in STATUSES if other != code)
    return (*STATUSES[code].next, "UNK")


def stale_minutes(code: str, heard_at: int, now: int) -> int | None:
    """For how many minutes a state has been stale; None while it is fresh. Times are UTC ms.

    Unknown is never stale: it says already that nobody knows.
    """
    limit = status(code).stale_minutes
    over = now - heard_at - limit * MINUTE
    return over // MINUTE if limit and over > 0 else None


LEAST_STALE_MS: Final = MINUTE * min(one.stale_minutes for one in STATUSES.values() if one.stale_minutes)
"""No state is stale that was heard of within this time."""


def span(milliseconds: int) -> str:
    """A length of time as it stands on a board: 45s, 12m, 1h05, 3d. Never negative."""
    seconds = max(0, milliseconds) // 1000
    if seconds < 60:
        return f"{seconds}s"
    minutes = seconds // 60
    if minutes < 60:
        return f"{minutes}m"
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h{minutes:02}" if hours < 48 else f"{hours // 24}d"


def utc_clock(at: int) -> str:
    """A moment (UTC ms) as "14:05 UTC", for refusals, which are written where no local time is known."""
    minutes = at // MINUTE % 1440
    return f"{minutes // 60:02}:{minutes % 60:02} UTC"


# -- the one judgement, for registers and incidents -----------------------------------------------------------


class HasStatus(Protocol):
    """A unit, wherever its status lives: in its register or in an incident. Times are UTC ms."""

    @property
    def status(self) -> str: ...
    @property
    def since(self) -> int: ...
    @property
    def heard_at(self) -> int: ...
    @property
    def status_version(self) -> str: ...


Verdict = Literal["change", "same", "confirm"]


def judge(
    unit: HasStatus, key: str, target: str, ctx: Context, *, correcting: bool = False, doubted: bool = False
) -> Verdict | Refusal:
    """Whether a unit may be given this status now.

    "same": it has it already, so nothing is recorded, whoever asks second. "confirm": the same, but hearing it
    again is news: the status had grown stale, is ``doubted``, or is given with a reason. A correction may take
    any step, but not over what its author has not seen. Only that last refusal is a conflict, which a client
    leaves to the ledger.
    """
    if target not in STATUSES:
        return Refusal("unknown_status", f"{target} is no status. Try: {', '.join(STATUSES)}.")
    seen = not ctx.stale(key, unit.status_version)
    if target == unit.status:
        stale = stale_minutes(unit.status, unit.heard_at, ctx.now) is not None
        return "confirm" if seen and (stale or doubted or correcting) else "same"
    now_is = word_of(unit.status)
    facts = {"unit": key, "status": unit.status, "since": str(unit.since)}
    if not seen:
        sentence = f"{key} is {now_is} since {utc_clock(unit.since)}: it changed after you looked."
        return Refusal("changed_since", sentence, facts, conflict=True)
    if correcting:
        return "change"
    if not legal(unit.status, target):
        after = ", ".join(word_of(code) for code in steps(unit.status))
        sentence = (
            f"{key} is {now_is}, and {word_of(target)} does not follow. Next: {after}. "
            "If the status shown is wrong, correct it, with a reason."
        )
        return Refusal("illegal_step", sentence, facts)
    if ctx.happened_at is not None and ctx.happened_at < unit.since:
        sentence = (
            f"{key} is {now_is} since {utc_clock(unit.since)}, which is later. "
            "Write what happened before into the log, or correct the status."
        )
        return Refusal("before_present", sentence, facts)
    return "change"
