"""Deterministic mode gives the same bytes in another process, and beside processes that take the processor away."""

import hashlib
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOLVE = """
import hashlib
from optimizer.params import SolveParams
from optimizer.solve import solve
from optimizer.stop import MaxRuntime
from tests.optimizer.test_solve import team
problem, criteria = team(seed=3, num_accounts=250, num_reps=6)
params = SolveParams(deterministic=True, threads=2)
result = solve(problem, criteria, MaxRuntime(0.4), seed=5, params=params)
told = result.alignment.rep.tobytes() + repr((result.objective, result.lower_bound, result.outcome)).encode()
print(hashlib.sha256(told).hexdigest())
"""


def test_another_process_and_a_busy_machine_give_the_same_bytes() -> None:
    """Alignment, objective and bound are the same bytes alone and beside three processes that never rest."""
    alone = _solved()
    with _hogs(3):
        beside = _solved()
    assert len(alone) == len(hashlib.sha256().hexdigest())
    assert beside == alone


def _solved() -> str:
    """Solve in a process of its own; return the hash of what it found."""
    done = subprocess.run([sys.executable, "-c", SOLVE], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.split()[-1]


@contextmanager
def _hogs(count: int) -> Iterator[None]:
    hogs = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for hog in hogs:
            hog.kill()
            hog.wait()
