# Needs python3 (3.11 or newer) and make; everything else is installed into .venv.

PYTHON ?= python3
BIN := .venv/bin
ARGS ?=
# As many as there are cores, up to four, as each one needs seconds to start. The system tests get
# one more, as many of them wait for a process or a socket.
JOBS_AT_ONCE := $(shell n=$$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2); \
	if [ $$n -gt 4 ]; then echo 4; elif [ $$n -lt 2 ]; then echo 2; else echo $$n; fi)

# Bytecode cuts the time of later starts to a third.
unexport PYTHONDONTWRITEBYTECODE

# Production settings, only for `make check`.
PRODUCTION := VIDGO_ENVIRONMENT=production VIDGO_PUBLIC_URL=https://vidgo.example \
	SECRET_KEY=$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(64))') \
	API_KEY_PEPPERS=1:$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(48))') \
	STRIPE_SECRET_KEY=sk_live_check STRIPE_WEBHOOK_SECRET=whsec_check

.PHONY: help run test test-sandbox test-system check chaos browser screenshots bench doctor lock soak clean
.DEFAULT_GOAL := help

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: .venv/.runtime ## Start Vidgo with everything it needs: make run [PORT=8000] [VIDGO_DATA=.vidgo]
	@exec $(BIN)/python manage.py up --with-make

PYTEST = $(BIN)/python -m pytest --numprocesses $(JOBS_AT_ONCE) --dist worksteal --ignore tests/browser

test: .venv/.dev ## Run the product's tests on a throwaway database: make test [ARGS="-k keys"]
	@exec $(PYTEST) $(ARGS)

test-sandbox: .venv/.dev ## Test the sandbox (simulated Stripe, vendors, images): make test-sandbox [ARGS="-k refund"]
	@exec $(PYTEST) -m "sandbox and not chaos" $(ARGS)

test-system: .venv/.dev ## Test whole processes and servers: make test-system [ARGS="-k worker"]
	@exec $(PYTEST) -m "system and not chaos" $(ARGS)

test-system: JOBS_AT_ONCE := $(shell echo $$(($(JOBS_AT_ONCE) + 1)))

check: .venv/.dev ## Check format, lint, types, import contracts, migrations and deployment
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m ruff check .
	$(BIN)/python -m mypy
	$(BIN)/lint-imports
	@$(PRODUCTION) $(BIN)/python -m vidgo.dev.embedded_postgres sh -ec '\
		for command in "makemigrations --check --dry-run" "migrate --verbosity 0" \
			"check --deploy --fail-level WARNING"; do \
			echo "manage.py $$command"; $(BIN)/python manage.py $$command; \
		done'

chaos: .venv/.dev ## Kill processes under load, then check all jobs and credits: make chaos [SEED=1] [JOBS=1000]
	@$(BIN)/python -m pytest -m chaos --numprocesses 2 --dist worksteal
	@HYPOTHESIS_STEPS=4000 $(BIN)/python -m pytest tests/billing/test_ledger_model.py
	@exec $(BIN)/python -m tests.chaos --seed $(or $(SEED),1) --jobs $(or $(JOBS),1000)

browser: .venv/.dev ## Test the whole product in Chromium: make browser [ARGS="-k journey"]
	@exec $(BIN)/python -m pytest -m browser tests/browser $(ARGS)

screenshots: .venv/.dev ## Capture every page at three widths in both themes: make screenshots [ARGS="--only billing"]
	@$(BIN)/python -m tests.browser.screenshots $(ARGS)
	@exec $(BIN)/python -m tests.browser.front_page

bench: .venv/.dev ## Measure performance against its limits (15 minutes): make bench [ARGS="--only api"]
	@exec $(BIN)/python -m benchmarks $(ARGS)

doctor: .venv/.runtime ## Check everything a copy needs: make doctor [PORT=8000] [VIDGO_DATA=.vidgo]
	@exec $(BIN)/python manage.py doctor $(ARGS)

soak: .venv/.dev ## Check for leaks during an hour at half load: make soak [MINUTES=60]
	@exec $(BIN)/python -m benchmarks.soak --minutes $(or $(MINUTES),60)

lock: ## Pin requirements*.txt again from pyproject.toml (needs uv)
	$(LOCK) pyproject.toml -o requirements.txt
	echo pip | $(LOCK) - -o requirements-pip.txt
	$(LOCK) pyproject.toml --group dev -c requirements.txt -o requirements-dev.txt

LOCK := uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-annotate \
	--no-header --python-version 3.11

clean: ## Remove .venv and caches, but not your data
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis staticfiles
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/.runtime: requirements.txt
	@$(PYTHON) -I vidgo/dev/bootstrap.py runtime

.venv/.dev: requirements.txt requirements-dev.txt
	@$(PYTHON) -I vidgo/dev/bootstrap.py dev
