"""A trust's own areas from the file to the desk, and drawings in and out, on a real server without a screen."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.e2e.rooms import ENVIRONMENT, House
from tests.incident.real_areas import BOTH, box, collection, feature

CORDON = collection(
    {"type": "Feature", "properties": {"name": "Fire cordon", "kind": "outer_cordon"},
     "geometry": {"type": "Polygon", "coordinates": [box(-0.11, 51.49, -0.10, 51.50)]}},
    {"type": "Feature", "properties": {"name": "Gate 2", "kind": "rvp"},
     "geometry": {"type": "Point", "coordinates": [-0.12, 51.5]}},
)  # fmt: skip


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    made = House(tmp_path_factory.mktemp("areas"))
    (made.folder / "ours.geojson").write_text(json.dumps(BOTH))
    taken = made.run("areas", "import", str(made.data), "ours.geojson", "--accuracy", "100", "--agreed")
    assert taken.returncode == 0, taken.stderr
    desk = made.folder / "desk"
    desk.mkdir()
    shutil.copy(made.data / "areas.geojson", desk)
    made.start()
    yield made
    made.stop()


def typed(house: House, agency: str, *words: str) -> subprocess.CompletedProcess[str]:
    """The client without a screen, as it is typed: the command and its words, then the options."""
    options = ["--token-file", str(house.token(agency)), "--home", str(house.folder / f"home-{agency}")]
    return subprocess.run(
        [sys.executable, "-m", "incident_tui", *words, *options],
        capture_output=True, text=True, timeout=90, check=False, cwd=house.folder, env=ENVIRONMENT,
    )  # fmt: skip


def test_a_desk_with_the_same_file_computes_and_one_without_it_says_so(house: House) -> None:
    done = typed(house, "LAS", "do", house.url, 'open "Tunnel" 51.303,-0.10', "--config", "desk")
    assert done.returncode == 0, done.stderr
    tree = json.loads(typed(house, "LAS", "report", "map", house.url, "--incident", "Tunnel").stdout)
    (scene,) = tree["features"]
    assert scene["properties"]["incident:note"] == "Inside LAS, SECAMB 0.3 km (±0.1 km)"
    assert scene["geometry"] == {"type": "Point", "coordinates": [-0.1, 51.303]}
    typed(house, "LAS", "do", house.url, 'open "Bridge" 51.50,-0.10')
    tree = json.loads(typed(house, "LAS", "report", "map", house.url, "--incident", "Bridge").stdout)
    assert "incident:note" not in tree["features"][0]["properties"], (
        "with the shipped areas nothing is computed"
    )


def test_what_a_partner_drew_is_shown_first_proposed_on_yes_and_goes_out_again(house: House) -> None:
    file = house.folder / "fire.geojson"
    file.write_text(json.dumps(CORDON))
    typed(house, "LAS", "do", house.url, 'open "Depot" 51.50,-0.10', "--config", "desk")
    shown = typed(house, "LAS", "import-features", "fire.geojson", house.url, "--incident", "Depot")
    assert shown.returncode == 0
    assert "Fire cordon: outer cordon" in shown.stdout
    assert "Nothing was proposed" in shown.stdout
    done = typed(house, "LAS", "import-features", "fire.geojson", house.url, "--incident", "Depot", "--yes")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("CONFIRMED") == 2
    again = typed(house, "LAS", "import-features", "fire.geojson", house.url, "--incident", "Depot", "--yes")
    assert again.returncode == 0
    assert again.stdout.count("stands already, left out") == 2
    assert "CONFIRMED" not in again.stdout
    out = typed(
        house, "LAS", "report", "map", house.url, "--incident", "Depot", "--format", "kml", "--out", "m.kml"
    )
    assert out.returncode == 0, out.stderr
    text = (house.folder / "m.kml").read_text()
    assert "Fire cordon" in text
    assert "Gate 2" in text
    for form, words in (("cap", "<status>Exercise</status>"), ("geojson", '"incident:kind":"rvp"')):
        assert (
            words
            in typed(house, "LAS", "report", "map", house.url, "--incident", "Depot", "--format", form).stdout
        )


def test_an_observer_of_nothing_and_a_file_of_nothing_are_sentences(house: House) -> None:
    (house.folder / "none.kml").write_text("<!DOCTYPE kml><kml/>")
    for file, said in (("none.kml", "<!DOCTYPE"), ("gone.kml", "no such file")):
        done = typed(house, "SCAS", "import-features", file, house.url)
        assert done.returncode == 2
        assert said in done.stderr
        assert "Traceback" not in done.stderr


def test_a_server_that_runs_goes_by_the_old_areas_until_it_starts_again_and_says_so(house: House) -> None:
    new = house.folder / "new.geojson"
    new.write_text(json.dumps(collection(feature("LAS", box(-0.5, 51.2, 0.2, 51.7)))))
    taken = house.run("areas", "import", str(house.data), "new.geojson", "--agreed")
    assert "the one that runs goes by others" in taken.stdout
    assert "goes by other areas" in house.run("doctor", str(house.data)).stdout
    shutil.copy(house.folder / "desk" / "areas.geojson", house.data)
    assert "goes by other areas" not in house.run("doctor", str(house.data)).stdout
