#!/usr/bin/env bash
# Measure what needs a GPU, in under 9 minutes, and write the tables into docs/performance.md.
#
#   bash benchmarks/gpu.sh [--out FOLDER] [--page FILE] [--cpu]
#
# Each part has a time limit of its own; what is measured before a limit is kept.
set -euo pipefail
cd "$(dirname "$0")/.."

out=benchmarks-gpu page=docs/performance.md cpu=
while [ $# -gt 0 ]; do
  case "$1" in
    --out | --page)
      [ $# -ge 2 ] || { echo "error: $1 needs a value" >&2; exit 2; }
      if [ "$1" = --out ]; then out=$2; else page=$2; fi
      shift 2 ;;
    --cpu) cpu=yes; shift ;;
    -h | --help) sed -n '2,7s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) echo "error: unknown argument $1; expected --out FOLDER, --page FILE or --cpu" >&2; exit 2 ;;
  esac
done

if [ -n "$cpu" ]; then
  export CUDA_VISIBLE_DEVICES=
elif ! python -c 'import sys, torch; sys.exit(not torch.cuda.is_available())'; then
  echo "error: torch sees no GPU. Install a CUDA build of PyTorch, or try the script with --cpu." >&2
  exit 2
fi

mkdir -p "$out"
failed=
: > "$out/tables.md"
for part in iterations:290 clipping:50 evaluation:180; do
  name=${part%:*} limit=${part#*:}
  if timeout "$limit" python -m benchmarks "$name" --quick --out "$out/$name"; then
    if [ -s "$out/tables.md" ]; then tail -n +2 "$out/$name/benchmarks.md"; else cat "$out/$name/benchmarks.md"; fi >> "$out/tables.md"
  else
    echo "error: the part $name failed, or took more than $limit s" >&2
    failed=yes
  fi
done
if [ -s "$out/tables.md" ]; then python -m benchmarks.page "$out/tables.md" "$page"; fi
[ -z "$failed" ]
