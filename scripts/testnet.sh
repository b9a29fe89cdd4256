#!/usr/bin/env bash
# Spawns a local testnet: two relay chain validators, MedChain with two
# collators, and three workers, two of which must agree. Ctrl-C ends all of it.
#   scripts/testnet.sh [NETWORK.toml]
#
#   MEDCHAIN_TESTNET_DIR  where the chain specs are kept
#   MEDCHAIN_RUN_DIR      where this run writes (default: a new temporary folder)
#   MEDCHAIN_STORE        the store of the workers (default: a folder of this run)
#   MEDCHAIN_BIN_DIR      the folder of MedChain's programs (default: what was built)
#   MEDCHAIN_RELEASED     the folder of a release's programs and model, made by
#                         build-released.sh (default: what was built)
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
: "${CARGO_TARGET_DIR:?run this through 'make testnet'}" "${MEDCHAIN_CONTRACTS_DIR:?}"
# A test that starts this was started by cargo. What cargo says there of the test's
# own package would have build scripts run again (ring's asks for it), and half of
# the graph compiled again, here and in the next build.
unset "${!CARGO_MANIFEST_@}" "${!CARGO_PKG_@}"
export MEDCHAIN_TESTNET_DIR=${MEDCHAIN_TESTNET_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/medchain/testnet}
network=${1:-zombienet/medchain-local.toml}
bin=${MEDCHAIN_BIN_DIR:-$CARGO_TARGET_DIR/debug}
client=${MEDCHAIN_RELEASED:-$bin}
if [ -n "${MEDCHAIN_RELEASED:-}" ]; then model=$MEDCHAIN_RELEASED/model; else model=$(realpath models/shipped); fi
say() { printf '\033[1mtestnet:\033[0m %s\n' "$*" >&2; }
die() { printf 'testnet: error: %s\n' "$*" >&2; exit 1; }

