#!/usr/bin/env bash
# The tests of the CUDA backend on a real GPU, in two halves: `pack` here, `run` on a machine with a GPU.
#
#   cuda/gpu-run.sh pack              builds the tests and puts them, with all they read, into target/gpu-run
#   cuda/gpu-run.sh run [folder]      runs them there and writes RESULTS.md
#
# `pack` needs Rust. `run` needs a GPU, its driver, and NVRTC 13 (part of the CUDA toolkit and of PyTorch), but neither
# Rust nor a network. The record goes to $OUT, or else into the folder; a part that fails does not stop the next.
set -euo pipefail

usage() {
    sed -n '2,8s/^# \{0,1\}//p' "$0"
    exit 2
}

# ---- here

pack() {
    cd "$(dirname "$0")/.."
    local target=${CARGO_TARGET_DIR:-target} folder binary test tests=()
    folder=$target/gpu-run
    rm -rf "$folder"
    mkdir -p "$folder"/{bin,tests,notebooks,cuda}
    for test in tests/tests/cuda_*.rs; do
        [ -e "$test" ] && tests+=(--test "$(basename "$test" .rs)")
    done
    cargo build --release --locked -p fovea-lang
    strip -o "$folder/bin/fovea" "$target/release/fovea"
    if [ ${#tests[@]} -gt 0 ]; then
        mkdir "$folder/bin/tests"
        # Cargo names each binary it made in a line of JSON.
        cargo test --release --locked --no-run --message-format json -p fovea-tests "${tests[@]}" |
            sed -n 's/.*"executable":"\([^"]*\)".*/\1/p' | while read -r binary; do
            strip -o "$folder/bin/tests/$(basename "$binary" | sed 's/-[0-9a-f]*$//')" "$binary"
        done
    fi
    cp -r tests/goldens "$folder/tests/"
    cp -r cuda/kernels "$folder/cuda/"
    cp notebooks/*.fov "$folder/notebooks/"
    cp cuda/gpu-run.sh "$folder/"
    {
        echo "commit $(git rev-parse HEAD)$([ -z "$(git status --porcelain)" ] || echo ', with changes')"
        echo "packed $(date -u +%F)"
        (cd "$folder" && find . -type f | sort)
    } >"$folder/MANIFEST"
    echo "$folder: $(du -sh "$folder" | cut -f1), $((${#tests[@]} / 2)) test files; carry it to a GPU and run \`gpu-run.sh run\` there"
}

# ---- there

passed=true

# name, limit in seconds, command…: runs a part and writes its row. A test reports a figure by a line `measured: …`.
part() {
    local name=$1 limit=$2 start=$SECONDS rc=0 outcome log
    shift 2
    printf '\n== %s\n' "$name"
    log=$(mktemp)
    timeout "$limit" "$@" >"$log" 2>&1 </dev/null || rc=$?
    case $rc in
        0) outcome=passed ;;
        124 | 137) outcome="out of time ($limit s)" passed=false ;;
        *) outcome="FAILED ($rc)" passed=false ;;
    esac
    tail -n 40 "$log"
    echo "| $name | $outcome | $((SECONDS - start)) s |" >>"$rows"
    sed -n "s/^measured: /- $name: /p" "$log" >>"$figures"
    sed -n 's/^test \(.*\) \.\.\. FAILED$/- `\1`/p' "$log" >>"$failed"
    { printf '\n== %s: %s\n' "$name" "$outcome" && cat "$log"; } >>"$out/log.txt"
    rm "$log"
}

run() {
    local folder test
    folder=$(realpath "${1:-$(dirname "$0")}")
    [ -f "$folder/MANIFEST" ] || folder=$folder/../target/gpu-run
    [ -f "$folder/MANIFEST" ] || { echo "no MANIFEST in $folder: run \`cuda/gpu-run.sh pack\` first" >&2; exit 2; }
    folder=$(realpath "$folder")
    out=$(realpath "${OUT:-$folder}")
    rows=$(mktemp) figures=$(mktemp) failed=$(mktemp)
    : >"$out/log.txt"

    export FOVEA_CUDA=device FOVEA_TESTS_ROOT=$folder/tests RUST_BACKTRACE=1
    export LD_LIBRARY_PATH=$(libraries)${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
    cd "$folder"
    part "devices" 60 bin/fovea devices
    for test in bin/tests/*; do
        [ -e "$test" ] && part "$(basename "$test")" 300 "$test" --show-output
    done
    record >"$out/RESULTS.md"
    cat "$out/RESULTS.md"
    $passed
}

# Where NVRTC may lie: the toolkit's folder, and that of PyTorch's packages.
libraries() {
    local nvcc
    nvcc=$(command -v nvcc || echo /usr/local/cuda/bin/nvcc)
    printf '%s' "$(realpath -m "$(dirname "$nvcc")/../lib64")"
    python3 - <<'PYTHON' 2>/dev/null || true
import glob, site
for place in site.getsitepackages():
    for folder in glob.glob(place + "/nvidia/*/lib"):
        print(":" + folder, end="")
PYTHON
}

record() {
    local gpu
    gpu=$(nvidia-smi --query-gpu=name,driver_version,memory.total,compute_cap --format=csv,noheader 2>&1 || true)
    printf '## %s, %s\n\n' "$(date -u +%F)" "${gpu%%,*}"
    printf -- '- device: %s\n- %s\n\n' "$gpu" "$(head -n 1 MANIFEST)"
    printf '| part | outcome | time |\n| --- | --- | --- |\n'
    cat "$rows"
    [ ! -s "$failed" ] || { printf '\nFailed:\n\n' && cat "$failed"; }
    [ ! -s "$figures" ] || { printf '\nMeasured:\n\n' && cat "$figures"; }
}

case ${1:-} in
    pack) pack ;;
    run) run "${2:-}" ;;
    *) usage ;;
esac
