"""docs/protocol.md and its schema are what the code says, and enough to write a client with."""

from __future__ import annotations

import json
import re
from typing import Any

import msgspec
import pytest

from incident.kernel import protocol
from incident.kernel.record import Record, chained, encode_body, genesis
from tests.server import make_protocol
from tests.server.make_protocol import DOCUMENT, SCHEMA, STREAM, document, schema, specs

AGAIN = "is out of date: python -m tests.server.make_protocol"


def test_the_committed_files_are_the_generated_ones() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == document(), f"docs/protocol.md {AGAIN}"
    assert SCHEMA.read_text(encoding="utf-8") == schema(), f"docs/protocol.schema.json {AGAIN}"


def test_nothing_is_left_out() -> None:
    text = document()
    assert "{{" not in text
    for kind in ("commands", "events"):
        assert not [name for name in specs(kind) if f"`{name}`" not in text]
    for link in set(re.findall(r"\]\(#([a-z0-9-]+)\)", text)):
        assert re.search(rf"^##(##)? {link.replace('-', '[- ]')}$", text, re.IGNORECASE | re.MULTILINE), link


def test_every_code_that_closes_a_connection_is_told() -> None:
    from server import gateway, session  # noqa: PLC0415

    table = document().partition("## How a connection ends")[2].partition("## Records")[0]
    ours = (
        gateway.RESTART,
        gateway.NOT_TEXT,
        gateway.POLICY,
        gateway.TOO_OLD,
        session.TOO_SLOW,
        session.GOING,
    )
    assert not [code for code in (*ours, session.FAULT) if f"| {code} |" not in table]


def verifier() -> dict[str, Any]:
    """The program of the document."""
    found = re.search(r"```python\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    names: dict[str, Any] = {}
    exec(found[1], names)  # noqa: S102 -- that is the test: it works as it stands
    return names


def test_the_documents_own_verifier_finds_the_transcripts_chain_whole() -> None:
    theirs = verifier()
    prev: str = theirs["first"](STREAM)
    seen = 0
    for line in DOCUMENT.read_text(encoding="utf-8").splitlines():
        if not line.startswith('SCAS ← {"frame":"records"'):
            continue
        frame = protocol.read_server(line.partition("← ")[2].encode())
        assert isinstance(frame, protocol.Records)
        plain = json.loads(line.partition("← ")[2])
        assert frame.prev == prev
        for record, row in zip(frame.records, plain["records"], strict=True):
            prev = theirs["hash_after"](prev, STREAM, row, bytes(record.body))
            assert prev == record.hash == row["hash"]
            seen += 1
            changed = {**row, "recorded_at": row["recorded_at"] + 1}
            assert theirs["hash_after"](frame.prev, STREAM, changed, bytes(record.body)) != record.hash
    assert seen == 3


@pytest.mark.parametrize("text", ["plain", 'quo"te\\', "tab\tnew\nline", "é ← 🚑 \u2028", "\x7f", "/"])
def test_the_documents_header_is_ours_for_any_text(text: str) -> None:
    theirs = verifier()
    record = Record(
        seq=7,
        command_id=text,
        type="log.written",
        v=1,
        body=encode_body({"text": text}),
        actor=text,
        agency="LAS",
        role="operator",
        written_at=1,
        recorded_at=2,
        on_behalf_of=text,
        base={"b": text, "a": "1"},
        salt="00" * 16,
    )
    ours = chained(genesis("x"), "x", record)
    row = json.loads(msgspec.json.encode(record))
    assert theirs["hash_after"](theirs["first"]("x"), "x", row, bytes(record.body)) == ours


def test_the_transcript_holds_every_kind_of_frame() -> None:
    said = set(re.findall(r'[→←] \{"frame":"([a-z]+)"', document()))
    both = (*make_protocol.frames(protocol.ClientFrame), *make_protocol.frames(protocol.ServerFrame))
    kinds = {cls.__struct_config__.tag for cls in both}
    assert kinds - said == {"unwatch", "lock"}
