#!/usr/bin/env bash
# The tests of the CUDA backend on a real GPU, in two halves: `pack` here, `run` on a machine with a GPU.
#
#   cuda/gpu-run.sh pack                  builds the tests and packs them, with all they read, into target/gpu-run (35 MB)
#   gpu-run.sh run [folder [part…]]       runs the parts there and writes RESULTS.md; all of them where none is named
#
# Parts: devices (what Fovea sees), tests (the CUDA tests, with the real driver), lenet (98 % on the digits), bench (beside
# PyTorch), memcheck, racecheck and initcheck (the op cases under compute-sanitizer); minutes each.
#
# `pack` needs Rust and what cuda/compilers.sh needs. `run` needs a GPU with its driver and NVRTC 13 (of the CUDA toolkit or
# of PyTorch's packages), but neither Rust nor a network; the checks need the toolkit, bench needs PyTorch. The record
# goes to $OUT, or else into the folder. A part that fails does not stop the next; the exit status says whether all passed.
set -euo pipefail

usage() {
    sed -n '2,12s/^# \{0,1\}//p' "$0"
    exit 2
}

# ---- here

pack() {
    cd "$(dirname "$0")/.."
    local folder=${CARGO_TARGET_DIR:-target}/gpu-run inside program test tests=()
    for test in tests/tests/cuda_*.rs; do
        # The slow checks are the emulator's.
        [ "$test" = tests/tests/cuda_checked.rs ] || tests+=(--test "$(basename "$test" .rs)")
    done
    inside=$(mktemp -d)
    trap "rm -rf '$inside'" EXIT
    mkdir -p "$inside"/{bin/tests,tests,notebooks,cuda/images}
    FOVEA_CUDA_IMAGES=$(cuda/aot.sh)
    export FOVEA_CUDA_IMAGES
    built cargo build -p fovea-lang | while read -r program; do
        strip -o "$inside/bin/$(basename "$program")" "$program"
    done
    built cargo test --no-run -p fovea-tests "${tests[@]}" | while read -r program; do
        strip -o "$inside/bin/tests/$(basename "$program" | sed 's/-[0-9a-f]*$//')" "$program"
    done
    cp -r tests/goldens "$inside/tests/"
    cp -r cuda/kernels cuda/{peer.py,nets.fov} "$inside/cuda/"
    cp "$FOVEA_CUDA_IMAGES"/*.fatbin "$inside/cuda/images/"
    cp notebooks/*.fov "$inside/notebooks/"
    {
        echo "commit $(git rev-parse HEAD)$([ -z "$(git status --porcelain)" ] || echo ', with changes')"
        (cd "$inside" && find . -type f -printf '%P\n' | sort)
    } >"$inside/MANIFEST"
    rm -rf "$folder"
    mkdir -p "$folder"
    tar -czf "$folder/packed.tar.gz" -C "$inside" .
    cp cuda/gpu-run.sh "$folder/"
    echo "$folder: $(du -sh "$folder" | cut -f1); carry it to a machine with a GPU and run \`gpu-run.sh run\` in it"
}

# Builds in release; prints the programs that Cargo says it made.
built() {
    "$@" --release --locked --message-format json-render-diagnostics | sed -n 's/.*"executable":"\([^"]*\)".*/\1/p'
}

# ---- there

passed=true

