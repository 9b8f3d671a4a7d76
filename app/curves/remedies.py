"""What would help where a curve cannot have a point: relaxations of the scenario's own question, as a job offers them.

Runs in the solver's process; imports neither the web nor the database.
"""

from collections.abc import Mapping
from typing import Any

from app.jobs.judgement import Judge
from app.jobs.names import Names
from app.jobs.remedies import write_remedies
from app.jobs.solver_files import SolverFiles
from app.scenarios.planning import Plan
from optimizer.conflicts import conflicts
from optimizer.params import SolveParams
from optimizer.search.clock import Clock
from optimizer.search.remedies import remedies
from optimizer.stop import StopCriterion


def curve_remedies(
    planned: Plan,
    *,
    stop: StopCriterion,
    params: SolveParams,
    seed: int,
    judge: Judge,
    names: Names,
    files: SolverFiles,
    software: Mapping[str, Any],
) -> list[dict[str, Any]]:
    """Write the relaxations of a scenario's question, and return them as JSON with their files' names.

    Parameters
    ----------
    planned
        The scenario's question.
    stop
        Ends the search for relaxations; its clock begins now.
    params, seed
        Of the search.
    judge
        Judges under the scenario's own criteria.
    names, files, software
        For what is told and written.
    """
    problem, criteria = planned.problem, planned.criteria
    found = remedies(
        problem,
        criteria,
        conflicts(problem, criteria),
        stop=stop,
        clock=Clock(by_work=params.deterministic),
        params=params,
        seed=seed,
    )
    return list(write_remedies(found, planned, judge=judge, names=names, files=files, software=software))
