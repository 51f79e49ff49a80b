"""The client without a screen: one sentence a line, for screen readers and for scripts. No widget is loaded.

`tail` prints the log as it grows and leaves no trace, not even a receipt. `state` prints the picture once. `do`
does what one command line says and waits for the server's answer. Everything printed has been through
`safe_text`; there are no colours and no cursor movements.

Exit codes: 0 done, and for `do`: confirmed; 1 refused; 2 not understood; 3 no server, or not confirmed in time:
a command is then kept on this desk and sent when the client is next opened; 4 not allowed.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from incident.exercises import suspended
from incident.kernel.board import Board, Cell, Look, Verb
from incident.kernel.replica import LinkWord
from incident.kernel.slice import Refusal
from incident.kernel.text import safe_text
from incident.state import INCIDENT
from incident_tui import measure, near, papers
from incident_tui.actions import Act, AppAct, build, parse
from incident_tui.answers import places_in
from incident_tui.clock import iso_time, long_time
from incident_tui.feed import LINES_MAX, PAGE, LogLine
from incident_tui.grammar import find_verb
from incident_tui.printing import complain, put
from incident_tui.screens.incidents.listing import incidents_board
from incident_tui.seat import home_words
from incident_tui.session import Session

__all__ = ["complain", "do", "put", "report", "state", "tail"]

DONE: Final = 0
REFUSED: Final = 1
USAGE: Final = 2
NO_SERVER: Final = 3
NOT_ALLOWED: Final = 4
STEP_SECONDS: Final = 0.05
NOT_ALLOWED_CODES: Final = frozenset({
    "no_grant", "no_role", "not_party", "observer", "locked", "signed_out",
})  # fmt: skip
NOT_REACHED_CODES: Final = frozenset({"not_signed_in", "needs_link", "no_seat"})

Print = Callable[[str], None]


@contextlib.asynccontextmanager
async def at_work(session: Session) -> AsyncIterator[asyncio.Task[None]]:
    """The session, running for as long as the block lasts, and written down after it; answers its task."""
    await session.open()
    running = asyncio.create_task(session.run(), name="session")
    running.add_done_callback(
        lambda _: session.touch()
    )  # whoever waits for a change must hear that none comes
    try:
        yield running
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await session.close()


async def settled(session: Session, seconds: float) -> bool:
    """Wait until the line is up and the open incident is here to its head; False when that takes too long."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while not session.settled and not signed_out(session):
                await session.changed(session.version)
    return session.settled


def signed_out(session: Session) -> str:
    """Why nobody is signed in at this enrolled desk any more; "" while somebody is, or with a token."""
    return "" if session.sitting is None else session.sitting.out


# -- tail -----------------------------------------------------------------------------------------------------


async def tail(
    session: Session, *, json: bool, lines: int, seconds: float, put: Print, complain: Print
) -> int:
    """Print the last lines of the log, then every new one, until it is ended or the reader goes away."""
    async with at_work(session) as running:
        if not await settled(session, seconds):
            complain(why_not(session))
            return NO_SERVER
        if not session.stream:
            complain(why_not(session))
            if session.incidents:
                return USAGE
        last: dict[str, int] = {}
        word = ""
        fresh = [line for line in session.log().lines if not line.word]
        while True:
            for line in fresh[-lines:] if not last and lines else fresh if last else []:
                put(_json_line(line) if json else sentence(line))
            for line in fresh:
                last[line.stream] = max(line.seq, last.get(line.stream, 0))
            last.setdefault(session.stream, 0)
            if running.done():
                complain(_stopped(running))
                return NO_SERVER
            await session.changed(session.version)
            await asyncio.sleep(STEP_SECONDS)  # what comes together is printed together
            word = _say_word(session, word, complain)
            fresh = [
                line for line in session.log().lines if not line.word and line.seq > last.get(line.stream, 0)
            ]


def _stopped(running: asyncio.Task[None]) -> str:
    """Why a session has ended by itself, as a sentence."""
    error = None if running.cancelled() else running.exception()
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    bug = f" ({type(error).__name__})" if error is not None else ""
    return f"The client has stopped because of a bug{bug}. Nothing more is printed: start it again."


def _say_word(session: Session, before: str, complain: Print) -> str:
    """Tell when the line's word changes: a reader that hears nothing must know why."""
    word = str(session.link.word)
    if before and word != before:
        complain(f"{word} {session.link.sentence}".strip())
    return word


