"""Runs that are left behind: nobody waits for them but the end of the process, which they would abort."""

import subprocess
import sys

SCRIPT = """
import atexit

atexit.register(lambda: print("over" if run.is_over else "at work"))  # called last, because it is registered first

from optimizer.search.background_run import BackgroundRun
from optimizer.search.mixed_integer import solve_mixed_integer
from optimizer.search.solver_answer import Effort
from optimizer.search.subproblem import whole_problem
from tests.optimizer.search.hand_made import all_pairs, plane_model

model = plane_model(num_items=200, num_columns=10, seed=1, band=0.02)
part = whole_problem(model, *all_pairs(model))
run = BackgroundRun(lambda: solve_mixed_integer(part, Effort(seconds=1.5)))
run.wait(0.5)
print("over" if run.is_over else "at work")
"""


def test_a_process_ends_when_the_solver_that_was_left_behind_has() -> None:
    """HiGHS is at work when the script has ended, and no more when the interpreter does; nothing is said of it."""
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=600, check=False)
    assert (done.returncode, done.stdout.split("\n"), done.stderr) == (0, ["at work", "over", ""], "")
