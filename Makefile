# Needs python3 (3.11 or newer, with venv) and nothing else. Everything it installs is in .venv, locked by hash.

PYTHON ?= python3
JOBS ?= 2

VENV := .venv
BIN := $(VENV)/bin
# Older than any of its prerequisites means: install again. Nothing else reaches the network.
INSTALLED := $(VENV)/.installed
UV := $(BIN)/uv --quiet --no-python-downloads
# No address of any registry: the locks hold names, versions and hashes, and the machine knows where to ask.
COMPILE := $(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"

.DEFAULT_GOAL := help
.PHONY: help install demo test lint format bench focus-check lock sbom audit clean distclean

help: ## Say what each target does
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

install: $(INSTALLED) ## Make .venv with everything the program, its tests and its checks need

demo: $(INSTALLED) ## Open the dashboard on a pretend Azure with 90 days of figures; no account, no network
	$(BIN)/aoai-monitor demo $(ARGS)

# In the folders' order: by number of tests the simulated year, four tests and minutes long, would run last and alone.
test: $(INSTALLED) ## Run the tests (ARGS="tests/store -x" runs some)
	$(BIN)/pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder $(ARGS)

lint: $(INSTALLED) ## Check style, types, directions of imports, and docs against the code
	@failed=; for check in "ruff check ." "ruff format --check ." pyright "lint-imports --no-logo" \
			"pytest -q tests/test_docs.py"; do \
		echo "--- $$check"; $(BIN)/$$check || failed="$$failed; $$check"; \
	done; test -z "$$failed" || { echo "lint failed$$failed"; exit 1; }

format: $(INSTALLED) ## Rewrite the code in the house style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(INSTALLED) ## Measure against the budgets and print ratios (takes minutes)
	$(BIN)/python -m tests.bench $(ARGS)

focus-check: $(INSTALLED) ## Check the FOCUS export with the public validator, in a Python 3.12 of its own
	$(BIN)/python scripts/focus_check.py $(ARGS)

lock: ## Choose the newest fitting versions and write requirements/*.txt (needs the network)
	@test -x $(BIN)/uv || { echo "make: no uv in $(VENV): run 'make install' first"; exit 1; }
	$(COMPILE) pyproject.toml --output-file requirements/run.txt
	$(COMPILE) pyproject.toml --group dev --group build --constraint requirements/run.txt --output-file requirements/dev.txt
	$(COMPILE) --group build --constraint requirements/dev.txt --output-file requirements/build.txt
	$(COMPILE) --group uv --output-file requirements/uv.txt

sbom: $(INSTALLED) ## Write out/sbom.cdx.json and docs/licences.md from the lock
	$(BIN)/python .ci/sbom.py

audit: $(INSTALLED) ## Look up known weaknesses of what is locked (needs the network)
	$(BIN)/python .ci/audit.py

clean: ## Remove what the tools left behind (keeps .venv)
	rm -rf build dist out .pytest_cache .ruff_cache .import_linter_cache .hypothesis .coverage htmlcov
	find . -path ./$(VENV) -prune -o -type d -name __pycache__ -exec rm -rf {} +

distclean: clean ## Remove .venv too
	rm -rf $(VENV) .focus-venv

LOCKS := requirements/dev.txt requirements/uv.txt

$(INSTALLED): pyproject.toml $(LOCKS)
	@command -v $(PYTHON) >/dev/null || { \
		echo "make: '$(PYTHON)' not found: install Python 3.11 or newer, or say which: make PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "make: $$($(PYTHON) --version) is too old: aoai-monitor needs 3.11 or newer (make PYTHON=python3.12)"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "make: $(PYTHON) has no venv: on Debian and Ubuntu, apt-get install python3-venv"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@if $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: \
			-r requirements/uv.txt; then \
		set -e; echo "installing with uv"; \
		$(UV) pip sync --python $(BIN)/python --require-hashes --compile-bytecode --only-binary :all: $(LOCKS); \
		$(UV) pip install --python $(BIN)/python --offline --no-deps --no-build-isolation --editable .; \
	else \
		set -e; echo "no uv here; installing with pip, which takes a minute"; \
		$(BIN)/python -m pip install --quiet --require-hashes --only-binary :all: \
			-r requirements/dev.txt; \
		$(BIN)/python -m pip install --quiet --no-index --no-deps --no-build-isolation --editable .; \
	fi
	@touch $@
