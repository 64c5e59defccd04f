# Everything a newcomer needs: make run, make test. Python 3.11 and make are enough; the rest is set up here.
PYTHON ?= python3
BIN := .venv/bin
PATH := $(CURDIR)/.venv/bin:$(PATH)
export PATH
# Test processes: one a core, two at least and four at most.
TEST_PROCESSES = $(shell $(PYTHON) -c 'import os; print(max(2, min(4, os.cpu_count() or 2)))')
JAVASCRIPT := pwa service_worker tests/js tools "bench/**/*.js" "campaigns/**/*.js" "*.js"

.PHONY: seeded-bugs campaign run test check test-js test-python test-browser format lock bench lighthouse clean

run: ## Serve the embedded edition (LAN=1 adds https for phones in the same network)
	@$(PYTHON) tools/set_up.py run
	@exec $(BIN)/python -m app serve

test: ## Every test, browser included
	@$(PYTHON) tools/set_up.py test
	@$(MAKE) --no-print-directory test-js test-python test-browser

# Node 20 takes no patterns, so the files are found here; a failure is told whole.
test-js:
	@rm -rf .setup/js-coverage && mkdir -p .setup
	@NODE_V8_COVERAGE=$(CURDIR)/.setup/js-coverage \
	  node --test --test-reporter=dot --test-reporter-destination=stdout \
	  --test-reporter=spec --test-reporter-destination=.setup/test-js.txt \
	  $$(find tests/js -name '*.test.mjs' | sort) || { cat .setup/test-js.txt; exit 1; }
	@node tools/js_coverage.mjs .setup/js-coverage pwa/queue

# Measuring makes a test half as slow again: the domain is measured by its own tests alone.
test-python:
	@$(BIN)/python -m pytest -n $(TEST_PROCESSES) --dist loadgroup --max-worker-restart 0 tests/domain --cov
	@$(BIN)/python -m pytest -n $(TEST_PROCESSES) --dist loadgroup --max-worker-restart 0 tests --ignore tests/domain

# A run of its own: the browser's driver and the event loops of the other tests do not share a process.
test-browser:
	@$(BIN)/python -m pytest -n $(TEST_PROCESSES) --dist loadgroup --max-worker-restart 0 e2e

check: ## Format, lint, types
	@$(PYTHON) tools/set_up.py test
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@node node_modules/typescript/bin/tsc -p tsconfig.page.json
	@node node_modules/typescript/bin/tsc -p tsconfig.worker.json
	@node node_modules/prettier/bin/prettier.cjs --check --log-level warn $(JAVASCRIPT)
	@node node_modules/eslint/bin/eslint.js $(JAVASCRIPT)
	@node node_modules/knip/bin/knip.js
	@node node_modules/knip/bin/knip.js --production --include files

format:
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .
	@node node_modules/prettier/bin/prettier.cjs --write --log-level warn $(JAVASCRIPT)

lock: ## Resolve the lock files again
	@$(BIN)/pip-compile -q --strip-extras --allow-unsafe --generate-hashes --no-header --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-emit-options -o requirements/run.txt pyproject.toml
	@$(BIN)/pip-compile -q --strip-extras --allow-unsafe --generate-hashes --no-header --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-emit-options --extra dev -c requirements/run.txt -o requirements/test.txt pyproject.toml
	@$(BIN)/pip-compile -q --strip-extras --allow-unsafe --generate-hashes --no-header --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-emit-options -o requirements/node.txt requirements/node.in

seeded-bugs: ## Bring 36 bugs back, one by one, and see the tests catch each
	@$(PYTHON) tools/set_up.py test
	@$(BIN)/python -m campaigns.seeded_bugs

campaign: ## Every campaign at its full size, in the background (NAME=queue for one); hours on four cores
	@$(PYTHON) tools/set_up.py test
	@nohup nice $(BIN)/python -m campaigns.full $(NAME) > .setup/campaign.txt 2>&1 & \
	echo "Running in the background as process $$!; what it does is in .setup/campaign.txt."
	@echo "Stop it whenever you like, start it again and it goes on. What was found: $(BIN)/python -m campaigns report"

bench: ## Ratios against floors and peers, on this machine, in one run
	@$(PYTHON) tools/set_up.py test
	@$(BIN)/python -m bench

lighthouse: ## Lighthouse over every page, on a slowed network and processor
	@$(PYTHON) tools/set_up.py lighthouse
	@$(BIN)/python -m bench.lighthouse

clean: ## Remove what set-up made; data and keys stay
	rm -rf .venv node_modules bench/lighthouse/node_modules pwa/bundles pwa/vendor .setup
