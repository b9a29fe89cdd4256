#!/usr/bin/env bash
# Formats the Rust code of every workspace, and the TOML files.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/lint/manifests.sh
for manifest in "${manifests[@]}"; do
  cargo fmt --all --manifest-path "$manifest"
done
RUST_LOG=error "$(scripts/lint/tools.sh)/taplo" fmt
