#!/usr/bin/env bash
# Installs NVIDIA's compilers (compilers.txt, 490 MB on disk) into a cache of our own, once, and prints the folder: its
# bin/nvcc compiles kernels, its lib/libnvrtc.so.13 too. No GPU, driver or CUDA toolkit is needed, but python3 with pip,
# a network the first time, and g++, which nvcc calls.
set -euo pipefail
cd "$(dirname "$0")"

fail() {
    echo "cuda/compilers.sh: $1" >&2
    exit 1
}

cache=${FOVEA_CUDA_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/fovea-cuda-tools}
folder=$cache/$(sha256sum compilers.txt | cut -c 1-12)
if [ ! -d "$folder" ]; then
    python3 -m pip --version >/dev/null 2>&1 ||
        fail "NVIDIA's compilers come from PyPI: install python3 with pip (Debian: apt install python3-pip)"
    mkdir -p "$cache"
    aside=$(mktemp -d "$cache/aside.XXXXXX")
    trap 'rm -rf "$aside"' EXIT
    echo "cuda/compilers.sh: fetching NVIDIA's compilers into $folder" >&2
    python3 -m pip install --quiet --no-compile --disable-pip-version-check --root-user-action ignore \
        --target "$aside/tools" --requirement compilers.txt >&2 ||
        fail "NVIDIA's compilers could not be fetched from PyPI (see above): a network is needed the first time"
    # Whole or not at all; another run may have been quicker.
    mv -T "$aside/tools" "$folder" 2>/dev/null || [ -d "$folder" ] || fail "$folder cannot be written"
fi
command -v g++ >/dev/null || fail "nvcc calls g++: install it (Debian: apt install g++)"
echo "$folder/nvidia/cu13"
