# Two commands do everything: `make demo` and `make test`. Each installs what it needs first.
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
DATA ?= data
ADDRESSES ?= 2000
BENCH ?= load build link serve stream siege soak
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: help setup demo test slow check format accept bench load release serve lock clean

help: ## Show this list
	@awk -F':.*## ' '/^[a-z]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: .venv/run ## Install what it takes to run; leaves the command at .venv/bin/stelsel

.venv/run: requirements.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(PIP) install --require-hashes -r requirements.lock
	$(PIP) install --no-deps --no-build-isolation --editable .
	touch $@

.venv/dev: requirements-dev.lock .venv/run
	$(PIP) install --require-hashes -r requirements-dev.lock
	touch $@

demo: .venv/run ## Build a graph of an invented municipality and serve it (ADDRESSES=2000)
	$(BIN)/stelsel sample build/demo/deliveries --addresses $(ADDRESSES)
	set -e; for register in tooi bag cbs ep-online brk brk-pb; do \
	  $(BIN)/stelsel load $$register build/demo/deliveries/$$register --data build/demo/data; done
	$(BIN)/stelsel release --data build/demo/data
	$(BIN)/stelsel serve --data build/demo/data

test: .venv/dev ## Run the tests that take under five minutes together
	$(BIN)/python -m pytest -m "not slow" --numprocesses auto --dist loadfile

slow: .venv/dev ## Run the tests that take their time: real deliveries, hostile load, kills, peers
	$(BIN)/python -m pytest -m slow || $(BIN)/python -m pytest -m slow --last-failed

check: .venv/dev ## Run the checks: format, lint, types, layers, content, wheel
	$(BIN)/ruff format --check graph loaders tests
	$(BIN)/ruff check graph loaders tests
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/stelsel check

format: .venv/dev ## Format the code and mend what can be mended
	$(BIN)/ruff format graph loaders tests
	$(BIN)/ruff check --fix graph loaders tests

accept: .venv/dev ## Write expected files again; then review the difference
	ACCEPT=1 $(BIN)/python -m pytest tests/content tests/end_to_end

bench: .venv/dev ## Measure loading, building and serving beside peers (BENCH=serve OPTIONS="--scale 10")
	@failed=; for part in $(BENCH); do \
	echo "== $$part $(OPTIONS)"; $(BIN)/python tests/bench/$$part.py $(OPTIONS) || failed="$$failed $$part"; \
	done; test -z "$$failed" || { echo "not as promised:$$failed"; exit 1; }

load: .venv/run ## Make an edition: make load REGISTER=bag FROM=delivery.zip
	$(BIN)/stelsel load $(REGISTER) $(FROM) --data $(DATA)

release: .venv/run ## Build a release from the newest editions, and switch to it
	$(BIN)/stelsel release --data $(DATA)

serve: .venv/run ## Serve the current release
	$(BIN)/stelsel serve --data $(DATA)

lock: .venv/dev ## Write the lock files again from pyproject.toml
	$(BIN)/pip-compile $(COMPILE) --build-deps-for editable --output-file requirements.lock pyproject.toml
	$(BIN)/pip-compile $(COMPILE) --extra dev --constraint requirements.lock --output-file requirements-dev.lock pyproject.toml

# Versions and hashes only: the address of a package index is the machine's business.
COMPILE := --quiet --generate-hashes --allow-unsafe --strip-extras --no-header --no-annotate \
	--no-emit-index-url --no-emit-trusted-host --no-emit-find-links

clean: ## Remove what the commands above have made
	rm -rf .venv build .mypy_cache .ruff_cache .pytest_cache .hypothesis
