# Everything a checkout needs; `make help` lists it. Each target sets up what it needs, and setting up twice is quick.

SHELL := bash
PYTHON ?= python3
RUN := bash scripts/env.sh
.DEFAULT_GOAL := help

COUNT ?= 6000
SEED ?= 0
SCENES ?= data/scenes
RUN_DIR ?= runs/annexe-scenes
TESTS ?= test

.PHONY: help setup demo demo-procedure test test-slow test-engines bench bench-transport soak reliability lint format scenes train picture clean

help: ## this list
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 24

setup: ## .venv with pinned packages and ROS 2 Jazzy, and the overlay with the interfaces (PYTHON=python3.12 chooses one)
	@$(PYTHON) scripts/setup_environment.py

demo: setup ## a recording through the real node, its queries, results in out/demo/ (RECORD=out/demo/demo.mcap keeps it)
	@$(RUN) python scripts/demo.py --out out/demo $(if $(RECORD),--record "$(RECORD)")

demo-procedure: setup ## a generated procedure followed live, in out/procedure/ (makes films and a tracker first)
	@$(RUN) python scripts/demo_procedure.py --out out/procedure

test: setup ## the tests, in some minutes (TESTS=test/core for some of them)
	@$(RUN) python -m pytest -m "not slow" $(TESTS)

test-slow: setup ## the tests that take longer: training and soak trials
	@$(RUN) python -m pytest -m slow -o faulthandler_timeout=0 $(TESTS)

test-engines: setup ## the tests of the engines vlm_sam, openai and remote, with tiny models made in the tests
	@$(RUN) python -m pytest -m engines test

bench: setup ## speed of the shipped model, in out/bench.json and docs/performance.md (a few minutes)
	@$(RUN) python -c "import matplotlib" 2>/dev/null || $(RUN) pip install -q -c constraints.txt matplotlib
	@$(RUN) annexe bench --out out/bench.json --page docs

bench-transport: setup ## images between two processes with and without config/fastdds.xml, in out/transport.json
	@$(RUN) python scripts/bench_transport.py --out out/transport.json

soak: setup ## many callers, faults and malformed input against the running node, in out/soak.json (5 to 8 minutes)
	@$(RUN) python scripts/soak.py --out out/soak.json

reliability: setup ## docs/reliability.md's figures anew, from out/transport.json and out/soak.json
	@$(RUN) python scripts/reliability_page.py

lint: setup ## ruff and mypy
	@$(RUN) ruff check .
	@$(RUN) ruff format --check .
	@$(RUN) mypy

format: setup ## let ruff correct what it can
	@$(RUN) ruff check --fix .
	@$(RUN) ruff format .

scenes: setup ## generate COUNT scenes with SEED into SCENES (needs EGL or a display)
	@$(RUN) annexe scenes --out $(SCENES) --count $(COUNT) --seed $(SEED)

train: setup ## train a model on SCENES, checkpoints in RUN_DIR
	@$(RUN) annexe train --data $(SCENES) --out $(RUN_DIR)

picture: setup ## README's picture anew, from the shipped model's answers
	@$(RUN) python scripts/readme_picture.py

clean: ## remove what was built or written, but not .venv, data/ and runs/
	rm -rf build install log out dist *.egg-info portable/*/build portable/*/*.egg-info
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find annexe_ros scripts test -name __pycache__ -type d -prune -exec rm -rf {} +
