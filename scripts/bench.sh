#!/usr/bin/env bash
# Prints measurements, as ratios against a peer of the same run where there is
# one. It fails only where a number is worse than a test or a program here allows.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
: "${CARGO_TARGET_DIR:?run this through 'make bench'}"
images=${IMAGES:-20} rounds=${ROUNDS:-3} records=${RECORDS:-500} uploads=${UPLOADS:-9} files=${FILES:-60}
step() { printf '\n\033[1m== %s\033[0m\n' "$*"; }

step "VGG-16: the exact engine against onnxruntime (medians of $rounds interleaved rounds)"
cargo build --locked --quiet --workspace --examples
exact() { "$CARGO_TARGET_DIR/debug/examples/throughput" "$1" "$images" "${2:-exact}" models/shipped; }
onnxruntime() { MEDCHAIN_GREYS=$CARGO_TARGET_DIR/debug/medchain-greys models/run.sh bench --images "$images" --threads "$@"; }
speeds=$(for _ in $(seq "$rounds"); do
  for threads in 1 2; do
    exact "$threads"
    onnxruntime "$threads" --float
    onnxruntime "$threads"
  done
  exact 1 avx2 || true
done)
jq -s -r '
  def median: sort | .[length / 2 | floor];
  def speed($runtime; $threads):
    map(select(.runtime == $runtime and .threads == $threads).images_per_second) | median;
  def ratio($a; $b): if $a and $b then $a / $b * 100 | round / 100 else "not measured" end;
  . as $all
  | (1, 2) as $threads
  | ($all | speed("exact"; $threads)) as $ours
  | ($all | speed("onnxruntime, float"; $threads)) as $float
  | ($all | speed("onnxruntime"; $threads)) as $integers
  | "\($threads) threads: exact \($ours) images/s, onnxruntime float \($float): ratio \(ratio($ours; $float)), onnxruntime integers \($integers): ratio \(ratio($ours; $integers))",
    if $threads == 1 then ($all | speed("avx2"; 1)) as $avx2
    | "1 thread, AVX2 alone: \($avx2) images/s: ratio \(ratio($avx2; $float)) to onnxruntime float" else empty end
' <<<"$speeds"

