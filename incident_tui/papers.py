"""Papers as files: the board, the log, reports, blank forms, the map. It imports no widget; a line is not needed.

A file is this user's alone and is never written over: each has the moment in its name. What stands in it has been
through ``safe_text`` and is inert in a spreadsheet.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from incident.interchange import cap, kml, map_geojson
from incident.interchange.drawing import drawing_of
from incident.kernel.text import clip, safe_text
from incident.reports import papers
from incident.reports.document import Document, to_csv, to_json, to_text
from incident.values import Location
from incident_tui.clock import iso_time
from incident_tui.feed import LogLine
from incident_tui.nearest import near, offer
from incident_tui.seat import RESERVED, private_folder
from incident_tui.session import Session

FORMATS: Final = ("text", "csv", "json")
MAP: Final = "map"
"""What is drawn on the ground, for programs that show maps."""
MAPS: Final = {"geojson": map_geojson.written, "kml": kml.written, "cap": cap.written}
WHAT: Final = (*papers.WHAT, MAP)
ENDINGS: Final = {
    "text": "txt", "csv": "csv", "json": "json", "geojson": "geojson", "kml": "kml", "cap": "xml",
}  # fmt: skip
CLOCKS_APART_MS: Final = 2_000
"""An exercise clock that differs by more than this is named, or its times would be taken for the wall's."""

BLANK: Final = ("methane-form", "log-form")
"""Forms for paper: no incident is needed for them."""

_NOT_PLAIN = re.compile(r"[^A-Za-z0-9]+")
_NO_NAME = re.compile(r'[<>:"/\\|?*]')


class PaperError(Exception):
    """It cannot be printed; the words are a plain sentence."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be printed, and how."""

    what: str
    format: str = "text"


def read_wanted(words: str) -> Wanted:
    """What "log csv" means; nothing at all is the picture, and the map is GeoJSON.

    Raises:
        PaperError: there is no such paper, or not in that form.
    """
    said = words.lower().split()
    what = said[0] if said else "picture"
    form = said[1] if len(said) > 1 else "geojson" if what == MAP else "text"
    form = {"txt": "text"}.get(form, form)
    if what not in WHAT:
        known = ", ".join(WHAT)
        raise PaperError(f"There is no paper {what}.{offer(near(what, WHAT))} There are: {known}.")
    if (form in MAPS) != (what == MAP):
        raise PaperError(f"The map is {', '.join(MAPS)}, and the other papers are {', '.join(FORMATS)}.")
    if form not in (*FORMATS, *MAPS):
        raise PaperError(f"A paper is {', '.join(FORMATS)}, not {form}.")
    if form == "csv" and what != "log":
        raise PaperError("Only the log has rows enough for csv; the others are text or json.")
    return Wanted(what, form)


def made(wanted: Wanted, session: Session) -> str:
    """The paper, as text, CSV or JSON; the map as GeoJSON, KML or CAP.

    Raises:
        PaperError: it needs an incident, and none is open.
    """
    look = session.look()
    mode = session.mode or "exercise"
    if wanted.what in BLANK:
        form = papers.methane_form(mode) if wanted.what == "methane-form" else papers.log_form(mode)
        return _written(form, wanted)
    if not look.state.organisation.opened:
        raise PaperError("No incident is open here, so there is nothing to print but the blank forms.")
    # What another agency lets us look at is not ours to print: a paper outlasts the agreement.
    lines = tuple(line for line in session.log().lines if not line.part)
    if wanted.what == "log":
        return _log(wanted, session, lines)
    foot = foot_of(session)
    if wanted.what == MAP:
        return MAPS[wanted.format](drawing_of(look, session.now(), foot, _completed))
    if wanted.what == "picture":
        return _written(papers.picture(look, _of_weight(lines), foot), wanted)
    return _written(papers.report(look, wanted.what, foot), wanted)


def _completed(place: Location) -> Location:
    """A place with its point, where it can be computed from a grid reference at this desk."""
    from incident import geography  # noqa: PLC0415 - loaded when the first place is computed

    try:
        return geography.completed(place)
    except ImportError:
        return place


def _of_weight(lines: Sequence[LogLine]) -> list[LogLine]:
    return [line for line in lines if line.weight != "machine" or line.word]


