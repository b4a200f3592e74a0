# Two commands do everything: `make run` and `make test`. Each sets up what it needs, in this folder where possible.

PY      := .venv/bin/python
UV      := .venv/bin/uv
NPM     := npm --prefix player --no-audit --no-fund --no-update-notifier
CODE    := ingest transcoder origin player infra
PLAYER  := $(shell find player/src player/public -type f 2>/dev/null) $(wildcard player/*.html player/*.ts player/*.json)
ARGS    ?=

.DEFAULT_GOAL := help
.PHONY: help setup setup-test run test unit e2e lint fmt types check cover bench latency first-picture docs constraints fuzz-smoke clean

help:  ## this list
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

setup: .venv/.installed player/dist/index.html  ## what `make run` needs: .venv, the pages

setup-test: setup .venv/.installed-dev tests/support/hls_parser/node_modules/.installed tests/support/hls_players/node_modules/.installed  ## what `make test` needs on top: dev tools, Chromium, FFmpeg, players
	@infra/setup.sh peers

.venv/.installed: pyproject.toml constraints.txt infra/setup.sh
	@infra/setup.sh venv
	@touch $@

.venv/.installed-dev: .venv/.installed
	@infra/setup.sh dev
	@touch $@

player/node_modules/.installed: player/package-lock.json
	@infra/setup.sh node
	@echo "setup: npm packages into player/node_modules"
	@$(NPM) ci --loglevel=error
	@touch $@

tests/support/%/node_modules/.installed: tests/support/%/package-lock.json
	@npm --prefix tests/support/$* --no-audit --no-fund --no-update-notifier ci --loglevel=error
	@touch $@

player/dist/index.html: player/node_modules/.installed $(PLAYER)
	@echo "setup: building the pages into player/dist"
	@$(NPM) run --silent build

run: setup  ## set up, start a node on http://127.0.0.1:8080, open the page (ARGS="--port 9000" for more)
	@.venv/bin/tandem serve --open $(ARGS)

test: setup-test  ## set up, then everything that must be green: lint, types, pages, whole Python suite
	@$(MAKE) --no-print-directory lint types
	@$(NPM) test --silent
	@$(PY) -m pytest $(ARGS)

unit: setup .venv/.installed-dev tests/support/hls_parser/node_modules/.installed  ## the quick tests: no browser, no peer programs but an S3 server
	@$(PY) -m pytest -q -m "not e2e" tests/unit tests/property tests/golden tests/contract tests/meta $(ARGS)

e2e: setup-test  ## the tests with Chromium and other real peers
	@$(PY) -m pytest tests/e2e $(ARGS)

lint: .venv/.installed-dev player/node_modules/.installed  ## ruff, prettier, import contracts, spelling
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@$(NPM) run --silent format:check
	@.venv/bin/lint-imports --no-cache
	@.venv/bin/codespell $(CODE) tests docs bench README.md CHANGELOG.md CONTRIBUTING.md

fmt: .venv/.installed-dev  ## format everything
	@.venv/bin/ruff check --fix-only -q .
	@.venv/bin/ruff format .
	@$(NPM) run --silent format

types: .venv/.installed-dev player/node_modules/.installed  ## mypy --strict, tsc --strict
	@.venv/bin/mypy
	@.venv/bin/mypy tests
	@$(NPM) run --silent typecheck

check: lint types unit  ## the quick half of `make test`

cover: setup .venv/.installed-dev tests/support/hls_parser/node_modules/.installed  ## branch coverage of the quick tests
	@$(PY) -m coverage run -m pytest -q -m "not e2e" tests/unit tests/property tests/golden tests/contract
	@$(PY) -m coverage combine -q
	@$(PY) -m coverage report --skip-covered --skip-empty

bench: .venv/.installed-dev  ## every figure of bench/, as ratios against a reference in the same run
	@for file in bench/*.py; do echo "== $$file"; $(PY) $$file || exit 1; done

latency: setup-test  ## glass-to-glass latency of both paths in Chromium; prints a table
	@$(PY) bench/latency.py $(ARGS)

first-picture: setup-test  ## time from publishing, and from joining, to the first picture in Chromium; prints a table
	@$(PY) bench/start.py $(ARGS)

docs: .venv/.installed-dev  ## write the generated parts: docs/operations.md, infra/settings.example.toml
	@$(PY) -m infra.document

constraints: .venv/.installed  ## pin every package again, from pyproject.toml
	@$(UV) lock --upgrade
	@$(UV) export --quiet --frozen --no-emit-project --all-groups --no-header -o constraints.txt

fuzz-smoke: .venv/.installed-dev  ## the parsers against random bytes, a little longer
	@HYPOTHESIS_PROFILE=long $(PY) -m pytest -q tests/fuzz

clean:  ## remove what setup and the tools made
	rm -rf .venv player/node_modules player/dist .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist
