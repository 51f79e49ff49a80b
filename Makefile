# What a person types. Everything here needs python3 (3.11 or newer, with venv) and make, nothing else.

ROOM  ?= LAS
JOBS  ?= 2
TESTS ?=
UV     = 0.13.9

# the first Python that is new enough
PYTHON := $(shell for p in $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11 python; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && command -v "$$p" && break; done)

BUILD_LOCK := requirements-build.lock

.PHONY: help demo test check bench lock clean python environment environment-dev
.DEFAULT_GOAL := help

help: ## this list
	@echo "incident-tui: one incident, many control rooms"
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/\1\t\2/p' Makefile | awk -F '\t' '{ printf "  make %-8s %s\n", $$1, $$2 }'

demo: environment ## a live exercise on this machine; ROOM=SCAS in a second terminal joins it
	@exec .venv/bin/python -m server demo --room "$(ROOM)"

test: environment-dev ## the tests; TESTS=tests/kernel for some, SEED=7 for other random choices
	@INCIDENT_TUI_SEED="$(SEED)" .venv-dev/bin/python -m pytest -n $(JOBS) --dist loadgroup \
		$(if $(SESSION),--session-timeout=$(SESSION)) $(TESTS)

check: environment-dev ## style, types and who may import whom
	.venv-dev/bin/ruff check .
	.venv-dev/bin/ruff format --check .
	.venv-dev/bin/mypy
	.venv-dev/bin/lint-imports --no-logo --no-cache

bench: environment-dev ## figures, as ratios to a bare floor in the same run
	@.venv-dev/bin/python -m bench

# Both locks serve Python 3.11 to 3.14 on every system and name no host: where packages come from is for the
# person who installs to say. Pins stay as they are unless UPGRADE=1.
LOCK = .venv-lock/bin/uv pip compile pyproject.toml --no-config --universal --python-version 3.11 \
	--generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links \
	$(if $(UPGRADE),--upgrade) --quiet
lock: python ## the hash-pinned locks from pyproject.toml; UPGRADE=1 takes newer versions
	@"$(PYTHON)" -m venv .venv-lock
	@.venv-lock/bin/pip --disable-pip-version-check install --quiet uv==$(UV)
	$(LOCK) -o requirements.lock
	$(LOCK) --extra dev --extra test -o requirements-dev.lock
	sed -n '/^requires = /s/.*\["\(.*\)"\]/\1/p' pyproject.toml | $(subst pyproject.toml,-,$(LOCK)) -o $(BUILD_LOCK)
	@rm -rf .venv-lock

clean: ## away with environments, caches and builds
	rm -rf .venv .venv-dev .venv-lock .venv*.lock build dist *.egg-info
	rm -rf .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

python:
	@test -n "$(PYTHON)" || { echo "incident-tui needs Python 3.11 or newer, and there is none on the path: \
	install python3.11, 3.12, 3.13 or 3.14, or say make PYTHON=/its/path." >&2; exit 1; }

environment: python
	@"$(PYTHON)" .ci/environment.py .venv requirements.lock $(BUILD_LOCK)

environment-dev: python
	@"$(PYTHON)" .ci/environment.py .venv-dev requirements-dev.lock $(BUILD_LOCK)
