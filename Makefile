# Everything starts from a machine with make and Python 3.11 to 3.13: `make fit` or `make test` alone is enough.
PYTHON ?= python3
# The versions that are tested; CONSTRAINTS= takes the newest ones.
CONSTRAINTS ?= -c constraints.txt
# One process a core; a file stays in one process, so that its fits are made once, and the heaviest come first.
PYTEST_FLAGS ?= -n auto --dist loadfile --no-loadscope-reorder
BIN := .venv/bin
# The code is checked while it is compiled.
MAKEFLAGS += -j2
STAMP := .venv/.installed

.PHONY: install fit test test-fast lint docs bench bench-ours bench-env

install: $(STAMP) .venv/.compiled

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(None if (3, 11) <= sys.version_info[:2] <= (3, 13) else "hddm_sbi needs Python 3.11, 3.12 or 3.13: make PYTHON=python3.11 ...")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install $(CONSTRAINTS) -e '.[dev]'
	@touch $@

# Once: later changes are compiled when they are first used.
.venv/.compiled: $(STAMP)
	$(BIN)/hddm-sbi compile ddm
	@touch $@

fit: install
	$(BIN)/hddm-sbi fit data/cavanagh_theta.csv --groupby participant_id --out run

test: lint install
	$(BIN)/python -m pytest $(PYTEST_FLAGS)

test-fast: install
	$(BIN)/python -m pytest -m "not slow" $(PYTEST_FLAGS)

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# The documentation site, into site/. The first build runs all tutorials, some minutes; later ones those that have changed.
docs: install .venv/.docs
	$(BIN)/python -m docs.builder

.venv/.docs: $(STAMP)
	$(BIN)/python -m pip install $(CONSTRAINTS) -e '.[dev,docs]'
	@touch $@

# The other engines live in environments of their own under .bench: HSSM and Stan, on Python 3.12.
BENCH_PYTHON ?= python3.12
BENCH_FLAGS ?=

bench-env: .bench/hssm/.installed .bench/stan/.installed

.bench/%/.installed: benchmarks/engines/%-requirements.txt
	$(BENCH_PYTHON) -m venv .bench/$*
	.bench/$*/bin/python -m pip install -r $<
	@touch $@

# All engines side by side, some hours; what was run before is kept in .bench (BENCH_FLAGS=--fresh runs it again).
bench: install bench-env
	$(BIN)/python -m benchmarks.side_by_side $(BENCH_FLAGS)
	$(BIN)/python -m benchmarks.gradient_cost
	$(BIN)/python -m benchmarks.simulators
	$(BIN)/python -m benchmarks.accuracy --rivals

# This package's rows only, in minutes; no other environment is needed.
bench-ours: install
	$(BIN)/python -m benchmarks.side_by_side --fresh --engines ours-exact,ours-nle $(BENCH_FLAGS)
	$(BIN)/python -m benchmarks.gradient_cost
	$(BIN)/python -m benchmarks.simulators
