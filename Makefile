# What one can do here. Needs make and Python 3.11 or newer with venv; everything else is installed into .venv, by hash.
#
#   make demo      the whole product with sample data, on throw-away data, no Docker
#   make setup     the set-up alone; then `.venv/bin/pledge --help`
#   make test      every test that needs nothing but this machine
#   make check     format, lint, types, import contracts, locks
#   make planted   breaks the product on purpose and fails unless a named test sees each break
#   make bench     the figures of the README
#   make mutants   changes the rules in small ways and says in docs/mutants.md which changes no test sees, and why they may live
#   make soak      properties and simulations for as long as one likes

# The first Python here that is new enough; `make PYTHON=/path/to/python` to choose.
CANDIDATES := python3 python3.14 python3.13 python3.12 python3.11 python
NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(firstword $(foreach p,$(CANDIDATES),$(shell command -v $(p) >/dev/null 2>&1 && $(p) -c '$(NEW_ENOUGH)' 2>/dev/null && echo $(p))) python3)

VENV := .venv
RUN := $(VENV)/bin
STAMP := $(VENV)/installed
# Two test processes: as many as the smallest machine that this is made for has cores.
WORKERS ?= 2

# With HOME empty pip would write its cache below `/`.
ifeq ($(strip $(HOME)),)
export PIP_NO_CACHE_DIR := 1
endif
# Nobody's own Python settings reach into ours.
unexport PYTHONPATH PYTHONHOME

.PHONY: demo setup test check format soak bench planted mutants lock clean FORCE
.DEFAULT_GOAL := help

.PHONY: help
help:
	@sed -n 's/^#   //p' Makefile

demo: $(STAMP)
	@exec $(RUN)/pledge demo

setup: $(STAMP)

# A warm start is instant: nothing happens while the stamp is newer than the locks and names this directory and Python.
WHERE := $(CURDIR)
ifneq ($(shell cat $(STAMP) 2>/dev/null),$(WHERE))
$(STAMP): FORCE
endif
$(STAMP): requirements/local.txt pyproject.toml
	@command -v $(PYTHON) >/dev/null 2>&1 || { echo "Pledge needs Python 3.11 or newer, and there is none: install one, or use Docker instead: \`docker compose up\` (README.md)" >&2; exit 1; }
	@$(PYTHON) deploy/local/supported.py
	@echo "setting up $(VENV) (about a minute the first time)"
	@rm -f $(STAMP)
	@test -x $(RUN)/python && $(RUN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	@$(RUN)/python -m pip install --quiet --disable-pip-version-check --no-input --only-binary :all: --require-hashes -r requirements/local.txt
	@$(RUN)/python -m pip install --quiet --disable-pip-version-check --no-input --no-deps --no-build-isolation --no-index -e .
	@printf '%s' '$(WHERE)' > $(STAMP)

# Time budgets per ring, on two cores, run alone. All rings together, side by side: under ten minutes.
#
#   ring           budget   asks
#   architecture     30 s   does the house keep its own rules?
#   unit             90 s   are the rules right, against exhaustive search?
#   contract         60 s   do broker and store keep what shared/ promises?
#   cases            20 s   are the published examples answered as published?
#   service         210 s   does each service keep its promises over HTTP, with real PostgreSQL and broker?
#   integrate        60 s   are the pages for callers true, call by call, and does a generated client work?
#   deploy           90 s   does one command start, watch and stop it all?
#   journey         120 s   does a sku go from stock to shipped order, and can nobody over-commit?
test: $(STAMP)
	@$(RUN)/python -m pytest tests --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder --quiet

# Budget: 60 s.
check: $(STAMP)
	@$(RUN)/ruff format --check --quiet .
	@$(RUN)/ruff check --quiet .
	@$(RUN)/mypy
	@$(RUN)/lint-imports --no-logo

format: $(STAMP)
	@$(RUN)/ruff check --quiet --fix-only .
	@$(RUN)/ruff format --quiet .

# Budget: hours; every property of the rules tries ten thousand examples (tests/examples.py).
soak: $(STAMP)
	@PLEDGE_HYPOTHESIS=soak $(RUN)/python -m pytest tests/unit tests/contract tests/journey tests/integrate tests/service/inventory tests/service/quote \
		tests/service/test_any_input_of_every_service.py --numprocesses $(WORKERS) --quiet

# Budget: 10 minutes.
bench: $(STAMP)
	@$(RUN)/python -m tests.bench

# Budget: 10 minutes.
planted: $(STAMP)
	@$(RUN)/python -m tests.planted

# Budget: an hour; it goes on where it was stopped. `make mutants OF='balance split'` asks of two files.
mutants: $(STAMP)
	@$(RUN)/python -m pip install --quiet --disable-pip-version-check --no-input --only-binary :all: --require-hashes -r requirements/mutants.txt
	@nice -n 15 $(RUN)/python -m tests.mutants --children $(WORKERS) $(OF)

# Compile the locks again; needs uv. Hashes for every platform, no address of any package index.
UV := uv pip compile --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 --quiet
lock:
	@$(UV) pyproject.toml --extra local --group dev --group build --output-file requirements/local.txt
	@$(UV) pyproject.toml --constraint requirements/local.txt --output-file requirements/runtime.txt
	@$(UV) --group mutants --constraint requirements/local.txt --output-file requirements/mutants.txt
	@$(UV) --group build --constraint requirements/local.txt --output-file requirements/build.txt

clean:
	@rm -rf $(VENV) mutants .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
