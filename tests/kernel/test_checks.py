"""Marked trees against a description: every problem at once, with its line; and tables of spreadsheets."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.reader import parse_yaml
from incident.kernel.checks import (
    Check,
    ConfigError,
    Mark,
    Marked,
    MarkedList,
    MarkedMap,
    MarkedScalar,
    Problem,
    boolean,
    choice,
    duration,
    integer,
    mapping,
    nothing_or,
    number,
    optional,
    parsed,
    problems_of,
    record,
    required,
    seconds_of,
    sequence,
    text,
    validate,
)
from incident.kernel.tables import CSV_ROWS_MAX, csv_rows


class Server(msgspec.Struct, frozen=True):
    host: str
    port: int
    heartbeat: float = 2.0

    def __post_init__(self) -> None:
        if self.host == "everywhere" and self.port < 1024:
            raise ValueError("a low port is for one host alone")


class Agency(msgspec.Struct, frozen=True):
    id: str
    name: str
    kind: str
    phone: str | None


SERVER = record(
    {
        "host": optional(text(50), "127.0.0.1"),
        "port": required(integer(1, 65_535)),
        "heartbeat": optional(duration(0.1, 60), 2.0),
    },
    into=Server,
)
AGENCY = record(
    {
        "id": required(text(8)),
        "name": required(text(40)),
        "kind": required(choice("ambulance", "police", "fire", "council")),
        "phone": optional(nothing_or(text(20))),
    },
    into=Agency,
)
FILE = record(
    {
        "server": required(SERVER),
        "agencies": optional(sequence(AGENCY, 0, 5, unique=lambda agency: agency.id), []),
        "colours": optional(mapping(text(20)), {}),
        "ratio": optional(number(0, 1), 0.5),
        "exercise": optional(boolean(), False),
    }
)


def tree(written: str) -> Marked:
    return parse_yaml(written.encode(), "f.yaml")


def found(written: str, description: Check[Any] = FILE) -> list[str]:
    return [str(problem) for problem in problems_of(tree(written), description)]


def test_a_file_as_described_becomes_plain_data_and_structs() -> None:
    value = validate(
        tree(
            "server: {port: 80, heartbeat: 1 s 500 ms}\nagencies:\n- {id: LAS, name: 101, kind: ambulance}\n"
        ),
        FILE,
    )
    assert value == {
        "server": Server("127.0.0.1", 80, 1.5),
        "agencies": [Agency("LAS", "101", "ambulance", None)],
        "colours": {},
        "ratio": 0.5,
        "exercise": False,
    }


def test_all_problems_come_at_once_in_the_order_of_the_file() -> None:
    written = """\
sever:
  port: 1
server:
  port: many
  heartbeat: 5
agencies:
- id: LAS
  name: London
  kind: ambulence
- id: LAS
  name: ''
  kind: fire
  kind: police
