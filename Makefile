# ML-Practicum: `make help` lists what there is. Paths are relative, so the project may lie in a folder with spaces.

SHELL := /bin/sh
.DEFAULT_GOAL := help
PY := .venv/bin/python
PORT ?= 8000
# Secrets of a throw-away environment: `check --deploy` looks at production settings without a server or a real key.
PRODUCTION = MLPRACTICUM_MODE=production ALLOWED_HOSTS=example.org DATABASE_URL=postgres://nobody@localhost/nothing \
	SECRET_KEY="$$($(PY) -c 'import secrets; print(secrets.token_urlsafe(64))')"

# A Python from 3.11 on; preferred is one that can make environments (distributions pack ensurepip apart).
FIND_PYTHON = \
	for check in 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' \
	             'import sys, venv; sys.exit(sys.version_info < (3, 11))'; do \
		for name in $(if $(PYTHON),"$(PYTHON)",python3 python3.14 python3.13 python3.12 python3.11 python); do \
			if "$$name" -c "$$check" >/dev/null 2>&1; then found="$$name"; break 2; fi; \
		done; \
	done; \
	if [ -z "$$found" ]; then \
		echo 'ML-Practicum needs Python 3.11 or newer, and none was found.' >&2; \
		echo 'Install one, or name it: make run PYTHON=/path/to/python3' >&2; exit 1; \
	fi

.PHONY: help
help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' Makefile

.PHONY: run
run: environment assets ## install what is needed and serve on http://127.0.0.1:8000 (PORT=... for another)
	@exec $(PY) -m mlpracticum.run --port "$(PORT)"

.PHONY: test
test: environment-dev assets ## run all tests; ARGS=... goes to pytest
	@exec $(PY) -m pytest -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder $(ARGS)

.PHONY: check
check: lint types contracts migrations settings ## everything below that finds faults without running tests

.PHONY: lint
lint: environment-dev ## style of code and templates
	$(PY) -m ruff check --output-format concise .
	$(PY) -m ruff format --check .
	$(PY) -m djlint --lint --quiet templates

.PHONY: types
types: environment-dev ## types of services, selectors and content
	$(PY) -m mypy

.PHONY: contracts
contracts: environment-dev ## which part may import which
	$(PY) .venv/bin/lint-imports

.PHONY: migrations
migrations: environment-dev ## no model change without its migration
	$(PY) manage.py makemigrations --check --dry-run

.PHONY: settings
settings: environment-dev ## production settings, by check --deploy
	@echo '$(PY) manage.py check --deploy --fail-level WARNING (production)'
	@$(PRODUCTION) $(PY) manage.py check --deploy --fail-level WARNING

.PHONY: format
format: environment-dev ## put code into the house's format
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

.PHONY: shell
shell: environment ## a Django shell on the development database
	@exec $(PY) manage.py shell

LOCK = $(PY) -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header
.PHONY: lock
lock: environment-dev ## write requirements*.txt and deno.lock anew; UPGRADE=1 takes newer versions
	$(LOCK) $(if $(UPGRADE),--upgrade) requirements.in -o requirements.txt
	$(LOCK) $(if $(UPGRADE),--upgrade) requirements-dev.in -o requirements-dev.txt
	DENO_DIR=build/deno DENO_NO_UPDATE_CHECK=1 .venv/bin/deno install --node-modules-dir=auto --frozen=false

.PHONY: clean
clean: ## remove what was built or installed; data in var/ stay
	rm -rf .venv build node_modules .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

.PHONY: environment environment-dev assets
environment:
	@$(FIND_PYTHON); exec "$$found" deploy/environment.py
environment-dev:
	@$(FIND_PYTHON); exec "$$found" deploy/environment.py --dev
assets: environment
	@$(PY) -m mlpracticum.assets
