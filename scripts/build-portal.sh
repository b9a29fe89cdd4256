#!/usr/bin/env bash
# Builds the web page, with our own Rust as WebAssembly, and the program that serves it. Prints
# what the page weighs. Where MEDCHAIN_BIN_DIR names the folder of `medchain`, the program is put
# beside it.
#
#   PROFILE=release scripts/build-portal.sh    optimises the program as well, for a release
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
cache=${XDG_CACHE_HOME:-$HOME/.cache}/medchain
export CARGO_TARGET_DIR=$cache/portal
contracts=${MEDCHAIN_CONTRACTS_DIR:-$cache/contracts/ink}
manifest=portal/Cargo.toml

# npm ci is slow when nothing changed; the lock file says whether it did.
if ! cmp -s portal/package-lock.json portal/node_modules/.medchain-lock; then
  npm ci --prefix portal --ignore-scripts --no-audit --no-fund --silent
  cp portal/package-lock.json portal/node_modules/.medchain-lock
fi

# The same packages both times: with others, cargo would choose other features of what they
# share, and compile it twice.
native=(-p portal-bindgen -p medchain-portal-server)

cargo build --locked --manifest-path "$manifest" "${native[@]}"
# With SIMD, which previews are computed with: every browser since 2023 has it.
RUSTFLAGS="${RUSTFLAGS:-} -C target-feature=+simd128" \
  cargo build --locked --manifest-path "$manifest" -p medchain-portal-core \
  --release --target wasm32-unknown-unknown
"$CARGO_TARGET_DIR/debug/portal-bindgen" \
  "$CARGO_TARGET_DIR/wasm32-unknown-unknown/release/medchain_portal_core.wasm" portal/core/pkg

node portal/tools/descriptors.mjs
node portal/tools/build.mjs --policy "$contracts/access-control.wasm"
# The server has the page in itself.
if [ "${PROFILE:-dev}" = release ]; then
  RUSTC_WORKSPACE_WRAPPER="" cargo build --locked --manifest-path "$manifest" -p medchain-portal-server --release
  built=$CARGO_TARGET_DIR/release/medchain-portal
else
  cargo build --locked --manifest-path "$manifest" "${native[@]}"
  built=$CARGO_TARGET_DIR/debug/medchain-portal
fi
if [ -n "${MEDCHAIN_BIN_DIR:-}" ] && ! cmp -s "$built" "$MEDCHAIN_BIN_DIR/medchain-portal"; then
  # Under another name first: the old one may be running.
  install -D -m 755 "$built" "$MEDCHAIN_BIN_DIR/.medchain-portal.new"
  mv "$MEDCHAIN_BIN_DIR/.medchain-portal.new" "$MEDCHAIN_BIN_DIR/medchain-portal"
fi
