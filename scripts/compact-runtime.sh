#!/usr/bin/env bash
# Makes a compiled runtime small enough for a relay chain (at most 3 MiB there):
# without names and debug information, then compressed as polkadot-sdk does.
#   scripts/compact-runtime.sh IN.wasm OUT.wasm
set -euo pipefail
in=${1:?the compiled runtime} out=${2:?where the small one goes}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
wasm-opt -O0 --mvp-features --strip-debug --strip-dwarf --strip-producers "$in" -o "$work/compact.wasm"
{
  # The prefix by which sp-maybe-compressed-blob knows compressed code.
  printf '\x52\xbc\x53\x76\x46\xdb\x8e\x05'
  zstd -q -19 --stdout "$work/compact.wasm"
} >"$work/out"
mv "$work/out" "$out"
