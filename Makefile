# What can be made here. `make` alone lists it.
#   PYTHON=python3.12 make serve    another Python (3.11 or newer)
#   DATA=/somewhere make serve      another data folder

PYTHON ?= python3
DATA ?= $(or $(THESIS_LD_DATA),data)
WORKERS ?= 2

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet -c constraints.txt
CLIENTS := tests/clients
SOURCES := $(shell find ld vocab shapes seeds -type f ! -name '*.pyc')

.DEFAULT_GOAL := help
.PHONY: help serve test clean

help:  ## list what can be made
	@sed -n 's/^\([a-z]*\):.*  ## \(.*\)/make \1@\2/p' $(MAKEFILE_LIST) | awk -F@ '{ printf "%-12s %s\n", $$1, $$2 }'

serve: $(DATA)/seeds.stamp  ## install, publish seeds/ and serve it at http://localhost:8000/
	@exec $(BIN)/thesis-ld serve --data $(DATA)

test: $(VENV)/test.stamp $(CLIENTS)/node_modules/.stamp  ## install what the tests need and run every check
	@.ci/system-packages
	@status=0; \
	for check in "ruff check" "ruff format --check" "mypy" "pytest -n $(WORKERS)"; do \
		echo "== $$check"; $(BIN)/$$check || status=1; \
	done; exit $$status

clean:  ## remove the virtual environment and caches (data/ stays)
	rm -rf $(VENV) $(CLIENTS)/node_modules build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis

# A stamp is newer than what it was made from, so a second run does only what has changed.
$(DATA)/seeds.stamp: $(VENV)/run.stamp $(SOURCES)
	@$(BIN)/thesis-ld build seeds --data $(DATA) || [ $$? -eq 1 ]  # 1: published, some records rejected
	@touch $@

$(VENV)/run.stamp: pyproject.toml constraints.txt
	@PYTHON="$(PYTHON)" .ci/virtual-environment $(VENV)
	@echo "Installing thesis-ld into $(VENV)"
	@$(PIP) --editable .
	@touch $@

$(VENV)/test.stamp: $(VENV)/run.stamp
	@echo "Installing what the tests need into $(VENV)"
	@$(PIP) --editable '.[test]'
	@touch $@

$(CLIENTS)/node_modules/.stamp: $(CLIENTS)/package.json $(CLIENTS)/package-lock.json
	@.ci/system-packages
	@echo "Installing the clients from npm that the tests run into $(CLIENTS)/node_modules"
	@cd $(CLIENTS) && npm ci >/dev/null
	@touch $@
