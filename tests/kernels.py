"""Compile every kernel before a whole run of the tests: its processes would compile the same ones side by side.

Two processes share the work. One does what a worker does before its first job; the other does the same steps from the
end, and what one has compiled the other loads.
"""

import sys
import threading

from app.jobs.warm_up import warm_up
from optimizer.design.warm_up import compile_design
from optimizer.location.warm_up import compile_location
from optimizer.search.column_warm_up import compile_columns
from optimizer.search.pattern_warm_up import compile_patterns

FROM_THE_END = "from-the-end"


if __name__ == "__main__":
    if FROM_THE_END in sys.argv:
        for compile_step in (compile_location, compile_design, compile_patterns, compile_columns):
            compile_step()
    else:
        warm_up(hurry=threading.Event())
