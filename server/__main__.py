"""The command line of the server. Every failure is one plain sentence on standard error, and the way on.

Exit codes: 0 done; 1 it could not be done, and was said why; 2 the command line was not understood; 3 the store
failed while serving: nothing that was confirmed is lost, look at the disk and start again.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import errno
import os
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from config.command_line import PlainParser
from incident.kernel.checks import ConfigError
from incident.kernel.text import safe_text
from server import words_areas, words_backup
from server.printing import complain, put
from server.said import Said
from server.words_people import people_words

OK: Final = 0
SAID_WHY: Final = 1
STORE_FAILED: Final = 3
SCRATCH: Final = ".scratch"
"""A data folder with this file in it was made to be thrown away."""

ABOUT: Final = (
    "The server of a shared picture of incidents: it keeps the log, lets the control rooms' desks in, and is made, "
    "looked over and backed up with these commands. First: incident-server init DIR"
)
EXITS: Final = (
    "exit codes: 0 done; 1 could not, and said why; 2 not understood; 3 the store failed while serving"
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; answers the exit code."""
    asked = _parser().parse_args(arguments)
    asked.whole_process = arguments is None  # else somebody else's, such as a test's
    try:
        code = int(asked.run(asked))
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read has read enough, such as `head`
        _stop_printing()
    except Said as said:
        complain(said)
    except ConfigError as error:
        complain(error)
    except KeyboardInterrupt:
        return SAID_WHY
    else:
        return code
    return SAID_WHY


def _stop_printing() -> None:
    """What is still to be printed goes nowhere: at its end Python would fail over it once more."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def _parser() -> argparse.ArgumentParser:
    parser = PlainParser(prog="incident-server", description=ABOUT, epilog=EXITS)
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    def command(name: str, run: Callable[[argparse.Namespace], int], says: str, group: Any = commands) -> Any:
        made = group.add_parser(name, help=says, description=says, epilog=EXITS)
        made.set_defaults(run=run)
        return made

    def on_folder(
        name: str, run: Callable[[argparse.Namespace], int], says: str, group: Any = commands
    ) -> Any:
        made = command(name, run, says, group)
        made.add_argument("folder", type=Path, metavar="DIR", help="the data folder")
        made.add_argument(
            "--config", type=Path, metavar="DIR", help="look for configuration files here first"
        )
        return made

    made = on_folder("init", _init, "make a new data folder")
    made.add_argument(
        "--mode", default="exercise", choices=["exercise", "live"], help="fixed for ever (exercise)"
    )
    _doors(made, on_folder)
    made = on_folder("run", _run, "serve a data folder until Ctrl-C")
    made.add_argument("--host", help="where to listen, instead of that in the settings")
    made.add_argument("--port", type=int, help="instead of that in the settings; 0: any that is free")
    made.add_argument(
        "--stop-when-empty", type=float, metavar="SECONDS", help="stop when all have left for so long"
    )
    made.add_argument("--scratch", action="store_true", help=argparse.SUPPRESS)
    people_words(on_folder, _ask)
    _rights(on_folder)
    _register(commands, on_folder)
    made = on_folder("exercise", _exercise, "open an exercise from a scenario, and start its clock")
    made.add_argument("scenario", metavar="SCENARIO", help="such as m4-m25-coach, or the path of a YAML file")
    made.add_argument(
        "--hold", action="store_true", help="let the clock wait until exercise control starts it"
    )
    _looks(on_folder)
    words_backup.add(command, on_folder)
    words_areas.add(commands, on_folder)
    made = command("demo", _demo, "a live exercise on this machine; a second one with another room joins it")
    made.add_argument("--room", default="LAS", help="the control room to open: LAS, SCAS, SECAMB or EXCON")
    return parser


def _doors(made: Any, on_folder: Callable[..., Any]) -> None:
    """The words about where the server is reached, and by what it is known there; ``made`` is ``init``."""
    made.add_argument(
        "--name",
        action="append",
        default=[],
        metavar="NAME",
        help="a host name or address by which desks reach it; may be given again",
    )
    made.add_argument("--host", help="where it listens (127.0.0.1); 0.0.0.0: on every network")
    made.add_argument("--plain", action="store_true", help="no TLS: for this machine alone")
    on_folder("renew", _renew, "make the server's certificate anew, or read one of your own anew")


def _looks(on_folder: Callable[..., Any]) -> None:
    """The words about a server that runs, or does not."""
    on_folder("status", _status, "say whether a server runs on this folder, where, and who is there")
    made = on_folder(
        "doctor", _doctor, "look over the machine, the folder, the log and the server; changes nothing"
    )
    made.add_argument(
        "--seconds",
        type=float,
        default=5.0,
        metavar="N",
        help="the look at the log may take about so long (5)",
    )
    on_folder("stop", _stop, "stop the server that runs on this folder, in order")


def _rights(on_folder: Callable[..., Any]) -> None:
    """The words about who comes in, and who may do what."""
    made = on_folder("token", _token, "make a token for one person or desk")
    made.add_argument("--agency", required=True, help="such as LAS")
    made.add_argument("--role", required=True, help="such as operator")
    made.add_argument("--name", required=True, help='such as "EOC desk 3"; unique in the agency')
    made.add_argument("--out", type=Path, metavar="FILE", help="write it here, readable by you alone")
    made = on_folder("who-can", _who_can, "say which roles may do something, by the files that count now")
    made.add_argument(
        "grant",
        nargs="?",
        default="",
        metavar="GRANT",
        help="as a refusal names it, or a part of it; else all",
    )


def _register(commands: Any, on_folder: Callable[..., Any]) -> None:
    """The words about an agency's register."""
    register = commands.add_parser("register", help="an agency's register").add_subparsers(required=True)
    made = on_folder("import", _import, "take up an agency's table (CSV) into its register", register)
    made.add_argument("file", type=Path, metavar="FILE")
    made.add_argument(
        "--agency", default="", help="such as LAS; else a column agency says it, or the file's name (LAS.csv)"
    )
    made.add_argument(
        "--mode", default="exercise", choices=["exercise", "live"], help="that of the folder (exercise)"
    )


