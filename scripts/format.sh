#!/usr/bin/env bash
# Formats the Rust code of every workspace, and the TOML files.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source scripts/lint/manifests.sh
for manifest in "${manifests[@]}"; do
  cargo fmt --all --manifest-path "$manifest"
done
PATH=$(scripts/lint/tools.sh):$PATH
# There is none for some machines, see scripts/lint/requirements.lock.
if command -v taplo >/dev/null; then RUST_LOG=error taplo fmt; fi
