"""What holds for the repository as a whole: style, types, directions, pins, and promises made in documents."""

import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

from app.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("app", "checker", "geo_data", "optimizer")


def run(*command: str) -> subprocess.CompletedProcess[str]:
    """Run a tool of the environment from the repository's root."""
    return subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, check=False, timeout=600
    )


@pytest.mark.parametrize("command", [("ruff", "check"), ("ruff", "format", "--check")], ids=" ".join)
def test_ruff_finds_nothing(command: tuple[str, ...]) -> None:
    """The linter has nothing to say, and the formatter nothing to change."""
    done = run(*command, ".")
    assert done.returncode == 0, done.stdout + done.stderr


def test_mypy_strict_finds_nothing() -> None:
    """Every package, the tests and the benchmarks type-check in strict mode."""
    done = run("mypy", *PACKAGES, "benchmarks", "tests")
    assert done.returncode == 0, done.stdout + done.stderr


def test_imports_keep_their_direction() -> None:
    """The import contracts of pyproject.toml hold."""
    done = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports"))], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_solver_process_starts_without_the_web_stack() -> None:
    """Importing the child's entry module loads neither the web framework, the database toolkit nor the job engine."""
    code = (
        "import sys, app.jobs.solver_process\n"
        "print(','.join(m for m in ('fastapi', 'starlette', 'sqlalchemy', 'dbos') if m in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


@pytest.mark.parametrize("name", ["runtime.txt", "otel.txt", "test.txt", "build.txt"])
def test_requirements_are_pinned_with_hashes_and_without_addresses(name: str) -> None:
    """Every requirement has one version and a hash, and names no place to download from."""
    text = (ROOT / "requirements" / name).read_text()
    pins = re.findall(r"^[A-Za-z0-9][^\s#]*", text, flags=re.MULTILINE)
    assert pins
    assert all("==" in pin for pin in pins)
    assert text.count("--hash=sha256:") >= len(pins)
    assert "://" not in text


@pytest.mark.parametrize("package", PACKAGES)
def test_public_names_exist_once(package: str) -> None:
    """What a package lists in ``__all__`` is there; that it is in order is the linter's to say."""
    module = importlib.import_module(package)
    names = list(getattr(module, "__all__", []))
    assert len(names) == len(set(names))
    assert all(hasattr(module, name) for name in names)


def test_the_image_runs_as_an_ordinary_user_from_pinned_parts() -> None:
    """The Dockerfile builds in two stages, copies only what exists, installs with hashes and drops root."""
    text = (ROOT / "Dockerfile").read_text()
    assert text.count("\nFROM ") + text.startswith("FROM ") >= 2
    assert re.search(r"^USER (?!0\b|root\b)\S+", text, flags=re.MULTILINE)
    for line in re.findall(r"^RUN .*?(?<!\\)$", text, flags=re.MULTILINE | re.DOTALL):
        for step in re.split(r"&&", line):
            if "pip install" in step and "--no-deps" not in step:
                assert "--require-hashes" in step
    for sources in re.findall(r"^COPY (?!--from)(.+) \S+$", text, flags=re.MULTILINE):
        assert all((ROOT / source).exists() for source in sources.split())


def test_every_setting_is_documented() -> None:
    """docs/settings.md names each setting with what it does, and no other."""
    text = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `TERRITORY_(\w+)` \| .*? \| (.*) \|$", text, flags=re.MULTILINE))
    assert rows == {name.upper(): field.description for name, field in Settings.model_fields.items()}
