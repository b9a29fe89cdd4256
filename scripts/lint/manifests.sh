# Every workspace of this repository. To be sourced, in its root.
manifests=(Cargo.toml contracts-ink/Cargo.toml third-party/*/Cargo.toml zombienet/relay-runtime/Cargo.toml)
