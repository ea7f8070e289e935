#!/usr/bin/env bash
# Runs every fuzz target for a while, several at once; fails if one of them finds something.
set -euo pipefail

if [[ $# -ne 3 ]]; then
    echo "usage: tools/run_fuzz_targets.sh FOLDER_OF_TARGETS SECONDS JOBS" >&2
    exit 2
fi
folder=$(readlink -f "$1")
seconds=$2
jobs=$3
root=$(dirname "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# One target, from its committed corpus; what it adds to the corpus is thrown away, what it finds is kept.
fuzz_one() {
    local name=$1
    local findings=$folder/findings-$name
    mkdir -p "$work/$name" "$findings"
    if "$folder/$name" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
        -artifact_prefix="$findings/" "$work/$name" "$root/fuzz/corpus/$name" >"$work/$name.log" 2>&1; then
        printf '%-24s no finding, %s runs\n' "$name" \
            "$(sed -n 's/^stat::number_of_executed_units: *//p' "$work/$name.log")"
    else
        printf '%-24s FINDING in %s\n' "$name" "$findings"
        tail -n 60 "$work/$name.log"
        return 1
    fi
}
export -f fuzz_one
export folder seconds work root

mapfile -t targets < <(find "$folder" -maxdepth 1 -type f -executable -printf '%f\n' | sort)
if [[ ${#targets[@]} -eq 0 ]]; then
    echo "run_fuzz_targets: no target in $folder" >&2
    exit 1
fi
printf '%s\0' "${targets[@]}" | xargs -0 -n 1 -P "$jobs" bash -c 'fuzz_one "$1"' fuzz_one
