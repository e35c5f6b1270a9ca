# The things people do here. Each target sets up what it needs on a machine that has only Python 3.11 or newer.
PYTHON ?= python3
UV := .tools/bin/uv
RUN := $(UV) run --frozen
HOME_DIR ?= demo-home

.PHONY: demo serve test check bench soak docs lock clean services
.DEFAULT_GOAL := help

help:  ## list the targets
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/:/' 

$(UV):
	$(PYTHON) -m venv .tools
	.tools/bin/python -m pip install --quiet "uv>=0.8"

.venv/.synced: $(UV) pyproject.toml uv.lock
	$(UV) sync --frozen --compile-bytecode
	@touch $@

demo: .venv/.synced  ## run the whole loop on a simulated shop: report and customers in demo-home/
	$(RUN) lifeloop demo --home $(HOME_DIR)

serve: .venv/.synced  ## collect and answer over HTTP for the shop in demo-home/
	$(RUN) lifeloop serve --home $(HOME_DIR)

services:
	@.ci/services

test: .venv/.synced services  ## run all tests; installs PostgreSQL, Chromium and Node where they are missing and it may
	$(RUN) pytest -n 2 --dist loadfile

check: .venv/.synced  ## format, lint, types, floors, generated docs
	$(RUN) ruff format --check .
	$(RUN) ruff check .
	$(RUN) mypy
	$(RUN) lint-imports
	$(RUN) lifeloop docs --check

docs: .venv/.synced  ## write docs/reference anew
	$(RUN) lifeloop docs

bench: $(UV)  ## measure: each script prints one JSON line with ours, peer and ratio
	$(UV) sync --frozen --compile-bytecode --group bench
	for script in bench/bench_*.py; do $(UV) run --frozen --group bench python $$script || exit 1; done

soak: .venv/.synced services  ## the long proofs
	$(RUN) pytest --hypothesis-profile=soak -m "soak or not soak"

lock: $(UV)  ## lock newer versions
	$(UV) lock --upgrade

clean:  ## remove what was built
	rm -rf .venv .tools demo-home dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