def sentence(line: LogLine) -> str:
    """One line of the log as it is read out: when, number, who, what, and what is particular about it."""
    who = line.agency if not line.on_behalf_of else f"{line.agency} for {line.on_behalf_of}"
    marks = [
        words
        for words, holds in (
            ("OWN", line.own),
            (f"OWN of {line.part}", bool(line.part)),
            ("late entry", line.late),
            ("struck through", line.struck),
            (line.word, bool(line.word)),
        )
        if holds
    ]
    number = f"#{line.seq}" if line.seq else ""
    return " ".join(
        filter(None, (long_time(line.at), number, who, line.text, f"({', '.join(marks)})" if marks else ""))
    )


def _json_line(line: LogLine) -> str:
    plain: dict[str, Any] = msgspec.to_builtins(line)
    return _json({**plain, "time": iso_time(line.at), "real_time": iso_time(line.real_at)})


# -- state ----------------------------------------------------------------------------------------------------


async def state(session: Session, *, json: bool, seconds: float, put: Print, complain: Print) -> int:
    """Print what this seat sees, once: from the server, or, when it does not answer, as it was last seen here."""
    async with at_work(session):
        here = await settled(session, seconds)
        look = session.look()
        picture = picture_of(session, look)
        if json:
            put(_json(picture))
        else:
            for line in spoken(picture):
                put(line)
        if not here:
            complain(why_not(session))
        return DONE if here else NO_SERVER


def picture_of(session: Session, look: Look) -> dict[str, Any]:
    """Everything the boards show, as plain values. Times are UTC ms by the incident's clock; texts are safe."""
    link = session.link
    return {
        "server": safe_text(session.server_name),
        "mode": session.mode,
        "link": str(link.word),
        "waiting_for": link.sentence,
        "at": look.now,
        "real_at": look.real,
        "suspended": safe_text(suspended(look.state)),
        "agency": "" if session.me is None else safe_text(session.me.agency),
        "name": "" if session.me is None else safe_text(session.me.name),
        "role": "" if session.me is None else safe_text(session.me.role),
        "unsent": session.unsent,
        "refused": [
            {
                "command_id": card.command_id,
                "text": safe_text(card.text),
                "reason": safe_text(card.refusal.sentence),
            }
            for card in session.cards
        ],
        "incidents": [
            {"stream": listing.stream, **{key: _plain(value) for key, value in listing.summary.items()}}
            for listing in session.incidents
        ],
        "incident": look.stream,
        "seq": link.head,
        "boards": {board.name: _board(board, look) for board in INCIDENT.boards} if look.stream else {},
    }


def _board(board: Board, look: Look) -> list[dict[str, Any]]:
    rows = []
    for key, row in board.rows(look).items():
        cells = {column.name: _words(column.cell(row, look)) for column in board.columns}
        word = look.unconfirmed.get(board.version(row), "")
        rows.append({"key": safe_text(key), **cells, **({"state_word": word} if word else {})})
    return rows


def _words(cell: Cell) -> str:
    return safe_text(cell.text).strip()


def spoken(picture: Mapping[str, Any]) -> list[str]:
    """The picture as sentences, board by board."""
    open_one = next((one for one in picture["incidents"] if one["stream"] == picture["incident"]), None)
    mode = "EXERCISE. " if picture["mode"] == "exercise" else ""
    lines = [f"{mode}{picture['link']}. {picture['waiting_for']}".strip()]
    lines += [f"{picture['suspended']}."] if picture["suspended"] else []
    if picture["agency"]:
        lines.append(
            f"{picture['agency']}, {picture['name']}, {picture['role']}. {picture['unsent']} unsent."
        )
    lines += [f"Refused: {card['text']}. {card['reason']}" for card in picture["refused"]]
    if open_one is None:
        lines.append(
            f"{len(picture['incidents'])} incidents can be seen, and none is open. Name one with --incident."
        )
        lines += [
            f"Incident {one.get('number') or '?'}: {one.get('title', '')}" for one in picture["incidents"]
        ]
        return lines
    lines.append(
        f"Incident {open_one.get('number') or '?'}: {open_one.get('title', '')}. Record {picture['seq']}."
    )
    titles = {board.name: board for board in INCIDENT.boards}
    for name, rows in picture["boards"].items():
        board = titles[name]
        lines.append(f"{board.title}: {len(rows)}.")
        heads = {column.name: column.title for column in board.columns}
        for row in rows:
            parts = [f"{heads[key]} {value}".strip() for key, value in row.items() if key in heads and value]
            lines.append("; ".join([*parts, *([row["state_word"]] if "state_word" in row else [])]) + ".")
    return lines


