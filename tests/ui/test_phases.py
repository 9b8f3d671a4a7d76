"""Every phase that the service can tell has its words on the page, in every language."""

import ast
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.jobs.resources import Progress

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "app" / "ui" / "src"
SENDERS = ("optimizer", "app/jobs", "app/curves")
"""Folders whose code names phases."""


def phases_sent() -> set[str]:
    """Return every phase that the code names: entered by the search, or told as a progress."""
    return {
        name
        for folder in SENDERS
        for path in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        for name in phases_in(node)
    }


def phases_in(node: ast.AST) -> Iterator[str]:
    """Yield the phases that a call or a mapping names."""
    named: list[ast.expr | None] = []
    if isinstance(node, ast.Call):
        is_entering = isinstance(node.func, ast.Attribute) and node.func.attr == "enter"
        named += node.args[:1] if is_entering else []
        named += [keyword.value for keyword in node.keywords if keyword.arg == "phase"]
    if isinstance(node, ast.Dict):
        pairs = zip(node.keys, node.values, strict=True)
        named += [value for key, value in pairs if isinstance(key, ast.Constant) and key.value == "phase"]
    for value in named:
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            yield value.value


def test_the_phases_are_found() -> None:
    """What is looked for is there: the search's own phases, the job's, and those before the search."""
    assert {"bounding", "local_search", "planning", "placing", "travel_times", "done"} <= phases_sent()


def test_every_phase_is_documented() -> None:
    """The API's description of a progress names every phase."""
    description = str(Progress.model_fields["phase"].description)
    assert {name for name in phases_sent() if f"`{name}`" not in description} == set()


@pytest.mark.parametrize("language", ["en", "de", "ja", "pl", "ru", "tr"])
def test_every_phase_has_words(language: str) -> None:
    """The page's catalog has a text for each phase, and the panel knows it."""
    texts = json.loads((PAGE / "i18n" / f"{language}.json").read_text(encoding="utf-8"))
    panel = (PAGE / "panels" / "JobPanel.svelte").read_text(encoding="utf-8")
    for name in sorted(phases_sent()):
        assert texts.get(f"phase.{name}"), name
        assert f"{name}: 'phase.{name}'," in panel, name
