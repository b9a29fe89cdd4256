#!/usr/bin/env bash
# Stands in for rustdoc where cargo runs documentation tests: documents the
# library first, with every warning an error, then runs the tests.
set -euo pipefail
original=("$@")
arguments=() is_test=
while [ $# -gt 0 ]; do
  case $1 in
    --test) is_test=1 ;;
    --test-run-directory | --test-builder | --test-args | --persist-doctests) shift ;;
    --test-run-directory=* | --test-builder=* | --test-args=*) ;;
    *) arguments+=("$1") ;;
  esac
  shift
done
if [ -n "$is_test" ]; then
  pages=$(mktemp -d)
  trap 'rm -rf "$pages"' EXIT
  rustdoc "${arguments[@]}" --document-private-items -D warnings --out-dir "$pages" >&2
fi
rustdoc "${original[@]}"