PAGES_MAX: Final = 2 * LINES_MAX // PAGE
"""Pages of older lines that are fetched for one paper, of each stream; what is missing then, its foot says."""


# -- report ---------------------------------------------------------------------------------------------------


async def report(
    session: Session, words: str, *, out: Path | None, seconds: float, put: Print, complain: Print
) -> int:
    """Print a paper, or write it to a file. Without a line it is made from this desk's own copy, and says so."""
    try:
        wanted = papers.read_wanted(words)
    except papers.PaperError as error:
        complain(str(error))
        return USAGE
    async with at_work(session):
        here = await settled(session, seconds)
        if wanted.what == "log":
            await _whole_log(session, seconds)
        try:
            text = papers.made(wanted, session)
            if out is None:
                put(text.rstrip("\n"))
            else:
                put(f"Written: {safe_text(str(papers.write(out.parent, out.name, text)))}")
        except papers.PaperError as error:
            complain(str(error) if here else f"{error} {why_not(session)}")
            return USAGE if here else NO_SERVER
    return DONE if here or wanted.what in papers.BLANK else NO_SERVER


async def _whole_log(session: Session, seconds: float) -> None:
    """Fetch what is older, page by page, for as long as pages come.

    Of a log with more lines than a desk holds the oldest go again while new ones come, so there is an end to it.
    """
    with contextlib.suppress(TimeoutError):
        for _ in range(PAGES_MAX):
            if not session.log().more:
                return
            async with asyncio.timeout(seconds):
                session.log().older()
                await session.changed(session.version)


# -- do -------------------------------------------------------------------------------------------------------


async def do(
    session: Session, line: str, *, yes: bool = False, seconds: float, put: Print, complain: Print
) -> int:
    """Do what one command line says, and wait for the answer. See the exit codes above.

    ``yes`` is the second key, for the few acts that ask for one.
    """
    if session.sitting is not None and session.sitting.word:
        complain(f"Nothing was done. {why_not(session)}")
        return NOT_ALLOWED
    async with at_work(session):
        deadline = asyncio.get_running_loop().time() + seconds
        await settled(session, seconds)
        asked = parse(line, session.look(), INCIDENT.boards)
        if isinstance(asked, AppAct) and asked.name in ("map.nearest", "map.measure"):
            return await _looked_up(session, asked, put, complain)
        answer = _submitted(session, line, complain, yes=yes)
        if isinstance(answer, int):
            return answer
        outcome = await session.outcome(answer, max(0.5, deadline - asyncio.get_running_loop().time()))
        if outcome is None:
            why = session.disk_trouble or f"{why_not(session)} It is kept on this desk and sent later."
            complain(f"{session.word(answer)}. {why}")
            return NO_SERVER
        if outcome.refusal is not None:
            session.clear_card(answer)  # it has been said here; nobody will look for a card
            complain(f"REFUSED. {safe_text(outcome.refusal.sentence)}")
            return NOT_ALLOWED if outcome.refusal.code in NOT_ALLOWED_CODES else REFUSED
        put(f"CONFIRMED #{outcome.seq}" if outcome.seq else "CONFIRMED. It was so already.")
        return DONE


async def _looked_up(session: Session, asked: AppAct, put: Print, complain: Print) -> int:
    """``nearest hart``, ``measure A; B``: what the map would say, in sentences. Nothing is written by it."""
    await session.placer.prepare()
    session.touch()  # what is looked at knows the stations now
    look, placer = session.look(), session.placer
    ask = measure.measure if asked.name == "map.measure" else near.nearest
    found = ask(asked.value, look, placer)
    if isinstance(found, str):
        complain(safe_text(found))
        return USAGE
    _each(found.warnings, complain)
    _each(near.sentences(found) if isinstance(found, near.Found) else found.sentences, put)
    return DONE


