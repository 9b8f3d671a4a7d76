"""`python -m benchmarks COMMAND`: a table on the screen, and JSON with machine, versions and seeds beside it.

A command is a module with ``add_arguments(parser)`` and ``run(options)``; only the one that is asked for is loaded.
"""

import argparse
import sys
from importlib import import_module
from typing import Final

COMMANDS: Final = {
    "quality": ("benchmarks.quality", "proven gaps on realignments of every size"),
    "warm": ("benchmarks.warm", "a what-if after one change, begun with the alignment from before"),
    "versus": ("benchmarks.versus", "the pipeline against plain CP-SAT and plain HiGHS in the same seconds"),
    "clustering": ("benchmarks.clustering", "equal-count clusters against the library k-means-constrained"),
    "gap": ("benchmarks.published", "published generalized assignment against best known values"),
    "contiguous": ("benchmarks.contiguous", "connected territories of US counties, and of 33,000 cells"),
    "districting": ("benchmarks.districting", "published districting of US counties against proven optima"),
    "ctdp": ("benchmarks.ctdp", "published commercial territory design against published values"),
    "cpmp": ("benchmarks.cpmp", "published capacitated p-median against best known values"),
    "spopt": ("benchmarks.beside_spopt", "published p-medians and districts beside the library spopt"),
    "plots": ("benchmarks.plots", "the charts of docs/benchmarks.md from the JSON of quality"),
    "duals": ("benchmarks.duals", "the relaxation's exact value against plain HiGHS"),
    "conflicts": ("benchmarks.conflicts", "planted conflicts are named and add up; no false alarm"),
    "brute_force": ("benchmarks.brute_force", "random small problems with every criterion against brute force"),
    "page": ("benchmarks.page", "how fast the planning UI is in a browser, on the example and at 100,000 x 1,000"),
    "faults": ("benchmarks.faults", "jobs while processes die, freeze, and the database crashes"),
    "load": ("benchmarks.load", "times of answers and of the event loop while all cores solve"),
    "one": ("benchmarks.one", "a single measurement in this process, as JSON"),
}
"""Name of each command, its module, and what it measures."""


def main(arguments: list[str] | None = None) -> None:
    """Measure what the command line asks for."""
    given = sys.argv[1:] if arguments is None else arguments
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, (module, what) in COMMANDS.items():
        command = commands.add_parser(name, help=what, description=what)
        if given[:1] == [name]:
            import_module(module).add_arguments(command)
    options = parser.parse_args(given)
    import_module(COMMANDS[options.command][0]).run(options)


if __name__ == "__main__":
    main()
