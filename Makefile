# The project's verbs; people and CI use the same ones. `make help` lists them.
MAKEFLAGS += --no-print-directory
# Environment modules set these, and they would shadow the locked packages.
unexport PYTHONPATH PYTHONHOME

PORT ?= 8080
CLUSTER ?= auto
ARGS ?=
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help run test lint format bench sdk docs slurm slurm-down venv dev-venv lock clean

help: ## Show this list
	@echo "make <verb>, with NAME=value where one is given:"
	@awk -F ' *:.*## ' '/^[a-z-]+:.*## /{printf "  %-11s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

run: venv ## Serve on http://127.0.0.1:8080 (PORT=8080 CLUSTER=auto|simulated|slurmrestd|cli)
	@exec $(BIN)/s9s serve --port $(PORT) --cluster $(CLUSTER) $(ARGS)

test: dev-venv ## Run every test, the ones on real Slurm too (ARGS="-k hold tests/api" narrows)
	@$(BIN)/pytest --numprocesses auto --dist loadgroup $(ARGS)

lint: dev-venv ## Check style, formatting, types and import rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: dev-venv ## Rewrite the sources as `make lint` wants them
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: dev-venv ## Measure, and keep the results under benchmarks/results
	$(BIN)/python -m benchmarks $(ARGS)

sdk: dev-venv ## Write the generated parts of the clients in sdk/ anew
	$(BIN)/python -m scripts.sdk $(ARGS)

docs: dev-venv ## Write the generated documents anew, and the site of them to build/site
	@$(BIN)/python -m scripts.docs
	@$(BIN)/python -m scripts.docs.site $(ARGS)

slurm: VERSION ?= 22.05
slurm: venv ## Bring up a real Slurm on this host and the server on it (VERSION=22.05|24.11|26.05)
	@scripts/slurm-up $(VERSION) $(ARGS)

slurm-down: ## End what `make slurm` started (VERSION=... only that one)
	@scripts/slurm-down $(VERSION)

venv: ## Install what the server needs into .venv
	@scripts/bootstrap run

dev-venv: ## Install what the tests and checks need into .venv
	@scripts/bootstrap test

lock: dev-venv ## Write requirements/*.txt anew (UPGRADE=1 takes newer versions)
	scripts/lock

clean: ## Remove .venv, caches and build results
	rm -rf .venv .bootstrap.lock build dist .coverage .coverage.* .hypothesis .schemathesis
	rm -rf .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find src lab tests benchmarks scripts -type d -name __pycache__ -prune -exec rm -rf {} + 2>/dev/null || true