def _log(wanted: Wanted, session: Session, lines: Sequence[LogLine]) -> str:
    if wanted.format == "csv":
        return to_csv(papers.COLUMNS, papers.log_rows(lines, _moment(session)))
    if wanted.format == "json":
        head = {
            "mode": session.mode,
            "made": foot_of(session),
            "lines": [papers.log_values(one) for one in lines],
        }
        return to_json(head)
    return _written(papers.log(session.look(), lines, foot_of(session)), wanted)


def _moment(session: Session) -> Callable[[int], str]:
    """How a cell writes a time: by the wall's clock with its zone, by that of an exercise with a word that says so."""
    look = session.look()
    if abs(look.now - look.real) <= CLOCKS_APART_MS:
        return iso_time
    return lambda at: f"{iso_time(at)[:19].replace('T', ' ')} exercise clock"


def _written(document: Document, wanted: Wanted) -> str:
    if wanted.format == "json":
        return to_json(document)
    return to_text(document)


def foot_of(session: Session) -> str:
    """Who made it, when (by both clocks in an exercise), up to which record, and whether this room was cut off."""
    me = session.me
    who = f"{safe_text(me.name)} of {me.agency}" if me is not None else "a seat that is not signed in"
    when = datetime.fromtimestamp(session.now() / 1000, tz=UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    link = session.link
    alone = "" if str(link.word) == "LIVE" else f", while {link.word}: this room's own copy"
    older = " Older lines of the log are not here." if session.log().more else ""
    look = session.look()
    if abs(look.now - look.real) > CLOCKS_APART_MS:
        older += f" Times of the log are by the exercise clock, which stood at {look.clock(look.now)} then."
    return f"Made by {who}, {when}, up to record {link.head}{alone}.{older}"


def file_name(wanted: Wanted, session: Session) -> str:
    """EXERCISE_LAS-2611-03_picture_20261126-143207.txt"""
    look = session.look()
    state = look.state.organisation
    number = state.number or state.title or "incident"
    when = datetime.fromtimestamp(session.now() / 1000, tz=UTC).strftime("%Y%m%d-%H%M%S")
    mode = "EXERCISE" if session.mode != "live" else "LIVE"
    about = _NOT_PLAIN.sub("-", number).strip("-")[:40] or "incident"
    what = wanted.format if wanted.format == "cap" else wanted.what
    return f"{mode}_{about}_{what}_{when}.{ENDINGS[wanted.format]}"


def write(folder: Path, name: str, text: str) -> Path:
    """Write a paper that only this user can read; a file of that name is left alone and the next is numbered.

    Raises:
        PaperError: it cannot be written, with the system's reason.
    """
    if not a_file_name(name):
        raise PaperError(f"'{clip(safe_text(name), 60)}' cannot name a paper: {GOOD_NAME}")
    stem, ending = Path(name).stem, Path(name).suffix
    where = clip(safe_text(str(folder)), 200)
    try:
        private_folder(folder)
        for count in range(1, 100):
            path = folder / (name if count == 1 else f"{stem}_{count}{ending}")
            try:
                handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            except FileExistsError:
                continue
            with os.fdopen(handle, "w", encoding="utf-8", newline="") as out:
                out.write(text)
                out.flush()
                os.fsync(out.fileno())
            return path
    except (OSError, ValueError) as error:  # a name that no system takes is a ValueError
        reason = (getattr(error, "strerror", None) or "the name cannot be used").lower()
        raise PaperError(f"The paper cannot be written to {where}: {reason}.") from None
    raise PaperError(f"There are a hundred papers of this name in {where}.")


GOOD_NAME: Final = (
    'it has a hidden sign or one of / \\ : * ? " < > | in it, ends in a point or a blank, '
    "or is a device of Windows."
)
"""Papers go from system to system, so a name must be good on all of them."""


def a_file_name(name: str) -> bool:
    """Whether it names a file in the folder it is put into, on every system, and nothing else."""
    return (
        name.isprintable()
        and not _NO_NAME.search(name)
        and bool(name.strip(". "))
        and name == name.rstrip(". ")
        and name.partition(".")[0].strip().upper() not in RESERVED
    )


def prepared(words: str, session: Session) -> tuple[str, str]:
    """File name and text of what the words ask for.

    Raises:
        PaperError: there is no such paper, or it needs an incident and none is open.
    """
    wanted = read_wanted(words)
    return file_name(wanted, session), made(wanted, session)
