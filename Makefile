# Everything a newcomer types. Needs only Python >= 3.11 with venv and pip; `make test` brings the rest.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin

EXAMPLE ?= support_desk
PORT    ?= 8181
DATA    ?= .parley/data.db
export API_KEY

.PHONY: serve test check bench bench-engine bench-socket bench-llm bench-inject lock clean

serve: $(VENV)/.installed
	@start=examples/$(EXAMPLE)/start.sh; [ -x $$start ] || start="$(BIN)/parley serve examples/$(EXAMPLE)"; \
	  BIN=$(BIN) exec $$start --port $(PORT) --data $(DATA)

test: $(VENV)/.tested-with
	@scripts/setup-tests.sh
	$(BIN)/python -m pytest -n auto

check: $(VENV)/.tested-with
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python scripts/check_style.py

bench: $(VENV)/.tested-with
	$(BIN)/python -m bench.turns

bench-engine: $(VENV)/.tested-with
	$(BIN)/python -m bench.engine
	$(BIN)/python -m bench.growth

bench-socket: $(VENV)/.tested-with
	@scripts/setup-tests.sh
	@[ -d bench/node/node_modules ] || npm --prefix bench/node ci --loglevel=error --no-audit --no-fund
	$(BIN)/python -m bench.socket_layer
	$(BIN)/python -m bench.socket_turns --node

bench-llm: $(VENV)/.tested-with
	$(BIN)/python -m bench.llm

bench-inject: $(VENV)/.tested-with
	$(BIN)/python -m bench.inject

lock:  ## re-resolve the locked requirements
	uv pip compile pyproject.toml --universal --generate-hashes --no-header --no-annotate --no-emit-index-url -o requirements.lock
	uv pip compile pyproject.toml --group dev --universal --generate-hashes --no-header --no-annotate --no-emit-index-url -o requirements-dev.lock

clean:
	rm -rf $(VENV) .parley

# uv is used where it is present; plain venv and pip are always enough.
$(VENV)/.installed: requirements.lock pyproject.toml
	@scripts/make-venv.sh $(VENV) $(PYTHON) requirements.lock
	@touch $@

$(VENV)/.tested-with: requirements-dev.lock pyproject.toml
	@scripts/make-venv.sh $(VENV) $(PYTHON) requirements-dev.lock
	@touch $@ $(VENV)/.installed
