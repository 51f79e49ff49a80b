"""Five hundred seeds of bad luck, and proof that the simulator sees: everything is drawn, every planted bug found.

One seed again, with its trace: ``SEED=123 python -m pytest tests/sim -k one_seed``.
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from incident.state import EXCON, INCIDENT, OWN, REGISTER
from tests.sim.bugs import BUGS, Bug
from tests.sim.simulation import run_seed
from tests.sim.world import Violation

ROOT = Path(__file__).resolve().parents[2]

SEEDS = 500
COVERING = 100
"""Seeds run in one test, which also asks whether everything was drawn."""

CHUNK = 25
MORE = 200
"""Further seeds, which are mostly about what was not met yet."""

NEVER = {
    "no_charter": "every server and every client of a run knows the roles",
    "no_role": "the people of a run have roles that exist",
    "too_many": "a run has no hundred parties",
    "full": "a run has no five thousand tasks, no two thousand features and no sixty sectors of one agency",
    "update_needed": "the server of a run is no newer than its clients",
    "not_owner": "the roles say no before: nobody has the grant for what is another agency's to share",
    "bad_value": "said of a drawing in a file, before there is a command",
    "not_moved": "a reason, and a feature of unknown reach given anew where it lies: too rare to be met in every run",
    "too_early": "only the system lets an offer lapse, and it looks at the time",
}
"""Refusals that a run cannot come by, with the reason."""

TROUBLE = (
    "client killed",
    "commit fails, kept",
    "commit fails, lost",
    "cut off",
    "frame late",
    "frame lost",
    "gap",
    "looked up in the store",
    "records skipped",
    "sent again",
    "server killed",
    "snapshot",
    "watcher dropped",
)


@pytest.mark.parametrize("chunk", range(COVERING, SEEDS, CHUNK))
def test_no_promise_is_broken(chunk: int, seed: int) -> None:
    for number in range(chunk, chunk + CHUNK):
        run_seed((seed - 1) * SEEDS + number)


@pytest.mark.soak
def test_no_promise_is_broken_in_two_thousand_seeds_more(seed: int) -> None:
    for number in range(2_000):
        run_seed(seed * 1_000_000 + number)


def refusal_codes() -> dict[str, set[str]]:
    """Every code with which the rules and the kernel say no, as it stands in the source, and the slices it is in."""
    found: dict[str, set[str]] = {}
    for path in sorted((ROOT / "incident").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or not node.args:
                continue
            code = node.args[0]
            if node.func.id == "Refusal" and isinstance(code, ast.Constant):
                found.setdefault(str(code.value), set()).add(path.parent.name)
    return found


def slices_of(missing: set[str], codes: dict[str, set[str]]) -> frozenset[str]:
    """Where to look for what was not met yet."""
    found: set[str] = set()
    for kind, _, name in (one.partition(" ") for one in missing):
        found |= codes.get(name, set()) if kind == "refusal" else {name.partition(".")[0]}
    return frozenset(found)


@pytest.mark.timeout(900)
def test_everything_is_drawn_and_no_promise_is_broken(seed: int) -> None:
    """Every command of every slice was taken, every event recorded, every no said, and all trouble met."""
    models = (INCIDENT, OWN, EXCON, REGISTER)
    codes = refusal_codes()
    missing = {
        *(f"command {name}" for model in models for name in model.commands),
        *(f"event {name}" for model in models for name in model.events),
        *(f"refusal {code}" for code in codes.keys() - NEVER.keys()),
        *(f"trouble {kind}" for kind in TROUBLE),
    }
    trouble: Counter[str] = Counter()
    for number in range(COVERING + MORE):
        if number >= COVERING and not missing:
            break
        where = number if number < COVERING else number + SEEDS
        about = slices_of(missing, codes) if number >= COVERING else frozenset[str]()
        outcome = run_seed((seed - 1) * SEEDS + where, about=about)
        truth = outcome.truth
        missing -= {f"command {name}" for name in truth.accepted_types}
        missing -= {f"event {name}" for name in truth.events_seen}
        missing -= {f"refusal {code}" for code in truth.codes_seen}
        missing -= {f"trouble {kind}" for kind, count in outcome.counts.items() if count}
        trouble += outcome.counts
    print(f"after {number} seeds: {dict(sorted(trouble.items()))}")
    assert not missing


def test_the_exceptions_are_refusals_that_exist() -> None:
    assert refusal_codes().keys() >= NEVER.keys()


# -- the same seed is the same run ------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [3, 44, 181])
def test_a_seed_run_twice_has_one_trace(number: int) -> None:
    assert run_seed(number).trace == run_seed(number).trace


def test_a_seed_has_the_same_trace_in_another_process() -> None:
    """Whatever order a set of texts happens to have there."""
    number = 17
    told = subprocess.run(
        [sys.executable, "-c", f"from tests.sim.simulation import run_seed; print(run_seed({number}).trace)"],
        check=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": "4711", "PYTHONPATH": str(ROOT)},
    )
    assert told.stdout.strip() == run_seed(number).trace


def test_one_seed() -> None:
    """The one named by SEED, with its figures; a failure prints the last lines of its trace."""
    number = int(os.environ.get("SEED") or 1)
    outcome = run_seed(number)
    print(f"seed {number}: {outcome.commands} commands, {outcome.records} records, trace {outcome.trace}")
    assert outcome.commands > 0


# -- it bites -----------------------------------------------------------------------------------------------------


@pytest.mark.timeout(900)
@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_a_planted_bug_is_found(bug: Bug) -> None:
    for number in range(bug.seeds):
        with bug.planted() as planted:
            try:
                run_seed(number, **planted)
            except Violation as found:
                promise = str(found).split("\n", 1)[0]
                assert any(word in promise for word in bug.shows), f"{bug.broken}, but it shows as: {promise}"
                print(f"{bug.name}: found by seed {number + 1} of {bug.seeds}: {promise[:120]}")
                return
    pytest.fail(f"{bug.broken}, and {bug.seeds} seeds have not found it")
