# make demo | test | check | bench: each does its own set-up first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.DEFAULT_GOAL := help

help:  ## show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 12

$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "lambent needs python3 >= 3.11")'
	@$(PYTHON) -m venv $(VENV) || { echo "python3 -m venv failed: on Debian/Ubuntu run: apt-get install python3-venv"; exit 1; }
	@echo "installing into $(VENV): about a minute at first"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --use-pep517 -e '.[dev]'
	@touch $@

setup: $(READY)  ## virtual environment and dependencies

demo: $(READY)  ## deploy the PDF manifest function, run it cold and warm, check what it made
	@$(BIN)/python -m examples.demo

check: $(READY)  ## format, lint, types, unit tests, the bench's short form
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/pytest tests/unit tests/architecture
	$(BIN)/python -m bench --short

test: $(READY)  ## all the tests
	@$(BIN)/python -m tools.run_tests

seed invoke: export AWS_ENDPOINT_URL ?= http://127.0.0.1:4566
seed invoke: export AWS_ACCESS_KEY_ID ?= 000000000000
seed invoke: export AWS_SECRET_ACCESS_KEY ?= lambent
seed invoke: export AWS_DEFAULT_REGION ?= us-east-1
BUCKET ?= reports
COUNT ?= 200

seed: $(READY)  ## upload PDFs to BUCKET: those of SOURCE_DIR, else COUNT made ones
	@$(BIN)/python -m examples.pdf_manifest.seed --bucket $(BUCKET) $(if $(SOURCE_DIR),--source $(SOURCE_DIR),--count $(COUNT))

invoke: $(READY)  ## invoke the deployed PDF manifest function for BUCKET
	@$(BIN)/python -m examples.pdf_manifest.invoke --bucket $(BUCKET)

bench: $(READY)  ## figures beside their references, measured in one run
	@$(BIN)/python -m bench

clean:  ## remove what make made
	rm -rf $(VENV) .lambent

.PHONY: help setup demo check test seed invoke bench clean