[ -s "$network" ] || die "there is no network file $network"
relay=ws://127.0.0.1:9900 collators=(ws://127.0.0.1:9944 ws://127.0.0.1:9945)
first=${collators[0]}
# The accounts of the workers, and where each has its metrics.
workers=(//Dave //Ferdie //Dave//stash) ports=(9717 9718 9719)
listens() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
for port in 9900 9901 9944 9945 9615 9616 "${ports[@]}"; do
  ! listens "$port" || die "port $port is taken: is another testnet or node running? End it, then run this again."
done

programs=$(scripts/testnet-prepare.sh)
export PATH=$programs:$bin:$PATH

if [ -n "${MEDCHAIN_RUN_DIR:-}" ]; then
  mkdir -p "$MEDCHAIN_RUN_DIR"
  run=$(realpath "$MEDCHAIN_RUN_DIR")
else
  run=$(mktemp -d -t medchain-testnet-XXXXXX)
fi
store=${MEDCHAIN_STORE:-$run/store}
# Every testnet has the same first block, so a journal of an earlier one would mislead this one.
export MEDCHAIN_KEYS=$run/keys

# The stock node, where it is not installed: node/examples/omni-node.rs is its
# main function on the same library.
if grep -q polkadot-omni-node "$network" && ! command -v polkadot-omni-node >/dev/null; then
  cargo build --locked --quiet --workspace --example omni-node
  mkdir -p "$run/bin"
  ln -sf "$CARGO_TARGET_DIR/debug/examples/omni-node" "$run/bin/polkadot-omni-node"
  export PATH=$run/bin:$PATH
fi

# --- the end ----------------------------------------------------------------
# shellcheck disable=SC2317 # The trap below calls it.
finish() {
  local code=$?
  trap - EXIT INT TERM
  say "ending everything"
  # Those that still run: the number of one that ended may be another process's by now.
  for job in $(jobs -rp); do kill -TERM -- "-$job" 2>/dev/null || true; done
  for _ in $(seq 50); do
    pgrep -f -- "$run/" >/dev/null || break
    sleep 0.2
  done
  # What did not end by itself: every program of this run has its folder among
  # its arguments.
  pkill -KILL -f -- "$run/" 2>/dev/null || true
  if [ -z "${MEDCHAIN_RUN_DIR:-}" ] && [ "$code" -le 130 ] && [ "${ready:-}" ]; then
    rm -rf "$run"
  else
    say "the logs are in $run"
  fi
  exit "$code"
}
trap finish EXIT
trap 'exit 130' INT TERM

# In process groups of their own, so that Ctrl-C reaches this script alone,
# which then ends them in order.
start() {
  local log=$1
  shift
  setsid "$@" >"$log" 2>&1 &
}

# --- the chains -------------------------------------------------------------
say "spawning $network; logs in $run"
start "$run/zombienet.log" zombienet/node_modules/.bin/zombienet --provider native --dir "$run/net" --force spawn "$network"
zombienet=$!
# What a node answers to a question, or nothing.
ask() {
  curl --silent --fail --max-time 10 --header 'Content-Type: application/json' \
    --data "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"$2\",\"params\":[${3:-}]}" "${1/ws/http}" || true
}
height() {
  local hash
  hash=$(ask "$1" chain_getFinalizedHead | jq -r '.result // empty')
  [ -n "$hash" ] || { echo -1; return; }
  ask "$1" chain_getHeader "\"$hash\"" | jq -r '.result.number // "0x-1"' | xargs printf '%d\n' 2>/dev/null || echo -1
}
began=$SECONDS
until [ -s "$run/net/zombie.json" ]; do
  kill -0 "$zombienet" 2>/dev/null || { tail -n 30 "$run/zombienet.log" >&2; die "zombienet ended by itself"; }
  [ $((SECONDS - began)) -lt 900 ] || die "the network did not come up in 15 minutes: see $run/zombienet.log"
  sleep 1
done
say "all nodes answer after $((SECONDS - began)) s; waiting for the relay chain to finalise MedChain's first blocks"
until [ "$(height "$first")" -ge 2 ]; do
  [ $((SECONDS - began)) -lt 900 ] || die "no finalised block in 15 minutes: see $run/net/*.log"
  sleep 2
done
say "MedChain's block $(height "$first") is final after $((SECONDS - began)) s"

# --- the people whom every network needs ------------------------------------
try_medchain() {
  local who=$1
  shift
  "$client/medchain" "$@" --dev --suri "$who" --node "$first" --store "$store" --yes --json >>"$run/medchain.log" 2>&1
}
medchain() { try_medchain "$@" || { tail -n 3 "$run/medchain.log" >&2; die "medchain $2 ${3:-} failed"; }; }
say "publishing the model and registering three workers"
if ! try_medchain //Alice model publish "$model/medchain-vgg16.onnx" --min-quorum 2; then
  # The program of release 3 gives up where a fork hides its motion for a moment, and has not voted
  # for it then. Later ones wait.
  tail -n 1 "$run/medchain.log" | grep -q "is no longer open" \
    || { tail -n 3 "$run/medchain.log" >&2; die "medchain model publish failed"; }
  say "a fork hid the motion; voting for it"
  sleep 20
  medchain //Alice council vote 0
fi
# The council has three members, of whom two are needed.
medchain //Bob council vote 0
registrations=()
for worker in "${workers[@]}"; do
  (medchain "$worker" worker register --model 0) &
  registrations+=($!)
done
for registration in "${registrations[@]}"; do wait "$registration" || exit 1; done
for i in "${!workers[@]}"; do
  # A state folder that outlives the network would mislead the next one, whose first block
  # may be the same, and whose requests have the same numbers.
  start "$run/worker-${ports[i]}.log" "$client/medchain-worker" run --dev --suri "${workers[i]}" \
    --node "${collators[i % 2]}" --store "$store" --model-dir "$model" \
    --listen "127.0.0.1:${ports[i]}" --state-dir "$run/state-${ports[i]}"
done

jq -n --arg run "$run" --arg relay "$relay" --arg store "$store" \
  '{run: $run, relay: $relay, collators: $ARGS.positional[0:2], store: $store, workers: $ARGS.positional[2:]}' \
  --args "${collators[@]}" "${ports[@]/#/127.0.0.1:}" >"$run/testnet.json.new"
mv "$run/testnet.json.new" "$run/testnet.json"
apps() { echo "https://polkadot.js.org/apps/?rpc=ws%3A%2F%2F127.0.0.1%3A$1#/explorer"; }
cat <<END

The testnet is ready ($((SECONDS - began)) s).

  relay chain   ws://127.0.0.1:9900   $(apps 9900)
                ws://127.0.0.1:9901
  MedChain      ws://127.0.0.1:9944   $(apps 9944)
                ws://127.0.0.1:9945
  metrics       http://127.0.0.1:9615/metrics (collator 1), :9616 (collator 2)
                http://127.0.0.1:9717/metrics (worker //Dave), :9718 (//Ferdie), :9719 (//Dave//stash)
  store         $store
  logs          $run

In the terminal where you go on: export MEDCHAIN_KEYS=$run/keys

Model 0 is published (council: //Alice, //Bob, //Charlie), and the three workers run it; two
must agree. Go on with "At the command line" in README.md, with --dev --suri //Bob and so on.
Ctrl-C ends everything.
END
ready=yes
while kill -0 "$zombienet" 2>/dev/null; do sleep 1; done
die "zombienet ended by itself: see $run/zombienet.log"
