"""The reader of YAML: a marked tree or one plain sentence, never a traceback, whatever the file is."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from config import reader
from config.reader import BYTES_MAX, DEFAULTS, ENVIRONMENT, find_config, parse_yaml, plain_value, read_yaml
from incident.kernel.checks import ConfigError, Marked, MarkedList, MarkedMap, MarkedScalar
from tests.hostile import HOSTILE, Hostile

BOMB = b"a: &a [x,x,x,x,x,x,x,x,x]\n" + b"".join(
    b"%c: &%c [%s]\n" % (name, name, b",".join([b"*%c" % (name - 1)] * 9)) for name in range(98, 110)
)


@pytest.fixture(params=["C", "Python"], autouse=True)
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both parsers of the library, since not every machine has the one in C."""
    loader = yaml.SafeLoader if request.param == "Python" else getattr(yaml, "CSafeLoader", None)
    if loader is None:
        pytest.skip("this machine has no C parser")
    monkeypatch.setattr(reader, "_LOADER", loader)


def plain(node: Marked) -> object:
    if isinstance(node, MarkedList):
        return [plain(item) for item in node.items]
    if isinstance(node, MarkedMap):
        return {key.text: plain(value) for key, value in node.entries}
    return node.value


def lines(node: Marked) -> Iterator[tuple[str, int]]:
    if isinstance(node, MarkedList):
        for item in node.items:
            yield from lines(item)
    elif isinstance(node, MarkedMap):
        for key, value in node.entries:
            yield key.text, key.mark.line
            yield from lines(value)
    else:
        yield node.text, node.mark.line


def outcome(data: bytes) -> Marked | ConfigError:
    try:
        return parse_yaml(data, "f.yaml")
    except ConfigError as error:
        return error


def sentence(data: bytes) -> str:
    with pytest.raises(ConfigError) as caught:
        parse_yaml(data, "f.yaml")
    assert len(caught.value.problems) == 1
    said = str(caught.value)
    assert said.isprintable()
    return said


def test_scalars_are_what_they_look_like_and_no_more() -> None:
    written = b"""\
- [true, False, ~, null, '', 12, 010, -3, 1.5, 1e3]
- [yes, NO, on, off, 22:30, 2026-11-01, 0x10, '12', "true", !!str 7, ! 8, .inf, 1_000]
"""
    assert plain(parse_yaml(written, "f")) == [
        [True, False, None, None, "", 12, 10, -3, 1.5, 1000.0],
        ["yes", "NO", "on", "off", "22:30", "2026-11-01", "0x10", "12", "true", "7", "8", ".inf", "1_000"],
    ]


def test_every_key_and_scalar_knows_its_line_and_what_was_written() -> None:
    tree = parse_yaml(b"# a comment\na: 010\nb:\n  - x\n\n  - c: |\n      one\n      two\n", "f")
    assert list(lines(tree)) == [("a", 2), ("010", 2), ("b", 3), ("x", 4), ("c", 6), ("one\ntwo\n", 6)]


def test_repeated_keys_are_kept_for_the_checks_to_find() -> None:
    tree = parse_yaml(b"a: 1\na: 2\n", "f")
    assert isinstance(tree, MarkedMap)
    assert len(tree.entries) == 2


def test_aliases_share_what_they_stand_for() -> None:
    assert plain(parse_yaml(b"a: &x {b: 1}\nc: *x\n", "f")) == {"a": {"b": 1}, "c": {"b": 1}}


def test_nothing_is_an_empty_mapping_and_a_mark_of_byte_order_is_nothing() -> None:
    for empty in (b"", b"# only this\n", b"---\n...\n", b"~", b"\xef\xbb\xbf"):
        assert plain(parse_yaml(empty, "f")) == {}
    assert plain(parse_yaml(b"\xef\xbb\xbfa: 1\r\nb: 2\r\n", "f")) == {"a": 1, "b": 2}


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"a:\n\tb: 1\n", "f.yaml:2: a tab stands where only spaces may; indent with spaces"),
        (b"a: b: c\n", "f.yaml:1: a colon stands where none may"),
        (b"a: 1\nb: [1, 2\n", "f.yaml:3: this is not YAML"),
        (b"x\ny: *z\n", "f.yaml:2: "),
        (b"a: *z\n", "f.yaml:1: an alias (*name) is used that no anchor (&name) has defined"),
        (b"a: &x [*x]\n", "f.yaml:1: an alias (*name) is used inside what it stands for"),
        (BOMB, "f.yaml:5: the file has more than 50,000 values, aliases counted in full"),
        (b"[" * 500_000, "f.yaml:1: this is nested more than 20 deep"),
        (b"{a: " * 100_000, "f.yaml:1: this is nested more than 20 deep"),
        (b"- " * 400_000, "f.yaml:1: this is nested more than 20 deep"),
        (b"[" + b"x," * 60_000, "f.yaml:1: the file has more than 50,000 values"),
        (b"a: 1\nb: \xff\n", "f.yaml:2: the file is not UTF-8 text; save it as UTF-8"),
        ("a: 1".encode("utf-16"), "f.yaml:1: the file is not UTF-8 text; save it as UTF-8"),
        (b"a: 1\n---\nb: 2\n", "f.yaml:2: the file holds a second document; only one is read"),
        (
            b"a: !!python/object/apply:os.system [x]",
            "f.yaml:1: a tag (!) is used, and tags are not allowed here",
        ),
        (b"a: !!binary eA==", "f.yaml:1: a tag (!) is used, and tags are not allowed here"),
        (b"? [a]\n: b\n", "f.yaml:1: a key must be plain text"),
        (b"<<: {a: 1}\n", "f.yaml:1: merging with << is not supported; write the keys out"),
        (b"a: 1\nb: \x1b[31m\n", "f.yaml:2: the file holds a character that YAML does not allow"),
        (b"\x00", "f.yaml:1: the file holds a character that YAML does not allow"),
        (b"x" * (BYTES_MAX + 1), "f.yaml: the file is larger than 1,048,576 bytes"),
    ],
)
def test_what_cannot_be_read_is_one_sentence_with_its_line(data: bytes, said: str) -> None:
    began = time.perf_counter()
    assert sentence(data).startswith(said)
    print(f"{(time.perf_counter() - began) * 1e3:.1f} ms")