# PROGRAMS names others, such as the optimised ones of `make release` from the same commit: beside
# the network, which is optimised in both, worker and node take several times as long unoptimised.
programs=$(realpath "${PROGRAMS:-$CARGO_TARGET_DIR/debug}")
step "the whole path: a backlog of $records records on one and on two inference threads, then $uploads single uploads (programs of $programs)"
# As cargo would say: a target folder may have served another checkout before.
whole() {
  MEDCHAIN_WORKER_INFERENCE_THREADS=$1 MEDCHAIN_BIN_DIR=$programs CARGO_MANIFEST_DIR=$PWD/tests/e2e \
    "$CARGO_TARGET_DIR/debug/examples/backlog" "$records" "$2"
}
for threads in 1 2; do
  path=$(whole "$threads" "$([ "$threads" = 1 ] && echo 0 || echo "$uploads")")
  # The bare rate in the same minutes: of images one after the other, and side by side.
  bare=$({ exact "$threads"; [ "$threads" = 1 ] || { exact 1 & exact 1; wait; } | jq -s '{images_per_second: map(.images_per_second) | add}'; } |
    jq -s 'map(.images_per_second) | max')
  jq --argjson bare "$bare" --argjson threads "$threads" --argjson cores "$(nproc)" -r '
    def hundredths: . * 100 | round / 100;
    (.backlog | "inference threads: \($threads): \(.verdicts_per_second) verdicts/s over \(.timed), bare inference \($bare) images/s: ratio \(.verdicts_per_second / $bare | hundredths); the last of \(.records) after \(.seconds_to_the_last_verdict) s",
      "a film takes \(.worker_ms_a_film) ms of a processor in the worker and its decoders, \(.node_ms_a_film) ms in the node, and \($threads * 1000 / $bare | round) ms bare: \($cores) cores, these alone on them, reach at most a ratio of \([$cores * 1000 / (.worker_ms_a_film + .node_ms_a_film) / $bare, 1] | min | hundredths)",
      "worker: at most \(.worker_peak_memory_mib) MiB of memory",
      "state: \(.state_bytes_a_record_with_its_request) bytes a record with three envelopes and its request, \(.state_bytes_a_verdict) more with its verdict"),
    (.upload_to_verdict // empty | "upload to the verdict of a named worker: p50 \(.blocks_p50) blocks, at most \(.blocks_max), over \(.uploads) uploads with a block every \(.block_seconds) s")
  ' <<<"$path"
done

step "a folder of $files films in one command (FILES=1000 takes some minutes), and the same command again"
"$CARGO_TARGET_DIR/debug/examples/folder" "$files" \
  | jq -r '"\(.added) of \(.files) files added in \(.seconds) s: \(.records_per_second) records/s, \(.records_a_transaction) records a transaction; by weight the chain takes \(.chain_takes_records_per_second) records/s: ratio \(.of_what_the_chain_takes)",
    "again: \(.again.added) added in \(.again.seconds) s"'

step "what fits into a block"
cargo test --locked --quiet --workspace --lib capacity:: -- --nocapture --test-threads 1 2>&1 \
  | grep -E "ms .*KiB|declared|used weight|fit into|panicked|for each$|^error"

step "what each call of access costs (the proof of a small state; a large one adds a node or two for each value)"
cargo test --locked --quiet --workspace --lib what_access_costs -- --nocapture 2>/dev/null | grep -E "KiB|bytes|call of access"

released=$(find zombienet/released -name costs.tsv | sort -V | tail -n 1)
step "what each call costs at most by its weight, now and before: $released (other machines measured other times)"
scripts/call-costs.py compare "$released"

step "from request_access to a readable image: three custodians, two of them needed, a block every 2 s"
"$CARGO_TARGET_DIR/debug/medchain" demo --story consent --json \
  --contract "$MEDCHAIN_CONTRACTS_DIR/access-control.contract" --model-dir models/shipped \
  | jq -r '"\(.request_to_key_blocks) blocks until the key is there, \(.request_to_image_ms) ms until the image is read"'

step "the main job on a development chain (timings in milliseconds)"
summary=$(mktemp)
"$CARGO_TARGET_DIR/debug/medchain" demo --contract "$MEDCHAIN_CONTRACTS_DIR/access-control.contract" \
  --model-dir models/shipped --summary "$summary" >/dev/null
jq '.timings_ms' "$summary"
rm -f "$summary"

step "a patient's log: 1,000 entries in a chain of 100,000 blocks, a millisecond a request"
"$CARGO_TARGET_DIR/debug/examples/long_log" 1000 100000 \
  | jq -r '"\(.entries) entries of \(.blocks) blocks: \(.requests) requests, \(.read_ms / 1000) s (\(.walk_ms / 1000) s to find the blocks); at most 10 s"'

step "a worker on a chain with 100,000 open requests and 1,000 workers, against one question for each value as before"
"$CARGO_TARGET_DIR/debug/examples/open_requests" \
  | jq -r '"a block: \(.block_ms) ms for \(.assigned) requests of its own, before \(.block_before_ms) ms: ratio \(.block_ratio); at most 500 ms",
    "a look for draws that nobody makes: \(.look_ms) ms, before \(.look_before_ms) ms: ratio \(.look_ratio); the first look \(.first_look_ms) ms",
    "memory: at most \(.memory_mb) MB, reading as before \(.memory_before_mb) MB; at most 300 MB"'

step "a film decoded in a process of its own, against decoding it in the worker's as before"
"$CARGO_TARGET_DIR/debug/examples/decoding" "$CARGO_TARGET_DIR/debug/medchain-decode" 50 \
  | jq -r '"a film: \(.film_ms) ms, before \(.film_before_ms) ms: the process adds \(.process_ms) ms; at 20 films/s a thread, a film has 50 ms"'

step "access, policy diff: what ten questions about each of 60 accounts cost with a node"
"$CARGO_TARGET_DIR/debug/examples/questions" 60 \
  | jq -r '"a question: \(.client_ms_a_question) ms of a processor for the client, \(.node_ms_a_question) ms for the node; at most 1 ms for the client",
    "\(.questions) questions: \(.seconds_one_after_the_other) s one after the other, \(.seconds) s now",
    "a short call of another caller waits at most \(.another_caller_waits_ms.beside) ms in nine of ten cases, and \(.another_caller_waits_ms.alone) ms without these questions"'

step "access, policy diff: what is asked about 60 workers, of a node some way off; erase: what is read of a folder of films"
cargo test --locked --quiet --workspace --lib -- --nocapture many_workers_are_asked_about \
  a_full_folder_is_looked_through 2>/dev/null | grep -E "round trip|erase in a folder"

step "emergency list, relation show: what is read on a chain with 10,000 open emergencies of others"
cargo test --locked --quiet --workspace --lib -- --nocapture emergencies_of_others_cost_a_patient_nothing 2>/dev/null \
  | grep -E "emergenc|relation show"

step "content of 10 MiB from a store with 50 ms of latency, and a store that hangs beside one that answers"
cargo test --locked --quiet --workspace --lib -- --nocapture a_distant_node the_next_one_is_asked 2>/dev/null \
  | grep -E "latency|hangs"
