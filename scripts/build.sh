#!/usr/bin/env bash
# Builds the node, the worker and the command line. Says beforehand how long
# the first time takes, and stays quiet when nothing changed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
if [ ! -x "$CARGO_TARGET_DIR/debug/medchain-node" ]; then
  echo "build: the first build compiles polkadot-sdk: expect 20 to 30 minutes on two idle cores." >&2
fi
# Cargo goes by times, and in a fresh clone every file is new: half of the node's
# network stack, which depends on this stand-in, would be compiled again. Its
# content says whether it changed.
stand_in=third-party/wasm-opt stamp=$CARGO_TARGET_DIR/.wasm-opt-stand-in
sum=$(cat "$stand_in/Cargo.toml" "$stand_in"/src/*.rs | sha256sum)
if [ "$(cat "$stamp" 2>/dev/null)" = "$sum" ]; then
  age=2000-01-01
else
  age=now
fi
# Without the right to, it only takes longer.
touch --date="$age" "$stand_in" "$stand_in/Cargo.toml" "$stand_in/src" "$stand_in"/src/*.rs 2>/dev/null || true

# The whole workspace, also where one program would do: cargo then chooses the
# same features for every command, and nothing is compiled twice.
cargo build --locked --workspace --bins
printf '%s\n' "$sum" >"$stamp"

# Making a genesis compiles the runtime several times. The development chain of
# the demo and the tests starts from this file instead, while it is newer than
# the node.
node=$CARGO_TARGET_DIR/debug/medchain-node
spec=$CARGO_TARGET_DIR/debug/medchain-dev.json
if [ ! "$spec" -nt "$node" ]; then
  "$node" export-chain-spec --chain dev --raw --output "$spec.new" >/dev/null 2>&1
  mv "$spec.new" "$spec"
fi
