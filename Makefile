# Two commands matter: `make run` starts the bot, `make test` runs the whole check.
PYTHON ?= python3
BIN := .venv/bin
PIP_VERSION := 26.3
export SUPPORTBOT_HOME ?= $(CURDIR)/var

.DEFAULT_GOAL := help
.PHONY: help run test test-long test-vllm test-systemd soak docs licences audit dist sbom lint lint-deploy types contracts migrations tests coverage starter words format clean

help:
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' Makefile

run: .venv/.installed ## install what is needed and start the bot (page, Slack, Discord)
	@$(BIN)/supportbot init
	@$(BIN)/supportbot run

test: .venv/.installed-dev lint types contracts migrations tests ## the whole check: no token, no network, no GPU

lint: .venv/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/typos
	$(BIN)/python -m tests.prose

# Apart from `make test`, whose tests check all of deploy/ that Python packages can: these are programs of the system.
lint-deploy: .venv/.installed-dev ## what is in deploy/, with systemd-analyze, promtool, kubectl and docker compose
	@PATH="$(CURDIR)/$(BIN):$$PATH" deploy/lint

types: .venv/.installed-dev
	$(BIN)/mypy

contracts: .venv/.installed-dev
	$(BIN)/lint-imports --no-logo

migrations: .venv/.installed-dev
	home=$$(mktemp -d) && export SUPPORTBOT_HOME=$$home && \
	$(BIN)/alembic upgrade head && $(BIN)/alembic check; status=$$?; rm -r $$home; exit $$status

# More workers than cores: daemons, browsers and people's patience are waited for half of the time. And one thread
# each: two workers of two threads on two cores wait for one another, up to ten times as long.
# And what is compiled is kept, whatever an image says (PYTHONDONTWRITEBYTECODE): hundreds of processes start.
MORE_WORKERS = 2
tests: .venv/.installed-dev
	PYTHONDONTWRITEBYTECODE= OMP_NUM_THREADS=1 $(BIN)/pytest --dist=worksteal --durations=15 $(PYTEST_OPTIONS) \
		--numprocesses=$$($(BIN)/python -c "import os; print((os.cpu_count() or 1) + $(MORE_WORKERS))")

# Whole trainings and evaluations, benchmarks and soaks; `make test` would take three times as long with them.
test-long: PYTEST_OPTIONS = -m long
test-long: MORE_WORKERS = 0 # which compute all the time, and need much memory
test-long: tests ## the tests that train whole models, run whole benchmarks, or try the same thing many times

# Apart from `make test`, which would take a third longer.
coverage: PYTEST_OPTIONS = --cov --cov-report=term:skip-covered
coverage: tests ## the tests, and which lines and branches they miss

soak: .venv/.installed-dev ## 5,000 questions to the engine, through kills and swaps
	$(BIN)/python -m tests.supportbot.engine.openvino.soak 5000

# The remote engine against a real vLLM, which is no part of `make test`: tests/vllm/check_vllm.py says how to
# install one, in an environment of its own. Its Python: make test-vllm VLLM_PYTHON=/elsewhere/venv/bin/python
test-vllm: .venv/.installed-dev
	VLLM_PYTHON="$(abspath $(VLLM_PYTHON))" $(BIN)/pytest tests/vllm/check_vllm.py

# The unit under a real systemd, which is no part of `make test`: it takes root, and Debian's systemd-container.
test-systemd: .venv/.installed-dev ## the unit of `supportbot service install`, run by systemd in a container of its own
	$(BIN)/pytest tests/deploy/check_systemd.py

licences: .venv/.installed-dev ## the licence of each installed library; fails on one that pyproject.toml does not allow
	@$(BIN)/python -m tests.licences

audit: .venv/.installed-dev ## known vulnerabilities of the libraries in the lock, where PyPI can be asked
	@$(BIN)/python -m tests.audit

docs: .venv/.installed-dev ## write the reference pages from the code, and build the site into build/site
	$(BIN)/python -m tests.reference
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

# The same bytes each time: the tools are those of the lock, and the time is that of the commit.
dist: export SOURCE_DATE_EPOCH = $(shell git log -1 --format=%ct)
dist: .venv/.installed-dev ## the wheel and the source distribution, in dist/
	@rm -rf dist
	@PIP_CONSTRAINT=constraints.txt $(BIN)/python -m build

sbom: dist ## what an install of the wheel consists of, in CycloneDX: dist/supportbot.cdx.json
	@folder=$$(mktemp -d) && $(PYTHON) -m venv --without-pip $$folder && \
	$(BIN)/pip --python $$folder/bin/python install --quiet --constraint constraints.txt dist/*.whl && \
	$(BIN)/cyclonedx-py environment --pyproject pyproject.toml --output-reproducible \
		--output-file dist/supportbot.cdx.json $$folder/bin/python; status=$$?; rm -r $$folder; exit $$status

words: .venv/.installed ## bring the catalogues of the bot's own sentences up to date
	@$(BIN)/python -m supportbot.words

starter: .venv/.installed-dev ## train the starter model anew from its FAQ and make it live
	$(BIN)/supportbot init --retrain

format: .venv/.installed-dev ## format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean: ## remove the virtual environment and caches; the bot's data in var/ stays
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage*

.venv/.pip:
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet pip==$(PIP_VERSION)
	@touch $@

.venv/.installed: .venv/.pip pyproject.toml constraints.txt
	@echo "Installing (a few minutes the first time) …"
	@$(BIN)/python -m pip install --quiet --constraint constraints.txt --build-constraint constraints.txt --editable .
	@touch $@

.venv/.installed-dev: .venv/.pip pyproject.toml constraints.txt
	@echo "Installing (a few minutes the first time) …"
	@$(BIN)/python -m pip install --quiet --constraint constraints.txt --build-constraint constraints.txt \
		--editable '.[all]' --group dev --group docs
	@touch .venv/.installed $@
