"""What the command line asks of a data folder, through the admin door of a running server or directly.

Both ways end here, so that they cannot differ. Imports go the normal path, as commands by the actor ``system``.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from incident import state
from incident.catalogue import Charter
from incident.kernel.checks import nearest
from incident.kernel.slice import Actor, Refusal
from server.admin import AdminError, Answer
from server.conductor import Automaton
from server.hub import Hub


async def bring_in(hub: Hub, charter: Charter, asked: Mapping[str, Any]) -> Answer:
    """Take up a table, whole or not at all, for the agency asked for or for those that the table names.

    Raises:
        AdminError: with everything that is wrong with it.
    """
    what, written, file, agency, mode = (
        str(asked.get(key, "")) for key in ("what", "written", "file", "agency", "mode")
    )
    if mode != charter.mode:
        raise AdminError(f"This data folder is for {charter.mode} use; {mode or 'no mode'} was asked for.")
    importer = state.IMPORTS.get(what)
    if importer is None or (agency and agency not in charter.agencies):
        raise AdminError(unknown_import(what, agency, charter))
    tables, problems = importer(written, file, agency, charter)
    if problems:
        raise AdminError("\n".join(map(str, problems)))
    if not tables:
        raise AdminError(f"There is nothing to take up in {file}: it has no rows.")
    taken: list[Answer] = []
    for table in tables:
        try:
            taken.append(await _take_up(hub, *table))
        except AdminError as cut:
            before = "".join(f" {one['stream']}: all {one['parts']}." for one in taken)
            raise AdminError(f"{cut}{before and ' Taken whole before that:'}{before}") from None
    return {"taken": taken}


async def _take_up(hub: Hub, agency: str, stream: str, commands: tuple[Any, ...]) -> Answer:
    """Give one agency's commands, in order. Raises AdminError at the first that is not taken."""
    actor = Automaton(hub, Actor("system", agency, "system"))
    changed = 0
    for number, command in enumerate(commands):
        so_far = f" Of {stream}, {number} of {len(commands)} parts were taken; an import may be given again."
        try:
            answer = await actor.do(stream, command, str(uuid.uuid4()))
        except TimeoutError:
            raise AdminError("The disk did not answer in time." + so_far) from None
        if isinstance(answer, Refusal):
            raise AdminError(answer.sentence + so_far)
        changed += answer.last > 0
    return {"stream": stream, "parts": len(commands), "changed": changed}


def unknown_import(what: str, agency: str, charter: Charter) -> str:
    """The sentence for an import of nothing known, or for nobody known."""
    if what not in state.IMPORTS:
        return f"There is nothing called {what!r} to import{nearest(what, state.IMPORTS) or '.'}"
    return f"There is no agency {agency!r} in agencies.yaml{nearest(agency, charter.agencies) or '.'}"
