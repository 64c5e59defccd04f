# Everything a newcomer needs: make run, make test. Python 3.11 and make are enough; the rest is set up here.
PYTHON ?= python3
BIN := .venv/bin
PATH := $(CURDIR)/.venv/bin:$(PATH)
export PATH

.PHONY: run test check test-python test-js format lock bench clean

run: ## Serve the embedded edition (LAN=1 adds https for phones in the same network)
	@$(PYTHON) tools/set_up.py run
	@exec $(BIN)/python -m app serve

test: ## Every test, browser included
	@$(PYTHON) tools/set_up.py test
	@$(MAKE) --no-print-directory test-js test-python

test-js:
	@node --test --test-reporter=dot 'tests/js/**/*.test.mjs'

test-python:
	@$(BIN)/python -m pytest -n 4 --dist loadgroup tests e2e

check: ## Format, lint, types
	@$(PYTHON) tools/set_up.py test
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@node node_modules/typescript/bin/tsc -p tsconfig.page.json
	@node node_modules/typescript/bin/tsc -p tsconfig.worker.json
	@node node_modules/prettier/bin/prettier.cjs --check --log-level warn pwa service_worker tests/js tools

format:
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .
	@node node_modules/prettier/bin/prettier.cjs --write --log-level warn pwa service_worker tests/js tools

lock: ## Resolve the lock files anew
	@$(BIN)/pip-compile -q --strip-extras --allow-unsafe --generate-hashes --no-header --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-emit-options -o requirements/run.txt pyproject.toml
	@$(BIN)/pip-compile -q --strip-extras --allow-unsafe --generate-hashes --no-header --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-emit-options --extra dev -c requirements/run.txt -o requirements/test.txt pyproject.toml
	@$(BIN)/pip-compile -q --strip-extras --allow-unsafe --generate-hashes --no-header --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-emit-options -o requirements/node.txt requirements/node.in

bench: ## Ratios against floors and peers, on this machine, in one run
	@$(PYTHON) tools/set_up.py test
	@$(BIN)/python -m bench

clean: ## Remove what set-up made; data and keys stay
	rm -rf .venv node_modules pwa/vendor .setup
