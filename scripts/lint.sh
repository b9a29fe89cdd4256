#!/usr/bin/env bash
# Checks everything that can be checked without running the product. The lints
# of clippy and rustc are not here: every build runs them, see
# docs/adr/0018-lints-in-the-build.md.
#
#   scripts/lint.sh           all of it
#   scripts/lint.sh format    the checks that compile nothing
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
step() { printf '\n\033[1m== lint: %s\033[0m\n' "$*"; }
die() { printf 'lint: error: %s\n' "$*" >&2; exit 1; }

PATH=$(scripts/lint/tools.sh):$PATH
export PATH

step "Rust is formatted"
source scripts/lint/manifests.sh
for manifest in "${manifests[@]}"; do
  cargo fmt --all --check --manifest-path "$manifest" || die "not formatted: run 'make fmt'"
done

step "TOML is formatted"
taplo fmt --check 2>&1 | grep -v ' INFO ' || true
[ "${PIPESTATUS[0]}" -eq 0 ] || die "not formatted: run 'make fmt'"

step "spelling"
typos || die "misspelt. A word that is right goes into typos.toml."

step "no unused dependencies"
for workspace in . contracts-ink; do
  cargo-shear --locked --deny-warnings "$workspace" \
    || die "unused dependencies in $workspace: remove them, or see cargo-shear's advice above"
done

[ "${1:-}" != format ] || exit 0
: "${CARGO_TARGET_DIR:?run this through 'make lint'}"

step "clippy and rustc, with all targets"
cargo build --locked --workspace --all-targets

step "documentation: no broken links"
scripts/lint/docs.sh

step "generated files are fresh"
cargo test --locked --workspace --test metadata
