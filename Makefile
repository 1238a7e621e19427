# `make demo` and `make test` need Python 3.11 and make alone; each builds what it lacks.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
# The suite starts hundreds of processes; each would compile the package anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test check format bench torture guard-report lock node clean

demo: .venv/demo.stamp
	@$(BIN)/aiworker demo

# Three at once on any machine: many tests wait for a server, a process or a clock.
test: .venv/dev.stamp
	@$(BIN)/python -m pytest -n 3 --dist worksteal

check: .venv/dev.stamp
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/basedpyright
	@$(BIN)/lint-imports

format: .venv/dev.stamp
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

# All figures of the targets, on a machine that does nothing else; BENCH="--quick" or BENCH="worker peers" for less.
bench: .venv/dev.stamp .venv-bench/bench.stamp
	@$(BIN)/python -m bench $(BENCH)

# Two minutes of kills, stops and broken connections; TORTURE="--seed 7 --jobs 300" for another run.
torture: .venv/dev.stamp
	@$(BIN)/python -m tests.torture $(TORTURE)

# How often the faithfulness guard refuses honest rewrites and passes false ones; GUARD="--half tuning --show" for more.
guard-report: .venv/dev.stamp
	@$(BIN)/python -m tests.guard $(GUARD)

# The npm test tools; suites that need them are named "not run" without.
node:
	npm install --no-save --ignore-scripts --no-package-lock --no-audit --no-fund --loglevel=error

.venv/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "aiworker needs Python 3.11 or newer")'
	$(PYTHON) -m venv .venv

# --no-deps: the files name all there is; pip 23 would take a newer release, which has no hash, for a package that
# another one asks for with an extra. --no-build-isolation: an isolated build fetches its backend without a hash.
PIP_INSTALL = pip install --quiet --disable-pip-version-check --no-deps
define install
	$(BIN)/$(PIP_INSTALL) --require-hashes $(1)
	$(BIN)/$(PIP_INSTALL) --no-build-isolation --editable .
	$(BIN)/pip check
	@touch $@
endef

.venv/demo.stamp: .venv/bin/python requirements/embedded.txt requirements/build.txt pyproject.toml
	$(call install,-r requirements/build.txt -r requirements/embedded.txt)

.venv/dev.stamp: .venv/bin/python requirements/dev.txt pyproject.toml
	$(call install,-r requirements/dev.txt)

# The other queues: not beside us, because they need another redis client.
.venv-bench/bench.stamp: requirements/bench.txt
	$(PYTHON) -m venv .venv-bench
	.venv-bench/bin/$(PIP_INSTALL) --require-hashes -r requirements/bench.txt
	.venv-bench/bin/pip check
	@touch $@

# Exact versions for every platform and Python from 3.11 on, by hash, without addresses.
COMPILE = uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --quiet
lock:
	$(COMPILE) --extra dev pyproject.toml -o requirements/dev.txt
	$(COMPILE) --extra embedded pyproject.toml -c requirements/dev.txt -o requirements/embedded.txt
	$(COMPILE) pyproject.toml -c requirements/dev.txt -o requirements/base.txt
	$(COMPILE) --group bench -o requirements/bench.txt
	printf 'hatchling\neditables\n' | $(COMPILE) - -c requirements/dev.txt -o requirements/build.txt

clean:
	rm -rf .venv .venv-bench node_modules