run() {
    local folder=${1:-} known=(devices tests lenet bench memcheck racecheck initcheck) name
    if [ -n "$folder" ]; then
        shift
    else
        folder=$(dirname "$0")
        [ -e "$folder/packed.tar.gz" ] || folder=$folder/../target/gpu-run
    fi
    [ -e "$folder/packed.tar.gz" ] || { echo "there is no $folder/packed.tar.gz: \`cuda/gpu-run.sh pack\` makes it" >&2; exit 2; }
    for name; do
        [[ " ${known[*]} " = *" $name "* ]] || { echo "there is no part $name, only ${known[*]}" >&2; exit 2; }
    done
    out=$(realpath "${OUT:-$folder}") aside=$(mktemp -d) # both are read in the functions below
    trap 'rm -rf "$aside"' EXIT
    mkdir "$aside/packed"
    tar -xzf "$folder/packed.tar.gz" -C "$aside/packed"
    cd "$aside/packed"
    touch "$aside"/{rows,failed,said}
    : >"$out/log.txt"
    export FOVEA_CUDA=device FOVEA_TESTS_ROOT=$PWD/tests FOVEA_CUDA_IMAGES=$PWD/cuda/images RUST_BACKTRACE=1
    export FOVEA_CACHE=$aside/cache # where nothing is kept from an earlier run
    FOVEA_NVRTC=$(nvrtc)
    [ -z "$FOVEA_NVRTC" ] || export FOVEA_NVRTC
    if [ $# -gt 0 ]; then known=("$@"); fi
    for name in "${known[@]}"; do "$name"; done
    cat "$out/RESULTS.md"
    $passed
}

devices() {
    part devices 60 bin/fovea devices --device cuda
}

tests() {
    local test
    for test in bin/tests/*; do part "$(basename "$test")" 580 "$test" --show-output; done
}

memcheck() { sanitize memcheck; }
racecheck() { sanitize racecheck; }
initcheck() { sanitize initcheck; }

# On those op cases that are small: these tools slow a kernel down a hundredfold.
sanitize() { # tool
    local sanitizer
    sanitizer=$(command -v compute-sanitizer || echo /usr/local/cuda/bin/compute-sanitizer)
    FOVEA_CUDA_CASES=small part "$1 of the op cases" 580 "$sanitizer" --tool "$1" --error-exitcode 9 \
        bin/tests/cuda_ops --exact ops_are_right_in_order
}

# 98 % of the held-out digits, as the median of five seeds.
lenet() {
    part "LeNet on the digits" 300 bash -c '
        cd "$1"
        for seed in 1 2 3 4 5; do
            { echo "seed $seed" && cat "$0/notebooks/lenet.fov"; } >lenet-$seed.fov
            "$0/bin/fovea" run lenet-$seed.fov --device cuda --format json >lenet-$seed.json || exit
            grep -o "\"test_accuracy\":[0-9.]*" lenet-$seed.json | tail -n 1 | cut -d : -f 2
        done | sort -n >accuracies
        echo "measured: accuracies" $(cat accuracies)
        [ "$(wc -l <accuracies)" = 5 ] && awk "NR == 3 { exit \$1 < 0.98 }" accuracies' "$PWD" "$aside"
}

bench() {
    part "beside PyTorch" 580 python3 cuda/peer.py bin/fovea cuda/nets.fov
}

# name, limit in seconds, command…: runs a part and writes its row. Lines `measured: …` and `NOT RUN: …` go into it.
part() {
    local name=$1 limit=$2 start=$SECONDS outcome=passed log=$aside/log rc=0
    shift 2
    printf '\n== %s\n' "$name"
    timeout "$limit" "$@" >"$log" 2>&1 </dev/null || rc=$?
    case $rc in
        0) ;;
        124 | 137) outcome="out of time: $limit s" ;;
        127) outcome="FAILED: not there" ;;
        *) outcome="FAILED: status $rc" ;;
    esac
    if grep -q '^running 0 tests' "$log"; then outcome="FAILED: no test"; fi
    [ "$outcome" = passed ] || passed=false
    tail -n 40 "$log"
    echo "| $name | $outcome | $((SECONDS - start)) s |" >>"$aside/rows"
    sed -n "s/^test \(.*\) \.\.\. FAILED$/- $name: \`\1\`/p" "$log" >>"$aside/failed"
    sed -n "s/^measured: /- $name: /p; s/^NOT RUN: /- $name: not run: /p" "$log" >>"$aside/said"
    { printf '\n== %s: %s\n' "$name" "$outcome" && cat "$log"; } >>"$out/log.txt"
    record >"$out/RESULTS.md" # each time: whoever has to stop keeps what was found
}

# The folder of NVRTC 13: the toolkit's, or that of PyTorch's packages.
nvrtc() {
    local folder
    {
        realpath -m "$(dirname "$(command -v nvcc || echo /usr/local/cuda/bin/nvcc)")/../lib64"
        python3 -c 'import glob, site; print(*(f for s in site.getsitepackages() for f in glob.glob(s + "/nvidia/*/lib")), sep="\n")'
    } 2>/dev/null | while read -r folder; do
        [ ! -e "$folder/libnvrtc.so.13" ] || { echo "$folder" && break; }
    done
}

record() {
    local gpu
    gpu=$(nvidia-smi --query-gpu=name,compute_cap,memory.total,driver_version --format=csv,noheader 2>/dev/null || echo "no GPU")
    printf '## %s, %s\n\n' "$(date -u +%F)" "${gpu%%,*}"
    printf -- '- name, compute capability, memory, driver: %s\n' "$gpu"
    printf -- '- %s\n\n| part | outcome | time |\n| --- | --- | --- |\n' "$(head -n 1 MANIFEST)"
    cat "$aside/rows"
    [ ! -s "$aside/failed" ] || { printf '\nFailed:\n\n' && cat "$aside/failed"; }
    [ ! -s "$aside/said" ] || { printf '\nSaid:\n\n' && cat "$aside/said"; }
}

case ${1:-} in
    pack) pack ;;
    run) shift && run "$@" ;;
    *) usage ;;
esac