# -- the commands ---------------------------------------------------------------------------------------------


def _init(asked: argparse.Namespace) -> int:
    from server import words_tls
    from server.admin import AdminError
    from server.datafolder import quoted

    try:
        folder, settings = words_tls.make_folder(asked)
    except AdminError as error:
        raise Said(str(error)) from None
    put(f"{folder.root} is ready for {asked.mode} use. Next: incident-server run {quoted(folder.root)}")
    if said := words_tls.reached(settings) if settings.tls else words_tls.PLAIN:
        put(said)
    return OK


def _renew(asked: argparse.Namespace) -> int:
    from server import words_tls
    from server.admin import AdminError
    from server.datafolder import existing

    try:
        put(words_tls.renew(existing(asked.folder)))
    except AdminError as error:
        raise Said(str(error)) from None
    return OK


def _run(asked: argparse.Namespace) -> int:
    from dataclasses import replace

    from server import logs, whole
    from server.datafolder import existing, locked
    from server.settings import loopback, reachable, read_settings

    folder = existing(asked.folder, to_write=True)
    settings, charter = read_settings(folder, asked.config)
    if asked.host is not None:
        try:
            settings = replace(settings, host=(reachable if settings.tls else loopback)(asked.host))
        except ValueError as error:
            raise Said(f"--host {error}.") from None
    if asked.port is not None:
        if not 0 <= asked.port <= 65_535:
            raise Said("--port must be from 0 to 65,535.")
        settings = replace(settings, port=asked.port)
    logs.start(settings.log_level, form=settings.log_format)
    if asked.whole_process:
        logs.mind_the_process()
    code = STORE_FAILED
    try:
        with locked(folder):
            whole.check(folder)
            code = asyncio.run(_serve(folder, settings, charter, asked))
    finally:
        if asked.scratch and (folder.root / SCRATCH).exists():
            shutil.rmtree(folder.root, ignore_errors=True)
    if code == STORE_FAILED:
        # Threads that hang on a broken disk must not keep the process: clients go elsewhere when it is gone.
        sys.stderr.flush()
        os._exit(code)
    return code


