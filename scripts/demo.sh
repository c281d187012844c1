#!/usr/bin/env bash
# The main job on all three backends: the six stages on the first, the checklist and a watched
# training on the others. Makes .venv on a bare machine.
#   scripts/demo.sh [further arguments of `keras-recipe demo`, e.g. --broken]
set -euo pipefail
source "$(dirname "$0")/environment.sh"
environment .venv
.venv/bin/python scripts/real_data.py
quick=
for backend in ${BACKENDS:-torch jax tensorflow}; do
    echo "== $backend"
    .venv/bin/keras-recipe --backend "$backend" demo $quick --log-dir "runs/demo/$backend" "$@"
    quick=--quick
done
