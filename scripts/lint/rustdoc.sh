#!/usr/bin/env bash
# Stands in for rustdoc where cargo runs documentation tests: beside them, checks
# the documentation of the library, private items too, with every warning an
# error. Once for each build of a library.
#
#   MEDCHAIN_DOC_TESTS=skip    without the tests
set -euo pipefail
original=("$@")
arguments=() is_test="" library=""
own=${CARGO_PKG_NAME:-}
while [ $# -gt 0 ]; do
  case $1 in
    --test) is_test=1 ;;
    --test-run-directory | --test-builder | --test-args | --persist-doctests) shift ;;
    --test-run-directory=* | --test-builder=* | --test-args=*) ;;
    *) arguments+=("$1") ;;
  esac
  shift
done
[ -n "$is_test" ] || exec rustdoc "${original[@]}"

# Cargo passes the library itself too. It is built again when its documentation
# changes, or anything that it links to.
for argument in "${arguments[@]}"; do
  case $argument in "${own//-/_}"=*) library=${argument#*=} ;; esac
done
checked=$library.documented
is_checked() {
  [ -f "$library" ] && [ "$checked" -nt "$library" ] && [ "$checked" -nt "${BASH_SOURCE[0]}" ]
}
# `--check` writes no pages. It is not stable yet, so it has to be unlocked.
check() {
  RUSTC_BOOTSTRAP=1 rustdoc "${arguments[@]}" -Z unstable-options --check --document-private-items -D warnings \
    || return 1
  [ ! -f "$library" ] || touch "$checked"
}

if [ "${MEDCHAIN_DOC_TESTS:-}" = skip ]; then
  is_checked || check
  exit
fi
log=$(mktemp)
checking=""
trap 'rm -f "$log"; [ -z "$checking" ] || kill "$checking" 2>/dev/null || true' EXIT
if ! is_checked; then
  check >"$log" 2>&1 &
  checking=$!
fi
failed=""
rustdoc "${original[@]}" || failed=1
if [ -n "$checking" ]; then
  wait "$checking" || failed=1
  checking=""
  cat "$log" >&2
fi
[ -z "$failed" ]
