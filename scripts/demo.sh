#!/usr/bin/env bash
# The main job on all three backends: check, train, watch, report. Makes .venv on a bare machine.
#   scripts/demo.sh [further arguments of `keras-recipe demo`, e.g. --broken]
set -euo pipefail
source "$(dirname "$0")/environment.sh"
environment .venv
.venv/bin/python scripts/real_data.py
for backend in ${BACKENDS:-jax torch tensorflow}; do
    echo "== $backend"
    .venv/bin/keras-recipe --backend "$backend" demo --log-dir "runs/demo/$backend" "$@"
done
