# Two commands matter: `make demo` and `make test`. Both set up what they need in .venv first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: demo test check lock audit openapi clean

demo: $(VENV)/.runtime  ## the main job end to end; ARGS=--exit ends after it
	$(BIN)/territory demo $(ARGS)

test: $(VENV)/.test  ## every test, linters and contracts included; ARGS are pytest's
	$(BIN)/python -m pytest -n 2 --dist worksteal $(ARGS)

check: $(VENV)/.test  ## style, types and import contracts alone
	$(BIN)/python -m pytest -q tests/test_project.py

openapi: $(VENV)/.runtime  ## write docs/openapi.json from the code
	$(BIN)/territory openapi docs/openapi.json

lock: $(VENV)/.test  ## renew the pinned requirements from pyproject.toml
	$(PIP) install uv
	$(BIN)/uv pip compile requirements/build.in $(LOCK) -o requirements/build.txt
	$(BIN)/uv pip compile pyproject.toml $(LOCK) -o requirements/runtime.txt
	$(BIN)/uv pip compile pyproject.toml --extra otel $(LOCK) -o requirements/otel.txt
	$(BIN)/uv pip compile pyproject.toml --extra test $(LOCK) -o requirements/test.txt

AUDIT := $(VENV)/audit/bin/pip-audit --require-hashes --disable-pip --requirement
audit: | $(BIN)/python  ## known vulnerabilities of what is pinned; asks PyPI, from an environment of its own
	$(PYTHON) -m venv $(VENV)/audit
	$(VENV)/audit/bin/python -m pip --disable-pip-version-check --quiet install pip-audit
	$(AUDIT) requirements/runtime.txt
	$(AUDIT) requirements/otel.txt

LOCK := --quiet --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: requirements/runtime.txt requirements/build.txt pyproject.toml | $(BIN)/python
	@echo "Setting up $(VENV) (a minute or two, once)"
	$(PIP) install --require-hashes -r requirements/build.txt
	$(PIP) install --require-hashes -r requirements/runtime.txt
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.test: requirements/test.txt $(VENV)/.runtime
	$(PIP) install --require-hashes -r requirements/test.txt
	@touch $@

clean:
	rm -rf $(VENV) data demo
