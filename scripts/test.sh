#!/usr/bin/env bash
# All tests on all three backends, then JAX and torch without TensorFlow. Makes .venv on a bare machine.
# Tests that have no backend in them (tests/backend_free.py) run with the first backend only; each
# run says how many it left out.
#   scripts/test.sh [further arguments of pytest]
set -euo pipefail
source "$(dirname "$0")/environment.sh"
environment .venv
.venv/bin/python scripts/real_data.py
failed=0
which=()
for backend in ${BACKENDS:-jax torch tensorflow}; do
    echo "== $backend"
    KERAS_BACKEND=$backend .venv/bin/python -m pytest -q -n 2 --dist worksteal "${which[@]}" "$@" || failed=1
    which=(--with-a-backend)
done
if [ -z "${SKIP_WITHOUT_TENSORFLOW:-}" ]; then
    environment .venv-without-tensorflow without-tensorflow
    which=()
    for backend in jax torch; do
        echo "== $backend, TensorFlow not installed"
        KERAS_BACKEND=$backend .venv-without-tensorflow/bin/python -m pytest -q -n 2 "${which[@]}" \
            tests/test_without_tensorflow.py tests/tensorboard tests/surgery/test_preserve.py || failed=1
        which=(--with-a-backend)
    done
fi
exit $failed
