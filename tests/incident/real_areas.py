"""The real file of areas, for tests alone: it lies beside the checkout, in a folder that is not part of the project."""

from __future__ import annotations

from pathlib import Path

import pytest


def real_areas() -> Path:
    """The file, found by walking up from here; the test is skipped where there is none."""
    for folder in Path(__file__).resolve().parents:
        for beside in (folder, folder.parent):
            path = beside / "shared" / "geo" / "ambulance_trusts.geojson"
            if path.is_file():
                return path
    pytest.skip("the real areas (shared/geo/ambulance_trusts.geojson) are not beside this checkout")
