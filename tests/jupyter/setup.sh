#!/usr/bin/env bash
# Makes a Python environment with JupyterLab and its test tools (requirements.txt, 600 MB on disk) in a cache of our own,
# once, and prints its folder. The tests want it so: FOVEA_JUPYTER=$(tests/jupyter/setup.sh) cargo test
# Installs Chromium by apt-get where there is none. Needs python3 with venv, and a network the first time.
set -euo pipefail
cd "$(dirname "$0")"

fail() {
    echo "tests/jupyter/setup.sh: $1" >&2
    exit 1
}

cache=${FOVEA_JUPYTER_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/fovea-jupyter-tools}
folder=$cache/$(sha256sum requirements.txt | cut -c 1-12)
mkdir -p "$cache"
# One at a time; a folder without its stamp is what was cut short.
exec 9>"$cache/lock"
flock 9
if [ ! -e "$folder/whole" ]; then
    rm -rf "$folder"
    python3 -m venv "$folder" >&2 || fail "python3 cannot make an environment (Debian: apt install python3-venv)"
    echo "tests/jupyter/setup.sh: fetching JupyterLab and its test tools into $folder" >&2
    "$folder/bin/pip" install --quiet --disable-pip-version-check --requirement requirements.txt >&2 ||
        fail "JupyterLab could not be fetched (see above): a network is needed the first time"
    touch "$folder/whole"
fi

if ! command -v chromium >/dev/null; then
    apt=()
    [ "$(id -u)" = 0 ] || apt=(sudo -n)
    command -v apt-get >/dev/null || fail "there is no Chromium, which the tests of JupyterLab drive: install it"
    echo "tests/jupyter/setup.sh: installing Chromium" >&2
    { "${apt[@]}" apt-get update -qq && "${apt[@]}" apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core; } >&2 ||
        fail "there is no Chromium, which the tests of JupyterLab drive, and apt-get could not install it (see above)"
fi
echo "$folder"
