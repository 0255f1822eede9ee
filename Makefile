PYTHON ?= python3
BIN := .venv/bin
# one worker more than cores, because the end-to-end test often waits for its local cloud
WORKERS ?= $(shell $(PYTHON) -c 'import os; print(os.cpu_count() + 1)')
# test lakes are thousands of small files: they are kept in memory if there is enough
MEMORY := $(shell df -k --output=avail /dev/shm 2>/dev/null | awk 'NR == 2 && $$1 > 4000000 { print "TMPDIR=/dev/shm" }')
PYTEST = $(MEMORY) $(BIN)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

CLIENTS := tests/conformance
OWN_TARGET := tests/mutants tests/bench
SAMPLED := tests/laws tests/unit/metrics/test_persons.py tests/unit/watch tests/lake/export tests/lake/lists tests/lake/send \
  tests/lake/metrics/test_warnings.py tests/lake/metrics/test_months.py tests/lake/metrics/test_identity.py tests/lake/metrics/test_peer_cases.py \
  tests/aws/test_faults.py tests/aws/test_expiry.py tests/aws/test_sending.py
CONFORMANCE_NEEDS := chromium fonts-noto-cjk curl openjdk-17-jdk-headless maven
DRIVERS := $(CLIENTS)/.clients/go-clients $(CLIENTS)/.clients/rust/debug/conformance $(CLIENTS)/.clients/java/.ready
# where Go and Rust install themselves, if the PATH does not say so
TOOLCHAINS := PATH="$$PATH:/usr/local/go/bin:$$HOME/.cargo/bin"

.PHONY: help setup demo check test laws mutants lint docs picture bench conformance programs volume imports audit clean
.DEFAULT_GOAL := help

help: ## List these targets
	@awk 'BEGIN { FS = ":.*## " } /^[a-z]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: .venv/.ready infra/node_modules/.ready ## Install everything into this folder

demo: setup ## Run the whole of Daybreak on this machine, with real events and real numbers
	@$(BIN)/daybreak demo $(if $(PORT),--port $(PORT))

# lint runs in parallel with the tests; the target fails if either does
check: setup ## Run lint, types and unit tests: a minute at most, so run it after every change
	@make --no-print-directory lint & linting=$$!; \
	  $(PYTEST) tests/unit; tested=$$?; \
	  wait $$linting && exit $$tested

test: setup ## Run the tests of all parts and one end-to-end test: eight minutes
	@make --no-print-directory lint & linting=$$!; \
	  $(PYTEST) tests/e2e tests -m "not slow" $(addprefix --ignore=,$(OWN_TARGET)); tested=$$?; \
	  wait $$linting && exit $$tested

laws: setup ## Run all generated journeys, every kill at every step, and every documented command in a new copy
	@EXAMPLES=all $(PYTEST) -m "not slow" $(SAMPLED)
	@$(PYTEST) -m slow tests/e2e tests $(addprefix --ignore=,$(OWN_TARGET))

mutants: setup ## Put some 150 faults into the product: a test must fail for each. And run a small make bench
	@$(PYTEST) $(OWN_TARGET)

lint: setup ## Check style, types and imports
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo 2>/dev/null || $(BIN)/lint-imports

docs: setup ## Write the generated pages: metrics, commands, schema
	@$(BIN)/daybreak definitions docs --out docs/metrics.md
	@$(BIN)/daybreak definitions schema --out docs/daybreak.schema.json
	@PYTHONPATH=tests:. $(BIN)/python -m support.cli_page docs/cli.md

picture: setup ## Draw the picture of the page in docs/ and README.md again, with Chromium
	@PYTHONPATH=tests:. $(BIN)/python -m support.picture docs/page.png

bench: setup ## Measure what it costs: print a table, write bench.json
	@PYTHONPATH=tests $(BIN)/python -m bench

audit: setup ## Look up known vulnerabilities of all locked dependencies; fails if PyPI's service does not respond
	@mkdir -p .daybreak
	@$(BIN)/python -m uv export --frozen --quiet --no-emit-project --no-hashes --output-file .daybreak/locked.txt
	@$(BIN)/pip-audit --strict --no-deps --disable-pip --progress-spinner off --requirement .daybreak/locked.txt

conformance: setup programs $(CLIENTS)/node_modules/.ready $(CLIENTS)/.clients/.ready $(DRIVERS) ## Test with the real SDKs, hostile requests and Amazon's DynamoDB Local
	@$(BIN)/pytest $(CLIENTS) -r s

programs:
	@(for program in chromium curl javac mvn; do command -v $$program >/dev/null || exit 1; done) \
	  || { test "$$(id -u)" = 0 && apt-get update -qq && apt-get install -y -qq --no-install-recommends $(CONFORMANCE_NEEDS) >/dev/null; } \
	  || { echo "these tests need a browser and Java; install them first: apt-get install $(CONFORMANCE_NEEDS)"; exit 1; }

volume: setup $(CLIENTS)/.clients/.ready ## Send a million events through a bad network and count them at both ends (EVENTS=20000 for fewer)
	@PYTHONPATH=tests $(BIN)/python -m conformance.volume $(EVENTS)

imports: setup ## Import ten million events, killed and resumed, and count them at both ends (EVENTS=100000 for fewer)
	@PYTHONPATH=tests $(BIN)/python -m conformance.imports $(EVENTS)

clean: ## Remove everything that was installed or built here
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

# Python clients that this checkout's environment does not have in that version: each gets its own folder
$(CLIENTS)/.clients/.ready: $(wildcard $(CLIENTS)/python/*.txt) .venv/.ready
	@rm -rf $(CLIENTS)/.clients/*python-*
	@for pinned in $(CLIENTS)/python/*.txt; do \
	  $(BIN)/python -m uv pip install --quiet --python $(BIN)/python --no-deps --target $(CLIENTS)/.clients/$$(basename $$pinned .txt) --requirement $$pinned || exit 1; \
	done
	@touch $@

# The drivers of the Go, Rust and Java clients. A toolchain that is missing is named; the tests skip its clients with a reason.
$(CLIENTS)/.clients/go-clients: $(wildcard $(CLIENTS)/go/*)
	@$(TOOLCHAINS); command -v go >/dev/null || { echo "go is not installed, so the Go clients are not tested: https://go.dev/dl"; exit 0; }; \
	  mkdir -p $(@D) && cd $(CLIENTS)/go && go build -mod=readonly -o ../.clients/$(@F) .

$(CLIENTS)/.clients/rust/debug/conformance: $(CLIENTS)/rust/Cargo.toml $(CLIENTS)/rust/Cargo.lock $(CLIENTS)/rust/src/main.rs
	@$(TOOLCHAINS); command -v cargo >/dev/null || { echo "cargo is not installed, so the Rust client is not tested: https://rustup.rs"; exit 0; }; \
	  cd $(CLIENTS)/rust && cargo build --quiet --locked --target-dir ../.clients/rust && touch ../.clients/rust/debug/conformance

$(CLIENTS)/.clients/java/.ready: $(CLIENTS)/java/pom.xml $(wildcard $(CLIENTS)/java/src/main/java/*) | programs
	@rm -rf $(@D)
	@mvn --quiet --batch-mode --file $(CLIENTS)/java/pom.xml compile dependency:copy-dependencies
	@touch $@
