#!/usr/bin/env bash
# Checks everything that can be checked without running the product. Clippy and
# rustc lint in every build, see docs/adr/0018-lints-in-the-build.md; here their
# warnings are errors too.
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
if command -v taplo >/dev/null; then
  RUST_LOG=error taplo fmt --check || die "not formatted: run 'make fmt'"
else
  printf 'skipped: there is no taplo for %s\n' "$(uname -m)"
fi

# Macros of FRAME and ink! expand to what these lints forbid, so they are allowed
# for the modules that the macros read; our own code there is searched instead.
step "nothing on chain panics by name"
for file in pallets/*/src/lib.rs contracts-ink/{access-control,guardians,template,examples/*}/src/lib.rs; do
  ! grep -nE '\.(expect|unwrap)\(|\b(panic|unreachable|todo|unimplemented)!\(' "$file" \
    || die "$file may panic: return an error"
done

step "spelling"
typos || die "misspelt. A word that is right goes into typos.toml."

step "no unused dependencies"
for workspace in . contracts-ink portal zombienet/relay-runtime; do
  cargo-shear --locked --deny-warnings "$workspace" \
    || die "unused dependencies in $workspace: remove them, or see cargo-shear's advice above"
done

step "tables of released costs are fresh"
for release in zombienet/released/*/; do
  commit=$(cat "$release/commit")
  if git cat-file -e "$commit^{commit}" 2>/dev/null; then
    scripts/call-costs.py write "$commit" | cmp - "${release}costs.tsv" \
      || die "not what scripts/call-costs.py writes: ${release}costs.tsv"
  else
    printf 'skipped %scosts.tsv: this clone lacks the commit %s\n' "$release" "$commit"
  fi
done

[ "${1:-}" != format ] || exit 0
: "${CARGO_TARGET_DIR:?run this through 'make lint'}"

step "no warnings of clippy and rustc, in all targets"
scripts/lint/clippy.sh Cargo.toml
CARGO_TARGET_DIR=$(dirname "${MEDCHAIN_CONTRACTS_DIR:?}") scripts/lint/clippy.sh contracts-ink/Cargo.toml
CARGO_TARGET_DIR=${XDG_CACHE_HOME:-$HOME/.cache}/medchain/portal scripts/lint/clippy.sh portal/Cargo.toml

step "documentation: no broken links"
scripts/lint/docs.sh

step "the metadata is fresh"
cargo test --locked --workspace --test metadata
