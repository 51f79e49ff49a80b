"""The words enrol, accounts and revoke: with and without a running server, over TLS, with the desk's own half."""

from __future__ import annotations

import asyncio
from argparse import Namespace
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from incident.kernel.door import read_code
from incident.kernel.text import ACTS
from incident_tui.door import DoorError, enrol, sign_in
from server import printing, words_people
from server.__main__ import main
from server.words_people import _accounts
from tests.hostile import HOSTILE
from tests.server.doorway import PASSWORD
from tests.server.test_command_line import running, said, status


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    assert main(["init", str(tmp_path / "rooms")]) == 0
    return tmp_path / "rooms"


ENROL = ["--agency", "SCAS", "--role", "operator", "--name", "EOC desk 3"]


def test_desks_are_let_in_listed_and_kept_out_whether_or_not_a_server_runs(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two desks over a real line: the code of one was made before the server ran, the other's while it does."""
    capsys.readouterr()
    assert main(["accounts", str(folder)]) == 0
    assert "Nobody can come in yet" in capsys.readouterr().out
    assert main(["enrol", str(folder), *ENROL]) == 0
    out, err = capsys.readouterr()
    before = read_code(out.strip())
    assert out.strip() == before.written(), "one code, and nothing else, on standard output"
    assert "incident-tui enrol" in err
    assert "start it first" in err
    with running(folder):
        url = status(folder)["url"]
        assert main(["enrol", str(folder), "--agency", "LAS", "--role", "operator", "--name", "Desk 1"]) == 0
        out, err = capsys.readouterr()
        assert f"incident-tui enrol {url} {out.strip()}" in err
        during = read_code(out.strip())
        rings = [asyncio.run(enrol(url, code, PASSWORD, tmp_path / "home")) for code in (before, during)]
        assert [ring.badge.name for ring in rings] == ["EOC desk 3", "Desk 1"]
        asyncio.run(sign_in(rings[0], PASSWORD))
        assert main(["enrol", str(folder), *ENROL]) == 1
        assert "say --again" in said(capsys)
        assert main(["enrol", str(folder), *ENROL, "--again"]) == 0
        capsys.readouterr()
        assert main(["accounts", str(folder)]) == 0
        rows = capsys.readouterr().out.splitlines()
        assert rows[0].split() == ["AGENCY", "NAME", "ROLE", "ENROLLED", "LAST", "SIGN-IN", "REVOKED"]
        assert [row.split()[0] for row in rows[1:]] == ["SCAS", "LAS", "SCAS"]
        assert rows[1].count("UTC") == 2
        assert "never" in rows[2]
        assert "code good until" in rows[3]
        assert main(["revoke", str(folder), "--agency", "LAS", "--name", "Desk 1"]) == 0
        assert "Desk 1 of LAS: the desk revoked." in capsys.readouterr().out
        with pytest.raises(DoorError, match="revoked"):
            asyncio.run(sign_in(rings[1], PASSWORD))
    assert main(["revoke", str(folder), "--agency", "SCAS", "--name", "EOC desk 3"]) == 0
    assert "the desk and the open code revoked" in capsys.readouterr().out
    assert main(["revoke", str(folder), "--agency", "SCAS", "--name", "EOC desk 3"]) == 1
    assert "revoked already" in said(capsys)
    with running(folder):
        there = msgspec.structs.replace(rings[0].badge, url=status(folder)["url"])
        with pytest.raises(DoorError) as caught:
            asyncio.run(sign_in(replace(rings[0], badge=there), PASSWORD))
        assert caught.value.code == "revoked"


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (["--agency", "SKAS", "--role", "operator", "--name", "x"], "no agency 'SKAS'"),
        (["--agency", "SCAS", "--role", "operater", "--name", "x"], "no role 'operater'"),
        (["--agency", "SCAS", "--role", "system", "--name", "x"], "no role 'system'"),
        (["--agency", "SCAS", "--role", "operator", "--name", "system"], "kept for the server itself"),
        (
            ["--agency", "SCAS", "--role", "operator", "--name", "break glass: A + B"],
            "kept for the server itself",
        ),
        (["--agency", "SCAS", "--role", "operator", "--name", " x"], "without blanks around"),
        (["--agency", "SCAS", "--role", "operator", "--name", "x", "--again"], "no desk 'x' yet"),
    ],
)
def test_a_code_for_nobody_is_not_made(
    more: list[str], sentence: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["enrol", str(folder), *more]) == 1
    assert sentence in said(capsys)
    assert not (folder / "codes.json").exists()


@pytest.mark.parametrize("layer", ["safe_text", "printable"])
def test_no_name_in_the_list_of_desks_acts_on_a_terminal(
    layer: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name may be an identity provider's word for somebody; each of the two layers holds alone."""
    where = words_people if layer == "safe_text" else printing
    other = printing if layer == "safe_text" else words_people
    assert hasattr(where, layer)
    monkeypatch.setattr(other, {"safe_text": "printable", "printable": "safe_text"}[layer], lambda text: text)
    for one in HOSTILE:
        name = one.text.replace("\n", " ").encode("utf-8", "replace").decode()
        row = {"agency": "LAS", "name": name, "role": "operator", "enrolled": 1, "last": 0, "revoked": 0}
        token = {**row, "made": 1}
        code = {**row, "until": 1}
        assert _accounts(Namespace(), lambda *_: {"desks": [row], "tokens": [token], "codes": [code]}) == 0  # noqa: B023
        out = capsys.readouterr().out
        assert ACTS.search(out.replace("\n", "")) is None, one.name
        assert out.count("\n") == 4, one.name
    monkeypatch.setattr(where, layer, lambda text: text)
    row["name"] = HOSTILE[0].text
    _accounts(Namespace(), lambda *_: {"desks": [row], "tokens": [], "codes": []})
    assert ACTS.search(capsys.readouterr().out.replace("\n", "")), "with both out it does get through"
