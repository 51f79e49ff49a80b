"""The wire: every frame survives it, every bound holds, and nonsense is an error with a plain sentence."""

from __future__ import annotations

import json
import struct
import zlib
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from incident.kernel import protocol as p
from incident.kernel.claims import Holding
from incident.kernel.record import Record, encode_body
from tests.kernel.toy import T0, cid

STREAM = "incident/01a80000-0000-7000-8000-000000000001"
RECORD = Record(
    seq=1,
    command_id=cid(1),
    type="pad.jotted",
    v=1,
    body=encode_body({"text": "näive ☃"}),
    actor="Ann",
    agency="LAS",
    role="clerk",
    written_at=T0,
    recorded_at=T0,
    base={"a": cid(2)},
    salt="5a" * 16,
    hash="ab" * 32,
)
SUBMIT = p.Submit(
    stream=STREAM,
    command_id=cid(1),
    type="pad.jot",
    body=encode_body({"text": "x"}),
    written_at=T0,
    happened_at=T0 - 1,
    on_behalf_of="Kim",
    base={"a": cid(2)},
    depends_on=[cid(3)],
    clock_offset=-5,
)
FROM_CLIENT = [
    p.Hello(protocol=p.PROTOCOL, client="tui 0.1", seat="1", epoch="e", relay=True, observer=True),
    p.Watch(stream=STREAM, cursor=7, hash="ab", states={"pad": 1}),
    p.Unwatch(stream=STREAM),
    SUBMIT,
    p.Page(stream=STREAM, before=500, limit=100),
    p.Lock(),
    p.Heartbeat(sent_at=T0, echo=T0, heads={STREAM: 3}),
    p.Bye(sentence="closing", retry_after_ms=5),
]
FROM_SERVER = [
    p.Welcome(
        protocol=1,
        epoch="e",
        server="s",
        mode="exercise",
        name="Ann",
        agency="LAS",
        role="clerk",
        sent_at=T0,
        until=T0 + 1,
        locked=True,
        certificate_until=T0 + 2,
    ),
    p.Directory(streams=[p.Listing(STREAM, 3, {"title": "x", "declared": {"LAS": "aware"}})]),
    p.Accepted(stream=STREAM, done=[p.Done(cid(1), 1, 2)]),
    p.Refused(
        stream=STREAM, command_id=cid(1), code="taken", sentence="No.", facts={"a": "b"}, conflict=True
    ),
    p.Records(stream=STREAM, prev="00" * 32, records=[RECORD], history=True),
    p.Claims(stream=STREAM, held=[Holding("k", STREAM, 1, T0, "desk", "K")]),
    p.Watching(stream=STREAM, seq=9),
    p.Heartbeat(sent_at=T0, epoch="e", read_only=True, present=[["LAS", "Ann"]]),
    p.Error(code="bad_frame", sentence="No.", stream=STREAM),
    p.Bye(),
]


def kinds(union: Any) -> set[type]:
    return set(get_args(union))


def plain(frame: Any) -> Any:
    return msgspec.json.decode(msgspec.json.encode(frame))


@pytest.mark.parametrize("frame", FROM_CLIENT, ids=lambda frame: type(frame).__name__)
def test_a_clients_frame_survives_the_wire(frame: Any) -> None:
    again = p.read_client(p.encode(frame))
    assert type(again) is type(frame)
    assert plain(again) == plain(frame)


@pytest.mark.parametrize("frame", FROM_SERVER, ids=lambda frame: type(frame).__name__)
def test_a_servers_frame_survives_the_wire(frame: Any) -> None:
    again = p.read_server(p.encode(frame))
    assert type(again) is type(frame)
    assert plain(again) == plain(frame)


def test_every_frame_there_is_was_tried() -> None:
    assert {type(frame) for frame in FROM_CLIENT} == kinds(p.ClientFrame)
    assert {type(frame) for frame in FROM_SERVER} == kinds(p.ServerFrame)


def test_a_body_passes_byte_for_byte() -> None:
    raw = b'{ "text" : "\\u00e4", "n": 1.0 }'
    again = p.read_client(p.encode(msgspec.structs.replace(SUBMIT, body=msgspec.Raw(raw))))
    assert isinstance(again, p.Submit)
    assert bytes(again.body) == raw


