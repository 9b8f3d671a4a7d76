"""The optimizer's own errors: what a caller did wrong with arrays and parameters.

An infeasible problem is never an exception; it is an answer (:class:`optimizer.result.Outcome`).

    OptimizerError
    ├── InvalidProblem     arrays that do not fit together, or numbers out of range
    ├── InvalidCriteria    wishes that contradict themselves or name what is not there
    └── InvalidParameter   a search parameter out of its range
"""


class OptimizerError(ValueError):
    """Root of everything that the optimizer raises on purpose."""


class InvalidProblem(OptimizerError):
    """The arrays of a problem do not fit together, or a number is out of range."""


class InvalidCriteria(OptimizerError):
    """The criteria contradict themselves, or name a measure, account or rep that is not there."""


class InvalidParameter(OptimizerError):
    """A search parameter is out of its range."""
