# Baton. `uv` is used where it is installed, else venv and pip; every target leaves .venv/bin/baton behind.

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python3.14; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
UV ?= $(shell command -v uv)
BIN := .venv/bin
STAMP := .venv/.installed

.DEFAULT_GOAL := help
.PHONY: help install run up down test check format bench dashboards lock

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: $(STAMP) ## install into .venv, without starting anything

run: $(STAMP) ## route the bundled leads through the whole system and explain the result
	$(BIN)/baton demo

up: $(STAMP) ## start the whole system and leave it running
	$(BIN)/baton up --detach

down: $(STAMP) ## stop what `make up` started
	$(BIN)/baton down

test: $(STAMP) ## run all tests but the benchmarks, on servers of their own
	$(BIN)/pytest -n 3 --maxschedchunk 1 -m "not benchmark"

check: $(STAMP) ## run what CI runs: format, lint, types, import directions, tests
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(MAKE) test

format: $(STAMP) ## bring all code into form
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

bench: $(STAMP) ## measure, beside a naive pipeline and a no-op chain on the same machine
	$(BIN)/python -m tests.benchmarks

dashboards: $(STAMP) ## draw the dashboards of a system under load into docs/images (needs prometheus)
	$(BIN)/python -m deploy.write
	$(BIN)/python -m deploy.grafana.tour

lock: ## choose newer versions of what we depend on (needs uv)
	uv lock --upgrade
	uv export --locked --all-extras --no-emit-project --no-hashes --no-header --no-annotate -o .ci/constraints.txt

# Whoever has no uv gets the very versions of uv.lock through .ci/constraints.txt.
$(STAMP): pyproject.toml uv.lock .ci/constraints.txt
ifneq ($(UV),)
	$(UV) sync --locked --all-extras --compile-bytecode
else
	@test -n "$(PYTHON)" || { echo "Baton needs Python 3.11 or newer: install it, or name one: make PYTHON=/path/to/python" >&2; exit 1; }
	test -x $(BIN)/pip || $(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -r .ci/constraints.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --editable .
endif
	@touch $@