def test_a_field_of_a_later_protocol_is_passed_over() -> None:
    frame = {**json.loads(p.encode(FROM_CLIENT[2])), "colour": "red"}
    assert p.read_client(json.dumps(frame).encode()) == FROM_CLIENT[2]


def error(read: Any, data: bytes) -> p.ProtocolError:
    with pytest.raises(p.ProtocolError) as caught:
        read(data)
    assert caught.value.sentence.endswith(".")
    assert str(caught.value) == caught.value.sentence
    return caught.value


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "not_json"),
        (b"{", "not_json"),
        (b"hello", "not_json"),
        (b"\xff\xfe", "not_json"),
        (b'{"frame":"bye","sentence":"\xff"}', "not_json"),
        (b"null", "bad_frame"),
        (b"[]", "bad_frame"),
        (b"{}", "bad_frame"),
        (b'{"frame":"shout"}', "bad_frame"),
        (b'{"frame":"welcome"}', "bad_frame"),  # a client does not welcome
        (b'{"frame":"unwatch"}', "bad_frame"),
        (b'{"frame":"unwatch","stream":7}', "bad_frame"),
    ],
)
def test_nonsense_is_an_error_with_a_plain_sentence(data: bytes, code: str) -> None:
    assert error(p.read_client, data).code == code


def test_the_sentence_is_short_and_harmless_whatever_came() -> None:
    for word in ("bell\u0007", "\u001b]52;c;AAAA\u001b\\", "x" * 60_000):
        for frame in ({"frame": word}, {"frame": "unwatch", "stream": word}):
            sentence = error(p.read_client, json.dumps(frame).encode()).sentence
            assert sentence.isprintable()
            assert len(sentence) < 250


@pytest.mark.parametrize(
    "change",
    [
        {"stream": "x"},
        {"stream": "a" * 121},
        {"stream": "../etc/passwd"},
        {"stream": "a b c"},
        {"stream": STREAM + "\n"},
        {"command_id": "1"},
        {"command_id": cid(1).upper().replace("0", "F")},
        {"command_id": cid(1) + "\n"},
        {"type": "x" * 81},
        {"v": -1},
        {"written_at": -1},
        {"written_at": 2**53},
        {"written_at": 1.5},
        {"happened_at": -1},
        {"on_behalf_of": "x" * 81},
        {"base": {str(n): "x" for n in range(65)}},
        {"base": {"a": "x" * 81}},
        {"base": {"a" * 81: "x"}},
        {"depends_on": [cid(n) for n in range(17)]},
        {"depends_on": ["x"]},
        {"clock_offset": 2**53},
    ],
    ids=str,
)
def test_every_part_of_a_command_is_bounded(change: dict[str, Any]) -> None:
    frame = {**json.loads(p.encode(SUBMIT)), **change}
    assert error(p.read_client, json.dumps(frame).encode()).code == "bad_frame"


@pytest.mark.parametrize(
    "frame",
    [
        {"frame": "page", "stream": STREAM, "limit": 0},
        {"frame": "page", "stream": STREAM, "limit": p.PAGE_RECORDS_MAX + 1},
        {"frame": "watch", "stream": STREAM, "cursor": -1},
        {"frame": "hello", "protocol": 1, "client": "x" * 81},
        {"frame": "bye", "sentence": "x" * 1001},
    ],
    ids=str,
)
def test_so_is_every_other_frame(frame: dict[str, Any]) -> None:
    assert error(p.read_client, json.dumps(frame).encode()).code == "bad_frame"


def test_a_frame_over_its_size_is_not_even_read() -> None:
    head, tail = b'{"frame":"bye","sentence":"', b'"}'
    full = head + b"x" * (p.CLIENT_FRAME_BYTES_MAX - len(head) - len(tail)) + tail
    assert error(p.read_client, full).code == "bad_frame"
    assert error(p.read_client, full + b" ").code == "too_large"
    assert error(p.read_server, b" " * (p.SERVER_FRAME_BYTES_MAX + 1)).code == "too_large"


