# make demo          the whole of Daybreak on this machine, with real events and real numbers
# make test          everything that must hold: lint, types, arrows, unit tests, end to end on a fresh local cloud
# make mutants       some sixty faults put into the product on purpose: each makes a test fall; the generated journeys,
#                    three times as many of them as in make test; and that make bench runs
# make conformance   the real SDKs, in Node, Python and a browser, against the deployed collector; hostile requests;
#                    Amazon's own DynamoDB Local
# make volume        a million events of real clients through a bad network: none lost, none doubled; EVENTS=20000 for fewer
# make bench         what it costs, as a table and in bench.json
# make audit         known weaknesses of every locked dependency; fails where PyPI's service cannot be asked
PYTHON ?= python3
BIN := .venv/bin
# one more than there are cores: the end-to-end test waits for its local cloud most of the time
WORKERS ?= $(shell $(PYTHON) -c 'import os; print(os.cpu_count() + 1)')

CLIENTS := tests/conformance
SLOW := tests/test_mutants.py tests/test_bench.py
GENERATED := tests/metrics/test_against_reference.py tests/metrics/test_laws.py tests/lake/test_export.py tests/test_no_poison.py
CONFORMANCE_NEEDS := chromium curl openjdk-17-jre-headless maven

.PHONY: setup demo test mutants lint bench conformance volume audit clean

setup: .venv/.ready infra/node_modules/.ready

demo: setup
	@$(BIN)/daybreak demo $(if $(PORT),--port $(PORT))

# lint runs beside the tests, and is waited for
test: setup
	@make --no-print-directory lint & linting=$$!; \
	  $(BIN)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(addprefix --ignore=,$(SLOW)); tested=$$?; \
	  wait $$linting && exit $$tested

mutants: setup
	@EXAMPLES=all $(BIN)/pytest -n $(WORKERS) $(SLOW) $(GENERATED)

lint: setup
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo 2>/dev/null || $(BIN)/lint-imports

bench: setup
	@PYTHONPATH=tests $(BIN)/python -m bench

audit: setup
	@mkdir -p .daybreak
	@$(BIN)/python -m uv export --frozen --quiet --no-emit-project --no-hashes --output-file .daybreak/locked.txt
	@$(BIN)/pip-audit --strict --no-deps --disable-pip --progress-spinner off --requirement .daybreak/locked.txt

conformance: setup $(CLIENTS)/node_modules/.ready $(CLIENTS)/.clients/.ready
	@for program in chromium curl java mvn; do command -v $$program; done >/dev/null \
	  || { test "$$(id -u)" = 0 && apt-get update -qq && apt-get install -y -qq --no-install-recommends $(CONFORMANCE_NEEDS) >/dev/null; } \
	  || { echo "these tests need a browser and Java; install them first: apt-get install $(CONFORMANCE_NEEDS)"; exit 1; }
	@$(BIN)/pytest $(CLIENTS)

volume: setup $(CLIENTS)/.clients/.ready
	@PYTHONPATH=tests $(BIN)/python -m conformance.volume $(EVENTS)

clean:
	rm -rf $(CLIENTS)/node_modules $(CLIENTS)/.clients .venv .daybreak infra/node_modules cdk.out out

.venv/.ready: pyproject.toml uv.lock
	@$(PYTHON) -c 'import sys; sys.exit("Daybreak needs Python 3.11 or newer, this is %d.%d; name one: make PYTHON=python3.13 …" % sys.version_info[:2] if sys.version_info < (3, 11) else 0)'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m uv --version >/dev/null 2>&1 || $(BIN)/python -m pip install --quiet --disable-pip-version-check "uv>=0.9"
	@VIRTUAL_ENV= UV_PROJECT_ENVIRONMENT=.venv $(BIN)/python -m uv sync --frozen --quiet --python $(BIN)/python
	@touch $@

infra/node_modules/.ready: infra/package.json infra/package-lock.json .venv/.ready
	@PATH="$(CURDIR)/$(BIN):$$PATH" npm ci --prefix infra --silent --no-audit --no-fund
	@touch $@

$(CLIENTS)/node_modules/.ready: $(CLIENTS)/package.json $(CLIENTS)/package-lock.json .venv/.ready
	@PATH="$(CURDIR)/$(BIN):$$PATH" npm ci --prefix $(CLIENTS) --silent --no-audit --no-fund --ignore-scripts --omit=optional
	@touch $@

# Python clients of which this checkout's own environment holds another version, or none: a folder each
$(CLIENTS)/.clients/.ready: $(wildcard $(CLIENTS)/python/*.txt) .venv/.ready
	@rm -rf $(CLIENTS)/.clients
	@for pinned in $(CLIENTS)/python/*.txt; do \
	  $(BIN)/python -m uv pip install --quiet --python $(BIN)/python --no-deps --target $(CLIENTS)/.clients/$$(basename $$pinned .txt) --requirement $$pinned || exit 1; \
	done
	@touch $@
