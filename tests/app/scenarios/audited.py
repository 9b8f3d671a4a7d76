"""One small question, asked of the whole chain, and every answer held against brute force and the checker.

Tables and criteria become arrays as in the service; the optimizer solves; brute force knows the truth; the independent
checker judges the raw tables; certificates and price bounds are those that the service would show.
"""

from dataclasses import dataclass

import numpy as np

from app.alignments.certificate_prices import read_proof
from app.alignments.explanations import Asked, explanation_json
from app.alignments.ground import ground_of
from app.alignments.situations import Situation, criteria_model
from app.jobs.judgement import Judge, discrepancies
from app.scenarios.planning import Plan, plan
from optimizer.conflicts import conflicts
from optimizer.params import SolveParams
from optimizer.result import Outcome, Result
from optimizer.solve import solve
from optimizer.stop import AnyOf, GapBelow, MaxRuntime
from tests.app.scenarios.random_tables import Question
from tests.optimizer.agreement import NOISE, wrong_claims, wrong_relaxations
from tests.optimizer.brute_force import EveryAlignment, brute_force


@dataclass(frozen=True, eq=False)
class Audit:
    """What was answered, what is true, and what of the answer is wrong.

    Attributes
    ----------
    faults
        In words; none where all is right.
    prices
        How many lower bounds on prices of single changes were above 0.
    has_certificate
        Whether the service would show one.
    """

    result: Result
    every: EveryAlignment
    faults: tuple[str, ...]
    prices: int = 0
    has_certificate: bool = False


def audited(question: Question, *, seed: int, params: SolveParams, time_limit_s: float) -> Audit:
    """Solve a question and check all that is said of it."""
    planned = plan(question.tables, question.criteria)
    problem, criteria = planned.problem, planned.criteria
    stop = AnyOf((MaxRuntime(time_limit_s), GapBelow(0.0)))
    result = solve(problem, criteria, stop, seed=seed, params=params)
    every = brute_force(problem, criteria)
    faults = [*wrong_claims(problem, criteria, every, result), *wrong_relaxations(problem, criteria, result)]
    if every.is_feasible and conflicts(problem, criteria):
        faults.append("a conflict is claimed, but there is an alignment")
    if result.outcome not in (Outcome.OPTIMAL, Outcome.FEASIBLE):
        return Audit(result, every, tuple(faults))
    return _checked(question, planned, result, every, faults)


def _checked(question: Question, planned: Plan, result: Result, every: EveryAlignment, faults: list[str]) -> Audit:
    """Add what the checker says of the alignment and its proof."""
    assert result.alignment is not None
    normalized = question.criteria.model_dump(mode="json")
    judge = Judge(question.tables, normalized, planned)
    examined = judge.examine(result.alignment)
    report = examined.report
    faults += [f"the checker finds {violation.detail}" for violation in report.violations]
    faults += [f"the checker does not confirm: {item.detail}" for item in discrepancies(report, result)]
    proof = judge.prove(examined, result)
    truth = every.optimum
    bound = proof.bound.lower_bound
    if truth is not None and bound is not None and bound > truth + NOISE * abs(truth) + 1e-12:
        faults.append(f"the shown bound {bound} is above the optimum {truth}")
    if proof.certificate is None:
        return Audit(result, every, tuple(faults))
    situation = Situation(
        ground=ground_of(question.tables),
        criteria=criteria_model(normalized),
        owner=np.asarray(result.alignment.rep),
        known_references={term.name: term.reference for term in report.terms},
    )
    prices = 0
    for account in range(planned.problem.num_accounts):
        told = explanation_json(situation, read_proof(proof.certificate, situation), Asked(account))
        for alternative in told["alternatives"]:
            least = alternative["price_lower_bound"]
            rep = planned.rep_ids.index(alternative["rep_id"])
            forced = every.objective[every.is_right & (every.rep[:, account] == rep)].min(initial=np.inf)
            prices += least > 0
            if least > forced - report.objective + NOISE * max(1.0, abs(report.objective)):
                faults.append(f"account {account} at rep {rep} costs {forced - report.objective}, not {least} or more")
    return Audit(result, every, tuple(faults), prices=prices, has_certificate=True)
