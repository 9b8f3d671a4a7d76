"""The API guide: every command of docs/api-guide.md runs as it is printed, against a real service."""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

GUIDE = Path(__file__).parents[2] / "docs" / "api-guide.md"
LIMIT_S = 600
"""Ends a guide that hangs; its jobs take about 40 s, and a busy machine several times that."""
BLOCK = re.compile(r"^```bash\n(.*?)^```$", re.MULTILINE | re.DOTALL)
OUTCOMES = (
    '"outcome": "infeasible"',
    '"JOB_ENDED"',
    '"IDEMPOTENCY_KEY_REUSED"',
    '"IN_USE"',
    '"UNKNOWN_FIELD"',
    "\n304\n",
)


@pytest.mark.skipif(not all(map(shutil.which, ("bash", "curl", "jq"))), reason="the guide needs bash, curl and jq")
def test_every_command_works(service: Any, tmp_path: Path) -> None:
    """The blocks run one after another without a failure, and show what the text says they show."""
    territory = tmp_path / "bin" / "territory"
    territory.parent.mkdir()
    root = GUIDE.parents[1]
    territory.write_text(f'#!/bin/sh\nPYTHONPATH={root} exec {sys.executable} -m app.cli "$@"\n')
    territory.chmod(0o755)
    script = "set -euo pipefail\n" + "\n".join(BLOCK.findall(GUIDE.read_text(encoding="utf-8")))
    ran = subprocess.run(
        ["bash", "-c", script],
        cwd=tmp_path,
        env={"BASE": service.address, "PATH": f"{territory.parent}:/usr/local/bin:/usr/bin:/bin", "no_proxy": "*"},
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert ran.returncode == 0, f"{ran.stdout[-2000:]}\n{ran.stderr[-2000:]}"
    missing = [word for word in OUTCOMES if word not in ran.stdout]
    assert missing == [], ran.stdout[-3000:]
    assert "null" not in re.findall(r'"(?:id|parent_id)": (\w+)', ran.stdout)
