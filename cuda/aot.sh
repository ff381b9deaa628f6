#!/usr/bin/env bash
# Compiles every kernels/*.cu ahead of time: cuda/aot.sh [folder], target/cuda-images where none is given.
#
# For each NAME.cu the folder gets NAME.fatbin, which runs on GPUs of compute capability 8.x and 9.x as it is and which
# the driver translates for newer ones; NAME.sm_80.cubin and NAME.sm_90.cubin, what is in it; NAME.log, what ptxas says
# of each kernel's registers. A release build has the images in it, and then needs no NVRTC where it runs:
#
#   FOVEA_CUDA_IMAGES=$(cuda/aot.sh) cargo build --release
#
# A file is compiled again only if it, a header, the options or the compilers changed.
set -euo pipefail
here=$(realpath "$(dirname "$0")")
folder=$(realpath -m "${1:-${CARGO_TARGET_DIR:-$here/../target}/cuda-images}")
mkdir -p "$folder"
tools=$("$here/compilers.sh")

# What cuda/src/images.rs tells NVRTC, too.
options=(-std=c++17 -lineinfo -I "$here/kernels")

compile() { # source
    local name stamp
    name=$(basename "$1" .cu)
    stamp=$(cat "$here"/{aot.sh,compilers.txt} "$here"/kernels/*.cuh "$1" | sha256sum)
    [ "$stamp" != "$(cat "$folder/$name.stamp" 2>/dev/null)" ] || return 0
    cd "$folder"
    rm -f "$name".*
    local nvcc=("$tools/bin/nvcc" "${options[@]}" "$1") elf
    for elf in 80 90; do
        "${nvcc[@]}" -gencode "arch=compute_$elf,code=sm_$elf" -Xptxas -v --cubin -o "$name.sm_$elf.cubin" >>"$name.log" 2>&1 ||
            { cat "$name.log" >&2 && return 1; }
    done
    "${nvcc[@]}" -arch=compute_90 --ptx -o "$name.ptx"
    "$tools/bin/fatbinary" -64 --create="$name.fatbin" --image3=kind=elf,sm=80,file="$name.sm_80.cubin" \
        --image3=kind=elf,sm=90,file="$name.sm_90.cubin" --image3=kind=ptx,sm=90,file="$name.ptx"
    echo "$stamp" >"$name.stamp"
}

# Nothing stays of a kernel that is no more.
for log in "$folder"/*.log; do
    [ ! -e "$log" ] || [ -e "$here/kernels/$(basename "$log" .log).cu" ] || rm "${log%log}"*
done
# As many at a time as there are cores; the first that fails ends it all.
running=0
for source in "$here"/kernels/*.cu; do
    if ((running == $(nproc))); then
        wait -n
        running=$((running - 1))
    fi
    compile "$source" &
    running=$((running + 1))
done
for ((; running > 0; running--)); do wait -n; done
echo "$folder"
