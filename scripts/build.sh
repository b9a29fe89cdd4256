#!/usr/bin/env bash
# Builds the node, the worker and the command line. Says beforehand how long
# the first time takes, and stays quiet when nothing changed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
if [ ! -x "$CARGO_TARGET_DIR/debug/medchain-node" ]; then
  echo "build: the first build compiles polkadot-sdk: expect about an hour on two cores." >&2
fi
# The whole workspace, also where one program would do: cargo then chooses the
# same features for every command, and nothing is compiled twice.
cargo build --locked --workspace --bins

# Making a genesis compiles the runtime several times. The development chain of
# the demo and the tests starts from this file instead, while it is newer than
# the node.
node=$CARGO_TARGET_DIR/debug/medchain-node
spec=$CARGO_TARGET_DIR/debug/medchain-dev.json
if [ ! "$spec" -nt "$node" ]; then
  "$node" export-chain-spec --chain dev --raw --output "$spec.new" >/dev/null 2>&1
  mv "$spec.new" "$spec"
fi
