"""The words of the command line about people: enrol, accounts, revoke. What they do is in people.py."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any, Final

from incident.kernel.door import CODE_SECONDS
from incident.kernel.text import cell_width, safe_text
from server.datafolder import quoted
from server.printing import complain, put

OK: Final = 0

Asking = Callable[..., dict[str, Any]]
"""``_ask`` of the command line: the running server of the folder, or the work itself under the folder's lock."""


def people_words(on_folder: Callable[..., Any], ask: Asking) -> None:
    """Add them to the command line."""
    made = on_folder(
        "enrol",
        lambda asked: _enrol(asked, ask),
        "print a code, good once, that lets one desk in over the telephone",
    )
    _who(made)
    made.add_argument("--role", required=True, help="such as operator")
    made.add_argument(
        "--again", action="store_true", help="put another machine in the place of the desk of this name"
    )
    on_folder("accounts", lambda asked: _accounts(asked, ask), "list the desks, tokens and codes of a folder")
    made = on_folder(
        "revoke", lambda asked: _revoke(asked, ask), "end everything by which a desk comes in, at once"
    )
    _who(made)


def _who(made: Any) -> None:
    made.add_argument("--agency", required=True, help="such as LAS")
    made.add_argument("--name", required=True, help='such as "EOC desk 3"; unique in the agency')


def _enrol(asked: Namespace, ask: Asking) -> int:
    answer = ask(asked, "enrol", agency=asked.agency, role=asked.role, name=asked.name, again=asked.again)
    put(answer["code"])
    minutes = CODE_SECONDS // 60
    where = answer.get("url") or "URL"
    complain(
        f"Read it out, group by group. It is good once, for {minutes} minutes. At the new desk: incident-tui enrol "
        f"{where} {answer['code']}"
    )
    if not answer.get("url"):
        complain(f"No server runs yet; start it first: incident-server run {quoted(asked.folder)}")
    return OK


def _accounts(asked: Namespace, ask: Asking) -> int:
    answer = ask(asked, "accounts")
    rows = [("AGENCY", "NAME", "ROLE", "ENROLLED", "LAST SIGN-IN", "REVOKED")]
    rows += [
        (
            one["agency"],
            one["name"],
            one["role"],
            _time(one["enrolled"]),
            _time(one["last"]) or "never",
            _time(one["revoked"]),
        )
        for one in answer["desks"]
    ]
    rows += [
        (one["agency"], one["name"], one["role"], _time(one["made"]), "(a token, for this machine)", "")
        for one in answer["tokens"]
    ]
    rows += [
        (one["agency"], one["name"], one["role"], "not yet", f"(code good until {_time(one['until'])})", "")
        for one in answer["codes"]
    ]
    if len(rows) == 1:
        put(
            f"Nobody can come in yet. Next: incident-server enrol {asked.folder} --agency … --role … --name …"
        )
        return OK
    put("\n".join(_table(rows)))
    return OK


def _revoke(asked: Namespace, ask: Asking) -> int:
    answer = ask(asked, "revoke", agency=asked.agency, name=asked.name)
    parts = (
        ("the desk", answer["desk"]),
        ("the token", answer["token"]),
        ("the open code", answer["codes"]),
        ("the sign-in by the identity provider", answer["person"]),
    )
    what = " and ".join(word for word, was in parts if was)
    put(f"{asked.name} of {asked.agency}: {what} revoked. Whoever was signed in by it is out.")
    return OK


def _time(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC") if at else ""


def _table(rows: Iterable[tuple[str, ...]]) -> list[str]:
    """Columns side by side, as wide as their widest. A name may be an identity provider's word for somebody."""
    held = [tuple(safe_text(word) for word in row) for row in rows]
    widths = [max(cell_width(row[column]) for row in held) for column in range(len(held[0]))]
    return [
        "  ".join(
            word + " " * (width - cell_width(word)) for word, width in zip(row, widths, strict=True)
        ).rstrip()
        for row in held
    ]
