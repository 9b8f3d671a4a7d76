"""Compiled kernels lie in a folder that depends on the sources."""

import importlib.util
import os
from pathlib import Path

import pytest

from app.jobs import kernel_cache
from app.jobs.kernel_cache import CACHE_VARIABLE, KEPT_S, kernel_environment, marker, remove_outdated, sources_digest


@pytest.fixture(autouse=True)
def _without_a_folder_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(CACHE_VARIABLE, raising=False)


def sources(folder: Path, monkeypatch: pytest.MonkeyPatch, **files: str) -> str:
    """Return the digest of a package ``optimizer`` with these files."""
    package = folder / "optimizer"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    for name, text in files.items():
        (package / f"{name}.py").write_text(text)
    found = importlib.util.find_spec("optimizer")
    assert found is not None
    monkeypatch.setattr(found, "origin", str(package / "__init__.py"))
    monkeypatch.setattr(kernel_cache, "find_spec", lambda _: found)
    sources_digest.cache_clear()
    digest = sources_digest()
    sources_digest.cache_clear()
    return digest


def test_any_changed_source_is_another_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A change of any file gives another name; the same text at another time and place gives the same."""
    one = sources(tmp_path / "one", monkeypatch, kernels="a = 1", called="b = 1")
    again = sources(tmp_path / "again", monkeypatch, kernels="a = 1", called="b = 1")
    other = sources(tmp_path / "other", monkeypatch, kernels="a = 1", called="b = 2")
    assert one == again != other


def test_the_folder_is_below_the_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a folder of the caller's own, kernels lie below the data, by the digest of the sources."""
    assert kernel_environment(tmp_path) == {CACHE_VARIABLE: str(tmp_path / sources_digest())}
    monkeypatch.setenv(CACHE_VARIABLE, "/elsewhere")
    assert kernel_environment(tmp_path) == {CACHE_VARIABLE: "/elsewhere"}


def test_what_nobody_uses_is_removed(tmp_path: Path) -> None:
    """Kernels of other sources go once they are a day old; those of these sources and fresh ones stay."""
    own, fresh, old, loose = (tmp_path / name for name in (sources_digest(), "fresh", "old", "loose.nbi"))
    for folder in (own, fresh, old):
        folder.mkdir()
        (folder / "kernel.nbc").touch()
    loose.touch()
    past = own.stat().st_mtime - 2 * KEPT_S
    for entry in (own, old, loose):
        os.utime(entry, (past, past))
    remove_outdated(tmp_path)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == sorted([own.name, "fresh"])
    remove_outdated(tmp_path / "nowhere")


def test_the_marker_keeps_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A solver that gets ready marks the folder of its kernels as used, and makes it where it is missing."""
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path / "kernels"))
    first = marker()
    assert first is not None
    assert first.name == f"compiled-{sources_digest()}"
    os.utime(tmp_path / "kernels", (0, 0))
    assert marker() == first
    assert (tmp_path / "kernels").stat().st_mtime > 0
    monkeypatch.delenv(CACHE_VARIABLE)
    assert marker() is None
