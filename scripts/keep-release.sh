#!/usr/bin/env bash
# Keeps what `make build` made of the last commit as the release from which later
# upgrades are tried: its runtime, its policy bundle, the commit that its
# programs are built from, and what its calls cost. Run it before the
# spec_version is raised.
#   scripts/keep-release.sh
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
die() { printf 'keep-release: error: %s\n' "$*" >&2; exit 1; }

cache=${XDG_CACHE_HOME:-$HOME/.cache}/medchain
target=${CARGO_TARGET_DIR:-$cache/target}/debug
wasm=$target/wbuild/medchain-runtime/medchain_runtime.wasm
bundle=${MEDCHAIN_CONTRACTS_DIR:-$cache/contracts/ink}/access-control.contract

[ -z "$(git status --porcelain)" ] || die "there are changes that are not committed"
for built in "$wasm" "$bundle"; do
  [ -s "$built" ] || die "$built is missing: run 'make build'"
done
version=$(sed -n 's/^ *spec_version: \([0-9]*\),$/\1/p' runtime/src/lib.rs)
release=zombienet/released/$version
[ ! -e "$release" ] || die "release $version is kept already; raise spec_version in runtime/src/lib.rs"

mkdir -p "$release"
scripts/compact-runtime.sh "$wasm" "$release/runtime.wasm"
cp "$bundle" "$release/access-control.contract"
git rev-parse HEAD >"$release/commit"
scripts/call-costs.py write >"$release/costs.tsv"
printf 'release %s is kept in %s; now raise spec_version, and run make metadata\n' "$version" "$release"
