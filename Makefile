# Every target sets up what it needs. A machine with Python >= 3.11, git and make is enough;
# uv is used where it is installed.

PYTHON ?= python3
PORT ?= 8484
SEED ?= $(shell expr $$(date +%s) / 86400)
# Many tests wait for something, so that there is room for twice as many as there are cores.
WORKERS ?= $(shell $(PYTHON) -c 'import os; print(2 * (os.cpu_count() or 1))')
BIN := .venv/bin
UV := $(shell command -v uv 2>/dev/null)
CLIENTS ?= $(HOME)/.cache/manymind/clients

.DEFAULT_GOAL := help
.PHONY: help setup run test test-long check fix bench clean

help: ## list what make can do
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' Makefile

setup: .venv/.ready-dev ## install the program and all that its tests need into .venv

run: .venv/.ready ## start the server with the demo corpus on 127.0.0.1:8484 (PORT=… for another)
	$(BIN)/manymind serve --config demo/manymind.toml --port $(PORT)

test: .venv/.ready-dev ## run the tests; of the long matrices a sample that changes daily (SEED=…)
	$(BIN)/pytest -n $(WORKERS) --seed $(SEED)

test-long: .venv/.ready-dev $(CLIENTS)/.ready ## run the tests with every long matrix whole
	$(BIN)/pytest -n $(WORKERS) --seed $(SEED) --whole --clients=$(CLIENTS)

check: .venv/.ready-dev ## lint, formatting, strict types, import contracts, tidiness
	$(BIN)/ruff check src tests bench
	$(BIN)/ruff format --check src tests bench
	$(BIN)/pyright
	$(BIN)/lint-imports
	$(BIN)/pytest tests/tidy

fix: .venv/.ready-dev ## mend what can be mended by itself
	$(BIN)/ruff check --fix src tests bench
	$(BIN)/ruff format src tests bench

bench: .venv/.ready-dev ## measure it beside other gateways, and write docs/benchmarks.md (10 to 15 minutes)
	$(BIN)/python -m bench.gateways --write

clean: ## remove what the other targets made
	rm -rf .venv .pytest_cache .ruff_cache .hypothesis .import_linter_cache dist

.venv/.ready: pyproject.toml uv.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Manymind needs Python 3.11 or newer; name one with make PYTHON=python3.12 …"; exit 1; }
ifneq ($(UV),)
	uv sync --quiet --frozen --inexact --no-dev --python $(PYTHON)
else
	test -x $(BIN)/pip || $(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --editable .
endif
	@touch $@

.venv/.ready-dev: pyproject.toml uv.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Manymind needs Python 3.11 or newer; name one with make PYTHON=python3.12 …"; exit 1; }
ifneq ($(UV),)
	uv sync --quiet --frozen --python $(PYTHON)
else
	test -x $(BIN)/pip || $(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	$(BIN)/pip install --quiet --editable . --group dev
endif
	@touch $@ .venv/.ready

# Other people's clients, for the long tests alone: they stay apart from our own packages, and
# outside of the tree.
CLIENTS_LISTED := tests/flows/clients/package.json tests/flows/clients/package-lock.json

$(CLIENTS)/.ready: pyproject.toml uv.lock $(CLIENTS_LISTED) | .venv/.ready-dev
	mkdir -p $(CLIENTS)/node
ifneq ($(UV),)
	UV_PROJECT_ENVIRONMENT=$(CLIENTS)/python uv sync --quiet --frozen --only-group clients \
	  --python $(PYTHON)
else
	test -x $(CLIENTS)/python/bin/pip || $(PYTHON) -m venv $(CLIENTS)/python
	$(CLIENTS)/python/bin/pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	$(CLIENTS)/python/bin/pip install --quiet --group clients
endif
	cp $(CLIENTS_LISTED) $(CLIENTS)/node
	PATH=$(CLIENTS)/python/bin:$$PATH npm ci --prefix $(CLIENTS)/node --silent --no-audit --no-fund \
	  --ignore-scripts
	@touch $@
