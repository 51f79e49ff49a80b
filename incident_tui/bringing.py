"""What somebody drew in another program: a file read, shown, and proposed thing by thing. It knows no widget."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from config.reader import read_bytes
from incident.boundaries.facts import KINDS, SCHEMES, TITLES, Propose
from incident.interchange.features import NEEDS_WIND, Brought, Bundle, proposal, read_things, stands
from incident.kernel.board import Arg, Board, Cell, Column, Look, Verb
from incident.kernel.checks import ConfigError
from incident.kernel.slice import Refusal
from incident.kernel.text import clip, safe_text
from incident.values import Location

if TYPE_CHECKING:
    from incident_tui.session import Session

BYTES_MAX: Final = 8 * 2**20
"""Fifty things of a thousand corners are far less."""
THINGS: Final = "things"
"""The answer of the form that says which of them are wanted."""
NAMED_MAX: Final = 8
"""Of so many things the form asks for the names as well; of more, one that is to be called otherwise is renamed."""
NO_LIBRARY: Final = "The geometry library is not installed here: a file in metres of a grid cannot be read."


class CannotBring(Exception):
    """It cannot be taken up; the words are plain sentences."""


def read(file: str) -> Bundle:
    """The things of a file.

    Raises:
        CannotBring: there is no such file, or it holds nothing that could be proposed.
    """
    path = Path(file.strip().strip('"')).expanduser()
    if not file.strip():
        raise CannotBring("Say which file: import-features cordon.kml")
    try:
        return read_things(read_bytes(path, BYTES_MAX), path.name, _to_position)
    except ConfigError as error:
        said = "; ".join(str(one.sentence) for one in error.problems[:3])
        more = len(error.problems) - 3
        raise CannotBring(
            f"{clip(safe_text(path.name), 60)}: {clip(safe_text(said), 500)}"
            + (f"; and {more} more" if more > 0 else "")
        ) from None
    except ImportError:
        raise CannotBring(NO_LIBRARY) from None


def _to_position(easting: float, northing: float) -> tuple[float, float]:
    from incident import geography  # noqa: PLC0415 - loaded for a file in metres alone

    return geography.to_position(easting, northing)


def completed(place: Location) -> Location:
    """A place with its grid reference, where it can be computed at this desk."""
    from incident import geography  # noqa: PLC0415 - loaded when the first place is computed

    try:
        return geography.completed(place)
    except ImportError:
        return place


def words_of(bundle: Bundle, standing: int = 0) -> str:
    """What was left out of the file, what is not ticked since it is here, and what becomes of the rest."""
    here = {0: [], 1: ["One stands already and is not ticked."]}.get(
        standing, [f"{standing} stand already and are not ticked."]
    )
    return " ".join([*bundle.notes, *here, "Each becomes a proposal of ours, and the others are asked."])


# -- a board of them, so that the form, the previews and the sending are those of any other act ----------------


def standing_of(bundle: Bundle, look: Look) -> frozenset[str]:
    """The keys of the things that are on the ground already, such as those of our own export."""
    features = getattr(getattr(look.state, "boundaries", None), "rows", None) or {}
    return frozenset(
        str(number) for number, one in enumerate(bundle.things, 1) if stands(one, features.values())
    )


def board_of(bundle: Bundle, file: str, standing: frozenset[str] = frozenset()) -> Board:
    """The things as rows, with the one verb that proposes them; ``standing`` are those that are here already."""
    rows = {str(number): one for number, one in enumerate(bundle.things, 1)}
    title = f"Propose what {clip(safe_text(Path(file.strip()).name), 40)} holds"
    return Board(
        "brought",
        title,
        "",
        lambda _look: rows,
        (Column("name", "Name", 20, _name, priority=0),),
        (_verb(bundle, title, rows, standing),),
        lambda one, _look: [("", Cell(one.words))],
        lambda one, _look: one.words.lower(),
        lambda _written, _look: None,
        noun="thing",
    )


def _name(one: Brought, _look: Look) -> Cell:
    return Cell(one.name or KINDS.get(one.kind, "no name"))


def _verb(bundle: Bundle, title: str, rows: Mapping[str, Brought], standing: frozenset[str]) -> Verb:
    every = [
        (key, f"stands already: {one.words}" if key in standing else one.words) for key, one in rows.items()
    ]
    wanted = ",".join(key for key in rows if key not in standing)
    args = [Arg(THINGS, "Take", "choices", True, lambda _l, _r: every, lambda _l, _r: wanted)]
    if bundle.kinds_lacking:
        args.append(Arg("kind", "Kind (of those that do not say)", "choice", True, _kinds))
    args.append(Arg("scheme", "Scheme of zones", "choice", False, _schemes))
    if len(rows) <= NAMED_MAX:
        args += [_named(key, one) for key, one in rows.items()]
    keys = {id(one): key for key, one in rows.items()}

    def propose(one: Brought, values: Mapping[str, Any], _look: Look) -> Propose:
        name = str(values.get(f"name_{keys[id(one)]}") or "").strip()
        return _propose(replace(one, name=name or one.name), values)

    told = words_of(bundle, len(standing))
    return Verb("propose", title, "", Propose, propose, args=tuple(args), help=told, read_first=True)


def _named(key: str, one: Brought) -> Arg:
    """The field in which a thing may be called otherwise."""
    which = clip(one.name, 14) or f"thing {key}"
    return Arg(f"name_{key}", f"Name of {which}", "text", False, default=lambda _l, _r: one.name, limit=80)


def _kinds(_look: Look, _row: Any) -> Sequence[tuple[str, str]]:
    return [(kind, TITLES.get(kind, words)) for kind, words in KINDS.items() if kind != NEEDS_WIND]


def _schemes(_look: Look, _row: Any) -> Sequence[tuple[str, str]]:
    return tuple(SCHEMES.items())


def _propose(one: Brought, values: Mapping[str, Any]) -> Propose:
    made = proposal(one, str(values.get("kind") or ""), str(values.get("scheme") or ""), completed)
    if isinstance(made, Refusal):
        raise ValueError(made.sentence)  # noqa: TRY004 - a board's verb says no so
    return made


# -- without a screen -----------------------------------------------------------------------------------------


async def headless(
    session: Session,
    file: str,
    *,
    kind: str,
    scheme: str,
    yes: bool,
    seconds: float,
    put: Any,
    complain: Any,
) -> int:
    """Print what a file holds; with ``yes``, propose it and wait for each answer. Exit codes as of ``do``."""
    from incident_tui import headless as shell  # noqa: PLC0415 - it loads more than a reader of files needs

    try:
        bundle = read(file)
    except CannotBring as error:
        complain(str(error))
        return shell.USAGE
    for one in bundle.things:
        put(one.words)
    for note in bundle.notes:
        put(note)
    if not yes:
        put("Nothing was proposed: say it again with --yes.")
        return shell.DONE
    worst = shell.DONE
    async with shell.at_work(session):
        await shell.settled(session, seconds)
        standing = standing_of(bundle, session.look())
        for number, one in enumerate(bundle.things, 1):
            if str(number) in standing:
                put(f"{one.name or 'a thing'}: stands already, left out")
                continue
            made = proposal(one, kind, scheme, completed)
            worst = max(worst, await _sent(session, one, made, seconds, put, complain))
    return worst


async def _sent(
    session: Session, one: Brought, made: Propose | Refusal, seconds: float, put: Any, complain: Any
) -> int:
    """Propose one thing and wait for its answer; answers the exit code of it."""
    from incident_tui import headless as shell  # noqa: PLC0415 - as above

    answer = made if isinstance(made, Refusal) else session.submit(made)
    if isinstance(answer, Refusal):
        complain(f"{one.name or 'a thing'}: {safe_text(answer.sentence)}")
        return shell.NOT_ALLOWED if answer.code in shell.NOT_ALLOWED_CODES else shell.REFUSED
    outcome = await session.outcome(answer, seconds)
    if outcome is None:
        complain(f"{one.name}: {session.word(answer)}. It is kept on this desk and sent later.")
        return shell.NO_SERVER
    if outcome.refusal is not None:
        session.clear_card(answer)
        complain(f"{one.name}: REFUSED. {safe_text(outcome.refusal.sentence)}")
        return shell.REFUSED
    put(f"{one.name or 'proposed'}: CONFIRMED #{outcome.seq}")
    return shell.DONE