colours: [red]
ratio: 1.5
exercise: yes
"""
    assert found(written) == [
        "f.yaml:1: 'sever' is not a known key; did you mean 'server'?",
        "f.yaml:4: 'server.port' must be a whole number from 1 to 65,535, not 'many'",
        (
            "f.yaml:5: 'server.heartbeat' must be a duration such as '30 s' or '1 h 30 min' from 0.1 s "
            "to 60 s, not '5'"
        ),
        (
            "f.yaml:9: 'agencies[0].kind' must be one of ambulance, police, fire, council, not 'ambulence'; "
            "did you mean 'ambulance'?"
        ),
        "f.yaml:11: 'agencies[1].name' must not be empty",
        "f.yaml:13: 'agencies[1].kind' is given twice; the first is on line 12",
        "f.yaml:14: 'colours' must be a group of keys, not a list",
        "f.yaml:15: 'ratio' must be a number from 0 to 1, not '1.5'",
        "f.yaml:16: 'exercise' must be true or false, not 'yes'",
    ]


def test_the_exception_lists_every_problem_and_keeps_them() -> None:
    with pytest.raises(ConfigError) as caught:
        validate(tree("port: 1\n"), FILE)
    assert str(caught.value) == "f.yaml:1: 'port' is not a known key\nf.yaml:1: 'server' is missing"
    assert [problem.path for problem in caught.value.problems] == ["port", "server"]


def test_a_missing_key_is_reported_where_its_group_begins() -> None:
    assert found("server:\n  host: a\n") == ["f.yaml:2: 'server.port' is missing"]
    assert found("") == ["f.yaml:1: 'server' is missing"]
    assert found("- 1\n") == ["f.yaml:1: the file must be a group of keys, not a list"]


def test_what_a_struct_itself_refuses_is_a_problem_of_its_record() -> None:
    assert found("server: {host: everywhere, port: 80}\n") == [
        "f.yaml:1: 'server' is not accepted: a low port is for one host alone"
    ]


def test_items_that_must_differ_are_named_with_the_first() -> None:
    agencies = "".join(f"- {{id: {id_}, name: n, kind: fire}}\n" for id_ in ("A", "B", "A"))
    assert found(f"server: {{port: 1}}\nagencies:\n{agencies}") == [
        "f.yaml:5: 'agencies[2]' repeats the item of line 3"
    ]
    assert "must have 0 to 5 items, not 6" in found(f"server: {{port: 1}}\nagencies: [{'a,' * 6}]")[0]


def test_hostile_text_in_a_file_is_refused_and_never_repeated_raw() -> None:
    problems = found('server: {port: "\\e[2J", host: "a\\u202Eb", "\\e]0;x\\a": 1}\n')
    assert len(problems) == 3
    assert all(problem.isprintable() for problem in problems)
    assert "'server.host' holds a hidden character that turns the reading direction (U+202E)" in problems[1]


def test_defaults_are_not_shared() -> None:
    first, second = (validate(tree("server: {port: 1}"), FILE) for _ in range(2))
    first["agencies"].append("x")
    assert second["agencies"] == []


def test_numbers_keep_apart_what_looks_alike() -> None:
    assert validate(tree("7"), integer()) == 7
    assert validate(tree("7"), number()) == 7.0
    for written in ("true", "7.0", "'7'", "", "[7]"):
        assert problems_of(tree(f"- {written}"), sequence(integer()))
    for written in ("true", ".inf", ".nan", "1e999", "seven"):
        assert problems_of(tree(f"- {written}"), sequence(number()))


def test_durations_need_their_unit() -> None:
    assert [seconds_of(w) for w in ("500 ms", "90s", "1 h 30 min", "2 days", "1.5 H")] == [
        0.5,
        90,
        5400,
        172_800,
        5400,
    ]
    assert [seconds_of(w) for w in ("90", "", "s", "1 fortnight", "-5 s", "1e3 s", "9" * 90 + " s")] == [
        None
    ] * 7


def test_a_parser_of_the_domain_is_a_checker() -> None:
    def grid(written: str) -> tuple[str, str]:
        if len(written) != 8:
            raise ValueError("is no grid reference")
        return written[:2], written[2:]

    description = parsed(text(20), grid)
    assert validate(tree("TQ301802"), description) == ("TQ", "301802")
    assert found("TQ3", description) == ["f.yaml:1: the file is no grid reference"]


def test_free_keys_are_checked_too() -> None:
    description = mapping(integer(), keys=choice("LAS", "SCAS"), lo=1, hi=2)
    assert validate(tree("{LAS: 1, SCAS: 2}"), description) == {"LAS": 1, "SCAS": 2}
    assert found("{LSA: 1}", description) == [
        "f.yaml:1: 'LSA' must be one of LAS, SCAS, not 'LSA'; did you mean 'LAS'?"
    ]
    assert "must have 1 to 2 keys" in found("{}", description)[0]


def test_a_problem_without_a_place_is_its_sentence() -> None:
    assert str(Problem("", 0, "", "no")) == "no"
    assert str(Problem("f", 0, "", "no")) == "f: no"


MARK = Mark("f", 1)
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8)).map(
    lambda value: MarkedScalar(MARK, value, "" if value is None else str(value))
)
KEYS = st.sampled_from("server agencies colours ratio exercise host port id name kind phone".split())
TREES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4).map(lambda items: MarkedList(MARK, tuple(items))),
        st.lists(st.tuples(KEYS.map(lambda key: MarkedScalar(MARK, key, key)), inner), max_size=5).map(
            lambda entries: MarkedMap(MARK, tuple(entries))
        ),
    ),
    max_leaves=20,
)


@given(TREES)
def test_any_tree_is_either_accepted_or_explained(node: Marked) -> None:
    problems = problems_of(node, FILE)
    assert all(problem.sentence.isprintable() for problem in problems)
    if problems:
        with pytest.raises(ConfigError):
            validate(node, FILE)
    else:
        assert validate(node, FILE)["server"].port > 0


# --- tables ---

COLUMNS = ("callsign", "kind")


def rows_of(written: str) -> list[tuple[int, dict[str, str]]]:
    rows, problems = csv_rows(written, COLUMNS, "fleet.csv", optional_columns=("note",))
    assert problems == []
    return [(row.line, row.cells) for row in rows]


def problems_in(written: str) -> list[str]:
    return [str(problem) for problem in csv_rows(written, COLUMNS, "fleet.csv")[1]]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("start", ["", "\ufeff", "\n\n"])
def test_what_spreadsheets_do_is_understood(delimiter: str, ending: str, start: str) -> None:
    written = start + ending.join(
        delimiter.join(cells)
        for cells in (
            ["Kind ", "CALLSIGN", "", ""],
            ["DSA", " A101", "", ""],
            [],
            ["HART", '"H ""1"""', "", ""],
        )
    )
    written = written.replace(f"CALLSIGN{delimiter}{delimiter}", "CALLSIGN").replace("\ufeff\n", "\ufeff")
    first = 3 if start == "\n\n" else 1
    assert rows_of(written) == [
        (first + 1, {"callsign": "A101", "kind": "DSA", "note": ""}),
        (first + 3, {"callsign": 'H "1"', "kind": "HART", "note": ""}),
    ]


