"""The words about areas: an import is whole or not at all, what counts is said, and what a desk needs is told."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from config.areas import areas_path, read_areas
from config.reader import DEFAULTS, ENVIRONMENT
from incident.geography import Areas, place
from incident.values import Location
from server import doctor, words_areas
from server.__main__ import main
from server.datafolder import DataFolder
from server.settings import read_settings
from tests.incident.real_areas import BOTH, GOLDEN, LONDON, collection, feature, real_areas
from tests.server.test_command_line import running


@pytest.fixture
def rooms(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv(ENVIRONMENT, raising=False)
    assert main(["init", str(tmp_path / "rooms"), "--plain"]) == 0
    return tmp_path / "rooms"


def file_of(folder: Path, tree: Any, name: str = "ours.geojson") -> Path:
    path = folder / name
    path.write_text(json.dumps(tree))
    return path


def areas(*words: object) -> int:
    return main(["areas", *map(str, words)])


def test_an_import_counts_from_the_next_start_and_says_what_desks_need(
    rooms: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, before = read_settings(DataFolder(rooms))
    assert areas("import", rooms, file_of(tmp_path, BOTH), "--accuracy", 100, "--name", "Ours") == 0
    said = capsys.readouterr().out
    _, charter = read_settings(DataFolder(rooms))
    assert charter.areas_digest in said
    assert charter.areas_digest != before.areas_digest
    assert "2 areas with 10 corners: LAS, SECAMB." in said
    assert "INDICATIVE" in said
    assert "every desk" in said
    if sys.platform != "win32":
        assert stat.S_IMODE((rooms / "areas.geojson").stat().st_mode) == 0o600
    assert areas("show", rooms) == 0
    shown = capsys.readouterr().out
    assert f"{rooms / 'areas.geojson'}: Ours, ±100 m, INDICATIVE, digest {charter.areas_digest}." in shown
    assert "LAS: 5 corners" in shown


def test_the_way_back_is_to_forget_them(
    rooms: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    areas("import", rooms, file_of(tmp_path, BOTH))
    assert areas("forget", rooms) == 0
    assert str(DEFAULTS / "areas.geojson") in capsys.readouterr().out
    assert areas_path(None, rooms) == DEFAULTS / "areas.geojson"
    assert areas("forget", rooms) == 1
    assert "Nothing was done" in capsys.readouterr().err


def test_the_old_areas_stay_while_the_new_are_not_whole(
    rooms: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    areas("import", rooms, file_of(tmp_path, BOTH))
    old = (rooms / "areas.geojson").read_bytes()
    broken = collection(LONDON, feature("SECAMB", [["x", 1]]), {"type": "Nothing"})
    assert areas("import", rooms, file_of(tmp_path, broken)) == 1
    told = capsys.readouterr().err.splitlines()
    assert [line.split("geojson: ")[1][:9] for line in told] == ["feature 2", "feature 3"]
    assert (rooms / "areas.geojson").read_bytes() == old

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert areas("import", rooms, file_of(tmp_path, collection(LONDON))) == 1
    assert "The old areas count" in capsys.readouterr().err
    assert (rooms / "areas.geojson").read_bytes() == old


def test_a_folder_of_configuration_is_written_and_read_before_the_data_folder(
    rooms: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "config"
    config.mkdir(mode=0o755)
    assert areas("import", rooms, file_of(tmp_path, BOTH), "--config", config) == 0
    assert not (rooms / "areas.geojson").exists()
    if sys.platform != "win32":
        assert (config / "areas.geojson").stat().st_mode & 0o044, "desks of other users read it, too"
    assert areas("import", rooms, file_of(tmp_path, collection(LONDON))) == 0
    assert len(read_areas(areas_path(config, rooms)).areas) == 2
    assert len(read_areas(areas_path(None, rooms)).areas) == 1
    monkeypatch.setenv(ENVIRONMENT, str(config))
    assert len(read_areas(areas_path(None, rooms)).areas) == 2
    monkeypatch.setenv(ENVIRONMENT, str(tmp_path / "nowhere"))
    assert areas("import", rooms, file_of(tmp_path, BOTH)) == 1
    assert "nowhere" in capsys.readouterr().err


def test_options_and_files_of_codes_that_are_wrong_are_told_before_anything_is_done(
    rooms: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    codes = tmp_path / "codes.yaml"
    codes.write_text("A: LASS\nB: [x]\n")
    nobody = file_of(tmp_path, collection(feature("A", LONDON["geometry"]["coordinates"][0])))
    for words, said in (
        (["--map", codes], "codes.yaml:2"), (["--accuracy", -1], "--accuracy"), (["--simplify", "nan"], "--simplify"),
        (["--crs", "EPSG:3857"], "--crs"), (["--code", "no"], "There are: code"), ([], "no agencies"),
    ):  # fmt: skip
        assert areas("import", rooms, nobody, *words) == 1, words
        assert said in capsys.readouterr().err, words
    assert areas("import", rooms, tmp_path / "missing") == 1
    assert "there is no such file" in capsys.readouterr().err
    assert areas("import", rooms, tmp_path) == 1
    assert "this is a folder" in capsys.readouterr().err
    assert not (rooms / "areas.geojson").exists()
    codes.write_text("A: SCAS\n")
    assert areas("import", rooms, nobody, "--map", codes) == 0
    assert read_areas(rooms / "areas.geojson").areas[0].agency == "SCAS"


def test_areas_that_were_imported_are_in_the_backup(rooms: Path, tmp_path: Path) -> None:
    areas("import", rooms, file_of(tmp_path, BOTH))
    assert main(["backup", str(rooms), "--to", str(tmp_path / "safe")]) == 0
    (kept,) = (tmp_path / "safe").iterdir()
    assert main(["restore", str(kept), str(tmp_path / "again")]) == 0
    assert (tmp_path / "again" / "areas.geojson").read_bytes() == (rooms / "areas.geojson").read_bytes()


def test_broken_areas_are_mended_by_an_import(
    rooms: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (rooms / "areas.geojson").write_text('{"type": "FeatureCollection",\n"name": 7}')
    assert main(["who-can", str(rooms)]) == 1
    assert "areas.geojson" in capsys.readouterr().err
    assert areas("import", rooms, file_of(tmp_path, BOTH)) == 0
    assert main(["who-can", str(rooms)]) == 0


def test_the_doctor_names_the_areas_and_what_is_wrong_with_them(rooms: Path, tmp_path: Path) -> None:
    areas("import", rooms, file_of(tmp_path, BOTH))
    digest = read_areas(rooms / "areas.geojson").digest
    ((mark, said),) = words_areas.examined(DataFolder(rooms), None, ("LAS", "SECAMB"))
    assert mark == "ok"
    assert digest in said
    assert any(digest in found.sentence for found in doctor.examine(DataFolder(rooms)))
    over = json.loads((rooms / "areas.geojson").read_text())
    over["features"][1]["geometry"] = over["features"][0]["geometry"]
    (rooms / "areas.geojson").write_text(json.dumps(over))
    ((mark, said),) = words_areas.examined(DataFolder(rooms), None, ("LAS", "SECAMB"))
    assert mark == "wrong"
    assert "overlap" in said
    assert [mark for mark, _ in words_areas.of_running("other", digest)] == ["look"]
    assert list(words_areas.of_running(digest, digest)) == []


def test_an_import_is_killed_at_any_moment_and_what_counts_is_whole(rooms: Path, tmp_path: Path) -> None:
    """The file is put in its place by one rename: whoever reads meanwhile reads the old or the new."""
    areas("import", rooms, file_of(tmp_path, BOTH))
    old = (rooms / "areas.geojson").read_bytes()
    program = (
        "import os, sys\nfrom pathlib import Path\nfrom server import __main__, datafolder\n"
        "real = Path.replace\nPath.replace = lambda self, to: os._exit(9)\n"
        "__main__.main(['areas', 'import', sys.argv[1], sys.argv[2]])\n"
    )
    other = file_of(tmp_path, collection(LONDON), "other.geojson")
    done = subprocess.run([sys.executable, "-c", program, str(rooms), str(other)], check=False, timeout=60)
    assert done.returncode == 9
    assert (rooms / "areas.geojson").read_bytes() == old
    assert areas("import", rooms, other) == 0
    assert len(read_areas(rooms / "areas.geojson").areas) == 1


def test_the_real_areas_go_through_the_command_and_a_desk_gets_the_golden_answers(
    rooms: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    codes = tmp_path / "codes.yaml"
    codes.write_text("SAS:    # no agency of this deployment\nNIAS:\n")
    assert areas("import", rooms, real_areas(), "--map", codes, "--name", "Trusts") == 0
    assert "12 areas with" in capsys.readouterr().out
    found = Areas(read_areas(rooms / "areas.geojson"))
    for lat, lon, owner, near in GOLDEN:
        placing = place(found, Location(lat=lat, lon=lon))
        assert placing is not None
        assert placing.trust == ("" if owner == "SAS" else owner)
        distances = {one.agency: one.metres / 1000 for one in placing.near}
        assert all(abs(distances[agency] - km) < 0.1 for agency, km in near.items()), (lat, lon)


def test_the_doctor_names_agencies_that_there_are_not_and_a_speed_that_is_none(
    rooms: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "config"
    config.mkdir()
    speeds = config / "speeds.yaml"
    speeds.write_text("default: {ground: mixed}\ntrusts:\n  SCSA: {ground: urban}\n", encoding="utf-8")
    assert areas("import", rooms, file_of(tmp_path, BOTH), "--accuracy", 100) == 0
    path = rooms / "areas.geojson"
    path.write_text(path.read_text().replace('"SECAMB"', '"SECAMBX"'))
    capsys.readouterr()
    assert main(["doctor", str(rooms), "--config", str(config)]) == 0
    told = capsys.readouterr().out
    assert "speaks of SCSA, which is no agency of agencies.yaml; did you mean 'SCAS'?" in told
    assert "speaks of SECAMBX, which is no agency of agencies.yaml; did you mean 'SECAMB'?" in told
    speeds.write_text("default: {ground: urbane}\n", encoding="utf-8")
    assert main(["doctor", str(rooms), "--config", str(config)]) == 1
    assert "speeds.yaml:1: " in capsys.readouterr().out


def test_a_start_says_in_its_log_what_the_doctor_says_of_agencies_that_there_are_not(
    rooms: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The very sentences. A slip in a name keeps nothing from starting; what is wrong stands on the screen, too."""
    config = tmp_path / "config"
    config.mkdir()
    speeds = config / "speeds.yaml"
    speeds.write_text("default: {ground: mixed}\ntrusts:\n  SCSA: {ground: urban}\n", encoding="utf-8")
    assert areas("import", rooms, file_of(tmp_path, BOTH), "--accuracy", 100) == 0
    path = rooms / "areas.geojson"
    path.write_text(path.read_text().replace('"SECAMB"', '"SECAMBX"'))
    screen, log = started(rooms, config)
    assert "WRONG" not in screen
    looks = [line["why"] for line in log if line["event"] == "look at the start"]
    assert len(looks) == 2
    capsys.readouterr()
    assert main(["doctor", str(rooms), "--config", str(config)]) == 0
    told = capsys.readouterr().out
    assert all(why in told for why in looks)
    speeds.write_text("default: {ground: urbane}\n", encoding="utf-8")
    screen, log = started(rooms, config)
    (wrong,) = (line["why"] for line in log if line["event"] == "wrong at the start")
    assert "speeds.yaml:1: " in wrong
    assert f"WRONG: {wrong}" in screen


def started(rooms: Path, config: Path) -> tuple[str, list[dict[str, Any]]]:
    """What a server says when it starts: on the screen, and in its log."""
    with running(rooms, "--config", str(config)) as process:
        process.terminate()
        assert process.stdout is not None
        assert process.stderr is not None
        # not by communicate: what follows the address may have been read with it
        out, err = process.stdout.read(), process.stderr.read()
    return out, [json.loads(line) for line in err.splitlines()]


def test_a_broken_file_of_areas_is_told_as_the_json_that_it_is(
    rooms: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (rooms / "areas.geojson").write_text('{"type": "FeatureCollection",\n "features": [}')
    (rooms / "areas.geojson").chmod(0o600)
    assert main(["doctor", str(rooms)]) == 1
    told = capsys.readouterr().out
    assert "areas.geojson:2: is not the JSON of a GeoJSON file" in told
    assert "YAML" not in told
