#!/usr/bin/env bash
# The whole gate but the tests, the same for a developer and for CI. Stops at the first fault.
set -euo pipefail
source "$(dirname "$0")/environment.sh"
environment .venv
export PATH="$PWD/.venv/bin:$PATH" KERAS_BACKEND="${KERAS_BACKEND:-jax}"
ruff format --check .
ruff check .
mypy
lint-imports
deptry .
vulture
python scripts/gen_docs.py --check