@given(st.text(st.sampled_from("ab:-[]{}\"'&*!|>#%@`?, \n\t~01\x00é"), max_size=60))
def test_any_text_is_a_tree_or_one_sentence(written: str) -> None:
    tree = outcome(written.encode())
    if isinstance(tree, ConfigError):
        assert len(tree.problems) == 1
        assert str(tree).isprintable()
    else:
        assert isinstance(tree, (MarkedScalar, MarkedList, MarkedMap))


@pytest.mark.parametrize("hostile", HOSTILE, ids=[hostile.name for hostile in HOSTILE])
def test_hostile_text_is_a_tree_or_one_harmless_sentence(hostile: Hostile) -> None:
    text = hostile.text
    for written in (text, f"a: {text}", f"? {text}", f"- !{text}", f"- *{text}"):
        tree = outcome(written.encode("utf-8", "surrogatepass"))
        assert not isinstance(tree, ConfigError) or str(tree).isprintable()


@given(st.text(max_size=20))
def test_any_scalar_has_a_meaning(text: str) -> None:
    assert isinstance(plain_value(text), (str, int, float, bool, type(None)))


# --- files ---


def refused(path: Path) -> str:
    with pytest.raises(ConfigError) as caught:
        read_yaml(path)
    return caught.value.problems[0].sentence


def test_a_file_is_read_with_its_name(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("a: 1\n", encoding="utf-8")
    tree = read_yaml(path)
    assert (tree.mark.file, tree.mark.line) == (str(path), 1)


def test_a_file_that_cannot_be_read_is_a_sentence(tmp_path: Path) -> None:
    assert refused(tmp_path / "none.yaml") == "there is no such file"
    assert refused(tmp_path) == "this is a folder, not a file"
    assert "cannot be read" in refused(tmp_path / "a\0b")
    big = tmp_path / "big.yaml"
    big.write_bytes(b"#" * (BYTES_MAX + 10))
    assert "larger than" in refused(big)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has neither devices nor modes of this kind")
def test_devices_and_locked_files_are_sentences(tmp_path: Path) -> None:
    assert refused(Path("/dev/zero")) == "this is not a plain file"
    if os.geteuid() == 0:
        pytest.skip("the administrator may read everything")
    locked = tmp_path / "locked.yaml"
    locked.write_text("a: 1")
    locked.chmod(0)
    assert refused(locked) == "the file may not be read by this user"


# --- places ---


def test_the_first_place_that_has_the_file_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, chosen, defaults = (tmp_path / name for name in ("folder", "chosen", "defaults"))
    monkeypatch.setattr(reader, "DEFAULTS", defaults)
    environ = {ENVIRONMENT: str(chosen)}
    for place in (defaults, chosen, folder):
        (place / "scenarios").mkdir(parents=True)
        (place / "scenarios" / "bridge.yaml").write_text("")
    name = "scenarios/bridge.yaml"
    assert find_config(name, folder, environ) == folder / name
    assert find_config(name, None, environ) == chosen / name
    assert find_config(name, None, {}) == defaults / name
    (folder / name).unlink()
    assert find_config(name, folder, environ) == chosen / name


def test_the_environment_is_asked_when_nothing_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ENVIRONMENT, str(tmp_path))
    (tmp_path / "client.yaml").write_text("")
    assert find_config("client.yaml") == tmp_path / "client.yaml"


def test_a_place_asked_for_must_exist(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--config names this folder, and it does not exist"):
        find_config("client.yaml", tmp_path / "none", {})
    with pytest.raises(ConfigError, match="INCIDENT_TUI_CONFIG names this folder"):
        find_config("client.yaml", None, {ENVIRONMENT: str(tmp_path / "none")})


def test_a_file_that_is_nowhere_is_named_with_where_it_was_sought(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no such file; looked in") as caught:
        find_config("none.yaml", tmp_path, {})
    assert str(tmp_path) in str(caught.value)
    assert str(DEFAULTS) in str(caught.value)


@pytest.mark.parametrize("name", ["../secret.yaml", "/etc/passwd", "a/../../b", "..\\b", "a\0b", "", "."])
def test_no_name_leads_out_of_its_folder(name: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="must be inside its folder"):
        find_config(name, tmp_path, {})
