"""Follow a curve's dialogue with real searches, for tests."""

from optimizer.curves.disruption import DisruptionCurve
from optimizer.curves.pareto import ParetoSet
from optimizer.curves.questions import Answer, Question, answer
from optimizer.params import SolveParams
from optimizer.problem import Problem
from optimizer.references import References
from optimizer.stop import AnyOf, GapBelow, MaxRuntime

PATIENCE_S = 3.0


def follow(
    curve: DisruptionCurve | ParetoSet,
    problem: Problem,
    relative_to: References,
    *,
    gap: float = 0.0,
    most: int | None = None,
) -> list[tuple[Question, Answer]]:
    """Answer a curve's questions, ``most`` at most, by searches that count their work; return both."""
    dialogue = curve.questions()
    asked: list[tuple[Question, Answer]] = []
    question = next(dialogue, None)
    while question is not None and (most is None or len(asked) < most):
        found = answer(
            problem,
            question,
            AnyOf((MaxRuntime(PATIENCE_S), GapBelow(gap))),
            relative_to=relative_to,
            seed=0,
            params=SolveParams(threads=1, deterministic=True),
        )
        asked.append((question, found))
        try:
            question = dialogue.send(found)
        except StopIteration:
            question = None
    return asked