def _submitted(session: Session, line: str, complain: Print, *, yes: bool) -> str | int:
    """The id of the command that a line means, taken on; or, once the reason was told, the exit code."""
    session.placer.read_names()
    session.touch()
    look = session.look()
    boards = (*INCIDENT.boards, incidents_board(lambda: session.incidents))
    act = parse(line, look, boards)
    if isinstance(act, Refusal) and session.me is not None:
        complain(safe_text(act.sentence))
        return USAGE
    if isinstance(act, AppAct):
        complain("This word is for the screen; without one there is nothing it could do.")
        return USAGE
    if session.me is None or isinstance(act, Refusal):
        complain(why_not(session))
        return NO_SERVER
    found = find_verb(boards, act.board, act.verb)
    if found is not None and found[1].read_first and not yes:
        text = found[1].word if found[1].word in papers.WHAT else "iimarch"
        complain(
            f"{found[1].word} sends a text that nobody has read here: print it with report {text}, "
            "then say it again with --yes. Nothing was done."
        )
        return USAGE
    against = () if found is None else _against(*found, act, look)
    if found is not None and found[1].confirm and not yes:
        _each(against, complain)
        complain(f"{found[1].word} asks for a second key: say it again with --yes. Nothing was done.")
        return USAGE
    made = build(act, look, boards)
    if isinstance(made, Refusal):
        complain(safe_text(made.sentence))
        return REFUSED if made.code in ("not_now", "no_row") else USAGE
    command, stream = made
    before = tuple(session.notices)
    answer = session.submit(
        command, stream=stream, happened_at=act.happened_at, on_behalf_of=act.on_behalf_of
    )
    if found is not None:
        _tell_of_places(session, *found, act, look, before, complain)
    if isinstance(answer, str):
        _each(against, complain)
        return answer
    told = answer.code in ("no_incident", "locked", "signed_out")
    complain(why_not(session) if told else safe_text(answer.sentence))
    if answer.code in NOT_ALLOWED_CODES:
        return NOT_ALLOWED
    if answer.code == "no_incident":
        return USAGE if session.settled else NO_SERVER
    return NO_SERVER if answer.code in NOT_REACHED_CODES else REFUSED


def _tell_of_places(
    session: Session,
    board: Board,
    verb: Verb,
    act: Act,
    look: Look,
    before: Sequence[tuple[str, str]],
    complain: Print,
) -> None:
    """What the screen would say of the places: how they were read, and what was found when they were computed.

    ``before`` are the notices that were there already.
    """
    for written in places_in(verb, act.values, look, _row_of(board, verb, act, look)):
        _each(session.placer.warnings(written, look), complain)
    _each([sentence for level, sentence in session.notices if (level, sentence) not in before], complain)


def _against(board: Board, verb: Verb, act: Act, look: Look) -> Sequence[str]:
    """What stands against it though nothing forbids it: on the screen it is read in the question."""
    row = _row_of(board, verb, act, look)
    return verb.against(row, act.values, look) if row is not None or not verb.row else ()


def _row_of(board: Board, verb: Verb, act: Act, look: Look) -> Any:
    return board.rows(look).get(act.row or "") if verb.row else None


def _each(sentences: Sequence[str], complain: Print) -> None:
    for one in sentences:
        complain(safe_text(one))


# -- words ----------------------------------------------------------------------------------------------------


def why_not(session: Session) -> str:
    """What is being waited for, as a sentence."""
    link = session.link
    if session.sitting is not None and session.sitting.word:
        said = session.sitting.out or "This desk is locked, or was left alone for too long."
        if "incident-tui enrol" in said:
            return said  # it was revoked: no password opens it
        does = "Sign in" if session.sitting.out else "Unlock it"
        by = " --provider" if session.sitting.by_provider_now else ""
        return f"{said} {does} with: incident-tui sign-in {session.url}{by}{home_words(session.home)}"
    if link.word is LinkWord.ISLAND or link.sentence:
        return link.sentence or "There is no line to the server."
    if not session.stream:
        names = ", ".join(
            safe_text(str(one.summary.get("title") or one.stream)) for one in session.incidents[:5]
        )
        return (
            f"No incident is open. Name one with --incident: {names}."
            if names
            else "There is no incident yet."
        )
    return "The server has not answered yet."


def _plain(value: Any) -> Any:
    """A value out of a summary, with every text in it made safe."""
    if isinstance(value, str):
        return safe_text(value)
    if isinstance(value, dict):
        return {safe_text(str(key)): _plain(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_plain(part) for part in value]
    return value


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
