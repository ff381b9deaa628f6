#!/usr/bin/env bash
# Compiles every kernel for sm_80 and sm_90 and holds what ptxas reports against budget.txt: no stack frame, no spills,
# and no more registers or shared memory than recorded. A kernel without a line fails, and a line without a kernel.
#
#   cuda/check.sh            checks
#   cuda/check.sh --record   writes budget.txt anew, for kernels that changed on purpose; look at the difference
set -euo pipefail
here=$(realpath "$(dirname "$0")")
folder=$("$here/aot.sh")
budget=$here/budget.txt

# What ptxas reported, sorted: a row for each kernel, with the file, registers for sm_80 and sm_90, static shared bytes.
report() {
    for log in "$folder"/*.log; do
        awk -v file="$(basename "$log" .log)" '
            /Compiling entry function/ { split($0, quoted, "\x27"); kernel = quoted[2]; target = quoted[4]; seen[kernel] }
            /bytes stack frame/ && ($1 + $5 + $9 > 0) { trouble[kernel " for " target] = $0 }
            /: Used [0-9]+ registers/ {
                match($0, /[0-9]+ registers/); registers[kernel, target] = substr($0, RSTART, RLENGTH) + 0
                bytes = match($0, /[0-9]+ bytes smem/) ? substr($0, RSTART, RLENGTH) + 0 : 0
                if (bytes > shared[kernel]) shared[kernel] = bytes
            }
            END {
                for (kernel in seen) print kernel, file, registers[kernel, "sm_80"], registers[kernel, "sm_90"], shared[kernel] + 0
                for (where in trouble) { print where ":" trouble[where] > "/dev/stderr"; bad = 1 }
                exit bad
            }' "$log" || { echo "cuda/check.sh: $(basename "$log" .log).cu has arrays or spilled registers in local memory" >&2 && return 1; }
    done | sort
}

# KERNEL lines of the sources, as `kernel file`: what must have been compiled.
declared() {
    grep -H '^KERNEL(' "$here"/kernels/*.cu | sed -E 's|.*/(.*)\.cu:KERNEL\([0-9]+, *([a-z0-9_]+).*|\2 \1|' | sort
}

now=$(mktemp)
trap 'rm "$now"' EXIT
report >"$now"
diff <(declared) <(cut -d ' ' -f 1,2 "$now") >&2 ||
    { echo "cuda/check.sh: the KERNEL lines (<) are not the kernels that were compiled (>)" >&2 && exit 1; }

if [ "${1:-}" = --record ]; then
    {
        echo "# What each kernel may use, at most: registers a thread for sm_80 and sm_90, bytes of shared memory a block."
        echo "# Written by cuda/check.sh --record, held by cuda/check.sh."
        { echo "#kernel file sm_80 sm_90 shared" && cat "$now"; } | awk '{ printf "%-32s %-20s %5s %5s %6s\n", $1, $2, $3, $4, $5 }'
    } >"$budget"
    echo "cuda/budget.txt: $(wc -l <"$now") kernels"
    exit
fi

# Rows of the budget first, then of the report; each kernel must be in both, and not above.
grep -v '^#' "$budget" | awk '
    NR == FNR { row[$1] = $0; next }
    !($1 in row) { print $1 " of " $2 ".cu has no line"; bad = 1; next }
    {
        split(row[$1], may); delete row[$1]
        if ($2 != may[2]) { print $1 " has moved from " may[2] ".cu to " $2 ".cu"; bad = 1 }
        if ($3 > may[3]) { print $1 " takes " $3 " registers for sm_80, not " may[3]; bad = 1 }
        if ($4 > may[4]) { print $1 " takes " $4 " registers for sm_90, not " may[4]; bad = 1 }
        if ($5 > may[5]) { print $1 " takes " $5 " bytes of shared memory, not " may[5]; bad = 1 }
    }
    END { for (kernel in row) { print "there is no kernel " kernel; bad = 1 } exit bad }' - "$now" >&2 ||
    { echo "cuda/check.sh: not what cuda/budget.txt says; if that is meant: cuda/check.sh --record" >&2 && exit 1; }
echo "$(wc -l <"$now") kernels for sm_80 and sm_90: no stack, no spills, within cuda/budget.txt"