def test_every_problem_of_a_table_has_its_line() -> None:
    written = "callsign,kind\nA1,DSA\nA2\nA3,DSA,x\nA4,\x1b[2J\nA5,DSA\n"
    rows, problems = csv_rows(written, COLUMNS, "fleet.csv")
    assert [row.line for row in rows] == [2, 6]
    assert [str(problem) for problem in problems] == [
        "fleet.csv:3: the row has 1 cells, and 2 columns are named",
        "fleet.csv:4: the row has 3 cells, and 2 columns are named",
        "fleet.csv:5: 'kind' holds a control character (U+001B)",
    ]


def test_columns_must_be_known_present_and_single() -> None:
    assert problems_in("calsign,kind,kind\n") == [
        "fleet.csv:1: 'calsign' is not a known column; did you mean 'callsign'?",
        "fleet.csv:1: the column 'kind' is given twice",
        "fleet.csv:1: the column 'callsign' is missing",
    ]
    assert problems_in("") == ["fleet.csv:1: the table is empty; its first line must name callsign, kind"]


def test_a_table_has_bounds_and_stray_quotes_stop_it() -> None:
    long = "callsign,kind\n" + "A,B\n" * (CSV_ROWS_MAX + 5)
    assert problems_in(long) == [f"fleet.csv:{CSV_ROWS_MAX + 2}: the table has more than 20,000 rows"]
    assert problems_in('callsign,kind\nA,"B\nC,D\n')[0].startswith("fleet.csv:2: the row cannot be read")
    assert "1,000 are allowed" in problems_in("callsign,kind\nA," + "B" * 1001)[0]


@given(st.text(st.sampled_from('ab,;\t\n\r"\x00 callsignkd\ufeff'), max_size=80))
def test_any_table_is_read_without_an_exception(written: str) -> None:
    rows, problems = csv_rows("callsign,kind\n" + written, COLUMNS, "f")
    assert all(set(row.cells) == set(COLUMNS) for row in rows)
    assert all(problem.line > 0 for problem in problems)