async def _serve(folder: Any, settings: Any, charter: Any, asked: argparse.Namespace) -> int:
    from server import starting, whole, words_tls
    from server.app import App, close_store
    from server.health import HOST, PortRefused
    from server.identity import IdentityError
    from server.store import StoreError
    from server.store.sqlite import open_sqlite

    def ready(port: int) -> None:
        _settle()
        put(
            f"{settings.name}: {settings.url(port)} ({settings.mode}). "
            f"{'' if settings.tls else words_tls.PLAIN + ' '}Stop it with Ctrl-C."
        )
        for sentence in doubts:
            put(f"WRONG: {sentence}")

    try:
        store = open_sqlite(folder.log, mode=settings.mode)
    except StoreError as error:
        raise Said(error.sentence) from None
    try:
        whole.begin(folder)
        doubts = starting.doubts(folder, settings, asked.config, charter.agencies)
        app = App(folder, settings, charter, store)
        code = await app.run(ready, stop_when_empty=asked.stop_when_empty)
    except IdentityError as error:
        raise Said(str(error)) from None
    except StoreError as error:
        raise Said(error.sentence) from None
    except PortRefused as error:
        raise Said(_taken(error, HOST, settings.metrics_port, " as metrics_port in server.yaml")) from None
    except OSError as error:
        raise Said(_taken(error, settings.host, settings.port)) from None
    finally:
        await close_store(store)
    if store.failure is not None:
        complain(store.failure.sentence)
    return code


def _settle() -> None:
    """What was loaded stays: the garbage collector need not walk over it again and again, nor come so often.

    A tenth of a busy server's time went into collections that found nothing.
    """
    import gc

    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000)


def _taken(error: OSError, host: str, port: int, how: str = " with --port") -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} on {host} is taken by another program. Stop that one, or name another{how}."
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"Port {port} on {host} may not be used by this user. Name another{how}, above 1023."
    if error.errno == errno.EADDRNOTAVAIL:
        return f"The address {host} is not one of this machine. Correct host in the settings."
    return f"The server cannot listen on {host}:{port} ({error.strerror})."


def _token(asked: argparse.Namespace) -> int:
    from server.datafolder import write_private

    answer = _ask(asked, "token", agency=asked.agency, role=asked.role, name=asked.name)
    if asked.out is None:
        put(answer["token"])
        complain("This is shown once and kept nowhere. Give it to one desk only.")
        return OK
    try:
        write_private(asked.out, answer["token"].encode() + b"\n")
    except OSError as error:
        raise Said(
            f"{asked.out} cannot be written ({error.strerror}). The token is: {answer['token']}"
        ) from None
    return OK


def _who_can(asked: argparse.Namespace) -> int:
    """What the roles say. An incident that is open goes by the roles that were frozen into it."""
    from difflib import get_close_matches

    from incident.permissions import explained
    from incident.state import EVERY_COMMAND
    from server.datafolder import existing
    from server.settings import read_settings

    _, charter = read_settings(existing(asked.folder), asked.config)
    every = sorted(EVERY_COMMAND)
    found = [name for name in every if asked.grant in (name, "")] or [n for n in every if asked.grant in n]
    if not found:
        near = get_close_matches(asked.grant, every, n=3)
        parts = ", ".join(dict.fromkeys(name.partition(".")[0] for name in every))
        more = f"Near it: {', '.join(near)}." if near else f"Name a part of one, such as: {parts}."
        raise Said(f"There is no grant {asked.grant!r}. {more}")
    for name in found:
        put("\n".join(explained(charter, name)))
    return OK


def _import(asked: argparse.Namespace) -> int:
    try:
        written = asked.file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise Said(f"{asked.file} cannot be read ({why}).") from None
    answer = _ask(
        asked,
        "import",
        what="register",
        written=written,
        file=str(asked.file),
        agency=asked.agency,
        mode=asked.mode,
    )
    for taken in answer["taken"]:
        put(f"{taken['stream']}: " + ("taken up." if taken["changed"] else "nothing in it is new."))
    return OK


def _exercise(asked: argparse.Namespace) -> int:
    from config.areas import areas_path
    from server.datafolder import existing
    from server.exercise import find_scenario

    file = find_scenario(asked.scenario, asked.config)
    areas = areas_path(asked.config, existing(asked.folder).root).resolve()
    answer = _ask(asked, "exercise", file=str(file), hold=asked.hold, areas=str(areas))
    number = f" as {answer['number']}" if answer["number"] else ""
    clock = "the clock waits until exercise control starts it" if answer["held"] else "T+0 is now"
    put(f"{answer['title']} is open{number}: {clock}.")
    return OK


