# shellcheck shell=bash
# Every workspace of this repository. To be sourced, in its root.
# shellcheck disable=SC2034 # Used by the scripts that source this.
manifests=(Cargo.toml contracts-ink/Cargo.toml portal/Cargo.toml third-party/*/Cargo.toml zombienet/relay-runtime/Cargo.toml)
