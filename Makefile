# Two commands matter: `make run` and `make test`. Each sets up all that it needs.
VENV := .venv
PY := $(VENV)/bin/python

.PHONY: run test lint types lock widget help

run: $(VENV)/run.stamp  ## The backend and the demo shop on http://127.0.0.1:8000/ (PORT)
	@exec $(PY) -m widget_api.demo

test: $(VENV)/test.stamp  ## All tests, the linter and the types
	@tests/setup
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/pytest -n 2 --dist loadgroup

lint: $(VENV)/test.stamp  ## Mend what the linter can mend, format the rest
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

types: $(VENV)/test.stamp  ## Check the types
	$(VENV)/bin/mypy

lock: $(VENV)/test.stamp  ## Write the two locked requirement files from the .in lists
	$(VENV)/bin/uv pip compile -q --no-header --no-emit-index-url --generate-hashes --python-version 3.11 requirements.in -o requirements.txt
	$(VENV)/bin/uv pip compile -q --no-header --no-emit-index-url --generate-hashes --python-version 3.11 requirements-dev.in -o requirements-dev.txt

widget:  ## Build static/widget/dist from static/widget/src (needs node)
	@cd static/widget && npm ci --silent && npm run --silent build

$(VENV)/run.stamp: requirements.txt
	@echo "Installing packages into $(VENV), this once ..."
	@test -x $(PY) || python3 -m venv $(VENV)
	@$(PY) -m pip install -qq --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

$(VENV)/test.stamp: $(VENV)/run.stamp requirements-dev.txt
	@$(PY) -m pip install -qq --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

help:  ## This list
	@grep -E '^[a-z]+:.*##' Makefile | sed -E 's/:.*## /\t/'
