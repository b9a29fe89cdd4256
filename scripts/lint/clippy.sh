#!/usr/bin/env bash
# Builds every target of a workspace and fails on any warning of our crates.
# Warnings of crates that are built already are printed again by cargo.
#
#   scripts/lint/clippy.sh MANIFEST
set -euo pipefail
log=$(mktemp)
trap 'rm -f "$log"' EXIT
CARGO_TERM_COLOR=never cargo build --locked --workspace --all-targets --manifest-path "$1" 2>&1 | tee "$log" >&2
# shellcheck disable=SC2016 # The backticks are cargo's.
if grep -qE '^warning: `.*` \(.*\) generated [0-9]+ warning' "$log"; then
  echo "lint: error: the compiler or clippy warns, see above" >&2
  exit 1
fi
