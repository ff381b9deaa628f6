#!/usr/bin/env bash
# Runs notebooks and keeps their outputs: notebooks/execute.sh [NAME.ipynb…]; without a name, all of this folder.
# Needs what tests/jupyter/setup.sh needs. FOVEA_JUPYTER names another Python environment than its, FOVEA_PROGRAM another
# program than the release build.
set -euo pipefail
cd "$(dirname "$0")/.."

tools=${FOVEA_JUPYTER:-$(tests/jupyter/setup.sh)}
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
if [ -n "${FOVEA_PROGRAM:-}" ]; then
    "$FOVEA_PROGRAM" jupyter install --prefix "$place" >/dev/null
else
    cargo run --release --quiet -- jupyter install --prefix "$place" >/dev/null
fi
export JUPYTER_PATH="$place/share/jupyter" JUPYTER_DATA_DIR="$place/data" JUPYTER_RUNTIME_DIR="$place/runtime"
export JUPYTER_CONFIG_DIR="$place/config" IPYTHONDIR="$place/ipython"
"$tools/bin/python" tests/jupyter/notebooks.py execute notebooks "$@"
