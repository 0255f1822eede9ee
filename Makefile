# make demo   the whole of Daybreak on this machine, with real events and real numbers
# make test   everything that must hold: lint, types, arrows, unit tests, end to end on a fresh local cloud
# make bench  what it costs
PYTHON ?= python3
BIN := .venv/bin

.PHONY: setup demo test bench lint clean

setup: .venv/.ready infra/node_modules/.ready

.venv/.ready: pyproject.toml uv.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Daybreak needs Python 3.11 or newer; try: make PYTHON=python3.13 $(MAKECMDGOALS)")'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m uv --version >/dev/null 2>&1 || $(BIN)/python -m pip install --quiet --disable-pip-version-check "uv>=0.9"
	@VIRTUAL_ENV= UV_PROJECT_ENVIRONMENT=.venv $(BIN)/python -m uv sync --frozen --quiet --python $(BIN)/python
	@touch $@

infra/node_modules/.ready: infra/package.json infra/package-lock.json .venv/.ready
	@PATH="$(CURDIR)/$(BIN):$$PATH" npm ci --prefix infra --silent --no-audit --no-fund
	@touch $@
