"""Measure in a process of its own: memory, threads and compiled code are the run's, and a run can be ended."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final

from benchmarks.machine import ROOT

POLL_S: Final = 0.05
"""How often a run is asked whether it has ended."""
GB_OF_RSS: Final = 1e-6
"""What one unit of the kernel's largest resident size is (kilobytes on Linux)."""


def measure_apart(kind: str, asked: Mapping[str, Any], *, kill_after_s: float | None = None) -> dict[str, Any]:
    """Make one measurement of a kind of :mod:`benchmarks.one`, and return it with its peak memory in GB.

    Returns
    -------
    dict
        What ``measure`` of the kind returned, with ``peak_memory_gb`` as the kernel counted it; or ``outcome``
        ``killed`` or ``failed``, with the reason in ``error``.
    """
    command = [sys.executable, "-m", "benchmarks", "one", kind, json.dumps(dict(asked))]
    return run_apart(command, kill_after_s=kill_after_s)


def run_apart(command: Sequence[str], *, kill_after_s: float | None = None) -> dict[str, Any]:
    """Run a command whose last line is a JSON object; end it after so many seconds."""
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": os.environ.get("OPENBLAS_NUM_THREADS", "1")}
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as complaint:
        child = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=complaint)
        peak_gb, was_killed = _ended(child, kill_after_s)
        output.seek(0)
        complaint.seek(0)
        lines, complaints = output.read().splitlines(), complaint.read().splitlines()
    if was_killed:
        return {"outcome": "killed", "error": f"ended after {kill_after_s:g} s", "peak_memory_gb": peak_gb}
    if child.returncode or not lines:
        reason = complaints[-1] if complaints else f"exit code {child.returncode}"
        return {"outcome": "failed", "error": reason, "peak_memory_gb": peak_gb}
    return {**json.loads(lines[-1]), "peak_memory_gb": peak_gb}


def _ended(child: subprocess.Popen[bytes], kill_after_s: float | None) -> tuple[float, bool]:
    """Wait for a child; return its peak memory in GB and whether its time was over."""
    begin, was_killed = time.perf_counter(), False
    while True:
        process, status, usage = os.wait4(child.pid, os.WNOHANG)
        if process:
            child.returncode = os.waitstatus_to_exitcode(status)
            return usage.ru_maxrss * GB_OF_RSS, was_killed
        if kill_after_s is not None and not was_killed and time.perf_counter() - begin > kill_after_s:
            child.kill()
            was_killed = True
        time.sleep(POLL_S)
