"""The page over HTTP, and the build that makes it."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.datasets.fields import TABLES
from app.datasets.readers.mapping import ColumnMapping, map_columns
from app.page import BUILT_FOLDER, install

ROOT = Path(__file__).parents[2]
SOURCES = ROOT / "app" / "ui"


def client_of(built: Path) -> TestClient:
    """Return a client of a service that has only the page."""
    app = FastAPI()
    install(app, built=built)
    return TestClient(app)


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """Write a page as a build would."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<!doctype html><title>Page</title>")
    (tmp_path / "assets" / "index-1a2b.js").write_text("1")
    return tmp_path


def test_the_page_is_asked_for_anew_and_its_files_never_again(built: Path) -> None:
    """The page has an ETag and is revalidated; files with a hash in their name are kept forever."""
    client = client_of(built)
    page = client.get("/")
    assert page.status_code == 200
    assert page.headers["cache-control"] == "no-cache"
    assert client.get("/", headers={"If-None-Match": page.headers["etag"]}).status_code == 304
    assert "immutable" in client.get("/assets/index-1a2b.js").headers["cache-control"]


def test_no_other_origin_is_allowed(built: Path) -> None:
    """The content security policy names this origin alone."""
    policy = client_of(built).get("/").headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "http" not in policy


def test_without_a_build_one_sentence_says_how(tmp_path: Path) -> None:
    """A service whose page was not built answers with the way to build it."""
    answer = client_of(tmp_path).get("/")
    assert answer.status_code == 200
    assert "not built" in answer.text
    assert answer.headers["cache-control"] == "no-store"


def test_the_example_is_what_the_command_writes(tmp_path: Path) -> None:
    """The example's files have 5,000 accounts and 50 reps."""
    client = client_of(tmp_path)
    assert client.get("/example/accounts.csv").text.count("\n") == 5_001
    assert client.get("/example/reps.csv").text.count("\n") == 51


def test_the_page_guesses_columns_as_the_import_does() -> None:
    """Every name that the page knows means the same to the service."""
    known = json.loads((SOURCES / "src" / "data" / "columns.json").read_text(encoding="utf-8"))
    for table, aliases in known["aliases"].items():
        for name, field in aliases.items():
            assert meaning([name], table).fields == (field,), name
    for table, fields in known["fields"].items():
        assert fields == list(TABLES[table].schema.names)
    for crm, sign in (("salesforce", "OwnerId"), ("hubspot", "Record ID")):
        for name, field in known[crm]["accounts"].items():
            names = list(dict.fromkeys(["Id" if crm == "salesforce" else "Record ID", sign, name]))
            assert meaning(names, "accounts").fields[names.index(name)] == field, name


def meaning(names: list[str], table: str) -> ColumnMapping:
    """Return what the service takes columns for."""
    return map_columns(tuple(names), TABLES[table], {})


def test_an_install_without_npm_succeeds_and_says_so(tmp_path: Path) -> None:
    """The build hook warns and goes on where npm cannot fetch; with fresh files it does nothing."""
    pytest.importorskip("hatchling", reason="hatchling is not installed: the hook is tested where it is")
    shutil.copytree(SOURCES, tmp_path / "app" / "ui", ignore=shutil.ignore_patterns("node_modules"))
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "import hatch_build as h\n"
        "class App:\n"
        "    def display_warning(self, text): sys.stdout.write(text)\n"
        "hook = h.PlanningUiHook(sys.argv[2], {}, None, None, sys.argv[2], 'wheel', App())\n"
        "failing = (sys.executable, '-c', 'import sys; sys.exit(\"no registry\")')\n"
        "h.find_node = lambda: h.Node(sys.executable, failing)\n"
        "hook.initialize('standard', {})\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(ROOT), str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert "was not built: no registry" in done.stdout


def test_types_of_the_page_hold() -> None:
    """TypeScript and Svelte find no error, with the client's types generated from docs/openapi.json."""
    npm = shutil.which("npm")
    if npm is None or not (SOURCES / "node_modules").is_dir():
        pytest.skip("npm or its packages are not there: the page's types are not checked")
    done = subprocess.run([npm, "run", "check"], cwd=SOURCES, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]


def test_the_built_page_asks_nobody_else() -> None:
    """No script or style of the built page is loaded from another address."""
    index = BUILT_FOLDER / "index.html"
    if not index.is_file():
        pytest.skip("the planning UI is not built: see docs/ui.md")
    text = index.read_text(encoding="utf-8")
    assert "http://" not in text
    assert "https://" not in text
