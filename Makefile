PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
WORKERS ?= 2
export TF_CPP_MIN_LOG_LEVEL ?= 3

.PHONY: test test-full demo bench docs lint clean array-api

test: $(READY)  ## Everything that CI runs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy multiback adapters
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal -q

test-full: $(READY)  ## Also the long sweeps
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal -q --thorough

demo: $(READY)  ## Train on real data on every backend, and travel between them
	$(BIN)/python examples/digits.py

bench: $(READY)  ## Against native code and Keras 3
	$(BIN)/python benchmarks/run.py --json build/bench.json --html build/bench.html --markdown docs/performance-results.md

docs: $(READY)  ## The suite's tables, from a run on every backend
	mkdir -p build
	$(BIN)/python -m multiback conformance --backend numpy --backend torch --backend jax --backend tensorflow \
		--workers $(WORKERS) --report build/conformance.json --report build/conformance.html
	$(BIN)/python -m multiback.testing.report.tables build/conformance.json docs

array-api: $(READY)  ## The public suite of the array API standard: make array-api SUITE=path/to/array-api-tests
	$(BIN)/pip install --quiet pytest-json-report
	$(BIN)/python conformance_tests/array_api/run.py --suite $(SUITE)

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/mypy multiback adapters

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade pip
	$(BIN)/pip install --quiet -c constraints.txt torch
	$(BIN)/pip install --quiet -c constraints.txt -e ".[dev]"
	$(BIN)/pip install --quiet --no-deps -e conformance_tests/toy_adapter
	touch $(READY)

clean:
	rm -rf $(VENV) build dist *.egg-info