def _status(asked: argparse.Namespace) -> int:
    from server import words_tls
    from server.admin import AdminError, NotRunning, call
    from server.datafolder import existing, nobody_answers

    folder = existing(asked.folder)
    try:
        answer = call(folder.admin, "status")
    except NotRunning:
        raise Said(nobody_answers(folder, start=True)) from None
    except AdminError as error:
        raise Said(str(error)) from None
    here = sorted(answer["people"].items())
    people = "; ".join(f"{agency}: {', '.join(map(safe_text, names))}" for agency, names in here)
    reasons = ", ".join(answer.get("trouble", ())).replace("_", " ")
    state = "READ ONLY" if answer["read_only"] else "stopping" if answer["stopping"] else "running"
    if state == "running" and reasons:
        state = f"{'cannot write' if 'disk' in reasons else 'not ready'}: {reasons}"
    put(
        f"{answer['url']} ({answer['mode']}), {state}, {answer['streams']} streams. Here: {people or 'nobody'}."
    )
    put("\n".join(words_tls.status(answer)))
    return OK


def _doctor(asked: argparse.Namespace) -> int:
    """Every check as it is made; 1 when something is wrong. What is only to be looked at does not count."""
    from server.datafolder import existing
    from server.doctor import examine

    if not 0 < asked.seconds <= 86_400:
        raise Said("--seconds must be above 0 and at most 86,400.")
    counts = {"ok": 0, "look": 0, "wrong": 0}
    for found in examine(existing(asked.folder), asked.config, asked.seconds):
        counts[found.mark] += 1
        put(f"{found.mark:5}  {found.sentence}")
    wrong, look = counts["wrong"], counts["look"]
    put(f"{wrong or 'Nothing'} wrong, {look or 'nothing'} to look at, {counts['ok']} ok.")
    return SAID_WHY if wrong else OK


def _stop(asked: argparse.Namespace) -> int:
    from server.admin import AdminError, NotRunning, call
    from server.datafolder import existing, nobody_answers

    folder = existing(asked.folder)
    try:
        call(folder.admin, "stop")
    except NotRunning:
        raise Said(nobody_answers(folder)) from None
    except AdminError as error:
        raise Said(str(error)) from None
    return OK


def _demo(asked: argparse.Namespace) -> int:
    from server.demo import DemoError, demo

    try:
        return demo(asked.room)
    except DemoError as error:
        raise Said(str(error)) from None


# -- through the running server, or without one ---------------------------------------------------------------


def _ask(asked: argparse.Namespace, do: str, **arguments: Any) -> dict[str, Any]:
    """Ask the running server of the folder; when there is none, take its lock and do the work here."""
    from server import whole
    from server.admin import AdminError, NotRunning, call
    from server.datafolder import check_owner, existing, locked
    from server.settings import read_settings

    folder = existing(asked.folder)
    try:
        return call(folder.admin, do, **arguments)
    except AdminError as error:
        raise Said(str(error)) from None
    except NotRunning:
        check_owner(folder)  # a running server does the work as its own user
    settings, charter = read_settings(folder, asked.config)
    with locked(folder):
        whole.check(folder)
        return _here(folder, settings, charter, do, arguments)


def _here(folder: Any, settings: Any, charter: Any, do: str, arguments: dict[str, Any]) -> dict[str, Any]:
    from server.admin import AdminError
    from server.identity import IdentityError
    from server.people import OPERATIONS, at_rest
    from server.store import StoreError
    from server.store.sqlite import open_sqlite

    async def worked() -> dict[str, Any]:
        from server import whole
        from server.app import without_server
        from server.datafolder import secret_of

        store = open_sqlite(folder.log, mode=settings.mode)
        try:
            whole.begin(folder)
        except (ConfigError, IdentityError):
            await store.close()
            raise
        return await without_server(charter, store, do, arguments, secret_of(folder))

    try:
        if do in OPERATIONS:
            return asyncio.run(at_rest(folder, charter, do, arguments))
        return asyncio.run(worked())
    except (AdminError, IdentityError) as error:
        raise Said(str(error)) from None
    except StoreError as error:
        raise Said(error.sentence) from None


if __name__ == "__main__":
    sys.exit(main())
