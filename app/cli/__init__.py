"""The ``territory`` command: one file a group of commands, each a thin client of the packages.

Commands import what they need when they are called, so that ``territory --help`` answers at once and a command that
needs no database never loads one.
"""

from app.cli.main import main

__all__ = ["main"]