def test_a_body_may_be_as_large_as_its_bound_with_its_envelope() -> None:
    text = "x" * (p.BODY_BYTES_MAX - len('{"text":""}'))
    frame = msgspec.structs.replace(
        SUBMIT,
        body=encode_body({"text": text}),
        base={f"{n:080}": "v" * 80 for n in range(64)},
        depends_on=[cid(n) for n in range(16)],
    )
    assert len(frame.body) == p.BODY_BYTES_MAX
    data = p.encode(frame)
    assert len(data) <= p.CLIENT_FRAME_BYTES_MAX, "what may be written can be sent"
    assert isinstance(p.read_client(data), p.Submit)


# -- nesting --


def nested(depth: int, opening: str = "[", closing: str = "]") -> bytes:
    return (opening * depth + closing * depth).encode()


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_nesting_is_counted_without_a_parser(opening: str, closing: str) -> None:
    inner = opening * 15 + "1" + closing * 15
    assert not p.too_deep(f"[{inner}]".encode())
    assert p.too_deep(f"[[{inner}]]".encode())


def test_brackets_inside_texts_do_not_count() -> None:
    assert not p.too_deep(json.dumps({"a": "[" * 1000}).encode())
    assert not p.too_deep(json.dumps({"a": '\\"[{' * 1000}).encode())
    assert not p.too_deep(b"[" + b"[]," * 1000 + b"[]]")
    assert p.too_deep(b'{"a":"\\\\",' + b'"b":' + nested(17) + b"}"), (
        "a backslash that is itself escaped ends nothing"
    )


def test_a_frame_that_nests_past_the_limit_is_refused_before_it_is_decoded() -> None:
    assert error(p.read_client, nested(20_000)).code == "too_deep"
    frame = b'{"frame":"submit","body":' + nested(17) + b"}"
    assert error(p.read_client, frame).code == "too_deep"


@given(st.recursive(st.none() | st.text('[]{}"\\ab', max_size=6), lambda inner: st.lists(inner, max_size=3)))
def test_depth_is_told_as_a_parser_would_tell_it(value: Any) -> None:
    def depth(node: Any) -> int:
        return 1 + max((depth(item) for item in node), default=0) if isinstance(node, list) else 0

    data = json.dumps(value).encode()
    for limit in (0, 1, 2, 4):
        assert p.too_deep(data, limit) == (depth(value) > limit)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_frame_or_a_protocol_error(data: bytes) -> None:
    for read, union in ((p.read_client, p.ClientFrame), (p.read_server, p.ServerFrame)):
        try:
            frame = read(data)
        except p.ProtocolError:
            continue
        assert isinstance(frame, union)
    try:
        header, _ = p.read_page(data)
    except p.ProtocolError:
        return
    assert isinstance(header, p.SnapshotPage)


# -- snapshot pages --

HEADER = p.SnapshotPage(stream=STREAM, seq=9, hash="ab" * 32, slice="pad", state_v=1, index=0, of=1)


@pytest.mark.parametrize("body", [b"", b"{}", b"x" * 100_000, bytes(p.PAGE_BYTES_MAX)], ids=len)
def test_a_page_survives_the_wire(body: bytes) -> None:
    assert p.read_page(p.encode_page(HEADER, body)) == (HEADER, body)


def page(head: bytes, tail: bytes) -> bytes:
    return struct.pack(">I", len(head)) + head + tail


GOOD = msgspec.json.encode(HEADER)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"abc",
        struct.pack(">I", 10),
        struct.pack(">I", 2**32 - 1) + b"x" * 100,
        struct.pack(">I", 5000) + b"x" * 6000,
        page(b"{", zlib.compress(b"{}")),
        page(b"\xff", zlib.compress(b"{}")),
        page(b'{"stream":1}', zlib.compress(b"{}")),
        page(GOOD, b""),
        page(GOOD, b"not zlib"),
        page(GOOD, zlib.compress(b"x" * 10_000)[:-6]),
        page(GOOD, zlib.compress(bytes(p.PAGE_BYTES_MAX + 1))),
        page(GOOD, zlib.compress(bytes(400 * p.PAGE_BYTES_MAX), 9)),
    ],
    ids=range(13),
)
def test_a_bad_page_is_an_error_and_a_bomb_does_not_go_off(data: bytes) -> None:
    assert error(p.read_page, data).code == "bad_page"


def test_what_follows_the_end_of_a_page_is_an_error() -> None:
    assert error(p.read_page, p.encode_page(HEADER, b"{}") + b"more").code == "bad_page"
