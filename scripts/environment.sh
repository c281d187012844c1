# Makes .venv with everything the project needs, once; sourced by the other scripts.
# $1: folder of the environment (default .venv); $2: "without-tensorflow" leaves TensorFlow out.
cd "$(dirname "${BASH_SOURCE[0]}")/.."

environment() {
    local folder=${1:-.venv} without=${2:-}
    local stamp="$folder/.made-for"
    local wanted
    wanted=$(cksum pyproject.toml "${BASH_SOURCE[0]}" | cksum)
    if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ]; then return 0; fi
    echo "Making $folder (a few minutes, once)"
    python3 -m venv "$folder"
    # torch first and by version: a plain `torch` draws a CUDA build of several gigabytes
    "$folder/bin/python" -m pip install --quiet --disable-pip-version-check "torch==2.13.0"
    local backends=(jax)
    [ -n "$without" ] || backends+=(tensorflow-cpu)
    "$folder/bin/python" -m pip install --quiet --disable-pip-version-check "${backends[@]}" -e ".[dev]"
    echo "$wanted" > "$stamp"
}

# Keras writes keras.json into its home at import: keep the user's own untouched.
export KERAS_HOME="${KERAS_HOME:-$PWD/.venv/keras-home}"
export TF_CPP_MIN_LOG_LEVEL="${TF_CPP_MIN_LOG_LEVEL:-3}"
