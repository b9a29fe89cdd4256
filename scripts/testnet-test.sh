#!/usr/bin/env bash
# Tries MedChain as a parachain of a relay chain. Called by `make testnet-test`,
# which builds first. Prints a transcript.
#
#   STAGES   the stages to run after the main job, such as upgrade,sync
#            (default: upgrade, clients, dispute, custody, crashes, sync, stores and council)
#   RELEASE  the release to upgrade from (default: the newest in zombienet/released)
#
# upgrade   from a release to what was built, with its policy, model and workers
# clients   Polkadot.js at a collator, chopsticks from the raw spec
# dispute   a worker that lies is drawn; the chain finds the value that it made up
# custody   two of three custodians serve a request, as soon as it is final
# crashes   a collator and a worker are killed and come back
# sync      a full node starts from the chain specs
# stores    one of two stores stops, then the other
# council   sudo is given up, where there is one; motions, a default policy that waits, and an
#           ethics committee, where there is none
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
: "${CARGO_TARGET_DIR:?run this through 'make testnet-test'}"
export MEDCHAIN_TESTNET_DIR=${MEDCHAIN_TESTNET_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/medchain/testnet}
install() { # a folder with package-lock.json
  if ! cmp -s "$1/package-lock.json" "$1/node_modules/.medchain-lock"; then
    npm ci --prefix "$1" --no-audit --no-fund --silent
    cp "$1/package-lock.json" "$1/node_modules/.medchain-lock"
  fi
}
# Compiled beforehand: while it runs, the testnet needs the two cores. Refuses a
# mistyped STAGES before anything else takes its time.
cargo test --locked --quiet --workspace --test testnet -- stages_are_known
for folder in tests/js tests/ipfs-daemon tests/chopsticks; do install "$folder"; done
MEDCHAIN_TRY_RUNTIME=$(scripts/build-try-runtime.sh)
releases=$(find zombienet/released -mindepth 1 -maxdepth 1 -type d -printf '%f\n' 2>/dev/null | sort -n || true)
MEDCHAIN_RELEASE=${RELEASE:-${releases##*$'\n'}}
export MEDCHAIN_TRY_RUNTIME MEDCHAIN_RELEASE
if [ -n "$MEDCHAIN_RELEASE" ]; then
  MEDCHAIN_RELEASED=$(scripts/build-released.sh "$MEDCHAIN_RELEASE")
  export MEDCHAIN_RELEASED
  # What the release was built from is in the target folder now.
  scripts/build.sh
fi
exec cargo test --locked --quiet --workspace --test testnet -- --ignored --nocapture
