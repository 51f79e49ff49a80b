"""The table of bounds in the administrator's guide, from the code: `python -m tests.server.make_bounds`."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

from incident.interchange import features, geojson, mending, plain
from incident.kernel import door as door_frames
from incident.kernel import protocol, replica
from server import (
    admin,
    caller,
    directory,
    door,
    enrolment,
    entrance,
    gateway,
    health,
    identity,
    limits,
    passwords,
    places,
    sequencer,
    session,
    signins,
)
from server.limits import Limits

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "administrator.md"
BEGIN, END = "<!-- bounds: begin -->", "<!-- bounds: end -->"
AGAIN = "python -m tests.server.make_bounds"


def _n(number: float) -> str:
    return f"{number:,.0f}"


def _size(count: int) -> str:
    if count % 2**20 == 0:
        return f"{count // 2**20:,} MiB"
    return f"{count // 2**10:,} KiB" if count < 1_000_000 else f"{count / 1e6:,.0f} MB"


def _settings(found: Limits) -> dict[str, tuple[str, str]]:
    """What each setting bounds, and what happens past it."""
    makes_way = f"a line silent for {places.SILENT_SECONDS:g} s makes way; else 429 or 503 with `Retry-After`"
    oldest = "the oldest goes of the address that has most"
    waits = "waits its turn; nothing is refused or lost"
    return {
        "connections_max": ("lines open", makes_way),
        "connections_per_agency": ("lines of one agency", makes_way),
        "connections_per_user": ("lines of one user", makes_way),
        "unknown_max": ("sockets that have not said who they are, from before TLS", oldest),
        "unknown_per_address": (
            "of these from one address (IPv6: one /64; not of 127.0.0.1 and ::1)",
            "its oldest goes",
        ),
        "per_user_rate": ("commands a second of one user", waits),
        "per_user_burst": ("at once", "the rest waits"),
        "per_user_backlog": ("beyond that after a time away", "five times as fast; then the rest waits"),
        "per_agency_rate": ("commands a second of one agency", waits),
        "per_agency_burst": ("at once", "the rest waits"),
        "per_agency_backlog": ("beyond that after a time away", "five times as fast; then the rest waits"),
    }


def _rows(found: Limits) -> list[tuple[str, str, str]]:
    words = _settings(found)
    rows = [
        (words[field.name][0], f"`{field.name}: {getattr(found, field.name)}`", words[field.name][1])
        for field in fields(Limits)
    ]
    frames, answers = limits.FRAMES_PER_COMMAND, limits.ANSWER_BYTES
    return [
        *rows,
        (
            "sockets a second of one address, and at once",
            f"{entrance.ARRIVAL_RATE}, {entrance.ARRIVAL_BURST}",
            "ended at once, before TLS",
        ),
        ("TLS; then the request; then the Hello", f"{caller.OPEN_SECONDS:g} s each", "ended"),
        ("bytes before a socket has said who it is", _size(caller.UNKNOWN_BYTES_MAX), "ended"),
        (
            "lines opened a second by one user, and at once",
            (
                f"{_n(found.connections_per_user / limits.OPEN_SECONDS)}, "
                f"{_n(found.connections_per_user * limits.OPEN_BURST)}"
            ),
            "429 with `Retry-After`",
        ),
        (
            "lines opened a second by one agency, and at once",
            (
                f"{_n(found.connections_per_agency / limits.AGENCY_OPEN_SECONDS)}, "
                f"{_n(found.connections_per_agency * limits.AGENCY_OPEN_BURST)}"
            ),
            "429 with `Retry-After`",
        ),
        (
            "frames of any kind a second of one user, and at once",
            f"{_n(found.per_user_rate * frames)}, {_n(limits.FRAME_BURST)}",
            "its lines are not read for a while",
        ),
        (
            "frames a second of one agency, and at once",
            f"{_n(found.per_agency_rate * frames)}, {_n(limits.AGENCY_FRAME_BURST)}",
            "its lines are not read for a while",
        ),
        (
            "long answers (history, snapshots) a second of one user, and at once",
            (
                f"{_size(found.per_user_rate * answers)}, "
                f"{_size(found.per_user_rate * answers * limits.ANSWER_BURST_SECONDS)}"
            ),
            "the answer comes more slowly",
        ),
        (
            "long answers a second of one agency, and at once",
            (
                f"{_size(found.per_agency_rate * answers)}, "
                f"{_size(found.per_agency_rate * answers * limits.ANSWER_BURST_SECONDS)}"
            ),
            "the answer comes more slowly",
        ),
        (
            "commands of one user that wait for their turn",
            f"{_n(limits.HELD_COMMANDS_MAX)}, {_size(limits.HELD_BYTES_MAX)}",
            "its lines are not read for a while",
        ),
        (
            "commands of one line that wait for the disk",
            _n(session.UNANSWERED_MAX),
            "the line is not read for a while",
        ),
        (
            "commands of one stream that wait for the disk",
            _n(sequencer.WAITING_MAX),
            "`busy`: the client sends it again",
        ),
        (
            "changes that wait at a desk, in each stream",
            _n(replica.PENDING_MAX),
            "the desk says so and takes no more",
        ),
        ("a client's message", _size(protocol.CLIENT_FRAME_BYTES_MAX), "closed, 1009"),
        ("pieces of one message", _n(caller.FRAGMENTS_MAX), "closed, 1009"),
        ("depth of a message", _n(protocol.NESTING_MAX), "answered with an error"),
        ("a server's message", _size(protocol.SERVER_FRAME_BYTES_MAX), "parted before"),
        ("frames in a row that mean nothing", _n(gateway.BAD_FRAMES_MAX), "closed, 1008"),
        ("streams that one line watches", _n(gateway.STREAMS_MAX), "answered with an error"),
        ("questions of one line that wait", _n(session.ERRANDS_MAX), "answered with an error"),
        (
            "bytes that one client has not read",
            _size(session.BUFFER_BYTES_MAX),
            "closed, 4008; it comes back and resumes",
        ),
        ("incidents in a client's list", _n(directory.LISTINGS_MAX), "the newest are told"),
        ("tokens; desks", f"{_n(identity.TOKENS_MAX)}; {_n(identity.DESKS_MAX)}", "no more are made"),
        ("sign-ins of one desk at once", _n(signins.OF_ONE_DESK_MAX), "the oldest ends"),
        ("lines of one desk that sign in", _n(door.LINES_OF_ONE_DESK_MAX), "told to wait"),
        ("passwords that wait to be tried", _n(passwords.WAITING_MAX), "told to wait"),
        ("codes for enrolment that are good", _n(enrolment.PENDING_MAX), "no more are made"),
        ("a message at the door", _size(door_frames.DOOR_FRAME_BYTES_MAX), "closed"),
        (
            "callers of the command line's door; of health and figures",
            f"{admin.CALLERS_MAX}; {health.CALLERS_MAX}",
            "turned away",
        ),
        (
            "a file of areas that is imported; its features; its corners as read; as kept",
            (
                f"{_size(plain.BYTES_MAX)}; {_n(geojson.FEATURES_MAX)}; {_n(geojson.CORNERS_READ_MAX)}; "
                f"{_n(mending.CORNERS_MAX)}"
            ),
            "refused; `--simplify` for the last",
        ),
        (
            "things of a file of drawings that are proposed at once; corners of each",
            f"{features.FEATURES_MAX}; {_n(features.CORNERS_MAX)}",
            "refused",
        ),
    ]


def table() -> str:
    """Every bound with its figure and with what happens past it."""
    lines = [f"| {what} | {bound} | {past} |" for what, bound, past in _rows(Limits())]
    return "\n".join(["| what | bound | past it |", "|---|---|---|", *lines])


def whole(text: str) -> str:
    """The document with the table in it."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{table()}\n{END}{after}"


def main() -> None:
    """Put the table into the guide."""
    DOCUMENT.write_text(whole(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
